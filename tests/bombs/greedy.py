"""A reading that goes wrong in the way its argument names."""

from __future__ import annotations

import os
import sys
import time

from survey.bounded import done, keep_within_bounds


def main() -> None:
    (how,) = keep_within_bounds()
    if how == "spin":
        while True:
            pass
    if how == "eat":
        eaten = [bytes(1 << 20) for _ in range(10_000)]
        sys.stdout.write(f"{len(eaten)}\n")
    if how == "sleep":
        time.sleep(600)
    if how == "talk":
        while True:
            sys.stdout.write("x" * 60_000 + "\n")
    if how == "say one endless line":
        while True:
            sys.stdout.write("x" * 60_000)
    if how == "write":
        with open("/tmp/chorus-greedy", "wb") as file:  # noqa: PTH123
            file.write(b"x")
    if how == "say what it knows":
        sys.stdout.write(f"{sorted(os.environ)}\n")
    if how == "repeat":
        sys.stdout.write(sys.stdin.read())
    if how == "stop half way":
        sys.stdout.write("one line\n")
        sys.stdout.flush()
        os._exit(0)
    done()


if __name__ == "__main__":
    main()
