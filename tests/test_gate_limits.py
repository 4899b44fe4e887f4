"""How much the gate lets one visitor ask: sizes, rates, connections, time."""

from __future__ import annotations

import asyncio

import pytest

from apps.gate_limits import Limits
from tests.asgi_client import Answer, ask, connected, websocket
from tests.gated_page import HERE, House, run

SMALL = Limits(body_bytes=1000, upload_bytes=5000, message_bytes=100, slack_seconds=0.3, slowest=1e9)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/x", [("content-length", "1001")], 413),
        ("/_stcore/upload_file/a/b", [("content-length", "5001")], 413),
        ("/gradio_api/upload", [("content-length", "5001")], 413),
        ("/x", [("content-length", "9" * 400)], 413),
        ("/x", [("transfer-encoding", "chunked")], 411),
        ("/x", [("content-length", "10"), ("content-length", "11")], 400),
        ("/x", [("content-length", "-1")], 400),
        ("/x", [("content-length", "1e3")], 400),
    ],
)
def test_a_body_that_is_too_large_or_of_unknown_size_never_reaches_the_page(
    path: str, headers: list[tuple[str, str]], status: int
) -> None:
    async def test() -> None:
        house = House(limits=SMALL)
        for how in ({"cookie": await house.joined()}, HERE):
            answer = await ask(house.gate, "POST", path, **how, headers=headers, body=[(0, b"x")])
            assert answer.status == status
        assert house.inside.reached == []

    run(test)


def test_uploads_may_be_larger_than_other_bodies() -> None:
    async def test() -> None:
        house = House(limits=SMALL)
        cookie = await house.joined()
        assert (await ask(house.gate, "POST", "/x", cookie=cookie, body=b"x" * 1000)).text == "inside 1000"
        assert (await ask(house.gate, "PUT", "/_stcore/upload_file/a/b", cookie=cookie, body=b"x" * 5000)).status == 200

    run(test)


def test_a_body_that_dribbles_in_is_given_up() -> None:
    async def test() -> None:
        house = House(limits=SMALL)
        cookie = await house.joined()
        length = [("content-length", "10")]
        slow = [(0.05, b"x")] * 10
        assert (await ask(house.gate, "POST", "/x", cookie=cookie, headers=length, body=slow)).status == 408
        never = [(0.0, b"x"), (60.0, b"x")]
        assert (await ask(house.gate, "POST", "/x", cookie=cookie, headers=length, body=never)).status == 408
        quick = [(0.01, b"x")] * 10
        assert (await ask(house.gate, "POST", "/x", cookie=cookie, headers=length, body=quick)).status == 200

    run(test)


def test_one_visitor_who_asks_too_much_waits_and_the_others_do_not() -> None:
    async def test() -> None:
        house = House(limits=Limits(requests_per_second=0.01, burst=5))
        greedy, modest = await house.joined("a"), await house.joined("b")
        statuses = [(await ask(house.gate, "GET", "/", cookie=greedy)).status for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        refused: Answer = await ask(house.gate, "GET", "/", cookie=greedy)
        assert int(refused.header("retry-after")) > 1
        assert (await websocket(house.gate, cookie=greedy)).status == 403
        assert (await ask(house.gate, "GET", "/", cookie=modest)).status == 200
        assert {(await ask(house.gate, "GET", "/", **HERE)).status for _ in range(9)} == {200}
        strangers = [(await ask(house.gate, "GET", "/", client="192.168.1.99")).status for _ in range(7)]
        assert strangers == [403] * 5 + [429] * 2

    run(test)


def test_a_visitor_has_so_many_websockets_at_a_time() -> None:
    async def test() -> None:
        house = House(limits=Limits(sockets=2))
        cookie, other = await house.joined("a"), await house.joined("b")
        async with connected(house.gate, cookie=cookie), connected(house.gate, cookie=cookie) as second:
            assert second.answer.status == 101
            assert (await websocket(house.gate, cookie=cookie)).status == 403
            assert (await websocket(house.gate, cookie=other)).status == 101
        assert (await websocket(house.gate, cookie=cookie)).status == 101

    run(test)


def test_a_websocket_message_that_is_too_large_closes_it() -> None:
    async def test() -> None:
        house = House(limits=SMALL)
        async with connected(house.gate, cookie=await house.joined()) as socket:
            await socket.send(b"x" * 100)
            assert await socket.received.get() == b"x" * 100
            await socket.send(b"x" * 101)
            assert await asyncio.wait_for(socket.received.get(), 5) is None
            assert socket.answer.closed == 1009

    run(test)


def test_messages_that_come_too_quickly_are_slowed_down() -> None:
    async def test() -> None:
        house = House(limits=Limits(messages_per_second=0.01, message_burst=3))
        async with connected(house.gate, cookie=await house.joined()) as socket:
            for number in range(5):
                await socket.send(bytes([number]))
            await asyncio.sleep(0.2)
            assert socket.received.qsize() == 3

    run(test)
