"""What a front end needs of a sandbox: run a cell, stop it, exchange files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from glm.sandbox.values import CellEvent, SandboxState, Variable


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file in the kernel's folder: path in it with "/", size in bytes, time of change in seconds since 1970."""

    path: str
    size: int
    changed: float


class SandboxFiles(Protocol):
    """The kernel's folder, seen from outside. No path leaves it; every method raises `SandboxError` when refused."""

    def entries(self) -> list[FileEntry]: ...

    def read(self, path: str, *, limit: int | None = None) -> bytes: ...

    def save(self, name: str, data: bytes) -> str:
        """Store an upload under a safe name, which is returned. It never replaces a file."""
        ...


class Sandbox(Protocol):
    """One visitor's kernel. Safe to use from several threads; one cell runs at a time."""

    @property
    def files(self) -> SandboxFiles: ...

    def run(self, code: str, *, stop: threading.Event | None = None) -> Iterator[CellEvent]:
        """Run a cell; yields events as they come and `CellDone` last.

        Setting `stop` interrupts; what does not heed it is killed after the grace time, with
        files kept. Raises `SandboxError` when no kernel can be started.
        """
        ...

    @property
    def state(self) -> SandboxState:
        """What the kernel does now. Cheap; asking neither starts a kernel nor keeps one alive."""
        ...

    def variables(self) -> list[Variable]:
        """The variables of the kernel, at most 200; empty without a kernel. Starts none and keeps none alive.

        While a cell runs, and where the kernel does not answer within 2 seconds, those of the last time.
        """
        ...

    def restart(self) -> None:
        """A new kernel: variables are lost, files stay."""
        ...

    def close(self) -> None:
        """End the kernel and drop its files. Idempotent."""
        ...
