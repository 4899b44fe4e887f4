"""The Engine protocol: messages and settings in, events out.

Three implementations share it: the local torch engine, the scripted one for
tests and trials, and the remote one, over an engine in another process. A front end never sees which.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from glm.events import EngineEvent
from glm.messages import Message, ToolCall, ToolSpec
from glm.settings import GenerationSettings

KEY_VARIABLE = "GLM_ENGINE_KEY"
"""Environment variable with the key of a remote engine."""


def is_address(model: str) -> bool:
    """True for the address of a remote engine, where a model could also be named by folder or hub id."""
    return model.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What a status line shows: the model's `name`, `device` and `dtype`, and its limit in tokens.

    `generation` is what the checkpoint was taken for and why, "" where it says so itself.
    `calls_tools` tells whether the model was taught to call tools.
    """

    name: str
    device: str
    dtype: str
    context_length: int
    generation: str = ""
    calls_tools: bool = True


class Engine(Protocol):
    """Makes answers. Safe to use from several threads at once."""

    @property
    def info(self) -> EngineInfo: ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        settings: GenerationSettings,
        stop: threading.Event | None = None,
        visitor: str = "",
    ) -> Iterator[EngineEvent]:
        """Generate the assistant's next message(s) and yield events until `Finished`.

        Setting `stop` from any thread ends the work within one token (or one prefill
        chunk); what was said so far is yielded as a `MessageDone` with finish
        "cancelled" and then `Finished("cancelled")`. Closing the iterator also ends
        the work. Generation pauses by itself after a tool call: the caller appends
        the observation and calls `stream` again.

        `visitor` tells who asks. When requests have to wait, those of different visitors
        are served in turn, those of one visitor in their order; `Queued` says how far it is.

        Raises `ContextOverflowError` before any computation when the prompt does not
        fit, `EngineError` when the request fails; both where the stream is read.
        """
        ...

    def count_tokens(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> int:
        """Length in tokens of the prompt that `stream` would send for these messages."""
        ...

    def call_message(self, call: ToolCall) -> Message:
        """The message with which the model makes `call`: for calls that a person has changed."""
        ...

    def close(self) -> None:
        """Stop all requests and free the model. Idempotent."""
        ...
