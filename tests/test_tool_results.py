"""Tool results as stored data: what was shown comes back, and nothing that was not."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from glm import tool_results
from glm.messages import ToolResult
from glm.sandbox.values import ErrorOutput, HtmlOutput, ImageOutput, NoticeOutput, Output, TextOutput


def png(size: tuple[int, int] = (4, 2)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


OUTPUTS: tuple[Output, ...] = (
    TextOutput("1\n", "stdout"),
    TextOutput("wärning 警告", "stderr"),
    HtmlOutput("<table></table>", "empty"),
    ErrorOutput("ValueError", "no", "Traceback\nValueError: no"),
    NoticeOutput("text_cut", "cut"),
    ImageOutput(png(), "png", 4, 2, "<Figure>", 2.0),
)


def stored(result: ToolResult) -> Any:
    return json.loads(json.dumps(tool_results.to_dict(result)))


def test_every_kind_of_output_comes_back() -> None:
    result = ToolResult("told", True, 1.25, OUTPUTS)
    assert tool_results.from_dict(stored(result), "told") == result


def test_a_picture_that_is_none_is_left_out_and_the_rest_stays() -> None:
    result = ToolResult("told", outputs=(replace(OUTPUTS[-1], data=b"<svg onload=alert(1)>"), OUTPUTS[0]))  # type: ignore[type-var]
    read = tool_results.from_dict(stored(result), "told")
    assert read is not None and read.outputs == (OUTPUTS[0],)


@pytest.mark.parametrize(
    "data", [None, [], {}, {"seconds": "1"}, {"seconds": float("nan")}, {"seconds": 1e999, "is_error": True}]
)
def test_data_that_is_no_result_gives_none(data: object) -> None:
    assert tool_results.from_dict(data, "told") is None


@pytest.mark.parametrize(
    "item",
    [
        None,
        {"kind": "script", "text": "x"},
        {"kind": "text", "text": 3, "stream": "stdout"},
        {"kind": "text", "text": "x", "stream": "elsewhere"},
        {"kind": "notice", "notice": "other", "text": "x"},
        {"kind": "image", "data": "%%%", "text": ""},
    ],
)
def test_an_output_in_disorder_is_left_out(item: object) -> None:
    read = tool_results.from_dict({"seconds": 0, "outputs": [item, {"kind": "html", "html": "a", "text": "b"}]}, "told")
    assert read == ToolResult("told", outputs=(HtmlOutput("a", "b"),))
