"""What tests of the Streamlit pages do in a browser: open, ask, stop."""

from __future__ import annotations

from typing import Any

from tests.browser import Program

BOX = "[data-testid=stChatInputTextArea]"
MESSAGE, QUESTION = "[data-testid=stChatMessage]", "[class*=st-key-question-]"


def open_chat(page: Any, program: Program, query: str = "/") -> None:
    page.goto(program.url + query)
    page.locator(".status .dot.ready").wait_for()


def ask(page: Any, question: str, *, wait: bool = True) -> None:
    """Send a question; with `wait` until its answer is complete."""
    asked = page.locator(QUESTION).count()
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")
    page.locator(QUESTION).nth(asked).wait_for()
    if wait:
        page.locator(".st-key-stop").wait_for(state="detached")
        button(page, "Answer again").wait_for()


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def stop(page: Any) -> None:
    button(page, "Stop").click()
    page.locator(".badge").wait_for()
    page.locator(".st-key-stop").wait_for(state="detached")
