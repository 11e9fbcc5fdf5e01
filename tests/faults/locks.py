"""Which process holds locks on an SQLite database, as the kernel tells it."""

from __future__ import annotations

from pathlib import Path


def has_locks(process: int, database: str | Path) -> bool:
    """True when a process holds a lock on a database, or on the index of its log, which lies beside it."""
    files = [Path(database), Path(f"{database}-shm")]
    inodes = {file.stat().st_ino for file in files if file.exists()}
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        # 1: POSIX  ADVISORY  READ 4711 08:01:131078 128 128
        fields = line.split()
        if fields[1] == "POSIX" and int(fields[4]) == process and int(fields[5].rpartition(":")[2]) in inodes:
            return True
    return False


def users(database: str | Path) -> set[int]:
    """Return the processes that have a database open."""
    file = Path(database)
    found = set()
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and any(opened.samefile(file) for opened in (process / "fd").iterdir()):
                found.add(int(process.name))
        except OSError:  # gone, or not ours
            continue
    return found
