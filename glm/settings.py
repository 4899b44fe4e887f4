"""GenerationSettings: how to sample, checked once and for all front ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from glm.errors import SettingsError


class Range(NamedTuple):
    """Inclusive limits and the step a slider should use."""

    low: float
    high: float
    step: float


RANGES: Mapping[str, Range] = {
    "max_new_tokens": Range(1, 131_072, 1),
    "temperature": Range(0.0, 2.0, 0.01),
    "top_p": Range(0.01, 1.0, 0.01),
    "top_k": Range(0, 1000, 1),
    "repetition_penalty": Range(0.5, 2.0, 0.01),
    "seed": Range(0, 2**63 - 1, 1),
}
"""Limits of each setting, for checking here and for the sliders of the front ends."""

_INTEGERS = frozenset({"max_new_tokens", "top_k", "seed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSettings:
    """Sampling settings of one request.

    `temperature` 0 is greedy decoding. `top_k` 0 and `top_p` 1 switch those filters
    off. `seed` None draws a fresh seed for each request. `constrain_calls` holds the
    arguments of tool calls to the tools' schemas, where the engine can. Defaults are
    ChatGLM3's (spec section 5; top_k 50 is the hidden default of the official `chat`).

    Raises `SettingsError` when a value has the wrong type or is out of `RANGES`.
    """

    max_new_tokens: int = 1024
    temperature: float = 0.8
    top_p: float = 0.8
    top_k: int = 50
    repetition_penalty: float = 1.0
    seed: int | None = None
    constrain_calls: bool = True

    def __post_init__(self) -> None:
        for name, limits in RANGES.items():
            value = getattr(self, name)
            if name == "seed" and value is None:
                continue
            wanted = "a whole number" if name in _INTEGERS else "a number"
            kinds = int if name in _INTEGERS else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
                raise SettingsError(f"{name} must be {wanted}, got {value!r}")
            if not limits.low <= value <= limits.high:
                raise SettingsError(f"{name} must be between {limits.low:g} and {limits.high:g}, got {value!r}")
        if not isinstance(self.constrain_calls, bool):
            raise SettingsError(f"constrain_calls must be true or false, got {self.constrain_calls!r}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> GenerationSettings:
        """Settings from names and values of unknown origin (a file, a request).

        Raises `SettingsError` for unknown names as well as for bad values.
        """
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise SettingsError(f"unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The settings as a dict that `from_mapping` accepts."""
        return asdict(self)
