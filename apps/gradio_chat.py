"""The Gradio chat: what its widgets do, wired to `ChatSession`.

`build` makes the page, `serve` runs it until it is told to end. The widgets are in `apps.gradio_page`,
how they look in `apps.gradio_style`; what is said and how it is shown is `apps.chat_session`'s.
"""

from __future__ import annotations

import html
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from apps import display, export_html, serving, texts
from apps import gradio_style as style
from apps.chat_session import ChatSession
from apps.engine_loader import EngineLoader
from apps.gradio_page import SETTINGS, Page
from apps.options import Options
from apps.texts import Lang, text
from glm import transcript
from glm.errors import ContextOverflowError, ConversationError, GlmError, ImportChatError, SettingsError
from glm.events import Event
from glm.settings import GenerationSettings

_FAILURE_SHOWN_SECONDS = 5.0
_SILENT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


class _Sessions:
    """The chats of the open tabs, by Gradio's session id."""

    def __init__(self, loader: EngineLoader) -> None:
        self._loader = loader
        self._by_tab: dict[str, ChatSession] = {}
        self._lock = threading.Lock()

    def of(self, request: gr.Request) -> ChatSession:
        tab = request.session_hash or ""
        with self._lock:
            if tab not in self._by_tab:
                self._by_tab[tab] = ChatSession(self._loader)
            return self._by_tab[tab]

    def leave(self, request: gr.Request) -> None:
        """The tab was closed: nobody reads its answer any more."""
        with self._lock:
            session = self._by_tab.pop(request.session_hash or "", None)
        if session is not None:
            session.conversation.stop()


def build(loader: EngineLoader) -> tuple[gr.Blocks, gr.I18n]:
    """The page as Gradio Blocks, with the translations its launch needs."""
    page = Page()
    with page.demo:
        _Wiring(page, _Sessions(loader), loader).connect()
    page.demo.queue(default_concurrency_limit=40, api_open=False)
    return page.demo, page.i18n


class _Wiring:
    """What happens when something is clicked. Handlers return updates for `self._view`."""

    def __init__(self, page: Page, sessions: _Sessions, loader: EngineLoader) -> None:
        self._page = page
        self._sessions = sessions
        self._loader = loader
        self._view = [page.hero, page.chat, page.box, page.status, page.title, page.stored]
        self._inputs = [page.system, *page.sliders, page.seed]

    def connect(self) -> None:
        page, view = self._page, self._view
        running: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        page.box.submit(self._send, [page.box, *self._inputs], view, **running)
        for button in page.examples:
            button.click(self._send, [button, *self._inputs], view, **running)
        page.chat.retry(self._retry, self._inputs, view, **running)
        page.chat.edit(self._edit, self._inputs, view, **running)
        page.chat.undo(self._undo, None, view, **_SILENT)
        page.chat.like(self._like, None, page.stored, **_SILENT)
        page.box.stop(self._stop, None, None, **_SILENT)
        for button in (page.new_chat, page.top_new):
            button.click(self._clear, None, view, js="() => { glm.afterNew(); return [] }", **_SILENT)
        for kind, button in page.exports.items():
            made = button.click(self._exporter(kind), None, page.payload, **_SILENT)
            made.then(None, page.payload, None, js="(made) => glm.download(made)", api_visibility="private")
        page.importer.upload(
            self._import, page.importer, [*view, page.system], show_progress="hidden", api_visibility="private"
        )
        page.defaults.click(lambda: list(_values(GenerationSettings())), None, self._inputs[1:], **_SILENT)
        page.stored.change(
            None, page.stored, None, js="(text) => { if (text) glm.keep(text) }", api_visibility="private"
        )
        page.open_panel.click(None, None, None, js="() => glm.panel(true)", api_visibility="private")
        page.close_panel.click(None, None, None, js="() => glm.panel(false)", api_visibility="private")
        page.theme.click(None, None, None, js="() => glm.theme()", api_visibility="private")
        labelled = [component for component, _ in page.labels if component is not page.chat]
        switched = page.language.click(self._switch_language, None, [page.boot_lang, *view, *labelled], **_SILENT)
        switched.then(None, page.boot_lang, None, js="(lang) => glm.language(lang)", api_visibility="private")
        progress = [page.alert, page.sliders[0], page.timer]
        page.demo.load(
            self._boot, [page.boot_text, page.boot_lang], [*view, *progress, *self._inputs],
            js="() => glm.boot()", **_SILENT,
        )  # fmt: skip
        page.timer.tick(self._poll, None, [page.status, *progress], **_SILENT)
        page.demo.unload(self._sessions.leave)

    # -- a message and its answer ------------------------------------------------------------------

    def _send(self, typed: str, request: gr.Request, *inputs: Any) -> Iterator[list[Any]]:
        if not (typed or "").strip():
            yield [gr.skip()] * len(self._view)
            return
        session = self._sessions.of(request)
        yield from self._answer(session, inputs, lambda: session.conversation.send(typed, session.settings), typed)

    def _retry(self, request: gr.Request, *inputs: Any) -> Iterator[list[Any]]:
        session = self._sessions.of(request)
        yield from self._answer(session, inputs, lambda: session.conversation.retry(session.settings))

    def _edit(self, event: gr.EditData, request: gr.Request, *inputs: Any) -> Iterator[list[Any]]:
        session = self._sessions.of(request)
        index, typed = session.question_index(_flat(event.index)), display.as_typed(str(event.value))
        yield from self._answer(
            session, inputs, lambda: session.conversation.edit(index, typed, session.settings), typed
        )

    def _answer(
        self, session: ChatSession, inputs: tuple[Any, ...], begin: Callable[[], Iterator[Event]], typed: str = ""
    ) -> Iterator[list[Any]]:
        """Draw an answer while it is made. What cannot be begun is said, and the text given back."""
        busy = session.conversation.busy
        try:
            if busy:
                raise ConversationError(text(session.lang, "busy"))
            session.settings = _settings(inputs[1:], self._context_length())
            session.conversation.system = (inputs[0] or "").strip()
            started = False
            for frame in session.play(begin()):
                stored = session.stored_text() if frame.keep else gr.skip()
                if started:
                    yield [gr.skip(), frame.messages, gr.skip(), gr.skip(), gr.skip(), stored]
                else:
                    box = gr.update(value="", submit_btn=False, stop_btn=True)
                    hero, chat = _shown(True)
                    yield [hero, chat | {"value": frame.messages}, box, gr.skip(), _heading(session), stored]
                    started = True
            if not session.conversation.busy:
                yield self._everything(session)
        except (ConversationError, ContextOverflowError, SettingsError) as error:
            given_back = (
                text(session.lang, "text_given_back", reason=f"{_sentence(error)}") if typed else _sentence(error)
            )
            gr.Warning(given_back, duration=12, title=text(session.lang, "note"))
            if busy:
                yield [gr.skip()] * len(self._view)
            else:
                yield self._everything(session, typed=typed or None)

    def _stop(self, request: gr.Request) -> None:
        self._sessions.of(request).conversation.stop()

    def _undo(self, request: gr.Request) -> list[Any]:
        session = self._sessions.of(request)
        try:
            question = session.undo()
        except ConversationError as error:
            gr.Warning(_sentence(error), title=text(session.lang, "note"))
            return [gr.skip()] * len(self._view)
        return self._everything(session, typed=question)

    def _like(self, event: gr.LikeData, request: gr.Request) -> str:
        session = self._sessions.of(request)
        session.like(_flat(event.index), event.liked)
        gr.Info(text(session.lang, "thanks"), duration=2, title=text(session.lang, "note"))
        return session.stored_text()

    def _clear(self, request: gr.Request) -> list[Any]:
        session = self._sessions.of(request)
        session.clear()
        return self._everything(session)

    # -- files, language, loading -------------------------------------------------------------------

    def _exporter(self, kind: str) -> Callable[[gr.Request], str]:
        def export(request: gr.Request) -> str:
            session = self._sessions.of(request)
            messages, system = session.conversation.messages, session.conversation.system
            if not messages:
                gr.Info(text(session.lang, "nothing_to_export"), title=text(session.lang, "note"))
                return ""
            if kind == "md":
                made, mime = transcript.to_markdown(messages, system), "text/markdown"
            elif kind == "json":
                made, mime = transcript.to_json(messages, system), "application/json"
            else:
                model = session.conversation.engine.info.name
                made, mime = export_html.page(messages, system=system, model=model, lang=session.lang), "text/html"
            name = f"glm-chat-{datetime.now():%Y-%m-%d-%H%M}.{kind}"
            return json.dumps({"name": name, "mime": f"{mime};charset=utf-8", "text": made})

        return export

    def _import(self, path: str | None, request: gr.Request) -> list[Any]:
        session = self._sessions.of(request)
        unchanged = [gr.skip()] * (len(self._view) + 1)
        if not path:
            return unchanged
        try:
            session.import_json(_read_upload(path, session.lang))
        except ImportChatError as error:
            gr.Warning(text(session.lang, "import_failed", reason=error), duration=12, title=text(session.lang, "note"))
            return unchanged
        gr.Info(text(session.lang, "imported"), duration=3, title=text(session.lang, "note"))
        return [*self._everything(session), session.conversation.system]

    def _switch_language(self, request: gr.Request) -> list[Any]:
        session = self._sessions.of(request)
        session.lang = "en" if session.lang == "zh" else "zh"
        labels = [
            gr.update(**{name: text(session.lang, key) for name, key in keys.items()})
            for component, keys in self._page.labels
            if component is not self._page.chat
        ]
        view = self._everything(session)
        if session.conversation.busy:  # the running answer goes on drawing the chat and its Stop button
            view[1] = view[2] = gr.skip()
        return [session.lang, *view, *labels]

    def _boot(self, stored: str, lang: str, request: gr.Request) -> list[Any]:
        session = self._sessions.of(request)
        session.lang = texts.language_of(lang)
        restored = session.restore(stored or "")
        if restored.trouble:
            gr.Warning(text(session.lang, "not_restored", reason=restored.trouble), title=text(session.lang, "note"))
        settings = list(_values(restored.settings))
        progress = self._progress(session)
        longest = settings.pop(0)
        return [*self._everything(session), *progress[1:], session.conversation.system, longest, *settings]

    def _poll(self, request: gr.Request) -> list[Any]:
        session = self._sessions.of(request)
        return self._progress(session)

    def _progress(self, session: ChatSession) -> list[Any]:
        """Status line, alert, the longest answer the model allows, and whether to ask again."""
        alert = session.alert_html()
        limit = self._context_length()
        longest: Any = gr.skip()
        if limit:
            longest = gr.update(maximum=limit)
        waiting = self._loader.state.stage == "loading"
        status = session.status_html() if not session.conversation.busy or waiting else gr.skip()
        return [status, gr.update(value=alert, visible=bool(alert)), longest, gr.Timer(active=waiting)]

    def _context_length(self) -> int:
        engine = self._loader.engine
        return engine.info.context_length if engine is not None else 0

    def _everything(self, session: ChatSession, typed: str | None = None) -> list[Any]:
        """Updates for the whole view, at rest. `typed` goes into the box; None leaves it alone."""
        messages = session.messages()
        hero, chat = _shown(bool(messages))
        box: dict[str, Any] = {"submit_btn": True, "stop_btn": False}
        if typed is not None:
            box["value"] = typed
        return [
            hero,
            chat | {"value": messages, "feedback_value": session.feedback()},
            gr.update(**box),
            session.status_html(),
            _heading(session),
            session.stored_text(),
        ]


def serve(options: Options, loader: EngineLoader) -> int:
    """Show the page until Ctrl-C or until loading fails; returns the exit code."""
    serving.check_port(options.host, options.port)
    demo, i18n = build(loader)
    middleware = [Middleware(serving.Gate), Middleware(serving.PageHead, style.SCRIPT)]
    demo.launch(
        server_name=options.host, server_port=options.port, prevent_thread_lock=True, quiet=True, share=False,
        inbrowser=False, show_error=True, ssr_mode=False, footer_links=[], run_history=False, i18n=i18n,
        theme=style.theme(), css=style.CSS, max_file_size="25mb", enable_monitoring=False,
        app_kwargs={"openapi_url": None, "docs_url": None, "redoc_url": None, "middleware": middleware},
    )  # fmt: skip
    url = f"http://{options.host}:{options.port}"
    print(f"GLM Chat is ready: {url}  (Ctrl-C ends it)", flush=True)
    if options.open_browser:
        serving.open_in_browser(url)
    try:
        return _until_it_ends(loader, debug=options.debug)
    except KeyboardInterrupt:
        return 0
    finally:
        demo.close(verbose=False)
        loader.close()


def _until_it_ends(loader: EngineLoader, *, debug: bool) -> int:
    while not loader.wait(0.5):
        pass
    if loader.error is None:
        while True:
            time.sleep(3600)
    print(f"web_demo.py: {loader.state.note}", file=sys.stderr, flush=True)
    if debug:
        traceback.print_exception(loader.error)
    # An open page asks every moment; give it the time to show the reason too.
    if loader.failure_was_shown.wait(_FAILURE_SHOWN_SECONDS):
        time.sleep(1.0)
    return 1


def _settings(values: tuple[Any, ...], context_length: int) -> GenerationSettings:
    """Checked settings from the widgets' values. Raises `SettingsError`."""
    given = dict(zip((*SETTINGS, "seed"), values, strict=True))
    for name in ("max_new_tokens", "top_k", "seed"):
        if isinstance(given[name], float) and given[name].is_integer():
            given[name] = int(given[name])
    if context_length and isinstance(given["max_new_tokens"], int):
        given["max_new_tokens"] = min(given["max_new_tokens"], context_length)
    return GenerationSettings.from_mapping(given)


def _values(settings: GenerationSettings) -> Iterator[Any]:
    return (getattr(settings, name) for name in (*SETTINGS, "seed"))


def _shown(chatting: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Updates that show either the welcome or the conversation."""
    return gr.update(visible=not chatting), gr.update(visible=True if chatting else "hidden")


def _heading(session: ChatSession) -> str:
    return f"<h1>{html.escape(session.title() or text(session.lang, 'title'))}</h1>"


def _read_upload(path: str, lang: Lang) -> bytes:
    file = Path(path)
    size = file.stat().st_size
    if size > transcript.MAX_BYTES:
        megabytes, limit = round(size / 1e6, 1), round(transcript.MAX_BYTES / 1e6)
        raise ImportChatError(text(lang, "import_too_large", size=megabytes, limit=limit))
    return file.read_bytes()


def _flat(index: int | tuple[int, ...] | list[int]) -> int:
    return index if isinstance(index, int) else index[0]


def _sentence(error: GlmError) -> str:
    words = str(error)
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "。")) else ".")
