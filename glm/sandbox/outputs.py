"""Mime bundles and errors of a kernel, made into output values; and output values, told to the model.

A bundle is whatever hostile code sent: any type may stand anywhere, any size below the
reader's limit. What cannot be read gives nothing, what may not be shown a notice, and
everything that could run in a page (SVG, JavaScript, widgets, unknown types) its text.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping

from glm.errors import SandboxError
from glm.sandbox.images import read_picture
from glm.sandbox.plain_text import clean_text, cut_middle, one_line, text_of_html
from glm.sandbox.tracebacks import trimmed
from glm.sandbox.values import (
    CellDone,
    ErrorOutput,
    HtmlOutput,
    ImageOutput,
    Limits,
    NoticeOutput,
    Output,
    TextOutput,
    Variable,
)

_PICTURES = ("image/png", "image/jpeg")
_SOURCES = ("text/markdown", "text/latex", "application/json", "image/svg+xml", "application/javascript")
"""What is shown as its own text where the kernel sends no better one."""

_BARE_OBJECT = re.compile(r"<[\w.]+ object(?: at 0x[0-9a-f]+)?>")
"""The text of an object that has none: `<IPython.core.display.Markdown object>`."""

_TEXT_LIMIT = 100_000  # characters of one displayed text; printed text has its own, larger limit

_MOST_VARIABLES = 200
_MOST_DIMENSIONS = 64

IMAGE = "[Image]"
STOPPED = "[the user stopped the code]"

MODEL_LIMIT = 4000
"""Longest report of a cell to the model in characters; more would push the conversation out of a small context."""


def from_bundle(data: object, limits: Limits, metadata: object = None) -> Output | None:
    """One output of `display_data`, `execute_result` or `update_display_data`; None when there is nothing to show.

    The best form wins: picture, then markup, then text. A picture that may not be shown
    gives a notice that says why.
    """
    if not isinstance(data, Mapping):
        return None
    plain = _plain(data)
    for mime in _PICTURES:
        if mime in data:
            return _picture(data[mime], plain, limits, _of_mime(metadata, mime))
    html = _string(data.get("text/html"))
    if html.strip():
        return _markup(html, plain, limits)
    text = _text(data, plain)
    return TextOutput(text, "result") if text else None


def from_error(content: object) -> ErrorOutput:
    """The value of an `error` message, or of an `execute_reply` with status "error". Any content gives one."""
    fields = content if isinstance(content, Mapping) else {}
    name = one_line(_string(fields.get("ename")), 200) or "Error"
    message = cut_middle(clean_text(_string(fields.get("evalue"))[:100_000]), 2000)
    lines = fields.get("traceback")
    pieces = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
    text = trimmed(clean_text(cut_middle("\n".join(pieces), 1_000_000)))
    return ErrorOutput(name, message, text or f"{name}: {message}")


def variables_of(content: object) -> list[Variable]:
    """The variables in a kernel's answer, at most 200. Any content gives a list; what is malformed is left out."""
    listed = content.get("variables") if isinstance(content, Mapping) else None
    found = []
    for item in listed[:_MOST_VARIABLES] if isinstance(listed, list) else []:
        fields = item if isinstance(item, Mapping) else {}
        name, kind = (one_line(_string(fields.get(key)), 60) for key in ("name", "type"))
        if name and kind:
            text = one_line(_string(fields.get("text")), 120)
            found.append(Variable(name, kind, _shape(fields.get("shape")), text))
    return found


def _shape(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list) or len(value) > _MOST_DIMENSIONS:
        return None
    if not all(type(size) is int and 0 <= size < 2**63 for size in value):
        return None
    return tuple(value)


def told_to_model(done: CellDone | Iterable[Output], limit: int = MODEL_LIMIT) -> str:
    """What the model reads of a cell that has ended, or of its outputs: at most `limit` characters, in their order.

    A picture is "[Image]", the word that ChatGLM3's demo and training have for one. An error's
    own place is kept when the rest is cut. Of a cell that shows nothing the text is empty.
    """
    pieces, error = [], ""
    for output in done.outputs if isinstance(done, CellDone) else done:
        if isinstance(output, ImageOutput):
            pieces.append(IMAGE)
        elif isinstance(output, ErrorOutput):
            error = output.traceback
            pieces.append(error)
        elif isinstance(output, NoticeOutput):
            pieces.append(f"[{output.text}]")
        else:
            pieces.append(output.text.rstrip("\n"))
    if isinstance(done, CellDone) and done.ending == "interrupted":
        pieces.append(STOPPED)  # otherwise it takes the KeyboardInterrupt for a fault of its code, and mends it
    text = "\n".join(piece for piece in pieces if piece)
    if error and len(text) > limit and text.endswith(error):
        error = cut_middle(error, limit * 2 // 3)
        rest = cut_middle(text[: len(text) - len(pieces[-1])].rstrip("\n"), limit - len(error) - 1)
        return f"{rest}\n{error}"[:limit] if rest else error
    return cut_middle(text, limit)[:limit]


def _plain(data: Mapping[object, object]) -> str:
    return clean_text(_string(data.get("text/plain"))[:_TEXT_LIMIT])


def _text(data: Mapping[object, object], plain: str) -> str:
    """The best text of a bundle without picture and markup: its plain text, or the source of what is not run here."""
    if plain.strip() and not _BARE_OBJECT.fullmatch(plain.strip()):
        return plain
    for mime in _SOURCES:
        source = data.get(mime)
        if mime == "application/json" and isinstance(source, (dict, list)):
            source = _json_text(source)
        text = clean_text(_string(source)[:_TEXT_LIMIT])
        if text.strip():
            return text
    if plain.strip():
        return plain
    kinds = sorted(mime for mime, value in data.items() if isinstance(mime, str) and mime != "text/plain" and value)
    return f"(not shown: {one_line(', '.join(kinds[:3]), 200)})" if kinds else ""


def _json_text(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return "(JSON that is nested too deeply to show)"


def _markup(html: str, plain: str, limits: Limits) -> Output:
    if _BARE_OBJECT.fullmatch(plain.strip()):
        plain = ""
    if len(html) > limits.display_bytes:
        if plain:
            return TextOutput(plain, "result")
        return NoticeOutput(
            "outputs_cut",
            f"a table or page of {len(html):,} characters was not shown; at most {limits.display_bytes:,} are. "
            "Show fewer rows, or save it to a file.",
        )
    html = html.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return HtmlOutput(html, plain or text_of_html(html) or "(markup without text)")


def _picture(encoded: object, plain: str, limits: Limits, metadata: Mapping[object, object]) -> Output:
    try:
        picture = read_picture(
            _decoded(encoded, limits.image_bytes),
            largest_bytes=limits.image_bytes,
            most_pixels=limits.image_pixels,
        )
    except SandboxError as error:
        return NoticeOutput("image_refused", f"a picture was not shown: {error}")
    scale = 1.0
    width = metadata.get("width")
    if isinstance(width, (int, float)) and not isinstance(width, bool) and width > 0:
        scale = min(max(picture.width / width, 1.0), 4.0)
        if picture.width // round(scale) == int(width):
            scale = float(round(scale))  # an odd number of pixels was halved
    return ImageOutput(picture.data, picture.kind, picture.width, picture.height, plain[:1000], scale)


def _decoded(encoded: object, largest: int) -> bytes:
    """Bytes of base64 text. Raises `SandboxError`."""
    text = _string(encoded)
    if len(text) > largest * 3 // 2 + 1000:  # 4 characters for 3 bytes, and line ends
        raise SandboxError(f"it has more than {largest:,} bytes, the most that is shown; save it to a file instead")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SandboxError("its data cannot be read; display it anew") from error


def _string(value: object) -> str:
    """Text of a field that should be a string, or a list of lines as notebooks have it; anything else is empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return ""


def _of_mime(metadata: object, mime: str) -> Mapping[object, object]:
    """Metadata of a mime type; kernels send it under the type's name, or for all types at once."""
    if not isinstance(metadata, Mapping):
        return {}
    own = metadata.get(mime)
    return own if isinstance(own, Mapping) else metadata
