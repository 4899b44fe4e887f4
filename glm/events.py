"""Events: what happens while an answer is made, as a closed union of values.

An `Engine` yields `EngineEvent`s; a `Conversation` passes them on and adds
`ToolShows` and `ToolReturned`. Handle them with ``match`` and ``typing.assert_never``.
Failures are not events: they are raised where the stream is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from glm.messages import Message, ToolCall, ToolResult
from glm.sandbox.values import CellEvent

FinishReason = Literal["stop", "length", "cancelled", "tool_rounds", "same_error"]


@dataclass(frozen=True, slots=True)
class Queued:
    """The request waits for others: it is number `position` in the queue, 1 being the next one served.

    `wait_seconds` is how long that will take as far as earlier requests tell, None while they do not. Comes again
    when either has changed; the first `PromptProgress` with `done` above 0, or any later event, ends the waiting.
    """

    position: int
    wait_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """Prefill: `done` of `total` prompt tokens are computed. `done` 0 means waiting to start."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the plain answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """More text of what the model thinks before it answers (GLM-4.5 and newer)."""

    text: str


@dataclass(frozen=True, slots=True)
class CallDelta:
    """More text of a call that is still being written (raw: code fence included)."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MessageDone:
    """An assistant message is complete; this is what goes into the history."""

    message: Message


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model asks for a tool. Follows the call's `MessageDone`."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolShows:
    """A tool that is still running shows something: the output of a cell."""

    call: ToolCall
    event: CellEvent


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool answered; the observation is in the history."""

    call: ToolCall
    result: ToolResult


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of one generation.

    Token counts are of the engine's tokenizer. `first_token_seconds` counts from
    the request to the first generated token, `decode_seconds` from there to the
    last one; `reused_tokens` of the prompt were known from earlier requests. Two reasons
    are a Conversation's: "tool_rounds", the tool loop hit its limit, and "same_error", a
    call failed just as the one before it.
    """

    reason: FinishReason
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_seconds: float = 0.0
    decode_seconds: float = 0.0
    reused_tokens: int = 0

    @property
    def context_tokens(self) -> int:
        """Tokens now in the context: prompt and answer."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def tokens_per_second(self) -> float:
        """Decode speed in tokens/s, the first token not counted; 0.0 when unknown."""
        if self.decode_seconds <= 0.0:
            return 0.0
        return (self.completion_tokens - 1) / self.decode_seconds


EngineEvent = Queued | PromptProgress | TextDelta | ThoughtDelta | CallDelta | MessageDone | ToolCalled | Finished
Event = EngineEvent | ToolShows | ToolReturned
