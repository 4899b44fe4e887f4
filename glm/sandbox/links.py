"""Links to the kernel's files in a model's answer: `[Download](sandbox:/mnt/data/report.csv)`.

Models were taught to write them, and expect a page to make them work. This finds them in
Markdown and gives the path below the kernel's folder; what the page puts in their place
is its own affair. Text in code is left alone.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

FOLDER = "/mnt/data"
"""Where the models believe the kernel's folder to be."""

_LONGEST = 1000  # characters of a label or a target
_CODE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,}).*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_TICKS = re.compile(r"`+")
_PLACES = re.compile(r"\]\((?=<?\s{0,8}(?:sandbox:|/mnt/data/))|sandbox:(?=/)", re.IGNORECASE)
_BARE_END = re.compile(r"[\s<>\"'`|，。；！？、（）【】《》“”]")


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link in Markdown: characters `start` to `end` of the text, label, the file's path, and whether to show it."""

    start: int
    end: int
    label: str
    path: str
    picture: bool = False


def file_path(target: str) -> str | None:
    """Path below the kernel's folder that a link's target names; None when it names no file there.

    Takes `sandbox:/mnt/data/a.csv`, `sandbox:a.csv`, `/mnt/data/a.csv`, with `%20` for a blank or
    without. A path that leads out of the folder is none. Whether the file exists is for
    `SandboxFiles.read` to say.
    """
    target = target.strip()
    scheme = target[:8].lower() == "sandbox:"
    path = target[8:] if scheme else target
    if not scheme and not path.startswith(f"{FOLDER}/"):
        return None
    path = urllib.parse.unquote(re.split(r"[?#]", path, maxsplit=1)[0])
    path = "/" + path.lstrip("/") if path.startswith("/") else path
    if path.startswith("/"):
        if not path.startswith(f"{FOLDER}/"):
            return None
        path = path[len(FOLDER) + 1 :]
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if not parts or ".." in parts or path.endswith("/") or "\x00" in path or "\\" in path:
        return None
    return "/".join(parts)


def file_links(markdown: str) -> list[FileLink]:
    """All links to the kernel's files, in order: Markdown links and pictures, and bare `sandbox:/mnt/data/a.csv`."""
    links: list[FileLink] = []
    code = _code_spans(markdown)
    at = 0
    for place in _PLACES.finditer(markdown):
        if place.start() < at:
            continue
        while code and code[0][1] <= place.start():
            code.pop(0)
        if code and code[0][0] <= place.start():
            continue
        link = _bracketed(markdown, place.start(), at) if place.group() == "](" else _bare(markdown, place.start())
        if link:
            links.append(link)
            at = link.end
    return links


def replace_links(markdown: str, address: Callable[[str], str | None]) -> str:
    """The answer with each link to a file leading to `address(path)`; with None, only the label stays.

    The address is percent-encoded where Markdown needs it.
    """
    pieces: list[str] = []
    at = 0
    for link in file_links(markdown):
        where = address(link.path)
        pieces.append(markdown[at : link.start])
        if where is None:
            pieces.append(link.label)
        else:
            target = urllib.parse.quote(where, safe="/:?#[]@!$&'*+,;=%~-._")
            pieces.append(f"{'!' if link.picture else ''}[{link.label}]({target})")
        at = link.end
    return "".join([*pieces, markdown[at:]])


def _code_spans(markdown: str) -> list[tuple[int, int]]:
    """Beginning and end of every fenced block and of code within a line, in order."""
    fences = [match.span() for match in _CODE.finditer(markdown)]
    spans: list[tuple[int, int]] = []
    edges = [0, *(edge for span in fences for edge in span), len(markdown)]
    for number, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        # Of runs of back-ticks, each is closed by the next of its length; kept by length, so that it stays linear.
        runs = [(match.start(), match.end()) for match in _TICKS.finditer(markdown, start, end)]
        later: dict[int, list[int]] = {}
        for index in range(len(runs) - 1, -1, -1):
            later.setdefault(runs[index][1] - runs[index][0], []).append(index)
        index = 0
        while index < len(runs):
            length = runs[index][1] - runs[index][0]
            same = later[length]
            while same and same[-1] <= index:
                same.pop()
            if same:
                spans.append((runs[index][0], runs[same[-1]][1]))
                index = same[-1]
            index += 1
        if number < len(fences):
            spans.append(fences[number])
    return spans


def _bracketed(markdown: str, close: int, after: int) -> FileLink | None:
    """The link whose label ends at `close`, if its target is a file; its label begins after `after`."""
    label_start = _label_start(markdown, close, after)
    target = _target(markdown, close + 2)
    if label_start is None or target is None:
        return None
    text, end = target
    path = file_path(text)
    if path is None:
        return None
    picture = label_start > after and markdown[label_start - 1] == "!"
    label = markdown[label_start + 1 : close]
    return FileLink(label_start - picture, end, label or path.rpartition("/")[2], path, picture)


def _label_start(markdown: str, close: int, after: int) -> int | None:
    """Where the label's "[" stands: brackets within a label come in pairs."""
    depth = 0
    for at in range(close - 1, max(after, close - _LONGEST) - 1, -1):
        if markdown[at] == "]":
            depth += 1
        elif markdown[at] == "[":
            if not depth:
                return at
            depth -= 1
    return None


def _target(markdown: str, start: int) -> tuple[str, int] | None:
    """A link's target and where the link ends. Blanks are allowed within it: models write names as they are."""
    line = markdown[start : start + _LONGEST].partition("\n")[0]
    if line.startswith("<") and ">" in line:
        target, _, rest = line[1:].partition(">")
        closing = rest.find(")")
        return (target, start + len(target) + 2 + closing + 1) if closing >= 0 else None
    depth = 0
    for at, character in enumerate(line):
        if character == "(":
            depth += 1
        elif character == ")":
            if not depth:
                target = re.sub(r"""\s+(?:"[^"]*"|'[^']*')\s*$""", "", line[:at])
                return target, start + at + 1
            depth -= 1
    return None


def _bare(markdown: str, start: int) -> FileLink | None:
    """A `sandbox:` address that stands in the text, which ends before a blank or what closes a sentence."""
    text = _BARE_END.split(markdown[start : start + _LONGEST], maxsplit=1)[0].rstrip(".,;:!?*_)]")
    path = file_path(text)
    return FileLink(start, start + len(text), path.rpartition("/")[2], path) if path else None
