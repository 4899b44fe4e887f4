"""Tool calls written as Python: ``tool_call(city='Paris')`` in a code fence.

The text is a model's, so it is parsed and never run: keyword arguments must be
literals. What cannot be parsed becomes a `ToolCall` with a `fault` that the
model can read and mend.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from glm.messages import INTERPRETER, ToolCall

_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)
_JSON_NAMES = {"true": True, "false": False, "null": None}


def parse_call(name: str, content: str) -> ToolCall:
    """The call in an assistant message with header `name`. Never raises."""
    if name == INTERPRETER:
        return ToolCall(name, {"code": fenced(content)})
    try:
        return ToolCall(name, _arguments(fenced(content).strip()))
    except _Unparsable as fault:
        return ToolCall(name, None, f"{fault}; write the call as tool_call(name=value, ...) with literal values")


def written(call: ToolCall) -> str:
    """The text of `call`, as these models write it; of one without readable arguments a text that is no call."""
    if call.arguments is None:
        return "```python\ntool_call(\n```"
    if call.name == INTERPRETER:
        return f"```python\n{call.arguments.get('code', '')}\n```"
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    return f"```python\ntool_call({arguments})\n```"


def fenced(content: str) -> str:
    """The last fenced block of `content`, an unclosed one included; without any, all of it."""
    blocks = _FENCE.findall(content)
    return blocks[-1] if blocks else content.strip("\n")


class _Unparsable(ValueError):
    """Why a text is no call; becomes `ToolCall.fault`."""


def _arguments(source: str) -> dict[str, Any]:
    if source.startswith("{"):
        return _json_arguments(source)
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _Unparsable(f"the call is not valid Python ({_short(error)})") from error
    if not isinstance(node, ast.Call):
        raise _Unparsable("the text is not a call")
    if node.args:
        raise _Unparsable("the call has positional arguments")
    arguments: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise _Unparsable("the call unpacks a mapping with **")
        if keyword.arg in arguments:
            raise _Unparsable(f"the argument {keyword.arg!r} is given twice")
        arguments[keyword.arg] = _literal(keyword.arg, keyword.value)
    return arguments


def _literal(name: str, node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id in _JSON_NAMES:
        return _JSON_NAMES[node.id]
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise _Unparsable(f"the argument {name!r} is not a literal value") from error


def _json_arguments(source: str) -> dict[str, Any]:
    try:
        value = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise _Unparsable(f"the arguments are not valid JSON ({_short(error)})") from error
    if not isinstance(value, dict):
        raise _Unparsable("the arguments are not a JSON object")
    return value


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
