"""A conversation as steps for people: what was said, and each call together with its answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from glm.messages import Message


@dataclass(frozen=True, slots=True)
class Said:
    """A question or a plain answer, message `index` of the history."""

    index: int
    message: Message


@dataclass(frozen=True, slots=True)
class Called:
    """A call, message `index`, and its answer, message `answer_index`; both None where nobody has answered yet."""

    index: int
    message: Message
    answer_index: int | None = None
    answer: Message | None = None


Step: TypeAlias = Said | Called


def steps(messages: Sequence[Message]) -> list[Step]:
    """The messages in the order in which they were said, answers beside their calls.

    The calls of one turn come before their answers in the history; the first answer is the first call's.
    """
    found: list[Step] = []
    waiting: list[int] = []  # places in `found` of calls that have no answer yet
    for index, message in enumerate(messages):
        if message.role == "observation" and waiting:
            place = waiting.pop(0)
            call = found[place]
            assert isinstance(call, Called)
            found[place] = Called(call.index, call.message, index, message)
        elif message.role == "assistant" and message.header:
            waiting.append(len(found))
            found.append(Called(index, message))
        else:
            if message.role != "observation":
                waiting.clear()
            found.append(Said(index, message))
    return found
