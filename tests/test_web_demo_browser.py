"""The Gradio chat in a real browser, with the scripted engine behind it: what a visitor does and sees."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.visitors import Visitors
from glm.messages import Message
from glm.store import FILE, Store
from tests.browser import Program, start

BOX, STOP, SEND = "#box textarea", "#box button.stop-button", "#box button.submit-button"
BOT, USER = "#chat [data-testid=bot]", "#chat [data-testid=user]"


def open_chat(page: Any, program: Program, query: str = "") -> None:
    page.goto(program.url + query)
    page.locator("#hero, #chat .message").first.wait_for()
    page.locator("#status .dot.ready").wait_for()


def ask(page: Any, question: str, *, wait: bool = True) -> None:
    """Send a question; with `wait` until its answer is complete."""
    said = page.locator(f"{USER}:visible")  # a chat that was left may still be in the page, hidden
    asked = said.count()
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")
    said.nth(asked).wait_for()
    if wait:
        page.locator(f"{BOT} .waiting").wait_for(state="detached")
        page.locator(SEND).wait_for()


def saying(page: Any, selector: str, words: str) -> Any:
    """The elements with `words` in them."""
    return page.locator(selector).filter(has_text=words)


def opened(page: Any, section: str) -> None:
    """Open a part of the side panel, unless it is open."""
    heading = page.locator(f"#section-{section} button.label-wrap")
    if "open" not in heading.get_attribute("class").split():
        heading.click()


def exported(page: Any, kind: str) -> str:
    """The text of an exported file."""
    opened(page, "files")
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


def test_stop_keeps_what_was_said_marks_it_and_works_while_the_prompt_is_read(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    ask(page, "a long answer", wait=False)
    saying(page, BOT, "Item 3").wait_for()
    page.locator(STOP).click()
    page.locator(f"{BOT} .badge").wait_for()
    page.locator(SEND).wait_for()
    answer = page.locator(BOT).last.inner_text()
    assert "Item 1 " in answer and answer.endswith("stopped")
    ask(page, "slow", wait=False)
    page.locator(f"{BOT} .waiting").wait_for()
    page.locator(STOP).click()
    page.locator(f"{BOT} .badge").nth(1).wait_for(timeout=6_000)  # the scripted prompt alone takes 8 s


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


def row(page: Any, title: str) -> Any:
    """A conversation in the list, with the pointer on it."""
    found = page.locator("#conversations li").filter(has_text=title)
    found.hover()
    return found


def test_likes_settings_and_the_text_in_the_box_survive_a_reload(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    opened(page, "sampling")
    page.locator("#temperature input[type=number]").fill("0.3")
    page.locator("#temperature input[type=number]").press("Tab")
    ask(page, "do you like me")
    page.locator("#chat").get_by_role("button", name=re.compile("^like", re.I)).last.click()
    page.get_by_text("Thank you, noted.").wait_for()
    page.locator(BOX).press_sequentially("half a quest")
    page.reload()
    saying(page, BOT, "do you like me").wait_for()
    page.locator("#chat").get_by_role("button", name="Liked", exact=True).wait_for()
    assert page.locator(BOX).input_value() == "half a quest"
    opened(page, "sampling")
    assert page.locator("#temperature input[type=number]").input_value() == "0.3"


@pytest.mark.timeout(300)  # starts another program
def test_both_front_ends_find_the_conversations_of_a_visitor_and_nobody_elses(
    new_page: Callable[..., Any], web_demo: Program
) -> None:
    page = new_page()
    other = start("web_demo2.py", "--model", "scripted", log=web_demo.log.parent / "other.txt").wait_until_ready()
    try:
        page.goto(other.url)
        page.locator("[data-testid=stChatInputTextArea]").fill("remember this")
        page.locator("[data-testid=stChatInputTextArea]").press("Enter")
        page.get_by_text("You said").wait_for()
        page.goto("about:blank")
    finally:
        other.stop()
    open_chat(page, web_demo)
    row(page, "remember this").locator(".open").click()
    saying(page, BOT, "remember this").wait_for()
    ask(page, "and this")
    assert page.locator(USER).all_inner_texts() == ["remember this", "and this"]
    stranger = new_page()
    open_chat(stranger, web_demo, f"?c={page.url.partition('?c=')[2]}")
    saying(stranger, ".toast-body", "does not exist any more").wait_for()
    assert stranger.locator("#conversations li").count() == 0 and "?c=" not in stranger.url


def test_conversations_are_reopened_searched_renamed_and_deleted(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    data = web_demo.log.parent / "data"
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    store, owner = Store(data / FILE), Visitors(data).named(cookies)
    assert owner is not None
    for number in range(6):
        question = f"pear number {number} <i>&"
        store.write(store.create(owner, "chat").summary.id, [Message("user", question)], revision=0, title=question)
    store.close()
    page.reload()
    page.locator("#conversations li").nth(5).wait_for()
    titles = page.locator("#conversations .open").all_inner_texts()
    assert titles == [f"pear number {number} <i>&" for number in reversed(range(6))]
    page.locator("#search input").fill("pear 4")
    page.wait_for_function("document.querySelectorAll('#conversations li').length === 1")
    row(page, "pear number 4").locator(".open").click()
    saying(page, USER, "pear number 4").wait_for()
    page.locator("#search input").fill("")
    page.locator("#conversations li").nth(5).wait_for()
    row(page, "pear number 2").locator(".rename").click()
    page.locator("dialog input").fill("plums")
    page.keyboard.press("Enter")
    saying(page, "#conversations li", "plums").wait_for()
    for sure in (False, True):  # by keyboard alone
        row(page, "pear number 4").locator(".open").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("Delete this conversation?").wait_for()
        page.keyboard.press("Tab" if sure else "Escape")
        if sure:
            page.keyboard.press("Enter")
        page.locator("dialog").wait_for(state="detached")
    page.locator("#hero").wait_for()
    assert page.locator("#conversations li").count() == 5 and "?c=" not in page.url
    page.reload()
    saying(page, "#conversations li", "plums").wait_for()
    assert saying(page, "#conversations li", "pear number 4").count() == 0


def test_a_text_file_goes_into_the_message_with_its_token_count(page: Any, web_demo: Program, tmp_path: Path) -> None:
    open_chat(page, web_demo)
    notes, table, picture = tmp_path / "notes.txt", tmp_path / "data.csv", tmp_path / "dot.png"
    notes.write_text("milk\nbread\n```\ncheese\n", encoding="utf-8")
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    picture.write_bytes(bytes(range(256)))
    page.locator("#composer input[type=file]").set_input_files([str(path) for path in (notes, table, picture)])
    saying(page, ".toast-body", "dot.png is not a text file").wait_for()
    chips = page.locator("#attached .chip")
    chips.nth(1).wait_for()
    assert [re.sub(r"\d+", "N", words) for words in chips.all_inner_texts()] == [
        "notes.txt · N tokens", "data.csv · N tokens",
    ]  # fmt: skip
    chips.nth(1).get_by_role("button").click()
    chips.nth(1).wait_for(state="detached")
    ask(page, "What is to be bought?")
    assert saying(page, BOT, "cheese").count() == 1 and chips.count() == 0
    page.locator(f"{USER} summary").click()
    assert "```" in page.locator(f"{USER} pre").inner_text()
    assert page.locator("#top-title h1").inner_text() == "What is to be bought?"
    page.locator(USER).last.hover()
    page.get_by_role("button", name="Edit").last.click()
    assert page.locator("#chat textarea").input_value() == "What is to be bought?"
    page.locator("#chat textarea").fill("Anything else?")
    page.get_by_role("button", name="Submit").first.click()
    saying(page, BOT, "Anything else?").wait_for()
    page.get_by_role("button", name="Undo").last.click()
    chips.first.wait_for()
    assert page.locator(BOX).input_value() == "Anything else?" and page.locator(USER).count() == 0


def test_an_exported_conversation_can_be_imported_again_and_nothing_else(
    page: Any, web_demo: Program, tmp_path: Path
) -> None:
    open_chat(page, web_demo)
    ask(page, "math please")
    assert exported(page, "md").startswith("## User\n\nmath please")
    assert '<math display="block"' in exported(page, "html")
    file = tmp_path / "chat.json"
    file.write_text(exported(page, "json"), encoding="utf-8")
    page.locator("#new-chat").click()
    page.locator("#hero").wait_for()
    page.locator("#panel input[type=file]").set_input_files(str(file))
    saying(page, USER, "math please").wait_for()
    assert page.locator("#conversations li").count() == 2
    assert page.locator(f"{BOT} .katex").count() == 4
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"format": "something else"}), encoding="utf-8")
    page.locator("#panel input[type=file]").set_input_files(str(bad))
    saying(page, ".toast-body", "this is not an exported conversation").wait_for()
    assert saying(page, USER, "math please").count() == 1


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


@pytest.mark.parametrize("chosen", [pytest.param("browser", marks=pytest.mark.thorough), "address", "button"])
def test_the_page_speaks_chinese_when_asked(new_page: Callable[..., Any], web_demo: Program, chosen: str) -> None:
    page = new_page(locale="zh-CN" if chosen == "browser" else "en-US")
    open_chat(page, web_demo, "?lang=zh" if chosen == "address" else "")
    if chosen == "button":
        assert page.get_by_text("What can I help with?").is_visible()
        page.locator("#language").click()
    page.get_by_text("今天想聊点什么？").wait_for()
    assert page.locator("#new-chat").inner_text() == "新对话"
    opened(page, "sampling")
    assert "最长回答" in page.locator("#max-new-tokens").inner_text()
    assert page.locator(BOX).get_attribute("placeholder") == "给模型发消息"
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_settings_reach_as_far_as_the_model_and_a_length_limit_is_marked(page: Any, web_demo: Program) -> None:
    open_chat(page, web_demo)
    opened(page, "sampling")
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
