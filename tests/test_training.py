"""Training of the built-in model's adapter, on a tiny random GLM with the real tokenizer."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import GlmConfig, GlmForCausalLM

from glm.messages import Message
from glm.prompts.chatglm3 import ChatGLM3Format
from glm.tokenizer import Tokenizer
from glm.training.fused_lora import fuse
from glm.training.mixture import SHARES, Example, Row, chatml_prompt, pack, replay_examples, rows
from glm.training.train import (
    TrainingSettings,
    Workers,
    add_adapter,
    learning_rate,
    predicted_logits,
    prepare,
    row_loss,
    save,
    seed_control_rows,
    step_rows,
    train,
)

RESOURCES = Path(__file__).parents[1] / "resources" / "glm-tiny"
SETTINGS = TrainingSettings(
    steps=12, step_tokens=60, length=300, learning_rate=0.1, warmup_steps=2, decay_steps=4, rank=4
)
REPLAY = [{"question": "Name a colour.", "answer": "Blue is a colour.", "cut": False}]


@pytest.fixture(scope="module")
def fmt() -> ChatGLM3Format:
    return ChatGLM3Format(Tokenizer.from_folder(RESOURCES))


def tiny_model(fmt: ChatGLM3Format) -> GlmForCausalLM:
    torch.manual_seed(0)
    config = GlmConfig(
        vocab_size=49152,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        tie_word_embeddings=True,
        attention_bias=False,
        pad_token_id=0,
        eos_token_id=2,
    )
    model = GlmForCausalLM(config)
    seed_control_rows(model, fmt)
    return model


def with_adapter(fmt: ChatGLM3Format) -> Any:
    """A model with LoRA layers that already change it, as the libraries compute it."""
    model = add_adapter(tiny_model(fmt), fmt, SETTINGS)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    return model


def plain_loss(model: Any, example: Example) -> torch.Tensor:
    """Cross-entropy of one whole sequence by itself, summed over what is learnt: the slow obvious form."""
    logits = model(torch.tensor([example.ids])).logits[0, :-1]
    labels = torch.tensor([i if learn else -100 for i, learn in zip(example.ids, example.learnt, strict=True)][1:])
    return torch.nn.functional.cross_entropy(logits, labels, reduction="sum")


def loss_of(model: GlmForCausalLM, row: Row, fmt: ChatGLM3Format) -> float:
    return float(row_loss(model, row, fmt.role_ids["user"]).detach())


def chat(fmt: ChatGLM3Format, question: str, answer: str) -> Example:
    system = Message("system", "You are brief.")
    ids, learnt = fmt.encode_example([system, Message("user", question), Message("assistant", answer)])
    return Example(tuple(ids), tuple(learnt))


def test_a_packed_row_has_loss_and_gradient_of_its_dialogues_one_by_one(fmt: ChatGLM3Format) -> None:
    examples = [chat(fmt, "Hi", "Hello there."), chat(fmt, "Hi", "Good day!"), chat(fmt, "How many?", "Three or four.")]
    row = pack("chat", examples)
    assert row.opening > 5 and len(row.ids) < sum(len(e.ids) for e in examples)
    library = with_adapter(fmt)
    alone = sum(plain_loss(library, e) for e in examples)
    alone.backward()
    packed = prepare(with_adapter(fmt))
    together = row_loss(packed, row, fmt.role_ids["user"])
    together.backward()
    assert float(together.detach()) == pytest.approx(float(alone.detach()), rel=1e-5)
    wanted = {name: p.grad for name, p in library.named_parameters() if p.requires_grad}
    for name, parameter in packed.named_parameters():
        if parameter.requires_grad:
            torch.testing.assert_close(parameter.grad, wanted[name], atol=1e-4, rtol=1e-4, msg=name)


def test_what_cannot_be_fused_is_refused_by_name(fmt: ChatGLM3Format) -> None:
    config = LoraConfig(r=2, lora_dropout=0.1, target_modules=["q_proj"])
    with pytest.raises(ValueError, match=r"layers\.0\.self_attn\.q_proj.*dropout"):
        fuse(get_peft_model(tiny_model(fmt), config))


def test_a_branch_does_not_see_its_neighbours(fmt: ChatGLM3Format) -> None:
    model = prepare(add_adapter(tiny_model(fmt), fmt, SETTINGS))
    asked = chat(fmt, "Hi", "Hello there.")
    count = sum(asked.learnt)
    first = predicted_logits(model, pack("chat", [chat(fmt, "Bye", "See you."), asked]))[-count:]
    second = predicted_logits(model, pack("chat", [chat(fmt, "What now?", "Nothing at all."), asked]))[-count:]
    torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-5)


def test_a_replayed_answer_is_the_same_ids_for_student_and_teacher(fmt: ChatGLM3Format) -> None:
    student, teacher = replay_examples(fmt, REPLAY[0])
    taught = [[i for i, learn in zip(e.ids, e.learnt, strict=True) if learn] for e in (student, teacher)]
    assert taught[0][:-1] == taught[1][:-1] == fmt.tokenizer.encode("Blue is a colour.")
    assert (taught[0][-1], taught[1][-1]) == (fmt.role_ids["user"], 2)
    cut_student, _ = replay_examples(fmt, {**REPLAY[0], "cut": True})
    assert cut_student.ids[-1] != fmt.role_ids["user"]


def test_replay_pulls_towards_the_base_and_costs_nothing_where_both_agree(fmt: ChatGLM3Format) -> None:
    model = prepare(add_adapter(tiny_model(fmt), fmt, SETTINGS))
    prompt, answer = chatml_prompt(fmt, "Name a colour."), fmt.tokenizer.encode("Blue.")
    same = Example((*prompt, *answer), (False,) * len(prompt) + (True,) * len(answer))
    row = pack("replay", [same], teacher=pack("replay", [same]))
    untouched = float(row_loss(model, row, fmt.role_ids["user"]).detach())
    assert 0.0 <= untouched < 1e-3  # the moved end marker, one id of 49,152
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    drifted = row_loss(model, row, fmt.role_ids["user"])
    assert 20 * untouched + 0.01 < float(drifted.detach()) < math.inf
    drifted.backward()
    assert any(p.grad is not None and bool(p.grad.any()) for p in model.parameters())


def test_rows_are_the_same_for_the_same_seed_and_others_for_another(fmt: ChatGLM3Format) -> None:
    first, again, other = (
        list(itertools.islice(rows(fmt, seed=seed, replay=REPLAY, length=400), 12)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert all(len(row.ids) == row.opening + sum(row.branches) == len(row.learnt) for row in first)


def test_every_source_gets_its_share_of_the_tokens(fmt: ChatGLM3Format) -> None:
    drawn = list(itertools.islice(rows(fmt, seed=1, replay=REPLAY, length=400), 60))
    total = sum(len(row.ids) for row in drawn)
    for source, share in SHARES.items():
        part = sum(len(row.ids) for row in drawn if row.source == source) / total
        assert part == pytest.approx(share, abs=0.05), source


def test_the_rows_of_a_step_are_dealt_out_evenly_and_completely(fmt: ChatGLM3Format) -> None:
    batch = step_rows(rows(fmt, seed=1, replay=REPLAY, length=400), 1500)
    parts = []
    for rank in (0, 1):
        workers = Workers()
        workers.count, workers.rank = 2, rank
        parts.append(workers.mine(batch))
    assert sorted(parts[0] + parts[1], key=repr) == sorted(batch, key=repr)
    sizes = [sum(len(row.ids) for row in part) for part in parts]
    assert abs(sizes[0] - sizes[1]) <= max(len(row.ids) for row in batch)


def test_training_lowers_the_loss_and_writes_an_adapter_in_bf16(fmt: ChatGLM3Format, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    row = pack("chat", [chat(fmt, "Hi", "Hello there, friend."), chat(fmt, "Bye", "See you.")])
    model = prepare(add_adapter(tiny_model(fmt), fmt, SETTINGS))
    before = loss_of(model, row, fmt)
    train(model, fmt, itertools.repeat(row), SETTINGS, tmp_path)
    assert loss_of(model, row, fmt) < before * 0.9
    tensors = load_file(tmp_path / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    assert any("token" in name for name in tensors), "the control tokens' rows are part of the adapter"
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    record = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0])
    assert record["step"] == 10 and record["chat"] > 0


def test_the_learning_rate_warms_up_holds_and_falls_to_zero() -> None:
    rates = [learning_rate(step, SETTINGS.steps - SETTINGS.decay_steps, SETTINGS) for step in range(13)]
    assert rates[:3] == [0.05, 0.1, 0.1]
    assert rates[8:] == pytest.approx([0.1, 0.075, 0.05, 0.025, 0.0])


def test_a_saved_adapter_can_be_continued(fmt: ChatGLM3Format, tmp_path: Path) -> None:
    row = pack("chat", [chat(fmt, "Hi", "Hello there, friend.")])
    model = prepare(add_adapter(tiny_model(fmt), fmt, SETTINGS))
    train(model, fmt, itertools.repeat(row), SETTINGS, tmp_path)
    save(model, tmp_path)
    reloaded = PeftModel.from_pretrained(tiny_model(fmt), tmp_path, is_trainable=True)
    wanted = loss_of(model, row, fmt)
    assert loss_of(prepare(reloaded), row, fmt) == pytest.approx(wanted, rel=0.02)
