"""How much one visitor may ask of the server: requests in a second, connections at a time, sizes of what is sent.

`Limits` are the numbers, `Meter` counts for all visitors, `check_body` judges a request by its headers alone, before
anything of its body is read. The owner is not metered; sizes hold for everybody.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

_KNOWN = 2000


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates are per visitor. `burst` requests are free at once: a page is made of a hundred files.

    Bodies are in bytes, `slack_seconds` is the time any body may take, to which `slowest` bytes a second add.
    `uploads` are the paths below which a body may have `upload_bytes`.
    """

    requests_per_second: float = 30.0
    burst: int = 400
    messages_per_second: float = 30.0
    message_burst: int = 200
    sockets: int = 16
    requests: int = 48
    body_bytes: int = 25_000_000
    upload_bytes: int = 110_000_000
    uploads: tuple[str, ...] = ("/_stcore/upload_file/", "/gradio_api/upload")
    message_bytes: int = 25_000_000
    slack_seconds: float = 30.0
    slowest: float = 32_000.0

    def body_limit(self, path: str) -> int:
        """The largest body that may be sent to `path`."""
        return self.upload_bytes if path.startswith(self.uploads) else self.body_bytes

    def body_seconds(self, length: int) -> float:
        """How long a body of `length` bytes may take to arrive."""
        return self.slack_seconds + length / self.slowest


class Bucket:
    """A token bucket: `burst` at once, `rate` a second in the long run."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._now = rate, float(burst), now
        self._tokens, self._at = float(burst), now()

    def take(self) -> float:
        """0 when one more is allowed now, else the seconds until it will be; nothing is taken then."""
        moment = self._now()
        self._tokens = min(self._burst, self._tokens + (moment - self._at) * self._rate)
        self._at = moment
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self._rate
        self._tokens -= 1.0
        return 0.0

    def give_back(self) -> None:
        """Undo a `take` that shall not count."""
        self._tokens = min(self._burst, self._tokens + 1.0)


class Buckets:
    """A bucket for everybody who comes along; those unseen for longest are forgotten, which fills theirs."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._make = lambda: Bucket(rate, burst, now)
        self._by_key: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, key: str) -> Bucket:
        """The bucket of `key`."""
        bucket = self._by_key.get(key)
        if bucket is None:
            bucket = self._by_key[key] = self._make()
            if len(self._by_key) > _KNOWN:
                self._by_key.popitem(last=False)
        self._by_key.move_to_end(key)
        return bucket


class BodyRefused(Exception):
    """A body that is not wanted: the HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def check_body(scope: Scope, limit: int) -> int:
    """The length of the body that the request announces, in bytes.

    Raises `BodyRefused`: 411 for a body of unknown length, 400 for a length that is none, 413 for more than `limit`.
    """
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        raise BodyRefused(411, "A request with a body has to say its length (Content-Length).")
    lengths = set(headers.getlist("content-length"))
    if not lengths:
        return 0
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()):
        raise BodyRefused(400, "The length of the request's body cannot be read.")
    if len(length) > 15 or int(length) > limit:
        raise BodyRefused(413, f"This is too large: at most {limit / 1e6:g} MB can be sent here.")
    return int(length)
