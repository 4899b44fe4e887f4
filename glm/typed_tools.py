"""Tools that a person types, as JSON or YAML, in the forms of ChatGLM3, GLM-4 and OpenAI.

A list of tools, one tool, or a mapping from names to tools. There is no code behind such a
tool: a person answers its calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from glm.messages import ToolSpec
from glm.tool_schema import ToolDeclarationError, checked_spec
from glm.tools import Tool

MAX_CHARS = 20_000
MAX_TOOLS = 64

_ADVICE = "for instance - {name: get_weather, description: Weather of a city, parameters: {type: object}}"

_TYPES = {
    "str": "string", "string": "string", "int": "integer", "integer": "integer", "float": "number", "number": "number",
    "bool": "boolean", "boolean": "boolean", "list": "array", "array": "array", "dict": "object", "object": "object",
}  # fmt: skip
"""JSON Schema's types by how ChatGLM3's demo prints them, which are Python's names."""


def typed_tools(text: str) -> tuple[Tool, ...]:
    """The tools that `text` describes; none when it is blank.

    Raises `ToolDeclarationError` with the line when it is neither JSON nor YAML, describes no tools
    or describes them wrongly, holds aliases (which could blow it up), or is too large.
    """
    if len(text) > MAX_CHARS:
        raise ToolDeclarationError(f"the tools have {len(text)} characters; {MAX_CHARS} are allowed")
    if not text.strip():
        return ()
    is_json, value = _json(text)
    # JSON lets tabs stand between its parts, where YAML does not; inside its texts there are none.
    node = _checked_node(text.replace("\t", " ") if is_json else text)
    if not is_json:
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError) as error:
            raise _not_yaml(error) from error
    described = list(_descriptions(node, value))
    if not 0 < len(described) <= MAX_TOOLS:
        raise ToolDeclarationError(f"there are {len(described)} tools; 1 to {MAX_TOOLS} are read")
    tools: dict[str, Tool] = {}
    for line, entry, name in described:
        try:
            spec = _spec(entry, name)
        except ToolDeclarationError as error:
            raise ToolDeclarationError(f"line {line}: {error}") from error
        if spec.name in tools:
            raise ToolDeclarationError(f"line {line}: two tools are named {spec.name!r}; give each its own name")
        tools[spec.name] = Tool(spec)
    return tuple(tools.values())


def _json(text: str) -> tuple[bool, Any]:
    """Whether `text` is JSON, and its value. Raises `ToolDeclarationError` for what is only meant to be JSON."""
    if text.lstrip()[:1] not in ("{", "["):
        return False, None
    try:
        return True, json.loads(text)
    except json.JSONDecodeError as error:
        try:
            yaml.compose(text, yaml.SafeLoader)  # YAML has braces and brackets, too
        except (yaml.YAMLError, ValueError, RecursionError):
            raise ToolDeclarationError(f"line {error.lineno}: this is not JSON: {error.msg}") from error
        return False, None
    except (ValueError, RecursionError) as error:
        raise ToolDeclarationError(f"the tools cannot be read as JSON: {error}") from error


def _checked_node(text: str) -> yaml.Node:
    """The text's parts with their lines; nothing in it stands for something else or is said twice."""
    try:
        aliases = [event for event in yaml.parse(text, yaml.SafeLoader) if isinstance(event, yaml.AliasEvent)]
        node = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _not_yaml(error) from error
    if aliases:
        raise ToolDeclarationError(f"line {_line(aliases[0])}: *{aliases[0].anchor} is not read; write the part out")
    if node is None:
        raise ToolDeclarationError("there is nothing but comments; write a list of tools")
    waiting: list[yaml.Node] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, yaml.SequenceNode):
            waiting += part.value
        elif isinstance(part, yaml.MappingNode):
            names: set[str] = set()
            for key, value in part.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in names:
                        raise ToolDeclarationError(f"line {_line(key)}: {key.value!r} is given twice in the same place")
                    names.add(key.value)
                waiting.append(value)
    return node


def _not_yaml(error: Exception) -> ToolDeclarationError:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return ToolDeclarationError(f"{where}the tools cannot be read as YAML: {reason}")


def _line(part: yaml.Node | yaml.Event) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


def _descriptions(node: yaml.Node, value: Any) -> Iterator[tuple[int, Any, str]]:
    """Line, description and, where the description stands under one, name of every tool."""
    if isinstance(value, list) and isinstance(node, yaml.SequenceNode):
        for part, entry in zip(node.value, value, strict=True):
            yield _line(part), entry, ""
    elif isinstance(value, Mapping) and isinstance(node, yaml.MappingNode):
        if "name" in value or "function" in value:
            yield _line(node), value, ""
        else:
            lines = [_line(key) for key, _ in node.value]
            for line, (name, entry) in zip(lines, value.items(), strict=True):
                yield line, entry, name
    else:
        raise ToolDeclarationError(f"line {_line(node)}: this is no list of tools; {_ADVICE}")


def _spec(entry: Any, name: str) -> ToolSpec:
    if isinstance(entry, Mapping) and "function" in entry:
        _refuse_unknown(entry, {"type", "function"})
        entry = entry["function"]
    if not isinstance(entry, Mapping):
        raise ToolDeclarationError(f"a tool is described by name, description and parameters; {_ADVICE}")
    _refuse_unknown(entry, {"name", "description", "parameters", "params", "strict"})
    parameters = entry.get("parameters")
    if parameters is None:
        parameters = _schema_of(entry.get("params") or [])
    return checked_spec(entry.get("name", name), entry.get("description"), parameters)


def _refuse_unknown(entry: Mapping[Any, Any], known: set[str]) -> None:
    surplus = [key for key in entry if key not in known]
    if surplus:
        raise ToolDeclarationError(f"{surplus[0]!r} is not part of a tool; the parts are {', '.join(sorted(known))}")


def _schema_of(params: Any) -> dict[str, Any]:
    """The JSON Schema of a list of parameters as the registry of ChatGLM3's demo describes them."""
    properties: dict[str, Any] = {}
    required = []
    for param in params if isinstance(params, list) else [params]:
        if not isinstance(param, Mapping) or not isinstance(param.get("name"), str):
            raise ToolDeclarationError('params is a list of parameters such as {"name": "city", "type": "str"}')
        _refuse_unknown(param, {"name", "description", "type", "required"})
        kind = _TYPES.get(str(param.get("type", "str")))
        if kind is None:
            raise ToolDeclarationError(f"{param['type']!r} is no type of a parameter; types are {', '.join(_TYPES)}")
        properties[param["name"]] = {"type": kind, "description": str(param.get("description", ""))}
        if param.get("required", True):
            required.append(param["name"])
    return {"type": "object", "properties": properties, "required": required}
