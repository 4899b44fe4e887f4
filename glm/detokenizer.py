"""Detokenizer: token ids in, finished text out, one per message segment.

The joined pieces equal decoding all ids at once, except that bytes of a character
that was never completed are left out, so no reader ever sees half a character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Detokenizer:
    """Streams text from ids.

    >>> detokenizer = Detokenizer(tokenizer)
    >>> "".join(detokenizer.feed(id) for id in ids) == tokenizer.decode(ids)

    `tokenizer` is a `tokenizers.Tokenizer` or anything that has one as `.backend`.
    Special tokens yield no text.
    """

    def __init__(self, tokenizer: Tokenizer | Any) -> None:
        self._backend: Tokenizer = getattr(tokenizer, "backend", tokenizer)
        self.reset()

    def reset(self) -> None:
        """Forget what was fed; bytes of an unfinished character are dropped."""
        from tokenizers.decoders import DecodeStream

        self._stream = DecodeStream(skip_special_tokens=True)

    def feed(self, token_id: int) -> str:
        """The text that became certain with this id; "" while a character is incomplete."""
        return self._stream.step(self._backend, token_id) or ""
