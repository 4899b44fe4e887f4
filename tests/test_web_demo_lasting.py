"""The Gradio chat's answers outlive its page: reload, second tab, lost connection, another conversation meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import Program, start
from tests.test_web_demo_browser import BOT, BOX, SEND, STOP, USER, ask, open_chat, saying
from tests.wire import Wire


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The chat with an engine that speaks slowly."""
    program = start("tests/patient_chat.py", log=tmp_path_factory.mktemp("patient") / "log.txt", PATIENT="web_demo.py")
    try:
        yield program.wait_until_ready()
    finally:
        program.stop()


def test_a_tab_that_comes_and_goes_gets_every_word_in_its_place(page: Any, patient: Program) -> None:
    page.add_init_script(
        "Object.defineProperty(Document.prototype, 'visibilityState', "
        "{configurable: true, get: () => Math.random() < .5 ? 'hidden' : 'visible'})"
    )
    open_chat(page, patient)
    ask(page, "a long answer", wait=False)
    saying(page, BOT, "Item 4 of").wait_for()
    said = page.locator(BOT).last.inner_text()
    page.locator(STOP).click()
    page.locator(f"{BOT} .badge").wait_for()
    assert "".join(f"Item {n} of a long answer, to try Stop and scrolling.\n" for n in range(1, 4)) in said


def test_a_reload_and_a_second_tab_go_on_with_the_answer_and_either_may_stop_it(page: Any, patient: Program) -> None:
    open_chat(page, patient)
    ask(page, "a long answer", wait=False)
    page.locator(BOX).fill("too early")
    page.locator(BOX).press("Enter")
    saying(page, ".toast-body", "An answer is still being written").wait_for()
    assert page.locator(BOX).input_value() == "too early"
    page.reload()
    saying(page, BOT, "Item 2 of").wait_for()
    other = page.context.new_page()
    other.goto(page.url)
    saying(other, BOT, "Item 3 of").wait_for()
    other.keyboard.press("Escape")  # stops
    for tab in (page, other):
        tab.locator(f"{BOT} .badge").wait_for()
        tab.locator(SEND).wait_for()
    said = [tab.locator(BOT).all_inner_texts() for tab in (page, other)]
    assert said[0] == said[1] and "Item 59 of" not in said[0][0]
    ask(other, "short")
    saying(page, BOT, "You said").wait_for()  # the idle tab follows
    assert page.locator(USER).count() == 2


def test_an_answer_goes_on_while_nobody_looks_and_another_conversation_is_not_disturbed(
    page: Any, patient: Program
) -> None:
    open_chat(page, patient)
    ask(page, "a long answer", wait=False)
    saying(page, BOT, "Item 1 of").wait_for()
    page.locator("#new-chat").click()
    page.locator("#hero").wait_for()
    ask(page, "in between")
    assert page.locator(USER).all_inner_texts() == ["in between"]
    assert saying(page, BOT, "Item").count() == 0
    page.close()
    later = page.context.new_page()
    later.goto(patient.url)  # no address of a conversation: what is being answered is shown
    saying(later, BOT, "Item 3 of").wait_for()
    later.locator(STOP).click()
    later.locator(f"{BOT} .badge").wait_for()
    assert later.locator("#conversations .open").all_inner_texts() == ["a long answer", "in between"]


def test_a_lost_connection_comes_back_to_the_running_answer_and_the_text_in_the_box(
    page: Any, patient: Program
) -> None:
    wire = Wire(int(patient.url.rpartition(":")[2]))
    try:
        page.goto(f"http://127.0.0.1:{wire.port}/")
        page.locator("#status .dot.ready").wait_for()
        ask(page, "a long answer", wait=False)
        saying(page, BOT, "Item 1 of").wait_for()
        page.locator(BOX).press_sequentially("my next question")
        wire.cut()
        seen = page.locator(BOT).last.inner_text()
        page.wait_for_function(
            f"seen => (document.querySelector('{BOT}')?.innerText.length || 0) > seen + 60", arg=len(seen)
        )
        page.locator(STOP).click()
        page.locator(f"{BOT} .badge").wait_for()
        assert page.locator(BOX).input_value() == "my next question"
    finally:
        wire.close()
