"""Tools typed by people: JSON and YAML in the forms of ChatGLM3, GLM-4 and OpenAI, faults with their line."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest

from glm.messages import ToolSpec
from glm.tool_forms import chatglm3_form, openai_form
from glm.tool_schema import ToolDeclarationError
from glm.typed_tools import typed_tools

PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Name of the city"}},
    "required": ["city"],
}
SPEC = ToolSpec("get_weather", "Weather of a city", PARAMETERS)

AS_YAML = """
# comments are read over
- name: get_weather
  description: Weather of a city
  parameters:
    type: object
    properties:
      city: {type: string, description: Name of the city}
    required: [city]
"""
AS_REGISTRY = """
get_weather:
  description: Weather of a city
  params:
  - {name: city, description: Name of the city, type: str, required: true}
"""


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([chatglm3_form(SPEC)]),
        json.dumps([openai_form(SPEC)], indent="\t"),
        json.dumps(chatglm3_form(SPEC)),
        json.dumps({"get_weather": {"name": "get_weather", **chatglm3_form(SPEC)}}),
        AS_YAML,
        AS_REGISTRY,
        "[{name: get_weather, description: Weather of a city, parameters: " + json.dumps(PARAMETERS) + "}]",
    ],
    ids=["chatglm3", "openai with tabs", "one tool", "named", "yaml", "registry of the demo", "yaml with brackets"],
)
def test_every_form_gives_the_same_tool_which_a_person_answers(text: str) -> None:
    (tool,) = typed_tools(text)
    assert tool.spec == SPEC
    assert tool.is_manual


def test_a_blank_text_gives_no_tools() -> None:
    assert typed_tools(" \n") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"name": "a",\n "description" "b"}]', "line 2: this is not JSON: Expecting ':' delimiter"),
        ("- name: a\n  description: [b", "line 2: the tools cannot be read as YAML"),
        ("- name: a\n\tdescription: b", "line 2: the tools cannot be read as YAML"),
        ("- name: a\n  description: b\n- name: a\n  description: c", "line 3: two tools are named 'a'"),
        ("- name: a\n  description: b\n  description: c", "line 3: 'description' is given twice"),
        ("- name: a\n  description: b\n- name: b", "line 3: the tool 'b' needs a description"),
        ("- name: a\n  description: b\n  paramters: {}", "line 1: 'paramters' is not part of a tool"),
        ("- name: a b\n  description: c", 'line 1: "a b" cannot be a tool\'s name'),
        ("- 3", "line 1: a tool is described by name, description and parameters"),
        ('"text"', "line 1: this is no list of tools"),
        ("# nothing", "there is nothing but comments"),
        ("[]", "there are 0 tools; 1 to 64 are read"),
        ("- {name: a, description: b, params: [{name: c, type: date}]}", "line 1: 'date' is no type of a parameter"),
        ("- {name: a, description: b, parameters: {properties: {c: {type: txt}}}}", "line 1: the parameters of 'a'"),
        ("- {name: a, description: b, parameters: {$ref: 'http://example.com'}}", "leads outside the schema"),
        ("- {name: a, description: b, parameters: {properties: {c: {default: 2020-01-01}}}}", "date is not JSON"),
        ("- {name: a, description: b, parameters: {properties: {c: {default: 2020-99-01}}}}", "month must be in 1..12"),
        ("- &a {name: a, description: b}\n- *a", "line 2: *a is not read; write the part out"),
        ('- !!python/object/apply:os.system ["id"]', "line 1: the tools cannot be read as YAML"),
        ("- ? [a]\n  : b", "the tools cannot be read as YAML"),
        ("[" * 9000, "the tools cannot be read as"),
        ("- " * 9000, "the tools cannot be read as YAML"),
        ("x" * 20_001, "the tools have 20001 characters; 20000 are allowed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(ToolDeclarationError) as refused:
        typed_tools(text)
    assert reason in str(refused.value)


def test_aliases_that_would_grow_without_end_are_refused() -> None:
    laughs = "\n".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]" for level in range(1, 12))
    with pytest.raises(ToolDeclarationError, match="line 2: "):
        typed_tools(textwrap.dedent(f"l0: &l0 [ha]\n{laughs}"))
