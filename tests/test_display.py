"""Text as people see it: formulas, money, code, tags and pictures. Tables of input and expected."""

from __future__ import annotations

import pytest

from apps import display

J = display.WORD_JOINER

DRAWN = [
    # text, for Gradio, for Streamlit
    ("$x^2$", r"\(x^2\)", "$x^2$"),
    (r"\(x^2\)", r"\(x^2\)", "$x^2$"),
    ("$$x^2$$", r"\[x^2\]", "\n$$\nx^2\n$$\n"),
    (r"\[x^2\]", r"\[x^2\]", "\n$$\nx^2\n$$\n"),
    ("\\[\na\\\\\nb\n\\]", "\\[a\\\\\nb\\]", "\n$$\na\\\\\nb\n$$\n"),
    ("$5 and $10", "$5 and $10", r"\$5 and \$10"),
    ("from $5 to $x$", r"from $5 to \(x\)", r"from \$5 to $x$"),
    ("US$3 or 4$", "US$3 or 4$", r"US\$3 or 4\$"),
    ("$ x$ and $x $", "$ x$ and $x $", r"\$ x\$ and \$x \$"),
    ("`$x$` stays", "`$x$` stays", "`$x$` stays"),
    ("```sh\necho $A $B\n```", "```sh\necho $A $B\n```", "```sh\necho $A $B\n```"),
    ("- a\n  ```\n  $x$\n  ```\n- $y$", "- a\n  ```\n  $x$\n  ```\n- \\(y\\)", "- a\n  ```\n  $x$\n  ```\n- $y$"),
    (r"\(a<b\)", r"\(a\lt b\)", r"$a\lt b$"),
    (
        r"\begin{align}a&=b\end{align}",
        r"\[\begin{align}a&=b\end{align}\]",
        "\n$$\n\\begin{align}a&=b\\end{align}\n$$\n",
    ),
    ("一杯 $5 到 $10", "一杯 $5 到 $10", r"一杯 \$5 到 \$10"),
    ("设 $x=1$ 时", r"设 \(x=1\) 时", "设 $x=1$ 时"),
]


@pytest.mark.parametrize(("text", "gradio", "streamlit"), DRAWN)
def test_formulas_are_found_and_money_is_left_alone(text: str, gradio: str, streamlit: str) -> None:
    assert display.markdown(text) == gradio
    assert display.markdown(text, target="streamlit") == streamlit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>x</script>", f"<{J}script>x<{J}/script>"),
        ("1 < 2 and a<b", f"1 < 2 and a<{J}b"),
        ("`<b>`", "`<b>`"),
        ("a<br>b<sub>2</sub>", "a<br>b<sub>2</sub>"),
        ("<br onload=x()>", f"<{J}br onload=x()>"),
        ("<https://example.com>", "<https://example.com>"),
        ("<|user|>", "<|user|>"),
    ],
)
def test_tags_are_shown_and_only_harmless_ones_obeyed(text: str, shown: str) -> None:
    assert display.markdown(text) == shown
    assert display.as_typed(shown) == text


def test_pictures_are_named_and_not_fetched() -> None:
    note = "not loaded: {alt}"
    assert display.markdown("![a cat](http://t/c.png)!", image_note=note) == "*[not loaded: a cat]*!"
    assert "http" not in display.markdown("![](http://t/c.png) ![x][http://t]", image_note=note)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the root $\\sqrt", "the root "),
        ("the root \\(\\sqrt", "the root "),
        ("see \\[ a", "see "),
        ("see $$ a", "see "),
        ("almost \\", "almost "),
        ("costs $5 and", "costs $5 and"),
        ("```python\nx = '$a", "```python\nx = '$a\n```"),
        ("````md\n```\nx", "````md\n```\nx\n````"),
        ("done $x$.", "done $x$."),
    ],
)
def test_an_answer_still_being_written_shows_no_half_formula_and_no_open_fence(text: str, shown: str) -> None:
    assert display.settle(text) == shown


def test_every_beginning_of_an_answer_can_be_shown() -> None:
    answer = "A $x^2$ and\n\n$$\\frac{a}{b}$$\n\n```py\nprint('$5')\n```\n| a | b |\n|---|---|\n| 1 | \\(y\\) |"
    for end in range(len(answer) + 1):
        shown = display.markdown(answer[:end], partial=True)
        assert shown.count("```") % 2 == 0
        assert shown.count(r"\(") == shown.count(r"\)") and shown.count(r"\[") == shown.count(r"\]")
    assert display.markdown(answer, partial=True) == display.markdown(answer)


def test_long_odd_texts_take_no_long_time() -> None:
    for piece in ("$a ", "\\[ ", "`", "![", "<", "$$", "```\n", "\\begin{align}"):
        display.markdown(piece * 1500, partial=True)  # a runaway would meet the suite's time limit
