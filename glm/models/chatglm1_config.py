"""The configuration of ChatGLM-6B, the first generation, with the keys of its official config.json.

The keys keep their official names, so that what is saved is an official folder again; the
names that the library asks for are other views of the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import PreTrainedConfig

from glm.models.config_values import check_packing, is_whole_number, quantization_bits, refused

_SIZES = {
    "num_layers": (1, 1_000),
    "vocab_size": (8, 10_000_000),
    "hidden_size": (4, 131_072),
    "inner_hidden_size": (1, 1_048_576),
    "num_attention_heads": (1, 4_096),
    "max_sequence_length": (1, 100_000_000),
}
"""What a config.json may say; far above the one model there is, so that a slip is not taken for a model."""

_FLAGS = ("position_encoding_2d", "tie_word_embeddings")

_IDS = {"mask_token_id": 0, "gmask_token_id": 1, "bos_token_id": 4, "eos_token_id": 5}
"""Ids that give a prompt its shape, counted from the first special id."""

_FIRST_SPECIAL_ID = {130528: 130000, 150528: 150000}
"""By vocabulary: that of today, and that of the first release, which had 20000 ids for images."""


class ChatGLM1Config(PreTrainedConfig):
    """Sizes and options of a ChatGLM-6B model. Make one with `chatglm1_config`, which checks them.

    `bos_token_id` is `<sop>`. `quantization_bit` 4 or 8 means layers that keep packed weights.
    """

    model_type = "chatglm"
    keys_to_ignore_at_inference = ("past_key_values",)
    attribute_map = {  # noqa: RUF012 (the library declares it)
        "intermediate_size": "inner_hidden_size",
        "num_hidden_layers": "num_layers",
        "num_key_value_heads": "num_attention_heads",
        "max_position_embeddings": "max_sequence_length",
    }

    num_layers: int = 28
    vocab_size: int = 130528
    hidden_size: int = 4096
    inner_hidden_size: int = 16384
    num_attention_heads: int = 32
    max_sequence_length: int = 2048
    layernorm_epsilon: float = 1e-5
    position_encoding_2d: bool = True
    tie_word_embeddings: bool = True
    quantization_bit: int = 0
    use_cache: bool = True
    mask_token_id: int = 130000
    gmask_token_id: int = 130001
    bos_token_id: int | None = 130004
    eos_token_id: int | list[int] | None = 130005
    pad_token_id: int | None = 3

    @property
    def head_dim(self) -> int:
        """Numbers in a head's query, key and value."""
        return int(self.hidden_size // self.num_attention_heads)


def chatglm1_config(official: Mapping[str, Any]) -> ChatGLM1Config:
    """The configuration that an official config.json states; keys that do not concern the arithmetic are left out.

    Raises `CheckpointError`, naming key and value, for what no model can have.
    """
    values: dict[str, Any] = {}
    for key, (low, high) in _SIZES.items():
        if key in official:
            values[key] = _whole_number(key, official[key], low, high)
    for key in _FLAGS:
        if key in official:
            if not isinstance(official[key], bool):
                raise refused(key, official[key], "true or false")
            values[key] = official[key]
    if "layernorm_epsilon" in official:
        values["layernorm_epsilon"] = _epsilon(official["layernorm_epsilon"])
    vocabulary = values.get("vocab_size", 130528)
    config = ChatGLM1Config(**values, quantization_bit=quantization_bits(official), **_token_ids(official, vocabulary))
    _check_shapes(config)
    return config


def _token_ids(official: Mapping[str, Any], vocabulary: int) -> dict[str, int | None]:
    """The ids that config.json states; those it leaves out, as the first release does, follow from the vocabulary."""
    first = _FIRST_SPECIAL_ID.get(vocabulary)
    ids: dict[str, int | None] = {}
    for key, offset in _IDS.items():
        stated = official.get(key)
        if stated is None:
            stated = None if first is None else first + offset
        ids[key] = _whole_number(key, stated, 0, vocabulary - 1)
    if len(set(ids.values())) < len(ids):
        raise refused("bos_token_id", ids["bos_token_id"], "four different ids for mask, gmask, bos and eos")
    pad = official.get("pad_token_id", 3)
    ids["pad_token_id"] = None if pad is None else _whole_number("pad_token_id", pad, 0, vocabulary - 1)
    return ids


def _whole_number(key: str, value: object, low: int, high: int) -> int:
    if not is_whole_number(value, low, high):
        raise refused(key, value, f"a whole number, {low} to {high}")
    return value


def _epsilon(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= 1:
        raise refused("layernorm_epsilon", value, "a number above 0, at most 1")
    return float(value)


def _check_shapes(config: ChatGLM1Config) -> None:
    heads = config.num_attention_heads
    if config.hidden_size % heads:
        raise refused("num_attention_heads", heads, f"a divisor of hidden_size {config.hidden_size}")
    unit = 4 if config.position_encoding_2d else 2
    if config.head_dim % unit:
        raise refused("hidden_size", config.hidden_size, f"heads of a multiple of {unit} numbers")
    check_packing(config.quantization_bit, config.hidden_size, config.inner_hidden_size)
