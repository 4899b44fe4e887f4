"""SlotCache: keys and values of several requests, one row each, in one growing block per layer.

A row is addressed by slices, so neither a decode step nor a prefill chunk copies the
history. Who has which row is in `glm.rows`; this file only stores and moves them.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

from glm.cache_budget import STEP, rounded
from glm.prefix_cache import Row


class Window:
    """Which part of the block the next forward pass writes and reads.

    Rows `first` to `last` (exclusive). A prefill chunk writes tokens `start` to
    `start` + its length in its one row. A decode step writes one token per row, at
    `positions`; with a single row that is the same as a chunk of length one.
    Reading covers the first `length` tokens of the rows. `lengths` says, where that is
    known and worth it, how many of them each row has: the rest is masked.
    """

    __slots__ = ("first", "last", "length", "lengths", "positions", "rows", "start")

    def __init__(
        self,
        first: int,
        last: int,
        start: int,
        length: int,
        positions: torch.Tensor | None = None,
        lengths: list[int] | None = None,
    ) -> None:
        self.first = first
        self.last = last
        self.start = start
        self.length = length
        self.positions = positions
        self.lengths = lengths
        self.rows = None if positions is None else torch.arange(first, last, device=positions.device)

    def written(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows and positions of a decode step, on `device`: a model's layers may lie on several."""
        assert self.rows is not None and self.positions is not None
        if self.positions.device != device:
            self.rows, self.positions = self.rows.to(device), self.positions.to(device)
        return self.rows, self.positions


class SlotLayer(CacheLayerMixin):
    """One layer's block `[rows, heads, capacity, head_dim]`, keys and values apart."""

    is_sliding = False

    def __init__(self) -> None:
        super().__init__()
        self.window: Window | None = None
        self.wanted = (0, 0)

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        rows, capacity = self.wanted
        # Zeros: masked positions still meet the softmax's zero weights, and 0 * garbage may be NaN.
        self.keys = key_states.new_zeros(rows, key_states.shape[1], capacity, key_states.shape[3])
        self.values = value_states.new_zeros(rows, value_states.shape[1], capacity, value_states.shape[3])
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write this pass's states into the window and return views of all that it reads."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        window = self.window
        assert window is not None and self.keys is not None and self.values is not None
        keys = self.keys[window.first : window.last]
        values = self.values[window.first : window.last]
        if window.positions is None:
            end = window.start + key_states.shape[2]
            keys[:, :, window.start : end] = key_states
            values[:, :, window.start : end] = value_states
        else:
            rows, positions = window.written(key_states.device)
            self.keys[rows, :, positions] = key_states[:, :, 0]
            self.values[rows, :, positions] = value_states[:, :, 0]
        return keys[:, :, : window.length], values[:, :, : window.length]

    def resize(self, rows: int, capacity: int) -> None:
        """Change the block's size, keeping what fits. Takes effect at the first write when still empty."""
        self.wanted = (rows, capacity)
        if self.is_initialized:
            self.keys = _resized(self.keys, rows, capacity)
            self.values = _resized(self.values, rows, capacity)

    def release(self) -> None:
        """Give the memory back."""
        self.keys = self.values = None
        self.is_initialized = False
        self.wanted = (0, 0)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return (self.window.length if self.window else query_length), 0

    def get_seq_length(self) -> int:
        return self.window.start if self.window else 0

    def get_max_length(self) -> int:
        return -1


def _resized(block: torch.Tensor | None, rows: int, capacity: int) -> torch.Tensor:
    assert block is not None
    if tuple(block.shape[0:3:2]) == (rows, capacity):
        return block
    new = block.new_zeros(rows, block.shape[1], capacity, block.shape[3])
    kept_rows, kept = min(rows, block.shape[0]), min(capacity, block.shape[2])
    new[:kept_rows, :, :kept] = block[:kept_rows, :, :kept]
    return new


class SlotCache(Cache):
    """The rows of all layers. `max_rows` and `max_tokens` bound its growth.

    It grows by more than is asked for, but not beyond `max_cells` tokens in all rows together, where that is set.
    """

    def __init__(self, layer_count: int, *, max_rows: int, max_tokens: int) -> None:
        super().__init__(layers=[SlotLayer() for _ in range(layer_count)])
        self._max_rows = max_rows
        self._max_tokens = max_tokens
        self.max_cells: int | None = None
        self.row_count = 0
        self.capacity = 0

    def look_at(self, window: Window) -> None:
        """Set the part that the next forward pass writes and reads, growing the block where needed."""
        self.reserve(window.last, window.length)
        for layer in self.layers:
            layer.window = window

    def reserve(self, rows: int, tokens: int) -> None:
        """Make room for `rows` rows of `tokens` tokens. Raises what torch raises when memory is short.

        When there is none to spare, what lies beyond these rows and tokens is given back.
        """
        if rows <= self.row_count and tokens <= self.capacity:
            return
        new_rows, capacity = self.row_count, self.capacity
        if rows > new_rows:
            new_rows = min(max(rows, 2 * new_rows), self._max_rows)
        if tokens > capacity:
            wanted = max(tokens, capacity + capacity // 2)
            capacity = max(tokens, min(-(-wanted // STEP) * STEP, self._max_tokens))
        if self.max_cells is not None and new_rows * capacity > self.max_cells:
            new_rows, capacity = rows, rounded(tokens, self._max_tokens)
        self._resize(new_rows, capacity)

    def trim(self, rows: int, tokens: int) -> None:
        """Give memory back that `rows` rows of at most `tokens` tokens do not need."""
        if rows == 0:
            self.release()
        elif 2 * rows <= self.row_count or 2 * tokens + STEP <= self.capacity:
            self._resize(rows, min(-(-(tokens + 1) // STEP) * STEP, self.capacity))

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first `length` tokens of one row over another."""
        for layer in self.layers:
            if layer.is_initialized:
                layer.keys[target, :, :length] = layer.keys[source, :, :length]
                layer.values[target, :, :length] = layer.values[source, :, :length]

    def swap(self, first: int, second: int, lengths: tuple[int, int]) -> None:
        """Exchange two rows that have so many tokens."""
        held = self.copy_of(first, lengths[0])
        self.move(second, first, lengths[1])
        self.write(second, held, lengths[0])

    def copy_of(self, row: int, length: int) -> Row:
        """The first `length` tokens of a row, copied."""
        return [
            (layer.keys[row : row + 1, :, :length].clone(), layer.values[row : row + 1, :, :length].clone())
            if layer.is_initialized
            else None
            for layer in self.layers
        ]

    def write(self, row: int, source: Row, length: int) -> None:
        """Write the first `length` tokens of what `copy_of` or `give_away` returned into a row that has room for it."""
        for layer, states in zip(self.layers, source, strict=True):
            if states is not None:
                if not layer.is_initialized:
                    layer.lazy_initialization(*states)
                layer.keys[row, :, :length] = states[0][0, :, :length]
                layer.values[row, :, :length] = states[1][0, :, :length]

    def give_away(self) -> Row:
        """All that a block of a single row holds, not copied; the block is empty after that."""
        assert self.row_count == 1
        row: Row = [(layer.keys, layer.values) if layer.is_initialized else None for layer in self.layers]
        self.release()
        return row

    def adopt(self, row: Row) -> None:
        """Make what `copy_of` or `give_away` returned the only row of an empty block, without a copy."""
        assert not self.row_count
        self.row_count, self.capacity = 1, min(states[0].shape[2] for states in row if states is not None)
        for layer, states in zip(self.layers, row, strict=True):
            layer.wanted = (1, self.capacity)
            if states is not None:
                layer.keys, layer.values = states
                layer.is_initialized = True

    def wipe(self, row: int) -> None:
        """Zero a row, so that invalid numbers in it cannot reach its next user through masked positions."""
        for layer in self.layers:
            if layer.is_initialized and row < layer.keys.shape[0]:
                layer.keys[row].zero_()
                layer.values[row].zero_()

    def release(self) -> None:
        """Give all memory back."""
        for layer in self.layers:
            layer.release()
        self.row_count = self.capacity = 0

    @property
    def allocated_bytes(self) -> int:
        """Memory held by keys and values, in bytes."""
        blocks = (block for layer in self.layers for block in (layer.keys, layer.values))
        return sum(block.nbytes for block in blocks if block is not None)

    def _resize(self, rows: int, capacity: int) -> None:
        # Layer by layer, so that growing needs one layer's block twice, not the whole cache twice.
        for layer in self.layers:
            layer.resize(rows, capacity)
        self.row_count, self.capacity = rows, capacity
