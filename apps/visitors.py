"""Who a visitor is: a random name in a signed cookie that no script can read. Nobody logs in.

It separates the conversations, files and kernels of different browsers; on a shared page the same name has the seat.
The key that signs it lies in the data folder, so that a visitor is known again after the program was started anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from itsdangerous import BadSignature, Signer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.gate_rules import cookies_of

_YEAR_SECONDS = 365 * 24 * 3600
_KEY_FILE = "visitors.key"
HEADER = "x-glm-visitor"
"""The header in which the gate tells a page who asks."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody whom the gate let in. `name` is "" for a browser on this computer that has no cookie yet."""

    name: str
    is_owner: bool = False


class Visitors:
    """Gives names to visitors and knows them again. `folder` keeps the key; None makes one for this run only.

    With `secure` the cookie is for HTTPS only, and another one than that for HTTP, which can be read on the way.
    """

    def __init__(self, folder: Path | None, *, secure: bool = False) -> None:
        key = _key(folder)
        self._names = Signer(key, salt="glm-visitor")
        self._word = Signer(key, salt="glm-gate")
        self._secure = secure
        # Cookies know no ports: two programs with different folders must not overwrite each other's.
        self.cookie = f"{'__Host-' if secure else ''}glm_visitor_{hashlib.sha256(key).hexdigest()[:8]}"

    def named(self, cookies: Mapping[str, str]) -> str | None:
        """The visitor's name, or None without a cookie that this program has signed."""
        try:
            return self._names.unsign(cookies.get(self.cookie, "")).decode()
        except BadSignature:
            return None

    def header(self, name: str | None = None) -> bytes:
        """A Set-Cookie value that names a visitor; without `name` a new one."""
        value = self._names.sign(name or new_name()).decode()
        more = "; Secure" if self._secure else ""
        return f"{self.cookie}={value}; Path=/; Max-Age={_YEAR_SECONDS}; HttpOnly; SameSite=Lax{more}".encode()

    def vouch(self, visitor: Visitor) -> str:
        """What the gate tells a page about who asks; nobody else can write it."""
        return self._word.sign(f"{'owner' if visitor.is_owner else 'visitor'}:{visitor.name}").decode()

    def vouched(self, headers: Mapping[str, str]) -> Visitor | None:
        """Who asks, in the gate's words; None where no gate has let anybody in."""
        try:
            role, _, name = self._word.unsign(headers.get(HEADER) or "").decode().partition(":")
        except BadSignature:
            return None
        return Visitor(name, role == "owner")


class NameVisitors:
    """ASGI middleware: gives every visitor of the page at "/" a name who has none."""

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self._app = app
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/" or self._visitors.named(cookies_of(scope)) is not None:
            await self._app(scope, receive, send)
            return

        async def naming(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"set-cookie", self._visitors.header())]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, naming)


def new_name() -> str:
    """A name that nobody can guess."""
    return secrets.token_urlsafe(16)


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
