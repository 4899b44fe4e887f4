"""Results of tools as plain data for a store, and back.

What is read back may have been changed by somebody: every field is checked, pictures as
when they came out of the sandbox.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from glm.errors import SandboxError
from glm.messages import ToolResult
from glm.sandbox.images import read_picture
from glm.sandbox.values import (
    ErrorOutput,
    HtmlOutput,
    ImageOutput,
    Limits,
    NoticeKind,
    NoticeOutput,
    Output,
    TextOutput,
)

_KINDS: dict[str, type[Output]] = {
    "text": TextOutput,
    "image": ImageOutput,
    "html": HtmlOutput,
    "error": ErrorOutput,
    "notice": NoticeOutput,
}


def to_dict(result: ToolResult) -> dict[str, Any]:
    """The result as data that JSON can hold and `from_dict` reads. Its text is the observation's and not repeated."""
    data: dict[str, Any] = {"seconds": result.seconds, "is_error": result.is_error}
    if result.outputs:
        data["outputs"] = [_output_to_dict(output) for output in result.outputs]
    return data


def from_dict(data: object, text: str) -> ToolResult | None:
    """The result whose observation is `text`; None when the data cannot be read. Outputs in disorder are left out."""
    if not isinstance(data, Mapping):
        return None
    seconds, listed = data.get("seconds"), data.get("outputs")
    if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        return None
    read = (_output(item) for item in (listed if isinstance(listed, list) else ()))
    return ToolResult(text, data.get("is_error") is True, float(seconds), tuple(item for item in read if item))


def _output_to_dict(output: Output) -> dict[str, Any]:
    data = asdict(output)
    if isinstance(output, ImageOutput):
        data = {"data": base64.b64encode(output.data).decode("ascii"), "text": output.text, "scale": output.scale}
    elif isinstance(output, NoticeOutput):
        data = {"notice": output.kind, "text": output.text}
    return {"kind": next(name for name, kind in _KINDS.items() if isinstance(output, kind)), **data}


def _output(item: object) -> Output | None:
    if not isinstance(item, Mapping):
        return None
    fields = {key: value for key, value in item.items() if isinstance(value, str)}
    match fields.get("kind"), fields:
        case "text", {"text": text, "stream": "stdout" | "stderr" | "result" as stream}:
            return TextOutput(text, stream)
        case "html", {"html": html, "text": text}:
            return HtmlOutput(html, text)
        case "error", {"name": name, "message": message, "traceback": traceback}:
            return ErrorOutput(name, message, traceback)
        case "notice", {"notice": kind, "text": text}:
            return next((NoticeOutput(known, text) for known in get_args(NoticeKind) if known == kind), None)
        case "image", {"data": encoded, "text": text}:
            return _image(encoded, text, item.get("scale"))
    return None


def _image(encoded: str, text: str, scale: object) -> ImageOutput | None:
    limits = Limits()
    try:
        data = base64.b64decode(encoded, validate=True)
        picture = read_picture(data, largest_bytes=limits.image_bytes, most_pixels=limits.image_pixels)
    except (binascii.Error, ValueError, SandboxError):
        return None
    times = float(scale) if isinstance(scale, (int, float)) and 1 <= scale <= 4 else 1.0
    return ImageOutput(picture.data, picture.kind, picture.width, picture.height, text, times)
