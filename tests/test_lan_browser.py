"""A phone joins a shared page: the real programs, a real browser, the address that others use."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from apps import lan
from tests.browser import START_SECONDS, Program, start
from tests.streamlit_page import BOX as STREAMLIT_BOX

GRADIO_BOX = "#box textarea"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "locale": "zh-CN"}


def told(program: Program) -> str:
    """What a shared program prints when it has tried its own address."""
    deadline = time.monotonic() + START_SECONDS
    while "Owner link" not in program.printed():
        assert program.process.poll() is None and time.monotonic() < deadline, program.printed()
        time.sleep(0.1)
    return program.printed()


@pytest.mark.parametrize(
    ("script", "box", "options"),
    [
        pytest.param("web_demo.py", GRADIO_BOX, (), marks=pytest.mark.thorough),
        ("composite.py", STREAMLIT_BOX, ("--password", "open sesame", "--https")),
    ],
)
def test_a_phone_joins_chats_and_is_sent_out(
    script: str, box: str, options: tuple[str, ...], browser: Any, tmp_path: Path
) -> None:
    if not lan.addresses():
        pytest.skip("this computer has no address besides 127.0.0.1")
    program = start(script, "--model", "scripted", "--lan", *options, log=tmp_path / "log.txt")
    phone = browser.new_context(**PHONE, ignore_https_errors=True)
    desk = browser.new_context(locale="en-US", ignore_https_errors=True)
    try:
        link = re.findall(r"^    (http\S+)", told(program), re.MULTILINE)[0]
        page, owner = phone.new_page(), desk.new_page()
        page.goto(link.partition("/join")[0])
        page.get_by_text("向主人索取" if not options else "加入对话").first.wait_for()
        page.goto(link)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_label("你的名字").fill("小明")
        if options:
            page.get_by_label("密码").fill(options[1])
        page.get_by_role("button", name="加入").click()
        page.locator(box).wait_for()
        assert "/join" not in page.url and page.evaluate("document.referrer").count("/join") <= 1
        page.get_by_text("你写的内容只会发送到运行模型的电脑").locator("visible=true").wait_for()
        page.locator(box).fill("hello")
        page.locator(box).press("Enter")
        page.get_by_text(re.compile("scripted|Hello|你好")).first.wait_for()
        page.locator(box).wait_for()

        here = program.url.replace("http", link.partition(":")[0])
        owner.goto(f"{here}/owner")
        owner.get_by_text("小明").wait_for()
        owner.get_by_text("Remove", exact=True).click()
        owner.get_by_role("button", name="Yes, remove").click()
        owner.get_by_text("Nobody yet").wait_for()
        assert page.goto(link.partition("/join")[0] + "/theme.css").status == 403
        page.goto(link)
        page.get_by_text("主人已结束你的访问").wait_for()
    finally:
        phone.close()
        desk.close()
        program.stop()


def test_the_pages_of_the_door_have_no_serious_fault_in_both_colours(browser: Any, tmp_path: Path) -> None:
    """Checked with axe, as text of either colour on its ground too."""
    from axe_playwright_python.sync_playwright import Axe
    from starlette.applications import Starlette

    from apps import options as given
    from apps import serving
    from apps.gate_entrance import Entrance
    from apps.lan_door import Member
    from tests.browser import free_port

    if not lan.addresses():
        pytest.skip("this computer has no address besides 127.0.0.1")
    arguments = ["--lan", "--no-open", "--port", str(free_port()), "--password", "open sesame"]
    asked = given.parse(given.parser("test", "test"), arguments)
    entrance = Entrance(asked, tmp_path)
    assert entrance.door is not None
    moment = time.time()
    entrance.door._members["a"] = Member("a", 1, "Anna", "192.168.1.7", moment, moment, moment + 999)
    server = serving.Server(entrance.guard(Starlette()), asked.host, asked.port).start()
    try:
        for colours in ("light", "dark"):
            context = browser.new_context(color_scheme=colours, **PHONE)
            page = context.new_page()
            for path in ("/join", "/join/wrong", entrance.door.owner_path, "/owner", "/owner/qr"):
                page.goto(entrance.url + path)
                faults = Axe().run(page).response["violations"]
                assert [fault["id"] for fault in faults] == [], (path, colours)
                assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            context.close()
    finally:
        server.close()
