"""Draw: random values for the code tasks, the two splits kept apart.

Numbers are split by their remainder, words by their place in the pool, so a value
chosen through a `Draw` of one split never comes from a `Draw` of the other (ranges
and pools too small to split are shared; the phrasings still differ).
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from glm.training.dialogue import Language, Split

T = TypeVar("T")
Number = int | float

_MODULUS, _HELD = 9, 4  # 10, 20, 50, 100 and 1000 stay in the training split: people ask for them most
_ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")

NICE = (5, 10, 12, 15, 20, 25, 30, 50, 60, 80, 100, 120, 150, 200, 300, 500, 1000, 2000, 10000)


def alternatives(template: str) -> list[str]:
    """All expansions of the innermost ``[a|b|]`` choices of a template."""
    found = _ALTERNATIVES.search(template)
    if not found:
        return [template]
    head, tail = template[: found.start()], template[found.end() :]
    return [text for choice in found[1].split("|") for text in alternatives(head + choice + tail)]


class Draw:
    """Values for one dialogue of `split` in `language`, from `rng`."""

    def __init__(self, rng: random.Random, split: Split, language: Language) -> None:
        self.rng = rng
        self.split: Split = split
        self.language: Language = language

    @property
    def held(self) -> bool:
        """Whether values of the held-out split are wanted."""
        return self.split == "heldout"

    def ours(self, number: int) -> bool:
        """Whether `number` belongs to this split."""
        return (number % _MODULUS == _HELD) == self.held

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`; ranges under 20 are shared by the splits."""
        while True:
            number = self.rng.randint(low, high)
            if high - low < 20 or self.ours(number):
                return number

    def sized(self, digits: Sequence[int]) -> int:
        """A whole number > 0 with one of the given numbers of digits."""
        length = self.rng.choice(digits)
        return self.integer(10 ** (length - 1) if length > 1 else 2, 10**length - 1)

    def kept(self, make: Callable[[], T]) -> T:
        """The first value of `make` that belongs to this split, by a checksum of its text."""
        while True:
            value = make()
            if self.ours(zlib.crc32(repr(value).encode())):
                return value

    def nice(self, low: int, high: int) -> int:
        """Like `integer`, but often one of the round numbers that people like."""
        liked = [n for n in NICE if low <= n <= high and self.ours(n)]
        if liked and self.rng.random() < 0.4:
            return self.rng.choice(liked)
        return self.integer(low, high)

    def decimal(self, low: float, high: float, places: int) -> float:
        """A number with at most `places` decimals."""
        scale: int = 10**places
        return self.integer(int(low * scale), int(high * scale)) / scale

    def choice(self, pool: Sequence[T]) -> T:
        """One entry of a pool; pools of fewer than 12 are shared by the splits."""
        return self.rng.choice(self.part(pool))

    def sample(self, pool: Sequence[T], count: int) -> list[T]:
        """`count` different entries of a pool, or all of its part when that is smaller."""
        part = self.part(pool)
        return self.rng.sample(part, min(count, len(part)))

    def part(self, pool: Sequence[T]) -> Sequence[T]:
        """The part of a pool that belongs to this split."""
        if len(pool) < 12:
            return pool
        return [entry for index, entry in enumerate(pool) if (index % 6 == 5) == self.held]

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.rng.random() < probability

    def numbers(self, low: int = 3, high: int = 12, *, whole: bool = False) -> list[Number]:
        """`low` to `high` numbers: small or large, sometimes negative, sometimes with decimals."""
        while True:
            count = self.rng.randint(low, high)
            style = self.rng.random()
            values: list[Number]
            if style < 0.45 or (whole and style < 0.6):
                values = [self.rng.randint(1, 99) for _ in range(count)]
            elif style < 0.65:
                values = [self.rng.randint(10, self.rng.choice((500, 2000, 20000))) for _ in range(count)]
            elif style < 0.75 or whole:
                values = [self.rng.randint(-60, 90) for _ in range(count)]
            elif style < 0.9:
                values = [self.rng.randint(10, 999) / 10 for _ in range(count)]
            else:
                values = [self.rng.randint(100, 9999) / 100 for _ in range(count)]
            if self.ours(int(sum(values) * 100)):
                return values

    def listed(self, values: Sequence[object]) -> str:
        """Values as a person types them: "3, 5, 8", "[3, 5, 8]", "3 5 8", "3, 5 and 8"."""
        texts = [str(value) for value in values]
        style = self.rng.random()
        if style < 0.12:
            return "[" + ", ".join(texts) + "]"
        if style < 0.22 and not any(" " in text or not text.isascii() for text in texts):
            return " ".join(texts)
        if style < 0.3:
            return ",".join(texts)
        if self.language == "zh" and style < 0.62:
            return ("、" if style < 0.5 else "，").join(texts)
        if self.language == "en" and style < 0.55 and len(texts) > 1:
            return ", ".join(texts[:-1]) + " and " + texts[-1]
        return ", ".join(texts)

    def phrase(self, templates: Sequence[str]) -> str:
        """One expansion of one template."""
        text = self.rng.choice(templates)
        while found := _ALTERNATIVES.search(text):
            text = text[: found.start()] + self.rng.choice(found[1].split("|")) + text[found.end() :]
        return text
