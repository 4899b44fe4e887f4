"""Serve a web page: the environment that keeps it offline, a port that is free, the server, and the browser.

Which page it is, this file does not know; who may see it, `apps.gate` decides.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import webbrowser
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glm.errors import GlmError

if TYPE_CHECKING:
    from apps.lan_certificate import Certificate


class ServingError(GlmError):
    """The page cannot be served where it was asked to be."""


def stay_offline() -> None:
    """Set the environment so that the frameworks call nobody. Call before importing them."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # Gradio asks its own server whether it is up; a proxy in the environment must not get that request.
    for name in ("NO_PROXY", "no_proxy"):
        kept = [part for part in os.environ.get(name, "").split(",") if part]
        added = [part for part in ("localhost", "127.0.0.1", "::1") if part not in kept]
        os.environ[name] = ",".join(kept + added)


def check_port(host: str, port: int) -> None:
    """Raise `ServingError` when `port` is taken, naming one that is free."""
    if _is_free(host, port):
        return
    free = next((other for other in range(port + 1, min(port + 200, 65536)) if _is_free(host, other)), 0)
    advice = f"use --port {free}, or end" if free else "end"
    raise ServingError(
        f"port {port} is in use, perhaps by another copy of this program; {advice} the program that has it"
    )


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        if sys.platform != "win32":  # there the option means the opposite: take over a port in use
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host.strip("[]"), port))
        except OSError:
            return False
    return True


def every_address() -> str:
    """The host that stands for all addresses of this computer, IPv6 included where there is any."""
    return "::" if socket.has_dualstack_ipv6() else "0.0.0.0"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; on "::" for IPv4 too. Raises `ServingError` when that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        raise ServingError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error


class Server:
    """An ASGI application, served by a thread of its own. Requests are not logged: their paths may hold a key."""

    def __init__(self, app: ASGIApp, host: str, port: int, certificate: Certificate | None = None) -> None:
        self._socket = listen(host, port)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="on",
            ssl_certfile=certificate.certfile if certificate else None,
            ssl_keyfile=certificate.keyfile if certificate else None,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="server", daemon=True
        )

    def start(self) -> Server:
        """Serve from now on; returns itself. Raises `ServingError` when the application does not start."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise ServingError("the server did not start; its messages above say why")
            time.sleep(0.01)
        return self

    def close(self) -> None:
        """End it: open answers get a moment to finish."""
        self._server.should_exit = True
        self._thread.join(5)


class PageHead:
    """ASGI middleware: puts `markup` first into the head of the page at "/".

    For what must run before the framework's own scripts do, such as the choice of language and of
    dark colours; the framework adds markup of its own later, when the page is already painted.
    """

    def __init__(self, app: ASGIApp, markup: str) -> None:
        self._app = app
        self._markup = markup.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                page = bytes(body).replace(b"<head>", b"<head>" + self._markup, 1)
                kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
                headers = [*kept, (b"content-length", str(len(page)).encode())]
                await send({**start, "headers": headers})
                await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": plain}, receive, collect)


def open_in_browser(url: str) -> None:
    """Show `url` if there is a screen to show it on; a text browser in the terminal is no help."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    webbrowser.open(url)
