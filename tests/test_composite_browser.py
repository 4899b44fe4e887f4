"""Tools and code interpreter in a real browser: figures, frames, files, stopping, two visitors. The sandbox is real."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Program, start
from tests.sandbox_cells import tier_here
from tests.streamlit_page import BOX, ask, button, open_chat

tier_here()

_REACHABLE = """() => [...document.querySelectorAll('pre')].every((block) => block.hasAttribute('tabindex') ||
(block.scrollWidth <= block.clientWidth && block.scrollHeight <= block.clientHeight))"""


@pytest.fixture(scope="module")
def composite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("composite")
    program = start("tests/composite_page.py", "--model", "scripted", log=folder / "log.txt")
    try:
        yield program.wait_until_ready()
    finally:
        program.stop()


def open_code(page: Any, program: Program) -> None:
    open_chat(page, program, "/?mode=code")
    page.get_by_text("Write a cell yourself").wait_for(timeout=60_000)  # the sandbox has been tried out


def test_figures_tables_and_files_of_a_cell_are_on_the_page_and_markup_does_nothing(
    page: Any, composite: Program
) -> None:
    open_code(page, composite)
    ask(page, "make a plot")
    figure = page.locator("img.figure")
    figure.wait_for()
    shown = figure.evaluate("(image) => [image.clientWidth, image.naturalWidth]")
    assert 1.9 < shown[1] / shown[0] < 2.1
    frame = page.frame_locator("iframe[src*='cell-frame']")
    assert frame.locator("td").all_inner_texts() == ["1", "<b>x</b>", "2", "<script>top.pwned = 1</script>"]
    address = page.locator("iframe[src*='cell-frame']").get_attribute("src")
    policy = page.request.get(composite.url + address).headers["content-security-policy"]
    assert "sandbox; default-src 'none'" in policy
    assert page.evaluate("window.pwned") is None


def test_an_upload_is_worked_with_and_what_the_code_wrote_comes_back(page: Any, composite: Program) -> None:
    open_code(page, composite)
    page.locator(".st-key-attach button").click()
    page.locator("[data-testid=stPopoverBody] input[type=file]").set_input_files(
        [{"name": "sales.csv", "mimeType": "text/csv", "buffer": b"month,income\nMay,3\nJune,4\n"}]
    )
    page.locator(".chip", has_text="sales.csv").wait_for()
    ask(page, "sum the table")
    assert page.get_by_text("sum 7").count()
    assert '"income"' in page.locator("[class*=st-key-question-] .chip").inner_text()
    with page.expect_download() as coming:
        button(page, "copy.csv").first.click()
    assert coming.value.suggested_filename == "copy.csv"
    assert b"June,4" in Path(coming.value.path()).read_bytes()
    with page.expect_download() as coming:
        button(page, "Notebook").click()
    book = json.loads(Path(coming.value.path()).read_bytes())
    assert [cell["cell_type"] for cell in book["cells"]].count("code") == 1


def test_a_running_cell_shows_its_output_stops_at_once_and_keeps_its_variables(page: Any, composite: Program) -> None:
    open_code(page, composite)
    ask(page, "make a plot")
    ask(page, "run the loop", wait=False)
    page.get_by_text(re.compile(r"tick 3\b")).wait_for()
    button(page, "Stop").click()
    page.locator(".st-key-stop").wait_for(state="detached")
    assert page.get_by_text("KeyboardInterrupt").count()
    ask(page, "now double")
    assert page.get_by_text("twice 42").count()


def test_a_call_is_a_card_and_a_reload_keeps_it(page: Any, composite: Program) -> None:
    open_chat(page, composite, "/?mode=tools")
    ask(page, "17+4")
    assert page.locator(".cell-heading", has_text="calculator").count() == 1
    assert "21" in page.locator(".given").inner_text()
    page.reload()
    page.locator(".given").wait_for()
    page.locator(BOX).wait_for()


def test_two_visitors_have_kernels_of_their_own(new_page: Callable[..., Any], composite: Program) -> None:
    one, other = new_page(), new_page()
    open_code(one, composite)
    ask(one, "make a plot")
    open_code(other, composite)
    ask(other, "now double")
    assert other.get_by_text("NameError").count() and not other.get_by_text("twice 42").count()


@pytest.mark.parametrize("mode", ["tools", pytest.param("code", marks=pytest.mark.thorough)])
def test_axe_finds_no_serious_fault(new_page: Callable[..., Any], composite: Program, mode: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = new_page(reduced_motion="reduce")
    open_chat(page, composite, f"/?mode={mode}")
    ask(page, "17+4" if mode == "tools" else "sum the table")
    page.wait_for_function(_REACHABLE)
    faults = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in faults if fault["impact"] in ("serious", "critical")] == []
