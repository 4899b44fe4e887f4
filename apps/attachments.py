"""Text files put into a message: what the model reads of them, and finding them again for display. No widgets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from glm.engine import Engine
from glm.messages import Message

MAX_BYTES = 2_000_000
_COUNTED_CHARACTERS = 400_000  # more than any context holds; counting it would only hold the page up
_ATTACHED = re.compile(r"\[(?P<name>[^\]\n]+)\]\n(?P<fence>`{3,})\n(?P<text>.*?)\n(?P=fence)\n\n", re.DOTALL)


_NOTES = re.compile(r"(?:\[/mnt/data/[^\n]*\]\n)+\n")


class NotTextError(ValueError):
    """The bytes are not text in an encoding that is read here."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file by its name."""

    name: str
    text: str


def read(name: str, data: bytes) -> Attachment:
    """The file as text: UTF-8, UTF-16 with its mark, or GB 18030. Raises `NotTextError`."""
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return Attachment(_plain_name(name), text.replace("\r\n", "\n"))
    raise NotTextError(name)


def compose(question: str, files: Sequence[Attachment]) -> str:
    """The message that holds `files` and then the question."""
    return "".join(map(block, files)) + question


def block(file: Attachment) -> str:
    """A file as it stands in a message: its name and, fenced, its text."""
    return f"[{file.name}]\n{fenced(file.text)}\n\n"


def fenced(text: str) -> str:
    """Text as a block of code, in a fence that does not occur in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def tokens(engine: Engine, file: Attachment) -> str:
    """How many tokens the file's text takes, "12,345" or "100,000+" when it is too long to count."""
    counted = file.text[:_COUNTED_CHARACTERS]
    number = engine.count_tokens([Message("user", block(Attachment("", counted)))])
    return f"{number:,}" + ("+" if len(counted) < len(file.text) else "")


def note(line: str) -> str:
    """What is said of a file that is not in the message: a line of its own."""
    return f"[{line}]\n"


def notes(content: str) -> tuple[list[str], str]:
    """The lines that `note` put before a message, and the message."""
    found = _NOTES.match(content)
    return (found[0].strip()[1:-1].split("]\n["), content[found.end() :]) if found else ([], content)


def split(content: str) -> tuple[list[Attachment], str]:
    """What `compose` put together: the files and the question."""
    files, at = [], 0
    while found := _ATTACHED.match(content, at):
        files.append(Attachment(found["name"], found["text"]))
        at = found.end()
    return files, content[at:]


def _plain_name(name: str) -> str:
    return re.sub(r"[\[\]\x00-\x1f]", "_", name)[:120] or "file"
