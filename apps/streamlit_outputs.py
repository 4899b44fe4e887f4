"""Draws what a cell gave out: texts, pictures, tables in frames that can do nothing, errors, notices."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import streamlit as st
from typing_extensions import assert_never

from apps import texts
from apps.streamlit_view import View
from glm.sandbox.plain_text import cut_middle
from glm.sandbox.values import ErrorOutput, HtmlOutput, ImageOutput, NoticeOutput, Output, TextOutput

TEXT_SHOWN = 20_000
"""Characters of one text that a page shows; a browser gets slow with more."""
_LONG_LINES = 24
_TEXT_HEIGHT = 420
_ROW_HEIGHT, _FRAME_HEIGHT, _LARGEST_FRAME = 32, 12, 460


def draw(view: View, outputs: Sequence[Output], place: str | None = None) -> None:
    """All outputs, in order. `place` names the cell for the style sheet; None while it runs and is drawn often."""
    for number, output in enumerate(outputs):
        _draw(view, output, None if place is None else f"{place}-{number}")


def _draw(view: View, output: Output, place: str | None) -> None:
    match output:
        case TextOutput(text, stream):
            _text(text.rstrip("\n"), "warned" if stream == "stderr" else "printed", place)
        case ImageOutput(data, kind, width, height, text, scale):
            # st.image would shrink it to the width on the page, and lose what makes it sharp.
            source, wide = view.service.frames.picture(data, kind), max(1, round(width / scale))
            size = f'width="{wide}" height="{max(1, round(height / scale))}"'
            alt = html.escape(text or view.text("figure"))
            st.html(f'<img class="figure" src="{source}" {size} alt="{alt}">')
        case HtmlOutput(markup, text):
            _frame(view, markup, text)
        case ErrorOutput(name, message, traceback):
            st.html(f'<div class="error"><b>{html.escape(name)}</b>{html.escape(message)}</div>')
            if traceback.strip() and traceback.strip() != f"{name}: {message}":
                _text(traceback, "trace", place)
        case NoticeOutput(kind, text):
            words = view.text(f"notice_{kind}") if f"notice_{kind}" in texts.TEXTS else text
            st.html(f'<span class="badge" title="{html.escape(text)}">{html.escape(words)}</span>')
        case _:
            assert_never(output)


def _text(text: str, kind: str, place: str | None) -> None:
    shown = cut_middle(text, TEXT_SHOWN)
    with st.container(key=place and f"{kind}-{place}"):
        height = _TEXT_HEIGHT if shown.count("\n") > _LONG_LINES else "content"
        st.code(shown, language=None, wrap_lines=True, height=height)


def _frame(view: View, markup: str, text: str) -> None:
    rows = len(re.findall(r"<tr\b", markup, re.IGNORECASE))
    height = min(_LARGEST_FRAME, _FRAME_HEIGHT + _ROW_HEIGHT * rows) if rows else _LARGEST_FRAME // 2
    dark = st.context.theme.type == "dark"
    st.iframe(view.service.frames.address(markup, dark=dark), height=height, alt=text[:300] or view.text("table"))
