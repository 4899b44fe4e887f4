"""The Gradio chat: what its widgets do.

`build` makes the page, `apps.gradio_app` runs it. The widgets are in `apps.gradio_page`, how they look in
`apps.gradio_style`, what is shown in `apps.gradio_view`. What is said belongs to a `Chat` of the process; a page
changes it, and watches.
"""

from __future__ import annotations

import contextlib
import html
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import gradio as gr

from apps import attachments, display, export_html, gradio_view, texts
from apps.attachments import NotTextError
from apps.chats import REFUSALS, Chat, Chats
from apps.engine_loader import EngineLoader
from apps.gradio_page import SETTINGS, Page
from apps.gradio_tabs import Tab, Tabs
from apps.gradio_updates import Update, Updates, setting_values
from apps.live import Live
from apps.texts import text
from apps.visitors import Visitors
from glm import transcript
from glm.errors import ConversationError, ImportChatError, SettingsError
from glm.events import Event
from glm.settings import GenerationSettings
from glm.store import StoreError

FRAME_SECONDS = 0.07
"""Shortest time between two drawings of a growing answer; more only heats the browser."""
_THREADS = 400  # each page that watches an answer has one
_BEGIN_SECONDS = 0.5
_QUIET_SECONDS = 1.0  # so often a watcher lets Gradio see whether anybody is still there


def build(
    loader: EngineLoader, chats: Chats, visitors: Visitors, *, elsewhere: bool = False
) -> tuple[gr.Blocks, gr.I18n]:
    """The page as Gradio Blocks, with the translations its launch needs."""
    page = Page(elsewhere=elsewhere)
    with page.demo:
        _Wiring(page, Tabs(chats, visitors), loader).connect()
    page.demo.max_threads = _THREADS
    page.demo.queue(default_concurrency_limit=None, api_open=False)
    return page.demo, page.i18n


class _Wiring:
    """What happens when something is clicked.

    A handler changes the tab's conversation and returns what its page shows then, with a new value for `signal`,
    which starts `_watch`. That draws a running answer to its end, whoever began it; after that the whole page is drawn
    anew. When something was changed elsewhere, the timer sends the signal, or `redraw`, which does only the latter.
    """

    def __init__(self, page: Page, tabs: Tabs, loader: EngineLoader) -> None:
        self._page = page
        self._tabs = tabs
        self._loader = loader
        self._updates = Updates(page, loader)

    def connect(self) -> None:
        page, inputs = self._page, self._page.inputs
        # As few outputs as can be: Gradio makes each anew, even one that is to stay as it is.
        shown = [
            page.hero, page.chat, page.box, page.status, page.title, page.conversations, page.search, page.place,
            page.alert, page.attached, page.signal, page.timer, page.sliders[0],
        ]  # fmt: skip
        everything = list(dict.fromkeys([*shown, *inputs]))
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        at_once: dict[str, Any] = {**quiet, "queue": False}
        closing = {"js": "(...given) => { glm.afterNew(); return given }"}

        page.box.submit(self._send, [page.box, *inputs], shown, **quiet)
        for button in page.examples:
            button.click(self._send, [button, *inputs], shown, **quiet)
        page.chat.retry(self._retry, inputs, shown, **quiet)
        page.chat.edit(self._edit, inputs, shown, **quiet)
        page.chat.undo(self._undo, None, shown, **quiet)
        page.chat.like(self._like, None, None, **quiet)
        page.box.stop(self._stop, None, None, **at_once)
        watched = page.signal.change(self._watch, None, page.chat, trigger_mode="multiple", **quiet)
        watched.then(self._redraw, None, shown, **quiet)
        page.redraw.change(self._redraw, None, shown, trigger_mode="multiple", **quiet)
        page.timer.tick(self._poll, None, [page.status, page.signal, page.redraw], **at_once)

        for button in (page.new_chat, page.top_new):
            button.click(self._new, None, everything, **closing, **quiet)
        page.conversations.click(self._list, None, everything, **quiet)
        page.search.change(self._search, page.search, page.conversations, trigger_mode="always_last", **at_once)
        page.place.change(None, page.place, None, js="(key) => glm.address(key)", api_visibility="private")

        page.attach.upload(self._attach, page.attach, page.attached, **quiet)
        page.attached.click(self._detach, None, page.attached, **quiet)
        page.importer.upload(self._import, page.importer, everything, **quiet)
        for kind, button in page.exports.items():
            made = button.click(self._exporter(kind), None, page.payload, **quiet)
            made.then(None, page.payload, None, js="(made) => glm.download(made)", api_visibility="private")

        settled = [page.system.blur, page.seed.change, *(slider.change for slider in page.sliders)]
        gr.on(settled, self._keep, inputs, None, trigger_mode="always_last", **at_once)
        page.defaults.click(lambda: list(setting_values(GenerationSettings())), None, inputs[1:], **at_once)
        page.open_panel.click(None, None, None, js="() => glm.panel(true)", api_visibility="private")
        page.close_panel.click(None, None, None, js="() => glm.panel(false)", api_visibility="private")
        page.theme.click(None, None, None, js="() => glm.theme()", api_visibility="private")
        labelled = [component for component, _ in page.labels if component is not page.chat]
        switched = page.language.click(
            self._switch_language, None, list(dict.fromkeys([page.boot_lang, *everything, *labelled])), **quiet
        )
        switched.then(None, page.boot_lang, None, js="(lang) => glm.language(lang)", api_visibility="private")
        page.demo.load(
            self._boot, [page.boot_place, page.boot_lang, page.boot_draft], everything, js="() => glm.boot()", **quiet
        )
        page.demo.unload(self._tabs.leave)

    # -- a message and its answer ------------------------------------------------------------------

    def _send(self, typed: str, request: gr.Request, *inputs: Any) -> Update:
        tab = self._tabs.of(request)
        if not (typed or "").strip():
            return self._updates.nothing
        content = attachments.compose(typed, tab.attached)
        taken, tab.attached = tab.attached, []
        update = self._answer(tab, inputs, lambda chat: chat.conversation.send(content), content)
        if update is self._updates.nothing:
            tab.attached = taken
            return update
        return {**update, self._page.box: {"value": ""} | update[self._page.box]}

    def _retry(self, request: gr.Request, *inputs: Any) -> Update:
        return self._answer(self._tabs.of(request), inputs, lambda chat: chat.conversation.retry())

    def _edit(self, event: gr.EditData, request: gr.Request, *inputs: Any) -> Update:
        tab = self._tabs.of(request)
        view = gradio_view.shown(tab.chat, tab.lang)
        place, typed = _flat(event.index), display.as_typed(str(event.value))
        if view.is_file(place) or not tab.chat.messages:
            return self._updates.everything(tab)
        index = view.origin(place)
        files, _ = attachments.split(tab.chat.messages[index].content)
        content = attachments.compose(typed, files)
        return self._answer(tab, inputs, lambda chat: chat.conversation.edit(index, content), content)

    def _answer(
        self, tab: Tab, inputs: tuple[Any, ...], begin: Callable[[Chat], Iterator[Event]], content: str = ""
    ) -> Update:
        """Begin an answer; `nothing` when that cannot be, and then the page says why."""
        chat = tab.chat
        try:
            self._take(tab, inputs)
            chat.answer(lambda: begin(chat), typed=content).wait_begun(_BEGIN_SECONDS)
        except ConversationError:
            self._say(tab, text(tab.lang, "busy"))
            return self._updates.nothing
        except SettingsError as error:
            self._say(tab, gradio_view.sentence(error))
            return self._updates.nothing
        return self._updates.everything(tab)

    def _watch(self, request: gr.Request) -> Iterator[list[dict[str, Any]]]:
        """Draw the running answer until it ends, the tab shows another one, or somebody else draws it."""
        tab = self._tabs.of(request)
        chat, running = tab.chat, tab.chat.running
        if running is None or running.done:
            return
        number = tab.watcher = self._updates.signal()
        live, before, drawn = Live(), None, 0.0
        try:
            for batch in running.batches(FRAME_SECONDS):
                if tab.watcher != number or tab.chat is not chat:
                    return
                live.feed(batch)
                if running.done:
                    break
                frame = self._updates.frame(tab, live)
                if frame != before or time.monotonic() - drawn > _QUIET_SECONDS:
                    before, drawn = frame, time.monotonic()
                    yield frame
        finally:
            if tab.watcher == number:
                tab.watcher = 0

    def _redraw(self, request: gr.Request) -> Update:
        tab = self._tabs.of(request)
        chat = tab.chat
        if chat.notice is not tab.told:
            tab.told = chat.notice
            if isinstance(chat.notice, REFUSALS):
                self._say(tab, text(tab.lang, "text_given_back", reason=gradio_view.sentence(chat.notice)))
        return self._updates.everything(tab, signal=False)

    def _stop(self, request: gr.Request) -> None:
        self._tabs.of(request).chat.stop()

    def _undo(self, request: gr.Request) -> Update:
        tab = self._tabs.of(request)
        try:
            tab.chat.typed = tab.chat.undo()
        except ConversationError as error:
            self._say(tab, gradio_view.sentence(error))
            return self._updates.nothing
        return self._updates.everything(tab)

    def _like(self, event: gr.LikeData, request: gr.Request) -> None:
        tab = self._tabs.of(request)
        index = gradio_view.shown(tab.chat, tab.lang).origin(_flat(event.index))
        up_to_date = tab.drawn == tab.state
        tab.chat.like(index, event.liked if isinstance(event.liked, bool) else None)
        if up_to_date:
            tab.drawn = tab.state
        gr.Info(text(tab.lang, "thanks"), duration=2, title=text(tab.lang, "note"))

    # -- which conversation --------------------------------------------------------------------------

    def _new(self, request: gr.Request) -> Update:
        tab = self._tabs.of(request)
        tab.start_new()
        return self._updates.switched(tab)

    def _list(self, event: gr.EventData, request: gr.Request) -> Update:
        """A button in the list of conversations; the page has asked before it deletes."""
        tab = self._tabs.of(request)
        before, key = tab.chat, str(event.id)
        try:
            match event.do:
                case "open":
                    tab.open(key)
                case "rename":
                    tab.chats.rename(tab.owner, key, str(event.name))
                case "delete":
                    tab.chats.delete(tab.owner, key)
                    if key == tab.chat.id:
                        tab.start_new()
                case "more":
                    tab.list_more()
        except StoreError as error:
            self._say(tab, text(tab.lang, "not_opened", reason=error))
        return self._updates.everything(tab) if tab.chat is before else self._updates.switched(tab)

    def _search(self, words: str, request: gr.Request) -> str:
        tab = self._tabs.of(request)
        tab.search = words.strip()
        return self._updates.listed(tab)[0]

    def _keep(self, request: gr.Request, *inputs: Any) -> None:
        with contextlib.suppress(SettingsError):  # sending says what is wrong with them
            self._take(self._tabs.of(request), inputs)

    def _take(self, tab: Tab, inputs: tuple[Any, ...]) -> None:
        """Use the panel's settings from the next answer on. Raises `SettingsError`."""
        tab.keep(_settings(inputs[1:], self._updates.context_length()), (inputs[0] or "").strip())

    # -- files, language, loading -------------------------------------------------------------------

    def _attach(self, paths: list[str] | None, request: gr.Request) -> Update:
        tab = self._tabs.of(request)
        for path in paths or []:
            try:
                data = _read_upload(path, attachments.MAX_BYTES)
                tab.attached.append(attachments.read(Path(path).name, data))
            except _TooLargeError as error:
                self._say(tab, text(tab.lang, "file_too_large", name=Path(path).name, **error.megabytes))
            except NotTextError as error:
                self._say(tab, text(tab.lang, "not_text", name=error))
        return {self._page.attached: self._updates.chips(tab)}

    def _detach(self, event: gr.EventData, request: gr.Request) -> Update:
        tab = self._tabs.of(request)
        tab.attached = [file for place, file in enumerate(tab.attached) if str(place) != str(event.id)]
        return {self._page.attached: self._updates.chips(tab)}

    def _exporter(self, kind: str) -> Callable[[gr.Request], str]:
        def export(request: gr.Request) -> str:
            tab = self._tabs.of(request)
            messages, system = tab.chat.messages, tab.chat.conversation.system
            if not messages:
                gr.Info(text(tab.lang, "nothing_to_export"), title=text(tab.lang, "note"))
                return ""
            if kind == "md":
                made, mime = transcript.to_markdown(messages, system), "text/markdown"
            elif kind == "json":
                made, mime = transcript.to_json(messages, system), "application/json"
            else:
                model = tab.chat.conversation.engine.info.name
                made, mime = export_html.page(messages, system=system, model=model, lang=tab.lang), "text/html"
            name = f"glm-chat-{datetime.now():%Y-%m-%d-%H%M}.{kind}"
            return json.dumps({"name": name, "mime": f"{mime};charset=utf-8", "text": made})

        return export

    def _import(self, path: str | None, request: gr.Request) -> Update:
        """Go on with an exported conversation, as a new one in the list."""
        tab = self._tabs.of(request)
        if not path:
            return self._updates.nothing
        try:
            read = transcript.from_json(_read_upload(path, transcript.MAX_BYTES))
            tab.start_new()
            tab.chat.replace(read)
        except _TooLargeError as error:
            reason = text(tab.lang, "import_too_large", **error.megabytes)
            self._say(tab, text(tab.lang, "import_failed", reason=reason))
        except (ImportChatError, ConversationError) as error:
            self._say(tab, text(tab.lang, "import_failed", reason=error))
        else:
            gr.Info(text(tab.lang, "imported"), duration=3, title=text(tab.lang, "note"))
        return self._updates.switched(tab)

    def _switch_language(self, request: gr.Request) -> Update:
        tab = self._tabs.of(request)
        tab.lang = "en" if tab.lang == "zh" else "zh"
        update = self._updates.everything(tab)
        for component, keys in self._page.labels:
            if component is not self._page.chat:
                words = {name: text(tab.lang, key) for name, key in keys.items()}
                update[component] = gr.update(**words) | update.get(component, {})
        return {**update, self._page.boot_lang: tab.lang}

    def _boot(self, place: str, lang: str, draft: str, request: gr.Request) -> Update:
        tab = self._tabs.of(request)
        tab.lang = texts.language_of(lang)
        if place:
            try:
                tab.open(place)
            except StoreError as error:
                self._say(tab, text(tab.lang, "not_opened", reason=error))
        update = self._updates.switched(tab)
        if draft:
            update[self._page.box] = {"value": draft} | update[self._page.box]
        return update

    def _poll(self, request: gr.Request) -> Update:
        """While the model is loading, how far it is; later, whether the page is to be drawn anew.

        Every open page asks this all the time, so it has few outputs: Gradio works on each of them.
        """
        tab, stage = self._tabs.of(request), self._loader.state.stage
        news: Update = {}
        if stage == "loading" == tab.stage:
            news[self._page.status] = self._updates.status_line(tab)
        elif tab.chat.busy and (queued := self._updates.queue_line(tab)):
            news[self._page.status] = queued
        if tab.chat.busy and not tab.watcher:
            news[self._page.signal] = self._updates.signal()
        if tab.drawn != tab.state or tab.stage != stage:
            news[self._page.redraw] = self._updates.signal()
        return news or {self._page.status: gr.skip()}

    def _say(self, tab: Tab, words: str) -> None:
        gr.Warning(html.escape(words), duration=12, title=text(tab.lang, "note"))


def _settings(values: tuple[Any, ...], context_length: int) -> GenerationSettings:
    """Checked settings from the widgets' values. Raises `SettingsError`."""
    given = dict(zip((*SETTINGS, "seed"), values, strict=True))
    for name in ("max_new_tokens", "top_k", "seed"):
        if isinstance(given[name], float) and given[name].is_integer():
            given[name] = int(given[name])
    if context_length and isinstance(given["max_new_tokens"], int):
        given["max_new_tokens"] = min(given["max_new_tokens"], context_length)
    return GenerationSettings.from_mapping(given)


class _TooLargeError(ValueError):
    """A file is larger than is read; `megabytes` says how large it is and may be."""

    def __init__(self, size: int, limit: int) -> None:
        self.megabytes = {"size": round(size / 1e6, 1), "limit": round(limit / 1e6)}


def _read_upload(path: str, limit: int) -> bytes:
    """An uploaded file. Raises `_TooLargeError` beyond `limit` bytes."""
    file = Path(path)
    size = file.stat().st_size
    if size > limit:
        raise _TooLargeError(size, limit)
    return file.read_bytes()


def _flat(index: int | tuple[int, ...] | list[int]) -> int:
    return index if isinstance(index, int) else index[0]
