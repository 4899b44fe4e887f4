"""Live: the answer being written, folded from its events, as far as a page draws it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from glm.events import (
    CallDelta,
    Event,
    MessageDone,
    PromptProgress,
    Queued,
    TextDelta,
    ThoughtDelta,
    ToolCalled,
    ToolReturned,
)


@dataclass(slots=True)
class Live:
    """What was written since the last complete message. `header` names the tool of a call.

    `prompt_done` of `prompt_total` tokens are read; both are 0 while the request waits. `queue_position` is its place
    among those that wait, 0 when it does not, and `queue_seconds` how long that takes, None when nobody knows.
    `completed` counts the messages that are whole, those of tools included.
    """

    text: str = ""
    thought: str = ""
    header: str = ""
    prompt_done: int = 0
    prompt_total: int = 0
    queue_position: int = 0
    queue_seconds: float | None = None
    completed: int = 0

    def feed(self, events: Iterable[Event]) -> None:
        """Take up `events` in order; those it does not know change nothing."""
        for event in events:
            match event:
                case Queued(position, seconds):
                    self.queue_position, self.queue_seconds = position, seconds
                    continue
                case PromptProgress(0, _):
                    continue
                case PromptProgress(done, total):
                    self.prompt_done, self.prompt_total = done, total
                case TextDelta(more):
                    self.text += more
                case ThoughtDelta(more):
                    self.thought += more
                case CallDelta(name, more):
                    self.header = name
                    self.text += more
                case MessageDone() | ToolCalled() | ToolReturned():
                    self.completed += not isinstance(event, ToolCalled)
                    self.text = self.thought = self.header = ""
                    self.prompt_done = self.prompt_total = 0
            self.queue_position, self.queue_seconds = 0, None

    @property
    def reading_percent(self) -> int | None:
        """How much of the prompt is read, in percent; None when nothing or all of it is."""
        if 0 < self.prompt_done < self.prompt_total:
            return round(100 * self.prompt_done / self.prompt_total)
        return None
