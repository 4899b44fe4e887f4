"""Where a model goes: the device and why, a plan for several GPUs, the estimate of memory, and refusals with advice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from glm import memory
from glm.checkpoint import load_checkpoint
from glm.errors import CheckpointError
from glm.generations import Recognised
from glm.gpu_plan import free_gpus, plan_gpus
from glm.memory import MemoryNeed, gib, memory_need
from glm.models.loading import Blueprint, blueprint
from glm.placement import choose_dtype, explain_device
from glm.room import find_room, need_of
from tests.toy_glm import toy_glm

ROOT = Path(__file__).resolve().parents[1]
CPU = torch.device("cpu")
GB = 10**9

CHATGLM3 = {
    "model_type": "chatglm", "num_layers": 28, "padded_vocab_size": 65024, "hidden_size": 4096,
    "ffn_hidden_size": 13696, "kv_channels": 128, "num_attention_heads": 32, "seq_length": 8192,
    "multi_query_attention": True, "multi_query_group_num": 2, "add_qkv_bias": True, "add_bias_linear": False,
    "rmsnorm": True, "layernorm_epsilon": 1e-5, "post_layer_norm": True, "original_rope": True,
    "apply_residual_connection_post_layernorm": False, "tie_word_embeddings": False,
}  # fmt: skip
"""The shape of ChatGLM3-6B."""

CHATGLM1 = {
    "model_type": "chatglm", "num_layers": 28, "vocab_size": 130528, "hidden_size": 4096, "inner_hidden_size": 16384,
    "num_attention_heads": 32, "max_sequence_length": 2048, "layernorm_epsilon": 1e-5, "position_encoding_2d": True,
    "bos_token_id": 130004, "eos_token_id": 130005, "gmask_token_id": 130001, "mask_token_id": 130000,
    "pad_token_id": 3,
}  # fmt: skip
"""The shape of ChatGLM-6B."""


@pytest.fixture(scope="module")
def chatglm3() -> Blueprint:
    return blueprint(Path("chatglm3-6b"), CHATGLM3, Recognised("chatglm3", "chatglm2", "as asked"))


@pytest.fixture(scope="module")
def chatglm1() -> Blueprint:
    return blueprint(Path("chatglm-6b"), CHATGLM1, Recognised("chatglm", "chatglm", "as asked"))


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_glm(tmp_path_factory.mktemp("models") / "toy-glm")


def gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Make PyTorch say that there are `count` GPUs."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "Some GPU")


def no_gpu(monkeypatch: pytest.MonkeyPatch, *, cuda_build: bool = False) -> None:
    gpus(monkeypatch, 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", "12.8" if cuda_build else None)
    monkeypatch.setattr(torch.version, "hip", None)


def free(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Make the system say that `count` bytes of memory are free."""
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=count))


# --- the device and why


def test_without_a_gpu_auto_takes_the_processor_and_says_what_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    no_gpu(monkeypatch)
    assert explain_device("auto") == (CPU, "this PyTorch is a build without GPUs")
    no_gpu(monkeypatch, cuda_build=True)
    assert explain_device("auto") == (CPU, "PyTorch finds no GPU, or no driver for it")


def test_a_gpu_is_taken_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 1)
    assert explain_device("auto") == (torch.device("cuda"), "Some GPU")


def test_several_gpus_are_mentioned_with_the_option_that_uses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 2)
    assert explain_device("auto") == (torch.device("cuda"), "Some GPU, the first of 2; --gpus 2 uses all")


def test_the_gpu_of_a_mac_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    no_gpu(monkeypatch)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert explain_device("auto") == (torch.device("mps"), "the GPU of this Mac")
    assert choose_dtype("auto", torch.device("mps")) == "float16"


@pytest.mark.parametrize(
    ("count", "name", "sentence"),
    [
        (0, "cuda", "finds no CUDA device; use device cpu, or install a CUDA build"),
        (2, "cuda:2", "device cuda:2 does not exist; the last one is cuda:1"),
        (0, "mps", "device mps is not available here; use cpu"),
        (0, "xpu", "device must be auto, cpu, cuda, cuda:N or mps, got 'xpu'"),
        (0, "cpu:x", "device must be auto, cpu, cuda, cuda:N or mps, got 'cpu:x'"),
    ],
)
def test_a_device_that_is_not_there_is_refused(
    count: int, name: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_gpu(monkeypatch)
    gpus(monkeypatch, count)
    with pytest.raises(CheckpointError, match=sentence):
        explain_device(name)


def test_loading_tells_the_device_with_its_reason_and_the_estimate(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_gpu(monkeypatch)
    told: list[str] = []
    load_checkpoint(toy, dtype="float32", progress=lambda message, _: told.append(message))
    assert "Device cpu: this PyTorch is a build without GPUs\n" in told
    assert any(message.startswith("toy-glm in float32 takes about ") for message in told)


# --- several GPUs


def plan_of(model: Blueprint, *free_gb: float) -> Any:
    need = need_of(model, torch.bfloat16, torch.device("cuda"))
    return plan_gpus("model", model.skeleton(), need, {n: int(gb * GB) for n, gb in enumerate(free_gb)}, torch.bfloat16)


def blocks_on(plan: Any, gpu: int) -> int:
    return sum(1 for name, where in plan.device_map.items() if where == gpu and name.rpartition(".")[2].isdigit())


@pytest.mark.parametrize("name", ["chatglm3", "chatglm1"])
def test_two_equal_gpus_get_half_of_the_blocks_each(name: str, request: pytest.FixtureRequest) -> None:
    plan = plan_of(request.getfixturevalue(name), 16, 16)
    assert abs(blocks_on(plan, 0) - blocks_on(plan, 1)) <= 4
    assert blocks_on(plan, 0) + blocks_on(plan, 1) == 28


@pytest.mark.parametrize("name", ["chatglm3", "chatglm1"])
def test_every_weight_has_one_gpu_and_no_block_is_split(name: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(name)
    plan = plan_of(model, 9, 12, 9)
    for weight, _ in model.skeleton().named_parameters():
        homes = [place for place in plan.device_map if weight == place or weight.startswith(f"{place}.")]
        assert len(homes) == 1, weight
    layers = {name for name in plan.device_map if ".layers." in name}
    assert len(layers) == 28 and all(name.rpartition(".")[2].isdigit() for name in layers)


def test_a_small_gpu_gets_fewer_blocks_than_a_large_one(chatglm3: Blueprint) -> None:
    plan = plan_of(chatglm3, 4, 24)
    assert 0 < blocks_on(plan, 0) < 10


def test_a_library_model_is_divided_as_well(tmp_path: Path) -> None:
    folder = toy_glm(tmp_path / "toy", vocab_size=64, num_hidden_layers=6)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    plan = plan_of(blueprint(folder, config, Recognised("chatglm3", "glm", "as asked")), 1, 1)
    assert [blocks_on(plan, gpu) for gpu in (0, 1)] in ([2, 4], [3, 3], [4, 2])


def test_the_plan_says_what_is_where_and_how_full_it_gets(chatglm3: Blueprint) -> None:
    lines = plan_of(chatglm3, 16, 16).lines
    assert len(lines) == 2
    assert lines[0].startswith("cuda:0: ") and ".layers.0 to " in lines[0]
    assert ".layers.27" not in lines[0] and " to 27" in lines[1]
    assert all(line.endswith(" of 14.9 GiB free") for line in lines)


def test_gpus_that_are_too_small_together_are_refused_with_the_figures(chatglm3: Blueprint) -> None:
    with pytest.raises(CheckpointError, match=r"needs 1\d\.\d GiB \(weights 11\.6 GiB, .* 2 GPUs have 5\.6 GiB, 5\.6"):
        plan_of(chatglm3, 6, 6)


def test_more_gpus_than_there_are_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 1)
    with pytest.raises(CheckpointError, match="--gpus 2 was asked for and PyTorch finds 1"):
        free_gpus(2)


def test_the_plan_is_told_while_loading(chatglm3: Blueprint, monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (16 * GB, 24 * GB))
    told: list[str] = []
    found = find_room(
        chatglm3, "m", torch.bfloat16, torch.device("cuda"), 2, lambda message, fraction: told.append(message)
    )
    assert isinstance(found, dict) and set(found.values()) == {0, 1}
    assert [line.partition(":")[2][:2] for line in told] == ["0:", "1:"]
    assert all(line.endswith("\n") for line in told)


def test_gpus_beside_another_device_are_a_contradiction(toy: Path) -> None:
    with pytest.raises(CheckpointError, match="gpus 2 and device cpu contradict each other; leave one of them out"):
        load_checkpoint(toy, device="cpu", gpus=2)


# --- memory


@pytest.mark.thorough
@pytest.mark.timeout(400)
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the process's memory from Linux's /proc")
def test_the_estimate_is_within_a_tenth_of_what_is_used(toy: Path, tmp_path: Path) -> None:
    large = toy_glm(
        tmp_path / "large", hidden_size=768, intermediate_size=2048, num_hidden_layers=6, num_attention_heads=12,
        num_key_value_heads=12, head_dim=64, max_position_embeddings=512,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.measure_memory", str(toy), str(large)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["tokens"] > 450 and found["used"] > 300_000_000
    assert abs(found["estimated"] - found["used"]) < 0.1 * found["used"], found


def test_the_weights_of_chatglm3_take_what_its_files_take(chatglm3: Blueprint, chatglm1: Blueprint) -> None:
    assert chatglm3.parameters == 6_243_584_000
    need = need_of(chatglm3, torch.float16, CPU)
    assert need.weights == 2 * 6_243_584_000
    assert need.cache == 28 * 2 * 2 * 128 * 2048 * 2
    assert need_of(chatglm1, torch.float16, CPU).cache == 28 * 2 * 4096 * 2048 * 2


def test_a_longer_conversation_takes_more_cache_up_to_the_context(chatglm3: Blueprint) -> None:
    def cache(tokens: int) -> int:
        return memory_need(chatglm3.config, 0, torch.float16, CPU, tokens=tokens).cache

    assert cache(1000) == cache(1024) == cache(2048) // 2
    assert cache(8192) == cache(100_000)


def test_packed_weights_are_counted_as_they_lie(chatglm3: Blueprint) -> None:
    int4 = blueprint(Path("int4"), {**CHATGLM3, "quantization_bit": 4}, Recognised("chatglm3", "chatglm2", "as asked"))
    assert int4.kept_packed is not None
    packed = need_of(int4.kept_packed(), torch.float16, CPU)
    assert 3.0 * GB < packed.weights < 4.5 * GB
    assert need_of(int4, torch.float16, CPU).weights == need_of(chatglm3, torch.float16, CPU).weights


@pytest.mark.parametrize(
    ("free_gb", "dtype", "advice"),
    [
        (16, torch.float32, r"use dtype bfloat16 \(1\d\.\d GiB\) or an int4 checkpoint"),
        (8, torch.float16, r"are free; use an int4 checkpoint of the model with quantize keep \([34]\.\d GiB\), or"),
        (1, torch.float16, r"are free; close other programs or choose a smaller model"),
    ],
)
def test_a_model_that_cannot_fit_is_refused_with_what_would(
    chatglm3: Blueprint, free_gb: int, dtype: torch.dtype, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, free_gb * GB)
    with pytest.raises(CheckpointError, match=advice) as caught:
        find_room(chatglm3, "chatglm3-6b", dtype, CPU, None)
    assert str(caught.value).startswith("chatglm3-6b needs ") and "\n" not in str(caught.value)


def test_official_int4_weights_are_advised_to_stay_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    int4 = blueprint(Path("int4"), {**CHATGLM3, "quantization_bit": 4}, Recognised("chatglm3", "chatglm2", "as asked"))
    free(monkeypatch, 8 * GB)
    with pytest.raises(CheckpointError, match=r"use quantize keep \(\d\.\d GiB\), or close"):
        find_room(int4, "int4", torch.float16, CPU, None)


def test_the_processor_is_advised_where_the_gpu_is_too_small(
    chatglm3: Blueprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 32 * GB)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2 * GB, 8 * GB))
    with pytest.raises(CheckpointError, match=r"on cuda in float16 and 1\.9 GiB are free; use device cpu, or close"):
        find_room(chatglm3, "m", torch.float16, torch.device("cuda"), None)


def test_what_fits_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 1000)
    memory.check_memory("m", MemoryNeed(500, 300, 200, 10), CPU, "float32")
    with pytest.raises(CheckpointError, match="m needs"):
        memory.check_memory("m", MemoryNeed(501, 300, 200, 10), CPU, "float32")


def test_sizes_are_written_for_people() -> None:
    assert (gib(0), gib(5 * 2**20), gib(3 * 2**30)) == ("0 MiB", "5 MiB", "3.0 GiB")
