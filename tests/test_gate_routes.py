"""Every route of both frameworks, http and websocket, walked: none answers a stranger on a shared page.

There is no list of exceptions. The routes are those that the frameworks have at the installed versions.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps import gate_entrance, options
from apps.chats import Chats
from apps.engine_loader import EngineLoader
from apps.gate_entrance import Entrance
from glm.scripted_engine import ScriptedEngine
from tests.asgi_client import LAN_SERVER, PORT, ask, websocket

Route = tuple[str, str]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def walked(routes: Iterable[Any], prefix: str = "") -> Iterator[Route]:
    """Method and path of every route, those of mounted applications included; "WS" for websockets."""
    for route in routes:
        path = prefix + getattr(route, "path", "")
        inner = [getattr(route, name, None) for name in ("app", "original_router")]
        below = next((found.routes for found in (route, *inner) if getattr(found, "routes", None)), None)
        if below:
            yield from walked(below, path.rstrip("/"))
        elif "WebSocket" in type(route).__name__:
            yield "WS", path
        else:
            yield from ((method, path) for method in (getattr(route, "methods", None) or METHODS))


def filled(path: str) -> str:
    return re.sub(r"{[^}]*}", "x", path) or "/"


@pytest.fixture(scope="module")
def entrance() -> Entrance:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate_entrance, "_reachable", lambda asked: [LAN_SERVER])
        return Entrance(options.parse(options.parser("test", "test"), ["--lan", "--no-open"]), None)


@pytest.fixture(scope="module")
def gradio(entrance: Entrance) -> tuple[Any, list[Route]]:
    """The Gradio chat as it is served, and its routes."""
    from apps.gradio_app import page

    engine = ScriptedEngine()
    _, gate = page(EngineLoader(lambda progress: engine).start(), Chats(engine, None), entrance)
    inner: Any = gate
    while not hasattr(inner, "routes"):
        inner = inner._app
    return gate, list(walked(inner.routes))


@pytest.fixture(scope="module")
def streamlit(entrance: Entrance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, list[Route]]]:
    """The composite page as it is served, and its routes."""
    import streamlit as st
    from streamlit.runtime import Runtime

    from apps.streamlit_app import Launched, Service

    engine = ScriptedEngine()
    loader = EngineLoader(lambda progress: engine).start()
    made = Service(loader, Chats(engine, None), entrance.visitors, options.Options(), sessions=entrance.sessions)
    launched = Launched("composite.py", made, entrance, direct=False)
    script = Path(__file__).resolve().parent.parent / "apps" / "composite_page.py"
    before, Runtime._instance = Runtime._instance, None
    app = st.App(script, **launched.app_arguments())._build_starlette_app()
    yield app, list(walked(app.routes))
    Runtime._instance = before


@pytest.mark.parametrize(
    ("framework", "known"),
    [
        (
            "gradio",
            [("POST", "/gradio_api/queue/join"), ("GET", "/gradio_api/queue/data"), ("POST", "/gradio_api/upload"),
             ("GET", "/gradio_api/file={path_or_url:path}"), ("GET", "/theme.css"), ("GET", "/config")],
        ),
        (
            "streamlit",
            [("WS", "/_stcore/stream"), ("PUT", "/_stcore/upload_file/{session_id}/{file_id}"),
             ("GET", "/_stcore/health"), ("GET", "/cell-frame/{name}")],
        ),
    ],
)  # fmt: skip
def test_no_route_answers_somebody_without_a_seat(
    framework: str, known: list[Route], request: pytest.FixtureRequest
) -> None:
    app, routes = request.getfixturevalue(framework)
    assert set(known) <= set(routes) and len(routes) > 15

    async def test() -> None:
        for method, path in routes:
            for client in ("192.168.1.77", "::ffff:192.168.1.77", "fd00::9"):
                if method == "WS":
                    answer = await websocket(app, filled(path), client=client)
                else:
                    answer = await ask(app, method, filled(path), client=client)
                assert answer.status == 403, (method, path, answer.text)

    asyncio.run(test())


@pytest.mark.parametrize("framework", ["gradio", "streamlit"])
def test_no_route_does_anything_for_another_sites_page(framework: str, request: pytest.FixtureRequest) -> None:
    app, routes = request.getfixturevalue(framework)
    here = {"host": f"127.0.0.1:{PORT}", "client": "127.0.0.1"}

    async def test() -> None:
        for method, path in routes:
            for origin in ("http://evil", "null", "http://localhost.evil", f"http://127.0.0.1.evil:{PORT}"):
                if method == "WS":
                    answer = await websocket(app, filled(path), headers=[("origin", origin)], **here)
                    assert answer.status == 403, (path, origin)
                elif method not in ("GET", "HEAD", "OPTIONS"):
                    answer = await ask(app, method, filled(path), headers=[("origin", origin)], **here)
                    assert answer.status == 403, (method, path, origin)
            if method != "WS":
                foreign = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")]
                assert (await ask(app, method, filled(path), headers=foreign, **here)).status == 403, (method, path)

    asyncio.run(test())


@pytest.mark.parametrize("framework", ["gradio", "streamlit"])
def test_a_seat_is_what_opens_the_routes(framework: str, entrance: Entrance, request: pytest.FixtureRequest) -> None:
    app, _ = request.getfixturevalue(framework)
    path = "/theme.css" if framework == "gradio" else "/_stcore/host-config"

    async def test() -> None:
        assert entrance.door is not None
        await entrance.door.join("anna", entrance.door.token)
        cookie = entrance.visitors.header("anna").decode().partition(";")[0]
        assert (await ask(app, "GET", path)).status == 403
        assert (await ask(app, "GET", path, cookie=cookie)).status == 200

    asyncio.run(test())
