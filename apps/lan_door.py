"""Door: who may come in to a shared page. Seats, a link that runs out, a password, and who is in at present.

A visitor who joined has a seat under the name in his cookie; the list of seats is in this process only, so that taking
one away works at once and starting the program anew empties the room. All of it runs in the server's event loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from apps.gate_limits import Bucket, Buckets

Refusal: TypeAlias = Literal["unknown_link", "link_ended", "closed", "full", "removed", "wrong_password", "too_often"]
"""Why somebody cannot join; the wording is in `apps.lan_texts`."""

_GUESSES, _GUESSES_PER_SECOND = 6, 1 / 20
_ALL_GUESSES, _ALL_GUESSES_PER_SECOND = 60, 1.0
_NAME_LENGTH = 30
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


class JoinRefused(Exception):
    """Somebody cannot join. `why` is the key of the reason."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why: Refusal = why


@dataclass(slots=True)
class Member:
    """Somebody who has a seat. Times are in seconds since the epoch; `until` None means that it does not run out."""

    name: str
    number: int
    label: str
    address: str
    since: float
    seen: float
    until: float | None
    is_owner: bool = False


@dataclass(slots=True)
class Door:
    """`seats` visitors may be in at a time. The link, and each seat taken, lasts `hours`.

    With a `password` the link carries no secret and the password is asked for instead. `on_removed` is called with the
    name of each visitor who has to leave. `now` gives seconds since the epoch.
    """

    seats: int = 12
    hours: float = 12.0
    password: Password | None = None
    now: Callable[[], float] = time.time
    on_removed: list[Callable[[str], None]] = field(default_factory=list)
    is_open: bool = field(default=True, init=False)
    token: str = field(default="", init=False)
    ends: float = field(default=0.0, init=False)
    owner_key: str = field(default_factory=lambda: _token(40), init=False)
    _members: dict[str, Member] = field(default_factory=dict, init=False)
    _banned: set[str] = field(default_factory=set, init=False)
    _count: int = field(default=0, init=False)
    _guesses: Buckets = field(default_factory=lambda: Buckets(_GUESSES_PER_SECOND, _GUESSES), init=False)
    _all_guesses: Bucket = field(default_factory=lambda: Bucket(_ALL_GUESSES_PER_SECOND, _ALL_GUESSES), init=False)

    def __post_init__(self) -> None:
        self.new_link()

    @property
    def path(self) -> str:
        """Where the link leads, below the server's address."""
        return "/join" if self.password else f"/join/{self.token}"

    @property
    def owner_path(self) -> str:
        """Where the owner's own link leads."""
        return f"/join/{self.owner_key}"

    @property
    def visitors(self) -> list[Member]:
        """Who has a seat, in the order of joining; owners take none."""
        self._let_expire()
        return [member for member in self._members.values() if not member.is_owner]

    def member(self, name: str | None) -> Member | None:
        """The member of this name, if the seat is still his."""
        self._let_expire()
        return self._members.get(name or "")

    def is_owner_key(self, token: str) -> bool:
        """Whether `token` is the owner's."""
        return _same(token, self.owner_key)

    def check(self, token: str, name: str | None) -> None:
        """Raise `JoinRefused` when whoever opened the link `token` cannot join now."""
        if self.is_owner_key(token):
            return
        if not _same(token, "" if self.password else self.token):
            raise JoinRefused("unknown_link")
        if name in self._banned:
            raise JoinRefused("removed")
        if self.now() >= self.ends:
            raise JoinRefused("link_ended")
        if not self.is_open:
            raise JoinRefused("closed")
        if self.member(name) is None and len(self.visitors) >= self.seats:
            raise JoinRefused("full")

    async def join(self, name: str, token: str, *, label: str = "", address: str = "", password: str = "") -> Member:
        """Take a seat under the visitor's `name`. Raises `JoinRefused`."""
        self.check(token, name)
        by_key = self.is_owner_key(token)
        if self.password is not None and not by_key:
            await self._check_password(self.password, password, address)
            self.check(token, name)  # checking takes a moment, in which somebody else may have come
        old, moment = self._members.get(name), self.now()
        is_owner = by_key or (old is not None and old.is_owner)
        if old is None:
            self._count += 1
        until = None if is_owner else moment + self.hours * 3600
        self._members[name] = Member(
            name,
            number=old.number if old else self._count,
            label=_clean(label) or (old.label if old else ""),
            address=address,
            since=old.since if old else moment,
            seen=moment,
            until=until,
            is_owner=is_owner,
        )
        return self._members[name]

    def remove(self, number: int) -> None:
        """Take a visitor's seat away and do not let this browser in again."""
        for member in self.visitors:
            if member.number == number:
                self._banned.add(member.name)
                self._drop(member.name)

    def new_link(self) -> None:
        """Make a new link; the old one leads nowhere from now on. Who is in stays."""
        self.token = _token(22)
        self.ends = self.now() + self.hours * 3600
        self.is_open = True

    def close_everything(self) -> None:
        """Send all visitors out, close the door and end the link."""
        self.new_link()
        self.is_open = False
        for member in self.visitors:
            self._drop(member.name)

    def _drop(self, name: str) -> None:
        del self._members[name]
        for tell in self.on_removed:
            tell(name)

    def _let_expire(self) -> None:
        moment = self.now()
        for name in [m.name for m in self._members.values() if m.until is not None and m.until <= moment]:
            self._drop(name)

    async def _check_password(self, password: Password, given: str, address: str) -> None:
        mine = self._guesses.of(_neighbourhood(address))
        if mine.take():
            raise JoinRefused("too_often")
        if self._all_guesses.take():
            mine.give_back()
            raise JoinRefused("too_often")
        if not await password.matches(given):
            raise JoinRefused("wrong_password")
        mine.give_back()
        self._all_guesses.give_back()


class Password:
    """A password, kept as a hash that is slow to compute, so that guessing is slow too."""

    def __init__(self, password: str) -> None:
        self._salt = secrets.token_bytes(16)
        self._hash = self._hashed(password)
        self._one_at_a_time = asyncio.Semaphore(1)

    async def matches(self, given: str) -> bool:
        """Whether `given` is the password; takes the same time whatever it is."""
        async with self._one_at_a_time:
            computed = await asyncio.to_thread(self._hashed, given[:1000])
        return hmac.compare_digest(computed, self._hash)

    def _hashed(self, password: str) -> bytes:
        return hashlib.scrypt(password.encode("utf-8", "replace"), salt=self._salt, n=2**14, r=8, p=1)


def _token(length: int) -> str:
    """A secret of letters and digits, which no program breaks into lines and nobody mistakes: 5.7 bits for each."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _clean(label: str) -> str:
    """A name as typed, in one line and without what could disturb the list."""
    return " ".join("".join(letter for letter in label if letter.isprintable()).split())[:_NAME_LENGTH]


def _neighbourhood(address: str) -> str:
    """Whom wrong passwords count against: the address, or the /64 network that one IPv6 host can choose from."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((read, 64), strict=False)) if read.version == 6 else address
