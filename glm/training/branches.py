"""Attention in a row of branches: each sees the row's opening and itself.

A dense mask over the whole row computes mostly hidden pairs: an opening of 240 and ten
branches of 60 tokens have 700,000 pairs, of which 260,000 are visible. Here the opening
is one causal sequence, and the branches, padded to the longest, are a batch whose keys
begin with the opening's. Importing this module offers it to transformers under `NAME`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from transformers import AttentionInterface

NAME = "branches"
"""For `set_attn_implementation`."""


@dataclass(frozen=True, slots=True)
class Branches:
    """Where the branches of a row lie.

    `rows` int64 [n, L]: the places of each branch's tokens, the last one repeated up to
    the longest branch's length L. `back` int64 [T - opening]: from those n * L tokens to
    the row's order. `positions` int64 [1, T]: every branch counts on from the opening.
    """

    opening: int
    rows: torch.Tensor
    back: torch.Tensor
    positions: torch.Tensor

    @classmethod
    def of(cls, opening: int, lengths: Sequence[int]) -> Branches:
        """An `opening` of at least one token and branches of `lengths` tokens (each at least one)."""
        longest = torch.arange(max(lengths))
        rows, back, positions, start = [], [], [torch.arange(opening)], opening
        for number, length in enumerate(lengths):
            rows.append(start + longest.clamp(max=length - 1))
            back.append(number * len(longest) + longest[:length])
            positions.append(opening + longest[:length])
            start += length
        return cls(opening, torch.stack(rows), torch.cat(back), torch.cat(positions)[None])


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    branches: Branches | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Transformers' attention function: query [1, H, T, D], key and value [1, K, T, D] to [1, T, H, D].

    Without `branches` the row is one causal sequence.
    """
    heads, groups = key.shape[1], query.shape[1] // key.shape[1]
    opening = query.shape[2] if branches is None else branches.opening
    first = F.scaled_dot_product_attention(
        query[:, :, :opening],
        key[:, :, :opening].repeat_interleave(groups, dim=1),
        value[:, :, :opening].repeat_interleave(groups, dim=1),
        is_causal=True,
        scale=scaling,
    ).transpose(1, 2)
    if branches is None:
        return first, None
    count, longest = branches.rows.shape
    chosen, width = branches.rows.flatten(), query.shape[-1]

    def with_opening(x: torch.Tensor) -> torch.Tensor:
        """[1, K, T, D] to [n, K, opening + L, D]."""
        own = x[0].index_select(1, chosen).view(heads, count, longest, width).transpose(0, 1)
        return torch.cat([x[:, :, :opening].expand(count, -1, -1, -1), own], dim=2)

    # The query heads that share a key head follow each other, as if they were more queries.
    queries = query[0].index_select(1, chosen).view(heads, groups, count, longest, width)
    queries = queries.permute(2, 0, 1, 3, 4).reshape(count, heads, groups * longest, width)
    visible = torch.ones(longest, opening + longest, dtype=torch.bool).tril(opening).repeat(groups, 1)
    out = F.scaled_dot_product_attention(
        queries, with_opening(key), with_opening(value), attn_mask=visible[None, None], scale=scaling
    )
    out = out.view(count, heads, groups, longest, width).permute(0, 3, 1, 2, 4)
    out = out.reshape(count * longest, heads * groups, width).index_select(0, branches.back)
    return torch.cat([first, out[None]], dim=1), None


AttentionInterface.register(NAME, attend)
