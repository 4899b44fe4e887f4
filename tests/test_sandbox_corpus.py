"""Ordinary code in a real kernel: every output recalled, in order; figures sharp, and Chinese in them right."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from glm.sandbox.manager import SandboxManager
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import ErrorOutput, HtmlOutput, ImageOutput, Limits, Output, TextOutput
from tests.sandbox_cells import run, tier_here
from tests.sandbox_corpus import CORPUS

TIER = tier_here()


@pytest.fixture(scope="module")
def kernel() -> Iterator[JupyterSandbox]:
    with SandboxManager(TIER, limits=Limits(), warm=False) as manager:
        yield manager.open("corpus")


def told(output: Output) -> tuple[str, str]:
    """Kind and content of an output, as the corpus writes them."""
    if isinstance(output, TextOutput):
        return output.stream, output.text
    if isinstance(output, ImageOutput):
        return output.kind, f"{output.width / output.scale:g} x {output.height / output.scale:g}"
    if isinstance(output, HtmlOutput):
        return "html", output.html
    if isinstance(output, ErrorOutput):
        return "error", f"{output.name}: {output.message}"
    return output.kind, output.text


def fits(output: Output, kind: str, content: str) -> bool:
    is_kind, is_content = told(output)
    if kind != is_kind:
        return False
    if kind == "html":
        return content in is_content
    if "~" in content:
        start, _, pattern = content.partition("~")
        if kind == "error":
            return is_content.startswith(start)
        return re.fullmatch(pattern, is_content) is not None
    return is_content == content or (kind == "png" and not content)


def test_the_corpus_is_large_enough_and_its_names_tell_its_cells_apart() -> None:
    assert len(CORPUS) >= 60
    assert len({name for name, *_ in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize(("code", "expected"), [case[1:] for case in CORPUS], ids=[name for name, *_ in CORPUS])
def test_every_output_is_recalled_in_order(kernel: JupyterSandbox, code: str, expected: list[tuple[str, str]]) -> None:
    done = run(kernel, code)
    shown = [told(output) for output in done.outputs]
    assert [kind for kind, _ in shown] == [kind for kind, _ in expected], shown
    for output, (kind, content) in zip(done.outputs, expected, strict=True):
        assert fits(output, kind, content), (told(output), content)
        if isinstance(output, ImageOutput):
            drawn = output.text.startswith("<Figure")
            assert output.scale == (2.0 if drawn else 1.0), "figures are drawn twice as fine as they are shown"
    assert done.ending == ("error" if any(kind == "error" for kind, _ in expected) else "ok")
