"""Start a web page on this computer and nowhere else.

The environment that keeps a page offline, the check that a port is free, and the gate every response
passes: it refuses foreign host names (DNS rebinding) and forbids the page to reach the outside. Which
page it is, this file does not know.
"""

from __future__ import annotations

import os
import socket
import sys
import webbrowser
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from glm.errors import GlmError

CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; "
    "connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; frame-src 'self' blob: data:; "
    "frame-ancestors 'self'; object-src 'none'; base-uri 'self'; form-action 'self'"
)
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


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


class Gate:
    """ASGI middleware: only this computer's names as host, the security headers on every response."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif not _host_is_ours(scope):
            await _refuse(scope, send)
        else:
            await self._app(scope, receive, _with_headers(send))


def _host_is_ours(scope: Scope) -> bool:
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    name = host[1 : host.find("]")] if host.startswith("[") else host.rsplit(":", 1)[0]
    return name.lower() in _LOOPBACK_NAMES or name.startswith("127.")


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send(
        {"type": "http.response.body", "body": b"This page is served to this computer only; open http://127.0.0.1"}
    )


class PageHead:
    """ASGI middleware: puts `markup` first into the head of the page at "/".

    For what must run before the framework's own scripts do, such as the choice of language and of
    dark colours; the framework adds markup of its own later, when the page is already painted.
    """

    def __init__(self, app: App, markup: str) -> None:
        self._app = app
        self._markup = markup.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: MutableMapping[str, Any] = {}
        body = bytearray()

        async def collect(message: MutableMapping[str, Any]) -> None:
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
