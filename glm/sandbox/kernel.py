"""One live kernel: started in its confinement, talked to, watched, ended. Runs on the manager's event loop.

The kernel is not trusted. Whatever it sends or fails to send, the methods here return within
their time limits, hold a bounded amount of memory, and leave at worst a dead kernel.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from glm.errors import SandboxError
from glm.sandbox.confine import Confined, KernelSpec
from glm.sandbox.font_list import font_list
from glm.sandbox.messages import CellMessages
from glm.sandbox.plain_text import clean_text
from glm.sandbox.values import CellEvent, Limits, TextOutput
from glm.sandbox.wire import Message, Wire
from glm.sandbox.zmtp import Channel, WireError

KERNEL_MAIN = Path(__file__).with_name("kernel_main.py")
_BESIDE_KERNEL_MAIN = ("kernel_plots.py", "kernel_variables.py")

_START_SECONDS = 30.0
_SEND_SECONDS = 1.0
_POLL_SECONDS = 0.1
_LISTEN_SECONDS = 0.005
_VARIABLES_SECONDS = 2.0
_REMEMBERED_CELLS = 50
_MOST_STRAYS = 5_000
_CELL_BYTES = 256 * 2**20
_ENVELOPE_BYTES = 2**20  # around a display: headers, other forms of it, the text's quoting


@dataclass(eq=False)
class Cell:
    """One execution: what it shows, and what has come back of it."""

    code: str
    messages: CellMessages
    show: Callable[[list[CellEvent]], None]
    reply: dict[str, Any] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self) -> None:
        """Nobody looks any more: what still comes is kept, not told."""
        self.show = _nobody


def _nobody(events: list[CellEvent]) -> None:
    pass


class Kernel:
    """A running kernel. `dead` is set when it can no longer be used and `death` says why, for people."""

    def __init__(self, confined: Confined, limits: Limits, slot: int) -> None:
        self.confined = confined
        self.slot = slot
        self.dead = asyncio.Event()
        self.death = ""
        self.used_cpu = 0.0
        self._limits = limits
        self._wire = Wire(str(confined.connection["key"]))
        self._channels: dict[str, Channel] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._cells: dict[str, Cell] = {}
        self._ready = asyncio.Event()
        self._heard = asyncio.Event()
        self._strays = 0
        self._received = 0
        self._latest: Cell | None = None
        self._question = ""
        self._answer: dict[str, Any] | None = None
        self._answered = asyncio.Event()

    @property
    def alive(self) -> bool:
        """Whether it may still answer."""
        return not self.dead.is_set()

    async def connect(self) -> None:
        """Wait until the kernel listens and answers. Raises `SandboxError` when it does not within 30 seconds."""
        self._tasks.append(asyncio.create_task(self._watch_process()))
        try:
            await asyncio.wait_for(self._connect(), _START_SECONDS)
        except (asyncio.TimeoutError, WireError, OSError) as error:
            reason = self.death or str(error) or f"no answer within {_START_SECONDS:.0f} seconds"
            self.close()
            raise SandboxError(
                f"the kernel did not start: {reason}; `python -m glm sandbox doctor` checks this computer"
            ) from error

    async def execute(self, code: str, show: Callable[[list[CellEvent]], None]) -> Cell:
        """Send a cell to the kernel. Its outputs go to `show`, on the event loop. Raises `WireError`."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,  # otherwise the next cell, sent soon after, is refused with this one's error
        }
        cell = Cell(code, CellMessages(self._limits), show)
        number, parts = self._wire.request("execute_request", content)
        while len(self._cells) >= _REMEMBERED_CELLS:
            self._cells.pop(next(iter(self._cells)))
        self._cells[number] = self._latest = cell
        self._question = ""
        self._received = 0
        self._strays = 0
        await self._send("shell", parts)
        return cell

    async def prepare(self, code: str) -> None:
        """Run code of our own before a visitor comes, without counting it as a cell. Waits for its end."""
        content = {"code": code, "silent": True, "store_history": False, "allow_stdin": False}
        number, parts = self._wire.request("execute_request", content)
        cell = self._cells[number] = Cell(code, CellMessages(self._limits), _nobody)
        await self._send("shell", parts)
        while cell.reply is None and self.alive:
            await first(cell.changed, self.dead, seconds=_START_SECONDS)
            cell.changed.clear()
        self._cells.pop(number, None)

    async def variables(self) -> dict[str, Any] | None:
        """What the kernel answers when asked for its variables, unchecked. None when it does not, within 2 seconds.

        Only between cells: a kernel answers nothing while a cell runs.
        """
        self._question, parts = self._wire.request("variables_request", {})
        self._answer = None
        self._answered.clear()
        with suppress(WireError):
            await self._send("shell", parts)
            if not await first(self._answered, self.dead, seconds=_VARIABLES_SECONDS) or self._answer is None:
                await self.interrupt()  # or the next cell waits for whatever the kernel is busy with
        return self._answer

    async def interrupt(self) -> None:
        """Ask for a KeyboardInterrupt in the running cell. Returns at once; raises nothing."""
        with suppress(WireError):
            await self._send("control", self._wire.request("interrupt_request", {})[1])

    def lose(self, reason: str) -> None:
        """Give the kernel up and end all of its processes. Its files stay readable. Idempotent."""
        self.death = self.death or reason
        for channel in self._channels.values():
            channel.close()
        self.confined.kill()
        self.dead.set()  # last: who sees it may take it that nothing runs any more

    def close(self) -> None:
        """End it and let go of its files. Idempotent."""
        self.lose("it was closed")
        for task in self._tasks:
            if task is not _current_task():
                task.cancel()
        self.confined.close()

    async def _connect(self) -> None:
        at = self.confined.connection
        largest = self._limits.display_bytes + _ENVELOPE_BYTES
        for name in ("shell", "control", "iopub"):
            kind: Literal["SUB", "DEALER"] = "SUB" if name == "iopub" else "DEALER"
            while name not in self._channels:
                self._raise_if_dead()
                with suppress(FileNotFoundError, ConnectionRefusedError):
                    self._channels[name] = await Channel.open(
                        at["transport"], at["ip"], at[f"{name}_port"], kind, largest=largest
                    )
                    break
                await asyncio.sleep(_LISTEN_SECONDS)
            take = self._output if name == "iopub" else self._reply
            self._tasks.append(asyncio.create_task(self._pump(self._channels[name], take)))
        # Subscribing takes effect some time after it was asked for: ready is a kernel whose output was heard.
        while not (self._ready.is_set() and self._heard.is_set()):
            self._raise_if_dead()
            await self._send("shell", self._wire.request("kernel_info_request", {})[1])
            await first(self._heard, self.dead, seconds=1.0)
            await first(self._ready, self.dead, seconds=1.0)

    def _raise_if_dead(self) -> None:
        if self.dead.is_set():
            raise WireError(self.death)

    async def _send(self, name: str, parts: list[bytes]) -> None:
        try:
            await asyncio.wait_for(self._channels[name].send(parts), _SEND_SECONDS)
        except asyncio.TimeoutError:
            self.lose("it no longer reads what it is asked")
            raise WireError(self.death) from None

    async def _pump(self, channel: Channel, take: Callable[[Message], None]) -> None:
        try:
            while True:
                parts = await channel.receive()
                self._received += sum(map(len, parts))
                message = self._wire.read(parts)
                if message is not None:
                    take(message)
                else:
                    self._stray()
                if self._received > _CELL_BYTES:
                    raise WireError(f"it sent more than {_CELL_BYTES / 2**20:.0f} MB in one cell")
                # Others share this loop: a kernel that never stops sending must not keep it.
                await asyncio.sleep(0)
        except WireError as error:
            await asyncio.sleep(2 * _POLL_SECONDS)  # the end of its process tells more, if that is the reason
            self.lose(str(error))

    def _output(self, message: Message) -> None:
        self._heard.set()
        cell = self._cells.get(message.parent)
        if message.parent == self._question:
            # A process that the last cell left running prints as if for the question that came after it.
            cell = self._latest
        if cell is None:
            self._stray()
            return
        events = cell.messages.take(message.kind, message.content)
        if events:
            cell.show(events)
        if cell.messages.flooding:
            raise WireError("it sent far more outputs than it may")
        cell.changed.set()

    def _reply(self, message: Message) -> None:
        if message.kind == "kernel_info_reply":
            self._ready.set()
            return
        if message.kind == "variables_reply" and message.parent == self._question:
            self._answer = self._answer or message.content
            self._answered.set()
            return
        cell = self._cells.get(message.parent)
        if message.kind != "execute_reply" or cell is None or cell.reply is not None:
            self._stray()
            return
        cell.reply = message.content
        count = message.content.get("execution_count")
        cell.messages.execution_count = count if isinstance(count, int) and 0 <= count < 10**9 else 0
        for text in _pages(message.content):
            cell.show(cell.messages.show(TextOutput(text[: self._limits.text_characters], "result")))
        cell.changed.set()

    def _stray(self) -> None:
        """Count what belongs to nothing. An honest kernel sends a few, of its start and of silent cells."""
        self._strays += 1
        if self._strays > _MOST_STRAYS:
            raise WireError("it sends messages that nobody asked for")

    async def _watch_process(self) -> None:
        process, loop = self.confined.process, asyncio.get_running_loop()
        if process.poll() is None and hasattr(os, "pidfd_open"):
            descriptor, ended = os.pidfd_open(process.pid), asyncio.Event()
            loop.add_reader(descriptor, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        while self.alive:
            code = process.poll()
            if code is not None:
                self.lose(said_exit(code))
                return
            await asyncio.sleep(_POLL_SECONDS)


def spec_for(python: Path, limits: Limits, slot: int) -> KernelSpec:
    """What to start for a new kernel: fresh secret, and the limits that the kernel keeps to by itself."""
    connection = {
        "key": secrets.token_hex(32),
        "signature_scheme": "hmac-sha256",
        "kernel_name": "python3",
        "glm": {
            "text_characters": limits.text_characters,
            "messages": limits.messages,
            "display_bytes": limits.display_bytes,
        },
    }
    return KernelSpec(
        python=python,
        kernel_main=KERNEL_MAIN,
        connection=json.dumps(connection).encode(),
        limits=limits,
        slot=slot,
        support={
            **{name: (KERNEL_MAIN.parent / name).read_bytes() for name in _BESIDE_KERNEL_MAIN},
            **font_list(python),
        },
    )


def said_exit(code: int) -> str:
    """An exit code in words: "its process ended with code 7", "... by signal SIGSEGV"."""
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name if number > 0 else ""
    except ValueError:
        name = ""
    if name == "SIGKILL":
        return "its process was killed (often because memory ran out)"
    return f"its process ended by signal {name}" if name else f"its process ended with code {code}"


async def first(*events: asyncio.Event, seconds: float) -> bool:
    """Wait until one of the events is set: True, or False after `seconds`."""
    if any(event.is_set() for event in events):
        return True
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(_wait(event.wait())) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()


async def _wait(event: Awaitable[Any]) -> None:
    await event


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _pages(reply: dict[str, Any]) -> list[str]:
    """Texts that a notebook shows in a pager: the help of `name?`."""
    payload = reply.get("payload")
    texts = []
    for item in payload[:10] if isinstance(payload, list) else []:
        data = item.get("data") if isinstance(item, dict) and item.get("source") == "page" else None
        text = data.get("text/plain") if isinstance(data, dict) else None
        if isinstance(text, str):
            texts.append(clean_text(text))
    return texts
