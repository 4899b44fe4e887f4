"""Starts a kernel inside its confinement: what to start (`KernelSpec`), how it is held (`Confined`), `confine` itself.

`confine` never falls back: it gives the tier asked for or raises. `tier_bwrap` and `tier_landlock` build the
confinements; `probe` says which of them this computer has.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

from glm.errors import SandboxError
from glm.sandbox import disk, launch
from glm.sandbox.policy import Tier
from glm.sandbox.values import Limits


@dataclass(frozen=True, kw_only=True)
class KernelSpec:
    """What to start. Nothing of the app's environment, files or descriptors reaches it but what is named here."""

    python: Path
    """The kernel's interpreter; its prefix (and base prefix) become readable inside."""
    kernel_main: Path
    """Copied inside and run as `python -I -B -X utf8 kernel_main.py -f connection.json`."""
    connection: bytes
    """JSON object with at least "key" and "signature_scheme"; `confine` adds "transport", "ip" and the five ports."""
    limits: Limits = field(default_factory=Limits)
    slot: int = 0
    """Number among the live kernels of this process, from 0: as root each slot is a user id of its own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside the fixed ones (HOME, PATH, TMPDIR, LANG, USER, thread counts, GLM_*). See `confine`."""
    support: Mapping[str, bytes] = field(default_factory=dict)
    """Small read-only files by name, found inside in the folder $GLM_SUPPORT (a matplotlibrc, a font list)."""
    read_only: tuple[Path, ...] = ()
    """More files and folders of this computer that the code may read, at the same paths (fonts)."""
    packages: tuple[str, ...] = ()
    """Distributions that the code may import beside `packages.OFFERED`."""


@dataclass(kw_only=True)
class Confined:
    """A running confined kernel. Not thread-safe, except `pids` and `process.poll`."""

    tier: Tier
    process: Popen[bytes]
    """Ends when the kernel ends (128 + signal number when a signal ended it). Its output goes to /dev/null."""
    connection: dict[str, Any]
    """For the client: transport, ip, ports, key. With "ipc" the address of a port is `ipc://{ip}-{port}`."""
    work_fd: int
    """The work folder, open for reading; stays good after the kernel is dead, until `close`."""
    sockets_fd: int
    """The folder of the ipc sockets, named "k-PORT"; `connection["ip"]` goes through it where /proc exists."""
    work_path: str
    """The work folder as the code sees it."""
    _writable_fds: list[int]
    """Further writable folders; in tier "bwrap" all are memory file systems of their own."""
    _held_fd: int
    """What `_end` works with: the first process inside, or the way to the supervisor."""
    _end: Callable[[], None]
    """Asks for the end of everything; `kill` waits for it."""
    _folder: str | None = None
    """What lies on the disk of this computer, in the tiers without a file system of their own."""
    _closed: bool = False

    def kill(self) -> None:
        """End every process of the kernel, at once. Files stay readable through `work_fd`. Idempotent."""
        if self.process.poll() is None:
            self._end()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def close(self) -> None:
        """Kill, close the descriptors and remove what lies on disk. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self.kill()
        for number in (self.work_fd, self.sockets_fd, self._held_fd, *self._writable_fds):
            with contextlib.suppress(OSError):
                os.close(number)
        if self._folder is not None:
            launch.remove_tree(self._folder)

    def pids(self, children: dict[int, list[int]] | None = None) -> list[int]:
        """Process ids, as this side sees them, of everything that runs for this kernel (the holders included).

        `children` is what `launch.children_by_parent` has just said; without it all of /proc is read.
        """
        if self.process.poll() is not None:
            return []
        return [self.process.pid, *launch.descendants(self.process.pid, children)]

    def disk(self) -> disk.Usage:
        """What the kernel keeps in all its writable folders, deleted but open files included. Cheap in tier "bwrap"."""
        folders = [self.work_fd, *self._writable_fds]
        if self.tier == "bwrap":
            return disk.of_filesystems([*folders, self.sockets_fd])
        return disk.of_folders([*folders, self.sockets_fd], self.pids())


def confine(tier: Tier, spec: KernelSpec) -> Confined:
    """Start a kernel in exactly this tier and return when it runs inside (its sockets may not exist yet).

    Takes 0.05 to 0.2 s. Inside: current folder and $GLM_WORK are the work folder (in tier "bwrap" it is /mnt/data;
    elsewhere that path cannot exist and kernel_main maps it), $GLM_TIER the tier, $GLM_SUPPORT the support files,
    $HOME and $TMPDIR writable folders outside the work folder. Raises `SandboxError` when the tier cannot be given.
    """
    if tier == "bwrap":
        from glm.sandbox import tier_bwrap

        return tier_bwrap.start(spec)
    if tier in ("landlock", "unsafe"):
        from glm.sandbox import tier_landlock

        return tier_landlock.start(tier, spec)
    raise SandboxError("code is not run on this computer: there is no confinement for it")
