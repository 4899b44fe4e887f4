"""Toolbox: whatever goes wrong becomes a result that the model can read."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from glm.messages import ToolCall, ToolResult, ToolSpec
from glm.tools import Tool, Toolbox

WEATHER_SPEC = ToolSpec(
    "weather",
    "Weather of a city",
    {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]},
)
CALL = ToolCall("weather", {"city": "Paris"})


def box(run: Callable[..., str] | None, **options: int) -> Toolbox:
    return Toolbox([Tool(WEATHER_SPEC, run)], **options)


def answer(tools: Toolbox, call: ToolCall, stop: threading.Event | None = None) -> ToolResult:
    running = tools.perform(call, stop)
    with pytest.raises(StopIteration) as ended:
        next(running)
    result: ToolResult = ended.value.value
    return result


def test_a_tool_gets_the_arguments_and_its_text_comes_back() -> None:
    result = answer(box(lambda arguments: f"sunny in {arguments['city']}"), CALL)
    assert (result.text, result.is_error) == ("sunny in Paris", False)
    assert result.seconds > 0


def test_specs_keep_their_order() -> None:
    specs = [ToolSpec(name, "") for name in ("b", "a", "c")]
    assert Toolbox([Tool(spec) for spec in specs]).specs == tuple(specs)


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two tools are named 'a'"):
        Toolbox([Tool(ToolSpec("a", "")), Tool(ToolSpec("a", "other"))])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wether", "Error: there is no tool named 'wether', did you mean 'weather'; available tools: weather"),
        ("music", "Error: there is no tool named 'music'; available tools: weather"),
    ],
)
def test_an_unknown_tool_is_answered_with_the_names_that_exist(name: str, text: str) -> None:
    result = answer(box(lambda arguments: ""), ToolCall(name, {}))
    assert (result.text, result.is_error) == (text, True)


def test_an_empty_toolbox_tells_the_model_to_answer_without() -> None:
    result = answer(Toolbox(), CALL)
    assert result.is_error
    assert result.text == "Error: there is no tool named 'weather'; no tools are available, answer without one"


def test_a_call_that_cannot_be_read_is_answered_with_its_fault() -> None:
    result = answer(box(lambda arguments: ""), ToolCall("weather", None, "the text is not a call"))
    assert (result.text, result.is_error) == (
        "Error: the call of 'weather' cannot be read: the text is not a call",
        True,
    )


@pytest.mark.parametrize("error", [ValueError("bad city"), ConnectionError("no network")])
def test_what_a_tool_says_about_its_arguments_is_passed_on(error: Exception) -> None:
    def run(arguments: object) -> str:
        raise error

    result = answer(box(run), CALL)
    assert (result.text, result.is_error) == (f"Error: weather: {error}", True)


@pytest.mark.parametrize("error", [RuntimeError("bad city"), SystemExit(3), KeyboardInterrupt()])
def test_a_tool_that_raises_is_answered_with_its_error(error: BaseException) -> None:
    def run(arguments: object) -> str:
        raise error

    result = answer(box(run), CALL)
    assert (result.text, result.is_error) == (f"Error: weather failed with {type(error).__name__}: {error}", True)


def test_a_result_that_is_no_text_is_an_error() -> None:
    result = answer(box(lambda arguments: {"temperature": 3}), CALL)  # type: ignore[arg-type, return-value]
    assert (result.text, result.is_error) == ("Error: weather returned dict instead of text", True)


def test_a_long_result_is_cut_and_says_so() -> None:
    result = answer(box(lambda arguments: "x" * 50, result_limit=10), CALL)
    assert (result.text, result.is_error) == ("xxxxxxxxxx\n[cut: 10 of 50 characters shown]", False)


def test_a_tool_without_code_waits_for_a_person() -> None:
    manual = box(None)
    assert manual.awaits_person(CALL)
    assert not manual.awaits_person(ToolCall("weather", None, "unreadable"))
    assert not manual.awaits_person(ToolCall("music", {}))
    assert not box(lambda arguments: "").awaits_person(CALL)


def test_a_stop_does_not_wait_for_the_tool() -> None:
    release, stop = threading.Event(), threading.Event()
    stop.set()
    result = answer(box(lambda arguments: str(release.wait(60))), CALL, stop)
    release.set()
    assert result.is_error
    assert result.text == "Error: the tool 'weather' was stopped by the user before it gave a result"
