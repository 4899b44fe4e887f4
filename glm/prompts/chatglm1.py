"""ChatGLM-6B's format (spec section 4): rounds counted from 0, `[gMASK] <sop>` at the end.

The first question of a conversation stands alone, without a round number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from glm.messages import Message, ToolSpec
from glm.prompts.chatglm3 import Tokens
from glm.prompts.plain import AnswerText, PlainReader, WithoutTools, rounds

_FULL_WIDTH = str.maketrans(",!:;?", "，！：；？")
_BESIDE_CHINESE = re.compile("(?<=[\u4e00-\u9fff])[,!:;?]|[,!:;?](?=[\u4e00-\u9fff])")


class ChatGLM1Format(WithoutTools):
    """Messages to ids and ids to events. Tools are not offered: the generation was not taught any.

    Raises `CheckpointError` when the tokenizer lacks a control token.
    """

    def __init__(self, tokenizer: Tokens) -> None:
        self.tokenizer = tokenizer
        self.suffix = (tokenizer.control_id("[gMASK]"), tokenizer.control_id("<sop>"))
        self.stop_ids = frozenset({tokenizer.control_id("<eop>")})

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """Prompt ids: the rounds as one text, then `[gMASK] <sop>`."""
        return [*self.tokenizer.encode(self.text(messages)), *self.suffix]

    @staticmethod
    def text(messages: Sequence[Message]) -> str:
        """The prompt as text."""
        *past, (query, _) = rounds(messages)
        if not past:
            return query
        told = "".join(f"[Round {number}]\n问：{asked}\n答：{answer}\n" for number, (asked, answer) in enumerate(past))
        return f"{told}[Round {len(past)}]\n问：{query}\n答："

    def reader(self, tools: Sequence[ToolSpec] = ()) -> PlainReader:
        return PlainReader(self.tokenizer, self.stop_ids, AnswerText(full_width))


def full_width(before: str, text: str, after: str) -> str:
    """`text` with , ! : ; ? in their Chinese form where a Chinese character stands beside them.

    `before` and `after` are the characters around it. The tokenizer has no full-width
    punctuation of its own, so the model writes Chinese with the half-width one.
    """
    polished = _BESIDE_CHINESE.sub(lambda found: found[0].translate(_FULL_WIDTH), before + text + after)
    return polished[len(before) : len(polished) - len(after)]
