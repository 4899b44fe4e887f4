"""The exported page: formulas as MathML, code intact, nothing that runs or fetches."""

from __future__ import annotations

import re

import pytest

from apps import export_html
from glm.messages import Message, ToolCall

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<style>*{background:url(http://t)}</style>",
    "<iframe src=http://t></iframe>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![t](http://tracker/?q=1)",
    "```\n<script>alert(1)</script>\n```",
    '```x" onload="alert(1)\ncode\n```',
    "$\\text{<img src=x onerror=alert(1)>}$",
    "$\\href{javascript:alert(1)}{x}$",
    "$$\\unicode{<script>alert(1)</script>}$$",
    "<a href=http://t onclick=alert(1)>x</a>",
    "<details open ontoggle=alert(1)>x</details>",
    "\ue000i0\ue001 <math><mtext></mtext><script>alert(1)</script></math>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_message_can_run_or_fetch(attack: str) -> None:
    made = export_html.body(attack)
    tags = re.findall(r"<[^>]*>", made)
    assert not [tag for tag in tags if re.match(r"</?(script|img|svg|style|iframe|details|form)\b", tag)], made
    assert not [tag for tag in tags if re.search(r"\bon\w+\s*=|javascript:|data:", tag)], made


def test_block_formulas_come_out_as_blocks_and_inline_ones_inline() -> None:
    made = export_html.body("a $x$ b \\(y\\) c\n\n$$\\frac{a}{b}$$\n\n\\[\n\\sum_i i\n\\]")
    assert made.count('<math display="inline"') == 2
    assert made.count('<div class="formula"><math display="block"') == 2
    assert "<mfrac>" in made and "$" not in made and "\\" not in made


def test_aligned_equations_become_a_table_without_stray_ampersands() -> None:
    made = export_html.body("$$\\begin{aligned}a&=b\\\\c&=d\\end{aligned}$$")
    assert made.count("<mtr>") == 2 and "&amp;" not in made


def test_code_is_kept_to_the_letter() -> None:
    made = export_html.body("```python\nif a < b and c > 0:  # $5 and $10\n    print('<b>')\n```")
    assert 'class="language-python"' in made
    assert "if a &lt; b and c &gt; 0:  # $5 and $10\n    print('&lt;b&gt;')" in made


def test_money_is_no_formula() -> None:
    assert export_html.body("between $5 and $10") == "<p>between $5 and $10</p>"


def test_a_formula_that_cannot_be_read_is_shown_as_written() -> None:
    assert "\\frac{" in export_html.body("see \\(\\frac{\\) here")


def test_the_page_has_title_turns_marks_and_a_policy_against_any_connection() -> None:
    call = ToolCall("weather", {"city": "Paris"})
    made = export_html.page(
        [
            Message("user", "Weather in <Paris>?"),
            Message("assistant", "```python\ntool_call(city='Paris')\n```", "weather", call, "stop"),
            Message("observation", '{"rain": "<yes>"}'),
            Message("assistant", "It rai", finish="cancelled"),
        ],
        system="Be brief.",
        model="glm-tiny",
        lang="zh",
    )
    assert "<title>Weather in &lt;Paris&gt;?</title>" in made
    assert "Content-Security-Policy\" content=\"default-src 'none'" in made
    assert '<html lang="zh-CN">' in made and "glm-tiny" in made and "Be brief." in made
    assert "调用 weather" in made and "{&quot;rain&quot;: &quot;&lt;yes&gt;&quot;}" in made and "已停止" in made
    assert "http" not in made.split("</style>")[1]
