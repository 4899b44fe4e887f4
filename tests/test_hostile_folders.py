"""Folders made to do harm: refused in one sentence, nothing of them run, nothing waited for, nothing built.

Every test goes through `glm.load_checkpoint`, as everything that loads a folder does.
"""

from __future__ import annotations

import builtins
import json
import os
import pickle
import shutil
import socket
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import glm
from glm.errors import CheckpointError
from tests.tiny_folders import KINDS, as_bin, edit, save_weights, tiny_folder

pytestmark = pytest.mark.timeout(300)

OFFICIAL = ("chatglm2", "chatglm1")
"""The kinds that are loaded from `.bin` files as well."""

LAYERS = {"native": "num_hidden_layers", "chatglm2": "num_layers", "chatglm1": "num_layers"}
INNER = {"native": "intermediate_size", "chatglm2": "ffn_hidden_size", "chatglm1": "inner_hidden_size"}
VOCABULARY = {"native": "vocab_size", "chatglm2": "padded_vocab_size", "chatglm1": "vocab_size"}
CONTEXT = {"native": "max_position_embeddings", "chatglm2": "seq_length", "chatglm1": "max_sequence_length"}
EPSILON = {"native": "rms_norm_eps", "chatglm2": "layernorm_epsilon", "chatglm1": "layernorm_epsilon"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One folder of every kind."""
    base = tmp_path_factory.mktemp("sound")
    return {kind: tiny_folder(kind, base / kind) for kind in KINDS}


@pytest.fixture
def folder_of(sound: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy to damage."""
    return lambda kind: Path(shutil.copytree(sound[kind], tmp_path / "model"))


@pytest.fixture(autouse=True)
def _nothing_asked_or_fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Reading the keyboard or opening a connection fails the test."""

    def refuse(what: str) -> Callable[..., Any]:
        return lambda *_, **__: pytest.fail(what)

    monkeypatch.setattr(builtins, "input", refuse("it asked a question"))
    monkeypatch.setattr(socket.socket, "connect", refuse("it opened a connection"))
    monkeypatch.setattr(socket, "getaddrinfo", refuse("it looked up a host"))
    yield


class Payload:
    """Runs on being unpickled: makes a folder that a test looks for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def load(folder: Path, **options: Any) -> glm.checkpoint.Checkpoint:  # type: ignore[name-defined]
    return glm.load_checkpoint(folder, device="cpu", dtype="float32", **options)


def refused(folder: Path, **options: Any) -> str:
    """The one sentence in which the folder is refused."""
    with pytest.raises(CheckpointError) as refusal:
        load(folder, **options)
    sentence = str(refusal.value)
    assert sentence and "\n" not in sentence and len(sentence) < 700
    return sentence


def nothing_may_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glm.models.loading.build", lambda *_: pytest.fail("it was built"))


# --- sound folders, or the rest would prove nothing ---


@pytest.mark.parametrize("kind", KINDS)
def test_the_folders_are_sound_before_they_are_damaged(sound: dict[str, Path], kind: str) -> None:
    loaded = load(sound[kind])
    ids = loaded.prompt.encode([glm.Message("user", "a cab")])
    assert loaded.model(torch.tensor([ids])).logits.isfinite().all()


# --- code ---


@pytest.mark.parametrize("kind", KINDS)
def test_code_beside_the_weights_is_not_run(folder_of: Callable[[str], Path], tmp_path: Path, kind: str) -> None:
    folder, ran = folder_of(kind), tmp_path / "ran"
    code = f"import os; os.mkdir({str(ran)!r})\n"
    for name in ("modeling_chatglm", "configuration_chatglm", "tokenization_chatglm", "sitecustomize", "__init__"):
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    classes = dict.fromkeys(("AutoModel", "AutoModelForCausalLM", "AutoModelForSeq2SeqLM"), "modeling_chatglm.Model")
    edit(folder / "config.json", auto_map={"AutoConfig": "configuration_chatglm.Config", **classes})
    settings = {"auto_map": {"AutoTokenizer": ["tokenization_chatglm.T", None]}, "tokenizer_class": "T"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(code, encoding="utf-8")
    assert load(folder).model is not None
    assert not ran.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_entries_that_would_fetch_or_run_something_are_left_out(folder_of: Callable[[str], Path], kind: str) -> None:
    folder = folder_of(kind)
    tempting = {
        "_attn_implementation": "someone/kernel",
        "attn_implementation": "someone/kernel",
        "fusion_config": {"x": 1},
        "per_layer_config": {"0": {"hidden_size": 1}},
        "transformers_weights": "../elsewhere.bin",
        "dtype": "evil",
        "torch_dtype": "__import__('os')",
    }
    edit(folder / "config.json", **tempting)
    (folder / "generation_config.json").write_text('{"cache_implementation": "x", "max_length": -1}', encoding="utf-8")
    other = {"peft_type": "LORA", "base_model_name_or_path": "someone/else"}
    (folder / "adapter_config.json").write_text(json.dumps(other), encoding="utf-8")
    config = load(folder).model.config
    assert config._attn_implementation == "sdpa" and not hasattr(config, "transformers_weights")


@pytest.mark.parametrize("form", ["archive", "old archive", "bare pickle"])
@pytest.mark.parametrize("kind", KINDS)
def test_code_in_a_bin_file_is_not_run(folder_of: Callable[[str], Path], tmp_path: Path, kind: str, form: str) -> None:
    folder, ran = folder_of(kind), tmp_path / "ran"
    content = {**load_file(folder / "model.safetensors"), "extra": Payload(ran)}
    (folder / "model.safetensors").unlink()
    write_pickle(content, folder / "pytorch_model.bin", form)
    sentence = refused(folder)
    assert "nothing of it was run" in sentence or kind == "native"
    assert not ran.exists()
    pickle.loads(pickle.dumps(content["extra"]))  # noqa: S301 (the test's own)
    assert ran.exists(), "the payload would have run"


@pytest.mark.parametrize("form", ["archive", "old archive", "bare pickle"])
@pytest.mark.parametrize("file", ["pytorch_model.bin", "adapter_model.bin"])
@pytest.mark.parametrize("kind", KINDS)
def test_code_in_an_adapter_is_not_run(sound: dict[str, Path], tmp_path: Path, kind: str, file: str, form: str) -> None:
    ran, adapter = tmp_path / "ran", tmp_path / "adapter"
    adapter.mkdir()
    write_pickle({"transformer.prefix_encoder.embedding.weight": Payload(ran)}, adapter / file, form)
    if file == "adapter_model.bin":
        lora = {"peft_type": "LORA", "r": 1, "lora_alpha": 1, "auto_mapping": {"parent_library": "os"}}
        (adapter / "adapter_config.json").write_text(json.dumps(lora), encoding="utf-8")
    refused(sound[kind], adapter=adapter)
    assert not ran.exists()


def write_pickle(content: dict[str, Any], path: Path, form: str) -> None:
    if form == "bare pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form != "old archive")


# --- configurations ---

ABSURD = [-1, 0, 10**9, 10**12, 10**400, 2.5, float("nan"), float("inf"), "64", True, [], {}, {"a": [1]}]


@pytest.mark.parametrize("value", ABSURD, ids=lambda value: str(value)[:12])
@pytest.mark.parametrize("kind", KINDS)
def test_absurd_sizes_are_refused_before_anything_is_built(
    folder_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, kind: str, value: object
) -> None:
    nothing_may_be_built(monkeypatch)
    folder = folder_of(kind)
    sound_config = (folder / "config.json").read_text(encoding="utf-8")
    keys = ["hidden_size", "num_attention_heads", LAYERS[kind], INNER[kind], VOCABULARY[kind], CONTEXT[kind]]
    for key in keys:
        edit(folder / "config.json", **{key: value})
        assert key in refused(folder)
        (folder / "config.json").write_text(sound_config, encoding="utf-8")


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "1e-5", [1], -1.0], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_absurd_numbers_are_refused(folder_of: Callable[[str], Path], kind: str, value: object) -> None:
    folder = folder_of(kind)
    if kind == "native" and value == -1.0:
        pytest.skip("the library's own models take what is a number")
    edit(folder / "config.json", **{EPSILON[kind]: value})
    refused(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_sizes_that_are_let_through_need_memory_or_weights_that_are_not_there(
    folder_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    nothing_may_be_built(monkeypatch)
    folder = folder_of(kind)
    edit(folder / "config.json", **{"hidden_size": 131_072, INNER[kind]: 1_048_576, LAYERS[kind]: 200})
    assert "GiB" in (sentence := refused(folder)) or "do not fit" in sentence


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_are_missing_are_not_made_first(folder_of: Callable[[str], Path], kind: str) -> None:
    folder = folder_of(kind)
    edit(folder / "config.json", **{LAYERS[kind]: 100})
    assert "do not fit" in refused(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "[" * 200_000,
        '{"a":' * 200_000,
        '{"hidden_size": ' + "9" * 10_000 + "}",
        '{"hidden_size": 1e999}',
        "\ufffe",
        "{} {}",
        '{"model_type": ["chatglm"]}',
        '{"model_type": "chatglm", "_name_or_path": 7}',
        '{"model_type": "glm", "glm_demo": [1]}',
    ],
    ids=lambda text: text[:14],
)
@pytest.mark.parametrize("file", ["config.json", "model.safetensors.index.json"])
@pytest.mark.parametrize("kind", KINDS)
def test_json_that_is_none_is_refused(folder_of: Callable[[str], Path], kind: str, file: str, text: str) -> None:
    folder = folder_of(kind)
    (folder / file).write_text(text, encoding="utf-8")
    refused(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_other_json_files_that_are_none_are_refused_or_passed_over(folder_of: Callable[[str], Path], kind: str) -> None:
    folder = folder_of(kind)
    for name in ("tokenizer_config.json", "generation_config.json", "special_tokens_map.json", "adapter_config.json"):
        for text in ("[" * 200_000, "\ufffe", '{"chat_template": 3, "num_image_tokens": null, "name_or_path": []}'):
            (folder / name).write_text(text, encoding="utf-8")
            loads_or_is_refused(folder)
            (folder / name).unlink()


def loads_or_is_refused(folder: Path) -> None:
    try:
        load(folder)
    except CheckpointError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors.index.json", "tokenizer_config.json"])
@pytest.mark.parametrize("kind", KINDS)
def test_huge_json_is_not_read(folder_of: Callable[[str], Path], kind: str, file: str) -> None:
    folder = folder_of(kind)
    with (folder / file).open("wb") as sparse:
        sparse.truncate(2**40)
    if file == "tokenizer_config.json":
        loads_or_is_refused(folder)
    else:
        refused(folder)


# --- weight files ---


@pytest.mark.parametrize("length", [0, 3, 8, 100, -1])
@pytest.mark.parametrize("kind", KINDS)
def test_safetensors_that_are_cut_off_are_refused(folder_of: Callable[[str], Path], kind: str, length: int) -> None:
    path = folder_of(kind) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    assert "model.safetensors" in refused(path.parent)


def header(**entry: Any) -> bytes:
    return json.dumps({"lm_head.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16], **entry}}).encode()


@pytest.mark.parametrize(
    "text",
    [
        header(shape=[10**9, 10**9]),
        header(shape=[10**9, 10**9], data_offsets=[0, 4 * 10**18]),
        header(shape=[2**63, 2]),
        header(shape=[-2, -2]),
        header(data_offsets=[16, 0]),
        header(data_offsets=[0, -1]),
        header(data_offsets=[0, float("nan")]),
        header(data_offsets=[]),
        header(shape="22"),
        header(shape=[[2]]),
        header(dtype="X"),
        header(dtype=7),
        b"[" * 100_000,
        b"{}",
        b"\xff\xfe",
    ],
    ids=lambda text: text[:90].decode("latin-1")[31:],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_header_that_states_what_is_not_there_is_refused(
    folder_of: Callable[[str], Path], kind: str, text: bytes
) -> None:
    path = folder_of(kind) / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    refused(path.parent)
    path.write_bytes(struct.pack("<Q", 2**63 - 1) + text)
    refused(path.parent)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_unexpected_and_misshapen_weights_are_listed(folder_of: Callable[[str], Path], kind: str) -> None:
    folder = folder_of(kind)
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in sorted(weights) if "layers.1" in name and name.endswith("layernorm.weight"))
    for word, changed in {
        "missing": {key: value for key, value in weights.items() if key != name},
        "unexpected": {**weights, name.replace("layers.1", "layers.2"): weights[name]},
        "mismatched": {**weights, name: torch.zeros(7)},
    }.items():
        save_weights(folder, changed)
        sentence = refused(folder)
        assert word in sentence and "input_layernorm.weight" in sentence


@pytest.mark.parametrize(
    "target", ["../stolen", "{outside}/stolen", "link", "/etc/hostname", "..", "", "gone", "a" * 300]
)
@pytest.mark.parametrize("kind", KINDS)
def test_an_index_that_points_elsewhere_is_refused(
    folder_of: Callable[[str], Path], tmp_path: Path, kind: str, target: str
) -> None:
    folder = folder_of(kind)
    suffix = ".safetensors"
    shutil.move(folder / "model.safetensors", tmp_path / "stolen.safetensors")
    (folder / "link.safetensors").symlink_to(tmp_path / "stolen.safetensors")
    name = target.format(outside=tmp_path) + (suffix if target[-1:].isalpha() and "etc" not in target else "")
    index = {"weight_map": {"x": name}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    refused(folder)


@pytest.mark.parametrize("file", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_link_out_of_the_folder_is_not_followed(
    folder_of: Callable[[str], Path], tmp_path: Path, kind: str, file: str
) -> None:
    folder = folder_of(kind)
    if file.endswith(".bin"):
        as_bin(folder)
    shutil.move(folder / file, tmp_path / file)
    (folder / file).symlink_to(tmp_path / file)
    assert "outside the folder" in refused(folder) or (kind == "native" and file.endswith(".bin"))


@pytest.mark.parametrize("kind", OFFICIAL)
def test_a_bin_file_that_unfolds_is_refused(folder_of: Callable[[str], Path], kind: str) -> None:
    path = as_bin(folder_of(kind))
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        archive.writestr("archive/data/999", bytes(50_000_000))
    assert path.stat().st_size < 1_000_000
    assert "compressed" in refused(path.parent)
    torch.save({"x": torch.zeros(1).expand(10**6, 10**6)}, path)
    assert "repeats its numbers" in refused(path.parent)


@pytest.mark.parametrize("kind", OFFICIAL)
@pytest.mark.parametrize(
    "content",
    [
        {"a": 1},
        {1: torch.zeros(1)},
        [torch.zeros(1)],
        {"a": torch.zeros(1).to_sparse()},
        {},
        {"a": None},
        torch.zeros(1),
    ],
    ids=str,
)
def test_a_bin_file_of_other_things_is_refused(folder_of: Callable[[str], Path], kind: str, content: object) -> None:
    path = as_bin(folder_of(kind))
    torch.save(content, path)
    refused(path.parent)


@pytest.mark.parametrize("special", ["pipe", "socket", "device", "folder", "loop"])
@pytest.mark.parametrize("kind", [KINDS[0], *(pytest.param(kind, marks=pytest.mark.thorough) for kind in KINDS[1:])])
def test_what_is_no_file_is_not_waited_for(
    folder_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, kind: str, special: str
) -> None:
    folder = folder_of(kind)
    monkeypatch.chdir(folder)  # the path of a socket must be short
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    needed = ["config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json"]
    needed += {"chatglm2": ["tokenizer.model"], "chatglm1": ["ice_text.model"], "native": []}[kind]
    for name in [
        *needed,
        "tokenizer_config.json",
        "generation_config.json",
        "adapter_config.json",
        "pytorch_model.bin",
    ]:
        (folder / name).unlink(missing_ok=True)
        make_special(special, name)
        loads_or_is_refused(folder)
        if name in kept and name in needed:
            refused(folder)
        (folder / name).rmdir() if special == "folder" else (folder / name).unlink()
        if name in kept:
            (folder / name).write_bytes(kept[name])


def make_special(special: str, name: str) -> None:
    if special == "pipe":
        os.mkfifo(name)
    elif special == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(name)
    elif special == "folder":
        os.mkdir(name)
    else:
        os.symlink("/dev/zero" if special == "device" else name, name)


@pytest.mark.parametrize("special", ["pipe", "device", "folder"])
@pytest.mark.parametrize(
    "name", ["adapter_config.json", "adapter_model.bin", "adapter_model.safetensors", "pytorch_model.bin"]
)
def test_what_is_no_file_in_an_adapter_is_not_waited_for(
    sound: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, special: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if name.startswith("adapter_model"):
        Path("adapter_config.json").write_text('{"peft_type": "LORA", "r": 1, "lora_alpha": 1}', encoding="utf-8")
    make_special(special, name)
    refused(sound["chatglm2"], adapter=tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {"lora_alpha": float("nan")},
        {"lora_alpha": float("inf")},
        {"r": 1e-320},
        {"r": []},
        {"peft_type": []},
        {"alpha_pattern": 3},
        {"rank_pattern": {"(a+)+$": 3}},
        {"trainable_token_indices": {"x": 10**12}},
    ],
    ids=str,
)
def test_an_absurd_adapter_is_refused(sound: dict[str, Path], tmp_path: Path, settings: dict[str, Any]) -> None:
    config = {"peft_type": "LORA", "r": 1, "lora_alpha": 1, **settings}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    name = "base_model.model.transformer.encoder.layers.0.self_attention.query_key_value"
    tensors = {f"{name}.lora_A.weight": torch.ones(1, 32), f"{name}.lora_B.weight": torch.ones(64, 1)}
    if "trainable_token_indices" in settings:
        tensors = {f"{name}.token_adapter.trainable_tokens_delta": torch.ones(1, 32)}
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    refused(sound["chatglm2"], adapter=tmp_path)


def test_a_prefix_for_a_model_that_takes_none_is_refused(sound: dict[str, Path], tmp_path: Path) -> None:
    torch.save({"transformer.prefix_encoder.embedding.weight": torch.zeros(3, 64)}, tmp_path / "pytorch_model.bin")
    assert "LoRA alone" in refused(sound["native"], adapter=tmp_path)
    assert "there is no adapter folder" in refused(sound["native"], adapter=tmp_path / "absent")
