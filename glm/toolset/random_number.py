"""Random whole numbers from the operating system's source."""

from __future__ import annotations

import secrets
from typing import Annotated

from pydantic import Field

from glm.tool_functions import tool

_FURTHEST = 10**15


@tool
def random_number(
    low: Annotated[int, "Smallest possible number"] = 1,
    high: Annotated[int, "Largest possible number"] = 100,
    count: Annotated[int, Field(ge=1, le=100), "How many numbers to draw"] = 1,
) -> str:
    """Draw random whole numbers between two limits, both included"""
    if low > high:
        raise ValueError(f"low must not be larger than high, got low={low} and high={high}")
    if max(-low, high) > _FURTHEST:
        raise ValueError(f"the limits must lie between -{_FURTHEST} and {_FURTHEST}")
    return ", ".join(str(low + secrets.randbelow(high - low + 1)) for _ in range(count))
