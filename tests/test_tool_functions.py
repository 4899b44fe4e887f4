"""A function with type hints and a docstring is a tool; a declaration that says too little fails at once."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from glm.messages import ToolCall
from glm.tool_functions import distinct, tool, tool_from
from glm.tool_schema import ToolDeclarationError
from glm.tools import Toolbox


class Unit(Enum):
    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"


def forecast(
    city: str,
    days: Annotated[int, Field(ge=1, le=7)] = 1,
    unit: Unit = Unit.CELSIUS,
    detail: Literal["short", "long"] = "short",
    note: Annotated[str | None, "A note to repeat"] = None,
) -> dict[str, Any]:
    """Weather of a city
    in the coming days.

    Args:
        city: Name of
            the city
        days: How many days ahead
        unit: Unit of the temperature
        detail: How much to tell
    """
    return {"城市": city, "days": days, "unit": unit.name, "detail": detail, "note": note}


def test_hints_and_docstring_become_name_description_and_schema() -> None:
    spec = tool_from(forecast).spec
    assert (spec.name, spec.description) == ("forecast", "Weather of a city in the coming days.")
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Name of the city"},
            "days": {"type": "integer", "description": "How many days ahead", "minimum": 1, "maximum": 7, "default": 1},
            "unit": {
                "type": "string",
                "description": "Unit of the temperature",
                "enum": ["celsius", "fahrenheit"],
                "default": "celsius",
            },
            "detail": {
                "type": "string",
                "description": "How much to tell",
                "enum": ["short", "long"],
                "default": "short",
            },
            "note": {"type": "string", "description": "A note to repeat"},
        },
        "required": ["city"],
    }


def test_a_call_gives_the_function_its_own_types_and_the_model_json() -> None:
    box = Toolbox([tool_from(forecast)])
    result = _run(box, "forecast", {"city": "北京", "unit": "fahrenheit"})
    assert result == '{"城市": "北京", "days": 1, "unit": "FAHRENHEIT", "detail": "short", "note": null}'


def test_a_call_outside_the_ranges_never_reaches_the_function() -> None:
    box = Toolbox([tool_from(forecast)])
    assert "the argument 'days' must be at most 7, got 8" in _run(box, "forecast", {"city": "Paris", "days": 8})


def test_the_decorator_takes_a_name_and_an_approval() -> None:
    @tool(name="echo", approval="ask")
    def repeat(text: Annotated[str, "What to repeat"]) -> str:
        """Repeat a text"""
        return text

    @tool
    def nothing() -> str:
        """Take nothing, say nothing"""
        return ""

    assert (repeat.spec.name, repeat.approval) == ("echo", "ask")
    assert (nothing.spec.name, nothing.approval) == ("nothing", "always")
    assert nothing.spec.parameters == {"type": "object", "properties": {}}


def no_docstring(x: Annotated[int, "x"]) -> None: ...


def no_type(x) -> None:  # type: ignore[no-untyped-def]
    """Doc."""


def no_description(x: int) -> None:
    """Doc."""


def star(*x: int) -> None:
    """Doc."""


def anything(x: Annotated[Any, "x"]) -> None:
    """Doc."""


def function_type(x: Annotated[Callable[[int], int], "x"]) -> None:
    """Doc."""


def wrong_default(x: Annotated[int, "x"] = "one") -> None:  # type: ignore[assignment]
    """Doc."""


def default_out_of_range(x: Annotated[int, Field(ge=3), "x"] = 1) -> None:
    """Doc."""


def unresolved(x: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Doc."""


def stale_docstring() -> None:
    """Doc.

    Args:
        gone: It was a parameter once
    """


async def later() -> None:
    """Doc."""


def interpreter() -> None:
    """Doc."""


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (no_docstring, "the tool 'no_docstring' has no docstring"),
        (no_type, "the parameter 'x' of the tool 'no_type' has no type"),
        (no_description, "the parameter 'x' of the tool 'no_description' is not described"),
        (star, "the parameter 'x' of the tool 'star' cannot be given by name"),
        (anything, "may be anything by its type"),
        (function_type, "has a type without JSON Schema"),
        (wrong_default, "a default of the tool 'wrong_default' does not fit: the argument 'x' must be an integer"),
        (default_out_of_range, "the argument 'x' must be at least 3, got 1"),
        (unresolved, "a type in the tool 'unresolved' cannot be resolved"),
        (stale_docstring, "describes 'gone', which is no parameter of it"),
        (later, "the tool 'later' is async"),
        (interpreter, "has a meaning of its own"),
        (lambda: 1, "cannot be a tool's name"),
        (3, "3 is not a function"),
    ],
)
def test_a_wrong_declaration_fails_with_a_sentence(function: Any, reason: str) -> None:
    with pytest.raises(ToolDeclarationError) as refused:
        tool_from(function)
    assert reason in str(refused.value)


def test_two_tools_of_one_name_are_refused() -> None:
    one = tool_from(forecast)
    assert distinct(one, [tool_from(forecast, name="other")])[1].spec.name == "other"
    with pytest.raises(ToolDeclarationError, match="two tools are named 'forecast'"):
        distinct(one, [tool_from(forecast)])


def _run(box: Toolbox, name: str, arguments: dict[str, Any]) -> str:
    performance = box.perform(ToolCall(name, arguments))
    while True:
        try:
            next(performance)
        except StopIteration as end:
            return str(end.value.text)
