"""What a kernel keeps in its writable folders: bytes and files, counted so that nothing can be hidden from it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
MOST_FILES = 200_000
"""Counting stops here: it is over any limit."""
DEEPEST = 64
"""Folders in folders beyond this depth count as `MOST_FILES`."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes as stored, and the number of files, folders and links."""

    bytes: int
    files: int


def of_filesystems(descriptors: Iterable[int]) -> Usage:
    """For folders that are file systems of their own (in memory): exact, and immediate."""
    size = files = 0
    for number in descriptors:
        status = os.fstatvfs(number)
        size += (status.f_blocks - status.f_bfree) * status.f_frsize
        files += status.f_files - status.f_ffree
    return Usage(size, files)


def of_folders(descriptors: Iterable[int], pids: Iterable[int]) -> Usage:
    """For folders on a shared disk: a walk over them, and what `pids` hold open though it is deleted."""
    seen: set[tuple[int, int]] = set()
    size = files = 0
    for top in descriptors:
        # One open folder per level, with the names of those in it still to be seen.
        levels: list[tuple[int, list[str]]] = []
        here = os.open(".", _FOLDER, dir_fd=top)
        try:
            while True:
                inner: list[str] = []
                for name in os.listdir(here) if files < MOST_FILES else ():
                    files += 1
                    with contextlib.suppress(OSError):
                        status = os.stat(name, dir_fd=here, follow_symlinks=False)
                        size += _new_bytes(status, seen)
                        if stat.S_ISDIR(status.st_mode):
                            inner.append(name)
                levels.append((here, inner))
                here = -1
                if len(levels) > DEEPEST:
                    return Usage(size, MOST_FILES)
                while levels and here < 0:
                    if levels[-1][1]:
                        with contextlib.suppress(OSError):
                            here = os.open(levels[-1][1].pop(), _FOLDER, dir_fd=levels[-1][0])
                    else:
                        os.close(levels.pop()[0])
                if here < 0:
                    break
        finally:
            for number in (here, *(level[0] for level in levels)):
                if number >= 0:
                    os.close(number)
    return Usage(size + _deleted(pids, seen), files)


def _deleted(pids: Iterable[int], seen: set[tuple[int, int]]) -> int:
    """Bytes of regular files without a name that a process still holds."""
    size = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    status = os.stat(f"/proc/{pid}/fd/{name}")
                    if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                        size += _new_bytes(status, seen)
    return size


def _new_bytes(status: os.stat_result, seen: set[tuple[int, int]]) -> int:
    """Hard links and several holders count once."""
    key = (status.st_dev, status.st_ino)
    if key in seen:
        return 0
    seen.add(key)
    return status.st_blocks * 512
