"""Schemas of tools: hostile ones are refused when declared, and faults of a call are told in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from glm.messages import ToolSpec
from glm.prompts.chatglm3 import tools_json
from glm.tool_forms import chatglm3_form, openai_form
from glm.tool_schema import (
    ToolDeclarationError,
    check_arguments,
    checked_spec,
    plain_schema,
)

PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "stations": {"type": "array", "items": {"type": "number"}, "maxItems": 2},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "area": {"type": "object", "properties": {"code": {"type": "string", "pattern": "^[A-Z]{2}$"}}},
    },
    "required": ["city"],
}
WEATHER = ToolSpec("weather", "Weather of a city", PARAMETERS)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"city": "Paris"}, ""),
        ({"city": "北京", "days": 14, "unit": "celsius", "stations": [1, 2.5], "note": None}, ""),
        ({}, "the required argument 'city' is missing"),
        ({"town": "Paris"}, "unexpected argument \"town\"; the arguments are city, days, unit, stations, note, area; "
                            "the required argument 'city' is missing"),
        ({"city": "Paris", "dais": 3}, "unexpected argument \"dais\"; did you mean 'days'"),
        ({"city": 3}, "the argument 'city' must be a string, got 3"),
        ({"city": ""}, "the argument 'city' must have at least 1 characters, got \"\""),
        ({"city": "Paris", "days": "3"}, "the argument 'days' must be an integer, got \"3\""),
        ({"city": "Paris", "days": True}, "the argument 'days' must be an integer, got true"),
        ({"city": "Paris", "days": 99}, "the argument 'days' must be at most 14, got 99"),
        ({"city": "Paris", "unit": "kelvin"},
         'the argument \'unit\' must be one of "celsius", "fahrenheit", got "kelvin"'),
        ({"city": "Paris", "stations": [1, "b"]}, "the argument 'stations[1]' must be a number, got \"b\""),
        ({"city": "P", "stations": [1, 2, 3]}, "the argument 'stations' must have at most 2 entries, got [1, 2, 3]"),
        ({"city": "Paris", "note": 5}, "the argument 'note' must be a string or null, got 5"),
        ({"city": "Paris", "area": {"code": "xx"}}, 'the argument \'area.code\' must match "^[A-Z]{2}$", got "xx"'),
        ({"city": 3, "days": 0}, "the argument 'city' must be a string, got 3; "
                                 "the argument 'days' must be at least 1, got 0"),
    ],
)  # fmt: skip
def test_a_fault_names_the_argument_its_value_and_what_is_expected(arguments: dict[str, Any], fault: str) -> None:
    assert check_arguments(WEATHER, arguments) == fault


def test_a_schema_that_allows_further_arguments_gets_them() -> None:
    spec = ToolSpec("open", "", {"type": "object", "properties": {}, "additionalProperties": True})
    assert check_arguments(spec, {"anything": 1}) == ""
    closed = ToolSpec("closed", "", {"type": "object", "properties": {"a": {}}, "additionalProperties": False})
    assert check_arguments(closed, {"b": 1}) == 'unexpected argument "b"; the arguments are a'


def _growing() -> dict[str, Any]:
    """Few characters that become millions when their references are written out."""
    parts = {f"P{level + 1}": {"anyOf": [{"$ref": f"#/$defs/P{level}"}] * 30} for level in range(4)}
    return {"properties": {"a": {"$ref": "#/$defs/P4"}}, "$defs": {"P0": {"type": "string"}, **parts}}


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return {"properties": {"a": schema}}


def _part(schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}}


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (_part({"$ref": "http://example.com/schema"}), "leads outside the schema"),
        (_part({"$ref": "file:///etc/hosts"}), "leads outside the schema"),
        ({"$ref": "#"}, "refers to itself"),
        ({**_part({"$ref": "#/$defs/A"}), "$defs": {"A": {"items": {"$ref": "#/$defs/A"}}}}, "refers to itself"),
        (_part({"$ref": "#/$defs/missing"}), "leads nowhere"),
        (_part({"$dynamicRef": "#a"}), "'$dynamicRef' is not supported"),
        (_part({"patternProperties": {"(a+)+$": {}}}), "'patternProperties' is not supported"),
        (_growing(), "longer than 20000 characters"),
        (_deep(5000), "nested deeper than"),
        (_part({"enum": list(range(9999))}), "longer than 20000 characters"),
        (_part({"default": float("nan")}), "nan is not a JSON number"),
        (_part({"default": 10**5000}), "a number of hundreds of digits"),
        (_part({"default": object()}), "object is not JSON"),
        (_part({"type": "text"}), "are no JSON Schema: at properties.a.type"),
        (_part({"pattern": r"(?=a)b"}), "needs looking around or back"),
        (_part({"pattern": "(a{1000}){1000}"}), "too large"),
        (_part("string"), "stands where a schema is expected"),
        ({"type": "string"}, 'must be a schema of type "object", got "string"'),
        (["city"], "must be a JSON Schema, got"),
    ],
)  # fmt: skip
def test_a_hostile_or_wrong_schema_is_refused_when_declared(parameters: Any, reason: str) -> None:
    with pytest.raises(ToolDeclarationError) as refused:
        plain_schema("shady", parameters)
    assert reason in str(refused.value)
    assert "'shady'" in str(refused.value)


def test_a_hostile_schema_that_nobody_checked_is_told_when_it_is_used() -> None:
    fault = check_arguments(ToolSpec("shady", "", _part({"$ref": "http://example.com/"})), {"a": 1})
    assert fault.startswith("the schema of the tool cannot be used")


def test_a_pattern_that_would_backtrack_for_ever_is_matched_at_once() -> None:
    spec = ToolSpec("slow", "", plain_schema("slow", _part({"type": "string", "pattern": "^(a+)+$"})))
    assert check_arguments(spec, {"a": "a" * 5000}) == ""
    assert "must match" in check_arguments(spec, {"a": "a" * 5000 + "b"})


def test_references_are_written_out_and_names_of_parameters_are_not_taken_for_keywords() -> None:
    parameters = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "arguments",
        "properties": {"kind": {"$ref": "#/$defs/Kind", "description": "which"}, "$ref": {"type": "string"},
                       "title": {"title": "Title", "type": "string"}},
        "$defs": {"Kind": {"enum": ["a"], "title": "Kind"}},
    }  # fmt: skip
    assert plain_schema("tool", parameters) == {
        "type": "object",
        "properties": {
            "kind": {"enum": ["a"], "description": "which"},
            "$ref": {"type": "string"},
            "title": {"type": "string"},
        },
    }


def test_what_stands_beside_a_reference_holds_too() -> None:
    parameters = {
        "properties": {"n": {"$ref": "#/$defs/Small", "minimum": 0}},
        "$defs": {"Small": {"type": "integer", "minimum": 5, "maximum": 9}},
    }
    spec = ToolSpec("tool", "", plain_schema("tool", parameters))
    assert check_arguments(spec, {"n": 7}) == ""
    assert check_arguments(spec, {"n": 4}) == "the argument 'n' must be at least 5, got 4"
    assert check_arguments(spec, {"n": 10}) == "the argument 'n' must be at most 9, got 10"


@pytest.mark.parametrize(
    "name", ["", "two words", "1st", "a" * 65, "line\nbreak", "<|user|>", "interpreter", "python", 3]
)
def test_a_name_that_a_format_cannot_hold_is_refused(name: Any) -> None:
    with pytest.raises(ToolDeclarationError, match="name"):
        checked_spec(name, "does something", {})


def test_the_forms_are_those_that_the_prompts_write() -> None:
    assert f'"name": "{chatglm3_form(WEATHER)["name"]}"' in tools_json([WEATHER])
    assert openai_form(WEATHER) == {
        "type": "function",
        "function": {"name": "weather", "description": "Weather of a city", "parameters": PARAMETERS},
    }
