"""Grammars of tool calls: a tool's JSON Schema becomes the Lark text of the calls that fit it.

Three ways of writing exist: Python's keyword arguments (ChatGLM3), a JSON object (GLM-4) and
pairs of tags (GLM-4.5). The text is for llguidance, whose own support of JSON Schema is used
for every value that is written as JSON. Parameters may come in any order, each at most once,
the required ones surely; parameters that the schema does not name cannot be written.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Mapping, Sequence
from typing import Any

from glm.messages import ToolSpec
from glm.prompts.literal_grammar import (
    ANNOTATIONS,
    MAX_MEMBERS,
    PythonValues,
    Rules,
    UnsupportedSchemaError,
    json_value,
    members,
    quoted,
)

_ANYTHING: Mapping[str, Any] = {}
_BLANKS = r"/[ \n]{0,8}/"
_OPENING = r"/[ \n]{0,2}/"
_CLOSING = r"/\n?/"


def python_call(tool: ToolSpec) -> list[str]:
    """Grammars of ``tool_call(name=value)`` in its fence, the strictest first: use the first that compiles."""
    return _strictest_first(_python_call, tool)


def json_call(tool: ToolSpec) -> list[str]:
    """Grammars of a JSON object with the arguments, the strictest first."""
    return _strictest_first(_json_call, tool)


def _strictest_first(grammar: Any, tool: ToolSpec) -> list[str]:
    found = []
    for schema in (tool.parameters, _loosened(tool.parameters)):
        try:
            found.append(grammar(schema))
        except UnsupportedSchemaError:
            continue
    return found


def _loosened(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same parameters with any values; any parameters where the schema's are not to be understood."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or len(properties) > MAX_MEMBERS:
        return {"additionalProperties": True}
    return {"properties": dict.fromkeys(properties, _ANYTHING), "required": schema.get("required", [])}


def _python_call(schema: Mapping[str, Any]) -> str:
    rules = Rules()
    if all(name.isidentifier() and not keyword.iskeyword(name) for name in _properties(schema)):
        written = f'"tool_call(" {_BLANKS} {_keywords(rules, schema)} {_BLANKS} ")"'
    else:  # a name that Python does not take as a keyword: the format's reader knows objects as well
        written = _object(rules, schema)
    return rules.text(f'{_OPENING} {quoted("```python" + chr(10))} {written} {_CLOSING} "```" {_CLOSING}')


def _keywords(rules: Rules, schema: Mapping[str, Any]) -> str:
    values = PythonValues(rules, schema)
    if _any_names(schema):
        argument = rules.add(f'/[A-Za-z_][A-Za-z0-9_]*/ "=" {values.rule(_ANYTHING)}')
        return f"({argument} ({_separator(',')} {argument})*)?"
    pairs = {name: f'{quoted(name)} "=" {values.rule_or_looser(value)}' for name, value in _properties(schema).items()}
    return members(rules, pairs, _required(schema), _separator(","))


def _json_call(schema: Mapping[str, Any]) -> str:
    rules = Rules()
    return rules.text(f"{_OPENING} {_object(rules, schema)} {_CLOSING}")


def _object(rules: Rules, schema: Mapping[str, Any]) -> str:
    """The arguments as a JSON object; the library's own objects have their members in one order only."""
    if _any_names(schema):
        return rules.add(json_value({"type": "object"}, schema))
    pairs = {
        name: f"{quoted(json.dumps(name, ensure_ascii=False))} {_separator(':')} {rules.add(json_value(value, schema))}"
        for name, value in _properties(schema).items()
    }
    return f'"{{" {_BLANKS} {members(rules, pairs, _required(schema), _separator(","))} {_BLANKS} "}}"'


def tagged_calls(tools: Sequence[tuple[str, ToolSpec]], tags: Mapping[str, str]) -> list[str]:
    """Grammars of a call of one of `tools` from its name to the closing tag, the strictest first.

    `tools` have the name that the model writes; `tags` gives the Lark term of each tag.
    """
    found = []
    for loosely in (False, True):
        try:
            found.append(_tagged_calls(tools, tags, loosely))
        except UnsupportedSchemaError:
            continue
    return found


def _tagged_calls(tools: Sequence[tuple[str, ToolSpec]], tags: Mapping[str, str], loosely: bool) -> str:
    rules = Rules()
    end_key, end_value = tags["</arg_key>"], tags["</arg_value>"]
    # Nothing inside a value may look like its end, also where the tags are control tokens: the text is read again.
    text = r"/(?s:.*)/ & ~/(?s:.*)<\/(arg_value|tool_call)>(?s:.*)/"
    # One terminal with the tag that is text: a terminal takes all it can, the beginning of the tag too.
    closed = rules.terminal(f"({text}) {end_value}") if end_value[0] == '"' else f"{rules.terminal(text)} {end_value}"
    any_name = rules.terminal(r"/[^<>\n]+/")

    def pair(name: str, value: str) -> str:
        return f"{tags['<arg_key>']} {name} {end_key} {_BLANKS} {tags['<arg_value>']} {value}"

    calls = []
    for name, tool in tools:
        schema = _loosened(tool.parameters) if loosely else tool.parameters
        if _any_names(schema):
            one = rules.add(pair(any_name, closed))
            arguments = f"({one} {_BLANKS})*"
        else:
            pairs = {
                name: pair(quoted(name), f"{rule} {end_value}" if rule else closed)
                for name, value in _properties(schema).items()
                for rule in [_tagged_value(rules, value, schema)]
            }
            arguments = f"{members(rules, pairs, _required(schema), _BLANKS)} {_BLANKS}"
        calls.append(rules.add(f"{quoted(name)} {_BLANKS} {arguments}"))
    return rules.text(f"{_OPENING} ({' | '.join(calls)}) {tags['</tool_call>']}")


def _tagged_value(rules: Rules, value: Any, root: Mapping[str, Any]) -> str | None:
    """The rule of a value that is no free text."""
    if not isinstance(value, Mapping) or not value.keys() - ANNOTATIONS:
        return None
    is_string = value.get("type") == "string"
    choices = [value["const"]] if "const" in value else value.get("enum")
    if isinstance(choices, list) and choices and all(isinstance(choice, str) for choice in choices):
        return rules.add(" | ".join(quoted(choice if is_string else _unmistakable(choice)) for choice in choices))
    return None if is_string else rules.add(json_value(value, root))


def _unmistakable(choice: str) -> str:
    """A text as it is, or as JSON where it would be read as something else."""
    try:
        json.loads(choice)
    except ValueError:
        return choice
    return json.dumps(choice, ensure_ascii=False)


def _separator(sign: str) -> str:
    return rf"/[ \n]{{0,8}}{sign}[ \n]{{0,8}}/"


def _any_names(schema: Mapping[str, Any]) -> bool:
    return "properties" not in schema and bool(schema.get("additionalProperties"))


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := schema.keys() & {"anyOf", "oneOf", "allOf", "$ref", "if", "patternProperties", "minProperties"}:
        raise UnsupportedSchemaError(f"{min(unknown)} at the top of a schema")
    properties = schema.get("properties", {})
    missing = set(_required(schema)) - set(properties if isinstance(properties, Mapping) else ())
    if not isinstance(properties, Mapping) or missing:
        raise UnsupportedSchemaError("required parameters that are not described")
    return properties


def _required(schema: Mapping[str, Any]) -> list[str]:
    required = schema.get("required", [])
    return [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
