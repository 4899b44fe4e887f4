"""The frame that all Streamlit pages share: language, side panel, list of conversations, settings, status line.

A page is one or more `Mode`s; `show` draws the frame and lets the chosen mode fill it. Each mode has its own
conversations. What is drawn for one run of the script is in its `View`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from apps import status, streamlit_app, streamlit_panel, streamlit_style
from apps.chats import Chat
from apps.streamlit_view import View
from apps.texts import Lang, language_of, text
from glm.store import StoreError

_WATCH_SECONDS = 2.0
_LOADING_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to use the model. `draw` fills the middle of the page, `panel` adds to the side panel.

    `prepare` is called for every conversation that the mode shows, before it is drawn: it may set tools.
    `label` is the key of its name in `apps.texts`.
    """

    name: str
    label: str
    icon: str
    draw: Callable[[View], None]
    panel: Callable[[View], None] = lambda view: None
    prepare: Callable[[View], None] = lambda view: None


def show(*modes: Mode) -> None:
    """Draw the page with these modes."""
    st.set_page_config(page_title="GLM Chat", page_icon="💬", layout="centered")
    service = streamlit_app.service()
    st.session_state.setdefault("opened", time.monotonic())
    st.html(streamlit_style.CSS)
    lang = _language()
    owner, is_host = _owner(service)
    mode = _chosen(modes, lang)
    chat = _chat(service, owner, mode.name, lang)
    view = View(service, lang, owner, mode.name, chat, chat.busy, is_host)
    mode.prepare(view)
    _follow_address(view, single=len(modes) == 1)
    with st.sidebar:
        streamlit_panel.draw(view, lambda: mode.panel(view))
    st.session_state["drawn"] = (view.chat.id, view.chat.version)
    with st.bottom:
        _alert(service.loader.state.stage == "failed", view)
    mode.draw(view)


def finish(view: View) -> None:
    """The status line below the input; modes call it before they draw a running answer."""
    loading = view.service.loader.state.stage == "loading"
    inline = [True]

    def draw() -> None:
        chat, loader = view.chat, view.service.loader
        st.html(status.status_html(loader, chat.conversation, chat.finished, view.lang))
        if inline:
            inline.clear()
            return
        # From here on it runs by itself, while nothing else of this page does: a running answer is not being
        # drawn then (the connection was lost for a moment), or another tab has changed the conversation.
        unseen = st.session_state.get("drawn") != (chat.id, chat.version)
        if unseen or chat.busy or loading != (loader.state.stage == "loading"):
            st.rerun()

    with st.bottom:
        st.fragment(draw, run_every=_LOADING_SECONDS if loading else _WATCH_SECONDS)()


def fresh(name: str, shown: object) -> Any:
    """A container for what is `shown`, empty at once when something else was shown there before.

    Streamlit keeps what an earlier run drew until a run has ended, which a running answer does late.
    """
    place = f"shown_{name}"
    changed = st.session_state.get(place) != shown
    st.session_state[place] = shown
    return st.empty().container() if changed else st.container()


def _alert(failed: bool, view: View) -> None:
    if failed:
        st.html(status.alert_html(view.service.loader, view.lang))
    if view.service.chats.trouble:
        st.warning(view.text("not_kept", reason=view.service.chats.trouble), icon=":material/warning:")


def _language() -> Lang:
    asked = st.query_params.get("lang")
    return language_of(asked if asked else st.context.locale)


def _owner(service: streamlit_app.Service) -> tuple[str, bool]:
    """The visitor's name, and whether the page is his own; without cookies each tab is a new visitor.

    The session is bound to him: who gets hold of its id cannot take it over.
    """
    visitor = streamlit_app.visitor()
    context = get_script_run_ctx()
    if context is not None:
        service.sessions.bind(context.session_id, visitor.name)
    named = service.visitors.named(st.context.cookies)
    if named is None:
        named = st.session_state.setdefault("owner", f"tab-{secrets.token_urlsafe(12)}")
    return named, visitor.is_owner or service.asked.sharing is None


def _chosen(modes: tuple[Mode, ...], lang: Lang) -> Mode:
    if len(modes) == 1:
        return modes[0]
    by_name = {mode.name: mode for mode in modes}
    if "mode" not in st.session_state:
        asked = st.query_params.get("mode")
        st.session_state["mode"] = asked if asked in by_name else modes[0].name
    name = st.segmented_control(
        text(lang, "mode"), list(by_name), key="mode", required=True, width="stretch", label_visibility="collapsed",
        format_func=lambda name: f"{by_name[name].icon} {text(lang, by_name[name].label)}",
    )  # fmt: skip
    return by_name[name]


def _chat(service: streamlit_app.Service, owner: str, mode: str, lang: Lang) -> Chat:
    """The conversation that this tab shows in this mode: the one of the address, else a running or a new one."""
    place = f"chat_{mode}"
    chat: Chat | None = st.session_state.get(place)
    if chat is None:
        asked = st.query_params.get("c")
        if asked:
            try:
                found = service.chats.open(owner, asked)
                chat = found if found.mode == mode else None
            except StoreError as error:
                st.toast(text(lang, "not_opened", reason=error), icon=":material/info:")
        chat = chat or service.chats.running(owner, mode) or service.chats.new(owner, mode)
        st.session_state[place] = chat
    return chat


def _follow_address(view: View, *, single: bool) -> None:
    """Put into the address what a reload needs."""
    wanted: dict[str, Any] = {"c": view.chat.id} if view.chat.messages or view.chat.busy else {}
    if not single:
        wanted["mode"] = view.mode
    if st.query_params.get("lang"):
        wanted["lang"] = st.query_params["lang"]
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)
