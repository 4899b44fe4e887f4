"""Tools' JSON Schemas: made plain and harmless when a tool is declared, and checked against when it is called.

Schemas come from our functions, from MCP servers and from people who type them. A schema from
outside may be hostile: huge, recursive, pointing to other hosts, with patterns that take for
ever. `plain_schema` lets nothing of that through; what it returns stands by itself.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import extend
from pydantic import StringConstraints, TypeAdapter
from pydantic_core import SchemaError as PatternError
from referencing import Registry

from glm.errors import GlmError
from glm.messages import INTERPRETER, ToolSpec

MAX_SCHEMA_CHARS = 20_000
"""Longest schema as JSON, references written out; more would fill a small model's context."""

MAX_SCHEMA_DEPTH = 20

MAX_DESCRIPTION_CHARS = 4_000

RESERVED_NAMES = frozenset({INTERPRETER, "python", "tool_call"})
"""Names with a meaning of their own in the models' formats."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_SCHEMA_MAPS = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
_SCHEMA_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SCHEMAS = frozenset(
    {"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "contentSchema"}
)
_DROPPED = frozenset({"$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title"})
_ANNOTATIONS = frozenset({"description", "default", "examples", "deprecated"})
# Evaluated again at every level, recursive by design, or matched by a backtracking engine.
_REFUSED = frozenset(
    {"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "unevaluatedProperties", "unevaluatedItems", "patternProperties"}
)
_MAX_FAULTS = 3
_MAX_SHOWN = 80


class ToolDeclarationError(GlmError, ValueError):
    """A tool is declared wrongly; the text names the tool, the part and what to write instead."""


def checked_spec(name: Any, description: Any, parameters: Any) -> ToolSpec:
    """A `ToolSpec` of parts from outside, its schema made plain. Raises `ToolDeclarationError`."""
    check_name(name)
    if not isinstance(description, str):
        raise ToolDeclarationError(f"the tool {name!r} needs a description: text that tells the model what it does")
    if len(description) > MAX_DESCRIPTION_CHARS:
        raise ToolDeclarationError(
            f"the description of {name!r} has {len(description)} characters; {MAX_DESCRIPTION_CHARS} are allowed"
        )
    return ToolSpec(name, description.strip(), plain_schema(name, parameters))


def check_name(name: Any) -> None:
    """Raises `ToolDeclarationError` unless `name` can be a tool's name in all formats."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ToolDeclarationError(
            f"{_shown(name)} cannot be a tool's name; use letters, digits, _ and -, 64 at most, no digit first"
        )
    if name in RESERVED_NAMES:
        raise ToolDeclarationError(f"the name {name!r} has a meaning of its own for the models; choose another")


def plain_schema(name: str, parameters: Any) -> dict[str, Any]:
    """`parameters` as JSON Schema 2020-12 of type "object" without references and titles.

    Raises `ToolDeclarationError` for what is no such schema, is too large or too deep, is
    recursive, points outside itself, or has a pattern that cannot be matched in linear time.
    """
    if not isinstance(parameters, Mapping):
        raise ToolDeclarationError(
            f"the parameters of {name!r} must be a JSON Schema, got {_shown(parameters)}; "
            'for instance {"type": "object", "properties": {"city": {"type": "string"}}}'
        )
    schema = _Plain(name, parameters).copy()
    schema.setdefault("type", "object")
    if schema["type"] != "object":
        raise ToolDeclarationError(
            f'the parameters of {name!r} must be a schema of type "object", got {_shown(schema["type"])}'
        )
    schema.setdefault("properties", {})
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = ".".join(str(part) for part in error.absolute_path) or "the top"
        fault = f"at {where}, {_cut(error.message)}"
        raise ToolDeclarationError(f"the parameters of {name!r} are no JSON Schema: {fault}") from error
    return {"type": schema.pop("type"), "properties": schema.pop("properties"), **schema}


def check_arguments(spec: ToolSpec, arguments: Mapping[str, Any]) -> str:
    """What is wrong with `arguments`, in words a model can act on; "" when they fit. Never raises.

    A name that the schema does not list is a fault, too, unless the schema says what else there may be.
    """
    try:
        validator = _validator(json.dumps(spec.parameters, ensure_ascii=False))
        return _faults(validator, spec, dict(arguments))
    except (TypeError, ValueError) as error:  # also a schema that nobody checked when it was declared
        return f"the schema of the tool cannot be used ({_cut(str(error))})"
    except (RecursionError, OverflowError):
        return "the arguments are nested too deeply or hold too large a number"


@lru_cache(maxsize=256)
def _validator(parameters: str) -> Any:
    return _Validator(plain_schema("the tool", json.loads(parameters)), registry=Registry())


def _faults(validator: Any, spec: ToolSpec, arguments: dict[str, Any]) -> str:
    schema = validator.schema
    faults = []
    if not {"additionalProperties", "allOf", "anyOf", "oneOf", "if"} & schema.keys():
        faults += [_unknown(name, schema["properties"]) for name in arguments if name not in schema["properties"]]
    errors = sorted(validator.iter_errors(arguments), key=lambda error: [str(part) for part in error.absolute_path])
    faults += [_sentence(best_match([error]), schema) for error in errors[:_MAX_FAULTS]]
    return "; ".join(dict.fromkeys(faults[:_MAX_FAULTS]))


def _unknown(name: str, properties: Mapping[str, Any]) -> str:
    if not properties:
        return f"unexpected argument {_shown(name)}; the tool takes none"
    close = difflib.get_close_matches(str(name), properties, n=1)
    hint = f"did you mean {close[0]!r}" if close else f"the arguments are {', '.join(properties)}"
    return f"unexpected argument {_shown(name)}; {hint}"


def _sentence(error: ValidationError, schema: Mapping[str, Any]) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    subject, wanted, got = f"the argument '{where}'" if where else "the call", error.validator_value, error.instance
    match error.validator:
        case "required":
            missing = [part for part in wanted if part not in got]
            inside = f" of '{where}'" if where else ""
            return "; ".join(f"the required argument {part!r}{inside} is missing" for part in missing)
        case "additionalProperties" if wanted is False and isinstance(got, Mapping):
            known = error.schema.get("properties", {})
            return "; ".join(_unknown(part, known) for part in got if part not in known)
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            return f"{subject} must be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}, got {_shown(got)}"
        case "enum":
            return f"{subject} must be one of {', '.join(map(_shown, wanted[:30]))}, got {_shown(got)}"
        case "anyOf" | "oneOf" if all(isinstance(way, Mapping) and isinstance(way.get("type"), str) for way in wanted):
            kinds = dict.fromkeys(_KINDS.get(way["type"], way["type"]) for way in wanted)
            return f"{subject} must be {' or '.join(kinds)}, got {_shown(got)}"
        case "pattern":
            return f"{subject} must match {_shown(wanted)}, got {_shown(got)}"
    if error.validator in _LIMITS:
        return f"{subject} must {_LIMITS[error.validator].format(wanted)}, got {_shown(got)}"
    return f"{subject} does not fit: {_cut(error.message)}"


_KINDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_LIMITS = {
    "const": "be {!r}",
    "minimum": "be at least {}",
    "maximum": "be at most {}",
    "exclusiveMinimum": "be more than {}",
    "exclusiveMaximum": "be less than {}",
    "multipleOf": "be a multiple of {}",
    "minLength": "have at least {} characters",
    "maxLength": "have at most {} characters",
    "minItems": "have at least {} entries",
    "maxItems": "have at most {} entries",
}


def _matches(validator: Any, pattern: str, instance: Any, schema: Any) -> Any:
    """JSON Schema's "pattern" by pydantic's engine, which is linear in the text and never backtracks."""
    if validator.is_type(instance, "string") and not _fits(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator: Any = extend(Draft202012Validator, {"pattern": _matches})


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])


def _fits(pattern: str, text: str) -> bool:
    try:
        _matcher(pattern).validate_python(text)
    except ValueError:
        return False
    return True


class _Plain:
    """Copies a schema, its references written out; counts what the copy will take before it is made."""

    def __init__(self, name: str, schema: Mapping[str, Any]) -> None:
        self._name = name
        self._root = schema
        self._chars = 0
        self._open: list[str] = []  # references being written out

    def copy(self) -> dict[str, Any]:
        copied = self._schema(self._root, 0)
        if not isinstance(copied, dict):
            raise self._error("must be an object")
        return copied

    def _error(self, fault: str) -> ToolDeclarationError:
        return ToolDeclarationError(f"the parameters of {self._name!r} cannot be used: {fault}")

    def _spend(self, chars: int, depth: int) -> None:
        self._chars += chars
        if self._chars > MAX_SCHEMA_CHARS:
            raise self._error(f"written out they are longer than {MAX_SCHEMA_CHARS} characters")
        if depth > MAX_SCHEMA_DEPTH:
            raise self._error(f"they are nested deeper than {MAX_SCHEMA_DEPTH} levels")

    def _schema(self, schema: Any, depth: int) -> Any:
        self._spend(2, depth)
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            raise self._error(f"{_shown(schema)} stands where a schema is expected")
        refused = [key for key in schema if key in _REFUSED]
        if refused:
            raise self._error(f"{refused[0]!r} is not supported")
        copied: dict[str, Any] = {}
        for key, value in schema.items():
            if key == "$ref":
                continue
            if key not in _DROPPED:
                copied[key] = self._member(key, value, depth + 1)
        if "$ref" in schema:
            target = self._referred(schema["$ref"], depth)
            if not isinstance(target, dict):
                raise self._error(f"{_shown(schema['$ref'])} does not lead to an object")
            copied = _joined(target, copied)
        return copied

    def _member(self, key: Any, value: Any, depth: int) -> Any:
        if not isinstance(key, str):
            raise self._error(f"the key {_shown(key)} is not text")
        self._spend(len(key) + 4, depth)
        if key in _SCHEMA_MAPS:
            if not isinstance(value, Mapping):
                raise self._error(f"{key!r} must be an object, got {_shown(value)}")
            return {str(part): self._named(part, inner, depth) for part, inner in value.items()}
        if key in _SCHEMA_LISTS:
            if not isinstance(value, (list, tuple)):
                raise self._error(f"{key!r} must be a list, got {_shown(value)}")
            return [self._schema(inner, depth + 1) for inner in value]
        if key in _SCHEMAS:
            return self._schema(value, depth + 1)
        if key == "pattern":
            self._check_pattern(value)
        return self._data(value, depth)

    def _named(self, part: Any, inner: Any, depth: int) -> Any:
        if not isinstance(part, str):
            raise self._error(f"the name {_shown(part)} is not text")
        self._spend(len(part) + 4, depth)
        return self._schema(inner, depth + 1)

    def _referred(self, reference: Any, depth: int) -> Any:
        if not isinstance(reference, str) or not re.fullmatch(r"#(/[^/]+)*", reference):
            raise self._error(f"the reference {_shown(reference)} leads outside the schema; write the part out")
        if reference in self._open:
            raise self._error(f"{_shown(reference)} refers to itself; a model cannot be told a recursive schema")
        target: Any = self._root
        for part in reference.split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or part not in target:
                raise self._error(f"the reference {_shown(reference)} leads nowhere")
            target = target[part]
        self._open.append(reference)
        try:
            return self._schema(target, depth + 1)
        finally:
            self._open.pop()

    def _check_pattern(self, pattern: Any) -> None:
        if not isinstance(pattern, str):
            raise self._error(f"a pattern must be text, got {_shown(pattern)}")
        try:
            _matcher(pattern)
        except PatternError as error:
            raise self._error(
                f"the pattern {_shown(pattern)} is wrong, too large, or needs looking around or back"
            ) from error

    def _data(self, value: Any, depth: int) -> Any:
        if isinstance(value, int) and value.bit_length() > 1000:
            raise self._error("they hold a number of hundreds of digits")
        if value is None or isinstance(value, (bool, int, str)):
            self._spend(len(str(value)) + 2, depth)
            return value
        if isinstance(value, float):
            if value != value or value in (float("inf"), float("-inf")):
                raise self._error(f"{value} is not a JSON number")
            self._spend(len(str(value)) + 2, depth)
            return value
        self._spend(2, depth)
        if isinstance(value, Mapping):
            for key in value:
                if not isinstance(key, str):
                    raise self._error(f"the key {_shown(key)} is not text")
                self._spend(len(key) + 4, depth)
            return {key: self._data(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._data(inner, depth + 1) for inner in value]
        raise self._error(f"{_shown(value)} is not JSON")


def _joined(target: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    """One schema for a reference's target and what stands beside the reference: both hold."""
    if target.keys() & beside.keys() - _ANNOTATIONS:
        return {**beside, "allOf": [*beside.get("allOf", []), target]}
    return {**target, **beside}


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
