"""Re-expresses the base model, a Llama, as a GLM.

A Llama block computes what a GLM block computes when the GLM rotates the whole
head (`partial_rotary_factor` 1.0). Two things differ in the files: GLM rotates
neighbouring pairs of rows where Hugging Face's Llama rotates row i with row
i + head_dim / 2, and GLM keeps gate and up stacked in one matrix. A GGUF already
holds the q and k rows in the order of neighbouring pairs, so there is nothing to
permute in it; a Hugging Face checkpoint has to be permuted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm.errors import CheckpointError

if TYPE_CHECKING:
    import torch
    from transformers import GlmConfig

    ReadTensor = Callable[[str], torch.Tensor]
    Adjust = Callable[[str, torch.Tensor], torch.Tensor]

EOS_TOKEN_IDS = (2, 6, 8)
"""What ends a generation: the base model's <|im_end|>, and <|user|> and <|observation|> of ChatGLM3."""

_GGUF_LAYER = {
    "input_layernorm.weight": "attn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.o_proj.weight": "attn_output.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
}
_GGUF_ROOT = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}


def glm_config(
    *,
    vocab_size: int,
    hidden_size: int,
    intermediate_size: int,
    layers: int,
    heads: int,
    kv_heads: int,
    context_length: int,
    rope_theta: float,
    rms_norm_eps: float,
) -> GlmConfig:
    """The GLM configuration that computes what a Llama of these sizes, with tied embeddings, computes."""
    from transformers import GlmConfig

    head_dim = hidden_size // heads
    return GlmConfig(
        vocab_size=vocab_size,
        hidden_size=hidden_size,
        intermediate_size=intermediate_size,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=head_dim,
        max_position_embeddings=context_length,
        rms_norm_eps=rms_norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": rope_theta, "partial_rotary_factor": 1.0},
        attention_bias=False,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=list(EOS_TOKEN_IDS),
        pad_token_id=0,
    )


def convert_base(
    gguf_path: str | Path, dtype: torch.dtype | None = None, adjust: Adjust | None = None
) -> tuple[GlmConfig, dict[str, torch.Tensor]]:
    """Configuration and weights of the GLM that equals the Llama in a GGUF file.

    The weights are dequantised tensor by tensor; each goes in fp32 through `adjust(name, tensor)`,
    when given, and is then rounded to `dtype` (fp32 by default).
    Raises `CheckpointError` when the file is damaged or holds another kind of model.
    """
    import gguf

    try:
        reader = gguf.GGUFReader(Path(gguf_path))
    except Exception as error:  # the reader raises ValueError, IndexError and others, as the damage falls
        raise CheckpointError(f"the base model file {gguf_path} cannot be read as GGUF ({error})") from error
    architecture = _gguf_value(reader, "general.architecture")
    if architecture != "llama":
        raise CheckpointError(f"the base model file {gguf_path} holds a {architecture!r} model, expected 'llama'")
    tensors = {tensor.name: tensor for tensor in reader.tensors}

    def read(name: str) -> torch.Tensor:
        import torch

        stored = tensors[_gguf_name(name)]
        return torch.from_numpy(gguf.dequantize(stored.data, stored.tensor_type).astype("float32"))

    config = glm_config(
        vocab_size=int(tensors["token_embd.weight"].shape[1]),
        hidden_size=int(_gguf_value(reader, "llama.embedding_length")),
        intermediate_size=int(_gguf_value(reader, "llama.feed_forward_length")),
        layers=int(_gguf_value(reader, "llama.block_count")),
        heads=int(_gguf_value(reader, "llama.attention.head_count")),
        kv_heads=int(_gguf_value(reader, "llama.attention.head_count_kv")),
        context_length=int(_gguf_value(reader, "llama.context_length")),
        rope_theta=float(_gguf_value(reader, "llama.rope.freq_base")),
        rms_norm_eps=round(float(_gguf_value(reader, "llama.attention.layer_norm_rms_epsilon")), 12),
    )
    return config, _tensors(config, read, dtype, adjust)


def convert_llama(
    folder: str | Path, dtype: torch.dtype | None = None, adjust: Adjust | None = None
) -> tuple[GlmConfig, dict[str, torch.Tensor]]:
    """The same from a Hugging Face Llama with tied embeddings: a folder with config.json and model.safetensors."""
    from safetensors import SafetensorError, safe_open

    try:
        config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
        weights = safe_open(Path(folder) / "model.safetensors", framework="pt")
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"the base model in {folder} cannot be read ({error}); obtain it again") from error
    rope = config.get("rope_parameters") or config
    heads, kv_heads = int(_number(config, "num_attention_heads")), int(_number(config, "num_key_value_heads"))
    glm = glm_config(
        vocab_size=int(_number(config, "vocab_size")),
        hidden_size=int(_number(config, "hidden_size")),
        intermediate_size=int(_number(config, "intermediate_size")),
        layers=int(_number(config, "num_hidden_layers")),
        heads=heads,
        kv_heads=kv_heads,
        context_length=int(_number(config, "max_position_embeddings")),
        rope_theta=_number(rope, "rope_theta"),
        rms_norm_eps=_number(config, "rms_norm_eps"),
    )

    def read_interleaved(name: str) -> torch.Tensor:
        tensor = weights.get_tensor(name)
        if "q_proj" in name:
            return interleave_rows(tensor, heads)
        return interleave_rows(tensor, kv_heads) if "k_proj" in name else tensor

    return glm, _tensors(glm, read_interleaved, dtype, adjust)


def interleave_rows(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of each head from half-split order (0..d/2 | d/2..d) to neighbouring pairs (0, d/2, 1, d/2 + 1, ...)."""
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)


def _tensors(
    config: GlmConfig, read: ReadTensor, dtype: torch.dtype | None, adjust: Adjust | None
) -> dict[str, torch.Tensor]:
    """All tensors of the GLM. One of them at a time exists in fp32, which keeps the memory low."""
    import torch

    wanted = dtype or torch.float32
    made = {}
    for name, parts in _parts(config.num_hidden_layers):
        tensor = torch.cat([read(part).float() for part in parts])
        made[name] = (adjust(name, tensor) if adjust else tensor).to(wanted).contiguous()
    return made


def _parts(layers: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each tensor of the GLM with the tensors of the Llama that are stacked in it."""
    for name in _GGUF_ROOT:
        yield name, (name,)
    for index in range(layers):
        layer = f"model.layers.{index}."
        for part in _GGUF_LAYER:
            if part not in ("mlp.gate_proj.weight", "mlp.up_proj.weight"):
                yield layer + part, (layer + part,)
        yield layer + "mlp.gate_up_proj.weight", (layer + "mlp.gate_proj.weight", layer + "mlp.up_proj.weight")


def _gguf_name(name: str) -> str:
    if name in _GGUF_ROOT:
        return _GGUF_ROOT[name]
    index, _, part = name.removeprefix("model.layers.").partition(".")
    return f"blk.{index}.{_GGUF_LAYER[part]}"


def _gguf_value(reader: Any, key: str) -> Any:
    field = reader.get_field(key)
    if field is None:
        raise CheckpointError(f"the base model file lacks {key!r}; obtain it again")
    return field.contents()


def _number(values: Mapping[str, Any], key: str) -> float:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CheckpointError(f"the base model's config.json has {key} = {value!r}, expected a number")
    return value
