"""RequestQueue: requests that wait for room, and whose turn it is.

The next request is that of the visitor with the fewest running ones, and among those of the visitor who was served
the longest ago. So many tabs of one visitor queue behind each other while others wait, and use everything when
nobody does. Requests of one visitor keep their order.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping

from glm.errors import EngineError
from glm.events import Queued
from glm.request import Request

QUIET_SECONDS = 0.3
"""A request that waits less is not told so."""

REPORT_SECONDS = 2.0
"""How often the expected wait is told while the position stays."""

_MEASURED = 32
"""How many of the latest requests the expected wait is taken from."""


class RequestQueue:
    """Filled by the threads that read answers, emptied by the worker. `closed` holds the error for latecomers."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Request]] = {}
        self._running: Counter[str] = Counter()
        self._served: dict[str, int] = {}
        self._turns = 0
        self._began: dict[Request, float] = {}
        self._seconds: deque[float] = deque(maxlen=_MEASURED)
        self._told: dict[Request, Queued] = {}
        self._told_at = 0.0
        self.closed: EngineError | None = None

    def __len__(self) -> int:
        with self._changed:
            return sum(map(len, self._waiting.values()))

    def put(self, request: Request) -> None:
        """Append a request. Raises the error in `closed` when there is one."""
        with self._changed:
            if self.closed is not None:
                raise EngineError(*self.closed.args)
            self._waiting.setdefault(request.visitor, deque()).append(request)
            self._changed.notify_all()

    def close(self, error: EngineError) -> None:
        """Take nothing more, and wake whoever waits."""
        with self._changed:
            self.closed = error
            self._changed.notify_all()

    def wait(self, seconds: float | None) -> None:
        """Return when a request waits, the queue is closed or `seconds` have passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self.closed, seconds)

    def admit(self, fits: Callable[[Request], bool]) -> Request | None:
        """Take out the request whose turn it is; None while it does not fit: the others wait behind it."""
        with self._changed:
            visitor = self._next(self._running, self._served, self._waiting)
            if visitor is None or not fits(self._waiting[visitor][0]):
                return None
            request = self._waiting[visitor][0]
            self._remove(request)
            self._turns += 1
            self._served[visitor] = self._turns
            self._running[visitor] += 1
            self._began[request] = time.perf_counter()
        return request

    def left(self, request: Request) -> None:
        """A request that was admitted has ended, however it did."""
        with self._changed:
            self._seconds.append(time.perf_counter() - self._began.pop(request))
            self._running[request.visitor] -= 1
            if not self._running[request.visitor]:
                del self._running[request.visitor]
                if request.visitor not in self._waiting:
                    self._served.pop(request.visitor, None)

    def remove_stopped(self) -> list[Request]:
        """Take out all requests that nobody wants any more."""
        with self._changed:
            stopped = [request for line in self._waiting.values() for request in line if request.stopped]
            for request in stopped:
                self._remove(request)
        return stopped

    def remove_all(self) -> list[Request]:
        """Take out everything."""
        with self._changed:
            waiting = [request for line in self._waiting.values() for request in line]
            for request in waiting:
                self._remove(request)
        return waiting

    def report(self) -> None:
        """Tell the waiting requests their positions, and how long it takes, where that has changed."""
        now = time.perf_counter()
        with self._changed:
            if not self._waiting:
                return
            is_time = now - self._told_at >= REPORT_SECONDS
            for position, request in enumerate(self.in_order(), start=1):
                told = self._told.get(request)
                if now - request.asked_at < QUIET_SECONDS or (told and told.position == position and not is_time):
                    continue
                news = Queued(position, self._expected(position))
                if news != told:
                    self._told[request] = news
                    request.events.put(news)
            if is_time:
                self._told_at = now

    def in_order(self) -> list[Request]:
        """The waiting requests as they would be admitted if none ended and none came."""
        lines = {visitor: deque(line) for visitor, line in self._waiting.items()}
        running, served, turn = Counter(self._running), dict(self._served), self._turns
        order = []
        while (visitor := self._next(running, served, lines)) is not None:
            order.append(lines[visitor].popleft())
            if not lines[visitor]:
                del lines[visitor]
            turn += 1
            running[visitor] += 1
            served[visitor] = turn
        return order

    def _expected(self, position: int) -> float | None:
        """Seconds until `position` requests have ended, when as many run at once as now; None while unknown."""
        if not self._seconds or not self._began:
            return None
        mean = sum(self._seconds) / len(self._seconds)
        return float(round(mean * position / len(self._began)))

    @staticmethod
    def _next(
        running: Mapping[str, int], served: Mapping[str, int], waiting: Mapping[str, deque[Request]]
    ) -> str | None:
        # min takes the first of equals, and a dict keeps the order in which visitors came.
        return min(waiting, key=lambda visitor: (running.get(visitor, 0), served.get(visitor, 0)), default=None)

    def _remove(self, request: Request) -> None:
        line = self._waiting[request.visitor]
        line.remove(request)
        self._told.pop(request, None)
        if not line:
            del self._waiting[request.visitor]
            if not self._running[request.visitor]:
                self._served.pop(request.visitor, None)
