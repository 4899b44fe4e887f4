"""Task and Case: how a kind of code request is described. The tables are in the code_*_tasks files.

A template may hold ``[a|b|]`` choices and ``{slots}``. A template without final
punctuation is a verb phrase that politeness can be wrapped around ("please ...",
"请...").  The last two templates of each language are held out from training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from glm.training.code_draw import Draw
from glm.training.dialogue import Language, Split

IMAGE = "[Image]"
"""What the interpreter tells the model when the code showed a figure."""

HELD_TEMPLATES = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One instance of a task.

    `slots` fill request and answer. `output` is the printed text where the code is
    not run while generating (plots, data files, chance); None means: run it. `leaves` names the
    list of numbers that the code leaves in the session, for follow-up questions.
    """

    slots: Mapping[str, object]
    code: str
    output: str | None = None
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of request: phrasings, a function that draws a `Case`, and answers, per language."""

    kind: str
    name: str
    draw: Callable[[Draw], Case]
    requests: Mapping[Language, Sequence[str]]
    answers: Mapping[Language, Sequence[str]]
    weight: float = 1.0

    def templates(self, language: Language, split: Split) -> Sequence[str]:
        """The request templates of one split."""
        every = self.requests[language]
        return every[-HELD_TEMPLATES:] if split == "heldout" else every[:-HELD_TEMPLATES]


class TaskTable:
    """Collects tasks: ``@table.task(kind, en=..., zh=..., say_en=..., say_zh=...)`` over a drawing function."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def task(
        self,
        kind: str,
        *,
        en: Sequence[str],
        zh: Sequence[str],
        say_en: Sequence[str],
        say_zh: Sequence[str],
        weight: float = 1.0,
    ) -> Callable[[Callable[[Draw], Case]], Callable[[Draw], Case]]:
        """Register the decorated function as the task of its own name."""

        def register(draw: Callable[[Draw], Case]) -> Callable[[Draw], Case]:
            requests: dict[Language, Sequence[str]] = {"en": en, "zh": zh}
            answers: dict[Language, Sequence[str]] = {"en": say_en, "zh": say_zh}
            self.tasks.append(Task(kind, draw.__name__, draw, requests, answers, weight))
            return draw

        return register
