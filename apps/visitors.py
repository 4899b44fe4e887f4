"""Who a visitor is: a random name in a signed cookie that no script can read. Nobody logs in.

It separates the conversations of different browsers. The key that signs it lies in the data folder, so
that a visitor is known again after the program was started anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Mapping, MutableMapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, Signer

from apps.serving import App, Receive, Scope, Send

_YEAR_SECONDS = 365 * 24 * 3600
_KEY_FILE = "visitors.key"


class Visitors:
    """Gives names to visitors and knows them again. `folder` keeps the key; None makes one for this run only."""

    def __init__(self, folder: Path | None) -> None:
        key = _key(folder)
        self._signer = Signer(key, salt="glm-visitor")
        # Cookies know no ports: two programs with different folders must not overwrite each other's.
        self.cookie = f"glm_visitor_{hashlib.sha256(key).hexdigest()[:8]}"

    def named(self, cookies: Mapping[str, str]) -> str | None:
        """The visitor's name, or None without a cookie that this program has signed."""
        try:
            return self._signer.unsign(cookies.get(self.cookie, "")).decode()
        except BadSignature:
            return None

    def header(self) -> bytes:
        """A Set-Cookie value that names a new visitor."""
        value = self._signer.sign(secrets.token_urlsafe(16)).decode()
        return f"{self.cookie}={value}; Path=/; Max-Age={_YEAR_SECONDS}; HttpOnly; SameSite=Lax".encode()


class NameVisitors:
    """ASGI middleware: gives every visitor of the page at "/" a name who has none."""

    def __init__(self, app: App, visitors: Visitors) -> None:
        self._app = app
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or self._visitors.named(_cookies(scope)) is not None:
            await self._app(scope, receive, send)
            return

        async def naming(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"set-cookie", self._visitors.header())]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, naming)


def _cookies(scope: Scope) -> dict[str, str]:
    jar = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            with contextlib.suppress(Exception):  # a browser may send anything under this name
                jar.load(value.decode("latin-1"))
    return {name: morsel.value for name, morsel in jar.items()}


def _key(folder: Path | None) -> bytes:
    fresh = secrets.token_bytes(32)
    if folder is None:
        return fresh
    file = folder / _KEY_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (
            contextlib.suppress(FileExistsError),
            open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new,
        ):
            new.write(fresh)
        kept = file.read_bytes()
    except OSError:
        return fresh
    return kept if len(kept) == len(fresh) else fresh
