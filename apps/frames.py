"""Markup and pictures that a sandbox gave out, served apart: markup as pages that can do nothing, for frames.

The response itself forbids scripts, forms, navigation, the page's origin and everything from outside, whatever the
frame around it would allow. An address is a secret of this process and says nothing about what it shows.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PATH = "/cell-frame"
_KEPT_BYTES = 128_000_000
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'"
_COLOURS = {"light": ("#1b1f2a", "#ffffff", "#e6e8ee", "#f6f7fa"), "dark": ("#e7e9f0", "#0f1117", "#2b3140", "#171a23")}
_STYLE = """<!doctype html><meta charset="utf-8"><style>
html{{color-scheme:{scheme}}}
body{{margin:0;font:14px/1.5 Inter,system-ui,'Noto Sans CJK SC',sans-serif;color:{ink};background:{page}}}
table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}
th,td{{padding:5px 12px;border:0;border-bottom:1px solid {line};text-align:right;white-space:nowrap}}
th{{font-weight:600;background:{head};position:sticky;top:0}}a{{color:inherit}}</style>
"""


class Frames:
    """The markup and pictures shown at present. `limit` bytes are kept in all; the oldest go first."""

    def __init__(self, limit: int = _KEPT_BYTES) -> None:
        self._limit = limit
        self._secret = secrets.token_bytes(32)
        self._kept: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._bytes = 0
        self._guard = threading.Lock()

    def address(self, html: str, *, dark: bool = False) -> str:
        """The path at which `html` can be seen until newer content displaces it; the same each time."""
        name = self._keep(html.encode("utf-8", "replace"), "text/html")
        return f"{PATH}/{name}?{'dark' if dark else 'light'}"

    def picture(self, data: bytes, kind: str) -> str:
        """The same for a picture that was checked; `kind` is "png" or "jpeg"."""
        return f"{PATH}/{self._keep(data, f'image/{kind}')}"

    def route(self) -> Route:
        """The route that serves them."""
        return Route(f"{PATH}/{{name}}", self._serve)

    def _keep(self, data: bytes, media_type: str) -> str:
        name = hmac.new(self._secret, media_type.encode() + b"\n" + data, hashlib.sha256).hexdigest()[:40]
        with self._guard:
            if name not in self._kept:
                self._bytes += len(data)
                self._kept[name] = (data, media_type)
            self._kept.move_to_end(name)
            while self._bytes > self._limit and len(self._kept) > 1:
                self._bytes -= len(self._kept.popitem(last=False)[1][0])
        return name

    async def _serve(self, request: Request) -> Response:
        with self._guard:
            kept = self._kept.get(request.path_params["name"])
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "private, max-age=3600"}
        if kept is None:
            headers["Cache-Control"] = "no-store"
            return PlainTextResponse("This output is not kept any more; run the cell again.", 404, headers)
        data, media_type = kept
        if media_type != "text/html":
            return Response(data, media_type=media_type, headers=headers)
        scheme = "dark" if request.url.query == "dark" else "light"
        ink, page, line, head = _COLOURS[scheme]
        style = _STYLE.format(scheme=scheme, ink=ink, page=page, line=line, head=head)
        return Response(style.encode() + data, media_type="text/html", headers=headers)
