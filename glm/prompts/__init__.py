"""Prompt formats: messages to token ids and generated ids back to events.

One module per model generation; each is the only place that knows that
generation's control tokens. They enter and leave as ids, so text that merely
looks like a control token stays text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from glm.events import EngineEvent
from glm.messages import Message, ToolCall, ToolSpec

if TYPE_CHECKING:
    import torch


class OutputReader(Protocol):
    """Turns the ids of one generation into events. Not shared between requests."""

    @property
    def done(self) -> bool:
        """True once a stop id ended the generation."""
        ...

    def allowed(self) -> Sequence[int] | torch.Tensor | None:
        """The only ids that may come next, or None when all may."""
        ...

    def feed(self, token_id: int) -> list[EngineEvent]:
        """Take the next generated id, stop ids included."""
        ...

    def finish(self, reason: Literal["length", "cancelled"]) -> list[EngineEvent]:
        """End early: the partial message, if there is any, as `MessageDone`."""
        ...


class PromptFormat(Protocol):
    """How one model generation writes a conversation as token ids."""

    @property
    def stop_ids(self) -> frozenset[int]: ...

    @property
    def calls_tools(self) -> bool:
        """Whether the generation was taught to call tools; if not, they are not offered to it."""
        ...

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """The prompt: everything said so far and the opening of the assistant's turn."""
        ...

    def reader(self, tools: Sequence[ToolSpec] = ()) -> OutputReader: ...

    def call_message(self, call: ToolCall) -> Message:
        """The message with which the model makes `call`: for calls that a person has changed."""
        ...


@runtime_checkable
class CallReader(OutputReader, Protocol):
    """A reader that tells when a call is being written."""

    def open_call(self) -> tuple[str, str] | None:
        """Which of the format's `call_grammars` the call being written is of, and its text so far; None outside."""
        ...


@runtime_checkable
class CallFormat(Protocol):
    """A format whose calls have grammars."""

    def call_grammars(self, tools: Sequence[ToolSpec]) -> Mapping[str, Sequence[str]]:
        """Lark grammars of calls, each from where the call opens to its end; of each name's the first that compiles.

        Code for the interpreter has none.
        """
        ...
