"""A calculator: arithmetic as people write it, parsed and worked out with bounds, never run as code.

Numbers are exact fractions as long as the operations allow it, so that 0.1 + 0.2 is 0.3.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated

from glm.tool_functions import tool

MAX_CHARS = 300
MAX_BITS = 4096
"""Largest numerator or denominator; a number of about 1200 digits."""

_MAX_SHOWN_DIGITS = 60
_MAX_FACTORIAL = 400
_SIGNIFICANT = 12

Number = Fraction | float


@tool
def calculator(
    expression: Annotated[str, "Arithmetic expression, e.g. (3 + 4) * 2, sqrt(16), 15% * 80, 3 × 4 ÷ 2"],
) -> str:
    """Work out an arithmetic expression exactly"""
    asked = " ".join(expression.split()).rstrip(" =?？")
    return f"{asked} {_shown(calculate(expression))}"


def calculate(expression: str) -> Number:
    """The value of `expression`. Raises `ValueError` with a sentence when it has none."""
    if len(expression) > MAX_CHARS:
        raise ValueError(f"the expression has {len(expression)} characters; {MAX_CHARS} are allowed")
    source = _as_python(expression)
    try:
        body = ast.parse(source, mode="eval").body
        return _value(body)
    except ZeroDivisionError:
        raise ValueError("division by zero has no result") from None
    except OverflowError:
        raise ValueError("the result is too large") from None
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{expression!r} is not an arithmetic expression; write for instance (3 + 4) * 2") from None


_WORDS = {
    "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "−": "-", "–": "-", "π": "pi", "^": "**",
    "²": "**2", "³": "**3", "乘以": "*", "除以": "/", "乘": "*", "加": "+", "减": "-", "的平方": "**2",
}  # fmt: skip
_REWRITTEN = (
    (re.compile(r"[=?？]+\s*$"), ""),
    (re.compile(r"√\s*(\d+(?:\.\d+)?)"), r"sqrt(\1)"),
    (re.compile(r"√"), "sqrt"),
    (re.compile(r"(?<=[\d)])\s+[xX]\s+(?=[\d(.])"), "*"),
    (re.compile(r"(\d+(?:\.\d+)?)\s*°"), r"radians(\1)"),
    (re.compile(r"(\d+|\([^()]*\))\s*!(?!=)"), r"factorial(\1)"),
    (re.compile(r"%\s*of\b"), "%*"),
    (re.compile(r"(\d+(?:\.\d+)?)\s*%(?=\s*(?:$|[-+*/),]))"), r"(\1/100)"),
)
_THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,])")


def _as_python(expression: str) -> str:
    """`expression` in Python's spelling of arithmetic."""
    for word, spelling in _WORDS.items():
        expression = expression.replace(word, spelling)
    source = unicodedata.normalize("NFKC", expression).strip()
    for pattern, spelling in _REWRITTEN:
        source = pattern.sub(spelling, source)
    if not re.search(r"[A-Za-z]\s*\(", source):  # in max(1,234) the comma parts two numbers
        source = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), source)
    return source.strip()


def _factorial(value: Number) -> Fraction:
    number = _whole(value, "factorial")
    if not 0 <= number <= _MAX_FACTORIAL:
        raise ValueError(f"the factorial is worked out for 0 to {_MAX_FACTORIAL}, got {number}")
    return Fraction(math.factorial(number))


def _choices(function: Callable[[int, int], int]) -> Callable[[Number, Number], Fraction]:
    def bounded(of: Number, taken: Number) -> Fraction:
        total, drawn = _whole(of, "comb"), _whole(taken, "comb")
        if not 0 <= drawn <= total <= 1000:
            raise ValueError("comb and perm are worked out for whole numbers from 0 to 1000, the larger one first")
        return Fraction(function(total, drawn))

    return bounded


def _root(value: Number) -> Number:
    if value < 0:
        raise ValueError("a negative number has no real square root")
    if isinstance(value, Fraction):
        top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if top * top == value.numerator and bottom * bottom == value.denominator:
            return Fraction(top, bottom)
    return math.sqrt(value)


def _rounded(value: Number, digits: Number = Fraction(0)) -> Number:
    places = _whole(digits, "round")
    if abs(places) > 50:
        raise ValueError(f"round works with up to 50 digits, got {places}")
    scaled = abs(Fraction(value)) * Fraction(10) ** places
    nearest = Fraction(math.floor(scaled + Fraction(1, 2))) / Fraction(10) ** places  # half up, as people round
    return -nearest if value < 0 else nearest


def _tangent(value: Number) -> float:
    if abs(math.cos(value)) < 1e-15:
        raise ValueError("the tangent has no value at a right angle")
    return math.tan(value)


def _whole(value: Number, name: str) -> int:
    if value != int(value):
        raise ValueError(f"{name} needs whole numbers, got {_plain(value)}")
    return int(value)


def _logarithm(value: Number, base: Number = math.e) -> float:
    return math.log(value) if base == math.e else math.log(value) / math.log(base)


def _common(function: Callable[..., int], name: str) -> Callable[..., Fraction]:
    return lambda *values: Fraction(function(*(_whole(value, name) for value in values)))


_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "sqrt": _root, "factorial": _factorial, "round": _rounded, "abs": abs, "min": min, "max": max,
    "floor": lambda value: Fraction(math.floor(value)), "ceil": lambda value: Fraction(math.ceil(value)),
    "gcd": _common(math.gcd, "gcd"), "lcm": _common(math.lcm, "lcm"),
    "comb": _choices(math.comb), "perm": _choices(math.perm), "pow": lambda base, power: _power(base, power),
    "exp": math.exp, "log": _logarithm, "ln": math.log, "log10": math.log10, "lg": math.log10, "log2": math.log2,
    "sin": math.sin, "cos": math.cos, "tan": _tangent, "asin": math.asin, "acos": math.acos, "atan": math.atan,
    "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "radians": math.radians, "degrees": math.degrees,
}  # fmt: skip
_CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}
_OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: lambda left, right: Fraction(left // right), ast.Mod: operator.mod,
    ast.Pow: lambda left, right: _power(left, right),
}  # fmt: skip


def _value(node: ast.expr) -> Number:
    return _bounded(_raw_value(node))


def _raw_value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=bool()):
            raise ValueError("True and False are not numbers")
        case ast.Constant(value=int() as number):
            return Fraction(number)
        case ast.Constant(value=float() as number):
            if not math.isfinite(number):
                raise ValueError("the expression holds a number that is too large")
            return Fraction(repr(number))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left), _value(right))
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.Name(id=name):
            raise ValueError(f"{name!r} is not a number; constants are {', '.join(_CONSTANTS)}")
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _called(name, [_value(argument) for argument in args])
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(f"there is no function {name!r}; functions are {', '.join(_FUNCTIONS)}")
        case ast.Call(func=ast.Constant() | ast.BinOp()):
            raise ValueError("write × between a number and a bracket")
    raise ValueError("only numbers, + - * / // % ** and functions such as sqrt can be worked out")


def _called(name: str, values: list[Number]) -> Number:
    try:
        return _FUNCTIONS[name](*values)
    except TypeError:
        raise ValueError(f"{name} cannot be worked out of {len(values)} numbers") from None
    except ValueError as error:
        if "math domain" in str(error) or "expected a" in str(error):
            raise ValueError(f"{name} has no value for {', '.join(map(_plain, values))}") from None
        raise


def _power(base: Number, power: Number) -> Number:
    if isinstance(base, Fraction) and isinstance(power, Fraction) and power.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if size > 1 and size * abs(power.numerator) > MAX_BITS:
            raise ValueError(f"{_plain(base)} to the power of {_plain(power)} is too large to work out")
        return base**power.numerator
    if base < 0 and power != int(power):
        raise ValueError("a negative number to a fractional power has no real result")
    return float(base) ** float(power)


def _bounded(value: Number) -> Number:
    if isinstance(value, int):
        value = Fraction(value)
    if isinstance(value, Fraction):
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise ValueError("the numbers become too large to work out")
    elif not math.isfinite(value):
        raise ValueError("the result is too large")
    return value


def _shown(value: Number) -> str:
    """``= 7`` or, where digits were left out, ``≈ 0.333333333333``."""
    text = _plain(value)
    exact = isinstance(value, Fraction) and Fraction(text) == value
    return f"{'=' if exact or _is_whole(value) else '≈'} {text}"


def _is_whole(value: Number) -> bool:
    return value == int(value) and abs(value) < 10**_SIGNIFICANT


def _plain(value: Number) -> str:
    if isinstance(value, Fraction) and value.denominator == 1:
        text = str(value.numerator)
        return text if len(text) <= _MAX_SHOWN_DIGITS else f"{_scientific(value)}"
    if isinstance(value, Fraction) and (finite := _finite_decimal(value)):
        return finite
    size = abs(Fraction(value))
    if size != 0 and not 1e-6 <= size < 1e15:
        return _scientific(value)
    return format(float(value), f".{_SIGNIFICANT}g") if size < 10**_SIGNIFICANT else format(float(value), ".1f")


def _finite_decimal(value: Fraction) -> str:
    """The decimals of `value` where there are at most as many as are shown; else ""."""
    digits = value * 10**_SIGNIFICANT
    if digits.denominator != 1 or abs(value) >= 10**30:
        return ""
    whole, fraction = divmod(abs(digits.numerator), 10**_SIGNIFICANT)
    return f"{'-' if value < 0 else ''}{whole}.{fraction:0{_SIGNIFICANT}d}".rstrip("0")


def _scientific(value: Number) -> str:
    exact = Fraction(value)
    exponent = len(str(abs(exact.numerator))) - len(str(exact.denominator))
    if abs(exact) < Fraction(10) ** exponent:
        exponent -= 1
    mantissa = format(float(exact / Fraction(10) ** exponent), f".{_SIGNIFICANT - 1}g")
    if mantissa.lstrip("-") == "10":
        mantissa, exponent = mantissa[:-1], exponent + 1
    return f"{mantissa}e{exponent:+d}"
