"""Grammars of single values: what a JSON Schema allows, as a Python literal or as JSON, in Lark for llguidance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

_JSON_OPTIONS = {
    "lenient": True,
    "whitespace_flexible": False,
    "item_separator": r",[ \n]{0,8}",
    "key_separator": r":[ \n]{0,8}",
}
"""Words of a schema that the library does not know count for nothing. Blanks are bounded: a small model that
begins to write them may never stop."""

_ESCAPES = r"""\\[\\'"nrtbfv]|\\x[0-9a-fA-F]{2}|\\u([0-9a-ce-fA-CE-F][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2})"""
_NO_FENCE = r"~/(?s:.*)```(?s:.*)/"
"""A fence inside a text would end the code block that the call stands in."""

MAX_MEMBERS = 64
"""The library keeps which members were written in the bits of one number."""

_MAX_LENGTH = 4000
_MAX_DEPTH = 64
ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated", "$comment"})
_NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_KNOWN = {
    "string": frozenset({"minLength", "maxLength"}),
    "integer": frozenset(),
    "number": frozenset(),
    "boolean": frozenset(),
    "null": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
}
_BY_JSON = {"string": frozenset({"pattern", "format"}), "integer": _NUMBERS, "number": _NUMBERS}
"""What a value is written as JSON for, which Python reads alike, because the library knows how."""


class UnsupportedSchemaError(ValueError):
    """A schema says something that these grammars cannot."""


class Rules:
    """Collects the rules and terminals of one grammar."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}

    def name(self) -> str:
        """A name that no rule has yet."""
        name = f"r{len(self._lines)}"
        self._lines[name] = '""'
        return name

    def put(self, name: str, body: str) -> None:
        """The rule `name`, which may have a parameter behind it."""
        self._lines.pop(name.partition("::")[0], None)
        self._lines[name] = body

    def add(self, body: str) -> str:
        """The name of a new rule."""
        name = self.name()
        self._lines[name] = body
        return name

    def terminal(self, body: str) -> str:
        """The name of a new terminal, or of the one that is like it."""
        for name, known in self._lines.items():
            if name.isupper() and known == body:
                return name
        name = f"T{len(self._lines)}"
        self._lines[name] = body
        return name

    def text(self, start: str) -> str:
        """The whole grammar."""
        return "\n".join([f"start: {start}", *(f"{name}: {body}" for name, body in self._lines.items())])


def quoted(text: str) -> str:
    """A Lark string that matches `text`; the empty one matches nothing but itself."""
    return json.dumps(text, ensure_ascii=False)


def json_value(schema: Any, root: Mapping[str, Any]) -> str:
    """The Lark term of a value of `schema` as JSON; `root` is where its references lead."""
    own = dict(schema) if isinstance(schema, Mapping) else ({} if schema is not False else {"not": {}})
    shared = {key: root[key] for key in ("$defs", "definitions") if key in root}
    return f"%json {json.dumps({**shared, **own, 'x-guidance': _JSON_OPTIONS}, ensure_ascii=False)}"


def members(rules: Rules, pairs: Mapping[str, str], required: Iterable[str], separator: str) -> str:
    """A rule for `pairs` in any order: each at most once, the `required` ones surely. Raises for too many."""
    if len(pairs) > MAX_MEMBERS:
        raise UnsupportedSchemaError(f"{len(pairs)} parameters")
    wanted = [name for name in pairs if name in set(required)]
    ordered = [*wanted, *(name for name in pairs if name not in wanted)]
    if not ordered:
        return '""'
    bodies = [rules.add(pairs[name]) for name in ordered]
    more = rules.name()
    end = f'"" %if is_ones([0:{len(wanted)}])' if wanted else '""'
    following = [f"{separator} {body} {more}::set_bit({bit}) %if bit_clear({bit})" for bit, body in enumerate(bodies)]
    rules.put(f"{more}::_", " | ".join([end, *following]))
    first = [f"{body} {more}::{1 << bit}" for bit, body in enumerate(bodies)]
    return rules.add(" | ".join([*first, *([] if wanted else ['""'])]))


class PythonValues:
    """Rules for values as Python literals; `root` is where a schema's references lead."""

    def __init__(self, rules: Rules, root: Mapping[str, Any]) -> None:
        self._rules = rules
        self._root = root
        self._known: dict[str, str] = {}

    def rule(self, schema: Any, depth: int = 0) -> str:
        """The rule of what `schema` allows. Raises `UnsupportedSchemaError` for what has no grammar."""
        if depth > _MAX_DEPTH:
            raise UnsupportedSchemaError("a schema nested too deeply")
        if schema is True:
            schema = {}
        if not isinstance(schema, Mapping):
            raise UnsupportedSchemaError(f"{schema!r} in place of a schema")
        key = json.dumps(schema, sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = name = self._rules.name()  # before the body: a schema may refer to itself
            try:
                self._rules.put(name, self._body(schema, depth + 1))
            except UnsupportedSchemaError:
                del self._known[key]
                raise
        return self._known[key]

    def rule_or_looser(self, schema: Any) -> str:
        """The rule of what `schema` allows, or of its type or of anything where there is no grammar for that."""
        stated = schema.get("type") if isinstance(schema, Mapping) else None
        for candidate in (schema, {"type": stated}, {}):
            with suppress(UnsupportedSchemaError):
                return self.rule(candidate)
        raise AssertionError("anything has a grammar")

    def _body(self, schema: Mapping[str, Any], depth: int) -> str:
        said = {word: value for word, value in schema.items() if word not in ANNOTATIONS | {"nullable"}}
        for word in ("$ref", "anyOf", "oneOf", "allOf", "const", "enum"):
            if word in said:
                return self._special(word, said, depth)
        kinds = said.pop("type", list(_KNOWN))
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "integer" in kinds and "number" in kinds:
            kinds = [kind for kind in kinds if kind != "integer"]
        if schema.get("nullable") is True and "null" not in kinds:
            kinds = [*kinds, "null"]
        if not kinds or any(not isinstance(kind, str) or kind not in _KNOWN for kind in kinds):
            raise UnsupportedSchemaError(f"the type {kinds!r}")
        known = frozenset().union(*(_KNOWN[kind] | _BY_JSON.get(kind, frozenset()) for kind in kinds))
        if unknown := said.keys() - known:
            raise UnsupportedSchemaError(f"the keyword {min(unknown)}")
        return " | ".join(self._kind(kind, said, depth) for kind in kinds)

    def _special(self, word: str, said: Mapping[str, Any], depth: int) -> str:
        beside = said.keys() - {word, "type"}
        value = said[word]
        if word in ("const", "enum"):
            choices = [value] if word == "const" else value
            if beside or not isinstance(choices, list) or not choices:
                raise UnsupportedSchemaError(f"{word} beside {sorted(beside)}")
            return " | ".join(self._literal(choice) for choice in choices)
        if beside or (word != "$ref" and not (isinstance(value, list) and value)):
            raise UnsupportedSchemaError(f"{word} beside {sorted(beside)}")
        if word == "$ref":
            return self.rule(self._referred(value), depth)
        if word != "allOf" or len(value) == 1:
            return " | ".join(self.rule(one, depth) for one in value)
        raise UnsupportedSchemaError(f"the keyword {word}")

    def _referred(self, path: Any) -> Any:
        found: Any = self._root
        if not isinstance(path, str) or not path.startswith("#/"):
            raise UnsupportedSchemaError(f"the reference {path!r}")
        for part in path[2:].split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or part not in found:
                raise UnsupportedSchemaError(f"the reference {path!r}")
            found = found[part]
        return found

    def _kind(self, kind: str, said: Mapping[str, Any], depth: int) -> str:
        by_json = said.keys() & _BY_JSON.get(kind, frozenset())
        if by_json:
            limits = {word: said[word] for word in by_json | (said.keys() & _KNOWN[kind])}
            return json_value({"type": kind, **limits}, {})
        if kind == "string":
            return self._string(said)
        if kind == "integer":
            return r"/-?(0|[1-9][0-9]{0,30})/"
        if kind == "number":
            return r"/-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?/"
        if kind == "boolean":
            return '"True" | "False"'
        if kind == "null":
            return '"None"'
        return self._array(said, depth) if kind == "array" else self._object(said, depth)

    def _string(self, said: Mapping[str, Any]) -> str:
        low, high = _limits(said, "minLength", "maxLength")
        times = "*" if (low, high) == (0, None) else f"{{{low},{'' if high is None else high}}}"
        kinds = [
            self._rules.terminal(rf"/{sign}([^{sign}\\\n\r\x00]|{_ESCAPES}){times}{sign}/ & {_NO_FENCE}")
            for sign in "'\""
        ]
        return " | ".join(kinds)

    def _array(self, said: Mapping[str, Any], depth: int) -> str:
        low, high = _limits(said, "minItems", "maxItems")
        item = self.rule(said.get("items", {}), depth)
        more = f"(/, ?/ {item}){{{max(low - 1, 0)},{'' if high is None else max(high - 1, 0)}}}"
        if high == 0:
            return '"[" "]"'
        return f'"[" {item} {more} "]"' if low else f'"[" ({item} {more})? "]"'

    def _object(self, said: Mapping[str, Any], depth: int) -> str:
        properties = said.get("properties")
        if properties is None and said.get("additionalProperties") is not False:
            value = self.rule(said.get("additionalProperties", {}), depth)
            pair = self._rules.add(f"({self._string({})}) /: ?/ {value}")
            return f'"{{" ({pair} (/, ?/ {pair})*)? "}}"'
        properties = properties or {}
        required = said.get("required", [])
        if not isinstance(properties, Mapping) or set(required) - set(properties):
            raise UnsupportedSchemaError("required properties that are not described")
        pairs = {name: f"({self._literal(name)}) /: ?/ {self.rule(value, depth)}" for name, value in properties.items()}
        return f'"{{" {members(self._rules, pairs, required, "/, ?/")} "}}"'

    def _literal(self, value: Any) -> str:
        """A constant, in the ways in which it may be written."""
        if isinstance(value, str):
            if "```" in value:
                raise UnsupportedSchemaError("a constant with a fence in it")
            return f"{quoted(repr(value))} | {quoted(json.dumps(value, ensure_ascii=False))}"
        if isinstance(value, (list, tuple)):
            inside = " /, ?/ ".join(f"({self._literal(item)})" for item in value)
            return f'"[" {inside} "]"'
        if isinstance(value, Mapping):
            inside = " /, ?/ ".join(
                f"({self._literal(key)}) /: ?/ ({self._literal(item)})" for key, item in value.items()
            )
            return f'"{{" {inside} "}}"'
        return quoted(repr(value))


def _limits(said: Mapping[str, Any], lowest: str, highest: str) -> tuple[int, int | None]:
    low, high = said.get(lowest, 0), said.get(highest)
    counts: Sequence[Any] = [low] if high is None else [low, high]
    if any(isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MAX_LENGTH for count in counts):
        raise UnsupportedSchemaError(f"{lowest} {low!r}, {highest} {high!r}")
    return low, high
