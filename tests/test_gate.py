"""The gate in front of every page: hosts, origins, seats. Asked directly; what is inside keeps count."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from apps.gate import Gate
from apps.lan_door import Door
from apps.visitors import HEADER, Visitor, Visitors
from tests.asgi_client import LAN_CLIENT, LAN_SERVER, PORT, ask, connected, websocket
from tests.gated_page import CHANGING, HERE, House, Inside, run

HOSTILE_ORIGINS = [
    "http://evil", "null", "http://localhost.evil", f"http://127.0.0.1.evil:{PORT}", f"http://127.0.0.1:{PORT}.evil",
    "http://127.0.0.1:1", "http://127.0.0.1", f"https://127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT}@evil", "file://",
    f"http://evil@127.0.0.1:{PORT}", "", f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}/",
]  # fmt: skip


def alone() -> tuple[Inside, Gate]:
    """A page for this computer only."""
    inside = Inside()
    return inside, Gate(inside.app)


# -- hosts and origins -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil", "localhost.evil", "127.0.0.1.evil:7860", "127.0.0.1@evil", "192.168.1.5", "0.0.0.0", "[::1", "::1",
        "localhost:7860:1", "localhost:x", "localhost:99999", "127.1", "2130706433", "", None, "localhost\\evil",
    ],
)  # fmt: skip
def test_a_page_for_this_computer_answers_to_its_own_names_only(host: str | None) -> None:
    async def test() -> None:
        inside, gate = alone()
        for path in ("/", "/healthz"):
            assert (await ask(gate, "GET", path, **HERE | {"host": host})).status == 403
        assert (await websocket(gate, host=host or "", client="127.0.0.1")).status == 403
        assert inside.reached == []

    run(test)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:7860", "127.0.0.1:7860", "127.8.9.1", "[::1]:1", "localhost."]
)
def test_the_names_of_this_computer_are_let_in(host: str) -> None:
    async def test() -> None:
        inside, gate = alone()
        assert (await ask(gate, "GET", "/", **HERE | {"host": host})).status == 200
        assert (await websocket(gate, host=host, client="127.0.0.1")).status == 101
        assert inside.reached == ["/", "/ws"]

    run(test)


def test_two_host_headers_are_one_too_many() -> None:
    async def test() -> None:
        inside, gate = alone()
        assert (await ask(gate, "GET", "/", **HERE, headers=[("host", "evil")])).status == 403
        assert inside.reached == []

    run(test)


@pytest.mark.parametrize("origin", HOSTILE_ORIGINS)
def test_other_sites_pages_change_nothing_and_open_no_websocket(origin: str) -> None:
    async def test() -> None:
        inside, gate = alone()
        for method in CHANGING:
            answer = await ask(gate, method, "/x", **HERE, headers=[("origin", origin)], body=b"x")
            assert answer.status == 403, (method, answer.text)
        refused = await websocket(gate, host=HERE["host"], client="127.0.0.1", headers=[("origin", origin)])
        assert refused.status == 403
        assert inside.reached == []

    run(test)


def test_a_request_with_two_origins_is_foreign() -> None:
    async def test() -> None:
        inside, gate = alone()
        headers = [("origin", f"http://127.0.0.1:{PORT}"), ("origin", "http://evil")]
        assert (await ask(gate, "POST", "/x", **HERE, headers=headers)).status == 403
        assert inside.reached == []

    run(test)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("method", ["GET", *CHANGING])
def test_what_a_browser_calls_foreign_is_refused_without_an_origin_too(site: str, method: str) -> None:
    async def test() -> None:
        inside, gate = alone()
        headers = [("sec-fetch-site", site), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")]
        assert (await ask(gate, method, "/x", **HERE, headers=headers)).status == 403
        assert inside.reached == []

    run(test)


def test_a_link_on_another_site_opens_the_page_but_no_frame() -> None:
    async def test() -> None:
        inside, gate = alone()
        opened = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]
        assert (await ask(gate, "GET", "/", **HERE, headers=[*opened, ("sec-fetch-dest", "document")])).status == 200
        assert (await ask(gate, "GET", "/", **HERE, headers=[*opened, ("sec-fetch-dest", "iframe")])).status == 403
        posted = [*opened, ("sec-fetch-dest", "document")]
        assert (await ask(gate, "POST", "/", **HERE, headers=posted)).status == 403
        assert inside.reached == ["/"]

    run(test)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_its_own_pages_may_do_everything(scheme: str) -> None:
    async def test() -> None:
        inside, gate = alone()
        origin = [("origin", f"{scheme}://127.0.0.1:{PORT}"), ("sec-fetch-site", "same-origin")]
        for method in CHANGING:
            assert (await ask(gate, method, "/x", **HERE, scheme=scheme, headers=origin)).status == 200
        socket_scheme = scheme.replace("http", "ws")
        how = {"host": HERE["host"], "client": "127.0.0.1", "scheme": socket_scheme, "headers": origin}
        assert (await websocket(gate, **how)).status == 101
        assert len(inside.reached) == len(CHANGING) + 1

    run(test)


def test_a_port_that_goes_without_saying_is_the_same_origin() -> None:
    async def test() -> None:
        _, gate = alone()
        how = {**HERE, "host": "localhost"}
        assert (await ask(gate, "POST", "/x", **how, headers=[("origin", "http://localhost")])).status == 200
        assert (await ask(gate, "POST", "/x", **how, headers=[("origin", "http://localhost:80")])).status == 200

    run(test)


def test_every_answer_forbids_the_outside_even_a_refusal() -> None:
    async def test() -> None:
        house = House()
        cookie = await house.joined()
        asked = [
            await ask(house.gate, "GET", "/", cookie=cookie),
            await ask(house.gate, "GET", "/"),
            await ask(house.gate, "GET", "/", host="evil"),
            await ask(house.gate, "GET", "/healthz"),
            await ask(house.gate, "POST", "/", headers=[("content-length", "999999999999")], cookie=cookie),
        ]
        assert [answer.status for answer in asked] == [200, 403, 403, 200, 413]
        for answer in asked:
            assert "default-src 'self'" in answer.header("content-security-policy")
            assert answer.header("x-content-type-options") == "nosniff"
            assert answer.header("referrer-policy") == "no-referrer"

    run(test)


# -- seats -----------------------------------------------------------------------------------------


def test_without_a_seat_nothing_is_reached_but_the_health_of_the_server() -> None:
    async def test() -> None:
        house = House()
        forged = house.visitors.header("stranger").decode().partition(";")[0]
        others = Visitors(None)
        foreign = f"{house.visitors.cookie}={others.header('a').decode().partition('=')[2].partition(';')[0]}"
        await house.joined("a")
        for cookie in ("", forged, foreign, f"{house.visitors.cookie}=a", f"{house.visitors.cookie}="):
            for method in ("GET", "HEAD", *CHANGING):
                for path in ("/", "/x", "/join", "/owner", "/healthz/x", "//healthz", "/healthz?x=/", "/x/../healthz"):
                    answer = await ask(house.gate, method, path, cookie=cookie)
                    assert answer.status == (200 if path == "/healthz?x=/" else 403), (method, path, cookie)
            assert (await websocket(house.gate, cookie=cookie)).status == 403
            assert (await websocket(house.gate, "/healthz", cookie=cookie)).status == 403
        assert house.inside.reached == []

    run(test)


def test_a_seat_opens_pages_and_websockets_under_every_name_of_the_computer() -> None:
    async def test() -> None:
        house = House()
        cookie = await house.joined()
        for host in (f"{LAN_SERVER}:{PORT}", "desk.local:7860", "DESK.local"):
            assert (await ask(house.gate, "GET", "/", host=host, cookie=cookie)).status == 200
            assert (await websocket(house.gate, host=host, cookie=cookie)).status == 101
        assert (await ask(house.gate, "GET", "/", host="desk.local.evil", cookie=cookie)).status == 403

    run(test)


def test_an_address_that_the_computer_got_later_is_its_own_too() -> None:
    async def test() -> None:
        house = House()
        cookie = await house.joined()
        new = "10.9.8.7"
        assert (await ask(house.gate, "GET", "/", host=new, server=new, cookie=cookie)).status == 200
        assert (await ask(house.gate, "GET", "/", host=new, server=f"::ffff:{new}", cookie=cookie)).status == 200
        assert (await ask(house.gate, "GET", "/", host=new, server=LAN_SERVER, cookie=cookie)).status == 403

    run(test)


@pytest.mark.parametrize(
    ("how", "owns"),
    [
        (HERE, True),
        ({"host": "[::1]:7860", "client": "::1"}, True),
        ({"host": "localhost", "client": "::ffff:127.0.0.1"}, True),
        ({"host": "localhost", "client": LAN_CLIENT}, False),
        ({"host": LAN_SERVER, "client": "127.0.0.1"}, False),
        ({**HERE, "headers": [("x-forwarded-for", "203.0.113.9")]}, False),
        ({**HERE, "headers": [("forwarded", "for=203.0.113.9")]}, False),
        ({**HERE, "headers": [("via", "1.1 proxy")]}, False),
    ],
)
def test_the_owner_is_who_sits_at_the_computer(how: dict[str, Any], owns: bool) -> None:
    async def test() -> None:
        house = House()
        assert (await ask(house.gate, "GET", "/", **how)).status == (200 if owns else 403)
        assert bool(house.inside.reached) is owns

    run(test)


def test_the_page_learns_from_the_gate_alone_who_asks() -> None:
    async def test() -> None:
        house = House()
        cookie = await house.joined("anna")
        owner = Visitors(None).vouch(Visitor("forger", is_owner=True))
        forged = [(HEADER, owner), (HEADER.upper(), owner)]
        await ask(house.gate, "GET", "/", cookie=cookie, headers=forged)
        await ask(house.gate, "GET", "/", **HERE, headers=forged)
        seen = [house.visitors.vouched(headers) for headers in house.inside.seen]
        assert [(who.name, who.is_owner) for who in seen if who] == [("anna", False), ("", True)]
        assert all(owner not in headers.values() for headers in house.inside.seen)
        assert house.visitors.vouched({HEADER: "owner:anna"}) is None
        assert Visitors(None).vouched(house.inside.seen[0]) is None

    run(test)


# -- leaving ---------------------------------------------------------------------------------------


def test_who_is_removed_loses_open_websockets_and_streams_at_once() -> None:
    async def test() -> None:
        house = House()
        cookie, other = await house.joined("a"), await house.joined("b")
        stream = asyncio.ensure_future(ask(house.gate, "GET", "/stream", cookie=cookie))
        async with connected(house.gate, cookie=cookie) as one, connected(house.gate, cookie=other) as two:
            await asyncio.sleep(0.1)
            house.door.remove(1)
            assert await asyncio.wait_for(one.received.get(), 5) is None and one.answer.closed == 1008
            answer = await asyncio.wait_for(stream, 5)
            assert answer.body.startswith(b"part") and house.inside.stream_ended.is_set()
            await two.send(b"still here")
            assert await asyncio.wait_for(two.received.get(), 5) == b"still here"
        assert (await ask(house.gate, "GET", "/", cookie=cookie)).status == 403
        assert (await ask(house.gate, "GET", "/", cookie=other)).status == 200

    run(test)


def test_a_seat_that_runs_out_ends_what_is_open() -> None:
    async def test() -> None:
        house = House(door=Door(hours=0.4 / 3600))
        cookie = await house.joined()
        async with connected(house.gate, cookie=cookie) as socket:
            assert socket.answer.status == 101
            assert await asyncio.wait_for(socket.received.get(), 10) is None
            assert socket.answer.closed == 1008
        assert (await ask(house.gate, "GET", "/", cookie=cookie)).status == 403

    run(test)


def test_a_gate_that_closes_ends_streams_and_lets_short_requests_finish() -> None:
    async def test() -> None:
        asked, finish = asyncio.Event(), asyncio.Event()

        async def page(scope: Any, receive: Any, send: Any) -> None:
            asked.set()
            if scope["path"] == "/stream":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await asyncio.Event().wait()
            await finish.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"done"})

        gate = Gate(page)
        waiting = [asyncio.ensure_future(ask(gate, "GET", path, **HERE)) for path in ("/stream", "/short")]
        await asked.wait()
        await asyncio.sleep(0.05)
        gate.close()
        assert (await asyncio.wait_for(waiting[0], 5)).body == b""
        assert not waiting[1].done()
        finish.set()
        assert (await asyncio.wait_for(waiting[1], 5)).body == b"done"
        assert (await ask(gate, "GET", "/short", **HERE)).status == 503

    run(test)
