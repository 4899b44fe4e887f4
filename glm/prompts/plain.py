"""What the formats without roles have in common: rounds of question and answer, and answers that are just text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from glm.detokenizer import Detokenizer
from glm.errors import EngineError
from glm.events import EngineEvent, MessageDone, TextDelta
from glm.messages import Message, ToolCall

TRAINING_TIME = "[[训练时间]]"
"""A slot that was left in the training texts; the official code fills it (spec section 5)."""


class WithoutTools:
    """Part of the formats whose generation was not taught to call tools."""

    calls_tools = False

    def call_message(self, call: ToolCall) -> Message:
        raise EngineError(f"this model cannot call tools, so it cannot call {call.name!r}; load ChatGLM3 or newer")


def rounds(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """Questions with their answers; the last answer is "" when it is still to be written.

    These generations know no system text, so it opens the first question. Observations
    count as questions: the model reads them as something that it is told.
    """
    pairs: list[tuple[str, str]] = []
    preamble = ""
    answered = True
    for message in messages:
        if message.role == "system":
            preamble += f"{message.content}\n\n"
        elif message.role == "assistant" and not answered:
            pairs[-1], answered = (pairs[-1][0], message.content), True
        elif message.role == "assistant":  # two in a row, or first of all: an answer to nothing
            pairs.append(("", message.content))
        elif answered:
            pairs.append((preamble + message.content, ""))
            preamble, answered = "", False
        else:
            pairs[-1] = (f"{pairs[-1][0]}\n{message.content}", "")
    if answered:
        pairs.append((preamble, ""))
    return pairs


class AnswerText:
    """Cleans an answer as it streams: `feed` returns what is certain by now.

    Whitespace around the answer goes, the slot for the training time is filled.
    `polish` sees the finished text piece by piece with the characters beside it.
    """

    def __init__(self, polish: Callable[[str, str, str], str] | None = None) -> None:
        self._polish = polish
        self._held = ""
        self._before = ""  # the last character that was given out, as the model wrote it

    def feed(self, piece: str) -> str:
        """Add text of the model; returns the next cleaned text, "" when none is certain."""
        self._held = (self._held + piece).replace(TRAINING_TIME, "2023年")
        if not self._before:
            self._held = self._held.lstrip()
        keep = len(self._held) - len(self._held.rstrip())
        body = len(self._held) - keep
        for start in range(max(0, body - len(TRAINING_TIME) + 1), body):
            if TRAINING_TIME.startswith(self._held[start:body]):
                body = start
                break
        if self._polish is not None and body and body == len(self._held):
            body -= 1  # what follows it is not known yet
        return self._give(body)

    def finish(self) -> str:
        """The rest of the text."""
        self._held = self._held.rstrip()
        return self._give(len(self._held))

    def _give(self, count: int) -> str:
        text, self._held = self._held[:count], self._held[count:]
        if not text:
            return ""
        before, self._before = self._before, text[-1]
        return self._polish(before, text, self._held[:1]) if self._polish else text


class PlainReader:
    """Reads one generation that is nothing but text, until one of `stop_ids`."""

    def __init__(
        self,
        backend: object,
        stop_ids: frozenset[int],
        text: AnswerText | None = None,
    ) -> None:
        self._detokenizer = Detokenizer(backend)
        self._stop_ids = stop_ids
        self._cleaner = text
        self._said = ""
        self.done = False

    def allowed(self) -> None:
        return None

    def feed(self, token_id: int) -> list[EngineEvent]:
        if token_id in self._stop_ids:
            self.done = True
            return self._close("stop")
        piece = self._detokenizer.feed(token_id)
        return self._say(self._cleaner.feed(piece) if self._cleaner else piece)

    def finish(self, reason: Literal["length", "cancelled"]) -> list[EngineEvent]:
        return self._close(reason)

    def _say(self, text: str) -> list[EngineEvent]:
        self._said += text
        return [TextDelta(text)] if text else []

    def _close(self, finish: Literal["stop", "length", "cancelled"]) -> list[EngineEvent]:
        events = self._say(self._cleaner.finish()) if self._cleaner else []
        if self._said:
            events.append(MessageDone(Message("assistant", self._said, finish=finish)))
        return events
