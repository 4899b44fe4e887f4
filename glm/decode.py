"""Decoder: the model, seen as two operations on rows: read a chunk of prompt, write one token per row.

Knows tensors, positions and masks; knows nothing of requests, threads or text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from transformers import PreTrainedModel

from glm.slot_cache import SlotCache, Window

Forward = Callable[[torch.Tensor, torch.Tensor, "torch.Tensor | None", SlotCache], torch.Tensor]
"""(ids [n, q], positions [n, q], mask [n, 1, q, kv] or None, cache) -> scores of the last position [n, vocabulary].

Mask None means plain causal attention: one token per row that sees everything read, or the start of a prompt.
"""


_RAGGED = 1.5
"""Rows are attended to one by one where reading all as long as the longest would be so many times the work."""


def library_forward(model: PreTrainedModel) -> Forward:
    """The model's own forward pass: works for every model that takes a transformers cache."""
    eager = model.config._attn_implementation == "eager"
    dtype = model.dtype

    def forward(
        ids: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None, cache: SlotCache
    ) -> torch.Tensor:
        if eager and mask is None and ids.shape[1] > 1:
            mask = causal_mask(0, ids.shape[1], ids.device)
        if eager and mask is not None:  # eager attention adds its mask to the scores
            mask = torch.zeros_like(mask, dtype=dtype).masked_fill_(~mask, torch.finfo(dtype).min)
        output = model(
            input_ids=ids,
            position_ids=positions,
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[:, -1]

    return forward


def causal_mask(start: int, count: int, device: torch.device) -> torch.Tensor:
    """[1, 1, count, start + count], True where the token at `start` + row may look."""
    steps = torch.arange(start + count, device=device)
    return (steps <= steps[start:, None])[None, None]


class Decoder:
    """Runs the model over the rows of its cache. Not thread-safe: one thread owns it."""

    def __init__(self, model: PreTrainedModel, *, max_rows: int, context_length: int, forward: Forward) -> None:
        make_cache = getattr(forward, "make_cache", SlotCache)
        self.cache: SlotCache = make_cache(model.config.num_hidden_layers, max_rows=max_rows, max_tokens=context_length)
        self.uncut_prompt: bool = getattr(forward, "uncut_prompt", False)
        """True when a prompt must be read in one piece: a context that sees itself in both directions."""
        self._forward = forward
        self._device = model.device

    def prefill(self, row: int, ids: Sequence[int], start: int) -> torch.Tensor:
        """Read `ids` as tokens `start`... of `row`; the scores after the last one, float32 [vocabulary]."""
        end = start + len(ids)
        self.cache.look_at(Window(row, row + 1, start, end))
        mask = causal_mask(start, len(ids), self._device) if start and len(ids) > 1 else None
        tokens = torch.tensor([ids], device=self._device)
        positions = torch.arange(start, end, device=self._device)[None]
        return self._forward(tokens, positions, mask, self.cache)[0].float()

    def step(self, first: int, ids: Sequence[int], lengths: Sequence[int]) -> torch.Tensor:
        """Write one token in each of the rows `first`, `first` + 1, ...; scores float32 [rows, vocabulary].

        `lengths[i]` tokens are in row i before; `ids[i]` becomes its next.
        """
        count = len(ids)
        longest = max(lengths) + 1
        tokens = torch.tensor(ids, device=self._device)[:, None]
        positions = torch.tensor(lengths, device=self._device)
        mask = None
        if count == 1:
            self.cache.look_at(Window(first, first + 1, lengths[0], longest))
        else:
            spare = count * longest > _RAGGED * (sum(lengths) + count)
            each = [length + 1 for length in lengths] if spare else None
            self.cache.look_at(Window(first, first + count, longest - 1, longest, positions, each))
            if min(lengths) + 1 < longest:
                mask = (torch.arange(longest, device=self._device) <= positions[:, None])[:, None, None]
        return self._forward(tokens, positions[:, None], mask, self.cache).float()


def fastest_forward(model: PreTrainedModel) -> Forward:
    """The quickest forward pass known for this model."""
    from glm.fast_glm import FastGlm, can_speed_up
    from glm.models.chatglm1 import ChatGLM1ForCausalLM

    if isinstance(model, ChatGLM1ForCausalLM):
        from glm.models.chatglm1_forward import ChatGLM1Forward

        return ChatGLM1Forward(model)
    if getattr(model.config, "index_topk", None):
        return _with_index(library_forward(model))
    return FastGlm(model) if can_speed_up(model) else library_forward(model)


def _with_index(forward: Forward) -> Forward:
    """`forward` with the cache of models whose attention chooses its tokens by an index."""
    from glm.indexed_cache import IndexedSlotCache

    forward.make_cache = IndexedSlotCache  # type: ignore[attr-defined]
    return forward
