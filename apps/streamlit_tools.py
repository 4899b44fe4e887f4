"""The tool mode: every call as a card, with its arguments, its result and what a person may do about it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from apps import streamlit_app, streamlit_attach, streamlit_chat, streamlit_steps
from apps.steps import Said
from apps.streamlit_frame import Mode
from apps.streamlit_steps import Drawing, Performed
from apps.streamlit_view import View
from glm.errors import GlmError
from glm.messages import ToolResult
from glm.tools import Approval, Tool, Toolbox, permitted
from glm.typed_tools import typed_tools

_EXAMPLES = ("tool_example_0", "tool_example_1", "tool_example_2", "tool_example_3")
_ICONS = (":material/calculate:", ":material/schedule:", ":material/straighten:", ":material/casino:")
_APPROVALS: tuple[Approval, ...] = get_args(Approval)
_TYPED_EXAMPLE = """\
- name: get_stock_price
  description: Current price of a share
  parameters:
    type: object
    properties:
      symbol: {type: string, description: Ticker symbol}
    required: [symbol]
"""


def prepare(view: View) -> None:
    """Give the conversation the tools that the visitor allows."""
    if not view.busy:
        view.chat.conversation.tools = Toolbox(_tools(view))


def _tools(view: View) -> list[Tool]:
    if view.chat.details.get("manual"):
        try:
            return list(typed_tools(str(view.chat.details.get("typed_tools", _TYPED_EXAMPLE))))
        except GlmError:
            return []  # the panel says what is wrong
    return [replace(tool, approval=_approval(view, tool)) for tool in _permitted(view)]


def _permitted(view: View) -> tuple[Tool, ...]:
    return permitted(streamlit_app.service().tools, is_owner=view.is_host)


def _approval(view: View, tool: Tool) -> Approval:
    chosen = view.chat.details.get("approvals")
    return chosen.get(tool.spec.name, tool.approval) if isinstance(chosen, dict) else tool.approval


def draw(view: View) -> None:
    """Draw the conversation with its calls."""
    streamlit_steps.draw(view, _DRAWING)


def _welcome(view: View) -> None:
    streamlit_chat.draw_welcome(view, "tool_hero_title", "tool_hero_text", _EXAMPLES, _ICONS)


def _said(view: View, step: Said, last: bool) -> None:
    streamlit_chat.draw_message(view, step.index, step.message, last=last)


# -- cards ---------------------------------------------------------------------------------------------


def _card(view: View, performed: Performed) -> None:
    step, result = performed.step, performed.result
    call = step.message.call
    place = f"{view.chat.id}-{step.index}"
    with st.container(border=True, key=streamlit_steps.key_of(view, performed, "card"), gap="small"):
        streamlit_steps.draw_heading(view, performed, step.message.header)
        if call is None or call.arguments is None:
            st.code(step.message.content, language="python", wrap_lines=True)
        elif st.session_state.get("editing_call") == place and not performed.live:
            _editor(view, step.index, call.arguments, place)
        else:
            _arguments(view, call.arguments)
        if result is not None:
            _result(view, result)
        elif not performed.live and view.chat.conversation.pending is call and call:
            _undecided(view, call.name, call.arguments or {}, place)
        elif not performed.running:
            st.html(f'<span class="badge">{html.escape(view.text("call_open"))}</span>')
        done = result is not None and not performed.live and call is not None and call.arguments is not None
        if done and not view.chat.conversation.tools.is_manual(step.message.header):
            with st.container(horizontal=True, key=f"actions-{place}"):
                streamlit_chat.icon_button(view, "edit_call", "edit", _edit, place, key=f"edit_call-{place}")


def _arguments(view: View, arguments: Mapping[str, Any]) -> None:
    if not arguments:
        st.html(f'<div class="arguments"><i>{html.escape(view.text("no_arguments"))}</i></div>')
        return
    rows = "".join(
        f"<dt>{html.escape(str(name))}</dt><dd>{html.escape(_shown(value))}</dd>" for name, value in arguments.items()
    )
    st.html(f'<dl class="arguments">{rows}</dl>')


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)


def _result(view: View, result: ToolResult) -> None:
    if result.is_error:
        st.html(f'<div class="error">{html.escape(result.text.removeprefix("Error: "))}</div>')
    elif "\n" in result.text or len(result.text) > 200:
        st.code(result.text, language=None, wrap_lines=True, height=260 if result.text.count("\n") > 12 else "content")
    else:
        st.html(f'<div class="given">{html.escape(result.text)}</div>')


def _edit(place: str) -> None:
    st.session_state["editing_call"] = place


def _editor(view: View, index: int, arguments: Mapping[str, Any], place: str) -> None:
    with st.form(key=f"call-{place}", border=False):
        text = json.dumps(dict(arguments), ensure_ascii=False, indent=2, default=repr)
        changed = st.text_area(view.text("arguments"), text, key=f"arguments-{place}", height=160)
        with st.container(horizontal=True, horizontal_alignment="right"):
            cancelled = st.form_submit_button(view.text("cancel"), type="tertiary")
            run = st.form_submit_button(view.text("run_again"), type="primary", icon=":material/play_arrow:")
    if run:
        read = _read_arguments(changed)
        if isinstance(read, str):
            st.warning(view.text("not_arguments", reason=read))
            return
        streamlit_chat.begin(view, lambda chat: chat.conversation.rerun(index, read))
    if run or cancelled:
        del st.session_state["editing_call"]
        st.rerun()


def _read_arguments(text: str) -> dict[str, Any] | str:
    """The arguments typed as JSON, or why they are none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return str(error)
    return value if isinstance(value, dict) else "{…}"


def _undecided(view: View, name: str, arguments: Mapping[str, Any], place: str) -> None:
    """A call that waits for a person: for an answer, or for consent."""
    if view.chat.conversation.tools.is_manual(name):
        with st.form(key=f"answer-{place}", border=False):
            given = st.text_area(view.text("answer_call", name=name), key=f"answered-{place}", height=100)
            sent = st.form_submit_button(view.text("send_result"), type="primary", icon=":material/send:")
        if sent and given.strip():
            streamlit_chat.begin(view, lambda chat: chat.conversation.resume(given))
            st.rerun()
        return
    st.caption(view.text("call_asks", name=name))
    with st.container(horizontal=True):
        streamlit_steps.draw_consent(view, "allow_call", "refuse_call", "the user did not allow this call")
        if arguments:
            st.button(
                view.text("edit_call"), key="edit_pending", icon=":material/edit:", on_click=_edit, args=(place,)
            )  # fmt: skip


def _writing(view: View, header: str, text: str) -> None:
    with st.container(border=True):
        streamlit_steps.draw_writing(view, view.text("call_writing"), header)
        st.code(text or " ", language=None, wrap_lines=True)


# -- the side panel ------------------------------------------------------------------------------------


def _panel(view: View) -> None:
    st.html(f'<div class="section">{view.text("tools")}</div>')
    key = f"manual-{view.chat.id}"
    st.session_state[key] = bool(view.chat.details.get("manual"))
    st.toggle(
        view.text("manual_mode"), key=key, help=view.text("manual_hint"), disabled=view.busy,
        on_change=lambda: view.chat.keep_details(manual=st.session_state[key]),
    )  # fmt: skip
    if st.session_state[key]:
        _typed(view)
        return
    with st.container(key="tool-list", gap=None):
        for tool in _permitted(view):
            _tool(view, tool)


def _tool(view: View, tool: Tool) -> None:
    name, now = tool.spec.name, _approval(view, tool)
    key = f"approval-{view.chat.id}-{name}"
    icon = {"always": ":material/check_circle:", "ask": ":material/help:", "never": ":material/block:"}[now]
    with st.popover(name, icon=icon, type="tertiary", width="stretch", key=f"tool-{name}"):
        st.caption(tool.spec.description)
        st.session_state[key] = now
        st.segmented_control(
            view.text("approval"), _APPROVALS, key=key, required=True, disabled=view.busy,
            format_func=lambda choice: view.text(f"approval_{choice}"), on_change=_approve, args=(view, name, key),
        )  # fmt: skip
        st.json(dict(tool.spec.parameters), expanded=False)


def _approve(view: View, name: str, key: str) -> None:
    chosen = view.chat.details.get("approvals")
    kept = dict(chosen) if isinstance(chosen, dict) else {}
    view.chat.keep_details(approvals={**kept, name: st.session_state[key]})


def _typed(view: View) -> None:
    key = f"typed-{view.chat.id}"
    st.session_state.setdefault(key, str(view.chat.details.get("typed_tools", _TYPED_EXAMPLE)))
    text = st.text_area(
        view.text("typed_tools"), key=key, height=260, disabled=view.busy,
        on_change=lambda: view.chat.keep_details(typed_tools=st.session_state[key]),
    )  # fmt: skip
    try:
        names = ", ".join(tool.spec.name for tool in typed_tools(text))
        st.caption(view.text("typed_read", names=names or "–"))
    except GlmError as error:
        st.warning(str(error), icon=":material/info:")


_DRAWING = Drawing(
    _card, _writing, _welcome, _said, above=streamlit_steps.draw_cannot_call, below=streamlit_attach.draw
)
TOOLS = Mode("tools", "mode_tools", "🔧", draw, _panel, prepare)
