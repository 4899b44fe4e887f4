"""Unit conversion by pint's tables, with Chinese names and Chinese market units.

A unit is read here, name by name: pint's own reader would work out whatever arithmetic stands in it.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from glm.tool_functions import tool
from glm.toolset.unit_names import UNIT_NAMES

if TYPE_CHECKING:
    from pint import UnitRegistry

MAX_UNIT_CHARS = 60

_FACTOR = re.compile(r"([^\W\d²³]+(?: [^\W\d²³]+)*|°[CF]|[\"'])(?:\^?(-?[1-4])|([²³]))?")
_POWERS = {"²": 2, "³": 3}

_TEMPERATURES = {"c": "degC", "f": "degF", "k": "kelvin"}
_DEFINED = (
    "li = 500 * meter", "zhang = 10 / 3 * meter", "chi = meter / 3", "cun = meter / 30", "jin = 500 * gram",
    "liang = 50 * gram", "qian = 5 * gram", "mu_area = 2000 / 3 * meter ** 2", "square_meter = meter ** 2",
    "square_kilometer = kilometer ** 2", "square_centimeter = centimeter ** 2", "square_foot = foot ** 2",
    "square_mile = mile ** 2", "cubic_meter = meter ** 3", "cubic_foot = foot ** 3",
    "meter_per_second = meter / second",
)  # fmt: skip


@tool
def convert_units(
    value: Annotated[float, "Value to convert"],
    from_unit: Annotated[str, "Unit of the value, e.g. km, mile, kg, celsius, m/s, 斤"],
    to_unit: Annotated[str, "Wanted unit"],
) -> str:
    """Convert a value from one unit to another"""
    from pint.errors import PintError  # pint takes half a second: only when something is converted

    source, target = _units(from_unit, to_unit)
    registry = _registry()
    if registry.get_base_units(source)[1] != registry.get_base_units(target)[1]:
        raise ValueError(f"{from_unit} cannot be converted to {to_unit}: they measure different things")
    try:
        quantity = registry.Quantity(float(value), source)
        if source.dimensionality == "[temperature]" and quantity.to("kelvin").magnitude < 0:
            raise ValueError(f"{_shown(value)} {from_unit} is colder than absolute zero")
        result = float(quantity.to(target).magnitude)
    except OverflowError:
        result = math.inf
    except PintError:
        raise ValueError(f"{from_unit} cannot be converted to {to_unit}") from None
    if not math.isfinite(result):
        raise ValueError(f"{value:g} {from_unit} is too large to convert")
    return f"{_shown(value)} {from_unit.strip()} = {_shown(result)} {to_unit.strip()}"


@lru_cache(maxsize=1)
def _registry() -> UnitRegistry[Any]:
    from pint import UnitRegistry

    registry: UnitRegistry[Any] = UnitRegistry()
    for definition in _DEFINED:
        registry.define(definition)
    return registry


def _units(from_unit: str, to_unit: str) -> tuple[Any, Any]:
    letters = [text.strip().lower() for text in (from_unit, to_unit)]
    if all(letter in _TEMPERATURES or _alias(letter) in ("degC", "degF") for letter in letters):
        # C and F alone are the coulomb and the farad
        from_unit, to_unit = (_TEMPERATURES.get(letter, letter) for letter in letters)
    return _unit(from_unit), _unit(to_unit)


def _unit(text: str) -> Any:
    """The unit written in `text`: names with powers, joined by * or /."""
    if len(text) > MAX_UNIT_CHARS:
        raise ValueError(f"a unit has at most {MAX_UNIT_CHARS} characters, got {len(text)}")
    whole = text.strip()
    if _known(whole):
        return _registry().Unit(_known(whole))
    parts = re.split(r"\s*([*·/]|每| per )\s*", whole.replace("**", "^").removeprefix("每"))
    product = _registry().Unit("")
    for sign, part in zip(["*", *parts[1::2]], parts[::2], strict=True):
        found = _FACTOR.fullmatch(part.strip())
        name = _known(found[1]) if found else ""
        if not found or not name:
            raise ValueError(f"{text!r} is not a known unit; write for instance km, mile, kg, celsius, m/s or 公里")
        power = _POWERS[found[3]] if found[3] else int(found[2] or 1)
        factor = _registry().Unit(name) ** power
        product = product * factor if sign in "*·" else product / factor
    return product


def _alias(name: str) -> str:
    return UNIT_NAMES.get(name) or UNIT_NAMES.get(name.lower(), "")


def _known(name: str) -> str:
    """Pint's name of the unit `name`, or "" when there is none."""
    alias = _alias(name)
    if alias:
        return alias
    spelling = name.replace(" ", "_")
    if not re.fullmatch(r"[A-Za-zµμΩÅ_]+", spelling):
        return ""
    return next((one for one in (spelling, spelling.lower()) if one in _registry()), "")


def _shown(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.7g}"
