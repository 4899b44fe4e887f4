"""Which requests are meant for this server and come from its own pages: host names and origins, nothing else.

A foreign page that has its own name resolve to this computer (DNS rebinding) still sends its own name as host, and a
foreign page that posts to this computer (CSRF) still sends its own origin. Names are compared whole, never in part.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers
from starlette.types import Scope

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\\\[\]]+)(?::(\d{1,5}))?", re.ASCII)
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class HostNames:
    """The names and addresses under which this server may be asked for; this computer's own are always among them."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(plain_name(name) for name in names)

    def include(self, scope: Scope) -> bool:
        """Whether the request names a host of ours: one of the names, or the address that it arrived at."""
        asked = host_of(scope)
        if asked is None:
            return False
        if is_loopback(asked[0]) or asked[0] in self._names:
            return True
        arrived = scope.get("server")
        return bool(self._names) and arrived is not None and asked[0] == plain_name(str(arrived[0]))


def host_of(scope: Scope) -> tuple[str, int] | None:
    """Name and port that the request asks for; None without exactly one well-formed Host header."""
    given = Headers(scope=scope).getlist("host")
    return split_host(given[0], scheme_of(scope)) if len(given) == 1 else None


def split_host(host: str, scheme: str) -> tuple[str, int] | None:
    """Plain name and port of "name", "name:port" or "[address]:port"; None for anything else."""
    read = _HOST.fullmatch(host)
    if read is None:
        return None
    port = int(read[2]) if read[2] else _DEFAULT_PORTS[scheme]
    return (plain_name(read[1]), port) if 0 < port < 65536 else None


def scheme_of(scope: Scope) -> str:
    """ "http" or "https", for websockets too."""
    return _SCHEMES.get(scope.get("scheme", "http"), "http")


def is_foreign(scope: Scope) -> bool:
    """Whether another site's page sent the request, where that matters: everything but opening a page.

    A browser says where a request comes from in Origin, and to a trustworthy address in Sec-Fetch-Site too. What says
    neither is no browser's script, and has no cookies of a browser.
    """
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    changes = scope["type"] == "websocket" or scope["method"] not in _READING
    if origins and changes:
        return not is_own_origin(scope)
    site = headers.get("sec-fetch-site", "none")
    if site in ("none", "same-origin"):
        return False
    opens_page = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return changes or not opens_page


def is_own_origin(scope: Scope) -> bool:
    """Whether the request says that a page of exactly this scheme, name and port sent it."""
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    if not origins:
        return headers.get("sec-fetch-site") == "same-origin"
    scheme, separator, host = origins[0].partition("://")
    if len(origins) != 1 or not separator or scheme != scheme_of(scope):
        return False
    asked = host_of(scope)
    return asked is not None and split_host(host, scheme) == asked


def came_from_this_computer(scope: Scope) -> bool:
    """Whether somebody at this computer sent the request: both ends are loopback and no proxy stands between."""
    client, asked = scope.get("client"), host_of(scope)
    if client is None or asked is None:
        return False
    headers = Headers(scope=scope)
    if any(name in headers for name in _FORWARDED):
        return False
    return is_loopback(plain_name(str(client[0]))) and is_loopback(asked[0])


def address_of(scope: Scope) -> str:
    """The address of the other side, or "" where there is none."""
    client = scope.get("client")
    return plain_name(str(client[0])) if client else ""


def plain_name(name: str) -> str:
    """A host name or address in the one way it is compared here: lower case, no brackets, no closing dot, no zone.

    An IPv4 address that arrived at an IPv6 socket is an IPv4 address.
    """
    name = name.strip().lower().removeprefix("[").removesuffix("]").removesuffix(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return str(address)


def is_loopback(name: str) -> bool:
    """Whether a plain name stands for this computer, for nobody else."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def cookies_of(scope: Scope) -> Mapping[str, str]:
    """The request's cookies by name. Of two with the same name the first counts: browsers put the closer one first."""
    found: dict[str, str] = {}
    for header in Headers(scope=scope).getlist("cookie"):
        for part in header.split(";"):
            name, separator, value = part.strip().partition("=")
            if separator:
                found.setdefault(name.strip(), value.strip())
    return found
