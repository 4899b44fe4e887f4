"""Sheet names and first rows of an Excel workbook (.xlsx), read as the stranger's file it is.

A workbook is packed XML: a small file can unfold to gigabytes, by packing or by entities.
So no more than a few megabytes are unpacked of any part, and document types are refused.
Not a spreadsheet reader: pandas in the kernel is.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

_UNPACKED = 4 * 2**20
"""Bytes unpacked of one part of a workbook; a sheet's first row and most tables of texts end before."""

_PARTS = 2000
_SHEETS = 10
_COLUMNS = 200
_TEXTS = 20_000
_PIECE = 65_536
_COLUMN = re.compile(r"[A-Z]{1,3}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's name, the cells of its first row that has any, and its rows (None when the file does not say)."""

    name: str
    first_row: tuple[str, ...]
    rows: int | None


class _Enough(Exception):
    """What was looked for is found; the rest of the part need not be read."""


def read_sheets(data: bytes) -> list[Sheet] | None:
    """The first ten sheets; None when the bytes are no workbook, or one that should not be read."""
    if data.count(b"PK\x01\x02") > _PARTS:  # each begins an entry of the table of contents, which is read as a whole
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            names = _sheet_names(book)
            texts: list[str] | None = None
            sheets = []
            for name, part in names[:_SHEETS]:
                row, rows, shared = _first_row(book, part)
                if shared and texts is None:
                    texts = _shared_texts(book, most=1 + max(shared.values()))
                cells = dict(row)
                for column, number in shared.items():
                    cells[column] = texts[number] if texts and 0 <= number < len(texts) else ""
                sheets.append(Sheet(name, tuple(cells[column] for column in sorted(cells)), rows))
            return sheets or None
    except (zipfile.BadZipFile, expat.ExpatError, OSError, zlib.error, EOFError):
        return None
    except (KeyError, ValueError, IndexError, NotImplementedError, RuntimeError, MemoryError):
        return None  # parts that are missing, packed in strange ways, locked with a password


def _parse(
    book: zipfile.ZipFile,
    part: str,
    *,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda tag: None,
    text: Callable[[str], None] = lambda data: None,
) -> None:
    """Read a part's XML until `start` or `end` raises `_Enough`, or the limit of what is unpacked. Tags come bare."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    parser.CharacterDataHandler = text

    def refuse(*_: object) -> None:
        raise ValueError("a workbook has no document type")

    parser.StartDoctypeDeclHandler = refuse
    left = _UNPACKED
    if book.getinfo(part).compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ValueError("a workbook is packed like this only by who wants to use the unpacker's memory")
    try:
        with book.open(part) as packed:
            while left > 0 and (piece := packed.read(min(_PIECE, left))):
                left -= len(piece)
                parser.Parse(piece, False)
    except _Enough:
        pass


def _sheet_names(book: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Names of sheets in their order, with the part that holds each."""
    targets: dict[str, str] = {}
    names: list[tuple[str, str]] = []

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and len(targets) < 1000:
            target = attributes["Target"]
            targets[attributes["Id"]] = target[1:] if target.startswith("/") else f"xl/{target}"

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            identity = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            names.append((attributes["name"], targets[identity]))
            if len(names) >= _SHEETS:
                raise _Enough

    _parse(book, "xl/_rels/workbook.xml.rels", start=relation)
    _parse(book, "xl/workbook.xml", start=sheet)
    return names


def _first_row(book: zipfile.ZipFile, part: str) -> tuple[dict[int, str], int | None, dict[int, int]]:
    """Cells of the first row with any by column, the sheet's rows, and cells whose text lies in the shared texts."""
    cells: dict[int, str] = {}
    shared: dict[int, int] = {}
    rows: list[int] = []
    column, kind, value = 0, "", ""
    reading = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal column, kind, value, reading
        if tag == "dimension":
            last = re.search(r":[A-Z]+(\d{1,7})$", attributes.get("ref", ""))
            rows.extend([int(last.group(1))] if last else [])
        elif tag == "c":
            place = _COLUMN.match(attributes.get("r", ""))
            column = _column_number(place.group()) if place else column + 1
            kind, value = attributes.get("t", ""), ""
        elif tag in {"v", "t"}:
            reading = True

    def end(tag: str) -> None:
        nonlocal reading
        if tag in {"v", "t"}:
            reading = False
        elif tag == "c" and value.strip():
            if kind == "s":
                shared[column] = int(value)
            else:
                cells[column] = value
        if tag in {"row", "sheetData"} and (cells or shared or tag == "sheetData"):
            raise _Enough
        if len(cells) + len(shared) >= _COLUMNS:
            raise _Enough

    def text(data: str) -> None:
        nonlocal value
        if reading and len(value) < 1000:
            value += data

    _parse(book, part, start=start, end=end, text=text)
    return cells, rows[0] if rows else None, shared


def _shared_texts(book: zipfile.ZipFile, *, most: int) -> list[str]:
    """The first texts of the table that cells refer to: as many as are needed, and never more than 20,000."""
    texts: list[str] = []
    current: list[str] = []
    reading = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal reading
        if tag == "si":
            current.clear()
        reading = tag == "t"

    def end(tag: str) -> None:
        nonlocal reading
        reading = False
        if tag == "si":
            texts.append("".join(current)[:1000])
            if len(texts) >= min(most, _TEXTS):
                raise _Enough

    def text(data: str) -> None:
        if reading and len(current) < 100:
            current.append(data)

    _parse(book, "xl/sharedStrings.xml", start=start, end=end, text=text)
    return texts


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
