"""Checks of single values of an official config.json, and the sentence for what no model can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from glm.errors import CheckpointError


def refused(key: str, value: object, expected: str) -> CheckpointError:
    """The error that names key and value."""
    return CheckpointError(f"config.json has {key} = {str(value)[:40]}, expected {expected}; obtain the file again")


def is_whole_number(value: object, low: int, high: int) -> TypeGuard[int]:
    """Whether it is a number from `low` to `high`, and no true or false."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def quantization_bits(official: Mapping[str, Any]) -> int:
    """0 for ordinary weights, 4 or 8 for packed ones. Raises `CheckpointError` for others."""
    bits = official.get("quantization_bit") or 0
    if isinstance(bits, bool) or bits not in (0, 4, 8):
        raise refused("quantization_bit", bits, "0, 4 or 8")
    return int(bits)


def check_packing(bits: int, *columns: int) -> None:
    """Two numbers share a byte with 4 bits, so matrices need even numbers of columns. Raises `CheckpointError`."""
    if bits == 4 and any(count % 2 for count in columns):
        raise refused("quantization_bit", 4, "8 or 0 for matrices with an odd number of columns")
