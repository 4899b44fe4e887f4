"""The side panel of the Streamlit pages: new chat, list of conversations, settings, export and import."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import streamlit as st

from apps import export_html, streamlit_style, texts
from apps.chats import Chat
from apps.streamlit_view import View
from glm import transcript
from glm.errors import ConversationError, ImportChatError, SettingsError
from glm.settings import RANGES, GenerationSettings
from glm.store import StoreError, Summary

SLIDERS = ("max_new_tokens", "temperature", "top_p", "top_k", "repetition_penalty")
_INTEGERS = ("max_new_tokens", "top_k")
_LONGEST_BEFORE_LOADING = 8192
_LISTED = 20


def draw(view: View, more: Callable[[], None]) -> None:
    """Draw the panel; `more` adds what the mode wants between the conversations and the settings."""
    st.html(
        f'<div class="brand">{streamlit_style.LOGO_IMAGE}<div><b>{view.text("title")}</b>'
        f"<span>{view.text('tagline' + view.where)}</span></div></div>"
    )
    st.button(
        view.text("new_chat"), key="new_chat", type="primary", width="stretch", icon=":material/edit_square:",
        on_click=lambda: view.go_to(view.service.chats.new(view.owner, view.mode)),
    )  # fmt: skip
    _conversations(view)
    more()
    _settings(view)
    _files(view)
    with st.container(horizontal=True, vertical_alignment="center"):
        _language(view)
        st.html(f'<button class="theme">{view.text("theme")}</button>', width="content")


# -- conversations -------------------------------------------------------------------------------------


def _conversations(view: View) -> None:
    _section(view.text("conversations"))
    limit = st.session_state.setdefault("listed", _LISTED)
    search = st.session_state.get("search", "")
    listed = view.service.chats.listed(view.owner, mode=view.mode, search=search, limit=limit + 1)
    if search or len(listed) > 5:
        st.text_input(
            view.text("search"), key="search", label_visibility="collapsed", placeholder=view.text("search"),
            icon=":material/search:",
        )  # fmt: skip
    if not listed:
        st.caption(view.text("nothing_found" if search else "no_conversations"))
    with st.container(key="conversations", gap=None):
        for summary in listed[:limit]:
            _row(view, summary)
    if len(listed) > limit:
        st.button(view.text("more_conversations"), key="more", type="tertiary", on_click=_list_more)


def _list_more() -> None:
    st.session_state["listed"] += 5 * _LISTED


def _row(view: View, summary: Summary) -> None:
    title = summary.title or view.text("untitled")
    if summary.id != view.chat.id:
        st.button(
            _plain(title), key=f"open-{summary.id}", type="tertiary", width="stretch", on_click=_open,
            args=(view, summary.id),
        )  # fmt: skip
        return
    with st.container(horizontal=True, key=f"current-{summary.id}", gap=None, vertical_alignment="center"):
        st.button(_plain(title), key=f"open-{summary.id}", type="tertiary", width="stretch")
        with st.popover(view.text("options_of"), icon=":material/more_horiz:", type="tertiary"):
            name = st.text_input(view.text("name"), value=title, key=f"name-{summary.id}", max_chars=80)
            if st.button(view.text("rename"), key=f"rename-{summary.id}", width="stretch", disabled=name == title):
                view.chat.rename(name)
                st.rerun()
            st.button(
                view.text("delete_sure"), key=f"delete-{summary.id}", width="stretch", icon=":material/delete:",
                on_click=_delete, args=(view, summary.id),
            )  # fmt: skip


def _open(view: View, key: str) -> None:
    try:
        view.go_to(view.service.chats.open(view.owner, key))
    except StoreError as error:
        st.toast(view.text("not_opened", reason=_plain(str(error))), icon=":material/info:")


def _delete(view: View, key: str) -> None:
    view.service.chats.delete(view.owner, key)
    if view.service.code is not None:
        view.service.code.forget(key)
    view.go_to(view.service.chats.new(view.owner, view.mode))


# -- settings ------------------------------------------------------------------------------------------


def _settings(view: View) -> None:
    chat = view.chat
    if st.session_state.get("settings_of") != chat.id:
        st.session_state["settings_of"] = chat.id
        _show_settings(chat.conversation.settings)
        st.session_state["set_system"] = chat.conversation.system
    with st.expander(view.text("section_system"), icon=":material/psychology:"):
        st.text_area(
            view.text("system"), key="set_system", label_visibility="collapsed", height=110,
            placeholder=view.text("system_placeholder"), max_chars=transcript.MAX_CONTENT_CHARS,
        )  # fmt: skip
    with st.expander(view.text("section_sampling"), icon=":material/tune:"):
        for name in SLIDERS:
            _slider(view, name)
        st.number_input(
            view.text("seed"), key="set_seed", min_value=0, max_value=2**53 - 1, value=None, step=1,
            placeholder=view.text("seed_placeholder"), help=view.text("seed_hint"),
        )  # fmt: skip
        if view.mode == "tools":
            st.toggle(view.text("constrain_calls"), key="set_constrain_calls", help=view.text("constrain_hint"))
        st.button(view.text("defaults"), key="defaults", on_click=lambda: _show_settings(GenerationSettings()))
    try:
        take_settings(view)
    except SettingsError as error:
        st.warning(str(error))


def take_settings(view: View) -> None:
    """Use what the panel says from the next answer on. Raises `SettingsError`.

    Callbacks that begin an answer call it: a click and a change of the panel may arrive together.
    """
    chat = view.chat
    if st.session_state.get("settings_of") != chat.id:
        return
    names = [name for name in (*SLIDERS, "seed", "constrain_calls") if f"set_{name}" in st.session_state]
    values = {name: st.session_state[f"set_{name}"] for name in names}
    chat.keep_settings(GenerationSettings.from_mapping(values))
    if not view.busy:
        chat.keep_system((st.session_state.get("set_system") or "").strip())


def _show_settings(settings: GenerationSettings) -> None:
    for name, value in settings.to_dict().items():
        st.session_state[f"set_{name}"] = value


def _slider(view: View, name: str) -> None:
    limits, kind = RANGES[name], int if name in _INTEGERS else float
    high = limits.high
    if name == "max_new_tokens":
        high = min(high, view.chat.conversation.engine.info.context_length or _LONGEST_BEFORE_LOADING)
    key = f"set_{name}"
    default = getattr(GenerationSettings(), name)
    st.session_state[key] = kind(max(limits.low, min(high, st.session_state.get(key, default))))
    hint = view.text(f"{name}_hint") if f"{name}_hint" in texts.TEXTS else None
    st.slider(view.text(name), kind(limits.low), kind(high), step=kind(limits.step), key=key, help=hint)


# -- files ---------------------------------------------------------------------------------------------


def _files(view: View) -> None:
    with st.expander(view.text("section_files"), icon=":material/folder_open:"):
        if view.chat.messages:
            stamp = f"{datetime.now():%Y-%m-%d-%H%M}"
            with st.container(horizontal=True, gap="small"):
                for kind, mime in (("md", "text/markdown"), ("json", "application/json"), ("html", "text/html")):
                    key = "export_markdown" if kind == "md" else f"export_{kind}"
                    st.download_button(
                        view.text(key), _exporter(view, kind), f"glm-chat-{stamp}.{kind}", mime, key=f"export-{kind}",
                        on_click="ignore", icon=":material/download:",
                    )  # fmt: skip
        else:
            st.caption(view.text("nothing_to_export"))
        turn = st.session_state.setdefault("imports", 0)
        given = st.file_uploader(view.text("import_json"), type=["json"], key=f"import-{turn}", max_upload_size=20)
        if given is not None:
            st.session_state["imports"] = turn + 1
            _import(view, given.getvalue())


def _exporter(view: View, kind: str) -> Callable[[], bytes]:
    def made() -> bytes:
        conversation = view.chat.conversation
        messages, system = conversation.messages, conversation.system
        if kind == "md":
            return transcript.to_markdown(messages, system).encode()
        if kind == "json":
            return transcript.to_json(messages, system).encode()
        return export_html.page(messages, system=system, model=conversation.engine.info.name, lang=view.lang).encode()

    return made


def _import(view: View, data: bytes) -> None:
    """Go on with an exported conversation, as a new one in the list."""
    try:
        read = transcript.from_json(data)
        chat: Chat = view.service.chats.new(view.owner, view.mode)
        chat.replace(read)
    except (ImportChatError, ConversationError) as error:
        st.toast(view.text("import_failed", reason=_plain(str(error))), icon=":material/error:", duration=12)
        time.sleep(0.05)
    else:
        st.toast(view.text("imported"), icon=":material/check:")
        view.go_to(chat)
    st.rerun()


# -- language ------------------------------------------------------------------------------------------


def _language(view: View) -> None:
    other = "en" if view.lang == "zh" else "zh"
    st.button(
        view.text("switch_language"), key="language", type="tertiary", icon=":material/translate:",
        on_click=_speak, args=(other,),
    )  # fmt: skip


def _speak(lang: str) -> None:
    st.query_params["lang"] = lang


def _section(words: str) -> None:
    st.html(f'<div class="section">{words}</div>')


def _plain(title: str) -> str:
    """Others' words as Markdown that shows them letter by letter."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()#+-.!|~<>$:" else letter for letter in title)
