"""Completion: base models continue a text; there are no turns."""

from __future__ import annotations

from collections.abc import Sequence

from glm.messages import Message, ToolSpec
from glm.prompts.chatglm3 import Tokens
from glm.prompts.plain import PlainReader, WithoutTools


class CompletionFormat(WithoutTools):
    """The messages are one text, which the model continues; nothing is put between them.

    Raises `CheckpointError` when the tokenizer lacks one of the control tokens of `prefix`.
    """

    def __init__(
        self, tokenizer: Tokens, *, eos_ids: Sequence[int], prefix: Sequence[str] = ("[gMASK]", "sop")
    ) -> None:
        self.tokenizer = tokenizer
        self.prefix = tuple(tokenizer.control_id(token) for token in prefix)
        self.stop_ids = frozenset(eos_ids)

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """Prompt ids: `prefix` and the text."""
        return [*self.prefix, *self.tokenizer.encode("".join(message.content for message in messages))]

    def reader(self, tools: Sequence[ToolSpec] = ()) -> PlainReader:
        return PlainReader(self.tokenizer, self.stop_ids)
