"""Attaching text files to the next message: the button in the box, and what is attached with its token count."""

from __future__ import annotations

import html

import streamlit as st

from apps import attachments
from apps.attachments import Attachment
from apps.streamlit_view import View


def draw(view: View) -> None:
    """The button and the files attached so far. Call it before the box is drawn."""
    turn = st.session_state.setdefault(_turn(view), 0)
    with st.bottom:
        shown = st.container(key="attached")
        with (
            st.container(key="attach"),
            st.popover(view.text("attach"), icon=":material/attach_file:", type="tertiary", key=f"attach-{turn}"),
        ):
            given = st.file_uploader(
                view.text("attach"), accept_multiple_files=True, key=f"files-{view.mode}-{turn}",
                help=view.text("attach_hint"), max_upload_size=max(1, attachments.MAX_BYTES // 1_000_000),
            )  # fmt: skip
    files, troubles = [], []
    for file in given:
        try:
            files.append(attachments.read(file.name, file.getvalue()))
        except attachments.NotTextError:
            troubles.append(view.text("not_text", name=file.name))
    st.session_state[_place(view)] = files
    with shown:
        for words in troubles:
            st.warning(words, icon=":material/info:")
        again = st.session_state.get(_again(view), [])
        if files or again:
            st.html(f'<div class="chips">{"".join(_chip(view, file) for file in [*again, *files])}</div>')


def take(view: View) -> list[Attachment]:
    """What is attached; from now on nothing is."""
    files = [*st.session_state.get(_again(view), []), *st.session_state.get(_place(view), [])]
    st.session_state[_sent(view)] = files
    st.session_state[_again(view)] = st.session_state[_place(view)] = []
    st.session_state[_turn(view)] = st.session_state.get(_turn(view), 0) + 1
    return files


def give_back(view: View) -> None:
    """Attach again what the last message took: it was refused."""
    st.session_state[_again(view)] = st.session_state.pop(_sent(view), [])


def _chip(view: View, file: Attachment) -> str:
    tokens = attachments.tokens(view.chat.conversation.engine, file)
    return f'<span class="chip">{html.escape(view.text("attached", name=file.name, tokens=tokens))}</span>'


def _place(view: View) -> str:
    return f"attached_{view.mode}"


def _again(view: View) -> str:
    return f"attached_again_{view.mode}"


def _sent(view: View) -> str:
    return f"attached_sent_{view.mode}"


def _turn(view: View) -> str:
    return f"attached_turn_{view.mode}"
