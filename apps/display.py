"""Text of a message -> Markdown for people to look at. Pure; the history is never changed by it.

`segments` finds code, formulas, images and tags in one pass; `markdown` writes them again for a page
whose formula delimiters are ``\\( \\)`` and ``\\[ \\]`` ("gradio") or ``$ $`` and ``$$ $$`` ("streamlit").
A dollar sign opens a formula only where pandoc says so: "$5 and $10" is money. Outside code, tags are
shown rather than obeyed and pictures are named rather than fetched; diagrams are shown as their source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal["text", "code", "inline", "block"]
Target = Literal["gradio", "streamlit"]

WORD_JOINER = "\u2060"
"""Put after a "<" so that it opens no tag, and after a "!" so that it makes no picture of what follows. Invisible, and
taken out again by `as_typed`."""

_TOKEN = re.compile(
    r"""
    (?P<fence>^(?P<indent>[ ]{0,3}(?:[-*+>][ ]+|\d+[.)][ ]+|[ ]{4})*)(?P<ticks>`{3,}(?![^`\n]*`)|~{3,})[^\n]*\n
        (?:.*?^[ >\t]*(?P=ticks)[`~]*[ \t]*$|.*\Z))
  | (?P<span>(?P<quote>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=quote)(?!`))
  | (?P<escape>\\[\\`*_{}#+.!|>~-] | \\\$)
  | \\\[(?P<bracket>(?:(?!\n[ \t]*\n).)+?)\\\]
  | \\\((?P<paren>(?:(?!\n[ \t]*\n).)+?)\\\)
  | \$\$(?P<dollars>(?:(?!\n[ \t]*\n)[^$]|\\\$)+?)\$\$
  | (?<![\\$\w])\$(?P<dollar>(?![\s$])(?:\\.|(?!\n[ \t]*\n)[^$\\])+?)(?<!\s)\$(?![\d$\w])
  | (?P<environment>\\begin\{(?P<env>equation|align|gather|multline|alignat|eqnarray)(?P<star>\*?)\}
        .+?\\end\{(?P=env)(?P=star)\})
  | !\[(?P<alt>[^\]\n]*)\]\((?P<source>[^)\n]*)\)
  | !\[(?P<refalt>[^\]\n]*)\]\[[^\]\n]*\]
  | (?P<bang>!(?=\[))
  | (?P<tag><(?=[A-Za-z/!?]))
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_KEPT_TAG = re.compile(r"(?P<element></?(?:br|sub|sup|kbd)\s*/?>)|<(?:https?://|mailto:)[^\s<>]+>", re.IGNORECASE)
_LINE_START = re.compile(r"(?:[ \t>*+-]|\d+[.)])*")
_OBEYED = re.compile(r"<(?=[A-Za-z/!?])|!(?=\[)")
_OPEN_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_OPEN_FORMULA = re.compile(
    r"(?:\\\[|\\\(|\$\$)(?:(?!\n[ \t]*\n).)*\Z|(?<![\\$\w])\$(?=[^\s\d$])[^$\n]{0,200}\Z|\\\Z", re.DOTALL
)
_OPENED = re.compile(r"[\]|<]|://|www\.")
_DEFINITION = re.compile(r"^[ >]{0,3}\[[^\]\n]+\]:", re.MULTILINE)
_DIAGRAM = re.compile(r"\A([^`~\n]*(?:`{3,}|~{3,})[ \t]*)mermaid\b(?=[^`\n]*\n)", re.IGNORECASE)
_STREAMLIT_DIRECTIVE = re.compile(r"(?<!\\):(?=[a-z][a-z-]*\[)")
_STREAMLIT_SIGN = re.compile(r":(?=[\w+-]+:|material/)|(?<=\S )(?:<->?|->|>=|<=|~=)(?=\s)")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a message. `kind` "inline" and "block" hold a formula without its delimiters."""

    kind: Kind
    text: str


def segments(text: str, *, image_note: str = "{alt}") -> Iterator[Segment]:
    """The pieces of `text` in order. Tags and images in "text" are already made harmless.

    `image_note` is what stands for a picture; ``{alt}`` is its description.
    """
    plain: list[str] = []
    at = 0
    for found in _TOKEN.finditer(text):
        plain.append(text[at : found.start()])
        at = found.end()
        segment = _segment(found, image_note)
        if segment.kind == "text":
            plain.append(segment.text)
            continue
        yield Segment("text", "".join(plain))
        plain.clear()
        yield segment
    yield Segment("text", "".join(plain) + text[at:])


@lru_cache(maxsize=2048)
def markdown(text: str, *, target: Target = "gradio", partial: bool = False, image_note: str = "{alt}") -> str:
    """`text` as Markdown for `target`. `partial` is for text still being written: an unfinished
    formula is held back and an open code block closed, so that nothing flickers.
    """
    if partial:
        text = settle(text)
    return "".join(_write(segment, target) for segment in segments(text, image_note=image_note))


def settle(text: str) -> str:
    """Text cut anywhere, as it can be shown: open fence closed, unfinished formula left out."""
    opened = ""
    last = 0
    for found in _OPEN_FENCE.finditer(text):
        mark = found.group(1)
        if not opened:
            opened = mark
        elif mark[0] == opened[0] and len(mark) >= len(opened):
            opened = ""
            last = found.end()
    if opened:
        return f"{text}\n{opened}"
    tail_start = last
    for found in _TOKEN.finditer(text, last):
        tail_start = found.end()
    tail = _OPEN_FORMULA.sub("", text[tail_start:])
    return text[:tail_start] + tail


def as_typed(shown: str) -> str:
    """What a person typed, from what an edit box showed them of it."""
    return re.sub(f"(?<=[<!]){WORD_JOINER}|{WORD_JOINER}(?=<)", "", shown)


def _segment(found: re.Match[str], image_note: str) -> Segment:
    if found["fence"] is not None or found["span"] is not None:
        return Segment("code", found[0] if _is_surely_code(found) else _OBEYED.sub(rf"\g<0>{WORD_JOINER}", found[0]))
    for name in ("bracket", "dollars", "environment"):
        if found[name] is not None:
            return Segment("block", found[name].strip())
    for name in ("paren", "dollar"):
        if found[name] is not None:
            return Segment("inline", found[name].strip())
    for name in ("alt", "refalt"):
        if found[name] is not None:
            return Segment("text", _image(found[name], image_note))
    if found["tag"] is not None:
        kept = _KEPT_TAG.match(found.string, found.start())
        if kept is None:
            return Segment("text", f"<{WORD_JOINER}")
        line = found.string.rfind("\n", 0, found.start()) + 1
        # A line that begins with an element begins a block of markup, in which a fence is none.
        opens_block = kept["element"] and _LINE_START.fullmatch(found.string, line, found.start())
        return Segment("text", f"{WORD_JOINER}<" if opens_block else "<")
    return Segment("text", found[0] if found["bang"] is None else f"!{WORD_JOINER}")


def _is_surely_code(found: re.Match[str]) -> bool:
    """Whether every renderer takes it for code, whatever stands around it.

    A cell, link or address that begins before a span may end inside it; a list or quotation ends a fence with a line
    that is less indented; the title of a link's definition may swallow the fence's first line.
    """
    before, at = found.string, found.start()
    if found["fence"] is None:
        line = before[before.rfind("\n", 0, at) + 1 : at]
        return not ("\n" in found[0] or "|" in found[0] or "![" in found[0] or _OPENED.search(line))
    indent = found["indent"]
    if indent.strip(" ") or len(indent) > 3 or _DEFINITION.search(before, 0, at):
        return False
    return all(line.startswith(indent) for line in found[0].splitlines() if line.strip())


def _image(alt: str, note: str) -> str:
    return f"*[{note.format(alt=alt.replace('<', '').strip() or '…')}]*"


def _write(segment: Segment, target: Target) -> str:
    tex = segment.text
    match segment.kind:
        case "text":
            return tex if target == "gradio" else _streamlit_text(tex)
        case "code":
            # Gradio would draw a diagram, whose labels may hold pictures that it then fetches.
            return tex if target == "streamlit" else _DIAGRAM.sub(r"\1text", tex)
        case "inline":
            inner = _safe_tex(" ".join(tex.split()))
            return rf"\({inner}\)" if target == "gradio" else f"${inner}$"
        case "block":
            inner = _safe_tex(re.sub(r"\n[ \t]*(?=\n)", "", tex))
            return f"\\[{inner}\\]" if target == "gradio" else f"\n$$\n{inner}\n$$\n"


def _safe_tex(tex: str) -> str:
    """A formula that a Markdown renderer cannot take for a tag or a picture."""
    return re.sub(r"!(?=\[)", "! ", re.sub(r"<(?=[A-Za-z/!?])", r"\\lt ", tex))


def _streamlit_text(text: str) -> str:
    """Money that opens no formula, and Streamlit's own signs (:smile:, :red[...], ->) as they were written."""
    text = re.sub(r"(?<!\\)\$", r"\\$", text)
    text = _STREAMLIT_DIRECTIVE.sub(r"\\:", text)
    return _STREAMLIT_SIGN.sub(lambda found: f"{found[0][0]}{WORD_JOINER}{found[0][1:]}", text)
