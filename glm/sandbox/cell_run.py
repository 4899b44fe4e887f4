"""One run of a cell, from sending it to its last message: deadline, interrupt, grace, kill.

Every path through here ends: an answer, an interrupt that was heeded, or the kernel's death.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from glm.sandbox.kernel import Cell, Kernel, first
from glm.sandbox.messages import CellMessages
from glm.sandbox.values import CellDone, CellEvent, Ending, Limits, NoticeKind, NoticeOutput
from glm.sandbox.zmtp import WireError

_INTERRUPT_EVERY = 0.5  # code may swallow one interrupt, or be in a call that restarts
_LAST_MESSAGES_SECONDS = 2.0  # between the reply and the end of the outputs, which come on another connection


class CellRun:
    """Runs one cell on a kernel that lives. `cell` is what ran, None when it could not even be sent."""

    def __init__(
        self, kernel: Kernel, limits: Limits, show: Callable[[list[CellEvent]], None], halt: asyncio.Event
    ) -> None:
        self.cell: Cell | None = None
        self._kernel = kernel
        self._limits = limits
        self._show = show
        self._halt = halt
        self._started = time.monotonic()
        self._interrupted = False

    async def run(self, code: str, lost: NoticeOutput | None = None) -> CellDone:
        """Run to the end. `lost` says what of earlier cells is gone and why, and is shown first."""
        try:
            cell = self.cell = await self._kernel.execute(code, self._show)
        except WireError:
            messages = CellMessages(self._limits)
            self._kernel.lose("it does not answer")
            return self._died(messages)
        if lost:
            self._notice(cell.messages, lost.kind, lost.text)
        ended = await self._wait(cell, self._started + self._limits.cell_seconds, self._halt)
        if ended:
            return self._done(cell)
        ending: Ending = "interrupted" if self._halt.is_set() else "timeout"
        if self._kernel.alive:
            if ending == "timeout":
                text = f"the cell was stopped: it may run for {self._limits.cell_seconds:g} seconds"
                self._notice(cell.messages, "timeout", text)
            if await self._interrupt(cell):
                return self._done(cell, ending)
        if self._kernel.alive:
            self._kernel.lose("it did not heed the interrupt")
            text = "the code did not stop when asked, so its kernel was ended: variables are lost, files are kept"
            self._notice(cell.messages, "killed", text)
            return self._finished(cell.messages, ending, lost=True)
        return self._died(cell.messages)

    async def _wait(self, cell: Cell, until: float, *others: asyncio.Event) -> bool:
        """Wait for the end of the cell: True. False at the time `until`, or when another event or death comes first."""
        while not (cell.messages.idle and cell.reply is not None):
            if not self._kernel.alive or any(event.is_set() for event in others):
                return False
            left = until - time.monotonic()
            if cell.messages.idle or cell.reply is not None:
                # Half an end: the other half is on its way, or code in the kernel keeps it back.
                if not await self._other_half(cell, min(left, _LAST_MESSAGES_SECONDS)):
                    return (cell.reply is not None or self._interrupted) and self._kernel.alive
                continue
            if left <= 0:
                return False
            cell.changed.clear()
            await first(cell.changed, self._kernel.dead, *others, seconds=left)
        return True

    async def _other_half(self, cell: Cell, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not (cell.messages.idle and cell.reply is not None):
            cell.changed.clear()
            if not self._kernel.alive or not await first(
                cell.changed, self._kernel.dead, seconds=until - time.monotonic()
            ):
                if self._kernel.alive and cell.reply is None and not self._interrupted:
                    self._kernel.lose("it ended the cell without an answer")
                return False
        return True

    async def _interrupt(self, cell: Cell) -> bool:
        until = time.monotonic() + self._limits.grace_seconds
        while time.monotonic() < until and self._kernel.alive:
            self._interrupted = True  # one that falls between two steps of the kernel may cost the answer
            await self._kernel.interrupt()
            if await self._wait(cell, min(until, time.monotonic() + _INTERRUPT_EVERY)):
                return True
        return False

    def _done(self, cell: Cell, ending: Ending | None = None) -> CellDone:
        if ending is None:
            ending = "ok" if cell.reply is not None and cell.reply.get("status") == "ok" else "error"
        return self._finished(cell.messages, ending)

    def _died(self, messages: CellMessages) -> CellDone:
        text = f"the kernel died: {self._kernel.death}; variables are lost, files are kept"
        self._notice(messages, "died", text)
        return self._finished(messages, "died", lost=True)

    def _notice(self, messages: CellMessages, kind: NoticeKind, text: str) -> None:
        self._show(messages.notice(kind, text))

    def _finished(self, messages: CellMessages, ending: Ending, *, lost: bool = False) -> CellDone:
        seconds = time.monotonic() - self._started
        return CellDone(messages.outputs, ending, seconds, messages.execution_count, lost)
