"""Built-in tools: they work offline and do no harm, but for the weather, which asks first."""

from __future__ import annotations

from glm.tool_functions import distinct
from glm.toolset.almanac import almanac
from glm.toolset.calculator import calculator
from glm.toolset.clock import get_time
from glm.toolset.random_number import random_number
from glm.toolset.units import convert_units
from glm.toolset.weather import get_weather

BUILT_IN_TOOLS = distinct(calculator, get_time, convert_units, random_number, almanac, get_weather)
"""All built-in tools, in the order in which they are offered."""
