"""Text from a kernel made plain: no escape sequences, no control characters, nothing that breaks JSON or a page.

What it keeps: line ends, tabs, and every character that a person can read. Every function
takes any string, takes time in proportion to its length, and raises nothing.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_ERASE_LINE = re.compile(r"(?:\r\x1b\[[02]?K)|(?:\x1b\[2K\r?)")
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours, cursor movements
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # window titles, links
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\|\x9c)?"  # strings for the terminal
    r"|\x1b[ -/]*[0-~]?"
)
_UNFINISHED = re.compile(r"(?:\x1b[\[\]PX^_]?|\x9b|\x9d)[^\x07\x1b\x9c\n]{0,200}\Z")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NEW_LINE = "\x1c"  # inside this file: the line starts anew, empty; a kernel's own is removed with the controls

_COMPACT = 1024
"""A line of more characters than this is put together as soon as it comes: a progress bar may never end its line."""

_SETTLED = 4096
"""And this much of a line stays as it is: going over it again with every piece would take ever longer."""

CUT_MARK = "\n... [{count} characters left out] ...\n"


def clean_text(text: str) -> str:
    """The text as it would stand on paper: `\\r` and backspace done, escapes and control characters gone.

    Lone surrogates become "�", so that the result can always be encoded; bidirectional
    overrides go, because they make text say something else than it does.
    """
    if text.isprintable():
        return text
    text = _SURROGATES.sub("\ufffd", text).replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return "\n".join(map(_clean_line, text.split("\n")))


def one_line(text: str, limit: int) -> str:
    """Clean text on a single line of at most `limit` characters, the end replaced by "…" when it is longer."""
    line = " ".join(clean_text(text[: 4 * limit + 1000]).split())
    return line if len(line) <= limit else line[: max(limit - 1, 0)] + "…"


def cut_middle(text: str, limit: int) -> str:
    """Beginning and end of a text longer than `limit` characters, and between them how many were left out.

    Errors stand at the end and headings at the beginning; the middle is what is missed least.
    """
    if len(text) <= limit:
        return text
    mark = CUT_MARK.format(count=len(text) - limit)
    room = max(limit - len(mark), 0)
    head = room * 2 // 3
    return text[:head] + mark + text[len(text) - (room - head) :]


def _clean_line(line: str) -> str:
    if line.isprintable():  # which nothing is that this file removes
        return line
    if "\x1b" in line or any(c in line for c in "\x9b\x9d\x90\x98\x9e\x9f"):
        line = line.replace(_NEW_LINE, "")
        line = _ESCAPES.sub("", _ERASE_LINE.sub(_NEW_LINE, line))
        line = line.rpartition(_NEW_LINE)[2]
    if "\r" in line:
        line = _overwrite(line)
    if "\b" in line:
        line = _backspace(line)
    return _CONTROLS.sub("", line)


def _overwrite(line: str) -> str:
    """What a terminal shows after carriage returns: later pieces over the beginning of earlier ones.

    From the last piece back, each adds only what is longer than all after it: linear, however many pieces.
    """
    shown: list[str] = []
    covered = 0
    for piece in reversed(line.split("\r")):
        if len(piece) > covered:
            shown.append(piece[covered:])
            covered = len(piece)
    return "".join(shown)


def _backspace(line: str) -> str:
    """Backspaces delete, as notebooks have it: progress bars print digits and take them back."""
    kept: list[str] = []
    for character in line:
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)


class StreamText:
    """Printed text that comes in pieces: a piece may end inside an escape sequence or a progress bar's line.

    `limit` is in characters of cleaned text; what comes after is dropped and `cut` says so.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lines: list[str] = []
        self._length = 0
        self._open = ""
        self.cut = False

    def feed(self, piece: str) -> None:
        """Add a piece as it came from the kernel."""
        if self.cut:
            return
        # A bare "\r" at the very end may be half of a line end: it stays in the open line, unjudged.
        text = _SURROGATES.sub("\ufffd", self._open + piece).replace("\r\n", "\n")
        finished, line_end, self._open = text.rpartition("\n")
        if line_end:
            self._settle(clean_text(finished) + "\n")
        if len(self._open) > _COMPACT:
            self._open = _compact(self._open)
        if len(self._open) > _SETTLED:
            self._settle(_clean_line(self._open))
            self._open = ""
        if self._length + len(self._open) > self._limit:
            line = clean_text(self._open)
            if self._length + len(line) > self._limit:
                self._settle(line)

    def _settle(self, text: str) -> None:
        room = self._limit - self._length
        if len(text) > room:
            text, self.cut, self._open = text[:room], True, ""
        self._lines.append(text)
        self._length += len(text)

    @property
    def text(self) -> str:
        """All text so far, at most `limit` characters."""
        if len(self._lines) > 1:
            self._lines = ["".join(self._lines)]
        done = self._lines[0] if self._lines else ""
        return done + clean_text(self._open)[: self._limit - self._length]


def _compact(line: str) -> str:
    """The same open line in fewer characters: cleaned, but with its unfinished end as it came."""
    unfinished = _UNFINISHED.search(line, max(len(line) - 256, 0))
    end = line[unfinished.start() :] if unfinished else ""
    body = line[: len(line) - len(end)]
    returns = "\r" if body.endswith("\r") else ""
    return _clean_line(body) + returns + end


class _HtmlText(HTMLParser):
    """Collects the text of markup: cells parted by tabs, blocks by line ends, scripts and styles left out."""

    _BLOCKS = frozenset("p div br tr li ul ol table h1 h2 h3 h4 h5 h6 pre blockquote section thead tbody".split())
    _UNREAD = frozenset("script style template noscript title".split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unread = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if not self._unread and tag in self._UNREAD:
            self._unread = tag
        elif tag in self._BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread = ""
        elif tag in {"td", "th"}:
            self.pieces.append("\t")
        elif tag in self._BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.pieces.append(" ".join(data.split()) if data.strip() else " ")


def text_of_html(html: str, limit: int = 20_000) -> str:
    """What a person would read of the markup, at most `limit` characters. For the model, never for a page."""
    parser = _HtmlText()
    try:
        parser.feed(html[: 3 * limit])  # bounded: some Pythons' parsers take quadratic time
        parser.close()
    except (AssertionError, ValueError):  # what the parser raises for some malformed declarations
        pass
    rows = "".join(parser.pieces).split("\n")
    lines = ("\t".join(cell.strip() for cell in row.split("\t")).strip() for row in rows)
    return clean_text("\n".join(line for line in lines if line))[:limit]
