"""Tool calls as GLM-4.5 writes them: a name, then `<arg_key>` and `<arg_value>` pairs.

The text is a model's, so it is read as data: a value is text where the tool's schema
says so, else JSON. What cannot be read becomes a `ToolCall` with a `fault` that the
model can read and mend.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from glm.messages import INTERPRETER, ToolCall, ToolSpec

INTERPRETER_NAME = "python"
"""What the tool that runs code is called in these prompts."""

MAX_NAME_CHARS = 128

_NAME = re.compile(r"\s*([^\n<]*?)\s*(?=\n|<arg_key>|\Z)")
_PAIR = re.compile(r"\s*<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL)
_ADVICE = (
    "write <tool_call>name, then <arg_key>key</arg_key> and <arg_value>value</arg_value> for every argument, "
    "then </tool_call>"
)


def call_name(written: str) -> str | None:
    """The tool's name in what was written of a call so far; None until it is complete."""
    found = _NAME.match(written)
    if found is None or not found[1] or found.end() == len(written):
        return None
    return header_of(found[1])


def header_of(name: str) -> str:
    """The header of a message that calls `name`."""
    name = name[:MAX_NAME_CHARS]
    return INTERPRETER if name == INTERPRETER_NAME else name or "tool_call"


def parse_xml_call(written: str, tools: Sequence[ToolSpec]) -> ToolCall:
    """The call between `<tool_call>` and `</tool_call>`. Never raises."""
    found = _NAME.match(written)
    name = found[1] if found else ""
    header = header_of(name)
    if found is None or not name or len(name) > MAX_NAME_CHARS:
        return ToolCall(header, None, f"the call does not name a tool; {_ADVICE}")
    schema = next((tool.parameters for tool in tools if tool.name == header), {})
    if header == INTERPRETER:
        schema = {"properties": {"code": {"type": "string"}}}
    try:
        return ToolCall(header, _arguments(written[found.end() :], schema))
    except _UnreadableError as fault:
        return ToolCall(header, None, f"{fault}; {_ADVICE}")


def written(call: ToolCall) -> str:
    """The text of `call` between its tags."""
    name = INTERPRETER_NAME if call.name == INTERPRETER else call.name
    pairs = (
        f"<arg_key>{key}</arg_key>\n<arg_value>{value if isinstance(value, str) else _json(value)}</arg_value>\n"
        for key, value in (call.arguments or {}).items()
    )
    return f"{name}\n{''.join(pairs)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class _UnreadableError(ValueError):
    """Why a text is no call; becomes `ToolCall.fault`."""


def _arguments(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    described = schema.get("properties")
    properties = described if isinstance(described, Mapping) else {}
    arguments: dict[str, Any] = {}
    at = 0
    while found := _PAIR.match(text, at):
        key = found[1].strip()
        if key in arguments:
            raise _UnreadableError(f"the argument {key!r} is given twice")
        arguments[key] = _value(key, found[2], properties.get(key))
        at = found.end()
    if text[at:].strip():
        raise _UnreadableError(f"the arguments cannot be read from {text[at:].strip()[:60]!r} on")
    return arguments


def _value(key: str, text: str, described: Any) -> Any:
    stated = described.get("type") if isinstance(described, Mapping) else None
    kinds = set(stated) if isinstance(stated, list) else {stated}
    if kinds == {"string"}:
        return text
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        if kinds <= {None, "string"} or "string" in kinds:
            return text
        wanted = " or ".join(sorted(str(kind) for kind in kinds))
        raise _UnreadableError(f"the argument {key!r} is not a valid {wanted} in JSON") from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
