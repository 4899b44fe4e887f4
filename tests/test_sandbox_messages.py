"""What a cell shows, from scripted messages in every ugly order."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest

from glm.sandbox.messages import CellMessages
from glm.sandbox.values import (
    ErrorOutput,
    HtmlOutput,
    ImageOutput,
    Limits,
    NoticeOutput,
    OutputsCleared,
    OutputShown,
    TextOutput,
)


def cell(**limits: Any) -> CellMessages:
    return CellMessages(Limits(**limits))


def printed(text: str, name: str = "stdout") -> tuple[str, dict[str, Any]]:
    return "stream", {"name": name, "text": text}


def shown(text: str, display_id: str | None = None, kind: str = "display_data") -> tuple[str, dict[str, Any]]:
    return kind, {"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": display_id}}


def cleared(wait: bool) -> tuple[str, dict[str, Any]]:
    return "clear_output", {"wait": wait}


def texts(messages: CellMessages) -> list[str]:
    return [getattr(output, "text", repr(output)) for output in messages.outputs]


def play(messages: CellMessages, *script: tuple[str, Any]) -> list[str]:
    for kind, content in script:
        messages.take(kind, content)
    return texts(messages)


def small_png() -> str:
    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0\0")) + part(b"IEND", b"")
    return base64.b64encode(data).decode()


def test_printed_text_grows_in_place_until_something_else_comes() -> None:
    messages = cell()
    first = messages.take(*printed("a"))
    second = messages.take(*printed("b\n"))
    assert first == [OutputShown(0, TextOutput("a"))]
    assert second == [OutputShown(0, TextOutput("ab\n"))]
    assert play(messages, printed("warning", "stderr"), printed("c")) == ["ab\n", "warning", "c"]
    assert [output.stream for output in messages.outputs if isinstance(output, TextOutput)] == [
        "stdout",
        "stderr",
        "stdout",
    ]


def test_everything_stays_in_the_order_it_came() -> None:
    messages = cell()
    messages.take(*printed("1"))
    messages.take("display_data", {"data": {"image/png": small_png(), "text/plain": "figure"}, "metadata": {}})
    messages.take("execute_result", {"data": {"text/html": "<table><tr><td>1</td></tr></table>", "text/plain": "1"}})
    messages.take("error", {"ename": "ValueError", "evalue": "no", "traceback": ["ValueError: no"]})
    messages.take(*printed("after"))
    assert [type(output) for output in messages.outputs] == [
        TextOutput,
        ImageOutput,
        HtmlOutput,
        ErrorOutput,
        TextOutput,
    ]
    assert messages.error_name == "ValueError"


def test_a_progress_bar_is_one_line() -> None:
    assert play(cell(), *(printed(f"\r{n}%") for n in range(101)), printed(" done\n")) == ["100% done\n"]


def test_a_return_that_comes_apart_from_its_line_end() -> None:
    assert play(cell(), printed("a\r"), printed("\nb")) == ["a\nb"]


def test_clear_now_and_clear_with_the_next_output() -> None:
    messages = cell()
    assert play(messages, printed("old")) == ["old"]
    assert messages.take(*cleared(wait=False)) == [OutputsCleared()]
    assert texts(messages) == []
    play(messages, printed("old"), cleared(wait=True))
    assert texts(messages) == ["old"]
    assert messages.take(*printed("new")) == [OutputsCleared(), OutputShown(0, TextOutput("new"))]


def test_a_clear_that_waits_for_nothing_clears_nothing() -> None:
    messages = cell()
    assert play(messages, printed("kept"), cleared(wait=True), ("status", {"execution_state": "idle"})) == ["kept"]
    assert messages.idle


def test_a_second_clear_replaces_the_waiting_one() -> None:
    assert play(cell(), printed("a"), cleared(wait=True), cleared(wait=False), printed("b"), printed("c")) == ["bc"]


def test_a_display_is_updated_wherever_it_stands() -> None:
    messages = cell()
    play(messages, shown("0 %", "bar"), printed("text"), shown("0 %", "bar"))
    events = messages.take(*shown("9 %", "bar", "update_display_data"))
    assert [event.index for event in events if isinstance(event, OutputShown)] == [0, 2]
    assert texts(messages) == ["9 %", "text", "9 %"]


def test_an_update_of_an_earlier_cells_display_is_not_lost() -> None:
    messages = cell()
    assert play(messages, shown("1", "other", "update_display_data")) == ["1"]
    assert play(messages, shown("2", "other", "update_display_data")) == ["2"]


def test_a_cleared_display_is_known_no_more() -> None:
    script = (shown("1", "x"), cleared(wait=False), printed("text"), shown("2", "x", "update_display_data"))
    assert play(cell(), *script) == ["text", "2"]


def test_an_update_while_a_clear_waits_changes_what_still_stands() -> None:
    script = (shown("1", "x"), cleared(wait=True), shown("2", "x", "update_display_data"), printed("new"))
    assert play(cell(), *script) == ["new"]


def test_output_after_the_end_still_counts() -> None:
    messages = cell()
    play(messages, printed("a\n"), ("status", {"execution_state": "idle"}))
    assert play(messages, printed("late\n")) == ["a\nlate\n"]


def test_text_is_cut_once_and_said() -> None:
    messages = cell(text_characters=10)
    play(messages, printed("x" * 7), printed("y" * 7), printed("z"), printed("w", "stderr"))
    assert messages.outputs[0] == TextOutput("x" * 7 + "y" * 3)
    assert [output.kind for output in messages.outputs if isinstance(output, NoticeOutput)] == ["text_cut"]
    assert len(messages.outputs) == 2


def test_text_that_just_fits_is_not_said_to_be_cut() -> None:
    assert play(cell(text_characters=10), printed("x" * 5), printed("y" * 5)) == ["x" * 5 + "y" * 5]


def test_pieces_of_two_streams_are_bounded_together_and_not_counted_as_displays() -> None:
    messages = cell(text_characters=300, outputs=5)
    for number in range(400):
        messages.take(*printed("x\n", "stdout" if number % 2 else "stderr"))
    kept = sum(len(output.text) for output in messages.outputs if isinstance(output, TextOutput))
    assert kept == 300
    assert isinstance(messages.outputs[-1], NoticeOutput)


def test_too_many_displays_are_cut_once_and_text_goes_on() -> None:
    messages = cell(outputs=3)
    play(messages, *(shown(str(n)) for n in range(10)), printed("end"))
    assert texts(messages)[:3] == ["0", "1", "2"]
    assert texts(messages)[-1] == "end"
    assert [output.kind for output in messages.outputs if isinstance(output, NoticeOutput)] == ["outputs_cut"]


def test_clearing_is_no_way_around_the_number_of_messages() -> None:
    messages = cell(messages=20)
    for _ in range(30):
        messages.take(*printed("x"))
        messages.take(*cleared(wait=False))
    assert [output.kind for output in messages.outputs if isinstance(output, NoticeOutput)] == ["outputs_cut"]
    assert not messages.flooding
    for _ in range(200):
        messages.take(*printed("x"))
    assert messages.flooding


def test_an_error_is_shown_even_after_the_cut_but_only_one() -> None:
    messages = cell(messages=2)
    for _ in range(5):
        messages.take(*printed("x"))
    for _ in range(5):
        messages.take("error", {"ename": "KeyboardInterrupt", "evalue": "", "traceback": []})
    assert sum(isinstance(output, ErrorOutput) for output in messages.outputs) == 1


@pytest.mark.parametrize("content", [None, [], "x", 5, {}, {"data": None}, {"data": []}, {"name": 1, "text": None}])
@pytest.mark.parametrize(
    "kind",
    ["stream", "display_data", "update_display_data", "execute_result", "clear_output", "status", "comm_open", ""],
)
def test_malformed_messages_show_nothing(kind: str, content: object) -> None:
    messages = cell()
    messages.take(kind, content)
    assert messages.outputs == ()


@pytest.mark.parametrize("content", [{}, {"traceback": "x", "ename": 1}, {"traceback": [1, None], "evalue": []}])
def test_a_malformed_error_is_still_an_error(content: object) -> None:
    messages = cell()
    messages.take("error", content)
    assert isinstance(messages.outputs[0], ErrorOutput)


def test_odd_display_ids_are_no_ids() -> None:
    messages = cell()
    for display_id in (5, ["x"], "y" * 1000):
        messages.take("display_data", {"data": {"text/plain": "a"}, "transient": {"display_id": display_id}})
        messages.take("update_display_data", {"data": {"text/plain": "b"}, "transient": {"display_id": display_id}})
    assert texts(messages) == ["a", "b"] * 3
