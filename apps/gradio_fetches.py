"""Keeps Gradio from fetching addresses for those who use the page.

Gradio downloads a file whose path is an address, and hands on what an address behind /file= or /proxy= gives. It asks
public addresses only, but this program asks nobody: not even which computer a name stands for.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from apps.gate_sessions import read_ahead

_HANDED_ON = re.compile(r"/gradio_api/(?:file[=/]\s*[a-z][a-z0-9+.-]*:[/\\]|proxy=)", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:[/\\]|[/\\]{2})", re.IGNORECASE)
_REFUSED = "Files are not fetched from elsewhere; upload them."


class NoFetches:
    """ASGI middleware inside the gate, which has seen to the size of bodies: refuses requests that name an address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/gradio_api/"):
            await self._app(scope, receive, send)
            return
        refused = _HANDED_ON.match(unquote(scope["path"])) is not None
        body, receive = await read_ahead(scope, receive)
        refused = refused or _names_an_address(body)
        if refused:
            await PlainTextResponse(_REFUSED, 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _names_an_address(body: bytes) -> bool:
    """Whether a file in the JSON `body` is to be found at an address."""
    try:
        waiting: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return False
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if "meta" in value and isinstance(path, str) and _ADDRESS.match(path):
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False
