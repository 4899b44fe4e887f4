"""Open connections by visitor: counted, timed, and cut when their visitor has to leave.

A request or websocket runs as a task of its own, so that it ends when it has to, whatever the framework is doing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.gate_limits import Bucket, Limits

_POLICY_VIOLATION, _TOO_BIG = 1008, 1009


class Connections:
    """What is open at present, by visitor's name and kind ("http" or "websocket")."""

    def __init__(self) -> None:
        self._open: defaultdict[tuple[str, str], set[Connection]] = defaultdict(set)

    def count(self, name: str, kind: str) -> int:
        """How many connections of this kind the visitor has."""
        return len(self._open.get((name, kind), ()))

    def cut(self, name: str | None = None, *, begun: bool = False) -> None:
        """End all connections of a visitor, or of everybody; with `begun` those only whose answer has begun."""
        for (owner, _), connections in tuple(self._open.items()):
            if name is None or owner == name:
                for connection in tuple(connections):
                    if connection.has_begun or not begun:
                        connection.cut()

    @contextlib.contextmanager
    def counting(self, name: str, kind: str, connection: Connection) -> Iterator[None]:
        """Count `connection` as the visitor's while the block runs."""
        mine = self._open[name, kind]
        mine.add(connection)
        try:
            yield
        finally:
            mine.discard(connection)
            if not mine:
                self._open.pop((name, kind), None)


class Connection:
    """One request or websocket on its way through the application.

    `body_seconds` is the time the request's body may take, `lasts` the seconds after which the visitor's seat ends
    (None: never), `messages` meters what a websocket sends. Sizes are those of `limits`.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        *,
        body_seconds: float = 0.0,
        lasts: float | None = None,
        messages: Bucket | None = None,
    ) -> None:
        self._app = app
        self._limits = limits
        self._body_seconds = body_seconds
        self._lasts = lasts
        self._messages = messages
        self._task: asyncio.Task[None] | None = None
        self._started = False
        self._ending: tuple[int, str] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether an answer has begun: then it is a stream, or a websocket."""
        return self._started

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; returns when it has, or when the connection was cut."""
        is_socket = scope["type"] == "websocket"
        receiving = self._metered(receive) if is_socket else self._timed(receive)

        async def noting(message: Message) -> None:
            self._started = self._started or message["type"] in ("http.response.start", "websocket.accept")
            await send(message)

        self._task = asyncio.ensure_future(self._app(scope, receiving, noting))
        timer = None if self._lasts is None else asyncio.get_running_loop().call_later(self._lasts, self.cut)
        try:
            await self._task
        except asyncio.CancelledError:
            if self._ending is None:
                raise
            with contextlib.suppress(Exception):  # the other side may have gone meanwhile
                await self._say_goodbye(scope, receive, send)
        finally:
            if timer is not None:
                timer.cancel()

    def cut(self, status: int = 403, sentence: str = "Your seat here has ended.") -> None:
        """End it: with `status` and `sentence` if no answer has begun. Any thread may do so."""
        if self._task is not None:
            with contextlib.suppress(RuntimeError):  # the event loop is gone, and the connection with it
                self._task.get_loop().call_soon_threadsafe(self._end, self._task, status, sentence)

    def _end(self, task: asyncio.Task[None], status: int, sentence: str) -> None:
        if self._ending is None and not task.done():
            self._ending = (status, sentence)
            task.cancel()

    async def _say_goodbye(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, sentence = self._ending or (403, "")
        if scope["type"] == "websocket":
            code = _TOO_BIG if status == 413 else _POLICY_VIOLATION
            await send({"type": "websocket.close", "code": code, "reason": sentence})
        elif self._started:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            # What is left of the body must not be taken for the next request.
            await PlainTextResponse(sentence, status, {"connection": "close"})(scope, receive, send)

    def _timed(self, receive: Receive) -> Receive:
        """`receive`, as long as the body arrives in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._body_seconds
        complete = self._body_seconds <= 0

        async def receiving() -> Message:
            nonlocal complete
            if complete:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), deadline - loop.time())
            except asyncio.TimeoutError:
                self.cut(408, "The request took too long to arrive.")
                await asyncio.Event().wait()  # until the cut takes effect
                raise
            complete = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        return receiving

    def _metered(self, receive: Receive) -> Receive:
        """`receive`, no quicker than the visitor may send, and no message larger than may be."""

        async def receiving() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            if len(message.get("bytes") or message.get("text") or "") > self._limits.message_bytes:
                self.cut(413, "This message is too large.")
                await asyncio.Event().wait()
            while self._messages is not None and (seconds := self._messages.take()):
                await asyncio.sleep(seconds)
            return message

        return receiving
