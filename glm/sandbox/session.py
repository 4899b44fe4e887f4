"""One visitor's sandbox: cells run one at a time, can always be stopped, and files outlive the kernel.

The methods may be called from any thread; kernels live on the manager's event loop. A kernel
is only a place where cells run: when it dies, is killed or was idle too long, the next cell
gets a new one with the files of the old one, and the visitor is told that variables are lost.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from glm.errors import SandboxError
from glm.sandbox.cell_run import CellRun
from glm.sandbox.files import FolderFiles, copy_files
from glm.sandbox.kernel import Cell, Kernel
from glm.sandbox.outputs import variables_of
from glm.sandbox.protocol import FileEntry, SandboxFiles
from glm.sandbox.values import (
    CellDone,
    CellEvent,
    Limits,
    NoticeOutput,
    Output,
    OutputsCleared,
    OutputShown,
    SandboxState,
    Variable,
)

if TYPE_CHECKING:
    from glm.sandbox.manager import SandboxManager

_LOOK_SECONDS = 0.05
_STARTED_ANEW = (
    "variables and files of earlier cells are gone: the program was started anew, or this session was not used for long"
)
_MOST_CELLS = 300
_MOST_CODE = 1_000_000  # characters of one cell

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CellRecord:
    """A cell that was run: its code, its outputs up to now (late ones included), its number."""

    code: str
    outputs: tuple[Output, ...]
    execution_count: int


class _Events:
    """Events from the loop to whoever looks, who may be slow: only the latest state of each output is kept."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._cleared = False
        self._shown: dict[int, OutputShown] = {}
        self._open = True

    def put(self, events: list[CellEvent]) -> None:
        with self._changed:
            for event in events:
                if isinstance(event, OutputsCleared):
                    self._cleared = True
                    self._shown.clear()
                elif isinstance(event, OutputShown):
                    self._shown[event.index] = event
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def get(self, seconds: float) -> tuple[list[CellEvent], bool]:
        """What happened since the last call, after at most `seconds`, and whether more may come."""
        with self._changed:
            if self._open and not self._shown and not self._cleared:
                self._changed.wait(seconds)
            events: list[CellEvent] = [OutputsCleared()] if self._cleared else []
            events += [self._shown[index] for index in sorted(self._shown)]
            self._cleared, self._shown = False, {}
            return events, self._open


class JupyterSandbox:
    """A `Sandbox` on a Jupyter kernel, made by `SandboxManager.open`, which also closes it after very long idleness."""

    def __init__(self, manager: SandboxManager, owner: str, limits: Limits, *, goes_on: bool = False) -> None:
        self.owner = owner
        self.used_at = time.monotonic()
        self.running = False
        self.kernel: Kernel | None = None
        self.lost_reason = ""
        self._manager = manager
        self._limits = limits
        self._goes_on = goes_on
        self._turn = threading.Lock()
        self._cells: list[Cell] = []
        self._closed = False
        self._starting = asyncio.Lock()
        self._cell_in = False
        self._variables: list[Variable] = []
        self._told = False  # that the variables of the dead kernel are lost
        self._replacing: asyncio.Task[None] | None = None
        self._folder: FolderFiles | None = None
        self._folder_lock = threading.Lock()
        self._files = _Files(self)

    @property
    def closed(self) -> bool:
        """True once it was closed, by its user or after very long idleness."""
        return self._closed

    @property
    def files(self) -> SandboxFiles:
        """The kernel's folder; stays the same through restarts. Its first use starts a kernel."""
        return self._files

    @property
    def cells(self) -> tuple[CellRecord, ...]:
        """The cells that were run since the sandbox was opened, oldest first, at most 300."""
        return tuple(
            CellRecord(cell.code, cell.messages.outputs, cell.messages.execution_count) for cell in list(self._cells)
        )

    @property
    def state(self) -> SandboxState:
        """See `Sandbox.state`."""
        kernel = self.kernel
        if self._starting.locked():
            return SandboxState("starting")
        if self._closed or kernel is None:
            return SandboxState("starting" if self._cell_in else "none")
        if self._cell_in:
            return SandboxState("busy")
        if not kernel.alive:
            return SandboxState("lost")
        left = self.used_at + self._limits.idle_seconds - time.monotonic()
        return SandboxState("idle", max(left, 0.0))

    def variables(self) -> list[Variable]:
        """See `Sandbox.variables`."""
        kernel = self.kernel
        if kernel is None or not kernel.alive:
            self._variables = []
        elif self._turn.acquire(blocking=False):
            try:
                answer = self._submit(kernel.variables()).result()
            finally:
                self._turn.release()
            if answer is not None:
                self._variables = variables_of(answer)
        return list(self._variables)

    def run(self, code: str, *, stop: threading.Event | None = None) -> Iterator[CellEvent]:
        """See `Sandbox.run`. Waits while another cell of this sandbox runs. Leaving the iteration stops the cell."""
        if len(code) > _MOST_CODE:
            raise SandboxError(f"the code has {len(code):,} characters and may have {_MOST_CODE:,}; split it up")
        stop = stop or threading.Event()
        while not self._turn.acquire(timeout=_LOOK_SECONDS):
            if stop.is_set():
                yield CellDone((), "interrupted", 0.0, 0)
                return
        self._cell_in = True
        events = _Events()
        halt = asyncio.Event()
        try:
            future = self._submit(self._run(code, events.put, halt))
        except BaseException:
            self._cell_in = False
            self._turn.release()
            raise

        def ended(_: object) -> None:
            # Only now: whoever leaves early must not let the next cell in before this one has ended.
            self._cell_in = False
            self._turn.release()
            events.close()

        future.add_done_callback(ended)
        halted = False
        try:
            more = True
            while more:
                news, more = events.get(_LOOK_SECONDS)
                yield from news
                if stop.is_set() and not halted:
                    halted = True
                    self._manager.loop.call_soon_threadsafe(halt.set)
            yield future.result()
        except concurrent.futures.CancelledError as error:
            raise SandboxError("the sandboxes were shut down while the cell ran; restart the program") from error
        finally:
            if not future.done():
                self._manager.loop.call_soon_threadsafe(halt.set)

    def restart(self) -> None:
        """See `Sandbox.restart`. A running cell is ended by it. Raises `SandboxError` when no kernel can be started."""
        self._submit(self._restart()).result()

    def close(self) -> None:
        """See `Sandbox.close`."""
        if self._closed:
            return
        with suppress(SandboxError):  # the manager was closed first, and has ended this sandbox with the others
            self._submit(self.end()).result()

    # What follows runs on the manager's event loop.

    async def end(self) -> None:
        """Close, on the event loop. Idempotent."""
        self._closed = True
        kernel, self.kernel = self.kernel, None
        with self._folder_lock:
            if self._folder is not None:
                self._folder.close()
                self._folder = None
        if kernel is not None:
            self._manager.release(kernel)
        self._manager.forget(self)

    def reap(self, reason: str) -> None:
        """End the kernel and keep the files; the next cell says why variables are lost. On the event loop."""
        if self.kernel is not None and self.kernel.alive:
            self.lost_reason = reason
            self.kernel.lose(reason)

    async def _run(self, code: str, show: Callable[[list[CellEvent]], None], halt: asyncio.Event) -> CellDone:
        async with self._manager.cell_turn(halt) as granted:
            if not granted:
                return CellDone((), "interrupted", 0.0, 0)
            self.running = True
            try:
                kernel = await self._ready_kernel()
                run = CellRun(kernel, self._limits, show, halt)
                done = await run.run(code, self._lost())
                self._remember(run.cell)
                if done.variables_lost:
                    self._told = True
                    self._replacing = asyncio.create_task(self._replace_quietly())
                return done
            finally:
                self.running = False
                self.used_at = time.monotonic()
                if self.kernel is not None:
                    self.kernel.used_cpu = 0.0

    def _lost(self) -> NoticeOutput | None:
        """What the next cell has to be told is gone, if anything; it is told once."""
        anew, reason = self._goes_on and not self._cells, self.lost_reason if self._cells else ""
        self.lost_reason = ""
        if anew:
            return NoticeOutput("started_anew", _STARTED_ANEW)
        if reason:
            text = f"variables of earlier cells are lost: {reason}; files are kept"
            return NoticeOutput("variables_lost", text)
        return None

    async def _ready_kernel(self) -> Kernel:
        """The living kernel, or a new one with the old one's files."""
        async with self._starting:
            if self._closed:
                raise SandboxError("this sandbox is closed; open a new one")
            old = self.kernel
            if old is not None and old.alive:
                return old
            if old is not None:
                self.lost_reason = "" if self._told else self.lost_reason or old.death
            new = await self._manager.take_kernel(self)
            try:
                await asyncio.get_running_loop().run_in_executor(None, self._move_in, old, new)
            except BaseException:
                self._manager.release(new)
                raise
            self.kernel, self._told = new, False
            if old is not None:
                self._manager.release(old)
            if self._closed:
                await self.end()
                raise SandboxError("this sandbox is closed; open a new one")
            return new

    def _move_in(self, old: Kernel | None, new: Kernel) -> None:
        """Carry the files over. The lock keeps an upload from going to the folder that is left."""
        with self._folder_lock:
            if old is not None:
                copy_files(old.confined.work_fd, new.confined.work_fd, self._limits)
            folder = FolderFiles(new.confined.work_fd, self._limits)
            if self._folder is not None:
                self._folder.close()
            self._folder = folder

    async def _replace_quietly(self) -> None:
        """Have a kernel ready after one was lost. The visitor was told already; a failure shows with the next cell."""
        with suppress(SandboxError):
            await self._ready_kernel()

    async def _restart(self) -> None:
        if self.kernel is not None:
            self.kernel.lose("it was restarted")
            self._told = not self.running  # a cell that it ends says so itself
        await self._ready_kernel()
        self.used_at = time.monotonic()

    def _remember(self, cell: Cell | None) -> None:
        if cell is not None:
            cell.close()
            self._cells.append(cell)
            del self._cells[:-_MOST_CELLS]

    # From other threads again.

    def _submit(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        return self._manager.submit(work)

    def with_folder(self, use: Callable[[FolderFiles], _T]) -> _T:
        """Call `use` with the files of the current kernel, started if need be. Not on the event loop."""
        self.used_at = time.monotonic()
        if self._folder is None:
            self._submit(self._ready_kernel()).result()
        with self._folder_lock:
            if self._folder is None:
                raise SandboxError("this sandbox is closed; open a new one")
            return use(self._folder)


class _Files:
    """`SandboxFiles` of whatever kernel the sandbox has at the time."""

    def __init__(self, sandbox: JupyterSandbox) -> None:
        self._sandbox = sandbox

    def entries(self) -> list[FileEntry]:
        return self._sandbox.with_folder(lambda folder: folder.entries())

    def read(self, path: str, *, limit: int | None = None) -> bytes:
        return self._sandbox.with_folder(lambda folder: folder.read(path, limit=limit))

    def save(self, name: str, data: bytes) -> str:
        return self._sandbox.with_folder(lambda folder: folder.save(name, data))
