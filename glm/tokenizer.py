"""Tokenizer: text to ids and back, with control tokens only as ids.

Encoding never yields the id of a control token: a typed ``<|user|>`` is
ordinary text, whatever the tokenizer file says. A control token enters a prompt
by `Tokenizer.control_id` alone, and decodes to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glm.errors import CheckpointError

if TYPE_CHECKING:
    import tokenizers

FILE_NAME = "tokenizer.json"


class Tokenizer:
    """A checkpoint's vocabulary. Safe to use from several threads.

    `backend` is the `tokenizers.Tokenizer` behind it, for `tokenizers.decoders.DecodeStream`.
    """

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        # Makes the library treat the spelling of a special token as text.
        backend.encode_special_tokens = True
        self.backend = backend

    @classmethod
    def from_folder(cls, folder: str | Path) -> Tokenizer:
        """The tokenizer of a checkpoint folder. Raises `CheckpointError` when it is absent or damaged."""
        import tokenizers

        path = Path(folder) / FILE_NAME
        if not path.is_file():
            raise CheckpointError(f"{folder} has no {FILE_NAME}; copy it from where the checkpoint came from")
        try:
            text = _all_added_tokens_special(path.read_text(encoding="utf-8"))
            return cls(tokenizers.Tokenizer.from_str(text))
        except Exception as error:  # the library raises plain Exception for a bad file
            raise CheckpointError(f"{path} cannot be read ({error}); obtain the file again") from error

    @property
    def vocab_size(self) -> int:
        """Number of tokens, control tokens included."""
        return self.backend.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, none of them a control token's. Lone surrogates count as "?"."""
        clean = text.encode("utf-8", errors="replace").decode("utf-8")
        return self.backend.encode(clean, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`; control tokens give nothing."""
        return self.backend.decode(list(ids), skip_special_tokens=True)

    def control_id(self, token: str) -> int:
        """Id of a control token such as ``<|user|>``. Raises `CheckpointError` when the vocabulary lacks it."""
        found = self.backend.token_to_id(token)
        if found is None or found not in self.backend.get_added_tokens_decoder():
            raise CheckpointError(
                f"the tokenizer has no control token {token}, which the ChatGLM3 format needs; "
                "load a checkpoint in that format"
            )
        return found


def _all_added_tokens_special(text: str) -> str:
    """`text`, a tokenizer file, with every added token marked special, because only those can be kept from matching."""
    plain = json.loads(text)
    added = plain.get("added_tokens") or []
    if all(token["special"] for token in added):
        return text
    for token in added:
        token["special"] = True
    return json.dumps(plain, ensure_ascii=False)
