"""Dialogue: one generated training or evaluation conversation, as a plain value."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from glm.messages import Message, ToolSpec

Split = Literal["train", "heldout"]
Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation that ends with an assistant message.

    Every assistant message is supervised, except those at the indices in `unsupervised`
    (for instance the wrong first attempt of a repair). `kind` names the skill for the
    mixture and for the evaluation table. `expected` is what an evaluation compares with:
    the printed output of code, or "" where not used.
    """

    kind: str
    language: Language
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    unsupervised: frozenset[int] = frozenset()
    expected: str = ""


class Generator(Protocol):
    """A source of dialogues: endless, deterministic in `rng`.

    Phrasings, values and names of the split "heldout" never occur in "train".
    """

    def __call__(self, rng: random.Random, split: Split) -> Iterator[Dialogue]: ...
