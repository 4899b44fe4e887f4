"""Start the Gradio chat and run it until it is told to end: model, store and gate."""

from __future__ import annotations

import sys
import time
import traceback

import gradio as gr
from starlette.applications import Starlette

from apps import gradio_style, serving
from apps.chats import Chats
from apps.engine_loader import EngineLoader, WaitingEngine
from apps.gate import Gate
from apps.gate_entrance import Entrance
from apps.gate_sessions import GradioSessions
from apps.gradio_chat import build
from apps.gradio_fetches import NoFetches
from apps.gradio_script import SCRIPT
from apps.options import Options
from glm.store import FILE, data_folder

_FAILURE_SHOWN_SECONDS = 5.0


def serve(options: Options, loader: EngineLoader) -> int:
    """Show the page until Ctrl-C or until loading fails; returns the exit code."""
    serving.check_port(options.host, options.port)
    folder = data_folder()
    entrance = Entrance(options, folder)
    chats = Chats(WaitingEngine(loader), folder / FILE)
    demo, gate = page(loader, chats, entrance, elsewhere=not options.all_is_here)
    server = serving.Server(gate, options.host, options.port, entrance.certificate).start()
    entrance.announce("GLM Chat")
    try:
        return _until_it_ends(loader, debug=options.debug)
    except KeyboardInterrupt:
        return 0
    finally:
        chats.close()
        demo.close(verbose=False)
        gate.close()
        server.close()
        loader.close()


def page(loader: EngineLoader, chats: Chats, entrance: Entrance, *, elsewhere: bool = False) -> tuple[gr.Blocks, Gate]:
    """The page, and the gate behind which it is served."""
    demo, i18n = build(loader, chats, entrance.visitors, elsewhere=elsewhere)
    no_api = {"openapi_url": None, "docs_url": None, "redoc_url": None}
    app = gr.mount_gradio_app(
        Starlette(), demo, "/", app_kwargs=no_api, show_error=True, ssr_mode=False,
        footer_links=[], run_history=False, i18n=i18n, theme=gradio_style.theme(), css=gradio_style.CSS,
        max_file_size="25mb", enable_monitoring=False,
    )  # fmt: skip
    # Gradio checks that a request names only files uploaded before where this is set, and only launch() sets it.
    demo.has_launched = True
    return demo, entrance.guard(GradioSessions(NoFetches(serving.PageHead(app, SCRIPT)), entrance.sessions))


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
