"""An engine served over HTTP, so that several front ends can share one model: ``python -m glm engine``.

Whoever knows the key may use it: there is no page, no cookie, nothing for a browser. Every request but the sign
of life needs ``Authorization: Bearer KEY``. What is said is in `glm.wire`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from glm import wire
from glm.engine import KEY_VARIABLE, Engine
from glm.errors import EngineError, GlmError
from glm.settings import GenerationSettings

ALIVE_SECONDS = 5.0
"""How often a stream without news shows that it lives."""

_MAX_STREAMS = 256
_BUSY = "the engine has {count} requests already; try again in a moment"

Handler = Callable[[Request], Awaitable[Response]]


def serve(engine: Engine, host: str, port: int, *, certfile: Path | None = None, keyfile: Path | None = None) -> int:
    """Serve `engine` until Ctrl-C; returns the exit code. The key is that of the environment, or a new one.

    Raises `EngineError` for an address that cannot be used or a certificate that cannot be read.
    """
    given = os.environ.get(KEY_VARIABLE, "")
    key = given or secrets.token_urlsafe(24)
    shown = f"[{host}]" if ":" in host else host
    url = f"{'https' if certfile else 'http'}://{shown}:{port}"
    try:
        config = uvicorn.Config(
            EngineServer(engine, key).app, host=host, port=port, log_level="warning", access_log=False, lifespan="off",
            ssl_certfile=certfile, ssl_keyfile=keyfile, timeout_graceful_shutdown=2,
        )  # fmt: skip
        config.load()
        listening = config.bind_socket()
    except OSError as error:
        raise EngineError(
            f"{url} cannot be served ({error.strerror or error}); check --certfile and --keyfile"
        ) from error
    except SystemExit as error:  # uvicorn's own way of saying that the address is taken; it has said why
        raise EngineError(f"{url} cannot be used; choose another --port or --host") from error
    print(f"{engine.info.name} is ready at {url}  (Ctrl-C ends it)")
    print("Front ends on this computer or in this network use it with")
    print(f"  {KEY_VARIABLE}={'...' if given else key} python web_demo.py --engine {url}", flush=True)
    uvicorn.Server(config).run(sockets=[listening])
    return 0


class EngineServer:
    """The ASGI application `app` over `engine`. `key` is what clients have to know."""

    def __init__(self, engine: Engine, key: str) -> None:
        self._engine = engine
        self._key = key.encode()
        self._stops: dict[str, threading.Event] = {}
        self.app = Starlette(
            routes=[
                Route("/healthz", _alive),
                Route("/info", self._checked(self._info)),
                Route("/stream", self._checked(self._stream), methods=["POST"]),
                Route("/stop/{key}", self._checked(self._stop), methods=["POST"]),
                Route("/count_tokens", self._checked(self._count), methods=["POST"]),
                Route("/call_message", self._checked(self._call_message), methods=["POST"]),
            ]
        )

    @property
    def streams(self) -> int:
        """How many answers are being made or wait."""
        return len(self._stops)

    def _checked(self, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not secrets.compare_digest(given.encode(), self._key):
                return PlainTextResponse("the key is missing or wrong; see where the engine was started\n", 401)
            try:
                return await handler(request)
            except GlmError as error:
                return Response(wire.error_line(error), 400, media_type="application/json")
            except ClientDisconnect:
                return Response(status_code=400)

        return handle

    async def _info(self, request: Request) -> Response:
        return Response(wire.line(self._engine.info), media_type="application/json")

    async def _count(self, request: Request) -> Response:
        ask, _ = wire.read_ask(await _body(request))
        count = await run_in_threadpool(self._engine.count_tokens, ask.messages, tools=ask.tools)
        return Response(wire.count_body(count), media_type="application/json")

    async def _call_message(self, request: Request) -> Response:
        call = wire.read_call(await _body(request))
        return Response(wire.message_body(self._engine.call_message(call)), media_type="application/json")

    async def _stop(self, request: Request) -> Response:
        stop = self._stops.get(request.path_params["key"])
        if stop is not None:
            stop.set()
        return Response(status_code=204)

    async def _stream(self, request: Request) -> Response:
        ask, settings = wire.read_ask(await _body(request))
        if len(self._stops) >= _MAX_STREAMS:
            raise EngineError(_BUSY.format(count=len(self._stops)))
        key = ask.id or secrets.token_hex(8)
        if key in self._stops:
            raise EngineError(f"a request with the id {key!r} is running; choose another")
        return StreamingResponse(self._lines(ask, settings, key), media_type="application/x-ndjson")

    async def _lines(self, ask: wire.Ask, settings: GenerationSettings, key: str) -> AsyncIterator[bytes]:
        stop = self._stops[key] = threading.Event()
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[bytes | None] = asyncio.Queue()

        def put(item: bytes | None) -> None:
            try:
                loop.call_soon_threadsafe(lines.put_nowait, item)
            except RuntimeError:  # the server has ended meanwhile
                stop.set()

        def read() -> None:
            for line in wire.with_failure(wire.event_lines(self._engine, ask, settings, stop)):
                put(line)
            put(None)

        # A thread for each: the server's pool has few, and streams that wait would take them all.
        threading.Thread(target=read, name="engine-stream", daemon=True).start()
        try:
            yield wire.line(self._engine.info)
            while True:
                try:
                    item = await asyncio.wait_for(lines.get(), ALIVE_SECONDS)
                except asyncio.TimeoutError:
                    yield b"\n"
                    continue
                if item is None:
                    return
                yield item
        finally:  # at the end, and when the client has gone
            stop.set()
            self._stops.pop(key, None)


async def _alive(request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > wire.MAX_BODY_BYTES:
            raise EngineError(f"the request is longer than {wire.MAX_BODY_BYTES:,} bytes; shorten the conversation")
    return bytes(body)
