"""Entrance: what stands between the network and a page, put together as the options ask, and told on the terminal.

The same for every program, whatever draws its page: gate, door, names, certificate, link and QR code.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import segno
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from apps import lan, lan_certificate, serving
from apps.gate import HEALTH, Gate
from apps.gate_rules import HostNames, is_loopback, plain_name
from apps.gate_sessions import Sessions
from apps.join_page import JoinPage, turned_away
from apps.lan_door import Door, Password
from apps.options import Options, Sharing
from apps.owner_page import OwnerPage
from apps.visitors import NameVisitors, Visitors

_WHITE_ON_BLACK, _RESET = "\x1b[38;5;231;48;5;16m", "\x1b[0m"


class Entrance:
    """`folder` keeps the key that visitors are known by and the certificate. `door` is None when nothing is shared.

    Raises `ServingError` when the page cannot be shared as asked.
    """

    def __init__(self, asked: Options, folder: Path | None) -> None:
        self._asked = asked
        self._addresses = _reachable(asked)
        names = [*self._addresses, *lan.own_names()] if asked.sharing else []
        self.certificate = _certificate(asked.sharing, folder, names)
        self.scheme = "https" if self.certificate else "http"
        self.visitors = Visitors(folder, secure=self.certificate is not None)
        self.sessions = Sessions()
        self.door = _door(asked.sharing)
        self._hosts = HostNames(names)

    @property
    def url(self) -> str:
        """Where the browser on this computer opens the page."""
        host = self._asked.host
        if host in ("::", "0.0.0.0"):
            host = "127.0.0.1"
        return lan.server_url(self.scheme, host.strip("[]"), self._asked.port)

    @property
    def owner_url(self) -> str:
        """What to open for the owner: the page itself, or his link where this computer is as strange as any other."""
        own = self.door is None or is_loopback(plain_name(self._asked.host)) or self._asked.host in ("::", "0.0.0.0")
        return self.url if own or self.door is None else f"{self.url}{self.door.owner_path}"

    @property
    def shared_url(self) -> str:
        """Where others open it; the path of the link is not part of it."""
        host = self._addresses[0] if self._addresses else plain_name(self._asked.host)
        return lan.server_url(self.scheme, host, self._asked.port)

    def middleware(self) -> list[Middleware]:
        """What every request passes, outermost first, for a framework that takes a list."""
        return [Middleware(self._gate), Middleware(NameVisitors, visitors=self.visitors)]

    def guard(self, app: ASGIApp) -> Gate:
        """The same around a whole application, so that nothing of its framework is reached before."""
        return self._gate(NameVisitors(app, self.visitors))

    def _gate(self, app: ASGIApp) -> Gate:
        pages = own_pages(self.door, self.visitors, self.shared_url) if self.door is not None else None
        return Gate(app, self.visitors, self._hosts, self.door, pages)

    def announce(self, name: str, *, say: Callable[[str], None] = lambda line: print(line, flush=True)) -> None:
        """Say where the page is and open it; when it is shared, try the address first, in a thread."""
        say(f"{name} is ready: {self.owner_url}  (Ctrl-C ends it)")
        if self._asked.open_browser:
            threading.Timer(0.5, serving.open_in_browser, [self.owner_url]).start()
        if self.door is not None:
            threading.Thread(
                target=self._announce_link, args=(self.door, say), name="lan-self-test", daemon=True
            ).start()

    # -- on the terminal ---------------------------------------------------------------------------

    def _announce_link(self, door: Door, say: Callable[[str], None]) -> None:
        asked, sharing = self._asked, self._asked.sharing or Sharing()
        failed = lan.self_test(f"{self.shared_url}{HEALTH}")
        link = f"{self.shared_url}{door.path}"
        secret = "has this password" if door.password else "opens this link"
        ends = f"{datetime.fromtimestamp(door.ends):%Y-%m-%d %H:%M}"
        lines = [
            "",
            f"Shared on the local network: who {secret} can join ({sharing.seats} seats, until {ends}).",
            "",
            f"    {link}",
            "",
            *qr_lines(link),
        ]
        lines += [
            f"Also:        {lan.server_url(self.scheme, other, asked.port)}{door.path}" for other in self._addresses[1:]
        ]
        if self.owner_url == self.url:
            lines.append(f"Who is in:   {self.url}/owner  (on this computer; the door is closed there too)")
        lines.append(
            f"Owner link:  {self.shared_url}{door.owner_path}  (for you on another device; keep it to yourself)"
        )
        if self.certificate is not None:
            lines.append(f"Certificate: SHA-256 {self.certificate.fingerprint}")
        if self.certificate is not None and sharing.https:
            lines.append("             It was made here: browsers warn once, and show this number for comparison.")
        if failed:
            lines += ["", f"This address did not answer: {self.shared_url} ({failed})."]
        lines += lan.firewall_advice(asked.port, failed=bool(failed))
        say("\n".join(lines))


def own_pages(door: Door, visitors: Visitors, address: str) -> Router:
    """The pages to join at, for the owner, and for everybody else who looks for something without having a seat."""
    join, owner = JoinPage(door, visitors), OwnerPage(door, address)

    async def elsewhere(request: Request) -> Response:
        if door.password is not None and request.url.path != door.path:
            return RedirectResponse(door.path, 303)
        return turned_away(request, "no_seat")

    routes = [
        Route("/join", join.answer, methods=["GET", "POST"]),
        Route("/join/{token}", join.answer, methods=["GET", "POST"]),
        Route("/owner", owner.answer, methods=["GET"]),
        Route("/owner/{action}", owner.answer, methods=["GET", "POST"]),
        Route("/{rest:path}", elsewhere, methods=["GET"]),
    ]
    return Router(routes, redirect_slashes=False)


def qr_lines(link: str) -> list[str]:
    """The link as a QR code of block characters; nothing where the terminal cannot show them."""
    try:
        "█▀▄".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return []
    drawn = io.StringIO()
    segno.make(link, error="m", micro=False).terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().splitlines()
    coloured = sys.stdout.isatty() and (sys.platform != "win32" or "WT_SESSION" in os.environ)
    if coloured:  # whatever the terminal's own colours are: a code in reverse is not read by every phone
        lines = [f"{_WHITE_ON_BLACK}{line}{_RESET}" for line in lines]
    return [*(f"    {line}" for line in lines), ""]


def _reachable(asked: Options) -> list[str]:
    """The names and addresses that others may use, the best first. Raises `ServingError` when there are none."""
    if asked.sharing is None:
        return []
    if asked.host in ("::", "0.0.0.0"):
        found = [address.ip for address in lan.addresses() if asked.host == "::" or ":" not in address.ip]
    else:
        found = [plain_name(asked.host)]
    found = [*(plain_name(name) for name in asked.sharing.names), *found]
    if not found:
        raise serving.ServingError(
            "this computer has no address that others could reach; connect it to a network, or leave out --lan"
        )
    return list(dict.fromkeys(found))


def _certificate(sharing: Sharing | None, folder: Path | None, names: list[str]) -> lan_certificate.Certificate | None:
    if sharing is None:
        return None
    if sharing.certfile is not None and sharing.keyfile is not None:
        return lan_certificate.given(sharing.certfile, sharing.keyfile)
    if not sharing.https:
        return None
    if folder is None:
        raise serving.ServingError("--https needs a folder to keep its certificate in")
    return lan_certificate.self_made(folder, ["localhost", "127.0.0.1", "::1", *names])


def _door(sharing: Sharing | None) -> Door | None:
    if sharing is None:
        return None
    password = Password(sharing.password) if sharing.password is not None else None
    return Door(seats=sharing.seats, hours=sharing.hours, password=password)
