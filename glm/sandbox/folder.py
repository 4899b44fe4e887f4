"""Walking a hostile folder through its descriptor: no path leaves it, whatever code inside swaps meanwhile.

Every step opens one name relative to the folder that is already open, and follows no
link. So there is no moment between a check and a use. Only regular files are opened;
a pipe or a device is refused and never waited for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from glm.errors import SandboxError
from glm.sandbox.file_names import UNSHOWN, shown

DEPTH = 6
"""Folders within folders that are listed and opened."""

_DEEPEST_MEASURED = 32
_NAMES_SEEN = 20_000  # names read while listing or looking for one; a folder of a million must not hold the app
_AT = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _AT
_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | _AT


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: its path as the folder has it, size in bytes, time of change in seconds since 1970."""

    path: str
    size: int
    changed: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a folder takes of the disk in bytes, and its files and folders. Not `complete`: there is at least this."""

    bytes: int
    files: int
    complete: bool


def open_beneath(folder: int, path: str) -> int:
    """Descriptor, to be closed by the caller, of the regular file `path` below the open folder, for reading.

    `path` is relative with "/" between its parts, as `entries` shows it. Raises
    `SandboxError` for a path that could lead out, for what is missing, for links,
    folders, pipes and devices.
    """
    parts = _parts(path)
    at = os.dup(folder)
    try:
        for number, part in enumerate(parts):
            flags = _FILE if number == len(parts) - 1 else _FOLDER
            below = _open(at, part, flags, path)
            os.close(at)
            at = below
        if not stat.S_ISREG(os.fstat(at).st_mode):
            raise SandboxError(f"{path!r} is not an ordinary file, so it is not opened; copy its content to a new file")
    except BaseException:
        os.close(at)
        raise
    return at


def walk(folder: int, *, depth: int = DEPTH) -> Iterator[Found]:
    """Regular files below the open folder, those of a folder before those of its folders, hidden ones left out.

    Ends after 20,000 names, whatever they are. Names are as the system gives them and may hold anything.
    """
    seen = 0
    waiting = [("", 0)]
    while waiting:
        prefix, level = waiting.pop(0)
        try:
            at = _open_folder(folder, prefix)
        except (OSError, SandboxError):
            continue
        try:
            folders = []
            with os.scandir(at) as names:
                for entry in names:
                    seen += 1
                    if seen > _NAMES_SEEN:
                        return
                    if entry.name.startswith("."):
                        continue
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if stat.S_ISREG(status.st_mode):
                        yield Found(prefix + entry.name, status.st_size, status.st_mtime)
                    elif stat.S_ISDIR(status.st_mode) and level + 1 < depth:
                        folders.append(entry.name)
            waiting += [(f"{prefix}{name}/", level + 1) for name in sorted(folders)]
        except OSError:
            continue
        finally:
            os.close(at)


def folder_usage(folder: int, *, most_files: int) -> Usage:
    """How much the folder holds, hidden files included; stops after `most_files` names.

    Files that are deleted but still open are not seen: only a file system of limited size stops those.
    """
    total = count = 0
    complete = True
    way: _Way = []
    try:
        _enter(way, folder, ".")
        while way:
            at, names = way[-1]
            for entry in names:
                count += 1
                if count > most_files:
                    return Usage(total, count, False)
                try:
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_blocks * 512
                    if not stat.S_ISDIR(status.st_mode):
                        continue
                    if len(way) < _DEEPEST_MEASURED:
                        _enter(way, at, entry.name)
                        break
                except OSError:
                    pass
                complete = False
            else:
                names.close()
                os.close(way.pop()[0])
    finally:
        for at, names in way:
            names.close()
            os.close(at)
    return Usage(total, count, complete)


_Way: TypeAlias = "list[tuple[int, os._ScandirIterator[str]]]"
"""Folders from the top to where we are, open, with the names in each that are still to come."""


def _enter(way: _Way, folder: int, name: str) -> None:
    at = os.open(name, _FOLDER, dir_fd=folder)
    try:
        way.append((at, os.scandir(at)))
    except BaseException:
        os.close(at)
        raise


def make_folder(folder: int, path: str) -> int:
    """Descriptor, to be closed by the caller, of the folder `path` below, made where missing. Raises `OSError`."""
    at = os.dup(folder)
    try:
        for part in [part for part in path.split("/") if part]:
            made = True
            try:
                os.mkdir(part, 0o755, dir_fd=at)
            except FileExistsError:
                made = False
            below = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
            if made:
                own_like(folder, at)
    except BaseException:
        os.close(at)
        raise
    return at


def own_like(folder: int, descriptor: int) -> None:
    """Give an open file to the folder's owner: code with fewer rights could not change what root made."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        owner = os.fstat(folder)
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _parts(path: str) -> list[str]:
    parts = path.split("/")
    if not path or len(path) > 4096 or any(part in {"", ".", ".."} or "\x00" in part for part in parts):
        raise SandboxError(f"{path[:200]!r} is not a path below the kernel's folder; name the file as it is listed")
    if len(parts) > DEPTH:
        raise SandboxError(f"{path[:200]!r} lies deeper than {DEPTH} folders; copy the file further up")
    return parts


def _open_folder(folder: int, prefix: str) -> int:
    at = os.open(".", _FOLDER, dir_fd=folder)
    try:
        for part in [part for part in prefix.split("/") if part]:
            below = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
    except BaseException:
        os.close(at)
        raise
    return at


def _open(at: int, part: str, flags: int, path: str) -> int:
    try:
        try:
            return os.open(part, flags, dir_fd=at)
        except FileNotFoundError:
            if UNSHOWN not in part:
                raise
            return os.open(_unshown(at, part), flags, dir_fd=at)
    except FileNotFoundError as error:
        raise SandboxError(f"there is no file {path!r} in the kernel's folder; see the list of files") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SandboxError(f"{path!r} is not opened ({reason}); only ordinary files below the folder are") from error


def _unshown(at: int, part: str) -> str:
    """The one name in a folder that is shown as `part`. Raises `FileNotFoundError` when there is none, or several."""
    names: list[str] = []
    with os.scandir(at) as entries:
        for number, entry in enumerate(entries):
            if number > _NAMES_SEEN or len(names) > 1:
                break
            if shown(entry.name) == part:
                names.append(entry.name)
    if len(names) != 1:
        raise FileNotFoundError(part)
    return names[0]
