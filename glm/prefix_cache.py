"""PrefixCache: keys and values of rows that are done with, for prompts that begin with the same tokens.

The next turn of a conversation begins with all that was said before; conversations with the same system message or
tools begin alike. What is kept is bounded in bytes, goes when it was not used for a while, and goes first when a
running request needs the memory: the oldest use first.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch

Row = list[tuple[torch.Tensor, torch.Tensor] | None]
"""Keys and values `[1, heads, tokens, head_dim]` of every layer; None where a layer keeps nothing."""

WORTHWHILE = 16
"""Tokens from which a common beginning is looked for and copied."""

FORGET_SECONDS = 900.0
"""What was not used for so long is dropped."""

_MOST = 256
"""Rows kept at most, so that looking through them stays quick."""


class KeptRow:
    """Keys and values of the tokens `ids`. The tensors may have room for more tokens than that."""

    def __init__(self, ids: Sequence[int], layers: Row) -> None:
        self.ids = list(ids)
        self.layers = layers
        self.nbytes = sum(block.nbytes for layer in layers if layer is not None for block in layer)
        self.used_at = time.monotonic()


class PrefixCache:
    """The rows kept, the one used the longest ago first. The worker's alone."""

    def __init__(self) -> None:
        self._rows: list[KeptRow] = []

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(row.nbytes for row in self._rows)

    def longest(self, ids: Sequence[int]) -> tuple[KeptRow | None, int]:
        """The row that has the longest beginning in common with `ids`, and that beginning's length in tokens."""
        found, length = None, 0
        for row in self._rows:
            common = common_length(row.ids, ids)
            if common > length:
                found, length = row, common
        return found, length

    def covers(self, ids: Sequence[int]) -> bool:
        """True when a row begins with all of `ids`; it then counts as used."""
        found, length = self.longest(ids)
        if found is None or length < len(ids):
            return False
        self.use(found)
        return True

    def use(self, row: KeptRow) -> None:
        """Note that a row was useful."""
        row.used_at = time.monotonic()
        self._rows.remove(row)
        self._rows.append(row)

    def add(self, row: KeptRow) -> None:
        """Keep a row; those that it continues are dropped."""
        self._rows = [old for old in self._rows if common_length(old.ids, row.ids) < len(old.ids)]
        self._rows.append(row)
        del self._rows[:-_MOST]

    def take(self, row: KeptRow) -> Row:
        """Hand a row's tensors over."""
        self._rows.remove(row)
        return row.layers

    def shrink(self, nbytes: int) -> None:
        """Drop rows until at most `nbytes` are held."""
        while self._rows and self.nbytes > nbytes:
            del self._rows[0]

    def expire(self) -> None:
        """Drop what was not used for `FORGET_SECONDS`."""
        oldest = time.monotonic() - FORGET_SECONDS
        self._rows = [row for row in self._rows if row.used_at >= oldest]

    def clear(self) -> bool:
        """Drop everything; False when there was nothing."""
        had = bool(self._rows)
        self._rows = []
        return had


def common_length(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two sequences begin with in common."""
    low, high = 0, min(len(first), len(second))
    while low < high:  # by halves: comparing slices is much quicker than a loop over tokens
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
