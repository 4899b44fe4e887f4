"""Sampler: scores in, the next token id out, one per request.

The distribution is that of the transformers library: repetition penalty,
temperature, top-k, top-p, in this order. Only the work is less: with top-k the rest
of the vocabulary is left out before sorting, and the best scores of all requests are
looked for at once.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import torch
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from glm.settings import GenerationSettings


def library_processors(settings: GenerationSettings) -> LogitsProcessorList:
    """What `model.generate` would build for these settings; the slow, obvious form of `Sampler`."""
    processors = LogitsProcessorList()
    if settings.repetition_penalty != 1.0:
        processors.append(RepetitionPenaltyLogitsProcessor(float(settings.repetition_penalty)))
    if settings.temperature > 0.0:
        if settings.temperature != 1.0:
            processors.append(TemperatureLogitsWarper(float(settings.temperature)))
        if settings.top_k > 0:
            processors.append(TopKLogitsWarper(settings.top_k))
        if settings.top_p < 1.0:
            processors.append(TopPLogitsWarper(float(settings.top_p)))
    return processors


class Top(NamedTuple):
    """The best of one row of scores, best first, and the id of the very best."""

    best: int
    score: float
    scores: Sequence[float] = ()
    ids: Sequence[int] = ()


def best_of_each(scores: torch.Tensor, samplers: Sequence[Sampler]) -> list[Top]:
    """Of scores [rows, vocabulary], as many of each row as the row's sampler may need, all looked for at once.

    NaN counts as largest, so a look at the best score shows both NaN and infinity.
    """
    wanted = max(sampler.top_wanted for sampler in samplers)
    # Of equal scores topk may return any, and greedy decoding always takes the same.
    best = scores.argmax(-1) if not wanted or any(sampler.is_argmax for sampler in samplers) else None
    if not wanted:
        assert best is not None
        found = scores.gather(-1, best[:, None])[:, 0]
        return [Top(*row) for row in zip(best.tolist(), found.tolist(), strict=True)]
    top = scores.topk(min(wanted, scores.shape[-1]), dim=-1)
    values, ids = top.values.tolist(), top.indices.tolist()
    bests = best.tolist() if best is not None else [row[0] for row in ids]
    return [Top(one, row[0], row, names) for one, row, names in zip(bests, values, ids, strict=True)]


class Sampler:
    """Chooses the tokens of one request.

    Owns the request's random generator: the same settings with the same `seed` choose
    the same tokens from the same scores, whoever else is being served.
    """

    def __init__(self, settings: GenerationSettings, prompt_ids: Sequence[int]) -> None:
        self._settings = settings
        self._generator = torch.Generator()  # on the CPU, so that a seed means the same on every device
        if settings.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(settings.seed)
        processors = library_processors(settings)
        penalties = [one for one in processors if isinstance(one, RepetitionPenaltyLogitsProcessor)]
        self._penalty = penalties[0] if penalties else None
        self._warpers = LogitsProcessorList(one for one in processors if one is not self._penalty)
        self._seen = torch.tensor([list(dict.fromkeys(prompt_ids))], dtype=torch.long) if self._penalty else None

    @property
    def is_argmax(self) -> bool:
        """True when the choice is simply the largest score."""
        return self._settings.temperature == 0.0 and self._penalty is None

    @property
    def top_wanted(self) -> int:
        """How many of the best scores it chooses from, and one more to see whether others equal the last; 0 if more."""
        if self._settings.temperature == 0.0 or self._penalty is not None or not self._settings.top_k:
            return 0
        return self._settings.top_k + 1

    def choose(
        self, scores: torch.Tensor, allowed: Sequence[int] | torch.Tensor | None = None, top: Top | None = None
    ) -> int:
        """The next token, from the float32 scores of the whole vocabulary; only `allowed` ids if given.

        `top` is what `best_of_each` found for this row, if it was asked.
        """
        if allowed is None and top is not None and self.is_argmax:
            return top.best
        token_id = self._choose(
            scores, None if allowed is None else torch.as_tensor(allowed, device=scores.device), top
        )
        if self._seen is not None:
            self._seen = torch.cat([self._seen, self._seen.new_tensor([[token_id]])], dim=1)
        return token_id

    def distribution(
        self, scores: torch.Tensor, allowed: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Probabilities of the candidates and their ids; ids None means the whole vocabulary in order."""
        if self._settings.top_k:
            weights, names = self._weighed(*self._candidates(self._penalised(scores), allowed))
            return torch.tensor(weights) / sum(weights), torch.tensor(names)
        scores = self._penalised(scores)
        warped = self._warpers(
            torch.empty(1, 0, dtype=torch.long), (scores if allowed is None else scores[allowed])[None]
        )
        return warped[0].softmax(-1), allowed

    def _choose(self, scores: torch.Tensor, allowed: torch.Tensor | None, top: Top | None) -> int:
        if self._settings.temperature == 0.0:
            scores = self._penalised(scores)
            if allowed is None:
                return int(scores.argmax())
            return int(allowed[scores[allowed].argmax()])
        # Inverse of the cumulated distribution with one uniform number: costs one draw whatever the candidates are.
        if self._settings.top_k:
            found = self._of_top(top) if allowed is None and top is not None else None
            weights, names = self._weighed(*(found or self._candidates(self._penalised(scores), allowed)))
            sums = list(accumulate(weights))
            return names[min(bisect_right(sums, self._uniform() * sums[-1]), len(sums) - 1)]
        probabilities, ids = self.distribution(scores, allowed)
        cumulated = probabilities.cpu().double().cumsum(-1)
        point = cumulated[-1] * self._uniform()
        index = int(torch.searchsorted(cumulated, point, right=True).clamp_(max=len(cumulated) - 1))
        return index if ids is None else int(ids[index])

    def _uniform(self) -> float:
        return float(torch.rand((), dtype=torch.float64, generator=self._generator))

    def _penalised(self, scores: torch.Tensor) -> torch.Tensor:
        if self._penalty is None or self._seen is None:
            return scores
        return self._penalty(self._seen.to(scores.device), scores[None])[0]

    def _of_top(self, top: Top) -> tuple[Sequence[float], Sequence[int]] | None:
        """The candidates, when they are what was found; None when there may be more that equal the last."""
        top_k = self._settings.top_k
        if not self.top_wanted or (len(top.scores) > top_k and top.scores[top_k] == top.scores[top_k - 1]):
            return None
        return top.scores[:top_k], top.ids[:top_k]

    def _candidates(self, scores: torch.Tensor, allowed: torch.Tensor | None) -> tuple[Sequence[float], Sequence[int]]:
        """Scores and ids of the `top_k` best. Everything tied with the last of them stays, as in the library."""
        if allowed is not None:
            scores = scores[allowed]
        top_k = min(self._settings.top_k, len(scores))
        kept = (scores >= scores.topk(top_k).values[-1]).nonzero()[:, 0]
        names = kept if allowed is None else allowed[kept]
        return scores[kept].tolist(), names.tolist()

    def _weighed(self, scores: Sequence[float], ids: Sequence[int]) -> tuple[list[float], list[int]]:
        """Candidates, the best first, with weights in proportion to their probabilities.

        Of equal ones the smaller id comes first, so that the order does not depend on how they were found.
        """
        pairs = sorted(zip(scores, ids, strict=True), key=lambda pair: (-pair[0], pair[1]))
        best, temperature = pairs[0][0], self._settings.temperature
        weights = [math.exp((score - best) / temperature) for score, _ in pairs]
        left_out = (1.0 - self._settings.top_p) * sum(weights)
        tail = 0.0
        while len(weights) > 1 and (tail := tail + weights[-1]) <= left_out:
            weights.pop()
        return weights, [token_id for _, token_id in pairs[: len(weights)]]
