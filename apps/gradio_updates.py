"""What a page of the Gradio chat shows of its tab, as updates of its widgets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps import attachments, gradio_view, status
from apps.chats import Chat
from apps.engine_loader import EngineLoader
from apps.gradio_page import LOADING_SECONDS, LONGEST_BEFORE_LOADING, SETTINGS, WATCH_SECONDS, Page
from apps.gradio_tabs import Tab
from apps.live import Live
from apps.texts import text
from glm.settings import GenerationSettings

_SEARCHED_FROM = 6

Update = dict[Any, Any]
"""Component -> its new value or `gr.update`; what is not in it stays as it is."""


class Updates:
    """Makes the updates. `nothing` is one that changes nothing: Gradio takes no empty ones."""

    def __init__(self, page: Page, loader: EngineLoader) -> None:
        self.nothing: Update = {page.hero: gr.skip()}
        self._page = page
        self._loader = loader
        self._signals = itertools.count(1)

    def signal(self) -> int:
        """A number that was not used before."""
        return next(self._signals)

    def context_length(self) -> int:
        """What the model reads at most, in tokens; 0 while it is loading."""
        engine = self._loader.engine
        return engine.info.context_length if engine is not None else 0

    def everything(self, tab: Tab, *, signal: bool = True) -> Update:
        """Updates for all of the page but the settings' values."""
        page, chat = self._page, tab.chat
        tab.drawn, tab.stage = tab.state, self._loader.state.stage
        live = _live(chat)
        view = gradio_view.shown(chat, tab.lang, live, status.waiting_note(self._loader, live or Live(), tab.lang))
        box: dict[str, Any] = {"submit_btn": live is None, "stop_btn": live is not None}
        if chat.typed and live is None:
            tab.attached, box["value"] = attachments.split(chat.typed)
            chat.typed = ""
        chatting = bool(view.bubbles)
        listed, searchable = self.listed(tab)
        alert = status.alert_html(self._loader, tab.lang)
        if tab.chats.trouble:
            alert += gradio_view.notice(text(tab.lang, "not_kept", reason=tab.chats.trouble))
        update = {
            page.hero: gr.update(visible=not chatting),
            page.chat: gr.update(
                value=view.bubbles, feedback_value=view.likes(chat), visible=True if chatting else "hidden"
            ),
            page.box: gr.update(**box),
            page.status: self.status_line(tab, live),
            page.title: gradio_view.heading(chat, tab.lang),
            page.conversations: listed,
            page.search: gr.update(visible=searchable),
            page.place: chat.id if chatting else "new",
            page.alert: gr.update(value=alert, visible=bool(alert)),
            page.attached: self.chips(tab),
            page.timer: gr.Timer(LOADING_SECONDS if tab.stage == "loading" else WATCH_SECONDS),
            page.sliders[0]: gr.update(maximum=self.context_length() or LONGEST_BEFORE_LOADING),
        }
        if signal and (live is not None or tab.watcher or chat.notice is not tab.told):
            update[page.signal] = self.signal()
        return update

    def switched(self, tab: Tab) -> Update:
        """Updates for a page that shows another conversation."""
        update = self.everything(tab)
        values = [tab.chat.conversation.system, *setting_values(tab.chat.conversation.settings)]
        for component, value in zip(self._page.inputs, values, strict=True):
            update[component] = update.get(component, {}) | gr.update(value=value)
        return update

    def frame(self, tab: Tab, live: Live) -> list[dict[str, Any]]:
        """What the chat shows while an answer is being written."""
        note = status.waiting_note(self._loader, live, tab.lang)
        return gradio_view.shown(tab.chat, tab.lang, live, note).bubbles

    def status_line(self, tab: Tab, live: Live | None = None) -> str:
        tab.queue = status.queue_note(live, tab.lang) if live is not None else ""
        return status.status_html(self._loader, tab.chat.conversation, tab.chat.finished, tab.lang, tab.queue)

    def queue_line(self, tab: Tab) -> str:
        """The status line if what it says about waiting has changed, else ""."""
        live = _live(tab.chat)
        changed = live is not None and tab.queue != status.queue_note(live, tab.lang)
        return self.status_line(tab, live) if changed else ""

    def listed(self, tab: Tab) -> tuple[str, bool]:
        """The list of conversations, and whether it is long enough to be searched."""
        found, more = tab.listed()
        shown = gradio_view.conversations(found, tab.chat.id, tab.lang, more=more, searched=bool(tab.search))
        return shown, bool(tab.search) or len(found) >= _SEARCHED_FROM

    def chips(self, tab: Tab) -> Update:
        chips = gradio_view.attached(tab.attached, tab.chat.conversation.engine, tab.lang)
        return gr.update(value=chips, visible=bool(chips))


def _live(chat: Chat) -> Live | None:
    """The answer that is being written, if there is one."""
    running = chat.running if chat.busy else None
    if running is None:
        return None
    live = Live()
    live.feed(running.events)
    return live


def setting_values(settings: GenerationSettings) -> Iterator[Any]:
    """The settings in the order of `Page.inputs`, which begins with the system prompt."""
    return (getattr(settings, name) for name in (*SETTINGS, "seed"))
