"""File names that are safe to store, to show and to send.

Code in the kernel may name a file anything: with line ends that forge a header, with
characters that turn the text around, as a device of Windows.
"""

from __future__ import annotations

import re
import unicodedata

NAME_BYTES = 120
"""Longest safe name in bytes of UTF-8; file systems take 255, but some add to a name."""

UNSHOWN = "�"
"""Stands in a shown path for each character that must not reach a page or a header."""

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)
_NOT_IN_NAMES = frozenset('/\\:*?"<>|')


def safe_name(name: str) -> str:
    """A name of a file, of anything: one part of a path, that every system can store and a page can show.

    Of a path it is the last part. The ending survives where it can ("report.csv" of a long
    name stays a CSV file). A name of which nothing is left becomes "file".
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join("_" if c in _NOT_IN_NAMES else c for c in last if not _is_unsafe(c))
    kept = " ".join(kept.split()).strip(". ")
    if _RESERVED.match(kept):
        kept = f"_{kept}"
    return _cut(kept) or "file"


def numbered(name: str, number: int) -> str:
    """`report.csv` as `report (2).csv`, within the limit of `NAME_BYTES`."""
    stem, ending = _split(name)
    mark = f" ({number})"
    return _first_bytes(stem, NAME_BYTES - len((mark + ending).encode())) + mark + ending


def shown(name: str) -> str:
    """A name as it may be listed: unsafe characters as `UNSHOWN`. Names of ordinary files are shown as they are."""
    return "".join(UNSHOWN if c == "\\" or _is_unsafe(c) else c for c in name)


def _is_unsafe(character: str) -> bool:
    """Control, formatting (which turns text around), surrogate, private, unassigned; line and paragraph separators."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem and len(ending.encode()) <= 16 else (name, "")


def _first_bytes(text: str, count: int) -> str:
    return text.encode()[: max(count, 0)].decode(errors="ignore")


def _cut(name: str) -> str:
    stem, ending = _split(name)
    return _first_bytes(stem, NAME_BYTES - len(ending.encode())).rstrip(". ") + ending
