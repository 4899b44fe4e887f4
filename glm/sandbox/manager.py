"""Opens sandboxes and owns their kernels: who may have how many, one kept warm, none left behind.

One event-loop thread lives as long as the manager. All kernels are watched from it, and a
second thread that lives as long starts them: bubblewrap ends a sandbox when the thread that
started it ends, so that nothing outlives this process, however it dies.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from glm.errors import SandboxError
from glm.sandbox import launch
from glm.sandbox.confine import confine
from glm.sandbox.kernel import Kernel, first, spec_for
from glm.sandbox.packages import shown
from glm.sandbox.policy import Tier
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import Limits
from glm.sandbox.watch import computed, excess

WARM_IMPORTS = "import numpy, pandas, matplotlib.pyplot\n"

_WATCH_SECONDS = 0.5
_WATCH_DISK_SECONDS = 0.25  # where the watchdog is all that limits what is stored: 0.5 GB a second can be written
_DISK_SHARE = 10  # a walk over many files is followed by a pause of this many times as long
_EVICT_AFTER = 60.0  # seconds a kernel must have been idle before another visitor may have its place
_FORGET_AFTER = 3  # idle times, after which files go too

_T = TypeVar("_T")


class SandboxManager:
    """Sandboxes of one program, all in the same tier. Safe to use from several threads. Close it, or use `with`.

    `python` is the interpreter of the kernels, `packages` names what code may import beside the packages for data
    (names as pip knows them); `warm` keeps one started kernel in reserve.
    Raises `SandboxError` at once when the tier is "none" or one of `packages` is not installed.
    """

    def __init__(
        self,
        tier: Tier,
        *,
        python: Path | None = None,
        limits: Limits | None = None,
        packages: Sequence[str] = (),
        warm: bool = True,
    ) -> None:
        if tier == "none":
            raise SandboxError("code cannot be run safely here; `python -m glm sandbox doctor` says what is missing")
        python = python or Path(sys.executable)
        absent = {*packages} & {*shown(python, packages).missing} if packages else set()
        if absent:
            names = " ".join(sorted(absent))
            raise SandboxError(f"code cannot be given {names}: not installed; {python} -m pip install {names}")
        self.tier = tier
        self.limits = limits or Limits()
        self.loop = asyncio.new_event_loop()
        self._python = python
        self._packages = tuple(packages)
        self._keep_warm = warm
        self._sandboxes: list[JupyterSandbox] = []
        self._kernels: list[Kernel] = []
        self._slots: set[int] = set()
        self._disk_due: weakref.WeakKeyDictionary[Kernel, float] = weakref.WeakKeyDictionary()
        self._warm: Kernel | None = None
        self._warming: asyncio.Task[None] | None = None
        self._closed = False
        self._guard = threading.Lock()
        self._starter = concurrent.futures.ThreadPoolExecutor(1, "sandbox-start")
        self._turns = asyncio.Semaphore(max(os.cpu_count() or 1, 2))
        self._thread = threading.Thread(target=self._live, name="sandbox", daemon=True)
        self._thread.start()
        _OPEN.add(self)
        self.submit(self._begin()).result()

    def __enter__(self) -> SandboxManager:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, owner: str, *, goes_on: bool = False) -> JupyterSandbox:
        """A sandbox for `owner`, any text that tells visitors apart. Its kernel starts when it is first needed.

        With `goes_on` the first cell tells that variables and files of earlier cells, run in another sandbox, are gone.
        """
        with self._guard:
            if self._closed:
                raise SandboxError("the sandboxes are shut down; restart the program")
            sandbox = JupyterSandbox(self, owner, self.limits, goes_on=goes_on)
            self._sandboxes.append(sandbox)
        return sandbox

    def close(self) -> None:
        """End all kernels and drop all files. Idempotent."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._starter.shutdown()
        self.loop.close()
        _OPEN.discard(self)

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels that live now, the warm one included."""
        return tuple(self._kernels)

    def submit(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        """Run on the event loop, from another thread. Raises `SandboxError` once closed."""
        if self._closed:
            work.close()
            raise SandboxError("the sandboxes are shut down; restart the program")
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    # What follows runs on the event loop.

    @asynccontextmanager
    async def cell_turn(self, halt: asyncio.Event) -> AsyncIterator[bool]:
        """Wait for a processor: True when the cell may run, False when `halt` came first."""
        waiting = asyncio.ensure_future(self._turns.acquire())
        stopped = asyncio.ensure_future(halt.wait())
        try:
            await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
            yield waiting.done() and not halt.is_set()
        finally:
            stopped.cancel()
            if not waiting.done():
                waiting.cancel()
                with suppress(asyncio.CancelledError):
                    await waiting
            if not waiting.cancelled():
                self._turns.release()

    async def take_kernel(self, sandbox: JupyterSandbox) -> Kernel:
        """A kernel for the sandbox: the warm one, or a new one. Raises `SandboxError` when there is no place for it."""
        self._make_room(sandbox)
        if self._warming is not None and self._warm is None and len(self._kernels) >= self.limits.kernels:
            await self._warming  # the last place is being filled with what is wanted
        kernel, self._warm = self._warm, None
        if kernel is None or not kernel.alive:
            if kernel is not None:
                self.release(kernel)
            kernel = await self._start()
        self._warm_up()
        return kernel

    def release(self, kernel: Kernel) -> None:
        """End a kernel, drop its files and free its place. Idempotent."""
        kernel.close()
        if kernel in self._kernels:
            self._kernels.remove(kernel)
            self._slots.discard(kernel.slot)

    def forget(self, sandbox: JupyterSandbox) -> None:
        """Drop a sandbox that was closed."""
        with self._guard, suppress(ValueError):
            self._sandboxes.remove(sandbox)

    def _make_room(self, sandbox: JupyterSandbox) -> None:
        """Free a place by ending a kernel that is idle, the owner's own before others'. Raises `SandboxError`."""
        limits = self.limits
        using = [s for s in self._sandboxes if s is not sandbox and s.kernel is not None and s.kernel.alive]
        own = [s for s in using if s.owner == sandbox.owner]
        if len(own) >= limits.kernels_per_owner:
            self._reap_longest_idle(own, 0.0, f"you have {len(own)} kernels, and all of them are running; stop one")
        elif len(using) >= limits.kernels:
            text = f"all {limits.kernels} kernels are in use; try again in a minute"
            self._reap_longest_idle(using, _EVICT_AFTER, text)

    def _reap_longest_idle(self, sandboxes: list[JupyterSandbox], seconds: float, refusal: str) -> None:
        limit = time.monotonic() - seconds
        idle = [sandbox for sandbox in sandboxes if not sandbox.running and sandbox.used_at <= limit]
        if not idle:
            raise SandboxError(refusal)
        min(idle, key=lambda sandbox: sandbox.used_at).reap("the kernel was idle and its place was needed")

    async def _start(self) -> Kernel:
        slot = next(number for number in range(len(self._slots) + 1) if number not in self._slots)
        self._slots.add(slot)
        try:
            spec = replace(spec_for(self._python, self.limits, slot), packages=self._packages)
            confined = await self.loop.run_in_executor(self._starter, confine, self.tier, spec)
            kernel = Kernel(confined, self.limits, slot)
            await kernel.connect()
        except BaseException:
            self._slots.discard(slot)
            raise
        self._kernels.append(kernel)
        return kernel

    def _warm_up(self) -> None:
        """Start a kernel in reserve, unless there is one or no place for one."""
        busy = sum(kernel.alive for kernel in self._kernels)
        if not self._keep_warm or self._closed or self._warm is not None or busy >= self.limits.kernels:
            return
        if self._warming is None or self._warming.done():
            self._warming = asyncio.create_task(self._start_warm())

    async def _start_warm(self) -> None:
        try:
            kernel = await self._start()
        except SandboxError:
            return  # whoever needs a kernel next is told why
        await kernel.prepare(WARM_IMPORTS)
        if self._closed or not kernel.alive:
            self.release(kernel)
        else:
            self._warm = kernel

    async def _watch(self) -> None:
        """The one watchdog: limits of all kernels, idle ones, abandoned sandboxes."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS if self.tier == "bwrap" else _WATCH_DISK_SECONDS)
            children = launch.children_by_parent() if self._kernels else {}  # once for all of them
            for sandbox in list(self._sandboxes):
                idle = 0.0 if sandbox.running else time.monotonic() - sandbox.used_at
                if idle > _FORGET_AFTER * self.limits.idle_seconds:
                    await sandbox.end()
                elif sandbox.kernel is not None and sandbox.kernel.alive:
                    if idle > self.limits.idle_seconds:
                        sandbox.reap(f"the kernel was idle for {self.limits.idle_seconds / 60:.0f} minutes")
                        continue
                    pids = sandbox.kernel.confined.pids(children)
                    reason = await self._reason_to_end(sandbox, sandbox.kernel, pids)
                    if reason and sandbox.running and sandbox.kernel is not None:
                        sandbox.kernel.lose(reason)
                    elif reason:
                        sandbox.reap(reason)
            if self._warm is None:
                self._warm_up()

    async def _reason_to_end(self, sandbox: JupyterSandbox, kernel: Kernel, pids: list[int]) -> str:
        limits = self.limits
        reason = excess(pids, limits)
        if reason:
            return reason
        if not sandbox.running:
            used = computed(pids)
            kernel.used_cpu = kernel.used_cpu or used
            if used - kernel.used_cpu > limits.cell_seconds:
                return "code went on computing long after its cell had ended"
        began = time.monotonic()
        if began >= self._disk_due.get(kernel, 0.0):
            try:
                usage = await self.loop.run_in_executor(None, kernel.confined.disk)
            except OSError:
                return ""  # it was closed meanwhile
            now = time.monotonic()
            self._disk_due[kernel] = now + _DISK_SHARE * (now - began)
            if usage.files > limits.work_files:
                return f"the code made more than {limits.work_files:,} files"
            if self.tier != "bwrap" and usage.bytes > limits.work_bytes:
                return f"the code stored more than {limits.work_bytes / 2**20:.0f} MB"
        return ""

    async def _begin(self) -> None:
        self._watching = asyncio.create_task(self._watch())
        self._warm_up()

    async def _end(self) -> None:
        self._watching.cancel()
        if self._warming is not None:
            with suppress(SandboxError):
                await self._warming
        for sandbox in list(self._sandboxes):
            await sandbox.end()
        for kernel in list(self._kernels):
            self.release(kernel)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await first(asyncio.Event(), seconds=0.05)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _live(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


_OPEN: weakref.WeakSet[SandboxManager] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for manager in list(_OPEN):
        manager.close()
