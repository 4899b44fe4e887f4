"""Answers that outlive the page: Stop, reload, lost connection, second tab, killed server, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Program, free_port, start
from tests.streamlit_page import BOX, MESSAGE, QUESTION, ask, button, open_chat, stop
from tests.wire import Wire


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The chat with an engine that speaks slowly."""
    program = start("tests/patient_chat.py", log=tmp_path_factory.mktemp("patient") / "log.txt")
    try:
        yield program.wait_until_ready()
    finally:
        program.stop()


@pytest.fixture
def wire(patient: Program) -> Iterator[Wire]:
    made = Wire(int(patient.url.rpartition(":")[2]))
    yield made
    made.close()


def test_stop_keeps_what_was_said_and_works_while_the_prompt_is_read(page: Any, patient: Program) -> None:
    open_chat(page, patient)
    ask(page, "a long answer", wait=False)
    page.get_by_text("Item 3 of").wait_for()
    stop(page)
    assert "Item 3 of" in page.locator(MESSAGE).last.inner_text()
    assert page.get_by_text("Item 59 of").count() == 0
    ask(page, "slow", wait=False)
    page.locator(".waiting").wait_for()
    button(page, "Stop").click()
    page.locator(".badge").nth(1).wait_for(timeout=6_000)  # the scripted prompt alone takes 8 s


def test_a_reload_goes_on_with_the_running_answer(page: Any, patient: Program) -> None:
    open_chat(page, patient)
    ask(page, "a long answer", wait=False)
    page.get_by_text("Item 1 of").wait_for()
    page.reload()
    page.get_by_text("Item 4 of").wait_for()
    stop(page)
    assert page.locator(QUESTION).count() == 1 and page.get_by_text("Item 59 of").count() == 0


def test_a_second_tab_watches_the_same_answer_may_stop_it_and_the_first_follows(page: Any, patient: Program) -> None:
    open_chat(page, patient)
    other = page.context.new_page()
    open_chat(other, patient)
    ask(page, "a long answer", wait=False)
    page.get_by_text("Item 1 of").wait_for()
    other.goto(page.url)
    other.get_by_text("Item 3 of").wait_for()
    stop(other)
    page.locator(".badge").wait_for()
    said = [tab.locator(MESSAGE).last.locator("ol").inner_text() for tab in (page, other)]
    assert said[0] == said[1]
    ask(other, "short")
    page.get_by_text("You said").first.wait_for()  # the idle tab follows
    button(page, "Answer again").wait_for()
    assert page.get_by_text("You said").count() == 1


def test_a_lost_connection_comes_back_to_the_running_answer(page: Any, wire: Wire) -> None:
    page.goto(f"http://127.0.0.1:{wire.port}/")
    page.locator(".status .dot.ready").wait_for()
    ask(page, "a long answer", wait=False)
    page.get_by_text("Item 3 of").wait_for()
    wire.cut()
    seen = len(page.locator(MESSAGE).last.inner_text())
    page.wait_for_function(
        "seen => [...document.querySelectorAll('[data-testid=stChatMessage]')].at(-1).innerText.length > seen + 60",
        arg=seen,
    )
    stop(page)
    assert page.get_by_text("Item 59 of").count() == 0


def test_the_text_typed_while_an_answer_is_made_stays_in_the_box(page: Any, patient: Program) -> None:
    open_chat(page, patient)
    ask(page, "a long answer", wait=False)
    page.get_by_text("Item 2 of").wait_for()
    page.locator(BOX).fill("my next question")
    page.get_by_text("Item 4 of").wait_for()
    page.locator(BOX).press("Enter")
    page.get_by_text("An answer is still being written").wait_for()
    page.wait_for_function(f"document.querySelector('{BOX}').value === 'my next question'")
    stop(page)
    assert page.locator(BOX).input_value() == "my next question"


@pytest.mark.timeout(300)  # starts the program twice
def test_conversations_survive_a_killed_server(new_page: Callable[..., Any], tmp_path: Path) -> None:
    port = free_port()
    first = start("tests/patient_chat.py", log=tmp_path / "log.txt", port=port).wait_until_ready()
    page = new_page()
    try:
        open_chat(page, first)
        ask(page, "a long answer", wait=False)
        page.get_by_text("Item 3 of").wait_for()
    finally:
        first.process.kill()
        first.process.wait()
    shown = page.locator(MESSAGE).last.inner_text()
    second = start("tests/patient_chat.py", log=tmp_path / "log.txt", port=port).wait_until_ready()
    try:
        page.goto(second.url)
        button(page, "a long answer").click()
        page.locator(".badge").wait_for()
        assert shown.strip() in page.locator(MESSAGE).last.inner_text()
    finally:
        second.stop()


def test_ctrl_c_ends_the_program_quietly_while_an_answer_runs(page: Any, tmp_path: Path) -> None:
    program = start("tests/patient_chat.py", log=tmp_path / "log.txt").wait_until_ready()
    try:
        open_chat(page, program)
        ask(page, "a long answer", wait=False)
        began = time.monotonic()
    finally:
        program.stop()
    assert program.process.returncode == 0 and time.monotonic() - began < 14
    assert "Traceback" not in program.printed()
