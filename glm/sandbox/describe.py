"""Files of the kernel's folder, said in a few words for the model: names, sizes, columns.

A model that knows a table's columns writes code that fits it. What the files hold is a
stranger's text: it is put on one line, cut, and in quotation marks.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable

from glm.errors import SandboxError
from glm.sandbox.excel import read_sheets
from glm.sandbox.images import picture_size
from glm.sandbox.plain_text import one_line
from glm.sandbox.protocol import FileEntry, SandboxFiles
from glm.sandbox.values import Limits

FILES_TOLD = 20
"""Files that are described one by one; of the others only the number is told."""

COLUMNS_TOLD = 40
_NAME_LENGTH = 60  # characters of a column's name
_SAMPLE = 65_536  # bytes of a table or a picture that are looked at
_DELIMITERS = {",": "", ";": "';'", "\t": "tab", "|": "'|'"}
_TABLES = (".csv", ".tsv", ".tab")
_EXCEL = (".xlsx", ".xlsm")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")


def describe_files(files: SandboxFiles, *, folder: str = "/mnt/data") -> str:
    """All files in the folder, one line each, as the model is told of them; empty when there are none."""
    entries = files.entries()
    lines = [f"- {folder}/{describe_file(files, entry)}" for entry in entries[:FILES_TOLD]]
    if len(entries) > FILES_TOLD:
        lines.append(f"- and {len(entries) - FILES_TOLD} more files in {folder}")
    return "\n".join(lines)


def describe_file(files: SandboxFiles, entry: FileEntry) -> str:
    """`sales.csv (12.3 KB): CSV, 4 columns: "date", "region", "price", "votes"; 120 rows`. Raises nothing for a file.

    Reads at most 64 KB of it, and all of an Excel workbook that could have been uploaded.
    """
    name = f"{one_line(entry.path, 200)} ({size_text(entry.size)})"
    lower = entry.path.lower()
    try:
        if lower.endswith(_TABLES):
            about = _table(files.read(entry.path, limit=_SAMPLE), complete=entry.size <= _SAMPLE)
        elif lower.endswith(_EXCEL) and entry.size <= Limits().upload_bytes:
            about = _workbook(files.read(entry.path))
        elif lower.endswith(".xls"):
            about = "Excel workbook of the old format"
        elif lower.endswith(_PICTURES):
            about = _picture(files.read(entry.path, limit=_SAMPLE))
        else:
            about = ""
    except SandboxError:
        about = "cannot be read"
    return f"{name}: {about}" if about else name


def size_text(size: int) -> str:
    """Bytes for a person: "0 bytes", "999 bytes", "1.5 KB", "12 MB"; 1 KB is 1,024 bytes."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    value = float(size)
    for unit in ("KB", "MB", "GB"):
        value /= 1024
        if value < 999.5 or unit == "GB":
            break
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def _table(data: bytes, *, complete: bool) -> str:
    text, encoding = _decoded(data, complete=complete)
    rows, delimiter = _rows(text if complete else text[: text.rfind("\n") + 1] or text)
    if not rows:
        return "CSV, empty" if complete else "CSV"
    header, *body = rows
    parts = ["CSV"]
    if encoding:
        parts.append(f"encoding {encoding}")
    if _DELIMITERS[delimiter]:
        parts.append(f"separated by {_DELIMITERS[delimiter]}")
    if all(_is_number(cell) for cell in header):
        columns = f"{_counted(len(header), 'column')} without names, first row: {_names(header)}"
        body = rows
    else:
        columns = f"{_counted(len(header), 'column')}: {_names(header)}"
    count = _counted(len(body), "row") if complete else f"more than {len(body):,} rows"
    return f"{', '.join(parts)}, {columns}; {count}"


def _decoded(data: bytes, *, complete: bool) -> tuple[str, str]:
    """Text of a table, and the encoding's name where `pandas.read_csv` would have to be told it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace"), "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        # What was cut may end within a character: of an incomplete text the last few bytes do not count.
        for end in range(0, 1 if complete else 4):
            try:
                text = data[: len(data) - end].decode(encoding)
            except UnicodeDecodeError:
                continue
            return text, "" if encoding == "utf-8-sig" else encoding
    return data.decode("latin-1"), "latin-1"


def _rows(text: str) -> tuple[list[list[str]], str]:
    """Rows that are not empty, and their delimiter: the one that parts the first rows most often and alike."""
    lines = text.replace("\x00", "").splitlines(keepends=True)

    def score(delimiter: str) -> tuple[bool, int]:
        widths = [len(row) for row in _read(lines[:20], delimiter)]
        return (len(set(widths)) == 1, widths[0]) if widths and widths[0] > 1 else (False, 0)

    best = max(_DELIMITERS, key=score)
    return _read(lines, best), best


def _read(lines: list[str], delimiter: str) -> list[list[str]]:
    rows = []
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if row:
                rows.append(row)
    except csv.Error:
        pass  # a field without end: what came before it is told
    return rows


def _workbook(data: bytes) -> str:
    sheets = read_sheets(data)
    if not sheets:
        return "Excel workbook"
    told = []
    for sheet in sheets:
        columns = f": {_names(list(sheet.first_row))}" if sheet.first_row else ", empty"
        rows = f" ({_counted(sheet.rows, 'row')} with the header)" if sheet.rows and sheet.first_row else ""
        told.append(f"sheet {_quoted(sheet.name)}{columns}{rows}")
    return f"Excel, {'; '.join(told)}"


def _picture(data: bytes) -> str:
    found = picture_size(data)
    return f"{found[0]} picture, {found[1]} x {found[2]} pixels" if found else "picture"


def _names(cells: Iterable[str]) -> str:
    names = [_quoted(cell) for cell in cells]
    more = f" and {len(names) - COLUMNS_TOLD} more" if len(names) > COLUMNS_TOLD else ""
    return ", ".join(names[:COLUMNS_TOLD]) + more


def _quoted(text: str) -> str:
    return json.dumps(one_line(text, _NAME_LENGTH), ensure_ascii=False)


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True
