"""Original folders of every generation in the web demo: chatting, a tool, the interpreter; toys stand in for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser import Program, start
from tests.test_web_demo_browser import BOT, ask, open_chat, saying
from tests.toy_checkpoints import toy_checkpoint

ANSWER = "你好👋！我是人工智能助手 {}，很高兴见到你，欢迎问我任何问题。"


def started(tmp_path: Path, generation: int, *, tool: str = "") -> Program:
    folder = toy_checkpoint(generation, tmp_path / ("chatglm-6b" if generation == 1 else f"chatglm{generation}-6b"))
    options = ("--model", str(folder), "--device", "cpu", "--dtype", "float32")
    script = "tests/toy_page.py" if tool else "web_demo.py"
    return start(script, *options, log=tmp_path / "log.txt", TOY_TOOL=tool).wait_until_ready()


@pytest.mark.thorough
@pytest.mark.parametrize(("generation", "name"), [(1, "ChatGLM-6B"), (2, "ChatGLM2-6B"), (3, "ChatGLM3-6B")])
def test_an_original_folder_answers_in_the_page(generation: int, name: str, page: Any, tmp_path: Path) -> None:
    program = started(tmp_path, generation)
    try:
        open_chat(page, program)
        assert page.locator("#status b").get_attribute("title").startswith(f"{name} (")
        ask(page, "你好")
        assert page.locator(BOT).last.inner_text().strip() == ANSWER.format(name)
        ask(page, "晚上睡不着应该怎么办")
        assert page.locator(f"{BOT} ol li").count() == 3
        page.reload()
        saying(page, BOT, ANSWER.format(name)).wait_for()
    finally:
        page.close()
        program.stop()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("tool", "question", "called", "result", "answer"),
    [
        (
            "weather",
            "今天北京的天气怎么样？",
            "tool_call(location='beijing', unit='celsius')",
            '{"temperature": 22}',
            "根据查询结果，今天北京的气温为 22 摄氏度。",
        ),
        ("code", "计算1到100的和", "sum(range(1, 101))", "5050", "1 到 100 的和是 5050。"),
    ],
)
def test_a_folder_of_the_third_generation_uses_what_it_is_given(
    tool: str, question: str, called: str, result: str, answer: str, page: Any, tmp_path: Path
) -> None:
    program = started(tmp_path, 3, tool=tool)
    try:
        open_chat(page, program)
        ask(page, question)
        saying(page, BOT, answer).wait_for()
        shown = "\n".join(page.locator("#chat").all_text_contents())
        assert called in shown and result in shown
    finally:
        page.close()
        program.stop()
