"""ChatGLM2-6B's format (spec section 4): `[gMASK] sop`, then rounds counted from 1."""

from __future__ import annotations

from collections.abc import Sequence

from glm.messages import Message, ToolSpec
from glm.prompts.chatglm3 import Tokens
from glm.prompts.plain import AnswerText, PlainReader, WithoutTools, rounds


class ChatGLM2Format(WithoutTools):
    """Messages to ids and ids to events. Tools are not offered: the generation was not taught any.

    Raises `CheckpointError` when the tokenizer lacks a control token.
    """

    def __init__(self, tokenizer: Tokens, *, eos_ids: Sequence[int] = (2,)) -> None:
        self.tokenizer = tokenizer
        self.prefix = (tokenizer.control_id("[gMASK]"), tokenizer.control_id("sop"))
        self.stop_ids = frozenset(eos_ids)

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """Prompt ids: `[gMASK] sop` and the rounds as one text."""
        return [*self.prefix, *self.tokenizer.encode(self.text(messages))]

    def encode_next(self, number: int, query: str) -> list[int]:
        """Ids of question `number` behind a conversation whose ids the model has read, its last answer included."""
        # A text's first id is the tokenizer's blank, which the middle of a text does not have.
        return self.tokenizer.encode("\n\n" + _opening(number, query))[1:]

    @staticmethod
    def text(messages: Sequence[Message]) -> str:
        """The prompt as text."""
        *past, (query, _) = rounds(messages)
        told = "".join(f"{_opening(number, asked)}{answer}\n\n" for number, (asked, answer) in enumerate(past, 1))
        return told + _opening(len(past) + 1, query)

    def reader(self, tools: Sequence[ToolSpec] = ()) -> PlainReader:
        return PlainReader(self.tokenizer, self.stop_ids, AnswerText())


def _opening(number: int, query: str) -> str:
    """A round up to its answer."""
    return f"[Round {number}]\n\n问：{query}\n\n答："
