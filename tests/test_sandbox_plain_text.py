"""Text from a kernel: what terminals do with it is done, what pages and JSON cannot bear is gone."""

from __future__ import annotations

import json
import time

import pytest

from glm.sandbox.plain_text import StreamText, clean_text, cut_middle, one_line, text_of_html

CLEANED = [
    ("plain", "plain"),
    ("Grüße 你好 👩‍👩‍👧 مرحبا\n\ttab", "Grüße 你好 👩‍👩‍👧 مرحبا\n\ttab"),
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b[2J\x1b]8;;http://evil\x07click\x1b]8;;\x07\x1b]0;title\x07\x08\x08\x00", "cli"),
    ("\x9b31mred\x1bPq#0\x1b\\\x1b(B", "red"),
    ("\x1b[38;5;", ""),
    ("10%\r50%\r100%\n", "100%\n"),
    ("abcdef\rxy", "xycdef"),
    ("working...\r\x1b[Kdone", "done"),
    ("working...\x1b[2K\rdone", "done"),
    ("a\r\nb\r\n", "a\nb\n"),
    ("99\b\b100", "100"),
    ("\b\bx", "x"),
    ("\ud800 \x00 \udfff \u2028|", "\ufffd  \ufffd \n|"),
    ("user\u202egnp.exe\u2066x", "usergnp.exex"),
    ("\x1c\x1d\x1e\x85\ufffe", ""),
]


@pytest.mark.parametrize(("raw", "clean"), CLEANED)
def test_text_stands_as_it_would_on_paper(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean
    assert clean_text(clean) == clean
    json.loads(json.dumps(clean).encode("utf-8"))
    clean.encode("utf-8")


@pytest.mark.parametrize(("raw", "clean"), CLEANED)
def test_pieces_give_the_same_text_wherever_they_part(raw: str, clean: str) -> None:
    for at in range(len(raw) + 1):
        stream = StreamText(1000)
        stream.feed(raw[:at])
        assert stream.text == clean_text(raw[:at])
        stream.feed(raw[at:])
        assert stream.text == clean
    stream = StreamText(1000)
    for character in raw:
        stream.feed(character)
    assert stream.text == clean
    assert not stream.cut


def test_printed_text_is_cut_at_its_limit_and_says_so() -> None:
    stream = StreamText(10)
    stream.feed("12345\n")
    assert (stream.text, stream.cut) == ("12345\n", False)
    stream.feed("67890\n")
    assert (stream.text, stream.cut) == ("12345\n6789", True)
    stream.feed("more")
    assert stream.text == "12345\n6789"


def test_a_line_without_end_is_cut_too() -> None:
    stream = StreamText(200_000)
    for _ in range(400):
        stream.feed("x" * 1000)
    assert stream.cut
    assert stream.text == "x" * 200_000


def test_a_short_line_without_end_is_cut_and_said_to_be() -> None:
    stream = StreamText(10)
    stream.feed("12345\n12")
    stream.feed("34")
    assert (stream.text, stream.cut) == ("12345\n1234", False)
    stream.feed("5")
    assert (stream.text, stream.cut) == ("12345\n1234", True)
    stream.feed("\r!")
    assert stream.text == "12345\n1234"


def test_a_line_that_is_written_over_is_not_longer_for_it() -> None:
    stream = StreamText(10)
    for number in range(100):
        stream.feed(f"\r{number:3d} steps")
    assert (stream.text, stream.cut) == (" 99 steps", False)


def test_a_progress_bar_of_a_million_steps_stays_one_line() -> None:
    stream = StreamText(1000)
    for first in range(0, 1_000_000, 1000):
        stream.feed("".join(f"\rstep {number}" for number in range(first, first + 1000)))
    assert (stream.text, stream.cut) == ("step 999999", False)


@pytest.mark.parametrize("piece", ["\r", "\x1b[", "\x1b]", "\b", "a\r", "\x1b[2K", "\ud800", "\r\n", "\x9b", "x\b"])
def test_hostile_repetitions_take_linear_time(piece: str) -> None:
    start = time.process_time()
    clean_text(piece * 300_000)
    stream = StreamText(100_000)
    for _ in range(300):
        stream.feed(piece * 500)
    assert len(stream.text) <= 100_000
    assert time.process_time() - start < 5


def test_a_cut_keeps_both_ends() -> None:
    text = "begin" + "-" * 1000 + "end"
    short = cut_middle(text, 200)
    assert len(short) <= 200
    assert short.startswith("begin") and short.endswith("end")
    assert "[808 characters left out]" in short
    assert cut_middle(text, 2000) == text


def test_one_line_is_one_line() -> None:
    assert one_line("a\n\tb\x1b[31m c\r\n", 20) == "a b c"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


def test_markup_is_read_without_its_scripts() -> None:
    table = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2 &amp; 3</td></tr></table>"
    html = f"<style>p{{}}</style><h1>Sum</h1>{table}<script>alert(1)</script><p>end"
    assert text_of_html(html) == "Sum\na\tb\n1\t2 & 3\nend"
    assert text_of_html("<![foo <p") == text_of_html("") == ""
    assert len(text_of_html("word " * 100_000, limit=500)) <= 500
