"""The chat mode of the Streamlit pages: messages, the box, and an answer drawn while a thread makes it."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Sequence

import streamlit as st

from apps import (
    attachments,
    display,
    status,
    streamlit_attach,
    streamlit_frame,
    streamlit_panel,
    streamlit_style,
    texts,
)
from apps.chats import REFUSALS, Chat
from apps.live import Live
from apps.running import RunningAnswer
from apps.streamlit_frame import Mode
from apps.streamlit_view import View
from glm.errors import ConversationError, SettingsError
from glm.messages import INTERPRETER, Message

FRAME_SECONDS = 0.07
"""Shortest time between two drawings of a growing answer; long answers get more, a browser works hard on them."""
_CHARACTERS_PER_SECOND = 200_000
_YOUNG_SECONDS, _YOUNG_FRAME_SECONDS = 6.0, 0.5
BEGIN_SECONDS = 0.5
_EXAMPLE_ICONS = (":material/bedtime:", ":material/person:", ":material/edit:", ":material/lightbulb:")
PLACES = 12
"""Places for a running answer's messages: Streamlit keeps what an earlier run drew there until they are emptied."""


def draw(view: View) -> None:
    """Draw the conversation, the box below it and, as long as it takes, the running answer."""
    chat = view.chat
    running = chat.running if view.busy else None
    if running is not None:
        running.wait_begun(BEGIN_SECONDS)
    messages = chat.messages
    shown = (view.mode, chat.id, bool(messages or running))
    history = streamlit_frame.fresh("chat", shown)
    if messages or running is not None:
        with history:
            for index, message in enumerate(messages):
                with st.container():
                    draw_message(view, index, message, last=index == len(messages) - 1 and running is None)
            if running is None:
                draw_end(view)
    else:
        with history:
            draw_welcome(view, "hero_title", "hero_text" + view.where)
            draw_end(view)
    streamlit_attach.draw(view)
    draw_box(view)
    streamlit_frame.finish(view)
    if running is not None:
        with history:
            draw_running(view, running, len(messages), draw_message)


def with_attachments(view: View, typed: str) -> str:
    """The message for what was typed: the attached files before it."""
    return attachments.compose(typed, streamlit_attach.take(view))


def draw_box(view: View, compose: Callable[[View, str], str] = with_attachments) -> None:
    """The input box, with Stop while an answer is made. `compose` makes the message of what was typed."""
    chat = view.chat
    if chat.typed:
        st.session_state[view.box], chat.typed = chat.typed, ""
        streamlit_attach.give_back(view)
    # The place of Stop is always there: the box keeps its own, and with it the focus.
    with st.bottom, st.container(key="stop"):
        if chat.busy:
            st.button(view.text("stop"), key="stop_button", icon=":material/stop:", on_click=chat.stop)
    st.chat_input(view.text("message_placeholder"), key=view.box, on_submit=_submitted, args=(view, compose))


def begin(view: View, make: Callable[[Chat], object], typed: str = "") -> None:
    """Let the chat answer from what `make(chat)` returns; say why not when it cannot. For callbacks."""
    chat = view.chat
    try:
        streamlit_panel.take_settings(view)
    except SettingsError as error:
        st.toast(str(error), icon=":material/info:")
    try:
        chat.answer(lambda: make(chat), typed=typed)  # type: ignore[arg-type, return-value]
    except ConversationError:
        st.toast(view.text("busy"), icon=":material/info:")
        if typed:
            st.session_state[view.box] = typed


def _submitted(view: View, compose: Callable[[View, str], str]) -> None:
    typed = st.session_state.get(view.box) or ""
    if not typed.strip():
        return
    if view.chat.busy:
        begin(view, lambda chat: (), typed)
        return
    content = compose(view, typed)
    begin(view, lambda chat: chat.conversation.send(content), typed)


def draw_welcome(
    view: View, title: str, words: str, examples: Sequence[str] = texts.EXAMPLES, icons: Sequence[str] = _EXAMPLE_ICONS
) -> None:
    """An empty conversation: a title, a sentence and questions to begin with, all keys of `apps.texts`."""
    st.html(f'<div class="hero">{streamlit_style.LOGO_IMAGE}<h1>{view.text(title)}</h1><p>{view.text(words)}</p></div>')
    with st.container(key="examples"):
        columns = st.columns(2)
        for index, (key, icon) in enumerate(zip(examples, icons, strict=True)):
            question = view.text(key)
            columns[index % 2].button(
                question, key=f"ask-{key}", icon=icon, width="stretch", on_click=begin,
                args=(view, lambda chat, asked=question: chat.conversation.send(asked)),
            )  # fmt: skip


# -- messages ------------------------------------------------------------------------------------------


def draw_message(view: View, index: int, message: Message, *, last: bool = False) -> None:
    """One message with what can be done with it; `last` offers more."""
    if message.role == "user":
        _question(view, index, message)
        return
    with st.chat_message("assistant"):
        if message.role == "observation":
            with st.expander(view.text("tool_result"), icon=":material/output:"):
                st.code(message.content, language=None, wrap_lines=True)
            return
        _thought(view, message.thought)
        if message.header:
            code = message.header == INTERPRETER
            name = display.markdown(" ".join(message.header.split()), target="streamlit")  # a label is Markdown too
            title = view.text("tool_code") if code else view.text("tool_call", name=name)
            with st.expander(title, icon=":material/build:"):
                markdown(view, message.content)
        else:
            markdown(view, message.content)
        end = {"cancelled": "stopped", "length": "cut"}.get(message.finish or "")
        # A notice tells why a broken answer ends here; "stopped" would claim that the person did it.
        if end and not (last and view.chat.notice is not None):
            badge(view.text(end))
        if not message.header:
            _actions(view, index, message, last=last)


def draw_end(view: View) -> None:
    """What is to be said after the last message: why there is no answer, or what went wrong."""
    chat = view.chat
    if chat.notice is not None:
        refused = isinstance(chat.notice, REFUSALS)
        words = _sentence(str(chat.notice))
        if refused:
            st.warning(view.text("text_given_back", reason=words), icon=":material/info:")
        else:
            st.error(f"**{view.text('failed_title')}** {_escaped(words)}", icon=":material/error:")
    elif chat.ended in ("tool_rounds", "same_error"):
        badge(view.text(chat.ended))
    elif chat.ended == "cancelled" and chat.messages and chat.messages[-1].role == "user":
        badge(view.text("stopped"))
    if chat.messages and chat.messages[-1].role == "user":
        with st.container(horizontal=True, key="actions-end"):
            _retry_and_undo(view)


def _question(view: View, index: int, message: Message) -> None:
    editing = f"editing_{view.chat.id}"
    if st.session_state.get(editing) == index and not view.busy:
        with st.form(key=f"edit-{index}", border=True):
            typed = st.text_area(
                view.text("message"),
                message.content,
                key=f"edited-{view.chat.id}-{index}",
                label_visibility="collapsed",
            )
            with st.container(horizontal=True, horizontal_alignment="right"):
                cancelled = st.form_submit_button(view.text("cancel"), type="tertiary")
                sent = st.form_submit_button(view.text("ask_again"), type="primary")
        if cancelled or sent:
            del st.session_state[editing]
            if sent and typed.strip():
                begin(view, lambda chat: chat.conversation.edit(index, typed))
            st.rerun()
        return
    notes, content = attachments.notes(message.content)
    files, question = attachments.split(content)
    with st.container(key=f"question-{index}"), st.chat_message("user"):
        if notes:
            st.html("".join(f'<span class="chip">{html.escape(note)}</span>' for note in notes))
        for file in files:
            with st.expander(display.markdown(file.name, target="streamlit"), icon=":material/draft:"):
                st.code(file.text, language=None, height=260 if file.text.count("\n") > 10 else "content")
        markdown(view, question)
    with st.container(horizontal=True, horizontal_alignment="right", key=f"actions-q{index}"):
        _copy(view, message.content)
        icon_button(view, "edit", "edit", _edit, editing, index, key=f"edit-{view.chat.id}-{index}")


def _edit(place: str, index: int) -> None:
    st.session_state[place] = index


def _actions(view: View, index: int, message: Message, *, last: bool) -> None:
    with st.container(horizontal=True, key=f"actions-{index}"):
        _copy(view, message.content)
        liked = view.chat.likes.get(index)
        key = f"like-{view.chat.id}-{index}"
        st.session_state.setdefault(key, None if liked is None else int(liked == "Like"))
        st.feedback("thumbs", key=key, on_change=_like, args=(view.chat, index, key))
        if last:
            _retry_and_undo(view)


def _retry_and_undo(view: View) -> None:
    icon_button(view, "retry", "refresh", begin, view, lambda chat: chat.conversation.retry(), key="retry")
    icon_button(view, "undo", "undo", _undo, view, key="undo")


def icon_button(view: View, label: str, icon: str, action: Callable[..., None], *args: object, key: str) -> None:
    """A button of which only the icon shows; its words are for the pointer and for screen readers."""
    words = view.text(label)
    st.button(words, key=key, icon=f":material/{icon}:", type="tertiary", help=words, on_click=action, args=args)


def _undo(view: View) -> None:
    try:
        st.session_state[view.box] = view.chat.undo()
    except ConversationError as error:
        st.toast(str(error), icon=":material/info:")


def _like(chat: Chat, index: int, key: str) -> None:
    value = st.session_state.get(key)
    chat.like(index, None if value is None else bool(value))


def _copy(view: View, content: str) -> None:
    label = html.escape(view.text("copy"))
    st.html(
        f'<button class="copy" title="{label}" aria-label="{label}" data-text="{html.escape(content)}"></button>',
        width="content",
    )


# -- the running answer --------------------------------------------------------------------------------


def draw_running(view: View, running: RunningAnswer, drawn: int, draw_one: Callable[..., None]) -> None:
    """Draw what `running` adds to the `drawn` messages until it ends, then draw the page anew."""
    chat, live = view.chat, Live()
    # One place per message, as the page drawn at the end has it: so nothing moves or shows twice then.
    places = [st.empty() for _ in range(PLACES)]
    begun, shown = drawn, ""
    for batch in running.batches(FRAME_SECONDS):
        live.feed(batch)
        messages = chat.whole_messages(live)
        if len(messages) < drawn:
            st.rerun()
        for index in range(drawn, len(messages)):
            with places[min(index - begun, PLACES - 2)].container():
                draw_one(view, index, messages[index])
        drawn = len(messages)
        now = repr((drawn, live.text, live.thought, live.header, note(view, live)))
        if running.done or now == shown:
            st.session_state.get("drawn")  # lets a click, or the end of the connection, end this run
            continue
        shown = now
        with places[min(drawn - begun, PLACES - 1)].container(), st.chat_message("assistant"):
            draw_live(view, live)
        pause(running, len(live.text))
    st.rerun()


def pause(running: RunningAnswer, characters: int) -> None:
    """Let the browser come up for air after a frame with a text of so many `characters`.

    A page that was just opened fetches its buttons piece by piece and shows none of them before there is
    a moment without news.
    """
    young = time.monotonic() - st.session_state.setdefault("opened", time.monotonic()) < _YOUNG_SECONDS
    seconds = max(characters / _CHARACTERS_PER_SECOND, _YOUNG_FRAME_SECONDS if young else 0.0)
    if seconds > FRAME_SECONDS:
        running.wait(seconds - FRAME_SECONDS)


def draw_live(view: View, live: Live) -> None:
    if not live.text and not live.thought:
        st.html(f'<span class="waiting">{html.escape(note(view, live))}</span>')
        return
    _thought(view, live.thought, partial=True)
    markdown(view, live.text, partial=True)


def note(view: View, live: Live) -> str:
    """What stands where the answer will be, as long as nothing of it is there."""
    return status.waiting_note(view.service.loader, live, view.lang)


def _thought(view: View, source: str, *, partial: bool = False) -> None:
    if source:
        with st.expander(view.text("thinking"), icon=":material/neurology:"):
            markdown(view, source, partial=partial)


def markdown(view: View, source: str, *, partial: bool = False) -> None:
    """A message's text; `partial` while it is being written."""
    if source:
        note = view.text("image_left_out")
        st.markdown(display.markdown(source, target="streamlit", partial=partial, image_note=note))


def badge(words: str) -> None:
    """A small grey label."""
    st.html(f'<span class="badge">{html.escape(words)}</span>')


def _escaped(words: str) -> str:
    return display.markdown(words, target="streamlit")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "。", "!", "！")) else ".")


CHAT = Mode("chat", "mode_chat", "💬", draw)
