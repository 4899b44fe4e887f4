"""Whose a framework's session is. To the frameworks it is anybody's who knows its id; the gate does not let that be.

`Sessions` remembers which visitor a session began with. One middleware for each framework keeps others out: Streamlit
names the session when a websocket connects again and when a file is uploaded, Gradio in every request.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.visitors import Visitor

_KEPT = 20_000
_STREAMLIT_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/")
_GRADIO_PATH = re.compile(r"/gradio_api/(?:heartbeat|stream)/([^/]+)")
_NOT_YOURS = "This session belongs to another visitor."


class Sessions:
    """The visitors' names by session id; the first who brings one along has it. The oldest are forgotten."""

    def __init__(self) -> None:
        self._owners: OrderedDict[str, str] = OrderedDict()

    def bind(self, session: str, name: str) -> bool:
        """Whether the session is the visitor's; one that nobody has yet becomes his."""
        owner = self._owners.setdefault(session, name)
        self._owners.move_to_end(session)
        while len(self._owners) > _KEPT:
            self._owners.popitem(last=False)
        return owner == name

    def belongs(self, session: str, name: str) -> bool:
        """Whether the session is known to be the visitor's."""
        return self._owners.get(session) == name


class StreamlitSessions:
    """ASGI middleware inside the gate. The page's script binds its session as soon as it runs.

    A websocket that asks for a session which is not the visitor's gets a new one.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            scope = self._without_others_session(scope)
        elif scope["type"] == "http":
            upload = _STREAMLIT_UPLOAD.match(scope["path"])
            if upload is not None and not self._sessions.belongs(upload[1], _name(scope)):
                await PlainTextResponse(_NOT_YOURS, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _without_others_session(self, scope: Scope) -> Scope:
        headers = MutableHeaders(raw=list(scope["headers"]))
        given = headers.getlist("sec-websocket-protocol")
        # Streamlit sends "streamlit, XSRF token, session id"; of several headers it reads the first.
        entries = [entry.strip() for entry in ",".join(given).split(",")]
        if len(entries) > 2 and not self._sessions.belongs(entries[2], _name(scope)):
            entries = entries[:2]
        if not given:
            return scope
        headers["sec-websocket-protocol"] = ", ".join(entries)
        return {**scope, "headers": headers.raw}


class GradioSessions:
    """ASGI middleware inside the gate: a request that names another visitor's session is refused.

    Gradio's pages make up the id themselves and say it in the path, the query or the JSON body.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/gradio_api/"):
            await self._app(scope, receive, send)
            return
        named = _in_path_and_query(scope)
        body, receive = await read_ahead(scope, receive)
        named |= _in_body(body)
        if all(self._sessions.bind(session, _name(scope)) for session in named):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse(_NOT_YOURS, 403)(scope, receive, send)


def _name(scope: Scope) -> str:
    visitor = scope.get("visitor")
    return visitor.name if isinstance(visitor, Visitor) else ""


def _in_path_and_query(scope: Scope) -> set[str]:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    found = set(query.get("session_hash", ()))
    path = _GRADIO_PATH.match(scope["path"])
    return found | {path[1]} if path else found


def _in_body(body: bytes) -> set[str]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return set()
    found = read.get("session_hash") if isinstance(read, dict) else None
    return {found} if isinstance(found, str) else set()


async def read_ahead(scope: Scope, receive: Receive) -> tuple[bytes, Receive]:
    """The whole body of a POST, and a `receive` that gives it once more; of others, and of an upload, nothing is read.

    The gate has seen to its size.
    """
    if scope["method"] != "POST" or Headers(scope=scope).get("content-type", "").startswith("multipart/"):
        return b"", receive
    body, message = bytearray(), await receive()
    while message["type"] == "http.request":
        body.extend(message.get("body", b""))
        if not message.get("more_body"):
            message = {"type": "http.request", "body": bytes(body), "more_body": False}
            break
        message = await receive()
    waiting: list[Message] = [message]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return bytes(body), receiving
