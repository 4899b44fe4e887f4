"""What the variables of a kernel are, in short: name, type, shape, first values. Runs inside the kernel.

Nothing here calls the code of the variables' own classes: no `__repr__`, `__len__` or property
of the user's runs, however slow or broken it is. What is not a plain value is named by its type.
It runs alone, beside `kernel_main`: standard library only; numpy and pandas are used if the code loaded them.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import itertools
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

MOST_VARIABLES = 200
TEXT_CHARACTERS = 120
_NAME_CHARACTERS = 60
_ITEMS = 6  # of a collection that are shown
_DEPTH = 2  # collections within collections
_LARGE_NUMBER = 200  # bits; larger ones are told by their size: writing their digits out takes long

_LEFT_OUT = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)
"""What a cell imports and defines is no data."""

_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset, collections.deque, range)
_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
    collections.deque: ("[", "]"),
}
_WRITTEN = (bool, float, complex, type(None), datetime.date, datetime.timedelta, decimal.Decimal, fractions.Fraction)
_class_name: Callable[[type], str] = type.__dict__["__name__"].__get__
_class_order: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__


def described(namespace: Mapping[str, object], hidden: Mapping[str, object]) -> list[dict[str, object]]:
    """The variables in the order of their first assignment, at most 200, as JSON values.

    `hidden` is what the kernel itself put there. Each has name, type, shape (a list of numbers, or None) and text.
    """
    found: list[dict[str, object]] = []
    for name, value in list(namespace.items()):
        if type(name) is not str or name.startswith("_") or hidden.get(name, found) is value:
            continue
        if any(kind in _LEFT_OUT for kind in _class_order(type(value))):
            continue
        found.append({"name": name[:_NAME_CHARACTERS], **_described(value)})
        if len(found) >= MOST_VARIABLES:
            break
    return found


def _described(value: Any) -> dict[str, object]:
    kind = type(value)
    shape, text = None, ""
    try:
        shape = _shape(value)
        text = _table(value) or _array(value) or _short(value, _DEPTH)
    except Exception:  # another version of a library, or an object half built: its type is known still
        pass
    return {"type": _class_name(kind)[:_NAME_CHARACTERS], "shape": shape, "text": text[:TEXT_CHARACTERS]}


def _of(module: str, name: str) -> Any:
    """A class of a library that the code has loaded; else a class that nothing is an instance of."""
    return getattr(sys.modules.get(module), name, _Nothing)


class _Nothing:
    pass


def _shape(value: Any) -> list[int] | None:
    kind = type(value)
    if kind is _of("pandas", "DataFrame"):
        return [len(value.index), len(value.columns)]
    if kind is _of("pandas", "Series"):
        return [len(value.index)]
    array = _of("numpy", "ndarray")
    base: Any
    for base in _class_order(kind):
        if base is array:
            return [int(n) for n in array.shape.__get__(value)]
        if base in _SIZED:
            return [base.__len__(value)]  # the built-in one: a class of the user's may have its own
    return None


def _table(value: Any) -> str:
    if type(value) is _of("pandas", "DataFrame"):
        return ", ".join(_short(name, 1) if type(name) is not str else name[:40] for name in value.columns[:20])
    if type(value) is _of("pandas", "Series"):
        return f"{value.dtype}: {_items(value.iloc[:_ITEMS].tolist(), len(value.index), _element)}"
    return ""


def _array(value: Any) -> str:
    """Element type and first values of an array."""
    if type(value) is not _of("numpy", "ndarray"):
        return ""
    return f"{value.dtype}: {_items(value.flat, value.size, _element)}"


def _element(value: Any) -> str:
    return f"{value:.6g}" if type(value) is float else _short(value, 1)


def _short(value: Any, depth: int) -> str:
    """The value as Python writes it, cut; of what is no plain value the type's name in angle brackets."""
    kind = type(value)
    if kind is int:
        bits = value.bit_length()
        return repr(value) if bits <= _LARGE_NUMBER else f"<about {'-' if value < 0 else ''}10**{int(bits * 0.30103)}>"
    if kind is str or kind is bytes:
        return repr(value[:TEXT_CHARACTERS])
    if kind in _WRITTEN:
        return repr(value)[:TEXT_CHARACTERS]
    if kind is datetime.datetime and (value.tzinfo is None or type(value.tzinfo) is datetime.timezone):
        return value.isoformat(" ")
    if kind is range:
        return repr(value) if max(abs(value.start), abs(value.stop)).bit_length() <= _LARGE_NUMBER else "<range>"
    if kind.__module__ == "numpy" and kind is _of("numpy", _class_name(kind)) and hasattr(value, "dtype"):
        return f"{value.item():.6g}" if value.dtype.kind == "f" else _short(value.item(), 0)
    if depth and kind in _BRACKETS:
        start, end = _BRACKETS[kind]
        single = "," if kind is tuple and len(value) == 1 else ""
        return f"{start}{_items(value, len(value), lambda item: _short(item, depth - 1))}{single}{end}"
    if depth and kind is dict:

        def pair(item: tuple[object, object]) -> str:
            return f"{_short(item[0], depth - 1)}: {_short(item[1], depth - 1)}"

        return f"{{{_items(value.items(), len(value), pair)}}}"
    return f"<{_class_name(kind)[:_NAME_CHARACTERS]}>" if depth < _DEPTH else ""


def _items(values: Iterable[Any], count: int, say: Callable[[Any], str]) -> str:
    said = [say(value)[:_NAME_CHARACTERS] for value in itertools.islice(values, _ITEMS)]
    return ", ".join(said + ["..."] * (count > _ITEMS))
