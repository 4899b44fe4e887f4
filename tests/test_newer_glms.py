"""Small random folders of GLM-4 and newer: recognised, loaded, and several answers at once have the library's ids."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

import glm
from glm.checkpoint import load_checkpoint
from glm.errors import CheckpointError
from glm.generations import recognise
from glm.messages import Message, ToolSpec
from glm.prompts.glm4 import Glm4Format
from glm.prompts.glm45 import Glm45Format
from glm.settings import GenerationSettings
from glm.tokenizer import Tokenizer
from glm.torch_engine import TorchEngine
from tests import test_tiktoken_file
from tests.small_glm4 import FIRST_GLM4, GLM4_0414, GLM45, GLM47, write_tokenizer

NEW_TOKENS = 10
SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
    "tie_word_embeddings": False,
}
EXPERTS: dict[str, Any] = {
    "moe_intermediate_size": 16,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "n_shared_experts": 1,
    "first_k_dense_replace": 1,
}
LATENT: dict[str, Any] = {
    "num_key_value_heads": 4,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
}
INDEX: dict[str, Any] = {"index_topk": 8, "index_head_dim": 16, "index_n_heads": 16}
"""Fewer tokens than the prompts have, so that the attention is sparse; and so many heads that no two tokens score 0."""

FAMILIES: dict[str, tuple[dict[str, Any], str, type]] = {
    "glm": ({}, FIRST_GLM4, Glm4Format),
    "glm4": ({}, GLM4_0414, Glm4Format),
    "glm4_moe": (EXPERTS, GLM45, Glm45Format),
    "glm4_moe_lite": ({**EXPERTS, **LATENT}, GLM47, Glm45Format),
    "glm_moe_dsa": ({**EXPERTS, **LATENT, **INDEX}, GLM47, Glm45Format),
}
QUESTIONS = ("Hello", "What is the weather in Paris today? " * 3, "你好 世界", "def add(a, b):")


def write_model(folder: Path, kind: str) -> Path:
    changes, template, _ = FAMILIES[kind]
    write_tokenizer(folder, template)
    tokenizer = Tokenizer.from_folder(folder)
    torch.manual_seed(0)
    eos = [tokenizer.control_id(token) for token in ("<|endoftext|>", "<|user|>", "<|observation|>")]
    shape = {**SHAPE, **changes, "vocab_size": tokenizer.vocab_size, "pad_token_id": eos[0], "eos_token_id": eos}
    if "kv_lora_rank" in changes:
        shape.pop("head_dim")
    AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **shape)).save_pretrained(folder)
    return folder


class Recording:
    """A prompt format that keeps the ids which were generated and never stops."""

    stop_ids: frozenset[int] = frozenset()
    calls_tools = False

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.written: dict[int, list[int]] = {}

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        return list(self.inner.encode(messages, tools))

    def reader(self, tools: Sequence[ToolSpec] = ()) -> Any:
        ids = self.written.setdefault(threading.get_ident(), [])

        class Reader:
            done = False

            def allowed(self) -> None:
                return None

            def feed(self, token_id: int) -> list[Any]:
                ids.append(token_id)
                return []

            def finish(self, reason: str) -> list[Any]:
                return []

        return Reader()


def written_at_once(checkpoint: Any) -> list[list[int]]:
    """The ids of an answer to each question, all written in one batch; prompts are read in small chunks."""
    recording = Recording(checkpoint.prompt)
    engine = TorchEngine(lambda: replace(checkpoint, prompt=recording), prefill_chunk=16)
    settings = GenerationSettings(temperature=0.0, max_new_tokens=NEW_TOKENS)
    found: dict[int, list[int]] = {}

    def ask(number: int) -> None:
        list(engine.stream([Message("user", QUESTIONS[number])], settings=settings))
        found[number] = recording.written[threading.get_ident()]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(QUESTIONS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.close()
    return [found[number] for number in range(len(QUESTIONS))]


def written_by_the_library(model: Any, prompt: Any) -> list[list[int]]:
    """The library's own greedy answers, one after the other."""
    answers = []
    for question in QUESTIONS:
        ids = torch.tensor([prompt.encode([Message("user", question)])])
        made = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=[]
        )
        answers.append(made[0, ids.shape[1] :].tolist())
    return answers


@pytest.mark.parametrize("kind", FAMILIES)
def test_several_answers_at_once_have_the_librarys_ids(kind: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", kind)
    checkpoint = load_checkpoint(folder, dtype="float32", device="cpu")
    assert isinstance(checkpoint.prompt, FAMILIES[kind][2])
    assert checkpoint.description.generation.endswith(f"(model_type {kind})")
    library = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    library.generation_config.eos_token_id = None
    assert written_at_once(checkpoint) == written_by_the_library(library, checkpoint.prompt)


def test_a_folder_answers_through_the_public_door(tmp_path: Path) -> None:
    engine = glm.load_engine(write_model(tmp_path / "model", "glm4_moe"), dtype="float32", device="cpu")
    events = list(engine.stream([Message("user", "hi")], settings=GenerationSettings(max_new_tokens=8, seed=1)))
    engine.close()
    assert isinstance(events[-1], glm.events.Finished)


def original_glm4(folder: Path) -> Path:
    """An original GLM-4 folder: ChatGLM's architecture and names, a tokenizer.model of base64 lines."""
    from safetensors.torch import save_file

    ranks = test_tiktoken_file.ranks_of(test_tiktoken_file.SAMPLES, 40)
    test_tiktoken_file.write(folder, ranks, {"chat_template": FIRST_GLM4})
    layers, hidden, inner, heads, groups, dim, rows = 2, 16, 24, 4, 2, 4, 151_552
    first = len(ranks)
    config = {
        "model_type": "chatglm",
        "num_layers": layers,
        "padded_vocab_size": rows,
        "hidden_size": hidden,
        "ffn_hidden_size": inner,
        "kv_channels": dim,
        "num_attention_heads": heads,
        "multi_query_attention": True,
        "multi_query_group_num": groups,
        "seq_length": 512,
        "layernorm_epsilon": 1.5625e-07,
        "rmsnorm": True,
        "add_qkv_bias": True,
        "rope_ratio": 500,
        "post_layer_norm": True,
        "eos_token_id": [first, first + 7, first + 9],
        "pad_token_id": first,
        "torch_dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    shapes = {
        "embedding.word_embeddings.weight": (rows, hidden),
        "encoder.final_layernorm.weight": (hidden,),
        "output_layer.weight": (rows, hidden),
    }
    for layer in range(layers):
        at = f"encoder.layers.{layer}"
        shapes[f"{at}.input_layernorm.weight"] = shapes[f"{at}.post_attention_layernorm.weight"] = (hidden,)
        shapes[f"{at}.self_attention.query_key_value.weight"] = ((heads + 2 * groups) * dim, hidden)
        shapes[f"{at}.self_attention.query_key_value.bias"] = ((heads + 2 * groups) * dim,)
        shapes[f"{at}.self_attention.dense.weight"] = (hidden, heads * dim)
        shapes[f"{at}.mlp.dense_h_to_4h.weight"] = (2 * inner, hidden)
        shapes[f"{at}.mlp.dense_4h_to_h.weight"] = (hidden, inner)
    weights = {f"transformer.{name}": torch.randn(shape) * 0.3 for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_an_original_glm4_folder_runs(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(original_glm4(tmp_path / "glm-4-9b-chat"), dtype="float32", device="cpu")
    assert isinstance(checkpoint.prompt, Glm4Format)
    control = checkpoint.tokenizer.control_id
    assert checkpoint.prompt.stop_ids == {control("<|endoftext|>"), control("<|user|>"), control("<|observation|>")}
    assert written_at_once(checkpoint) == written_by_the_library(checkpoint.model, checkpoint.prompt)


def test_glm_z1_thinks_in_glm4s_architecture(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "GLM-Z1-9B-0414", "glm4")
    (folder / "chat_template.jinja").write_text(GLM47.replace("[gMASK]<sop>", "[gMASK]<sop>\n"), encoding="utf-8")
    prompt = load_checkpoint(folder, dtype="float32", device="cpu").prompt
    assert isinstance(prompt, Glm45Format)
    assert prompt.opens_thought


def test_stop_ids_come_from_the_generation_settings_too(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", "glm4_moe")
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps({**settings, "eos_token_id": [7]}))
    assert 7 in load_checkpoint(folder, dtype="float32", device="cpu").prompt.stop_ids


@pytest.mark.parametrize("kind", ["glm4v", "glm4v_moe", "glm46v", "glm5_next", "glm_image", "glm_ocr", "glmasr"])
def test_models_for_more_than_text_are_refused_in_one_sentence(kind: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"model_type {kind}.*only text models") as caught:
        recognise(tmp_path, {"model_type": kind})
    assert "\n" not in str(caught.value)


def test_the_first_glm4v_is_refused_though_it_calls_itself_chatglm(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="only text models"):
        recognise(tmp_path, {"model_type": "chatglm", "padded_vocab_size": 151_552, "vision_config": {}})
