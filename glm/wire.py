"""What a remote engine and its clients say to each other: engine values as JSON, read back with every type checked.

A stream is one JSON object a line: ``{"TextDelta": {"text": "Hello"}}`` for an event, ``{"EngineInfo": ...}`` first
of all, ``{"error": ...}`` for a failure; an empty line only shows that the connection lives.
"""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from glm.engine import Engine, EngineInfo
from glm.errors import ContextOverflowError, EngineError, GlmError, SettingsError
from glm.events import EngineEvent
from glm.messages import Message, ToolCall, ToolSpec
from glm.settings import GenerationSettings

MAX_BODY_BYTES = 20_000_000
"""Longest request that a server reads."""

_VERSIONS = "do both sides run the same version?"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for an answer, or for the length of its prompt.

    `settings` are those of `GenerationSettings`; `id` is the client's own name for the request, to stop it by.
    """

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    visitor: Annotated[str, Field(max_length=200)] = ""
    id: Annotated[str, Field(pattern=r"^[\w-]{0,64}$")] = ""


_KINDS: Mapping[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (*get_args(EngineEvent), EngineInfo)
}
_ASK: TypeAdapter[Ask] = TypeAdapter(Ask)
_CALL: TypeAdapter[ToolCall] = TypeAdapter(ToolCall)
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


def line(value: EngineEvent | EngineInfo) -> bytes:
    """An event, or the engine's description, as a line of a stream."""
    name = type(value).__name__
    data = _KINDS[name].dump_python(value, mode="json", fallback=repr)
    return json.dumps({name: data}, ensure_ascii=False).encode() + b"\n"


def error_line(error: GlmError) -> bytes:
    """A failure as the last line of a stream."""
    data: dict[str, Any] = {"error": type(error).__name__, "text": str(error)}
    if isinstance(error, ContextOverflowError):
        data |= {"prompt_tokens": error.prompt_tokens, "context_length": error.context_length}
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"


def event_lines(engine: Engine, ask: Ask, settings: GenerationSettings, stop: threading.Event) -> Iterator[bytes]:
    """What `engine` answers to `ask`, as lines. Raises what it raises."""
    for event in engine.stream(ask.messages, tools=ask.tools, settings=settings, stop=stop, visitor=ask.visitor):
        yield line(event)


def with_failure(lines: Iterator[bytes]) -> Iterator[bytes]:
    """`lines`, and where they break off a last one that tells why: nobody may be left waiting for ever."""
    try:
        yield from lines
    except GlmError as error:
        yield error_line(error)
    except Exception as error:
        traceback.print_exc()
        yield error_line(EngineError(f"the engine failed with {type(error).__name__}: {error}"))


def read_line(text: str) -> EngineEvent | EngineInfo:
    """What `line` wrote. Raises the error that `error_line` wrote, and `EngineError` for anything else."""
    value: EngineEvent | EngineInfo | GlmError
    try:
        data = json.loads(text)
        if "error" in data:
            value = _error(data)
        else:
            ((name, content),) = data.items()
            value = _KINDS[name].validate_python(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EngineError(
            f"the engine sent what is not an event: {text[:80]!r}; do both sides run the same version?"
        ) from error
    if isinstance(value, GlmError):  # raised here: one that is a ValueError too would be caught above
        raise value
    return value


def _error(data: Mapping[str, Any]) -> GlmError:
    prompt, context = data.get("prompt_tokens"), data.get("context_length")
    if data["error"] == ContextOverflowError.__name__ and isinstance(prompt, int) and isinstance(context, int):
        return ContextOverflowError(prompt_tokens=prompt, context_length=context)
    kind = SettingsError if data["error"] == SettingsError.__name__ else EngineError
    return kind(str(data.get("text", "")) or "the engine failed without a reason; look at its terminal")


def ask_body(
    messages: Sequence[Message], tools: Sequence[ToolSpec], settings: GenerationSettings | None, visitor: str, key: str
) -> bytes:
    """A request's body."""
    given = settings.to_dict() if settings is not None else {}
    ask = Ask(tuple(messages), tuple(tools), given, visitor, key)
    return _ASK.dump_json(ask, fallback=repr)


def read_ask(body: bytes) -> tuple[Ask, GenerationSettings]:
    """What `ask_body` wrote. Raises `EngineError`, and `SettingsError` for settings that cannot be."""
    try:
        ask = _ASK.validate_json(body)
    except ValidationError as error:
        raise EngineError(
            f"the request cannot be read: {_first(error)}; do both sides run the same version?"
        ) from error
    return ask, GenerationSettings.from_mapping(ask.settings)


def count_body(tokens: int) -> bytes:
    """A prompt's length as the body of an answer."""
    return json.dumps({"tokens": tokens}).encode()


def read_count(body: bytes) -> int:
    """What `count_body` wrote. Raises `EngineError`."""
    try:
        return int(json.loads(body)["tokens"])
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(f"the engine sent no number of tokens: {body[:80]!r}") from error


def call_body(call: ToolCall) -> bytes:
    """A call as the body of a request for its message."""
    return _CALL.dump_json(call, fallback=repr)


def read_call(body: bytes) -> ToolCall:
    """What `call_body` wrote. Raises `EngineError`."""
    try:
        return _CALL.validate_json(body)
    except ValidationError as error:
        raise EngineError(f"the call cannot be read: {_first(error)}") from error


def message_body(message: Message) -> bytes:
    """A message as the body of an answer."""
    return _MESSAGE.dump_json(message, fallback=repr)


def read_message(body: bytes) -> Message:
    """What `message_body` wrote. Raises `EngineError`."""
    try:
        return _MESSAGE.validate_json(body)
    except ValidationError as error:
        raise EngineError(f"the message cannot be read: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
