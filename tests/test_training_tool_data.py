"""The generated tool dialogues: deterministic, disjoint where it matters, and every call correct."""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import pytest

from glm.engine import EngineInfo
from glm.events import Finished, MessageDone
from glm.messages import Message, ToolSpec
from glm.tool_schema import check_arguments
from glm.toolset import BUILT_IN_TOOLS
from glm.training import evaluate_tools, tool_data, toolset_data
from glm.training.dialogue import Dialogue, Split
from glm.training.tool_catalogue import SEEN
from glm.training.tool_catalogue_heldout import UNSEEN
from glm.training.tool_intents import parse
from glm.training.tool_values import Value, draw, goes_with, is_open, parse_kind

_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
}


def _dialogues(split: str, count: int, seed: int = 1, tools: str = "mixed") -> list[Dialogue]:
    return list(islice(tool_data.generate(random.Random(seed), split, tools=tools), count))  # type: ignore[arg-type]


def _faults(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """Why `value` does not fit `schema`; only the keywords that the generator writes."""
    if (isinstance(value, bool) and schema["type"] != "boolean") or not isinstance(value, _JSON_TYPES[schema["type"]]):
        return [f"{value!r} is not of type {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{value!r} is not among {schema['enum']}"]
    if schema["type"] == "array":
        return [fault for item in value for fault in _faults(item, schema["items"])]
    return []


def _written_call(message: Message) -> dict[str, Any]:
    """The arguments as the text of the message has them."""
    code = message.content.removeprefix("```python\n").removesuffix("\n```")
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "tool_call"
    assert not call.args
    return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}


def _supervised_calls(dialogue: Dialogue) -> list[Message]:
    return [
        message
        for index, message in enumerate(dialogue.messages)
        if message.role == "assistant" and message.header and index not in dialogue.unsupervised
    ]


def test_the_same_seed_gives_the_same_dialogues() -> None:
    assert _dialogues("train", 60) == _dialogues("train", 60)
    assert _dialogues("train", 60) != _dialogues("train", 60, seed=2)


@pytest.mark.parametrize("split", ["train", "heldout"])
def test_every_call_fits_the_schema_of_an_offered_tool(split: str) -> None:
    for dialogue in _dialogues(split, 800):
        offered = {tool.name: tool for tool in dialogue.tools}
        assert len(offered) == len(dialogue.tools)
        for message in _supervised_calls(dialogue):
            assert message.call is not None and message.call.arguments is not None
            assert message.header == message.call.name
            assert _written_call(message) == message.call.arguments
            parameters = offered[message.header].parameters
            assert set(parameters.get("required", ())) <= set(message.call.arguments)
            for name, value in message.call.arguments.items():
                assert _faults(value, parameters["properties"][name]) == [], dialogue.messages[1]


def test_names_are_valid_identifiers() -> None:
    for dialogue in _dialogues("train", 300):
        for tool in dialogue.tools:
            assert tool.name.isidentifier()
            assert all(name.isidentifier() for name in tool.parameters["properties"])


def test_numbers_with_decimals_stand_in_the_request_as_they_are_written() -> None:
    """A model can only copy what the request says."""
    checked = 0
    for dialogue in _dialogues("train", 500):
        if dialogue.kind != "tool_call":
            continue
        request, call = dialogue.messages[1], dialogue.messages[2].call
        assert call is not None and call.arguments is not None
        for value in call.arguments.values():
            if isinstance(value, float):
                checked += 1
                assert repr(value) in request.content
    assert checked > 20


def test_dialogues_have_the_order_that_the_protocol_asks_for() -> None:
    for dialogue in _dialogues("train", 400):
        roles = [message.role for message in dialogue.messages]
        assert roles[:2] == ["system", "user"] and roles[-1] == "assistant"
        assert dialogue.messages[-1].header == ""
        for before, message in zip(dialogue.messages, dialogue.messages[1:], strict=False):
            assert (message.role == "observation") == (before.role == "assistant" and before.header != "")


def test_where_no_tool_fits_there_is_no_call() -> None:
    plain = [dialogue for dialogue in _dialogues("train", 400) if dialogue.kind == "tool_none"]
    assert plain
    assert all(message.header == "" for dialogue in plain for message in dialogue.messages)


def test_the_wrong_call_of_a_repair_is_not_supervised() -> None:
    repaired = [dialogue for dialogue in _dialogues("train", 600) if dialogue.unsupervised]
    assert repaired
    for dialogue in repaired:
        wrong, right = dialogue.messages[2], dialogue.messages[4]
        assert wrong.header == right.header and wrong.content != right.content


def test_answers_repeat_what_the_result_says() -> None:
    for dialogue in _dialogues("train", 400):
        if dialogue.kind != "tool_call" or not dialogue.expected:
            continue
        for key in dialogue.expected.split("\n"):
            assert key in dialogue.messages[4].content


def test_unseen_names_never_occur_in_training() -> None:
    unseen = {name for intent in UNSEEN for name in intent.names}
    unseen |= {name for intent in UNSEEN for parameter in intent.parameters for name in parameter.names}
    for dialogue in _dialogues("train", 1500):
        for tool in dialogue.tools:
            assert tool.name not in unseen
            assert unseen.isdisjoint(tool.parameters["properties"])


def test_unseen_domains_and_descriptions_are_not_those_of_training() -> None:
    assert {intent.domain for intent in SEEN}.isdisjoint(intent.domain for intent in UNSEEN)
    for language in ("en", "zh"):
        seen = {text for intent in SEEN for text in intent.descriptions[language]}
        assert seen.isdisjoint(text for intent in UNSEEN for text in intent.descriptions[language])


def test_the_catalogue_is_broad() -> None:
    assert len(SEEN) >= 200
    assert len(UNSEEN) >= 40


def test_heldout_phrasings_are_not_among_those_of_training() -> None:
    for intent in SEEN:
        for language in ("en", "zh"):
            heldout = intent.phrasings(language, "heldout")
            assert heldout and set(heldout).isdisjoint(intent.phrasings(language, "train")), intent.names[0]


@pytest.mark.parametrize(
    "kind", ["city", "person", "title", "text", "code", "email", "int(0,9000)", "num(1,900)", "nums", "date"]
)
def test_open_values_of_the_splits_are_disjoint(kind: str) -> None:
    parsed, rng = parse_kind(kind), random.Random(3)
    assert is_open(parsed)
    train = {repr(draw(parsed, rng, "en", "train").argument) for _ in range(400)}
    heldout = {repr(draw(parsed, rng, "en", "heldout").argument) for _ in range(400)}
    assert train and heldout and train.isdisjoint(heldout)


def test_the_mixture_is_as_described() -> None:
    dialogues = _dialogues("train", 1500)
    kinds = Counter(dialogue.kind for dialogue in dialogues)
    languages = Counter(dialogue.language for dialogue in dialogues)
    assert set(kinds) == {"tool_call", "tool_none", "tool_error", "tool_chat"}
    assert 0.15 < kinds["tool_none"] / len(dialogues) < 0.27
    assert 0.38 < languages["zh"] / len(dialogues) < 0.52
    lengths = [sum(len(message.content) for message in dialogue.messages) for dialogue in dialogues]
    assert 100 < sum(lengths) / len(lengths) < 500


def test_units_convert_only_within_their_dimension() -> None:
    km, miles, kilograms = (Value(a, a, (a, b)) for a, b in (("km", "公里"), ("miles", "英里"), ("kg", "千克")))
    assert goes_with(miles, [km])
    assert not goes_with(kilograms, [km])
    assert not goes_with(km, [km])


def test_the_catalogue_rejects_a_request_that_forgets_a_parameter() -> None:
    text = """
    # d
    tool | Does it | 做
    - a : city : A : 甲
    E ~do {1};Do it?
    Z ~做{1};做{1}吗？
    A Done.
    B 好。
    """
    with pytest.raises(ValueError, match="must mention"):
        list(parse(text))


class _Oracle:
    """An engine that answers every held-out dialogue as the generator would, or always the same."""

    info = EngineInfo("oracle", "cpu", "none", 8192)

    def __init__(self, dialogues: list[Dialogue], *, silent: bool = False) -> None:
        self.silent = silent
        self.replies = {
            self._key(dialogue.messages[:index], dialogue.tools): message
            for dialogue in dialogues
            for index, message in enumerate(dialogue.messages)
            if message.role == "assistant"
        }

    @staticmethod
    def _key(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> tuple[str, ...]:
        return (*(message.content for message in messages), *(tool.name for tool in tools))

    def stream(self, messages: Any, *, tools: Any = (), settings: Any, stop: Any = None) -> Any:
        reply = Message("assistant", "...") if self.silent else self.replies[self._key(messages, tools)]
        yield MessageDone(reply)
        yield Finished("stop")

    def count_tokens(self, messages: Any, *, tools: Any = ()) -> int:
        return 0

    def close(self) -> None:
        pass


def _asked(seed: int, count: int) -> list[Dialogue]:
    generated = [d for tools in ("seen", "unseen") for d in islice(evaluate_tools._questions(tools, seed), count)]
    return generated + list(islice(evaluate_tools._own_questions(seed), count))


def test_the_evaluation_gives_full_marks_to_perfect_answers() -> None:
    rows = evaluate_tools.evaluate(_Oracle(_asked(4, 60)), count=60, seed=4, workers=2)
    assert all(row.right == row.total for row in rows)
    assert all(row.total > 0 for row in rows)


def test_the_evaluation_gives_no_marks_for_calls_to_an_engine_that_never_calls() -> None:
    rows = evaluate_tools.evaluate(_Oracle(_asked(4, 60), silent=True), count=60, seed=4, workers=2)
    for row in rows:
        assert row.right == (row.total if row.metric.startswith("no call") else 0)


def test_arguments_are_compared_with_their_types() -> None:
    spec = ToolSpec("f", "", {"type": "object", "properties": {"n": {"type": "integer"}, "x": {"type": "number"}}})
    wanted = tool_data.call_message("f", {"n": 3, "x": 2}).call
    assert wanted is not None
    for arguments, same in (
        ({"n": 3, "x": 2.0}, True),
        ({"n": 3.0, "x": 2}, False),
        ({"n": "3", "x": 2}, False),
        ({"n": 3}, False),
        ({"n": 3, "x": 2, "y": 1}, False),
    ):
        assert evaluate_tools.same_arguments(tool_data.call_message("f", arguments).call, wanted, spec) is same


def _own(split: Split, count: int = 60) -> list[Dialogue]:
    return [dialogue for group in islice(toolset_data.groups(random.Random(5), split), count) for dialogue in group]


@pytest.mark.parametrize("split", ["train", "heldout"])
def test_calls_of_the_programs_own_tools_fit_and_their_answers_hold_the_result(split: Split) -> None:
    called = set()
    for dialogue in _own(split):
        offered = {spec.name: spec for spec in dialogue.tools}
        for message, given, answer in zip(
            dialogue.messages, dialogue.messages[1:], dialogue.messages[2:], strict=False
        ):
            if message.call is not None:
                assert check_arguments(offered[message.call.name], message.call.arguments or {}) == ""
                assert (given.role, answer.role) == ("observation", "assistant")
                called.add(message.call.name)
        if dialogue.kind == "tool_call":
            assert dialogue.expected in dialogue.messages[4].content
    assert called == {tool.spec.name for tool in BUILT_IN_TOOLS}


def test_requests_for_the_programs_own_tools_differ_between_the_splits() -> None:
    def asked(split: Split) -> set[str]:
        named = ("calculator", "get_time", "get_weather")
        return {
            dialogue.messages[1].content
            for dialogue in _own(split)
            if dialogue.messages[2].call is not None and dialogue.messages[2].call.name in named
        }

    assert asked("train") and not asked("train") & asked("heldout")
