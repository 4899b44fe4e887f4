"""A framework's session belongs to the visitor it began with, whoever else knows its id."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from apps.gate_sessions import GradioSessions, Sessions, StreamlitSessions
from apps.visitors import Visitor
from tests.asgi_client import Answer, ask, connected


class As:
    """What the gate does for what is behind it: says who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.name = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "visitor": Visitor(self.name)}, receive, send)


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


async def _protocols(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(socket.headers.get("sec-websocket-protocol", "none"))


PAGE = Starlette(
    routes=[
        Route("/{path:path}", _echo, methods=["GET", "POST", "PUT"]),
        WebSocketRoute("/_stcore/stream", _protocols),
    ]
)
JSON = [("content-type", "application/json")]


def gradio() -> As:
    return As(GradioSessions(PAGE, Sessions()))


async def asked(page: As, name: str, method: str, path: str, body: Any = None, **how: Any) -> Answer:
    page.name = name
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return await ask(page, method, path, body=sent, **{"headers": JSON, **how})


WAYS: list[tuple[str, str, Any]] = [
    ("GET", "/gradio_api/queue/data?session_hash={}", None),
    ("GET", "/gradio_api/queue/data?x=1&session_hash={}", None),
    ("GET", "/gradio_api/queue/data?session_hash=OWN&session_hash={}", None),
    ("GET", "/gradio_api/heartbeat/{}", None),
    ("POST", "/gradio_api/queue/join", {"fn_index": 3, "session_hash": "{}"}),
    ("POST", "/gradio_api/queue/join?session_hash={}", {"session_hash": "OWN"}),
    ("POST", "/gradio_api/run/predict", {"session_hash": "{}", "data": []}),
    ("POST", "/gradio_api/cancel", {"session_hash": "{}", "fn_index": 1, "event_id": "e"}),
    ("POST", "/gradio_api/component_server", {"session_hash": "{}"}),
    ("GET", "/gradio_api/stream/{}/1/2/playlist.m3u8", None),
]


def with_id(template: Any, session: str) -> Any:
    if isinstance(template, dict):
        return {key: with_id(value, session) for key, value in template.items()}
    return template.replace("{}", session) if isinstance(template, str) else template


@pytest.mark.parametrize(("method", "path", "body"), WAYS)
@pytest.mark.parametrize("first", range(2))
def test_another_visitor_cannot_use_a_gradio_session(method: str, path: str, body: Any, first: int) -> None:
    async def test() -> None:
        page = gradio()
        begin = WAYS[3] if first else WAYS[4]  # whichever request comes first, the session is taken
        assert (await asked(page, "anna", begin[0], with_id(begin[1], "s"), with_id(begin[2], "s"))).status == 200

        async def uses(name: str, session: str) -> int:
            own = f"own{name}"  # beside which the other one might go unnoticed
            path_, body_ = with_id(path, session).replace("OWN", own), with_id(body, session)
            body_ = {**body_, "session_hash": own} if body_ and body_["session_hash"] == "OWN" else body_
            return (await asked(page, name, method, path_, body_)).status

        assert await uses("anna", "s") == 200
        assert [await uses("ben", "s"), await uses("", "s")] == [403, 403]
        assert await uses("ben", "b") == 200

    asyncio.run(test())


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b'{"session_hash": 5}', b'{"session_hash": null}', b"[" * 100_000, b"\xff\xfe"]
)
def test_bodies_without_a_session_pass_as_they_are(body: bytes) -> None:
    async def test() -> None:
        page = gradio()
        answer = await asked(page, "anna", "POST", "/gradio_api/queue/join", body)
        assert (answer.status, answer.body) == (200, body)
        pieces = [(0.0, b"a"), (0.0, b"b"), (0.0, b"c")]
        length = [("content-length", "3")]
        page.name = "anna"
        assert (await ask(page, "POST", "/gradio_api/x", body=pieces, headers=length)).body == b"abc"

    asyncio.run(test())


def test_a_file_that_is_uploaded_is_not_read_ahead() -> None:
    async def test() -> None:
        page = gradio()
        form = [("content-type", "multipart/form-data; boundary=x")]
        body = b'{"session_hash": "s"}'
        assert (await asked(page, "anna", "POST", "/gradio_api/upload", body, headers=form)).body == body
        assert (await asked(page, "ben", "POST", "/gradio_api/queue/join", {"session_hash": "s"})).status == 200

    asyncio.run(test())


def test_a_streamlit_session_comes_back_to_its_own_visitor_only() -> None:
    async def test() -> None:
        sessions = Sessions()
        page = As(StreamlitSessions(PAGE, sessions))
        sessions.bind("s1", "anna")
        assert not sessions.bind("s1", "ben")
        for name, given, passed in (
            ("anna", "streamlit, token, s1", "streamlit, token, s1"),
            ("ben", "streamlit, token, s1", "streamlit, token"),
            ("", "streamlit, token, s1", "streamlit, token"),
            ("anna", "streamlit, token, unknown", "streamlit, token"),
            ("ben", "streamlit,,s1", "streamlit, "),
            ("ben", "streamlit, token, s1, s1", "streamlit, token"),
            ("ben", "streamlit, token", "streamlit, token"),
        ):
            page.name = name
            how: Any = {"headers": [("sec-websocket-protocol", given)]}
            async with connected(page, "/_stcore/stream", **how) as socket:
                assert await socket.received.get() == passed, (name, given)
        async with connected(page, "/_stcore/stream") as socket:
            assert await socket.received.get() == "none"

    asyncio.run(test())


def test_a_file_goes_into_a_streamlit_session_of_ones_own_only() -> None:
    async def test() -> None:
        sessions = Sessions()
        page = As(StreamlitSessions(PAGE, sessions))
        sessions.bind("s1", "anna")
        for name, session, status in (("anna", "s1", 200), ("ben", "s1", 403), ("anna", "s2", 403), ("", "s1", 403)):
            page.name = name
            assert (await ask(page, "PUT", f"/_stcore/upload_file/{session}/f", body=b"x")).status == status

    asyncio.run(test())
