"""The kernel's folder seen from outside: list, read and save files, within limits and never outside of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from glm.errors import SandboxError
from glm.sandbox.file_names import numbered, safe_name, shown
from glm.sandbox.folder import folder_usage, make_folder, open_beneath, own_like, walk
from glm.sandbox.protocol import FileEntry
from glm.sandbox.values import Limits

LISTED = 500
"""Most files that are listed: first those of the folder itself, then those of its folders."""

_PIECE = 2**20
_NAMES_TRIED = 100
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class FolderFiles:
    """`SandboxFiles` over a descriptor of the folder, which stays good after the kernel has died.

    Safe to use from several threads, also while another closes it.
    """

    def __init__(self, folder: int, limits: Limits) -> None:
        """`folder` is opened anew: the caller keeps and closes its own. Raises `SandboxError` where that fails."""
        if os.open not in os.supports_dir_fd:
            raise SandboxError("files cannot be exchanged with the kernel on this system; use Linux, macOS or WSL2")
        # Opened anew, since a descriptor that only names a folder (O_PATH) cannot list it.
        try:
            self._folder = os.open(".", os.O_RDONLY | getattr(os, "O_DIRECTORY", 0), dir_fd=folder)
        except OSError as error:
            reason = error.strerror
            raise SandboxError(f"the kernel's folder cannot be opened ({reason}); restart the kernel") from error
        self._limits = limits
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Let go of the folder. Idempotent; every other method raises `SandboxError` from then on."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._folder)

    def entries(self) -> list[FileEntry]:
        """Ordinary files, at most `LISTED`, hidden ones left out, sorted by path."""
        with self._open_folder() as folder:
            found = []
            for file in walk(folder):
                found.append(FileEntry(shown(file.path), file.size, file.changed))
                if len(found) == LISTED:
                    break
        return sorted(found, key=lambda entry: entry.path)

    def read(self, path: str, *, limit: int | None = None) -> bytes:
        """Content of a file that `entries` lists: the first `limit` bytes, or all of it.

        Raises `SandboxError` when it is not an ordinary file below the folder, or when all is
        asked of one above the kernel's own limit of file sizes.
        """
        largest = self._limits.file_bytes
        with self._open_folder() as folder:
            descriptor = open_beneath(folder, path)
        with open(descriptor, "rb", buffering=0) as file:
            if limit is None and os.fstat(descriptor).st_size > largest:
                raise SandboxError(f"{path!r} has more than {largest:,} bytes, the most that is sent; split it up")
            wanted = largest if limit is None else max(min(limit, largest), 0)
            pieces: list[bytes] = []
            try:
                # The size that was reported may no longer hold: read what is there, up to what is wanted.
                while wanted and (piece := file.read(min(wanted, _PIECE))):
                    pieces.append(piece)
                    wanted -= len(piece)
            except OSError as error:
                raise SandboxError(f"{path!r} cannot be read ({error.strerror}); write it anew") from error
        return b"".join(pieces)

    def save(self, name: str, data: bytes) -> str:
        """Store an upload under a safe name, which is returned; a name that is taken gets a number.

        Raises `SandboxError` when the upload or the folder would be larger than the limits allow.
        """
        limits = self._limits
        if len(data) > limits.upload_bytes:
            raise SandboxError(
                f"{safe_name(name)!r} has {len(data):,} bytes and an upload at most {limits.upload_bytes:,}; "
                "split it up or leave columns out"
            )
        with self._saving, self._open_folder() as folder:
            usage = folder_usage(folder, most_files=limits.work_files)
            if usage.bytes + len(data) > limits.work_bytes or usage.files >= limits.work_files:
                raise SandboxError(
                    f"the kernel's folder holds {usage.bytes:,} bytes in {usage.files:,} files and may hold "
                    f"{limits.work_bytes:,} in {limits.work_files:,}, so {safe_name(name)!r} does not fit; delete files"
                )
            return _save_new(folder, safe_name(name), data)

    @contextmanager
    def _open_folder(self) -> Iterator[int]:
        # A duplicate for each use: otherwise a number closed meanwhile could already name another file.
        with self._lock:
            if self._closed:
                raise SandboxError("the kernel of these files is closed; open a new one and upload them again")
            folder = os.dup(self._folder)
        try:
            yield folder
        finally:
            os.close(folder)


def copy_files(source: int, target: int, limits: Limits) -> tuple[int, int]:
    """Copy all ordinary files from one kernel's folder to another's: how many were copied, how many were not.

    Both are descriptors of open folders. Links, pipes and what exceeds the limits stay behind.
    """
    copied = left = 0
    room = limits.work_bytes
    for number, file in enumerate(walk(source)):
        if number >= limits.work_files or file.size > min(room, limits.file_bytes):
            left += 1
            continue
        parent, _, name = file.path.rpartition("/")
        try:
            at = make_folder(target, parent)
            try:
                written = _copy_one(source, file.path, at, name, most=min(room, limits.file_bytes))
            finally:
                os.close(at)
        except (OSError, SandboxError):
            left += 1
            continue
        room -= written
        copied += 1
    return copied, left


def _copy_one(source: int, path: str, folder: int, name: str, *, most: int) -> int:
    reading = open_beneath(source, path)
    with open(reading, "rb", buffering=0) as old:
        descriptor = os.open(name, _NEW, 0o644, dir_fd=folder)
        written = 0
        try:
            with open(descriptor, "wb") as new:
                own_like(folder, descriptor)
                while written < most and (piece := old.read(min(_PIECE, most - written))):
                    new.write(piece)
                    written += len(piece)
            status = os.fstat(reading)
            os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=folder, follow_symlinks=False)
        except OSError:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
            raise
    return written


def _save_new(folder: int, name: str, data: bytes) -> str:
    for number in range(1, _NAMES_TRIED + 1):
        chosen = name if number == 1 else numbered(name, number)
        try:
            descriptor = os.open(chosen, _NEW, 0o644, dir_fd=folder)
        except FileExistsError:
            continue
        except OSError as error:
            raise SandboxError(f"{chosen!r} cannot be stored ({error.strerror}); delete files or rename it") from error
        try:
            with open(descriptor, "wb") as file:
                own_like(folder, descriptor)
                file.write(data)
        except OSError as error:
            with suppress(OSError):
                os.unlink(chosen, dir_fd=folder)
            raise SandboxError(f"{chosen!r} cannot be stored ({error.strerror}); delete files") from error
        return chosen
    raise SandboxError(f"there are already {_NAMES_TRIED} files called like {name!r}; rename it or delete some")
