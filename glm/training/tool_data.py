"""Tool-calling dialogues: requests, calls with copied arguments, results and answers.

Tools and parameters are renamed at random in training, up to nonsense, so that a
model learns to copy names from the offered list instead of remembering them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from glm.messages import Message, ToolCall, ToolSpec
from glm.prompts.python_calls import written
from glm.training.dialogue import Dialogue, Language, Split
from glm.training.tool_catalogue import SEEN
from glm.training.tool_catalogue_heldout import UNSEEN
from glm.training.tool_intents import Intent, fill, references
from glm.training.tool_naming import fresh, nonsense_word, parameter_name, tool_name
from glm.training.tool_phrases import (
    DESCRIPTION_ENDS,
    ERRORS,
    EXTRA_PARAMETERS,
    GIVE_UP,
    NO_TOOL,
    OPENERS,
    RETRYABLE,
    SMALL_TALK,
    SYSTEM_PROMPTS,
    WRAPS,
)
from glm.training.tool_values import Value, draw, goes_with, schema

ToolChoice = Literal["seen", "unseen", "mixed"]

DEMO_TOOLS = frozenset({"calculator", "get_weather", "get_time", "convert_units", "random_number", "lookup_word"})
"""Tools of the product's own demos: drawn more often, and often under their own names."""

_KINDS: Sequence[tuple[str, int]] = (("tool_call", 62), ("tool_none", 21), ("tool_error", 10), ("tool_chat", 7))
_CHINESE = 0.45
_BROAD_DOMAINS = frozenset({"search", "math"})
"""Domains whose tools could serve almost any wish: never offered where no tool should fit."""
_KNOWING_DOMAINS = _BROAD_DOMAINS | {"words", "fun", "world", "food", "media", "school", "health"}
"""Domains whose tools could answer a question of general knowledge."""

_UNSEEN_NAMES = frozenset(name for intent in UNSEEN for name in intent.names) | frozenset(
    name for intent in UNSEEN for parameter in intent.parameters for name in parameter.names
)


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """An intent under the names it has in one dialogue; `parameter_names` are in the intent's order."""

    intent: Intent
    spec: ToolSpec
    parameter_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its call, result and answer; `keys` are the values of the result that the answer repeats."""

    request: Message
    call: Message
    observation: Message
    answer: Message
    keys: tuple[str, ...]
    asked: str

    @property
    def messages(self) -> tuple[Message, ...]:
        return (self.request, self.call, self.observation, self.answer)


def call_message(name: str, arguments: dict[str, Any]) -> Message:
    """The assistant message that calls the tool `name`."""
    call = ToolCall(name, dict(arguments))
    return Message("assistant", written(call), header=name, call=call)


def generate(rng: random.Random, split: Split, *, tools: ToolChoice = "mixed") -> Iterator[Dialogue]:
    """Endless tool dialogues, deterministic in `rng`.

    "train" has only seen tools. In "heldout" phrasings and open values are others, and
    `tools` says whether the tools are seen ones, unseen ones or both. `Dialogue.expected`
    of a "tool_call" holds, one a line, the values that the answer takes from the result.
    """
    makers = {"tool_call": _call, "tool_none": _none, "tool_error": _error, "tool_chat": _chat}
    names, weights = [name for name, _ in _KINDS], [weight for _, weight in _KINDS]
    while True:
        unseen = split == "heldout" and (tools == "unseen" or (tools == "mixed" and rng.random() < 0.5))
        language: Language = "zh" if rng.random() < _CHINESE else "en"
        yield makers[rng.choices(names, weights)[0]](Scene(rng, split, language, UNSEEN if unseen else SEEN))


class Scene:
    """The choices that all parts of one dialogue share."""

    def __init__(self, rng: random.Random, split: Split, language: Language, intents: Sequence[Intent]) -> None:
        self.rng, self.split, self.language, self.intents = rng, split, language, intents
        self.tool_language: Language = "en" if rng.random() < (0.35 if language == "zh" else 0.93) else "zh"
        self.wildness = rng.random() if split == "train" else rng.random() * 0.5
        self.reserved = _UNSEEN_NAMES if split == "train" else frozenset()
        self.laconic = rng.random() < 0.1
        self.chinese_enums = language == "zh" and self.tool_language == "zh" and rng.random() < 0.8

    def intent(self) -> Intent:
        """The intent that the dialogue is about."""
        demos = [intent for intent in self.intents if intent.names[0] in DEMO_TOOLS]
        if demos and self.rng.random() < 0.1:
            return self.rng.choice(demos)
        return self.rng.choice(self.intents)

    def offer(self, wanted: Sequence[Intent], avoid_domains: frozenset[str] = frozenset()) -> list[OfferedTool]:
        """`wanted` among distractors, in random order and under distinct names."""
        rng = self.rng
        total = max(len(wanted), rng.choices((1, 2, 3, 4, 5), (26, 35, 25, 9, 5))[0])
        chosen = list(wanted)
        domains = [intent.domain for intent in wanted]
        neighbours = [intent for intent in self.intents if intent.domain in domains]
        for _ in range(40):
            if len(chosen) >= total:
                break
            other = rng.choice(neighbours if neighbours and rng.random() < 0.3 else self.intents)
            if other not in chosen and other.domain not in avoid_domains:
                chosen.append(other)
        rng.shuffle(chosen)
        taken = set(self.reserved)
        offered = []
        for intent in chosen:
            offered.append(self.dress(intent, taken))
            taken.add(offered[-1].spec.name)
        return offered

    def dress(self, intent: Intent, taken: set[str]) -> OfferedTool:
        """The intent as a tool, perhaps renamed."""
        rng = self.rng
        own_names = intent.names[0] in DEMO_TOOLS and rng.random() < 0.6 and intent.names[0] not in taken
        name = intent.names[0] if own_names else fresh(lambda: tool_name(rng, intent.names, self.wildness), taken)
        wildness = 0.0 if own_names or rng.random() < 0.25 else self.wildness
        names: list[str] = []
        for parameter in intent.parameters:
            usual = parameter.names[:1] if own_names else parameter.names
            used = {*names, *self.reserved}
            names.append(fresh(lambda usual=usual: parameter_name(rng, usual, wildness), used))  # type: ignore[misc]
        return OfferedTool(intent, self._specification(intent, name, names), tuple(names))

    def _specification(self, intent: Intent, name: str, names: list[str]) -> ToolSpec:
        rng, language = self.rng, self.tool_language
        properties: list[tuple[str, dict[str, Any], bool]] = []
        for parameter, used in zip(intent.parameters, names, strict=True):
            entry = schema(parameter.kind, chinese=self.chinese_enums)
            plain = used in parameter.names and len(intent.parameters) == 1
            if not (self.laconic and used in parameter.names) and not (plain and rng.random() < 0.25):
                entry["description"] = parameter.description[language]
            properties.append((used, entry, parameter.required))
        if rng.random() < 0.1:
            extra, entry, described = rng.choice(EXTRA_PARAMETERS)
            if extra not in names:
                properties.append((extra, {**entry, "description": described[language]}, False))
        if rng.random() < 0.5:
            rng.shuffle(properties)
        parameters: dict[str, Any] = {"type": "object", "properties": {name: entry for name, entry, _ in properties}}
        required = [name for name, _, needed in properties if needed]
        if required or rng.random() < 0.5:
            parameters["required"] = required
        description = rng.choice(intent.descriptions[language])
        if rng.random() < 0.4 and language == "en":
            description += rng.choice((".", ".", ".", *DESCRIPTION_ENDS))
        return ToolSpec(name, description, parameters)

    def system(self) -> Message:
        prompt = SYSTEM_PROMPTS[0] if self.rng.random() < 0.8 else self.rng.choice(SYSTEM_PROMPTS[1:])
        return Message("system", prompt)

    def request(self, pattern: str, values: dict[str, str]) -> str:
        """A request in full words: polite forms around bare ones, openers before questions."""
        rng, language = self.rng, self.language
        bare = pattern.startswith("~")
        text = fill(pattern.lstrip("~"), values)
        if not bare:
            opener = rng.choice(OPENERS[language])
            return opener + text
        wrap = rng.choice(WRAPS[language, self.split])
        if language == "zh" and text.startswith(("请", "帮", "麻烦", "我")):
            wrap = "{x}。"
        return wrap.replace("{x}", text).replace("{X}", text[:1].upper() + text[1:])

    def exchange(self, tool: OfferedTool) -> Exchange:
        """A request for `tool` and all that follows from it."""
        rng, intent = self.rng, tool.intent
        pattern = rng.choice(intent.phrasings(self.language, self.split))
        mentioned = references(pattern)
        drawn: dict[str, Value] = {}
        for number, parameter in enumerate(intent.parameters, 1):
            if str(number) not in mentioned:
                continue
            value = draw(parameter.kind, rng, self.language, self.split)
            while not goes_with(value, drawn.values()):
                value = draw(parameter.kind, rng, self.language, self.split)
            drawn[str(number)] = value
        shown = {number: value.shown for number, value in drawn.items()}
        arguments = {tool.parameter_names[int(number) - 1]: self._argument(value) for number, value in drawn.items()}
        order = list(tool.spec.parameters["properties"])
        arguments = {name: arguments[name] for name in order if name in arguments}
        result = {name: draw(kind, rng, self.language, self.split) for name, kind in intent.result.items()}
        said = {name: _spoken(value) for name, value in result.items()}
        options = [answer for answer in intent.answers[self.language] if references(answer) <= set(said) | set(shown)]
        answer = rng.choice(options)
        keys = tuple(said[name] for name in sorted(references(answer) & set(said)))
        asked = self.request(pattern, shown)
        return Exchange(
            request=Message("user", asked),
            call=call_message(tool.spec.name, arguments),
            observation=Message("observation", self._observation(result)),
            answer=Message("assistant", fill(answer, said | shown)),
            keys=keys,
            asked=asked,
        )

    def _argument(self, value: Value) -> Any:
        """What the call says for `value`: words of an enumeration are in the language of the schema."""
        return value.enumerated[self.chinese_enums] if value.enumerated else value.argument

    def _observation(self, result: dict[str, Value]) -> str:
        """The result as a tool would print it: JSON mostly, sometimes plain text."""
        rng = self.rng
        values = {
            name: value.shown if isinstance(value.argument, str | bool) else value.argument
            for name, value in result.items()
        }
        if not values:
            return rng.choice(('{"status": "ok"}', '{"success": true}', "OK", "Done.", '{"result": "success"}', "ok"))
        if len(values) == 1 and rng.random() < 0.45:
            return str(_spoken(next(iter(result.values()))))
        if rng.random() < 0.22:
            return "\n".join(f"{name}: {_spoken(value)}" for name, value in result.items())
        return json.dumps(values, ensure_ascii=False)


def _spoken(value: Value) -> str:
    """A value as an answer writes it."""
    if isinstance(value.argument, list):
        return value.shown
    return (
        str(value.argument)
        if isinstance(value.argument, int | float) and not isinstance(value.argument, bool)
        else value.shown
    )


def _position(offered: Sequence[OfferedTool], intent: Intent) -> OfferedTool:
    return next(tool for tool in offered if tool.intent is intent)


def _specs(offered: Sequence[OfferedTool]) -> tuple[ToolSpec, ...]:
    return tuple(tool.spec for tool in offered)


def _call(scene: Scene) -> Dialogue:
    """A request, its call, the result and the answer."""
    intent = scene.intent()
    offered = scene.offer([intent])
    exchange = scene.exchange(_position(offered, intent))
    messages = (scene.system(), *exchange.messages)
    return Dialogue("tool_call", scene.language, messages, _specs(offered), expected="\n".join(exchange.keys))


def _chat(scene: Scene) -> Dialogue:
    """Two requests in one chat, or one and then some small talk."""
    intents = [scene.intent()]
    if scene.rng.random() < 0.45:
        intents.append(scene.intent())
    wanted = list({id(intent): intent for intent in intents}.values())
    offered = scene.offer(wanted)
    messages = [scene.system(), *scene.exchange(_position(offered, intents[0])).messages]
    if scene.rng.random() < 0.25:
        messages += small_talk(scene, offered)
    else:
        messages += scene.exchange(_position(offered, intents[-1])).messages
    return Dialogue("tool_chat", scene.language, tuple(messages), _specs(offered))


def small_talk(scene: Scene, offered: Sequence[OfferedTool]) -> list[Message]:
    """A question and an answer for which none of the `offered` tools is needed."""
    heldout = scene.split == "heldout"
    pool = [talk for number, talk in enumerate(SMALL_TALK[scene.language]) if (number % 5 == 4) == heldout]
    if any(tool.intent.domain in _KNOWING_DOMAINS for tool in offered):
        pool = [talk for talk in pool if talk.social]
    talk = scene.rng.choice(pool)
    return [Message("user", scene.rng.choice(talk.questions)), Message("assistant", scene.rng.choice(talk.answers))]


def _none(scene: Scene) -> Dialogue:
    """Tools are offered and none fits: small talk, or a wish that cannot be met."""
    offered = scene.offer([])
    turns = small_talk(scene, offered) if scene.rng.random() < 0.55 else unmet_wish(scene, offered)
    return Dialogue("tool_none", scene.language, (scene.system(), *turns), _specs(offered))


def unmet_wish(scene: Scene, offered: Sequence[OfferedTool]) -> list[Message]:
    """A request that none of the offered tools can meet, and the answer that says so."""
    busy = _BROAD_DOMAINS | {tool.intent.domain for tool in offered}
    wish = scene.intent()
    while wish.domain in busy:
        wish = scene.rng.choice(scene.intents)
    asked = scene.exchange(scene.dress(wish, set())).asked
    pattern = scene.rng.choice(NO_TOOL[scene.language])
    names = ("、" if scene.language == "zh" else ", ").join(tool.spec.name for tool in offered)
    return [Message("user", asked), Message("assistant", pattern.format(tools=names))]


def _error(scene: Scene) -> Dialogue:
    """The tool fails: the call is corrected, or the failure is explained."""
    intent = scene.intent()
    while not any(parameter.required for parameter in intent.parameters):
        intent = scene.intent()
    offered = scene.offer([intent])
    tool = _position(offered, intent)
    return error_dialogue(scene, scene.system(), tool, scene.exchange(tool), _specs(offered))


def error_dialogue(
    scene: Scene, system: Message, tool: OfferedTool, exchange: Exchange, specs: tuple[ToolSpec, ...]
) -> Dialogue:
    """`exchange`, but the tool fails first."""
    rng = scene.rng
    assert exchange.call.call is not None
    arguments = dict(exchange.call.call.arguments or {})
    if not arguments:
        return Dialogue("tool_call", scene.language, (system, *exchange.messages), specs)
    if rng.random() < 0.4:
        wrong, fault = _spoiled(scene, arguments)
        spoiled = (call_message(tool.spec.name, wrong), Message("observation", fault))
        messages = (system, exchange.request, *spoiled, exchange.call, exchange.observation, exchange.answer)
        return Dialogue("tool_error", scene.language, messages, specs, unsupervised=frozenset({2}))
    name, value = rng.choice(list(arguments.items()))
    fitting = ERRORS if isinstance(value, str) else [entry for entry in ERRORS if "{value}" not in entry[0]]
    error, said = rng.choice(fitting)
    observation = Message("observation", error.format(value=value, name=name))
    reason = said[scene.language].format(value=value, name=name)
    apology = Message("assistant", rng.choice(GIVE_UP[scene.language]).format(reason=reason))
    return Dialogue(
        "tool_error", scene.language, (system, exchange.request, exchange.call, observation, apology), specs
    )


def _spoiled(scene: Scene, arguments: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A wrong version of `arguments` and what the tool says about it."""
    rng = scene.rng
    name = rng.choice(list(arguments))
    style = rng.randrange(3)
    if style == 0:
        return {key: value for key, value in arguments.items() if key != name}, rng.choice(RETRYABLE["missing"]).format(
            name=name
        )
    if style == 1 and isinstance(arguments[name], int | float):
        wrong = {key: str(value) if key == name else value for key, value in arguments.items()}
        return wrong, rng.choice(RETRYABLE["type"]).format(name=name)
    other = fresh(lambda: nonsense_word(rng), {*arguments, *scene.reserved})
    wrong = {other if key == name else key: value for key, value in arguments.items()}
    return wrong, rng.choice(RETRYABLE["unknown"]).format(name=name, other=other)
