"""IPython's traceback, trimmed to what concerns the cell.

Frames of the cell and of files beside it stay as they are. Frames of libraries give way
to one line, save the last one's name: the model wrote the cell, not pandas. Of chained
exceptions, those that never touched the cell are left out.
"""

from __future__ import annotations

import itertools
import re

from glm.sandbox.plain_text import cut_middle

TRACEBACK_LIMIT = 8000
"""Longest traceback in characters."""

_CHAIN = re.compile(
    r"\n(The above exception was the direct cause of the following exception:"
    r"|During handling of the above exception, another exception occurred:)\n"
)
_FRAME = re.compile(r"^(?:Cell In\s?\[|Input In\s?\[|File )", re.MULTILINE)
_LIBRARY = re.compile(
    r"^File (?:\S*?[/\\])?(?:(?:site|dist)-packages|lib(?:64)?[/\\]python\d)[^\n]*"
    r"|^File (?:<frozen|\S+\.p(?:yx|xi|xd):)[^\n]*"  # compiled parts name their sources
)
_OURS = re.compile(r"^File \S*(?:/sbx|/support)/kernel_\w+\.py:")
"""What the kernel itself does when code prints or shows something: from there on, nothing concerns the cell."""

_MOST_FRAMES = 16


def trimmed(traceback: str) -> str:
    """The traceback, cleaned before by `clean_text`, in at most `TRACEBACK_LIMIT` characters."""
    pieces = _CHAIN.split(traceback.strip("\n"))
    parts, links = pieces[::2], pieces[1::2]
    kept: list[str] = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if last or _touches_cell(part):
            kept.append(_trimmed_part(part.strip("\n")))
            if not last:
                kept.append(links[number])
    return cut_middle("\n\n".join(kept), TRACEBACK_LIMIT)


def _frames(part: str) -> tuple[str, list[str]]:
    """What stands before the first frame, and the frames, the last of which ends with the error's own lines."""
    edges = [*(match.start() for match in _FRAME.finditer(part)), len(part)]
    return part[: edges[0]], [part[start:end] for start, end in itertools.pairwise(edges)]


def _touches_cell(part: str) -> bool:
    return any(not _LIBRARY.match(frame) for frame in _frames(part)[1])


def _trimmed_part(part: str) -> str:
    head, frames = _frames(part)
    if not frames:
        return part.strip("\n")
    body, tail = _split_tail(frames[-1])
    frames[-1] = body
    ours = next((number for number, frame in enumerate(frames) if number and _OURS.match(frame)), len(frames))
    del frames[ours:]
    shown: list[str] = []
    for kind, group in itertools.groupby(frames[:-1], _kind):
        same = list(group)
        if kind is _LIBRARY:
            shown.append(f"... {_counted(len(same), 'frame')} of libraries ...")
            continue
        shown.append(same[0].strip("\n"))
        if len(same) > 1:
            shown.append(f"... the same {_counted(len(same) - 1, 'more time')} ...")
    # Of a library, where it happened is enough: "File ..., in DataFrame.__getitem__(self, key)".
    library = _LIBRARY.match(frames[-1])
    shown.append(_short_place(library.group()) if library else frames[-1].strip("\n"))
    if len(shown) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        shown[half:-half] = [f"... {len(shown) - 2 * half} more frames ..."]
    return "\n\n".join([_short_head(head), *shown, tail.strip("\n")]).strip("\n")


def _split_tail(frame: str) -> tuple[str, str]:
    """The last frame's place and code, and the error's lines, which follow an empty line."""
    place, blank, tail = frame.partition("\n\n")
    if blank:
        return place, tail
    # No empty line, as for a syntax error: everything belongs together.
    return frame, ""


def _kind(frame: str) -> object:
    """What neighbours are told together: all frames of libraries, and those of a function that calls itself."""
    return _LIBRARY if _LIBRARY.match(frame) else frame.strip("\n")


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _short_place(line: str) -> str:
    """A library's place without the folders that lead to it."""
    return re.sub(r"^File \S*(?:(?:site|dist)-packages|lib(?:64)?[/\\]python[\d.]+)[/\\]", "File ", line)


def _short_head(head: str) -> str:
    """The line "ZeroDivisionError   Traceback (most recent call last)" without the rule above and the wide gap."""
    lines = [re.sub(r" {2,}", "  ", line) for line in head.split("\n") if line.strip("- ")]
    return "\n".join(lines)
