"""Evaluation of tool calling: names, arguments, silence where no tool fits, answers that use the result.

Held-out dialogues are asked greedily. A call counts only if it is the first thing the
model does after the request.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from glm.engine import Engine
from glm.events import MessageDone
from glm.messages import Message, ToolCall, ToolSpec
from glm.settings import GenerationSettings
from glm.training import toolset_data
from glm.training.dialogue import Dialogue, Language
from glm.training.report import Row
from glm.training.tool_data import ToolChoice, generate

_GREEDY = GenerationSettings(temperature=0.0, max_new_tokens=160)
_SETS = ("seen", "unseen", "own")
_KEYS = ("name right", "all arguments right", "answer uses the result", "no call when none fits")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One checked point of one dialogue; `detail` shows what the model did, for reading failures."""

    metric: str
    language: Language
    right: bool
    detail: str = ""


def evaluate(engine: Engine, *, count: int, seed: int, workers: int = 8) -> list[Row]:
    """Rates over `count` held-out dialogues of seen tools, of unseen ones and of the program's own.

    `workers` threads ask at the same time, since engines batch. The dialogues depend on
    `seed` only.
    """
    return tally(outcomes(engine, count=count, seed=seed, workers=workers))


def outcomes(engine: Engine, *, count: int, seed: int, workers: int = 8) -> list[Outcome]:
    """The single results behind `evaluate`, in the order of the dialogues."""
    cases: list[tuple[str, Dialogue]] = []
    for tools in ("seen", "unseen"):
        cases += [(tools, dialogue) for dialogue in islice(_questions(tools, seed), count)]
    cases += [("own", dialogue) for dialogue in islice(_own_questions(seed), count)]
    with ThreadPoolExecutor(workers) as pool:
        checked = pool.map(lambda case: _check(engine, *case), cases)
        return [outcome for one in checked for outcome in one]


def tally(results: Sequence[Outcome]) -> list[Row]:
    """Rows per metric and language, in the order in which the metrics are listed."""
    metrics = [f"{tools}: {key}" for tools in _SETS for key in _KEYS[:3]] + [_KEYS[3]]
    rows = []
    for metric in metrics:
        for language in ("en", "zh"):
            rights = [result.right for result in results if (result.metric, result.language) == (metric, language)]
            rows.append(Row(metric, language, sum(rights), len(rights)))
    return rows


def _questions(tools: ToolChoice, seed: int) -> Iterator[Dialogue]:
    """Held-out dialogues with one call, or with none."""
    for dialogue in generate(random.Random(f"evaluate tools {tools} {seed}"), "heldout", tools=tools):
        if dialogue.kind in ("tool_call", "tool_none"):
            yield dialogue


def _own_questions(seed: int) -> Iterator[Dialogue]:
    """The same with the program's own tools, all of them offered."""
    rng = random.Random(f"evaluate own tools {seed}")
    for dialogues in toolset_data.groups(rng, "heldout"):
        yield from (dialogue for dialogue in dialogues if len(dialogue.tools) == len(toolset_data.BUILT_IN_TOOLS))


def _check(engine: Engine, tools: str, dialogue: Dialogue) -> list[Outcome]:
    first = next(index for index, message in enumerate(dialogue.messages) if message.role == "assistant")
    said = _say(engine, dialogue.messages[:first], dialogue.tools)
    asked = dialogue.messages[first - 1].content
    shown = f"{asked} -> {said.header} {said.content!r}"
    if dialogue.kind == "tool_none":
        return [Outcome(_KEYS[3], dialogue.language, said.header == "", shown)]
    wanted = dialogue.messages[first].call
    assert wanted is not None
    named = said.call is not None and said.call.name == wanted.name
    spec = next(spec for spec in dialogue.tools if spec.name == wanted.name)
    results = [
        Outcome(f"{tools}: {_KEYS[0]}", dialogue.language, named, shown),
        Outcome(f"{tools}: {_KEYS[1]}", dialogue.language, named and same_arguments(said.call, wanted, spec), shown),
    ]
    keys = dialogue.expected.split("\n") if dialogue.expected else []
    if keys:
        answer = _say(engine, dialogue.messages[: first + 2], dialogue.tools)
        used = answer.header == "" and all(key in answer.content for key in keys)
        detail = f"{dialogue.messages[first + 1].content} -> {answer.content!r}"
        results.append(Outcome(f"{tools}: {_KEYS[2]}", dialogue.language, used, detail))
    return results


def _say(engine: Engine, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Message:
    """The first message that the engine writes; an empty one if it writes none."""
    for event in engine.stream(messages, tools=tools, settings=_GREEDY):
        if isinstance(event, MessageDone):
            return event.message
    return Message("assistant", "")


def same_arguments(call: ToolCall | None, wanted: ToolCall, spec: ToolSpec) -> bool:
    """Whether a call has exactly the wanted arguments, of the wanted types.

    A whole number may be written as a float where the schema says "number".
    """
    if call is None or call.arguments is None or wanted.arguments is None:
        return False
    if set(call.arguments) != set(wanted.arguments):
        return False
    properties: Mapping[str, Any] = spec.parameters["properties"]
    return all(_same(call.arguments[name], value, properties[name]) for name, value in wanted.arguments.items())


def _same(value: Any, wanted: Any, schema: Mapping[str, Any]) -> bool:
    if isinstance(wanted, list):
        items = schema.get("items", {})
        return (
            isinstance(value, list | tuple)
            and len(value) == len(wanted)
            and all(_same(one, other, items) for one, other in zip(value, wanted, strict=True))
        )
    if schema.get("type") == "number" and not isinstance(value, bool) and isinstance(value, int | float):
        return bool(value == wanted)
    return type(value) is type(wanted) and bool(value == wanted)
