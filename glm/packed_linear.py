"""Linear layers for a few rows in float32 on the CPU, where the usual product wastes half of the time.

A product of one row uses one core alone on some processors (MKL on AMD). Taken as a batch of products, with a part of
the weight's outputs each, it uses all of them: a view, which costs nothing.

A product of 2 to 64 rows spends a good part of its time on putting the weights in order. Weights that are also kept in
the order in which oneDNN wants them spare that, for the memory of the weights a second time. So that is done when
several requests are first served at once, and only where memory is plentiful.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from glm.memory import free_memory

PLENTIFUL = 4
"""The weights must fit so many times into the memory that is free."""

_ROWS = 8
"""Rows that the order is best for; it works for any number."""

_FEW = 128
"""Rows up to which a product is taken in parts."""


class Matrix:
    """A weight `[out, in]` with its bias. Calling it multiplies."""

    __slots__ = ("_packed", "_parts", "bias", "weight")

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        self.weight = weight
        self.bias = bias
        self._packed: torch.Tensor | None = None
        self._parts = _parts(weight)

    def __call__(self, states: torch.Tensor, *, packed: bool) -> torch.Tensor:
        """`states` [..., in] times the weight, in the dtype of `states`; with the packed weight if wanted and there."""
        if packed and self._packed is not None:
            return torch.ops.mkldnn._linear_pointwise(states, self._packed, self.bias, "none", [], "")
        dtype, rows = states.dtype, states.numel() // states.shape[-1]
        if self._parts is not None and rows <= _FEW and dtype == self._parts.dtype:
            several = states.reshape(rows, -1).expand(len(self._parts), -1, -1)
            product = torch.bmm(several, self._parts).transpose(0, 1).reshape(*states.shape[:-1], -1)
            return product if self.bias is None else product + self.bias
        return F.linear(states, self.weight.to(dtype), None if self.bias is None else self.bias.to(dtype))

    def pack(self) -> None:
        """Keep the weight a second time, in the other order."""
        self._packed = torch.ops.mkldnn._reorder_linear_weight(self.weight, _ROWS)

    def unpack(self) -> None:
        """Give that memory back."""
        self._packed = None


def pack_all(matrices: list[Matrix]) -> bool:
    """Pack float32 weights on the CPU where that works and memory is plentiful; True when all are packed."""
    weight = matrices[0].weight
    if weight.device.type != "cpu" or weight.dtype != torch.float32 or not torch.backends.mkldnn.is_available():
        return False
    if PLENTIFUL * sum(matrix.weight.nbytes for matrix in matrices) > free_memory(weight.device):
        return False
    try:
        for matrix in matrices:
            matrix.pack()
        return _agrees(matrices[0])
    except (RuntimeError, AttributeError, MemoryError):  # a torch that lacks these operations, or memory after all
        for matrix in matrices:
            matrix.unpack()
        return False


def _parts(weight: torch.Tensor) -> torch.Tensor | None:
    """The weight [out, in] as a view [parts, in, out / parts], one part for each thread or more; None if that fails."""
    if weight.device.type != "cpu" or weight.dtype != torch.float32 or not weight.is_contiguous():
        return None
    outputs, inputs = weight.shape
    least = max(8, torch.get_num_threads())
    count = next((count for count in (8, 16, 32, 64) if count >= least and outputs % count == 0), 0)
    return weight.view(count, outputs // count, inputs).transpose(1, 2) if count else None


def _agrees(matrix: Matrix) -> bool:
    """True when the packed product is the plain one."""
    states = torch.ones(2, matrix.weight.shape[1])
    plain = matrix(states, packed=False)
    return torch.allclose(matrix(states, packed=True), plain, rtol=1e-3, atol=1e-3 * float(plain.abs().max()))
