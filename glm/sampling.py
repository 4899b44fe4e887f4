"""Sampler: scores in, the next token id out, one per request.

The distribution is that of the transformers library: repetition penalty,
temperature, top-k, top-p, in this order. Only the work is less: with top-k the rest
of the vocabulary is left out before sorting.
"""

from __future__ import annotations

from collections.abc import Sequence

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
        self._penalty: RepetitionPenaltyLogitsProcessor | None = None
        self._warpers = LogitsProcessorList()
        for processor in library_processors(settings):
            if isinstance(processor, RepetitionPenaltyLogitsProcessor):
                self._penalty = processor
            elif not isinstance(processor, TopKLogitsWarper):  # the choice of candidates is the top-k
                self._warpers.append(processor)
        self._seen = torch.tensor([list(dict.fromkeys(prompt_ids))], dtype=torch.long) if self._penalty else None

    @property
    def is_argmax(self) -> bool:
        """True when the choice is simply the largest score."""
        return self._settings.temperature == 0.0 and self._penalty is None

    def choose(self, scores: torch.Tensor, allowed: Sequence[int] | torch.Tensor | None = None) -> int:
        """The next token, from the float32 scores of the whole vocabulary; only `allowed` ids if given."""
        token_id = self._choose(scores, None if allowed is None else torch.as_tensor(allowed, device=scores.device))
        if self._seen is not None:
            self._seen = torch.cat([self._seen, self._seen.new_tensor([[token_id]])], dim=1)
        return token_id

    def distribution(
        self, scores: torch.Tensor, allowed: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Probabilities of the candidates and their ids; ids None means the whole vocabulary in order."""
        scores, ids = self._candidates(self._penalised(scores), allowed)
        warped = self._warpers(torch.empty(1, 0, dtype=torch.long), scores[None])[0]
        return warped.softmax(-1), ids

    def _choose(self, scores: torch.Tensor, allowed: torch.Tensor | None) -> int:
        if self._settings.temperature == 0.0:
            scores = self._penalised(scores)
            if allowed is None:
                return int(scores.argmax())
            return int(allowed[scores[allowed].argmax()])
        probabilities, ids = self.distribution(scores, allowed)
        # Inverse of the cumulated distribution with one uniform number: costs one draw whatever the candidates are.
        cumulated = probabilities.cpu().double().cumsum(-1)
        point = torch.rand((), dtype=torch.float64, generator=self._generator) * cumulated[-1]
        index = int(torch.searchsorted(cumulated, point, right=True).clamp_(max=len(cumulated) - 1))
        return index if ids is None else int(ids[index])

    def _penalised(self, scores: torch.Tensor) -> torch.Tensor:
        if self._penalty is None or self._seen is None:
            return scores
        return self._penalty(self._seen.to(scores.device), scores[None])[0]

    def _candidates(
        self, scores: torch.Tensor, allowed: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        ids = allowed
        if ids is not None:
            scores = scores[ids]
        top_k = self._settings.top_k
        if 0 < top_k < len(scores):
            # Everything tied with the k-th score stays, as in the library.
            kept = (scores >= scores.topk(top_k).values[-1]).nonzero()[:, 0]
            scores = scores[kept]
            ids = kept if ids is None else ids[kept]
        return scores, ids
