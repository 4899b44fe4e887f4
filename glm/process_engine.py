"""ProcessEngine: the local engine in a process of its own, so that drawing pages and computing do not wait for
each other.

Python runs one thread of a process at a time; a page for many visitors is work enough for that one. The other side is
`glm.engine_child`. Both talk over the child's standard input and output, which nobody else can open: a line is a
request's number, a word and a value of `glm.wire`.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from glm import wire
from glm.engine import EngineInfo
from glm.errors import EngineError, GlmError
from glm.events import EngineEvent, Finished, PromptProgress
from glm.messages import Message, ToolCall, ToolSpec
from glm.settings import GenerationSettings

Progress = Callable[[str, float | None], None]

_ROOT = str(Path(__file__).resolve().parent.parent)
# Ctrl-C is for this process, which then ends the other one; -m would look for this package where the user is.
_CODE = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[0] = {_ROOT!r}
from glm.engine_child import main
main()
"""
_LOOK_SECONDS = 0.05
_WAIT_SECONDS = 0.2
_END_SECONDS = 5.0
_SILENCE_SECONDS = 30.0
_CLOSED = "the engine was closed; load it again to go on"
_ENDED = "the process that holds the model ended ({why}); try again, the model is loaded anew then"
_SILENT = "the process that holds the model does not answer; start the program again if this goes on"
_KILLED = "it was killed; the computer may have run out of memory"


class ProcessEngine:
    """An `Engine` over that of a new process, which loads `model` with the arguments of `glm.load_engine` in `loading`.

    A process that ends by itself is started anew by the next request. Raises what loading raises, as `EngineError`.
    """

    def __init__(
        self, model: str | Path | None, loading: Mapping[str, Any], *, progress: Progress | None = None
    ) -> None:
        self._given = json.dumps({"path_or_id": model, **loading}, default=str)
        self._starting = threading.Lock()
        self._closed = False
        self._child = _Child(self._given, progress)
        atexit.register(self.close)
        try:
            self._info = self._child.wait()
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> EngineInfo:
        return self._info

    def count_tokens(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> int:
        """Length in tokens of the prompt of these messages; 0 while the process is started anew."""
        if not self._child.ready:
            return 0
        return wire.read_count(self._child.ask("count", wire.ask_body(messages, tools, None, "", "")))

    def call_message(self, call: ToolCall) -> Message:
        """The message with which the model makes `call`."""
        return wire.read_message(self._child.ask("call", wire.call_body(call)))

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        settings: GenerationSettings,
        stop: threading.Event | None = None,
        visitor: str = "",
    ) -> Iterator[EngineEvent]:
        """See `Engine.stream`."""
        child = self._living_child()
        while not child.ended and not child.ready:
            if stop is not None and stop.is_set():
                yield Finished("cancelled")
                return
            yield PromptProgress(0, 0)
            child.wait_briefly()
        told = finished = False
        with child.request("stream", wire.ask_body(messages, tools, settings, visitor, "")) as (number, lines):
            try:
                while not finished:
                    if stop is not None and stop.is_set() and not told:
                        told = True
                        child.send(number, "stop")
                    with contextlib.suppress(queue.Empty):
                        value = _event(lines.get(timeout=_LOOK_SECONDS))
                        finished = isinstance(value, Finished)
                        yield value
            finally:
                if not finished and not told:
                    child.send(number, "stop")

    def close(self) -> None:
        """End the process. Idempotent."""
        self._closed = True
        atexit.unregister(self.close)
        self._child.close()

    def _living_child(self) -> _Child:
        with self._starting:
            if self._child.ended and not self._closed:
                self._child = _Child(self._given)
            return self._child


Line = bytes | GlmError


class _Child:
    """The process, and a thread that hands out what it says."""

    def __init__(self, given: str, progress: Progress | None = None) -> None:
        self.ended: EngineError | None = None
        self._progress = progress or (lambda note, fraction: None)
        self._numbers = itertools.count(1)
        self._readers: dict[int, queue.SimpleQueue[Line]] = {}
        self._sending = threading.Lock()
        self._described = threading.Event()
        self._info: EngineInfo | None = None
        self._traceback = ""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE, given], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        threading.Thread(target=self._read, name="engine-process", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether the model is loaded and the process lives."""
        return self._info is not None and self.ended is None

    def wait(self) -> EngineInfo:
        """Wait for the model. Raises why it was not loaded."""
        self._described.wait()
        if self._info is None:
            raise self.ended or EngineError(_CLOSED)
        return self._info

    def wait_briefly(self) -> None:
        """Wait a moment for the model."""
        self._described.wait(_WAIT_SECONDS)

    @contextlib.contextmanager
    def request(self, word: str, body: bytes) -> Iterator[tuple[int, queue.SimpleQueue[Line]]]:
        """Ask for something: its number, and the lines of the answer as long as the context lasts."""
        number, lines = next(self._numbers), queue.SimpleQueue[Line]()
        self._readers[number] = lines
        try:
            self.send(number, word, body)
            if self.ended is not None:  # perhaps before the thread could see this request
                raise EngineError(*self.ended.args)
            yield number, lines
        finally:
            self._readers.pop(number, None)

    def ask(self, word: str, body: bytes) -> bytes:
        """Ask for something whose answer is one line. Raises what the engine raises."""
        with self.request(word, body) as (_, lines):
            try:
                line = lines.get(timeout=_SILENCE_SECONDS)
            except queue.Empty:
                raise EngineError(_SILENT) from None
            if isinstance(line, GlmError):
                raise line
            if line.startswith(b'{"error"'):
                wire.read_line(line.decode())
            return line

    def send(self, number: int, word: str, body: bytes = b"{}") -> None:
        """Say something; a process that has ended does not hear it."""
        assert self._process.stdin is not None
        with self._sending, contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(b"%d %s %s\n" % (number, word.encode(), body))
            self._process.stdin.flush()

    def close(self) -> None:
        """End the process: it does so when its input ends."""
        self.ended = self.ended or EngineError(_CLOSED)
        self._close_input()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with self._sending, contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                number, _, content = line.partition(b" ")
                if int(number):
                    reader = self._readers.get(int(number))
                    if reader is not None:
                        reader.put(content)
                else:
                    self._hear(content)
        self._end()

    def _hear(self, content: bytes) -> None:
        """How far loading is, how it failed, or at its end what was loaded or why not."""
        match json.loads(content):
            case {"progress": [note, fraction]}:
                self._progress(note, fraction)
            case {"traceback": lines}:
                self._traceback = lines
            case _:
                try:
                    value = wire.read_line(content.decode())
                    assert isinstance(value, EngineInfo)
                    self._info = value
                except GlmError as error:
                    self.ended = EngineError(*error.args)
                    self.ended.__cause__ = _LoadingFailed(self._traceback)
                self._described.set()

    def _end(self) -> None:
        """It says nothing any more: tell everybody who waits."""
        self._close_input()
        code = self._process.wait()
        why = _KILLED if code == -getattr(signal, "SIGKILL", 9) else f"exit code {code}"
        self.ended = self.ended or EngineError(_ENDED.format(why=why))
        self._described.set()
        for reader in list(self._readers.values()):
            reader.put(EngineError(*self.ended.args))


class _LoadingFailed(Exception):
    """Carries the other process's traceback to where one is shown."""


def _event(line: Line) -> EngineEvent:
    if isinstance(line, GlmError):
        raise line
    value = wire.read_line(line.decode())
    if isinstance(value, EngineInfo):
        raise EngineError("the engine described itself in the middle of an answer")
    return value
