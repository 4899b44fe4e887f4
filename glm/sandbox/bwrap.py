"""Arguments for bubblewrap: a file system of its own with nothing writable of the host in it, and no network.

All options go through `--args FD`, file contents through descriptors: a command line can be read inside, in
/proc/1/cmdline. As root there is no user namespace (the process limit does not bind root, mapped or not): the
launcher keeps three capabilities just long enough to become a user id of its own.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glm.errors import SandboxError
from glm.sandbox import packages
from glm.sandbox.policy import WORK

OLDEST = (0, 7)
"""The first version with --size: without it a kernel could fill the computer's memory through its folders."""
SUPPORT = "/sbx"
SHORT_LIVED_BYTES = 64 * 2**20
"""Room in each of /tmp and /dev/shm."""
COVER_BYTES = 4 * 2**20
"""Room in the folder that covers a hidden one, for the few small files shown in it. Nobody inside can write there."""
INNER_UID = 1000
SYSTEM_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/alternatives",
    "/etc/mime.types",
    "/nix/store",
)


@functools.lru_cache(maxsize=1)
def find() -> tuple[str, tuple[int, ...]]:
    """The program and its version. Raises `SandboxError` when there is none, or an old one."""
    program = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin:" + os.environ.get("PATH", ""))
    if program is None:
        raise SandboxError("bubblewrap (the program bwrap) is not installed")
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError(f"{program} does not run: {error}") from error
    numbers = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    version = tuple(int(part) for part in numbers.groups() if part) if numbers else ()
    if version < OLDEST:
        raise SandboxError(f"{program} is version {'.'.join(map(str, version)) or said!r}, and 0.7 or later is needed")
    return program, version


@dataclass
class Filesystem:
    """What is to be seen inside, in the order it is put there."""

    options: list[str] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    _folders: set[str] = field(default_factory=lambda: {"/"})
    _bound: dict[str, str] = field(default_factory=dict)
    """Real path of what is shown, by the place where it is shown."""

    def parents(self, path: str) -> None:
        """Make the folders above `path`, open to be walked through by another user id."""
        for parent in reversed(Path(path).parents):
            name = str(parent)
            if name not in self._folders and not self._covered(name):
                self.options += ["--perms", "0755", "--dir", name]
                self._folders.add(name)

    def _covered(self, path: str) -> bool:
        return any(path == bound or path.startswith(bound.rstrip("/") + "/") for bound in self._bound)

    def show(self, path: str) -> None:
        """Make a file or folder of the host readable at the same path, and where its links lead to as well."""
        for place in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):
            if not self._covered(place) and os.path.exists(place):
                self.parents(place)
                self.options += ["--ro-bind", path, place]
                self._bound[place] = os.path.realpath(path)

    def room(self, path: str, size: int) -> None:
        """An empty writable folder of at most `size` bytes."""
        self.parents(path)
        self.options += ["--perms", "0700", "--size", str(size), "--tmpfs", path]
        self._folders.add(path)

    def hide(self, path: str, *, but: Iterable[tuple[str, str]] = ()) -> None:
        """Cover a folder with an empty one, wherever it is shown, in which there is only `but`: what, and its name."""
        for place in self._places(path):
            self.options += ["--perms", "0755", "--size", str(COVER_BYTES), "--tmpfs", place]
            made = {place}
            for entry, name in but:
                files = packages.small_files(entry)
                if files is None:
                    self.options += ["--ro-bind", entry, f"{place}/{name}"]
                for inner, content in (files or {}).items():
                    whole = f"{place}/{name}/{inner}".rstrip("/")
                    parent = os.path.dirname(whole)
                    if parent not in made:
                        self.options += ["--perms", "0755", "--dir", parent]
                        made.add(parent)
                    self.options += ["--perms", "0444", "--file", str(self.keep(content)), whole]
            self.options += ["--remount-ro", place]

    def _places(self, path: str) -> Iterator[str]:
        real = os.path.realpath(path)
        for place, source in self._bound.items():
            if real == source or real.startswith(source.rstrip("/") + "/"):
                yield place.rstrip("/") + real[len(source.rstrip("/")) :]

    def file(self, path: str, content: bytes) -> None:
        self.parents(path)
        self.options += ["--perms", "0444", "--file", str(self.keep(content)), path]

    def keep(self, content: bytes) -> int:
        """A descriptor with `content`, for bwrap to read."""
        number = os.memfd_create("sandbox")
        self.descriptors.append(number)
        with open(number, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(number, 0, os.SEEK_SET)
        return number

    def close(self) -> None:
        while self.descriptors:
            os.close(self.descriptors.pop())


def account(uid: int) -> dict[str, bytes]:
    """The only account known inside, so that asking for a user name works and tells nothing."""
    return {
        "/etc/passwd": f"sandbox:x:{uid}:{uid}::/tmp/home:/bin/sh\n".encode(),
        "/etc/group": f"sandbox:x:{uid}:\n".encode(),
    }


def options(
    filesystem: Filesystem,
    *,
    sockets: str,
    uid: int | None,
    files: Mapping[str, bytes],
    readable: Iterable[str],
    hidden: Mapping[str, Iterable[tuple[str, str]]],
    work_bytes: int,
    seccomp: bytes,
    info_fd: int,
) -> int:
    """Fill `filesystem` and return the descriptor for `--args`.

    `uid`: the id to drop to as root, else None. `hidden`: folders under readable ones, with what of them is shown.
    """
    _, version = find()
    add = filesystem.options
    if uid is None:
        add += ["--unshare-user", "--uid", str(INNER_UID), "--gid", str(INNER_UID)]
        if version >= (0, 8):
            add.append("--disable-userns")
    add += ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", "--unshare-net"]
    add += ["--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    if uid is not None:
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_CHOWN"):
            add += ["--cap-add", capability]
    add += ["--info-fd", str(info_fd), "--seccomp", str(filesystem.keep(seccomp))]
    filesystem.show("/usr")
    for name in SYSTEM_LINKS:
        if os.path.islink(name):
            add += ["--symlink", os.readlink(name), name]
        else:
            filesystem.show(name)
    for name in SYSTEM_FILES:
        filesystem.show(name)
    add += ["--proc", "/proc", "--dev", "/dev"]
    filesystem.room("/dev/shm", SHORT_LIVED_BYTES)
    filesystem.room("/tmp", SHORT_LIVED_BYTES)
    filesystem.room(WORK, work_bytes)
    filesystem.room(sockets, 2**20)
    for path in readable:
        filesystem.show(path)
    for path, but in hidden.items():
        filesystem.hide(path, but=but)
    for path, content in {**account(INNER_UID if uid is None else uid), **files}.items():
        filesystem.file(path, content)
    # /dev is a memory file system that the user inside owns: left writable, it has no size limit.
    add += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    return filesystem.keep(b"\0".join(os.fsencode(option) for option in add) + b"\0")
