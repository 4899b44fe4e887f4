"""The code interpreter mode: the model's code as cells, run in the conversation's sandbox."""

from __future__ import annotations

import html
import re

import streamlit as st

from apps import streamlit_app, streamlit_chat, streamlit_code_panel, streamlit_outputs, streamlit_steps
from apps.code_host import CodeHost
from apps.steps import Said
from apps.streamlit_frame import Mode
from apps.streamlit_steps import Drawing, Performed
from apps.streamlit_view import View
from glm.code_interpreter import SPEC, interpreter_tool
from glm.messages import INTERPRETER, ToolCall
from glm.sandbox import links
from glm.sandbox.policy import Decision
from glm.tools import Approval, Tool, Toolbox

_EXAMPLES = ("code_example_0", "code_example_1", "code_example_2", "code_example_3")
_ICONS = (":material/show_chart:", ":material/calculate:", ":material/favorite:", ":material/table:")
_FENCE = re.compile(r"^```[^\n]*\n?")


def prepare(view: View) -> None:
    """Give the conversation its sandbox, as far as the visitor lets code run."""
    host = code_host()
    if view.busy:
        return
    level = streamlit_code_panel.level(view, host.decision)
    tool = Tool(SPEC)  # nothing runs it: a person looks at the code
    if level != "show":
        approval: Approval = "always" if level == "auto" else "ask"
        tool = interpreter_tool(streamlit_code_panel.sandbox_of(view, host), approval)
    view.chat.conversation.tools = Toolbox([tool])


def code_host() -> CodeHost:
    """The process's sandboxes. Raises RuntimeError when this program runs no code."""
    host = streamlit_app.service().code
    if host is None:
        raise RuntimeError("this program runs no code; start composite.py")
    return host


def draw(view: View) -> None:
    """Draw the conversation with its cells."""
    streamlit_steps.draw(view, _DRAWING)


def _notice(view: View) -> None:
    """What must be known all the time: that code is not confined here, or is not run at all."""
    decision = code_host().decision
    if decision is None:
        st.html(f'<span class="waiting">{html.escape(view.text("sandbox_trying"))}</span>')
    elif decision.tier == "unsafe":
        st.error(view.text("code_unconfined"), icon=":material/warning:")
    elif not decision.runs:
        _explain_off(view, decision)
    streamlit_steps.draw_cannot_call(view)


def _explain_off(view: View, decision: Decision) -> None:
    with st.container(key="code-off", border=True):
        st.markdown(f"**{view.text('code_off')}**")
        st.markdown(view.text("code_off_more"))
        st.code(decision.notice, language=None, wrap_lines=True)
        if decision.mend:
            st.markdown(view.text("code_off_mend"))
            st.code(decision.mend, language="bash", wrap_lines=True)


def _welcome(view: View) -> None:
    streamlit_chat.draw_welcome(view, "code_hero_title", "code_hero_text", _EXAMPLES, _ICONS)


def _said(view: View, step: Said, last: bool) -> None:
    streamlit_chat.draw_message(view, step.index, step.message, last=last)
    if step.message.role == "assistant":
        _linked_files(view, step)


def _linked_files(view: View, step: Said) -> None:
    """Buttons for the files that an answer links to."""
    sandbox = code_host().existing(view.chat.id)
    found = {link.path for link in links.file_links(step.message.content)}
    if sandbox is None or not found or view.busy:
        return
    there = {entry.path for entry in sandbox.files.entries()}
    with st.container(horizontal=True):
        for path in sorted(found & there):
            streamlit_code_panel.download(view, sandbox, path, key=f"link-{step.index}-{path}")


# -- cells ---------------------------------------------------------------------------------------------


def _cell(view: View, performed: Performed) -> None:
    """A cell: its code, what it gave, and what can be done with it while nothing runs."""
    step, result = performed.step, performed.result
    call = step.message.call
    code = str(call.arguments.get("code", "")) if call is not None and call.arguments else step.message.content
    place = f"{view.chat.id}-{step.index}"
    if st.session_state.get("editing_cell") == place and not performed.live:
        _editor(view, step.index, code, place)
        return
    with st.container(border=True, key=streamlit_steps.key_of(view, performed, "cell"), gap="small"):
        streamlit_steps.draw_heading(view, performed, view.text("cell", number=performed.number))
        st.code(code or " ", language="python")
        if performed.running:
            streamlit_outputs.draw(view, performed.outputs)
        elif result is None:
            _undecided(view, performed)
        elif result.outputs:
            streamlit_outputs.draw(view, result.outputs, place)
        elif result.is_error or result.seconds == 0.0:
            st.code(result.text, language=None, wrap_lines=True)
        if not performed.live:
            _actions(view, place)


def _undecided(view: View, performed: Performed) -> None:
    """A cell that did not run: it waits for consent, is only shown, or was never run."""
    conversation = view.chat.conversation
    if performed.live or conversation.pending is None or conversation.pending is not performed.step.message.call:
        st.html(f'<span class="badge">{html.escape(view.text("cell_not_run"))}</span>')
        return
    if conversation.tools.is_manual(INTERPRETER):
        st.html(f'<span class="badge">{html.escape(view.text("cell_shown_only"))}</span>')
        return
    with st.container(horizontal=True):
        streamlit_steps.draw_consent(view, "run_cell", "refuse_cell", "the user did not allow this code to run")


def _actions(view: View, place: str) -> None:
    if _runs(view):
        with st.container(horizontal=True, key=f"actions-{place}"):
            streamlit_chat.icon_button(view, "edit_cell", "edit", _edit, place, key=f"edit_cell-{place}")


def _edit(place: str) -> None:
    st.session_state["editing_cell"] = place


def _editor(view: View, index: int, code: str, place: str) -> None:
    with st.form(key=f"editor-{place}"):
        changed = st.text_area(
            view.text("code"), code, key=f"edited-{place}", height=max(120, 26 * (code.count("\n") + 3)),
            label_visibility="collapsed",
        )  # fmt: skip
        with st.container(horizontal=True, horizontal_alignment="right"):
            cancelled = st.form_submit_button(view.text("cancel"), type="tertiary")
            run = st.form_submit_button(view.text("run_again"), type="primary", icon=":material/play_arrow:")
    if cancelled or run:
        del st.session_state["editing_cell"]
        if run and changed.strip():
            streamlit_chat.begin(view, lambda chat: chat.conversation.rerun(index, {"code": changed}))
        st.rerun()


def _writing(view: View, header: str, text: str) -> None:
    """Code while the model writes it."""
    with st.container(border=True):
        streamlit_steps.draw_writing(view, view.text("cell_writing"))
        st.code(_FENCE.sub("", text.lstrip()).removesuffix("```") or " ", language="python")


# -- below the history ---------------------------------------------------------------------------------


def _below(view: View) -> None:
    if not _runs(view):
        return
    streamlit_code_panel.draw_upload(view)
    if view.busy:
        return
    turn = st.session_state.setdefault("own_cells", 0)
    with st.expander(view.text("own_cell"), icon=":material/code:", key=f"own-{turn}"):
        code = st.text_area(
            view.text("code"), key=f"own-cell-{turn}", height=120, label_visibility="collapsed",
            placeholder=view.text("own_cell_placeholder"),
        )  # fmt: skip
        st.button(
            view.text("run_cell"), key="run_own", icon=":material/play_arrow:", disabled=not code.strip(),
            on_click=_run_own, args=(view, code),
        )  # fmt: skip


def _run_own(view: View, code: str) -> None:
    st.session_state["own_cells"] += 1
    streamlit_chat.begin(view, lambda chat: chat.conversation.perform(ToolCall(INTERPRETER, {"code": code})))


def _runs(view: View) -> bool:
    decision = code_host().decision
    return decision is not None and decision.runs and not view.chat.conversation.tools.is_manual(INTERPRETER)


_DRAWING = Drawing(
    _cell, _writing, _welcome, _said, compose=streamlit_code_panel.tell_files, above=_notice, below=_below
)
CODE = Mode("code", "mode_code", "🐍", draw, streamlit_code_panel.draw, prepare)
