"""ScriptedEngine: an Engine without a model.

Tests give it a script and look at what it was asked; without a script it answers
with small demonstrations, so that every screen can be tried where no model is.
It is a full `Engine`: it streams, stops, counts, overflows and fails like one.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from glm.engine import EngineInfo
from glm.errors import ContextOverflowError, EngineError
from glm.events import (
    CallDelta,
    EngineEvent,
    Finished,
    FinishReason,
    MessageDone,
    PromptProgress,
    TextDelta,
    ToolCalled,
)
from glm.messages import Message, ToolCall, ToolSpec
from glm.prompts import python_calls
from glm.scripted_demo import demo_reply
from glm.settings import GenerationSettings

Part = str | ToolCall | BaseException
"""One step of a reply: text to say, a call to make, or an error to raise."""

_PIECE = re.compile(r"\s*[\u2e80-\u9fff\uff00-\uffef]|\s*[^\s\u2e80-\u9fff\uff00-\uffef]{1,5}|\s+")
_PREFILL_STEPS = 20
_MESSAGE_OVERHEAD = 2


@dataclass(frozen=True, slots=True)
class Reply:
    """A scripted answer in several parts.

    Text parts become plain messages, a `ToolCall` a call (of "interpreter": code), an
    error is raised when its turn comes. `prefill_seconds` is how long the prompt takes.
    """

    parts: tuple[Part, ...]
    prefill_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the engine received it."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    settings: GenerationSettings
    visitor: str = ""


class ScriptedEngine:
    """An engine that says what it is told to.

    `script` is a queue of replies, one per request; a single text, call or error stands for a
    `Reply` of that part. When it is empty the engine demonstrates, see `glm.scripted_demo`.
    `delay` is the time per token in seconds. Tokens are about five letters or one Chinese character.
    """

    def __init__(self, script: Sequence[Part | Reply] = (), *, delay: float = 0.0, context_length: int = 8192) -> None:
        self.asked: list[Asked] = []
        self._script: deque[Reply] = deque()
        self._delay = delay
        self._context_length = context_length
        self._closed = False
        self._lock = threading.Lock()
        self.enqueue(*script)

    @property
    def info(self) -> EngineInfo:
        """Name "scripted"; the device and dtype are those of no model."""
        return EngineInfo("scripted", "none", "none", self._context_length)

    def enqueue(self, *replies: Part | Reply) -> None:
        """Add replies to the end of the script."""
        with self._lock:
            for reply in replies:
                self._script.append(reply if isinstance(reply, Reply) else Reply((reply,)))

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        settings: GenerationSettings,
        stop: threading.Event | None = None,
        visitor: str = "",
    ) -> Iterator[EngineEvent]:
        """The next scripted reply as events; see `Engine.stream`."""
        prompt_tokens = self.count_tokens(messages, tools=tools)
        with self._lock:
            self.asked.append(Asked(tuple(messages), tuple(tools), settings, visitor))
            self._refuse_when_closed()
            if prompt_tokens + 1 > self._context_length:
                raise ContextOverflowError(prompt_tokens=prompt_tokens, context_length=self._context_length)
            reply = self._script.popleft() if self._script else None
        if reply is None:
            parts, prefill_seconds = demo_reply(messages, tools)
            reply = Reply(parts, prefill_seconds)
        stopped = stop or threading.Event()

        def pause(seconds: float) -> None:
            self._refuse_when_closed()
            if seconds > 0:
                stopped.wait(seconds)

        room = min(settings.max_new_tokens, self._context_length - prompt_tokens)
        yield from _Performance(pause, self._delay, stopped, prompt_tokens, room).play(reply)

    def count_tokens(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> int:
        """The prompt's length in this engine's rough tokens."""
        said = sum(_MESSAGE_OVERHEAD + _count(m.header) + _count(m.content) for m in messages)
        offered = sum(_count(f"{t.name} {t.description} {t.parameters}") for t in tools)
        return said + offered

    def call_message(self, call: ToolCall) -> Message:
        """The call as ChatGLM3 writes it."""
        return Message("assistant", python_calls.written(call), call.name, call, "stop")

    def close(self) -> None:
        """End all streams with an `EngineError`. Idempotent."""
        self._closed = True

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise EngineError("the engine is closed; load it again to go on")


class _Performance:
    """One reply being said: its counters, its room in tokens and its stop flag."""

    def __init__(
        self, pause: Callable[[float], None], delay: float, stop: threading.Event, prompt_tokens: int, room: int
    ) -> None:
        self._pause = pause
        self._delay = delay
        self._stop = stop
        self._prompt_tokens = prompt_tokens
        self._room = room
        self._spoken = 0
        self._asked_at = self._first_at = self._last_at = time.perf_counter()
        self._reason: FinishReason = "stop"

    def play(self, reply: Reply) -> Iterator[EngineEvent]:
        yield from self._prefill(reply.prefill_seconds)
        for part, following in zip_longest(reply.parts, reply.parts[1:]):
            if self._reason != "stop":
                break
            if isinstance(part, BaseException):
                raise part
            message = yield from self._write(part)
            if isinstance(following, BaseException) or not (message.content or message.header):
                continue  # a failure leaves its message unfinished; an empty message says nothing
            yield MessageDone(message)
            if message.call is not None:
                yield ToolCalled(message.call)
                if not isinstance(following, ToolCall):
                    break  # generation pauses after calls
        yield Finished(
            self._reason,
            prompt_tokens=self._prompt_tokens,
            completion_tokens=self._spoken,
            first_token_seconds=self._first_at - self._asked_at,
            decode_seconds=self._last_at - self._first_at,
        )

    def _prefill(self, seconds: float) -> Iterator[EngineEvent]:
        total = self._prompt_tokens
        steps = _PREFILL_STEPS if seconds > 0 else 1
        for step in range(steps):
            yield PromptProgress(step * total // steps, total)
            self._pause(seconds / steps)
            if self._stop.is_set():
                self._reason = "cancelled"
                return
        yield PromptProgress(total, total)

    def _write(self, part: str | ToolCall) -> Generator[EngineEvent, None, Message]:
        """Write one message token by token; it is cut when stopped or when the room is used up."""
        header = part.name if isinstance(part, ToolCall) else ""
        whole = python_calls.written(part) if isinstance(part, ToolCall) else part
        written = ""
        for piece in _PIECE.findall(whole):
            self._pause(self._delay)
            if self._stop.is_set():
                self._reason = "cancelled"
                break
            if self._spoken >= self._room:
                self._reason = "length"
                break
            self._count_token()
            written += piece
            yield CallDelta(header, piece) if header else TextDelta(piece)
        call = part if isinstance(part, ToolCall) and self._reason == "stop" else None
        return Message("assistant", written, header, call, _finish(self._reason))

    def _count_token(self) -> None:
        self._last_at = time.perf_counter()
        if self._spoken == 0:
            self._first_at = self._last_at
        self._spoken += 1


def _finish(reason: FinishReason) -> Literal["stop", "length", "cancelled"]:
    return reason if reason == "length" or reason == "cancelled" else "stop"


def _count(text: str) -> int:
    return sum(1 for _ in _PIECE.finditer(text))
