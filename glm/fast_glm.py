"""A quicker forward pass for `GlmForCausalLM` and ChatGLM2/3: the same numbers from fewer, larger operations.

A small model's decode step is bound by the number of operations, not by memory. Here
q, k and v are one product, rotation is three operations on q and k together, norms
are the fused ones, and nothing is decided per layer that is the same for all. The
library's own forward pass is the specification; the tests compare the two.

On processors that cannot multiply half precision numbers, large products run in
float32 with weights widened as they are used: ten times quicker there for a prompt,
without keeping the weights in float32. On those that compute in float32 anyway, weights
are packed when several requests are served at once (`glm.packed_linear`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from transformers import GlmForCausalLM, PreTrainedModel

from glm.models.chatglm2 import ChatGLM2ForCausalLM
from glm.packed_linear import Matrix, pack_all
from glm.slot_cache import SlotCache, SlotLayer

WIDEN_FROM = 8
"""Tokens in one pass from which widening the weights costs less than multiplying in emulated half precision."""


_INSTRUCTIONS = {
    torch.bfloat16: ("amx_bf16", "avx512_bf16", "bf16"),
    torch.float16: ("amx_fp16", "avx512_fp16", "fp16"),
}
"""Names, as torch reports them, of the instruction sets that multiply these types."""

_PRODUCTS = ("_proj", "query_key_value", "head")
"""Ends of the names of the linear layers."""


@dataclass(frozen=True, slots=True)
class _Block:
    """The weights of one layer, in the order of their use."""

    input_norm: torch.Tensor
    qkv: Matrix
    output: Matrix
    output_norm: torch.Tensor
    gate_up: Matrix
    down: Matrix


def can_speed_up(model: PreTrainedModel) -> bool:
    """True for plain GLM models: no quantised or adapted layers, default rotary embedding, SDPA attention."""
    return (
        (type(model) is GlmForCausalLM or _is_plain_chatglm2(model))
        and model.config._attn_implementation == "sdpa"
        and model.config.hidden_act == "silu"
        and model.config.rope_parameters["rope_type"] in ("default", "linear")
        and len({parameter.device for parameter in model.parameters()}) == 1
        and all(type(parameter) is nn.Parameter for parameter in model.parameters())
        and all(type(module) is nn.Linear for name, module in model.named_modules() if name.endswith(_PRODUCTS))
    )


def _is_plain_chatglm2(model: PreTrainedModel) -> bool:
    """True for the layers of released ChatGLM2/3 checkpoints, with q, k and v one below the other and no prefix."""
    return (
        type(model) is ChatGLM2ForCausalLM
        and model.config.is_plain
        and model.config.multi_query_attention
        and not model.prefix_length
    )


def emulates_half_precision(model: PreTrainedModel) -> bool:
    """True when the model is in half precision and its processor has no instructions for that."""
    wanted = _INSTRUCTIONS.get(model.dtype)
    if model.device.type != "cpu" or wanted is None:
        return False
    able = torch.cpu.get_capabilities()
    return not any(able.get(name) for name in wanted)


class FastGlm:
    """A `glm.decode.Forward` of a model for which `can_speed_up` holds.

    Separate q, k and v weights become views of one joint matrix, so nothing is kept
    twice; their values do not change.
    """

    def __init__(self, model: GlmForCausalLM | ChatGLM2ForCausalLM) -> None:
        config = model.config
        self._heads = config.num_attention_heads
        self._groups = config.num_key_value_heads
        self._head_dim = config.head_dim
        self._norm_shape = (config.hidden_size,)
        self._eps = config.rms_norm_eps
        self._embedding = model.model.embed_tokens.weight
        self._frequencies = model.model.rotary_emb.inv_freq.float()
        self._blocks = [_block(layer) for layer in model.model.layers]
        self._final_norm = model.model.norm.weight
        self._vocabulary = Matrix(model.lm_head.weight)
        self._dtype = self._embedding.dtype
        self._widens = emulates_half_precision(model)
        self._packed: bool | None = None
        """None until there was a reason to pack."""

    def __call__(
        self, ids: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None, cache: SlotCache
    ) -> torch.Tensor:
        count, length = ids.shape
        if self._packed is None and count > 1:
            self._packed = pack_all(self._matrices())
        packed = bool(self._packed) and count * length > 1
        dtype = torch.float32 if self._widens and count * length >= WIDEN_FROM else self._dtype
        hidden = F.embedding(ids, self._embedding).to(dtype)
        if mask is not None:  # what attention adds to its scores, made once and not in every layer
            mask = torch.zeros_like(mask, dtype=dtype).masked_fill_(~mask, float("-inf"))
        rotation = self._rotation(positions, dtype)
        for block, layer in zip(self._blocks, cache.layers, strict=True):
            normed = F.rms_norm(hidden, self._norm_shape, block.input_norm.to(dtype), self._eps)
            attended = self._attention(block.qkv(normed, packed=packed), layer, rotation, mask)
            hidden = hidden + block.output(attended, packed=packed)
            normed = F.rms_norm(hidden, self._norm_shape, block.output_norm.to(dtype), self._eps)
            gate, up = block.gate_up(normed, packed=packed).chunk(2, dim=-1)
            hidden = hidden + block.down(F.silu(gate).mul_(up), packed=packed)
        last = F.rms_norm(hidden[:, -1].to(self._dtype), self._norm_shape, self._final_norm, self._eps)
        return self._vocabulary(last, packed=bool(self._packed) and count > 1)

    def _matrices(self) -> list[Matrix]:
        layers = [(block.qkv, block.output, block.gate_up, block.down) for block in self._blocks]
        return [*(matrix for layer in layers for matrix in layer), self._vocabulary]

    def _attention(
        self,
        joined: torch.Tensor,
        layer: SlotLayer,
        rotation: tuple[torch.Tensor, torch.Tensor],
        mask: torch.Tensor | None,
    ) -> torch.Tensor:
        """Write keys and values of `joined`, q, k and v of [n, q] tokens, into the cache and attend to all of it."""
        dtype, (cosine, sine) = joined.dtype, rotation
        qkv = joined.unflatten(-1, (-1, self._head_dim))
        qk = qkv[:, :, : self._heads + self._groups]
        # Rotating pairs (a, b) to (a cos - b sin, b cos + a sin): swap them, and let the sine carry the sign.
        swapped = qk.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
        qk = torch.addcmul(qk * cosine, swapped, sine).transpose(1, 2)
        new_values = qkv[:, :, self._heads + self._groups :].transpose(1, 2)
        keys, values = layer.update(qk[:, self._heads :].to(self._dtype), new_values.to(self._dtype))
        lengths = layer.window.lengths if layer.window is not None else None
        if lengths is not None:
            return self._attend_singly(qk[:, : self._heads], keys, values, lengths)
        return self._attend(qk[:, : self._heads], keys.to(dtype), values.to(dtype), mask)

    def _rotation(self, positions: torch.Tensor, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosine and signed sine of every head dimension, [n, q, 1, head_dim]; what is not rotated gets 1 and 0."""
        angles = positions[..., None].float() * self._frequencies
        cosine = angles.cos().repeat_interleave(2, dim=-1)
        sine = angles.sin()
        sine = torch.stack((-sine, sine), dim=-1).flatten(-2)
        rest = self._head_dim - cosine.shape[-1]
        if rest:
            cosine = F.pad(cosine, (0, rest), value=1.0)
            sine = F.pad(sine, (0, rest))
        return cosine.to(dtype)[:, :, None], sine.to(dtype)[:, :, None]

    def _attend(
        self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Attention of [n, heads, q, dim] queries, as [n, q, heads * dim]."""
        count, heads, length, dim = query.shape
        if length == 1:
            # One token per row: the heads that share keys become the queries of one head.
            grouped = query.reshape(count, self._groups, heads // self._groups, dim)
            return F.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask).reshape(count, 1, heads * dim)
        attended = F.scaled_dot_product_attention(
            query, keys, values, attn_mask=mask, is_causal=mask is None, enable_gqa=True
        )
        return attended.transpose(1, 2).reshape(count, length, heads * dim)

    def _attend_singly(
        self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, lengths: list[int]
    ) -> torch.Tensor:
        """The same of one token per row, where a few rows are much longer than the others."""
        dtype = query.dtype
        rows = (
            self._attend(
                one, keys[row : row + 1, :, :length].to(dtype), values[row : row + 1, :, :length].to(dtype), None
            )
            for row, (one, length) in enumerate(zip(query.split(1), lengths, strict=True))
        )
        return torch.cat(list(rows))


def _block(layer: nn.Module) -> _Block:
    attention, mlp = layer.self_attn, layer.mlp
    if hasattr(attention, "query_key_value"):
        qkv, bias = attention.query_key_value.weight, attention.query_key_value.bias
    else:
        parts = [attention.q_proj, attention.k_proj, attention.v_proj]
        qkv = _join([part.weight for part in parts])
        bias = _join([part.bias for part in parts]) if attention.q_proj.bias is not None else None
    return _Block(
        input_norm=layer.input_layernorm.weight,
        qkv=Matrix(qkv, bias),
        output=Matrix(attention.o_proj.weight),
        output_norm=layer.post_attention_layernorm.weight,
        gate_up=Matrix(mlp.gate_up_proj.weight),
        down=Matrix(mlp.down_proj.weight),
    )


def _join(parameters: list[nn.Parameter]) -> torch.Tensor:
    """One matrix with the rows of all; the parameters become views of it."""
    joined = torch.cat([parameter.data for parameter in parameters])
    for parameter, view in zip(parameters, joined.split([len(p) for p in parameters]), strict=True):
        parameter.data = view
    return joined
