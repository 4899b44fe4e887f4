"""The Gradio chat in a real browser, with the scripted engine behind it: what a visitor does and sees."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Program, free_port, start

BOX, STOP, SEND = "#box textarea", "#box button.stop-button", "#box button.submit-button"
BOT, USER = "#chat [data-testid=bot]", "#chat [data-testid=user]"


def open_chat(page: Any, program: Program, query: str = "") -> None:
    page.goto(program.url + query)
    page.locator("#hero, #chat .message").first.wait_for()
    page.locator("#status .dot.ready").wait_for()


def ask(page: Any, question: str, *, wait: bool = True) -> None:
    """Send a question; with `wait` until its answer is complete."""
    asked = page.locator(USER).count()
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")
    page.locator(USER).nth(asked).wait_for()
    if wait:
        page.locator(f"{BOT} .waiting").wait_for(state="detached")
        page.locator(SEND).wait_for()


def saying(page: Any, selector: str, words: str) -> Any:
    """The elements with `words` in them."""
    return page.locator(selector).filter(has_text=words)


def exported(page: Any, kind: str) -> str:
    """The text of an exported file."""
    with page.expect_download() as waiting:
        page.locator(f"#export-{kind}").click()
    assert waiting.value.suggested_filename.endswith(f".{kind}")
    return Path(waiting.value.path()).read_text(encoding="utf-8")


def test_a_visitor_asks_and_sees_the_answer_and_its_figures(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    assert page.locator("#examples button").count() == 4
    ask(page, "Hello there")
    assert saying(page, BOT, "Hello there").count() == 1
    status = page.locator("#status").inner_text()
    assert "scripted" in status and re.search(r"\d+ / 8,192 tokens", status) and "tokens/s" in status
    assert "Hello there" in page.locator("#top-title").inner_text()


def test_tables_code_and_all_four_kinds_of_formulas_are_drawn_and_money_is_not(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    ask(page, "table code math")
    answer = page.locator(BOT).last
    assert answer.locator("table td").count() == 9
    assert answer.locator("pre .token.keyword").count() > 3
    assert answer.locator(".katex").count() == 4
    assert answer.locator(".katex-display").count() == 2
    assert answer.locator(".katex-error").count() == 0
    assert "between $5 and $10, which is money" in answer.inner_text()


def test_an_example_card_asks_its_question(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    page.locator("#example-0").click()
    page.locator(BOT).last.wait_for()
    assert "sleep" in page.locator(USER).inner_text()
    page.locator(SEND).wait_for()


def test_stop_keeps_what_was_said_and_marks_it(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    ask(page, "a long answer", wait=False)
    saying(page, BOT, "Item 3").wait_for()
    page.locator(STOP).click()
    page.locator(f"{BOT} .badge").wait_for()
    page.locator(SEND).wait_for()
    answer = page.locator(BOT).last.inner_text()
    assert "Item 1 " in answer and answer.endswith("stopped")


def test_stop_works_while_the_prompt_is_still_being_read(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    ask(page, "slow", wait=False)
    page.locator(f"{BOT} .waiting").wait_for()
    page.locator(STOP).click()
    page.locator(SEND).wait_for(timeout=6_000)  # the scripted prompt alone takes 8 s
    assert page.locator(f"{BOT} .badge").inner_text() == "stopped"


def test_retry_undo_and_edit_change_the_conversation(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    ask(page, "first question")
    ask(page, "second question")
    page.get_by_role("button", name="Retry").last.click()
    page.locator(STOP).wait_for()
    page.locator(SEND).wait_for()
    assert page.locator(BOT).count() == 2
    page.get_by_role("button", name="Undo").last.click()
    saying(page, USER, "second question").wait_for(state="detached")
    assert page.locator(BOX).input_value() == "second question"
    page.locator(USER).first.hover()
    page.get_by_role("button", name="Edit").first.click()
    page.locator("#chat textarea").fill("changed question")
    page.get_by_role("button", name="Submit").first.click()
    saying(page, BOT, "changed question").wait_for()
    page.locator(SEND).wait_for()
    assert saying(page, USER, "first question").count() == 0


def test_a_like_is_remembered_over_a_reload(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    ask(page, "do you like me")
    page.locator("#chat").get_by_role("button", name=re.compile("^like", re.I)).last.click()
    page.wait_for_function('() => Object.values(localStorage).some(v => v.includes(\'"1": "Like"\'))')
    page.reload()
    saying(page, BOT, "do you like me").wait_for()
    stored = page.evaluate("Object.values(localStorage).join()")
    assert '"1": "Like"' in stored


@pytest.mark.timeout(300)  # starts the program twice
def test_history_survives_a_reload_and_a_restart_of_the_server(new_page: Callable[..., Any], tmp_path: Path) -> None:
    port = free_port()
    first = start("web_demo.py", "--model", "scripted", log=tmp_path / "log.txt", port=port).wait_until_ready()
    page = new_page()
    try:
        open_chat(page, first)
        ask(page, "remember this")
        page.reload()
        saying(page, BOT, "remember this").wait_for()
    finally:
        first.stop()
    second = start("web_demo.py", "--model", "scripted", log=tmp_path / "log.txt", port=port).wait_until_ready()
    try:
        page.goto(second.url)
        saying(page, BOT, "remember this").wait_for()
        ask(page, "and this")
        assert page.locator(USER).count() == 2
    finally:
        second.stop()


def test_two_tabs_hold_two_conversations(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    other = page.context.new_page()
    open_chat(other, web_demo)
    ask(page, "in the first tab")
    ask(other, "in the second tab")
    assert page.locator(USER).all_inner_texts() == ["in the first tab"]
    assert other.locator(USER).all_inner_texts() == ["in the second tab"]
    page.reload()
    saying(page, USER, "in the first tab").wait_for()


def test_an_exported_conversation_can_be_imported_again(page: Any, web_demo: Program, tmp_path: Path) -> None:
    open_chat(page, web_demo)
    ask(page, "math please")
    assert exported(page, "md").startswith("## User\n\nmath please")
    assert '<math display="block"' in exported(page, "html")
    file = tmp_path / "chat.json"
    file.write_text(exported(page, "json"), encoding="utf-8")
    page.locator("#new-chat").click()
    page.locator("#hero").wait_for()
    page.locator("input[type=file]").set_input_files(str(file))
    saying(page, USER, "math please").wait_for()
    assert page.locator(f"{BOT} .katex").count() == 4


def test_a_bad_import_says_why_and_leaves_the_chat_alone(page: Any, web_demo: Program, tmp_path: Path) -> None:
    open_chat(page, web_demo)
    ask(page, "keep me")
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"format": "something else"}), encoding="utf-8")
    page.locator("input[type=file]").set_input_files(str(bad))
    saying(page, ".toast-body", "this is not an exported conversation").wait_for()
    assert saying(page, USER, "keep me").count() == 1


def test_a_message_too_long_for_the_model_comes_back_into_the_box(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    question = "a " * 9000
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")
    saying(page, ".toast-body", "tokens too long").wait_for()
    page.wait_for_function("document.querySelector('#box textarea').value.length > 17000")
    assert page.locator(USER).count() == 0


def test_an_error_in_the_middle_is_told_and_retry_is_possible(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    ask(page, "error")
    assert "this is the error you asked for" in page.locator(f"{BOT} .trouble").inner_text()
    assert saying(page, BOT, "This answer breaks off").count() == 1
    assert page.get_by_role("button", name="Retry").count() == 1


def test_markup_in_a_message_is_shown_and_not_obeyed(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    attack = "<script>window.hit=1</script><img src=x onerror=window.hit=1> ![t](http://tracker.example/?q=1) <|user|>"
    ask(page, attack)
    assert "<script>window.hit=1</script>" in page.locator(USER).inner_text().replace("\u2060", "")
    assert page.evaluate("window.hit") is None
    assert page.locator("#chat .prose img").count() == 0


@pytest.mark.parametrize("chosen", ["browser", "address", "button"])
def test_the_page_speaks_chinese_when_asked(new_page: Callable[..., Any], web_demo: Program, chosen: str) -> None:
    page = new_page(locale="zh-CN" if chosen == "browser" else "en-US")
    open_chat(page, web_demo, "?lang=zh" if chosen == "address" else "")
    if chosen == "button":
        assert page.get_by_text("What can I help with?").is_visible()
        page.locator("#language").click()
    page.get_by_text("今天想聊点什么？").wait_for()
    assert page.locator("#new-chat").inner_text() == "新对话"
    assert "最长回答" in page.locator("#max-new-tokens").inner_text()
    assert page.locator(BOX).get_attribute("placeholder") == "给模型发消息"
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_settings_reach_as_far_as_the_model_and_a_length_limit_is_marked(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    longest = page.locator("#max-new-tokens input[type=number]")
    assert longest.get_attribute("max") == "8192"
    longest.fill("5")
    longest.press("Tab")
    ask(page, "short please")
    assert page.locator(f"{BOT} .badge").inner_text() == "cut at the length limit"


@pytest.mark.parametrize("colours", ["light", pytest.param("dark", marks=pytest.mark.thorough)])
def test_a_phone_shows_everything_without_scrolling_sideways(
    new_page: Callable[..., Any], web_demo: Program, colours: str
) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, color_scheme=colours)
    open_chat(page, web_demo)
    assert page.locator("body.dark").count() == (colours == "dark")
    ask(page, "table code math")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(BOX).bounding_box()
    assert box["y"] + box["height"] <= 844
    page.locator("#open-panel").click()
    page.locator("#new-chat").click()
    page.locator("#hero").wait_for()


def test_every_answer_of_the_server_forbids_the_outside_and_foreign_names_are_refused(
    page: Any, web_demo: Program
) -> None:
    for path in ("/", "/config", "/theme.css", "/nothing"):
        answer = page.request.get(web_demo.url + path)
        assert "default-src 'self'" in answer.headers["content-security-policy"], path
    refused = page.request.get(web_demo.url, headers={"Host": "evil.example"})
    assert refused.status == 403
