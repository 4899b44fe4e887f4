"""Names for tools and parameters: usual ones, synonyms, decorated ones and pure nonsense.

`wildness` from 0 to 1 says how far a name may be from the usual one.
"""

from __future__ import annotations

import keyword
import random
import string
from collections.abc import Callable, Collection

_VERBS = "run do get fetch call use make find handle query invoke exec load compute process serve ask pull scan lookup".split()
_ODD_NOUNS = """paint harbor falcon maple cobalt ribbon tundra pixel walnut comet anchor saffron lattice beacon dune ember
    glacier quill raven thistle marble copper violet onyx cedar prism lotus zephyr basalt fennel""".split()
_PREFIXES = "api my do app svc tool x ext core sys user smart quick mini the open ai pro".split()
_SUFFIXES = "v1 v2 v3 api tool now service fn plus 2 pro svc action info ex new cmd".split()
_PARAMETER_PREFIXES = "the my in input target given p arg req user".split()
_PARAMETER_SUFFIXES = "value param arg in str field 1 2 input".split()
_ONSETS = "b br c d dr f fl g gr h j k kl l m n p pr qu r s st t tr v w x z".split()


def nonsense_word(rng: random.Random) -> str:
    """Two or three syllables that mean nothing."""
    return "".join(
        rng.choice(_ONSETS) + rng.choice("aeiou") + rng.choice(("", "", "n", "x", "r", "l"))
        for _ in range(rng.choice((2, 2, 3)))
    )


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _decorated(rng: random.Random, name: str, prefixes: list[str], suffixes: list[str]) -> str:
    style = rng.randrange(5)
    if style == 0:
        return f"{rng.choice(prefixes)}_{name}"
    if style == 1:
        return f"{name}_{rng.choice(suffixes)}"
    if style == 2:
        return _camel(f"{rng.choice(prefixes)}_{name}")
    pascal = _camel(name)
    return pascal if style == 3 else pascal[0].upper() + pascal[1:]


def _nonsense_tool(rng: random.Random) -> str:
    letters = "".join(rng.choices(string.ascii_lowercase, k=rng.randint(1, 3)))
    return rng.choice((
        f"{nonsense_word(rng)}_{rng.choice(_VERBS)}", f"{rng.choice(_VERBS)}_{nonsense_word(rng)}",
        f"{letters}{rng.randint(1, 99)}_{rng.choice(_VERBS)}", nonsense_word(rng), f"{rng.choice(_VERBS)}_{rng.choice(_ODD_NOUNS)}",
        f"{rng.choice(_ODD_NOUNS)}_{rng.choice(_ODD_NOUNS)}", f"tool_{rng.randint(1, 999)}", f"{nonsense_word(rng)}_{nonsense_word(rng)}",
        _camel(f"{rng.choice(_VERBS)}_{nonsense_word(rng)}"), f"{rng.choice(_ODD_NOUNS)}_{letters}{rng.randint(1, 9)}",
    ))  # fmt: skip


def _nonsense_parameter(rng: random.Random) -> str:
    return rng.choice((
        nonsense_word(rng), rng.choice(_ODD_NOUNS), rng.choice("abcdefghkmnpqrstuvwxyz"), f"arg{rng.randint(0, 9)}",
        f"{nonsense_word(rng)}_{rng.choice(_PARAMETER_SUFFIXES)}", f"p{rng.randint(1, 99)}", f"{rng.choice(_ODD_NOUNS)}_{nonsense_word(rng)}",
    ))  # fmt: skip


def tool_name(rng: random.Random, names: tuple[str, ...], wildness: float) -> str:
    """A name for a tool whose usual `names` are given, the first being the most usual."""
    draw = rng.random() * wildness
    usual = rng.choice(names)
    if draw > 0.42:
        return _nonsense_tool(rng)
    if draw > 0.2:
        return _decorated(rng, usual, _PREFIXES, _SUFFIXES)
    return usual


def parameter_name(rng: random.Random, names: tuple[str, ...], wildness: float) -> str:
    """A name for a parameter whose usual `names` are given."""
    draw = rng.random() * wildness
    usual = rng.choice(names)
    if draw > 0.5:
        return _nonsense_parameter(rng)
    if draw > 0.3:
        return _decorated(rng, usual, _PARAMETER_PREFIXES, _PARAMETER_SUFFIXES)
    return usual


def fresh(make: Callable[[], str], taken: Collection[str]) -> str:
    """The first name from `make` that is a usable Python identifier and not `taken`."""
    for _ in range(1000):
        name = make()
        if name not in taken and name.isidentifier() and not keyword.iskeyword(name):
            return name
    raise ValueError(f"no name is left beside {sorted(taken)}; give the intent more names")
