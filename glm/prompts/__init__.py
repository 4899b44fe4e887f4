"""Prompt formats: messages to token ids and generated ids back to events.

One module per model generation; each is the only place that knows that
generation's control tokens. They enter and leave as ids, so text that merely
looks like a control token stays text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from glm.events import EngineEvent
from glm.messages import Message, ToolSpec


class OutputReader(Protocol):
    """Turns the ids of one generation into events. Not shared between requests."""

    @property
    def done(self) -> bool:
        """True once a stop id ended the generation."""
        ...

    def allowed(self) -> Sequence[int] | None:
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

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """The prompt: everything said so far and the opening of the assistant's turn."""
        ...

    def reader(self, tools: Sequence[ToolSpec] = ()) -> OutputReader: ...
