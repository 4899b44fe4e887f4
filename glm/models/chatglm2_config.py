"""The configuration of ChatGLM2 and ChatGLM3, with the keys of their official config.json.

The keys keep their official names, so that what is saved is an official folder again; the
names that the library's GLM code asks for are other views of the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import PreTrainedConfig

from glm.models.config_values import check_packing, is_whole_number, quantization_bits, refused

_SIZES = {
    "num_layers": (1, 1_000),
    "padded_vocab_size": (1, 10_000_000),
    "hidden_size": (1, 131_072),
    "ffn_hidden_size": (1, 1_048_576),
    "kv_channels": (4, 8_192),
    "num_attention_heads": (1, 4_096),
    "multi_query_group_num": (1, 4_096),
    "seq_length": (1, 100_000_000),
    "pre_seq_len": (1, 65_536),
}
"""What a config.json may say; far above every model there is, so that a slip is not taken for a model."""

_NUMBERS = {"layernorm_epsilon": (0.0, 1.0), "rope_ratio": (1e-3, 1e6)}

_FLAGS = (
    "multi_query_attention",
    "rmsnorm",
    "add_bias_linear",
    "add_qkv_bias",
    "apply_residual_connection_post_layernorm",
    "post_layer_norm",
    "prefix_projection",
    "tie_word_embeddings",
)

_ABSENT_IS_FINE = ("pre_seq_len", "rope_ratio")


class ChatGLM2Config(PreTrainedConfig):
    """Sizes and options of a ChatGLM2/3 model. Make one with `chatglm2_config`, which checks them.

    `rope_divides_positions` says what `rope_ratio` does: divide the positions, as ChatGLM2-6B-32K
    does, or multiply the base of the rotation, as ChatGLM3-6B-32K does.
    """

    model_type = "chatglm"
    keys_to_ignore_at_inference = ("past_key_values",)
    attribute_map = {  # noqa: RUF012 (the library declares it)
        "vocab_size": "padded_vocab_size",
        "intermediate_size": "ffn_hidden_size",
        "num_hidden_layers": "num_layers",
        "head_dim": "kv_channels",
        "rms_norm_eps": "layernorm_epsilon",
        "max_position_embeddings": "seq_length",
    }

    num_layers: int = 28
    padded_vocab_size: int = 65024
    hidden_size: int = 4096
    ffn_hidden_size: int = 13696
    kv_channels: int = 128
    num_attention_heads: int = 32
    multi_query_attention: bool = True
    multi_query_group_num: int = 2
    seq_length: int = 2048
    layernorm_epsilon: float = 1e-5
    rmsnorm: bool = True
    add_bias_linear: bool = False
    add_qkv_bias: bool = True
    apply_residual_connection_post_layernorm: bool = False
    post_layer_norm: bool = True
    rope_ratio: float = 1.0
    rope_divides_positions: bool = False
    quantization_bit: int = 0
    pre_seq_len: int | None = None
    prefix_projection: bool = False
    tie_word_embeddings: bool = False
    use_cache: bool = True
    initializer_range: float = 0.02
    eos_token_id: int | list[int] | None = 2
    bos_token_id: int | None = None
    pad_token_id: int | None = 0
    rope_parameters: dict[str, Any] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        rope: dict[str, Any] = {"partial_rotary_factor": 0.5, "rope_type": "default"}
        if self.rope_divides_positions and self.rope_ratio != 1:
            rope |= {"rope_type": "linear", "factor": float(self.rope_ratio), "rope_theta": 10_000.0}
        else:
            rope |= {"rope_theta": 10_000.0 * self.rope_ratio}
        self.rope_parameters = rope
        kwargs.setdefault("partial_rotary_factor", 0.5)
        super().__post_init__(**kwargs)

    @property
    def num_key_value_heads(self) -> int:
        """Heads of keys and values: the groups, or without groups one for every head."""
        return int(self.multi_query_group_num if self.multi_query_attention else self.num_attention_heads)

    @property
    def attention_bias(self) -> bool:
        """True where the joint q, k, v product has a bias."""
        return bool(self.add_qkv_bias or self.add_bias_linear)

    @property
    def hidden_act(self) -> str:
        """Activation of the gate; official checkpoints have no other."""
        return "silu"

    @property
    def is_plain(self) -> bool:
        """True for the arithmetic of all released checkpoints, that of the library's GLM."""
        return (
            self.rmsnorm
            and self.post_layer_norm
            and not self.add_bias_linear
            and not self.apply_residual_connection_post_layernorm
        )

    def to_dict(self) -> dict[str, Any]:
        """The official keys: what follows from them is left out."""
        values: dict[str, Any] = super().to_dict()
        for derived in ("rope_parameters", "partial_rotary_factor"):
            values.pop(derived, None)
        return values


def chatglm2_config(official: Mapping[str, Any], *, divide_positions: bool | None = None) -> ChatGLM2Config:
    """The configuration that an official config.json states; keys that do not concern the arithmetic are left out.

    `divide_positions` sets `rope_divides_positions`; None keeps what the file says, if anything.
    Raises `CheckpointError`, naming key and value, for what no model can have.
    """
    values: dict[str, Any] = {}
    for key, (low, high) in _SIZES.items():
        _take(official, values, key, is_whole_number(official.get(key), low, high), f"a whole number, {low} to {high}")
    for key, (least, most) in _NUMBERS.items():
        _take(official, values, key, _is_number(official.get(key), least, most), f"a number, {least} to {most}")
    for key in (*_FLAGS, "rope_divides_positions"):
        _take(official, values, key, isinstance(official.get(key), bool), "true or false")
    if divide_positions is not None:
        values["rope_divides_positions"] = divide_positions
    config = ChatGLM2Config(**values, quantization_bit=quantization_bits(official), **_token_ids(official))
    _check_shapes(config)
    return config


def _take(official: Mapping[str, Any], values: dict[str, Any], key: str, good: bool, expected: str) -> None:
    value = official.get(key)
    if value is None and (key not in official or key in _ABSENT_IS_FINE):
        return
    if not good:
        raise refused(key, value, expected)
    values[key] = float(value) if key in _NUMBERS else value  # type: ignore[arg-type]


def _is_number(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return low <= value <= high and value > 0  # false for what is not a number


def _token_ids(official: Mapping[str, Any]) -> dict[str, Any]:
    """The ids that a config.json may state; those that cannot be ids of this vocabulary are left out."""
    size = official.get("padded_vocab_size", 65024)
    eos = official.get("eos_token_id", 2)
    ids = [token for token in (eos if isinstance(eos, list) else [eos]) if is_whole_number(token, 0, size - 1)]
    pad = official.get("pad_token_id", 0)
    return {
        "eos_token_id": ids[0] if len(ids) == 1 else ids or None,
        "pad_token_id": pad if is_whole_number(pad, 0, size - 1) else None,
    }


def _check_shapes(config: ChatGLM2Config) -> None:
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    if heads % groups:
        raise refused("multi_query_group_num", groups, f"a divisor of the {heads} attention heads")
    if config.kv_channels % 4:
        raise refused("kv_channels", config.kv_channels, "a multiple of 4")
    check_packing(config.quantization_bit, config.hidden_size, config.ffn_hidden_size)
