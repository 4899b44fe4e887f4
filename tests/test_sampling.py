"""The sampler: the library's distribution, one generator per request."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch

from glm.sampling import Sampler, best_of_each, library_processors
from glm.settings import GenerationSettings

VOCABULARY = 400
PROMPT = [3, 5, 5, 9]

SETTINGS = [
    GenerationSettings(),
    GenerationSettings(top_k=0),
    GenerationSettings(top_p=1.0),
    GenerationSettings(top_p=1.0, top_k=0, temperature=1.0),
    GenerationSettings(temperature=1.7, top_k=7, top_p=0.5, repetition_penalty=1.3),
    GenerationSettings(temperature=0.2, top_k=1000, top_p=0.05, repetition_penalty=0.7),
    GenerationSettings(top_k=1),
]


def random_scores(seed: int) -> torch.Tensor:
    return torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(seed)) * 3


def library_distribution(settings: GenerationSettings, scores: torch.Tensor, seen: list[int]) -> torch.Tensor:
    return library_processors(settings)(torch.tensor([seen]), scores[None].clone())[0].softmax(-1)


def spread(probabilities: torch.Tensor, ids: torch.Tensor | None) -> torch.Tensor:
    if ids is None:
        return probabilities
    return torch.zeros(VOCABULARY).index_put_((ids,), probabilities)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_the_distribution_is_the_librarys(settings: GenerationSettings, seed: int) -> None:
    scores = random_scores(seed)
    ours = spread(*Sampler(settings, PROMPT).distribution(scores))
    torch.testing.assert_close(ours, library_distribution(settings, scores, PROMPT))


def test_scores_tied_with_the_last_of_top_k_stay_as_in_the_library() -> None:
    settings = GenerationSettings(top_k=3, top_p=1.0)
    scores = torch.zeros(VOCABULARY)
    scores[10:16] = 2.0
    ours = spread(*Sampler(settings, PROMPT).distribution(scores))
    assert int((ours > 0).sum()) == 6
    torch.testing.assert_close(ours, library_distribution(settings, scores, PROMPT))


def test_chosen_tokens_count_for_the_repetition_penalty() -> None:
    settings = GenerationSettings(temperature=0.0, repetition_penalty=2.0)
    sampler = Sampler(settings, [])
    scores = torch.zeros(VOCABULARY)
    scores[1], scores[2] = 1.0, 0.9
    assert [sampler.choose(scores), sampler.choose(scores)] == [1, 2]


def test_tokens_of_the_prompt_count_for_the_repetition_penalty() -> None:
    scores = torch.zeros(VOCABULARY)
    scores[1], scores[2] = 1.0, 0.9
    assert Sampler(GenerationSettings(temperature=0.0, repetition_penalty=2.0), [1]).choose(scores) == 2


def test_the_same_seed_chooses_the_same_tokens() -> None:
    def choices(seed: int) -> list[int]:
        sampler = Sampler(GenerationSettings(seed=seed, temperature=2.0, top_p=1.0), PROMPT)
        return [sampler.choose(random_scores(step)) for step in range(20)]

    assert choices(11) == choices(11)
    assert choices(11) != choices(12)


def test_without_a_seed_every_request_draws_its_own() -> None:
    settings = GenerationSettings(temperature=2.0, top_p=1.0, top_k=0)
    first, second = Sampler(settings, PROMPT), Sampler(settings, PROMPT)
    scores = random_scores(0)
    assert [first.choose(scores) for _ in range(20)] != [second.choose(scores) for _ in range(20)]


def test_sampling_ignores_the_global_random_state() -> None:
    def choose() -> list[int]:
        sampler = Sampler(GenerationSettings(seed=5, temperature=2.0), PROMPT)
        return [sampler.choose(random_scores(step)) for step in range(10)]

    torch.manual_seed(1)
    first = choose()
    torch.manual_seed(2)
    assert choose() == first


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_only_allowed_ids_are_chosen(temperature: float) -> None:
    sampler = Sampler(GenerationSettings(temperature=temperature, top_p=1.0, seed=1), PROMPT)
    scores = random_scores(3)
    worst = scores.argsort()[:3].tolist()
    assert {sampler.choose(scores, worst) for _ in range(30)} <= set(worst)


def test_frequencies_follow_the_distribution() -> None:
    settings = GenerationSettings(temperature=1.0, top_k=0, top_p=1.0, seed=3)
    sampler = Sampler(settings, [])
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05])
    counts = Counter(sampler.choose(probabilities.log()) for _ in range(4000))
    for token_id, probability in enumerate(probabilities.tolist()):
        assert counts[token_id] / 4000 == pytest.approx(probability, abs=0.03)


def test_filtered_tokens_are_never_chosen() -> None:
    sampler = Sampler(GenerationSettings(temperature=2.0, top_k=2, top_p=1.0, seed=9), [])
    scores = torch.tensor([0.0, 0.1, -0.1, -0.2])
    assert {sampler.choose(scores) for _ in range(200)} == {0, 1}


CHOOSERS = [
    *SETTINGS,
    GenerationSettings(temperature=0.0),
    GenerationSettings(temperature=0.0, repetition_penalty=1.5),
    GenerationSettings(top_k=VOCABULARY),
]


@pytest.mark.parametrize("coarse", [False, True], ids=["different", "many ties"])
def test_rows_looked_at_together_choose_what_each_chooses_alone(coarse: bool) -> None:
    rows = torch.stack([random_scores(seed) for seed in range(len(CHOOSERS))])
    if coarse:
        rows = rows.round()
    for seed in range(20):
        seeded = [replace(settings, seed=seed) for settings in CHOOSERS]
        together, alone = ([Sampler(settings, PROMPT) for settings in seeded] for _ in range(2))
        tops = best_of_each(rows, together)
        chosen = [sampler.choose(row, None, top) for sampler, row, top in zip(together, rows, tops, strict=True)]
        assert chosen == [sampler.choose(row) for sampler, row in zip(alone, rows, strict=True)]


@pytest.mark.parametrize("settings", [GenerationSettings(), GenerationSettings(temperature=0.0)], ids=str)
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_invalid_scores_show_in_the_best(settings: GenerationSettings, number: float) -> None:
    rows = torch.stack([random_scores(0), random_scores(1)])
    rows[1, 17] = number
    tops = best_of_each(rows, [Sampler(settings, []), Sampler(settings, [])])
    assert math.isfinite(tops[0].score) and not math.isfinite(tops[1].score)
