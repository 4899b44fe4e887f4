"""A kernel's bundles, hostile ones among them, as output values; and these as the model reads them."""

from __future__ import annotations

import base64
import io
import json
import struct
import time
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from glm.errors import SandboxError
from glm.sandbox.images import picture_size, read_picture
from glm.sandbox.outputs import MODEL_LIMIT, from_bundle, from_error, told_to_model
from glm.sandbox.tracebacks import TRACEBACK_LIMIT, trimmed
from glm.sandbox.values import (
    CellDone,
    ErrorOutput,
    HtmlOutput,
    ImageOutput,
    Limits,
    NoticeOutput,
    Output,
    TextOutput,
)

LIMITS = Limits()


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, kind, **options)
    return file.getvalue()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb() -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_the_best_form_of_a_bundle_wins() -> None:
    html, plain = "<table><tr><td>1</td></tr></table>", "   a\n0  1"
    png = base64_of(picture())
    assert from_bundle({"text/plain": "2"}, LIMITS) == TextOutput("2", "result")
    assert from_bundle({"text/plain": plain, "text/html": html}, LIMITS) == HtmlOutput(html, plain)
    shown = from_bundle({"text/plain": "<Figure>", "text/html": html, "image/png": png}, LIMITS)
    assert isinstance(shown, ImageOutput)
    assert (shown.kind, shown.width, shown.height, shown.text, shown.scale) == ("png", 40, 30, "<Figure>", 1.0)


def test_a_finer_picture_says_how_much_finer() -> None:
    data = {"image/png": base64_of(picture())}
    shown = from_bundle(data, LIMITS, {"image/png": {"width": 20, "height": 15}})
    assert isinstance(shown, ImageOutput) and shown.scale == 2.0
    for width in (0, -1, "20", None, True, [], 1e9, float("nan"), 10**400, 0.001):
        shown = from_bundle(data, LIMITS, {"image/png": {"width": width}})
        assert isinstance(shown, ImageOutput) and 1 <= shown.scale <= 4


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"image/svg+xml": "<svg onload='a()'/>", "text/plain": "<IPython.core.display.SVG object>"}, "<svg onload"),
        ({"application/javascript": "alert(1)", "text/plain": "<IPython.core.display.Javascript object>"}, "alert(1)"),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider(value=0)"}, "IntSlider(value=0)"),
        ({"text/markdown": "**b**", "text/plain": "<IPython.core.display.Markdown object>"}, "**b**"),
        ({"text/latex": "$x$", "text/plain": "x"}, "x"),
        ({"application/json": {"ä": [1]}, "text/plain": "<IPython.core.display.JSON object>"}, '{\n "ä": [\n  1'),
        ({"application/x-python-pickle": "gASV"}, "(not shown: application/x-python-pickle)"),
        ({"text/plain": "<__main__.A object at 0x7f00>"}, "<__main__.A object at 0x7f00>"),
        ({"text/plain": ["a\n", "b"]}, "a\nb"),
        ({"text/plain": "\x1b[31m\ud800"}, "\ufffd"),
    ],
)
def test_what_could_act_in_a_page_is_text(data: dict[str, object], text: str) -> None:
    shown = from_bundle(data, LIMITS)
    assert isinstance(shown, TextOutput)
    assert shown.text.startswith(text)


@pytest.mark.parametrize(
    "data", [None, [], "x", 1, {}, {"text/plain": None}, {"text/plain": 5}, {"text/plain": [1]}, {5: 6}, {"x/y": None}]
)
def test_a_malformed_bundle_shows_nothing(data: object) -> None:
    assert from_bundle(data, LIMITS, data) is None


def test_markup_is_kept_as_markup_and_also_told_in_words() -> None:
    html = "<h1>ok</h1><script>fetch('/api')</script>"
    assert from_bundle({"text/html": html, "text/plain": "<IPython.core.display.HTML object>"}, LIMITS) == HtmlOutput(
        html, "ok"
    )
    surrogate = from_bundle({"text/html": "<b>\ud800\x00</b>"}, LIMITS)
    assert isinstance(surrogate, HtmlOutput)
    surrogate.html.encode()
    small = replace(LIMITS, display_bytes=100)
    assert from_bundle({"text/html": "x" * 101, "text/plain": "table"}, small) == TextOutput("table", "result")
    notice = from_bundle({"text/html": "x" * 101}, small)
    assert isinstance(notice, NoticeOutput) and notice.kind == "outputs_cut" and "101" in notice.text


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        ("not base64!", "cannot be read"),
        ("ä", "cannot be read"),
        (None, "neither PNG nor JPEG"),
        (base64_of(b"<svg onload=alert(1)>"), "neither PNG nor JPEG"),
        (base64_of(picture("GIF")), "neither PNG nor JPEG"),
        (base64_of(bomb()), "60000 x 60000"),
        (base64_of(picture()[:-20]), "breaks off"),
        (base64_of(picture().replace(b"IDAT", b"IDAX")), "damaged"),
        (base64_of(b"\x89PNG\r\n\x1a\n"), "does not start with its size"),
        (base64_of(b"\xff\xd8\xff\xe0"), "does not say its size"),
        ("A" * (LIMITS.image_bytes * 2), "more than"),
    ],
)
def test_a_picture_that_is_none_is_refused_with_the_reason(encoded: object, reason: str) -> None:
    shown = from_bundle({"image/png": encoded, "text/plain": "<Figure>"}, LIMITS)
    assert isinstance(shown, NoticeOutput) and shown.kind == "image_refused"
    assert reason in shown.text


def test_pictures_are_judged_by_their_bytes_not_by_their_name() -> None:
    shown = from_bundle({"image/png": base64_of(picture("JPEG"))}, LIMITS)
    assert isinstance(shown, ImageOutput)
    assert (shown.kind, shown.width, shown.height) == ("jpeg", 40, 30)
    progressive = picture("JPEG", (33, 44), progressive=True, quality=95)
    assert read_picture(progressive, largest_bytes=10**6, most_pixels=10**6).height == 44
    assert picture_size(picture("GIF", (7, 8))) == ("GIF", 7, 8)
    assert picture_size(picture("BMP", (7, 8))) == ("BMP", 7, 8)
    assert picture_size(b"") is picture_size(b"\x89PNG\r\n\x1a\n") is None


def test_a_picture_carries_nothing_but_the_picture() -> None:
    notes = PngInfo()
    notes.add_text("note", "A" * 5000, zip=True)
    data = picture(pnginfo=notes, dpi=(200, 200)) + b"<script>alert(1)</script>"
    kept = read_picture(data, largest_bytes=10**6, most_pixels=10**6).data
    assert b"zTXt" in data and b"zTXt" not in kept and b"script" not in kept
    again = Image.open(io.BytesIO(kept))
    assert (again.size, again.getpixel((1, 1)), round(again.info["dpi"][0])) == ((40, 30), (255, 0, 0), 200)


@pytest.mark.parametrize("data", [picture(), picture("JPEG"), bomb()])
def test_no_damage_to_a_picture_escapes_as_another_error(data: bytes) -> None:
    for at in range(len(data)):
        for damaged in (data[:at], data[:at] + b"\xff" + data[at + 1 :], data[:at] + b"\0\0\0" + data[at:]):
            picture_size(damaged)
            with suppress(SandboxError):
                read_picture(damaged, largest_bytes=10**6, most_pixels=10**6)


@pytest.mark.parametrize(
    "content", [None, [], {}, {"ename": 1, "evalue": {}, "traceback": "x"}, {"traceback": [1, None]}]
)
def test_any_error_message_gives_an_error(content: object) -> None:
    assert from_error(content) == ErrorOutput("Error", "", "Error: ")


RULE = "-" * 75
PANDAS = f"""{RULE}
KeyError                                  Traceback (most recent call last)
File /usr/lib/python3/dist-packages/pandas/core/indexes/base.py:3805, in Index.get_loc(self, key)
   3804 try:
-> 3805     return self._engine.get_loc(casted_key)
   3806 except KeyError as err:

File pandas/_libs/index.pyx:167, in pandas._libs.index.IndexEngine.get_loc()

KeyError: 'x'

The above exception was the direct cause of the following exception:

KeyError                                  Traceback (most recent call last)
Cell In[3], line 2
      1 import pandas as pd
----> 2 pd.DataFrame()["x"]

File /usr/lib/python3/dist-packages/pandas/core/frame.py:4102, in DataFrame.__getitem__(self, key)
   4100 if self.columns.nlevels > 1:
-> 4102 indexer = self.columns.get_loc(key)

File /usr/lib/python3/dist-packages/pandas/core/indexes/base.py:3812, in Index.get_loc(self, key)
   3811     raise InvalidIndexError(key)
-> 3812 raise KeyError(key) from err
   3813 except TypeError:

KeyError: 'x'"""


def test_a_traceback_shows_the_cell_and_not_the_library() -> None:
    assert trimmed(PANDAS) == (
        "KeyError  Traceback (most recent call last)\n\n"
        'Cell In[3], line 2\n      1 import pandas as pd\n----> 2 pd.DataFrame()["x"]\n\n'
        "... 1 frame of libraries ...\n\n"
        "File pandas/core/indexes/base.py:3812, in Index.get_loc(self, key)\n\n"
        "KeyError: 'x'"
    )


def test_a_chain_within_the_cell_is_kept() -> None:
    part = f"{RULE}\nA  Traceback (most recent call last)\nCell In[1], line 1\n----> 1 f()\n\nA: one\n"
    link = "\nDuring handling of the above exception, another exception occurred:\n\n"
    kept = trimmed(part + link + part.replace("A: one", "B: two"))
    assert kept.count("Cell In[1], line 1") == 2
    assert link.strip() in kept and kept.endswith("B: two")


def test_a_syntax_error_and_an_unknown_form_stay_as_they_are() -> None:
    syntax = "  Cell In[2], line 1\n    x ===\n       ^\nSyntaxError: invalid syntax"
    assert trimmed(syntax) == syntax.strip("\n")
    assert trimmed("anything\nat all") == "anything\nat all"
    assert trimmed("") == ""


def test_a_function_that_calls_itself_is_shown_once() -> None:
    first, frame = "Cell In[1], line 3\n----> 3 f(1)\n\n", "Cell In[1], line 2, in f(n)\n----> 2 return f(n)\n\n"
    text = f"{RULE}\nE  Traceback (most recent call last)\n{first}{frame * 900}E: too deep"
    assert trimmed(text) == (
        f"E  Traceback (most recent call last)\n\n{first}{frame}... the same 898 more times ...\n\n{frame}E: too deep"
    )


def test_long_messages_are_cut_and_files_beside_the_cell_are_its_own() -> None:
    frames = "".join(f"Cell In[1], line {number}, in f{number}(n)\n----> 1 g(n)\n\n" for number in range(500))
    deep = f"{RULE}\nE  Traceback (most recent call last)\n{frames}E: " + "m" * 50_000
    error = from_error({"ename": "E\n" * 300, "evalue": "m" * 50_000, "traceback": deep.split("\n")})
    assert len(error.traceback) <= TRACEBACK_LIMIT and "484 more frames" in error.traceback
    assert len(error.message) <= 2000 and "\n" not in error.name
    own = "E  Traceback (most recent call last)\nFile /mnt/data/mine.py:3, in g()\n----> 3 1/0\n\nE: x"
    assert "1/0" in trimmed(own)


@pytest.mark.parametrize("line", ["", "File ", "Cell In[", "File " + "/" * 5000, "a" + " " * 5000])
def test_hostile_tracebacks_take_linear_time(line: str) -> None:
    start = time.process_time()
    error = from_error({"ename": "E", "evalue": "m", "traceback": [line] * (1_000_000 // (len(line) + 1))})
    assert len(error.traceback) <= TRACEBACK_LIMIT
    assert time.process_time() - start < 5


def test_the_model_reads_everything_in_order_and_not_too_much() -> None:
    outputs: list[Output] = [
        TextOutput("one\n"),
        ImageOutput(b"", "png", 1280, 960),
        HtmlOutput("<b>", "   a\n0  1"),
        NoticeOutput("variables_lost", "the kernel was restarted"),
        TextOutput("2", "result"),
    ]
    assert told_to_model(outputs) == ("one\n[Image]\n   a\n0  1\n[the kernel was restarted]\n2")
    stopped = CellDone(
        (TextOutput("1\n"), ErrorOutput("KeyboardInterrupt", "", "KeyboardInterrupt")), "interrupted", 1, 1
    )
    assert told_to_model(stopped) == "1\nKeyboardInterrupt\n[the user stopped the code]"
    assert told_to_model([]) == ""
    flood = told_to_model([TextOutput("x" * 100_000), ErrorOutput("E", "m", "Cell In[1], line 1\nE: m")])
    assert len(flood) <= MODEL_LIMIT
    assert flood.startswith("xxx") and flood.endswith("x\nCell In[1], line 1\nE: m")
    assert len(told_to_model([ErrorOutput("E", "m", "y" * 9000)])) <= MODEL_LIMIT
    json.dumps(flood)
