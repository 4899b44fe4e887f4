"""Messages: what was said, as plain values.

A `Message` is exactly what the model saw or wrote; identity, storage and
display live elsewhere. Two messages with equal fields are equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from glm.sandbox.values import Output

Role = Literal["system", "user", "assistant", "observation"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "observation")

INTERPRETER = "interpreter"
"""Name of the tool that runs code; ChatGLM3 writes it into the header line (spec section 4)."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function the model may call. `parameters` is a JSON Schema of type "object"."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model wrote.

    `arguments` is None when the text could not be parsed; `fault` then says why, in
    words the model and the user can act on. For the interpreter, `arguments` is
    ``{"code": source}``.
    """

    name: str
    arguments: Mapping[str, Any] | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back: `text` goes to the model, `is_error` colours it for people, who see `outputs` if any."""

    text: str
    is_error: bool = False
    seconds: float = 0.0
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One segment of the conversation.

    `header` is the metadata line after the role token, byte for byte ("" for plain
    answers, a tool's name for calls). `content` is the text after that line, byte
    for byte. `call` is the parsed call of an assistant message with a tool header;
    it is derived from header and content and never sent to the model.
    `finish` tells how an assistant message ended: None while unknown, "stop" by
    itself, "length" cut at the limit, "cancelled" by the user. `thought` is what the
    model thought before an assistant message; prompts hold only what the format keeps of it.
    """

    role: Role
    content: str
    header: str = ""
    call: ToolCall | None = None
    finish: Literal["stop", "length", "cancelled"] | None = None
    thought: str = ""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}, got {self.role!r}")
        if "\n" in self.header:
            raise ValueError(f"a message header is one line, got {self.header!r}")
