"""The Streamlit chat in a real browser, with the scripted engine behind it: what AppTest cannot see.

Streaming, several visitors, language, phone, keyboard, what the page may not do, and how it is started. Stop,
reloads and lost connections are in test_streamlit_lasting.py.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.browser import ROOT, Program, free_port, start
from tests.streamlit_page import BOX, MESSAGE, QUESTION, ask, button, open_chat


def test_an_answer_grows_on_the_page_and_tables_code_and_formulas_are_drawn(page: Any, web_demo2: Program) -> None:
    open_chat(page, web_demo2)
    ask(page, "table code math", wait=False)
    page.get_by_text("A small table").wait_for()
    assert page.get_by_text("Gaussian integral").count() == 0  # still to come
    assert page.locator(".st-key-examples").count() == 0
    button(page, "Answer again").wait_for()
    answer = page.locator(MESSAGE).last
    assert answer.locator("table td").count() == 9
    assert answer.locator("pre .token.keyword").count() > 3
    assert (answer.locator(".katex").count(), answer.locator(".katex-display").count()) == (4, 2)
    assert answer.locator(".katex-error").count() == 0
    assert "between $5 and $10, which is money" in answer.inner_text()
    status = page.locator(".status").inner_text()
    assert "scripted" in status and re.search(r"\d+ / 8,192 tokens", status) and "tokens/s" in status


def test_two_visitors_see_their_own_conversations_only(new_page: Callable[..., Any], web_demo2: Program) -> None:
    one, other = new_page(), new_page()
    open_chat(one, web_demo2)
    ask(one, "from the first visitor")
    open_chat(other, web_demo2)
    assert other.locator(".st-key-conversations button").count() == 0
    other.goto(one.url)
    other.get_by_text("does not exist any more").wait_for()
    assert other.locator(MESSAGE).count() == 0
    ask(other, "from the second visitor")
    assert one.locator(QUESTION).all_inner_texts() == ["from the first visitor"]
    cookies = one.context.cookies()
    assert [cookie["httpOnly"] for cookie in cookies if cookie["name"].startswith("glm_visitor")] == [True]


def test_the_keyboard_is_enough_and_the_focus_stays_in_the_box(page: Any, web_demo2: Program) -> None:
    open_chat(page, web_demo2)
    page.locator(BOX).focus()
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    button(page, "Answer again").wait_for()
    assert page.evaluate("document.activeElement.dataset.testid") == "stChatInputTextArea"
    names = set()
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        names.add(page.evaluate("(document.activeElement.ariaLabel || document.activeElement.innerText || '').trim()"))
    found = "\n".join(names)
    for name in ("Take the question back", "Answer again", "Edit and ask again", "Copy", "New chat"):
        assert name in found, name


@pytest.mark.parametrize("colours", ["light", pytest.param("dark", marks=pytest.mark.thorough)])
def test_axe_finds_no_serious_fault(new_page: Callable[..., Any], web_demo2: Program, colours: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = new_page(color_scheme=colours, reduced_motion="reduce")  # what fades in has too little contrast meanwhile
    open_chat(page, web_demo2)
    ask(page, "table code math")
    for section in ("System prompt", "Generation", "This conversation"):
        page.locator("[data-testid=stSidebar] summary", has_text=section).click()
    page.get_by_text("Import a conversation").wait_for()
    faults = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in faults if fault["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("chosen", ["browser", "address", "button"])
def test_the_page_speaks_chinese_when_asked(new_page: Callable[..., Any], web_demo2: Program, chosen: str) -> None:
    page = new_page(locale="zh-CN" if chosen == "browser" else "en-US")
    open_chat(page, web_demo2, "/?lang=zh" if chosen == "address" else "/")
    if chosen == "button":
        page.get_by_role("button", name="中文").click()
    page.get_by_text("今天想聊点什么？").wait_for()
    assert page.locator(BOX).get_attribute("placeholder") == "给模型发消息"
    page.wait_for_function("document.documentElement.lang === 'zh-CN'")


@pytest.mark.parametrize("colours", ["light", pytest.param("dark", marks=pytest.mark.thorough)])
def test_a_phone_shows_everything_without_scrolling_sideways(
    new_page: Callable[..., Any], web_demo2: Program, colours: str
) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, color_scheme=colours, has_touch=True, is_mobile=True)
    open_chat(page, web_demo2)
    assert colours in page.evaluate("getComputedStyle(document.querySelector('.stApp')).colorScheme")
    ask(page, "table code math")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(BOX).bounding_box()
    assert box["y"] + box["height"] <= 844
    page.locator("[data-testid=stExpandSidebarButton]").click()
    button(page, "New chat").wait_for()


def test_markup_in_a_message_is_shown_and_not_obeyed(page: Any, web_demo2: Program) -> None:
    open_chat(page, web_demo2)
    attack = "<script>window.hit=1</script><img src=x onerror=window.hit=1> ![t](http://tracker.example/?q=1)"
    ask(page, f"{attack} :smile: :red[x]")
    shown = page.locator(QUESTION).inner_text().replace("\u2060", "")
    assert "<script>window.hit=1</script>" in shown and ":smile: :red[x]" in shown
    assert page.evaluate("window.hit") is None
    assert page.locator(f"{MESSAGE} img").count() == 0


def test_every_answer_of_the_server_forbids_the_outside_and_foreign_names_are_refused(
    page: Any, web_demo2: Program
) -> None:
    for path in ("/", "/_stcore/health", "/nothing"):
        answer = page.request.get(web_demo2.url + path)
        assert "default-src 'self'" in answer.headers["content-security-policy"], path
    assert page.request.get(web_demo2.url, headers={"Host": "evil.example"}).status == 403


def test_streamlit_run_starts_the_same_page_for_this_computer_only(page: Any, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "web_demo2.py"), "--server.port", str(port)]
    command += ["--server.headless", "true", "--", "--model", "scripted"]
    program = start("web_demo2.py", log=tmp_path / "log.txt", port=port, command=command).wait_until_ready()
    try:
        open_chat(page, program)
        ask(page, "hello")
        assert "127.0.0.1" in program.printed()
        heard = {there.laddr.ip for there in psutil.net_connections("tcp") if there.laddr and there.laddr.port == port}
        assert heard == {"127.0.0.1"}
    finally:
        program.stop()


def test_streamlit_run_on_an_open_address_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "web_demo2.py"), "--server.headless", "true"]
    command += ["--server.port", str(free_port()), "--server.address", "0.0.0.0", "--", "--model", "scripted"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "would let other computers use this chat without a password" in ended.stderr


def test_a_wrong_option_ends_the_program_with_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "web_demo2.py"), "--model", "no/such/folder/here", "--no-open"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.startswith("web_demo2.py: there is no folder 'no/such/folder/here'")
