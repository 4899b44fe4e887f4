"""Pictures from a stranger: format and size read from the bytes themselves, nothing decoded.

A picture that a page may show is a PNG or JPEG whose parts are where they belong, and
whose width times height is bounded: a small file can unfold to gigabytes in a browser.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Literal

from glm.errors import SandboxError

_PNG = b"\x89PNG\r\n\x1a\n"
# Parts of a PNG that a picture needs. Texts (which may be packed bombs) and animations are left out.
_PNG_PARTS = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB pHYs bKGD sBIT".split())
_PNG_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # the kinds that browsers show
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length


@dataclass(frozen=True, slots=True)
class Picture:
    """A checked picture: bytes to show, format, width and height in pixels."""

    data: bytes
    kind: Literal["png", "jpeg"]
    width: int
    height: int


def read_picture(data: bytes, *, largest_bytes: int, most_pixels: int) -> Picture:
    """Check a PNG or JPEG. Raises `SandboxError`, which says what is wrong, for everything else."""
    if len(data) > largest_bytes:
        raise SandboxError(
            f"the picture has {len(data):,} bytes and at most {largest_bytes:,} are shown; save it to a file instead"
        )
    if data.startswith(_PNG):
        picture = _read_png(data)
    elif data.startswith(b"\xff\xd8\xff"):
        width, height = _jpeg_size(data)
        picture = Picture(data, "jpeg", width, height)
    else:
        raise SandboxError("the picture is neither PNG nor JPEG; save it as one of them")
    if picture.width * picture.height > most_pixels:
        raise SandboxError(
            f"the picture is {picture.width} x {picture.height} pixels and at most {most_pixels:,} in all are shown; "
            "make it smaller"
        )
    return picture


def picture_size(data: bytes) -> tuple[str, int, int] | None:
    """Format, width and height from the first bytes of a picture file; None for what is not known."""
    try:
        if data.startswith(_PNG):
            return "PNG", *_png_header(data[8:33])
        if data.startswith(b"\xff\xd8\xff"):
            return "JPEG", *_jpeg_size(data)
        if data[:6] in {b"GIF87a", b"GIF89a"} and len(data) >= 10:
            width, height = struct.unpack("<HH", data[6:10])
            return "GIF", width, height
        if data[:2] == b"BM" and len(data) >= 26:
            width, height = struct.unpack("<ii", data[18:26])
            return "BMP", abs(width), abs(height)
    except SandboxError:
        pass
    return None


def _png_header(data: bytes) -> tuple[int, int]:
    """Width and height of the part that comes first in a PNG, which has 25 bytes."""
    if len(data) < 25 or data[:8] != b"\x00\x00\x00\rIHDR":
        raise SandboxError("the PNG does not start with its size; draw it again")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", data[8:21])
    known = depth in _PNG_DEPTHS.get(colour, ()) and packing == filtering == 0 and interlace in {0, 1}
    if not (known and 0 < width < 2**31 and 0 < height < 2**31):
        raise SandboxError(f"the PNG's size or colours ({width} x {height}, {depth} bit) cannot be; draw it again")
    return width, height


def _read_png(data: bytes) -> Picture:
    width, height = _png_header(data[8:33])
    kept, at, drawn = [_PNG], 8, False
    view = memoryview(data)
    while at + 12 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        name = bytes(view[at + 4 : at + 8])
        end = at + 12 + length
        if end > len(data):
            break
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            break
        if name == b"IHDR" and at != 8:
            break
        if name in _PNG_PARTS:
            kept.append(bytes(view[at:end]))
        drawn = drawn or name == b"IDAT"
        if name == b"IEND" and drawn:
            # What follows the end is no picture; it is dropped with the texts.
            return Picture(b"".join(kept), "png", width, height)
        at = end
    raise SandboxError("the PNG is damaged or breaks off; draw it again")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _JPEG_ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _JPEG_FRAMES and length >= 8 and at + 9 <= len(data):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            if width and height:
                return width, height
            break
        other_frame = 0xC3 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}
        if marker in {0xD8, 0xD9, 0xDA} or other_frame or length < 2:
            break
        at += 2 + length
    raise SandboxError("the JPEG does not say its size, or is of a kind that browsers do not show; save it as PNG")
