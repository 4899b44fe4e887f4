"""Whose turn it is: the queue of the torch engine, without an engine."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

import pytest

from glm import request_queue
from glm.errors import EngineError
from glm.events import EngineEvent, Queued
from glm.request import Request
from glm.request_queue import RequestQueue
from glm.settings import GenerationSettings


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Positions are told without the usual patience."""
    monkeypatch.setattr(request_queue, "QUIET_SECONDS", -1.0)


def request(visitor: str = "") -> Request:
    return Request([1, 2, 3], None, GenerationSettings(), None, 10, visitor)  # type: ignore[arg-type]


def queue_of(visitors: str) -> tuple[RequestQueue, list[Request]]:
    """A queue in which one request of each letter's visitor waits, in this order."""
    queue, requests = RequestQueue(), [request(visitor) for visitor in visitors]
    for one in requests:
        queue.put(one)
    return queue, requests


def admitted(queue: RequestQueue, count: int) -> str:
    """The visitors of the next requests."""
    found = [queue.admit(lambda _: True) for _ in range(count)]
    return "".join(one.visitor if one else "-" for one in found)


def events_of(one: Request) -> list[EngineEvent | EngineError]:
    return [one.events.get_nowait() for _ in range(one.events.qsize())]


@pytest.mark.parametrize(
    ("waiting", "order"),
    [
        ("AAA", "AAA"),
        ("AAAB", "ABAA"),
        ("AAABBC", "ABCABA"),
        ("AAAAAAAAAABC", "ABCAAAAAAAAA"),
    ],
)
def test_visitors_are_served_in_turn(waiting: str, order: str) -> None:
    queue, _ = queue_of(waiting)
    assert [one.visitor for one in queue.in_order()] == list(order)
    assert admitted(queue, len(waiting) + 1) == order + "-"


def test_a_visitor_with_many_running_requests_waits_for_those_with_fewer() -> None:
    queue, _ = queue_of("AAAA")
    admitted(queue, 3)
    for visitor in "BAB":
        queue.put(request(visitor))
    assert admitted(queue, 4) == "BBAA"


def test_requests_of_one_visitor_keep_their_order() -> None:
    queue, requests = queue_of("AAA")
    assert [queue.admit(lambda _: True) for _ in requests] == requests


def test_a_request_that_has_left_no_longer_counts_against_its_visitor() -> None:
    queue, requests = queue_of("AA")
    admitted(queue, 2)
    for one in requests:
        queue.left(one)
    for visitor in "AB":
        queue.put(request(visitor))
    assert admitted(queue, 2) == "AB"


def test_nobody_passes_a_request_that_does_not_fit_yet() -> None:
    queue, requests = queue_of("AB")
    assert queue.admit(lambda one: one is requests[1]) is None
    assert len(queue) == 2


def test_positions_are_told_and_told_again_when_they_change() -> None:
    queue, (first, second, third) = queue_of("AAB")
    queue.report()
    assert [events_of(one) for one in (first, second, third)] == [[Queued(1)], [Queued(3)], [Queued(2)]]
    queue.report()
    assert events_of(second) == []
    assert queue.admit(lambda _: True) is first
    queue.report()
    assert [events_of(one) for one in (first, second, third)] == [[], [Queued(2)], [Queued(1)]]


def test_a_short_wait_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_queue, "QUIET_SECONDS", 60.0)
    queue, (first,) = queue_of("A")
    queue.report()
    assert events_of(first) == []


def test_the_expected_wait_comes_from_how_long_the_last_requests_took(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("glm.request_queue.time.perf_counter", lambda: clock[0])
    queue, requests = queue_of("ABCDEF")
    admitted(queue, 3)
    clock[0] += 30.0
    queue.left(requests[0])
    queue.report()
    # Two are running, one of them ends every 15 seconds.
    assert [events_of(one) for one in requests[3:]] == [[Queued(1, 15.0)], [Queued(2, 30.0)], [Queued(3, 45.0)]]


def test_what_nobody_wants_any_more_leaves_the_queue() -> None:
    queue, (first, second, third) = queue_of("ABC")
    second.abandoned = True
    assert queue.remove_stopped() == [second]
    assert queue.in_order() == [first, third]


def test_a_closed_queue_refuses_with_its_error_and_gives_back_what_waits() -> None:
    queue, requests = queue_of("AB")
    queue.close(EngineError("over"))
    with pytest.raises(EngineError, match="over"):
        queue.put(request())
    assert queue.remove_all() == requests and not len(queue)
    queue.wait(None)  # returns at once


@pytest.mark.parametrize("order", ["AB", "BA"])
def test_nothing_is_remembered_of_visitors_who_have_gone(order: Sequence[str]) -> None:
    queue, requests = queue_of("AB")
    admitted(queue, 2)
    for visitor in order:
        queue.left(next(one for one in requests if one.visitor == visitor))
    kept = (queue._waiting, queue._running, queue._served, queue._began, queue._told)
    assert [len(one) for one in kept] == [0] * 5


def test_its_length_may_be_asked_while_others_put_and_remove() -> None:
    queue, over = RequestQueue(), threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            for visitor in "abcdef":
                queue.put(request(visitor))
            queue.remove_all()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    others = [threading.Thread(target=come_and_go) for _ in range(2)]
    try:
        for other in others:
            other.start()
        for _ in range(50_000):
            assert 0 <= len(queue) <= 12
    finally:
        over.set()
        sys.setswitchinterval(before)
        for other in others:
            other.join()
