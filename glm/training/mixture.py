"""The training mixture: which skills, in which shares, packed into rows of token ids.

Most of a tool dialogue is the description of the tools. So dialogues that open with
the same tokens share them: a `Row` holds the common opening once and then each
dialogue's own part as a branch, which attends to the opening and to itself only.
The loss and its gradient are those of separate sequences, at a third of the work.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glm.messages import INTERPRETER, Message, ToolSpec
from glm.prompts.chatglm3 import ChatGLM3Format
from glm.training import chat_data, code_data, tool_groups
from glm.training.dialogue import Dialogue

IM_START, IM_END = 1, 2
"""Ids of ChatML's markers in the base model's vocabulary (SmolLM2)."""

SHARES = {"tools": 0.42, "code": 0.32, "chat": 0.08, "replay": 0.18}
"""Part of each source, counted in tokens."""

CODE_TOOLS = (ToolSpec(INTERPRETER, "Runs Python code."),)


@dataclass(frozen=True, slots=True)
class Example:
    """One training sequence; `learnt[i]` says whether the model must learn to write `ids[i]`."""

    ids: tuple[int, ...]
    learnt: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Several examples with one common opening, flattened.

    `ids` are the opening and then every branch; `opening` is its length and `branches`
    the branches' lengths. A `teacher` row holds the same answers in the base model's own
    format: the learnt ids of both correspond one to one, and the student learns the
    teacher's distribution instead of the text.
    """

    source: str
    ids: tuple[int, ...]
    learnt: tuple[bool, ...]
    opening: int
    branches: tuple[int, ...]
    teacher: Row | None = None


def rows(fmt: ChatGLM3Format, *, seed: int, replay: Sequence[dict[str, Any]], length: int = 1000) -> Iterator[Row]:
    """Endless rows of at most about `length` tokens, deterministic in `seed`.

    Attention in a row costs the square of its length, so sources with a short opening
    get shorter rows.
    """
    short = length * 4 // 10
    sources = {
        "tools": _tool_rows(fmt, random.Random(f"{seed}-tools"), length),
        "code": _pooled_rows(fmt, "code", code_data.generate(random.Random(f"{seed}-code"), "train"), length * 7 // 10),
        "chat": _pooled_rows(fmt, "chat", chat_data.generate(random.Random(f"{seed}-chat"), "train"), short),
        "replay": _replay_rows(fmt, random.Random(f"{seed}-replay"), replay, short),
    }
    given = {name: 0 for name in SHARES if name != "replay" or replay}
    while True:
        name = min(given, key=lambda source: given[source] / SHARES[source])  # the one furthest behind its share
        row = next(sources[name])
        given[name] += len(row.ids)
        yield row


def example(fmt: ChatGLM3Format, source: str, dialogue: Dialogue) -> Example:
    """A generated dialogue as ids."""
    tools = CODE_TOOLS if source == "code" else dialogue.tools
    ids, learnt = fmt.encode_example(dialogue.messages, tools, dialogue.unsupervised)
    return Example(tuple(ids), tuple(learnt))


def pack(source: str, examples: Sequence[Example], teacher: Row | None = None) -> Row:
    """One row of examples; what all of them open with (and none has to learn) is kept once."""
    opening = 0
    while all(
        len(e.ids) > opening + 1 and e.ids[opening] == examples[0].ids[opening] and not e.learnt[opening]
        for e in examples
    ):
        opening += 1
    ids, learnt = list(examples[0].ids[:opening]), [False] * opening
    for e in examples:
        ids += e.ids[opening:]
        learnt += e.learnt[opening:]
    branches = tuple(len(e.ids) - opening for e in examples)
    return Row(source, tuple(ids), tuple(learnt), opening, branches, teacher)


def _tool_rows(fmt: ChatGLM3Format, rng: random.Random, length: int) -> Iterator[Row]:
    for family in tool_groups.groups(rng, "train"):
        examples = [example(fmt, "tools", dialogue) for dialogue in family]
        row = pack("tools", examples)
        while len(row.ids) > length and len(examples) > 1:
            examples.pop()
            row = pack("tools", examples)
        if len(row.ids) <= length:
            yield row


def _pooled_rows(fmt: ChatGLM3Format, source: str, dialogues: Iterator[Dialogue], length: int) -> Iterator[Row]:
    """Dialogues gathered by their system message until a row is full."""
    pools: dict[str, list[Example]] = {}
    for dialogue in dialogues:
        first = dialogue.messages[0]
        key = first.content if first.role == "system" else ""
        pool = pools.setdefault(key, [])
        pool.append(example(fmt, source, dialogue))
        row = pack(source, pool)
        if len(row.ids) >= length:
            pools[key] = []
            if len(row.ids) <= length * 3 // 2:
                yield row


def _replay_rows(
    fmt: ChatGLM3Format, rng: random.Random, replay: Sequence[dict[str, Any]], length: int
) -> Iterator[Row]:
    """The base model's own answers, which keep its general English: without them a trial forgot how to chat."""
    while True:
        pairs: list[tuple[Example, Example]] = []
        while sum(len(student.ids) for student, _ in pairs) < length:
            pairs.append(replay_examples(fmt, rng.choice(replay)))
        teacher = pack("replay", [teacher for _, teacher in pairs])
        yield pack("replay", [student for student, _ in pairs], teacher)


def replay_examples(fmt: ChatGLM3Format, record: dict[str, Any]) -> tuple[Example, Example]:
    """A question and the base model's answer for the student and, in ChatML, for the teacher.

    Learnt are the answer's ids and, unless it was cut, the id that ends it.
    """
    encode, ends = fmt.tokenizer.encode, not record["cut"]
    answer = encode(record["answer"])
    student = fmt.encode([Message("user", record["question"])]) + fmt.header_ids("")
    teacher = chatml_prompt(fmt, record["question"])
    learnt = (True,) * (len(answer) + ends)
    return (
        Example((*student, *answer, *[fmt.role_ids["user"]] * ends), (False,) * len(student) + learnt),
        Example((*teacher, *answer, *[IM_END] * ends), (False,) * len(teacher) + learnt),
    )


def chatml_prompt(fmt: ChatGLM3Format, question: str) -> list[int]:
    """The base model's own prompt: its default system text, the question, the assistant's opening."""
    encode = fmt.tokenizer.encode
    system = encode("system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face")
    newline = encode("\n")
    return [
        *(IM_START, *system, IM_END, *newline),
        *(IM_START, *encode(f"user\n{question}"), IM_END, *newline),
        *(IM_START, *encode("assistant\n")),
    ]


def read_replay(path: Path) -> list[dict[str, Any]]:
    """Records {question, answer, cut} written by `glm.training.replay`."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]
