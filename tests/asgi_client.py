"""Asks an ASGI application as a client at any address would: requests with slow bodies, and websockets, included."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

LAN_SERVER, LAN_CLIENT = "192.168.1.5", "192.168.1.77"
PORT = 7860
Pairs = Sequence[tuple[str, str]]


@dataclass
class Answer:
    """What came back. A websocket that was let in has status 101, one that was not 403."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    closed: int | None = None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def cookie(self) -> str:
        """What a browser would send back."""
        return self.header("set-cookie").partition(";")[0]


def scope_of(
    kind: str, method: str, path: str, headers: Pairs, *, client: str, server: str, scheme: str
) -> dict[str, Any]:
    bare, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "path": bare, "raw_path": bare.encode(),
        "query_string": query.encode(), "root_path": "", "headers": [(n.encode(), v.encode()) for n, v in headers],
        "client": (client, 50000), "server": (server, PORT), "scheme": scheme, "extensions": {}, "state": {},
    }  # fmt: skip
    return scope | ({"method": method} if kind == "http" else {"subprotocols": []})


async def ask(
    app: Any,
    method: str,
    path: str,
    *,
    host: str | None = f"{LAN_SERVER}:{PORT}",
    client: str = LAN_CLIENT,
    server: str = LAN_SERVER,
    scheme: str = "http",
    headers: Pairs = (),
    body: bytes | Iterable[tuple[float, bytes]] = b"",
    cookie: str = "",
) -> Answer:
    """One request. `body` may come in pieces, each after some seconds; then say its length in `headers`."""
    pieces = [(0.0, body)] if isinstance(body, bytes) else list(body)
    sent = [("host", host)] if host is not None else []
    sent += [("content-length", str(len(body)))] if isinstance(body, bytes) and body else []
    sent += [("cookie", cookie)] if cookie else []
    answer = Answer()

    async def receive() -> dict[str, Any]:
        if not pieces:
            await asyncio.Event().wait()
        seconds, piece = pieces.pop(0)
        await asyncio.sleep(seconds)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(name.decode().lower(), value.decode()) for name, value in message.get("headers", ())]
        else:
            answer.body += message.get("body", b"")

    scope = scope_of("http", method, path, [*sent, *headers], client=client, server=server, scheme=scheme)
    await app(scope, receive, send)
    return answer


class Socket:
    """An open websocket from the client's side."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.received: asyncio.Queue[Any] = asyncio.Queue()
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(self, data: bytes) -> None:
        await self._to_app.put({"type": "websocket.receive", "bytes": data})


@contextlib.asynccontextmanager
async def connected(
    app: Any,
    path: str = "/ws",
    *,
    host: str = f"{LAN_SERVER}:{PORT}",
    client: str = LAN_CLIENT,
    scheme: str = "ws",
    headers: Pairs = (),
    cookie: str = "",
) -> AsyncIterator[Socket]:
    """A websocket, until the block ends. See `answer.status` for whether it was let in."""
    socket = Socket()
    decided = asyncio.Event()
    sent = [("host", host), *([("cookie", cookie)] if cookie else []), *headers]
    scope = scope_of("websocket", "", path, sent, client=client, server=LAN_SERVER, scheme=scheme)
    await socket._to_app.put({"type": "websocket.connect"})

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.accept":
            socket.answer.status = 101
        elif message["type"] == "websocket.close":
            socket.answer.status = socket.answer.status or 403
            socket.answer.closed = message.get("code", 1000)
            await socket.received.put(None)
        else:
            await socket.received.put(message.get("bytes") or message.get("text"))
        decided.set()

    running = asyncio.ensure_future(app(scope, socket._to_app.get, send))
    running.add_done_callback(lambda task: decided.set())
    await asyncio.wait_for(decided.wait(), 10)
    try:
        yield socket
    finally:
        await socket._to_app.put({"type": "websocket.disconnect", "code": 1001})
        with contextlib.suppress(asyncio.CancelledError, asyncio.TimeoutError):
            await asyncio.wait_for(running, 10)


async def websocket(app: Any, path: str = "/ws", **how: Any) -> Answer:
    """Whether a websocket is let in."""
    async with connected(app, path, **how) as socket:
        return socket.answer
