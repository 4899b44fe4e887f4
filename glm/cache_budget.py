"""How much memory keys and values may take: computed when an engine starts, divided by its requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm.memory import free_memory, memory_need

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SHARES = {"cpu": 0.4, "mps": 0.5, "cuda": 0.7}
"""Part of the memory still free after loading. The rest is for passes over the model, and for other programs."""

KEPT_SHARE = 0.5
"""Part of the budget that rows kept for later prompts may take at most."""

STEP = 256
"""Tokens by which rows grow at least; reallocating on every token would copy the history each time."""


def rounded(tokens: int, context_length: int) -> int:
    """The room that a row of so many tokens takes, in tokens."""
    return min(-(-tokens // STEP) * STEP, max(context_length, tokens))


@dataclass(frozen=True, slots=True)
class CacheBudget:
    """`nbytes` for keys and values of at most `max_slots` requests; one token takes `token_bytes`."""

    nbytes: int
    token_bytes: int
    context_length: int
    max_slots: int

    @property
    def tokens(self) -> int:
        """All tokens that fit."""
        return self.nbytes // self.token_bytes

    @property
    def longest(self) -> int:
        """Tokens that one request alone may have: fewer than the context where memory is short."""
        if self.tokens >= self.context_length:
            return self.context_length
        return self.tokens // STEP * STEP or self.tokens

    def block_bytes(self, needs: list[int]) -> int:
        """Bytes of requests of so many tokens: each has a row as long as the longest."""
        if not needs:
            return 0
        return len(needs) * rounded(max(needs), self.context_length) * self.token_bytes

    def admits(self, needs: list[int]) -> bool:
        """True when requests of so many tokens fit together."""
        return len(needs) <= self.max_slots and self.block_bytes(needs) <= self.nbytes


def cache_budget(model: PreTrainedModel, *, context_length: int, max_slots: int, nbytes: int | None) -> CacheBudget:
    """The budget of an engine over a loaded model: `nbytes`, or None for a share of what is free now."""
    config, device = model.config, model.device
    token_bytes = memory_need(config, 0, model.dtype, device, tokens=STEP).cache // min(
        STEP, int(config.max_position_embeddings)
    )
    if nbytes is None:
        most = max_slots * context_length * token_bytes
        nbytes = min(most, int(SHARES.get(device.type, 0.4) * _free(model)))
    return CacheBudget(max(nbytes, token_bytes), token_bytes, context_length, max_slots)


def _free(model: PreTrainedModel) -> int:
    """Bytes free for the model's keys and values. Layers on several devices need room on each of them."""
    devices = {parameter.device for parameter in model.parameters()}
    free = len(devices) * min(free_memory(device) for device in devices)
    return free - _mapped_weights(model) if model.device.type == "cpu" else free


def _mapped_weights(model: PreTrainedModel) -> int:
    """Bytes of weights that lie in files the system maps: it counts them as free, and they are read for every token."""
    import psutil

    memory = psutil.Process().memory_info()
    own = memory.rss - getattr(memory, "shared", 0)
    weights = {parameter.data_ptr(): parameter.nbytes for parameter in model.parameters()}
    return max(0, sum(weights.values()) - int(own))
