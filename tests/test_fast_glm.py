"""The quick forward pass computes what the library's does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import GlmConfig, GlmForCausalLM

from glm import fast_glm
from glm.decode import Decoder, Forward, fastest_forward, library_forward
from glm.fast_glm import FastGlm, can_speed_up


def random_model(dtype: torch.dtype = torch.float32, **changes: object) -> GlmForCausalLM:
    torch.manual_seed(1)
    sizes = {
        "vocab_size": 99,
        "hidden_size": 48,
        "intermediate_size": 80,
        "num_hidden_layers": 3,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "initializer_range": 0.2,
        "pad_token_id": None,
        "eos_token_id": None,
    }
    model = GlmForCausalLM(GlmConfig(**{**sizes, **changes})).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:  # biases and norms, which start as zeros and ones
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.to(dtype)


@torch.inference_mode()
def scores_of_a_session(model: GlmForCausalLM, forward: Forward) -> torch.Tensor:
    """Two prompts, one of them in three chunks, then three tokens for both and one for the second alone."""
    decoder = Decoder(model, max_rows=2, context_length=512, forward=forward)
    scores = [decoder.prefill(0, list(range(10, 40)), 0)]
    for start, end in ((0, 16), (16, 17), (17, 60)):
        scores.append(decoder.prefill(1, [token % 99 for token in range(start, end)], start))
    for step in range(3):
        scores += list(decoder.step(0, [step, step + 5], [30 + step, 60 + step]))
    scores += list(decoder.step(1, [7], [63]))
    return torch.stack(scores)


@pytest.mark.parametrize(
    "changes",
    [
        {"attention_bias": True},
        {"attention_bias": False, "num_key_value_heads": 6},
        {"rope_parameters": {"rope_type": "default", "rope_theta": 5e4, "partial_rotary_factor": 1.0}},
        {"tie_word_embeddings": True},
    ],
    ids=["bias", "no grouping", "full rotation", "tied embeddings"],
)
def test_the_scores_are_those_of_the_library(changes: dict[str, object]) -> None:
    model = random_model(**changes)
    expected = scores_of_a_session(model, library_forward(model))
    torch.testing.assert_close(scores_of_a_session(model, FastGlm(model)), expected, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("emulated", [True, False])
def test_half_precision_is_as_exact_as_the_librarys(monkeypatch: pytest.MonkeyPatch, emulated: bool) -> None:
    monkeypatch.setattr(fast_glm, "emulates_half_precision", lambda model: emulated)
    exact = scores_of_a_session(random_model(), library_forward(random_model()))
    model = random_model(torch.bfloat16)
    library_error = (scores_of_a_session(model, library_forward(model)) - exact).abs().mean()
    assert (scores_of_a_session(model, FastGlm(model)) - exact).abs().mean() < 1.5 * library_error


def test_the_model_still_computes_and_saves_as_before(tmp_path: Path) -> None:
    model, untouched = random_model(), random_model()
    FastGlm(model)
    ids = torch.arange(20)[None]
    assert torch.equal(model(ids).logits, untouched(ids).logits)
    model.save_pretrained(tmp_path)
    assert torch.equal(GlmForCausalLM.from_pretrained(tmp_path)(ids).logits, untouched(ids).logits)


def test_other_models_keep_the_librarys_forward_pass() -> None:
    class Special(GlmForCausalLM):
        pass

    class PackedLinear(torch.nn.Linear):
        pass

    adapted, quantised = random_model(), random_model()
    adapted.model.layers[1].mlp.down_proj = torch.nn.Sequential(adapted.model.layers[1].mlp.down_proj)
    quantised.model.layers[0].self_attn.q_proj = PackedLinear(48, 48)
    eager = random_model(attn_implementation="eager")
    for model in (adapted, quantised, eager, Special(random_model().config)):
        assert not can_speed_up(model)
        assert not isinstance(fastest_forward(model), FastGlm)
    assert isinstance(fastest_forward(random_model()), FastGlm)


def test_eager_attention_gets_masks_it_understands() -> None:
    model, eager = random_model(), random_model(attn_implementation="eager")
    expected = scores_of_a_session(model, library_forward(model))
    torch.testing.assert_close(scores_of_a_session(eager, library_forward(eager)), expected, atol=2e-4, rtol=1e-4)
