"""Gate: what stands in front of every page, and what each request and websocket passes before a framework sees it.

It asks, in this order: is this server meant, does one of its own pages ask, who asks, is it not too much at once, may
he come in, is what he sends small enough. Which framework draws the page, it does not know.
"""

from __future__ import annotations

import math

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps import gate_rules
from apps.gate_connections import Connection, Connections
from apps.gate_limits import BodyRefused, Buckets, Limits, check_body
from apps.gate_rules import HostNames
from apps.lan_door import Door
from apps.visitors import HEADER, Visitor, Visitors

CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; "
    "connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; frame-src 'self' blob: data:; "
    "frame-ancestors 'self'; object-src 'none'; base-uri 'self'; form-action 'self'"
)
HEALTH = "/healthz"
"""Answers "ok" to everybody who asks under the right name: what the self-test fetches."""
_OWN_PATHS = ("/join", "/owner")
_HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_FORM_BYTES = 8_000
_ONLY_HERE = "This page is served to this computer only; open http://127.0.0.1"
_WRONG_NAME = "This server is not known under this name; use the address that the program printed."
_FOREIGN = "Another site's page asked for this; open the page itself."
_ENDED = "The program has ended."
_NO_SEAT = "You are not in; open the link that the owner of this page gave you."


class Gate:
    """ASGI middleware. Without a `door` the page is for this computer; with one, for those who have a seat too.

    `hosts` are the names the server goes by. `pages` answers below /join and /owner, and whatever somebody without a
    seat looks at; it finds a `Visitor` or None in the scope's "visitor".
    """

    def __init__(
        self,
        app: ASGIApp,
        visitors: Visitors | None = None,
        hosts: HostNames | None = None,
        door: Door | None = None,
        pages: ASGIApp | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._app = app
        self._visitors = visitors or Visitors(None)
        self._hosts = hosts or HostNames()
        self._door = door
        self._pages = pages
        self._limits = limits or Limits()
        self._closed = False
        self._connections = Connections()
        self._requests = Buckets(self._limits.requests_per_second, self._limits.burst)
        self._messages = Buckets(self._limits.messages_per_second, self._limits.message_burst)
        if door is not None:
            door.on_removed.append(self._connections.cut)

    def close(self) -> None:
        """End what stays open and let nothing begin any more. Any thread may do so.

        What has not been answered yet soon is, and the frameworks complain on the terminal when it is cut.
        """
        self._closed = True
        self._connections.cut(begun=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        send = _with_headers(send)
        answer = self._refusal(scope)
        visitor = self._who(scope) if answer is None else None
        answer = answer or self._too_much(scope, visitor)
        if answer is not None:
            await _answer(answer, scope, receive, send)
        elif self._pages is not None and (_is_own(scope) or (visitor is None and _looks_for_the_page(scope))):
            await self._let_in(self._pages, visitor, scope, receive, send)
        elif visitor is None:
            await _answer(PlainTextResponse(_NO_SEAT, 403), scope, receive, send)
        else:
            await self._let_in(self._app, visitor, scope, receive, send)

    # -- who asks ----------------------------------------------------------------------------------

    def _refusal(self, scope: Scope) -> Response | None:
        """What a request gets that is not meant for this server or not made by its pages."""
        if self._closed:
            return PlainTextResponse(_ENDED, 503, {"connection": "close"})
        if not self._hosts.include(scope):
            return PlainTextResponse(_WRONG_NAME if self._door else _ONLY_HERE, 403)
        if scope["type"] == "http" and scope["path"] == HEALTH:
            return PlainTextResponse("ok\n")
        if gate_rules.is_foreign(scope):
            return PlainTextResponse(_FOREIGN, 403)
        return None

    def _who(self, scope: Scope) -> Visitor | None:
        """Who asks, if he may come in."""
        name = self._visitors.named(gate_rules.cookies_of(scope))
        if self._door is None or gate_rules.came_from_this_computer(scope):
            return Visitor(name or "", is_owner=True)
        member = self._door.member(name)
        if member is None:
            return None
        member.seen, member.address = self._door.now(), gate_rules.address_of(scope)
        return Visitor(member.name, member.is_owner)

    # -- how much ----------------------------------------------------------------------------------

    def _too_much(self, scope: Scope, visitor: Visitor | None) -> Response | None:
        if visitor is not None and visitor.is_owner:
            return None
        key = visitor.name if visitor is not None else f"at {gate_rules.address_of(scope)}"
        seconds = self._requests.of(key).take()
        if seconds:
            return _busy(seconds)
        if visitor is None:
            return None
        most = self._limits.sockets if scope["type"] == "websocket" else self._limits.requests
        return _busy(1.0) if self._connections.count(key, scope["type"]) >= most else None

    async def _let_in(self, app: ASGIApp, visitor: Visitor | None, scope: Scope, receive: Receive, send: Send) -> None:
        limits, length = self._limits, 0
        if scope["type"] == "http":
            try:
                limit = limits.body_limit(scope["path"]) if app is self._app else _FORM_BYTES
                length = check_body(scope, limit)
            except BodyRefused as error:
                await PlainTextResponse(str(error), error.status, {"connection": "close"})(scope, receive, send)
                return
        metered = visitor is not None and not visitor.is_owner
        name = visitor.name if visitor is not None and metered else ""
        connection = Connection(
            app,
            limits,
            body_seconds=limits.body_seconds(length) if length else 0.0,
            lasts=self._lasts(visitor),
            messages=self._messages.of(name) if metered else None,
        )
        with self._connections.counting(name, scope["type"], connection):
            await connection.run(self._vouched(scope, visitor), receive, send)

    def _lasts(self, visitor: Visitor | None) -> float | None:
        """Seconds until the visitor's seat ends; None for who needs none."""
        member = self._door.member(visitor.name) if self._door is not None and visitor is not None else None
        return None if self._door is None or member is None or member.until is None else member.until - self._door.now()

    def _vouched(self, scope: Scope, visitor: Visitor | None) -> Scope:
        """The request as the page sees it: with the gate's word on who asks, and nobody else's."""
        headers = [pair for pair in scope["headers"] if pair[0].lower() != HEADER.encode()]
        if visitor is not None:
            headers.append((HEADER.encode(), self._visitors.vouch(visitor).encode()))
        return {**scope, "headers": headers, "visitor": visitor}


def _is_own(scope: Scope) -> bool:
    """Whether the path is one of the gate's own pages."""
    path = scope["path"]
    return scope["type"] == "http" and any(path == own or path.startswith(f"{own}/") for own in _OWN_PATHS)


def _looks_for_the_page(scope: Scope) -> bool:
    """Whether somebody wants to look at something here, rather than a program to fetch it."""
    return (
        scope["type"] == "http" and scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
    )


def _busy(seconds: float) -> Response:
    return PlainTextResponse("Too much at once; wait a moment.", 429, {"retry-after": str(math.ceil(seconds))})


def _with_headers(send: Send) -> Send:
    """Add the security headers; a page may have a stricter policy, as policies only ever add up."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            headers.append("content-security-policy", CSP)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await send(message)

    return sending


async def _answer(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(scope, receive, send)
