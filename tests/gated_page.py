"""A page behind the gate that keeps count of what reaches it, and visitors who have seats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from apps.gate import Gate
from apps.gate_limits import Limits
from apps.gate_rules import HostNames
from apps.lan_door import Door
from apps.visitors import Visitors
from tests.asgi_client import LAN_SERVER, PORT

HERE = {"host": f"127.0.0.1:{PORT}", "client": "127.0.0.1", "server": "127.0.0.1"}
CHANGING = ["POST", "PUT", "PATCH", "DELETE"]


class Inside:
    """An application behind the gate that knows what reached it."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.seen: list[dict[str, str]] = []
        self.stream_ended = asyncio.Event()
        every = ["GET", "HEAD", *CHANGING]
        self.app = Starlette(
            routes=[
                Route("/stream", self._stream),
                Route("/{path:path}", self._answer, methods=every),
                WebSocketRoute("/ws", self._talk),
            ]
        )

    async def _answer(self, request: Request) -> Response:
        self.reached.append(request.url.path)
        self.seen.append(dict(request.headers))
        body = await request.body()
        return PlainTextResponse(f"inside {len(body)}")

    async def _stream(self, request: Request) -> Response:
        async def parts() -> Any:
            try:
                for _ in range(1000):
                    yield b"part\n"
                    await asyncio.sleep(0.01)
            finally:
                self.stream_ended.set()

        self.reached.append("/stream")
        return StreamingResponse(parts())

    async def _talk(self, socket: WebSocket) -> None:
        self.reached.append("/ws")
        await socket.accept()
        async for message in socket.iter_bytes():
            await socket.send_bytes(message)


class House:
    """A shared page: its gate, door and inside, and visitors who have seats."""

    def __init__(self, *, limits: Limits | None = None, door: Door | None = None) -> None:
        self.inside = Inside()
        self.door = door or Door()
        self.visitors = Visitors(None)
        self.gate = Gate(self.inside.app, self.visitors, HostNames([LAN_SERVER, "desk.local"]), self.door, None, limits)

    async def joined(self, name: str = "a") -> str:
        """A new visitor's cookie."""
        await self.door.join(name, self.door.token)
        return self.visitors.header(name).decode().partition(";")[0]


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 30))
