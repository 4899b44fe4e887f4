"""Intents: what a person may want from a tool, read from the catalogue's text.

One intent looks like this; ``;`` separates variants and ``#`` opens a domain::

    # weather
    get_weather,check_weather | Get the weather of a city;Current weather | 查询城市天气
    - city_name,city : city : City name : 城市名称
    -? days : int(1,7) : Number of days : 天数
    E ~tell me the weather in {1};How is the weather in {1}?
    Z ~查一下{1}的天气;{1}天气怎么样？
    O temp_c=int(-10,38) sky=sky
    A It is {temp_c} °C and {sky} in {1}.
    B {1}现在{temp_c}度，{sky}。

``{1}`` is the first parameter, ``{temp_c}`` a field of the result. A phrasing that
starts with ``~`` is a bare request to which politeness is added. An optional
parameter (``-?``) is given exactly when the phrasing mentions it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from glm.training.dialogue import Language, Split
from glm.training.tool_values import Kind, parse_kind

_REFERENCE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its possible `names` (the first is the usual one), kind and description per language."""

    names: tuple[str, ...]
    kind: Kind
    description: dict[Language, str]
    required: bool


@dataclass(slots=True)
class Intent:
    """One thing a tool can do, with all the ways to say it. `unseen` ones never occur in training."""

    domain: str
    names: tuple[str, ...]
    descriptions: dict[Language, list[str]]
    unseen: bool = False
    parameters: list[Parameter] = field(default_factory=list)
    requests: dict[Language, list[str]] = field(default_factory=lambda: {"en": [], "zh": []})
    result: dict[str, Kind] = field(default_factory=dict)
    answers: dict[Language, list[str]] = field(default_factory=lambda: {"en": [], "zh": []})

    def phrasings(self, language: Language, split: Split) -> list[str]:
        """Requests of `split`: the last one in each language is kept for "heldout"."""
        requests = self.requests[language]
        if self.unseen:
            return requests
        return requests[-1:] if split == "heldout" else requests[:-1]


def references(pattern: str) -> set[str]:
    """Names in braces in a phrasing."""
    return set(_REFERENCE.findall(pattern))


def fill(pattern: str, values: dict[str, str]) -> str:
    """`pattern` with each name in braces replaced by its value."""
    return _REFERENCE.sub(lambda match: values[match[1]], pattern)


def _variants(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _parameter(line: str) -> Parameter:
    names, kind, english, chinese = (part.strip() for part in line.lstrip("-?").split(" : "))
    return Parameter(
        tuple(names.split(",")), parse_kind(kind), {"en": english, "zh": chinese}, not line.startswith("-?")
    )


def _checked(intent: Intent) -> Intent:
    """The intent, if every reference exists and every required parameter is mentioned."""
    known = {str(number) for number in range(1, len(intent.parameters) + 1)}
    required = {str(number) for number, parameter in enumerate(intent.parameters, 1) if parameter.required}
    for language in intent.requests:
        if len(intent.requests[language]) < 2 or not intent.answers[language] or not intent.descriptions[language]:
            raise ValueError(f"tool {intent.names[0]!r} needs two {language} requests, an answer and a description")
        for request in intent.requests[language]:
            if not required <= references(request) <= known:
                raise ValueError(f"tool {intent.names[0]!r}: request {request!r} must mention {sorted(required)}")
        for answer in intent.answers[language]:
            if not references(answer) <= known | set(intent.result):
                raise ValueError(f"tool {intent.names[0]!r}: answer {answer!r} mentions an unknown value")
    return intent


def parse(catalogue: str, *, unseen: bool = False) -> Iterator[Intent]:
    """Intents of the text `catalogue`. Raises `ValueError` naming the tool that is written wrongly."""
    domain, intent = "", None
    for line in catalogue.strip().splitlines():
        line = line.strip()
        if not line:
            continue
        mark, _, rest = line.partition(" ")
        if mark == "#":
            domain = rest
        elif mark in ("-", "-?") and intent:
            intent.parameters.append(_parameter(line))
        elif mark in ("E", "Z") and intent:
            intent.requests["en" if mark == "E" else "zh"] += _variants(rest)
        elif mark == "O" and intent:
            intent.result = {name: parse_kind(kind) for name, kind in re.findall(r"(\w+)=(\w+(?:\([^)]*\))?)", rest)}
        elif mark in ("A", "B") and intent:
            intent.answers["en" if mark == "A" else "zh"] += _variants(rest)
        else:
            if intent:
                yield _checked(intent)
            names, english, chinese = line.split("|")
            intent = Intent(
                domain, tuple(words_of(names)), {"en": _variants(english), "zh": _variants(chinese)}, unseen
            )
    if intent:
        yield _checked(intent)


def words_of(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]
