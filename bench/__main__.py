"""Print every figure: ``make bench``, or some of them: ``python -m bench pages scoring export``."""

from __future__ import annotations

import sys
from importlib import import_module

from bench.machine import describe

PARTS = (
    "pages",
    "first_page",
    "inside",
    "burst",
    "export",
    "analysis",
    "long_work",
    "scoring",
    "faults",
    "classroom",
    "servers",
    "sqlite_writers",
    "calibration",
    "made_up",
)


def main(wanted: list[str], *, small: bool = False) -> None:
    """Run the parts asked for, all by default, and print their lines as they come. small: to see that they run."""
    unknown = set(wanted) - set(PARTS)
    if unknown:
        sys.exit(f"There is no bench {', '.join(sorted(unknown))}. There are: {', '.join(PARTS)}.")
    for line in describe():
        print(line, flush=True)
    for part in wanted or PARTS:
        print(f"\n── {part} " + "─" * 60, flush=True)
        for line in import_module(f"bench.{part}").run(small=small):
            print(line, flush=True)
    print("\n── the machine, again " + "─" * 44, flush=True)
    for line in describe():
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
