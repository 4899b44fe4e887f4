"""Start a Streamlit page: options, model, store and gate; the same under ``python`` and ``streamlit run``.

What the pages of this process share is a `Service`. It lives here, in a module, because Streamlit runs the
page's script anew for every click. Static settings are in ``.streamlit/config.toml``.
"""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from apps import options, serving
from apps.chats import Chats
from apps.code_host import CodeHost
from apps.engine_loader import EngineLoader, WaitingEngine, check_model_name
from apps.frames import Frames
from apps.gate_entrance import Entrance
from apps.gate_sessions import Sessions, StreamlitSessions
from apps.streamlit_style import HEAD
from apps.visitors import Visitor, Visitors
from glm import load_engine
from glm.errors import GlmError
from glm.store import FILE, data_folder
from glm.tools import Tool

_FAILURE_SHOWN_SECONDS = 5.0
_COLLECT_SECONDS = 30.0
DEFAULT_PORT = 8501


@dataclass(frozen=True, slots=True)
class Service:
    """What all pages of this process share."""

    loader: EngineLoader
    chats: Chats
    visitors: Visitors
    asked: options.Options
    frames: Frames = field(default_factory=Frames)
    sessions: Sessions = field(default_factory=Sessions)
    tools: tuple[Tool, ...] = ()
    code: CodeHost | None = None
    closing: tuple[Callable[[], None], ...] = ()

    def close(self) -> None:
        """Stop the answers and what they use, close the store and free the model."""
        self.chats.close()
        if self.code is not None:
            self.code.close()
        for close in self.closing:
            close()
        self.loader.close()


_service: Service | None = None


def service() -> Service:
    """The process's service. Raises RuntimeError before `provide`."""
    if _service is None:
        raise RuntimeError("nothing is served yet; start this page with web_demo2.py or composite.py")
    return _service


def provide(made: Service) -> None:
    """Make `made` what the pages of this process get."""
    global _service  # the one place between the program's start and the scripts that Streamlit runs
    _service = made


def visitor() -> Visitor:
    """Who looks at the page that is being drawn, as the gate says; nobody in particular where there is no gate."""
    return service().visitors.vouched(st.context.headers) or Visitor("")


class Launched:
    """A program whose options are read and whose model is being loaded."""

    def __init__(self, program: str, made: Service, entrance: Entrance, *, direct: bool) -> None:
        self._program = program
        self._made = made
        self._entrance = entrance
        self._direct = direct

    def app_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `streamlit.App`."""
        middleware = [
            *self._entrance.middleware(),
            Middleware(StreamlitSessions, sessions=self._made.sessions),
            Middleware(serving.PageHead, markup=HEAD),
        ]
        return {"middleware": middleware, "lifespan": self._lifespan, "routes": [self._made.frames.route()]}

    def serve(self, app: Any) -> int:
        """Show the page until Ctrl-C or until loading fails; returns the exit code."""
        asked, certificate = self._made.asked, self._entrance.certificate
        config = {
            "server.address": asked.host, "server.port": asked.port, "server.headless": True,
            "browser.serverAddress": asked.host, "logger.hideWelcomeMessage": True,
        }  # fmt: skip
        if certificate is not None:
            config |= {
                "server.sslCertFile": str(certificate.certfile),
                "server.sslKeyFile": str(certificate.keyfile),
            }
        with contextlib.suppress(KeyboardInterrupt):
            app.run(config=config)
        return 1 if self._made.loader.error is not None else 0

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Any) -> AsyncIterator[None]:
        threading.Thread(target=self._watch_loading, name="watch-loading", daemon=True).start()
        threading.Thread(target=_collect_garbage, name="collect-garbage", daemon=True).start()
        if self._direct:
            self._entrance.announce("GLM Chat")
        try:
            yield
        finally:
            self._made.close()

    def _watch_loading(self) -> None:
        """When the model cannot be loaded, say so on the terminal and on open pages, and end."""
        loader = self._made.loader
        loader.wait()
        if loader.error is None:
            return
        print(f"{self._program}: {loader.state.note}", file=sys.stderr, flush=True)
        if self._made.asked.debug:
            traceback.print_exception(loader.error)
        if loader.failure_was_shown.wait(_FAILURE_SHOWN_SECONDS):
            time.sleep(1.0)
        signal.raise_signal(signal.SIGINT)


def _collect_garbage() -> None:
    """Free what closed pages held, open files among it: Streamlit's sessions are circles, which wait long otherwise."""
    while True:
        time.sleep(_COLLECT_SECONDS)
        gc.collect()


def launch(
    program: str,
    purpose: str,
    *,
    direct: bool,
    add_options: Callable[[Any], None] = lambda parser: None,
    prepare: Callable[[Service, Any], Service] = lambda made, given: made,
) -> Launched:
    """Read the command line and begin to load the model; ends the program with 2 when that cannot be.

    `direct` is False under ``streamlit run``, where address and port are Streamlit's. `add_options` may add
    options to the parser, and `prepare` gets the service and what they were given, and returns the service to use.
    """
    asked = options.Options()
    try:
        parser = options.parser(program, purpose, default_port=DEFAULT_PORT)
        add_options(parser)
        given = parser.parse_args()
        asked = options.checked(given)
        check_model_name(asked.model)
        if direct:
            serving.check_port(asked.host, asked.port)
        elif asked.sharing is not None:
            raise options.OptionsError(f"a page is shared when it is started with: python {program} --lan")
        elif (asked.host, asked.port) != (options.Options().host, DEFAULT_PORT):
            raise options.OptionsError(
                f"under `streamlit run`, address and port are Streamlit's: streamlit run {program} --server.port 8000"
            )
        else:
            # Streamlit's own --server.address counts; without one it listens to everybody.
            options.check_host(st.get_option("server.address") or "0.0.0.0")
        folder = data_folder()
        entrance = Entrance(asked, folder)
        serving.stay_offline()
        loader = EngineLoader(
            lambda progress: load_engine(asked.model, **asked.load_arguments(), own_process=True, progress=progress),
            name=asked.model or "",
        ).start()
        made = Service(
            loader, Chats(WaitingEngine(loader), folder / FILE), entrance.visitors, asked, sessions=entrance.sessions
        )
        made = prepare(made, given)
    except GlmError as error:
        if asked.debug:
            traceback.print_exc()
        print(f"{program}: {error}", file=sys.stderr)
        sys.exit(2)
    provide(made)
    return Launched(program, made, entrance, direct=direct)
