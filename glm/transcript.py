"""Transcript: a conversation as JSON that can be read back, and as Markdown for people.

An imported file is foreign data: everything is checked before a message is made,
and nothing that this program would not have written is accepted.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from glm.errors import ImportChatError
from glm.messages import INTERPRETER, Message, ToolCall

FORMAT = "glm-chat"
VERSION = 1

MAX_BYTES = 20_000_000
MAX_MESSAGES = 10_000
MAX_CONTENT_CHARS = 1_000_000
MAX_HEADER_CHARS = 1_000
MAX_DEPTH = 16

_ROLES: tuple[Literal["user", "assistant", "observation"], ...] = ("user", "assistant", "observation")
_FINISHES: tuple[Literal["stop", "length", "cancelled"], ...] = ("stop", "length", "cancelled")
_TITLES = {"user": "User", "assistant": "Assistant", "observation": "Tool result"}


@dataclass(frozen=True, slots=True)
class Transcript:
    """The messages of a conversation and its system prompt ("" for none)."""

    messages: tuple[Message, ...]
    system: str = ""


def to_dict(messages: Sequence[Message], system: str = "") -> dict[str, Any]:
    """The conversation as plain data that `from_dict` accepts and JSON can hold."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "system": system,
        "messages": [_message_to_dict(message) for message in messages],
    }


def to_json(messages: Sequence[Message], system: str = "") -> str:
    """The conversation as indented JSON text."""
    return json.dumps(to_dict(messages, system), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def from_json(text: str | bytes) -> Transcript:
    """The conversation in an exported file.

    Raises `ImportChatError` when the text is too long, no JSON or no exported conversation.
    """
    if len(text) > MAX_BYTES:
        raise ImportChatError(f"the file is too large ({len(text)} bytes; the most is {MAX_BYTES}); choose another")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        data = json.loads(decoded, parse_constant=_refuse_constant, object_pairs_hook=_refuse_twice)
    except UnicodeDecodeError as error:
        raise ImportChatError("the file is not UTF-8 text; choose a JSON file exported by this program") from error
    except RecursionError as error:
        raise ImportChatError("the file is nested too deeply; choose a JSON file exported by this program") from error
    except ValueError as error:
        raise ImportChatError(f"the file is not valid JSON ({error}); choose one exported by this program") from error
    return from_dict(data)


def from_dict(data: object) -> Transcript:
    """The conversation that `to_dict` wrote.

    Raises `ImportChatError`, which names the place, for anything else.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise ImportChatError(f'this is not an exported conversation: it has no "format": "{FORMAT}"')
    version = data.get("version")
    if type(version) is not int or version != VERSION:
        raise ImportChatError(f"version must be {VERSION}, got {_shown(version)}; export it again with this program")
    _check_keys(data, {"format", "version", "system", "messages"}, "the file")
    messages = data.get("messages")
    if not isinstance(messages, list):
        raise ImportChatError(f"messages must be a list, got {_shown(messages)}")
    if len(messages) > MAX_MESSAGES:
        raise ImportChatError(f"the conversation has {len(messages)} messages; at most {MAX_MESSAGES} are read")
    system = _text(data.get("system", ""), MAX_CONTENT_CHARS, "system")
    read: list[Message] = []
    for index, entry in enumerate(messages):
        message = _message(entry, f"message {index + 1}")
        _check_order(read, message, f"message {index + 1}")
        read.append(message)
    return Transcript(tuple(read), system)


def to_markdown(messages: Sequence[Message], system: str = "") -> str:
    """The conversation for reading: a heading per message, calls and results as code blocks."""
    sections = [_section("System", system)] if system else []
    for message in messages:
        title = _TITLES.get(message.role, message.role)
        if message.header:
            title += f" → {message.header.strip()}"
        if message.finish in ("cancelled", "length"):
            title += " (stopped)" if message.finish == "cancelled" else " (cut at the limit)"
        if message.thought:
            sections.append(_section("Thinking", "\n".join(f"> {line}" for line in message.thought.splitlines())))
        as_code = message.role == "observation" or (message.header and "```" not in message.content)
        sections.append(_section(title, _fenced(message.content) if as_code else message.content))
    return "\n\n".join(sections) + "\n" if sections else ""


def _message_to_dict(message: Message) -> dict[str, Any]:
    data: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.header:
        data["header"] = message.header
    if message.call is not None:
        arguments = None if message.call.arguments is None else _plain(message.call.arguments)
        data["call"] = {"name": message.call.name, "arguments": arguments}
        if message.call.fault:
            data["call"]["fault"] = message.call.fault
    if message.finish is not None:
        data["finish"] = message.finish
    if message.thought:
        data["thought"] = message.thought
    return data


def _plain(value: object) -> Any:
    """`value` as JSON can hold it. A call's arguments are Python literals, which are more than that."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else repr(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return [_plain(item) for item in sorted(value, key=repr)]
    return repr(value)


def _message(entry: object, where: str) -> Message:
    if not isinstance(entry, Mapping):
        raise ImportChatError(f"{where} must be an object, got {_shown(entry)}")
    _check_keys(entry, {"role", "content", "header", "call", "finish", "thought"}, where)
    role = next((known for known in _ROLES if known == entry.get("role")), None)
    if role is None:
        raise ImportChatError(f"role of {where} must be {', '.join(_ROLES)}, got {_shown(entry.get('role'))}")
    finish = next((known for known in _FINISHES if known == entry.get("finish")), None)
    if finish is None and entry.get("finish") is not None:
        raise ImportChatError(f"finish of {where} must be {', '.join(_FINISHES)}, got {_shown(entry['finish'])}")
    header = _text(entry.get("header", ""), MAX_HEADER_CHARS, f"header of {where}")
    if "\n" in header:
        raise ImportChatError(f"header of {where} must be one line")
    call = None if entry.get("call") is None else _call(entry["call"], f"call of {where}")
    thought = _text(entry.get("thought", ""), MAX_CONTENT_CHARS, f"thought of {where}")
    if role != "assistant" and (header or call is not None or finish is not None or thought):
        raise ImportChatError(f"{where} is not the assistant's and can have no header, call, finish or thought")
    if call is not None and not header:
        raise ImportChatError(f"{where} has a call but no header that names the tool")
    content = _text(entry.get("content"), MAX_CONTENT_CHARS, f"content of {where}")
    return Message(role, content, header, call, finish, thought)


def _call(entry: object, where: str) -> ToolCall:
    if not isinstance(entry, Mapping):
        raise ImportChatError(f"{where} must be an object, got {_shown(entry)}")
    _check_keys(entry, {"name", "arguments", "fault"}, where)
    arguments = entry.get("arguments")
    if arguments is not None and not isinstance(arguments, Mapping):
        raise ImportChatError(f"arguments in {where} must be an object or null, got {_shown(arguments)}")
    _check_value(arguments, f"arguments in {where}", MAX_DEPTH)
    name = _text(entry.get("name"), MAX_HEADER_CHARS, f"name in {where}")
    fault = _text(entry.get("fault", ""), MAX_CONTENT_CHARS, f"fault in {where}")
    if name == INTERPRETER and arguments is not None and not isinstance(arguments.get("code"), str):
        raise ImportChatError(f'{where} runs code, so its arguments need a text named "code"')
    return ToolCall(name, arguments, fault)


def _check_order(earlier: Sequence[Message], message: Message, where: str) -> None:
    answered = 0
    while answered < len(earlier) and earlier[-1 - answered].role == "observation":
        answered += 1
    calls = 0
    while answered + calls < len(earlier) and earlier[-1 - answered - calls].header != "":
        calls += 1
    if message.role == "observation" and calls <= answered:
        raise ImportChatError(f"{where} is an observation but does not follow a tool call")


def _check_keys(entry: Mapping[Any, object], known: set[str], where: str) -> None:
    unknown = [key for key in entry if key not in known]
    if unknown:
        raise ImportChatError(
            f"{where} has an unknown entry {_shown(unknown[0])}; known are {', '.join(sorted(known))}"
        )


def _check_value(value: object, where: str, depth: int) -> None:
    if depth == 0:
        raise ImportChatError(f"{where} are nested more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        _text(value, MAX_CONTENT_CHARS, where)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _text(key, MAX_CONTENT_CHARS, f"names of {where}")
            _check_value(item, where, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check_value(item, where, depth - 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ImportChatError(f"{where} hold a number that is not finite")
    elif value is not None and not isinstance(value, (bool, int, float)):
        raise ImportChatError(f"{where} hold {_shown(value)}, which is not JSON")


def _text(value: object, limit: int, where: str) -> str:
    if not isinstance(value, str):
        raise ImportChatError(f"{where} must be text, got {_shown(value)}")
    if len(value) > limit:
        raise ImportChatError(f"{where} is {len(value)} characters long; at most {limit} are read")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ImportChatError(f"{where} holds half of a character (a lone surrogate) and cannot be read") from error
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("an entry is given twice")
    return data


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}"


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
