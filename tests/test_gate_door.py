"""Joining, leaving and owning a shared page, through the gate as a browser would: links, seats, passwords, owner."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from apps import lan_texts
from apps.gate import Gate
from apps.gate_entrance import own_pages
from apps.gate_rules import HostNames
from apps.lan_door import Door, Password
from apps.visitors import NameVisitors, Visitors
from tests.asgi_client import LAN_SERVER, PORT, Answer, ask, connected, websocket

ADDRESS = f"http://{LAN_SERVER}:{PORT}"
HERE: dict[str, Any] = {"host": f"127.0.0.1:{PORT}", "client": "127.0.0.1", "server": "127.0.0.1"}
PAGE = [("accept", "text/html")]


class Clock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


class House:
    """A shared page with everything in front of it. `scheme` "https" is as with a certificate."""

    def __init__(self, scheme: str = "http", **door: Any) -> None:
        self.clock = Clock()
        self.door = Door(now=self.clock, **door)
        self.visitors = Visitors(None, secure=scheme == "https")
        self.scheme = scheme

        async def home(request: Request) -> PlainTextResponse:
            return PlainTextResponse("the chat")

        async def talk(socket: WebSocket) -> None:
            await socket.accept()
            await socket.receive()

        page = Starlette(routes=[Route("/{rest:path}", home), WebSocketRoute("/ws", talk)])
        inside = NameVisitors(page, self.visitors)
        pages = own_pages(self.door, self.visitors, ADDRESS)
        self.gate = Gate(inside, self.visitors, HostNames([LAN_SERVER]), self.door, pages)

    async def get(self, path: str, **how: Any) -> Answer:
        return await ask(self.gate, "GET", path, **{"headers": PAGE, "scheme": self.scheme, **how})

    async def post(self, path: str, *, origin: str | None = "own", **how: Any) -> Answer:
        fields = how.pop("fields", {})
        own = f"{self.scheme}://{how.get('host', f'{LAN_SERVER}:{PORT}')}"
        headers = [] if origin is None else [("origin", own if origin == "own" else origin)]
        headers.append(("content-type", "application/x-www-form-urlencoded"))
        body = urlencode(fields).encode()
        return await ask(self.gate, "POST", path, headers=headers, body=body, scheme=self.scheme, **how)

    async def join(self, **how: Any) -> Answer:
        return await self.post(self.door.path, **how)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


# -- the link --------------------------------------------------------------------------------------


def test_opening_the_link_takes_no_seat_and_the_button_does() -> None:
    async def test() -> None:
        house = House()
        for _ in range(20):  # as previews do
            shown = await house.get(house.door.path)
            assert shown.status == 200 and "<form" in shown.text and not shown.all("set-cookie")
        assert house.door.visitors == []
        joined = await house.join(fields={"name": " Anna \u202e\n Lee "})
        assert (joined.status, joined.header("location")) == (303, "/")
        cookie = joined.header("set-cookie")
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
        assert [(member.label, member.number, member.address) for member in house.door.visitors] == [
            ("Anna Lee", 1, "192.168.1.77")
        ]
        assert (await house.get("/", cookie=joined.cookie)).text == "the chat"
        assert (await websocket(house.gate, cookie=joined.cookie)).status == 101

    run(test)


def test_over_https_the_cookie_is_another_one_for_https_only() -> None:
    async def test() -> None:
        house = House("https")
        joined = await house.join()
        assert "; Secure" in joined.header("set-cookie") and joined.cookie.startswith("__Host-glm_visitor_")
        assert (await house.get("/", cookie=joined.cookie)).text == "the chat"
        assert (await house.get("/", cookie=joined.cookie.removeprefix("__Host-"))).status == 403

    run(test)


def test_a_visitor_who_was_here_before_keeps_his_name_and_takes_one_seat() -> None:
    async def test() -> None:
        house = House()
        known = house.visitors.header("from-last-week").decode().partition(";")[0]
        assert (await house.get("/", cookie=known)).status == 403
        for label in ("Anna", ""):
            joined = await house.join(cookie=known, fields={"name": label})
            assert house.visitors.named(dict([joined.cookie.split("=", 1)])) == "from-last-week"
        assert [(member.name, member.label) for member in house.door.visitors] == [("from-last-week", "Anna")]
        assert "Continue" in (await house.get(house.door.path, cookie=known)).text

    run(test)


@pytest.mark.parametrize("path", ["/join/x", "/join/", "/join", "/join/../join", "/join/a/b", "/join/%00", "/join/é"])
def test_a_wrong_link_leads_nowhere(path: str) -> None:
    async def test() -> None:
        house = House()
        for method in (house.get, house.post):
            answer = await method(path)
            assert answer.status in (404, 403, 405) and not answer.all("set-cookie")
        assert house.door.visitors == []

    run(test)


def test_there_are_so_many_seats_and_one_that_ends_can_be_taken_again() -> None:
    async def test() -> None:
        house = House(seats=2, hours=1)
        await house.join()
        house.clock.time += 600
        second = await house.join()
        full = await house.join()
        assert full.status == 403 and "All seats are taken" in full.text and not full.all("set-cookie")
        assert "All seats are taken" in (await house.get(house.door.path)).text
        assert (await house.join(cookie=second.cookie)).status == 303  # who has a seat may join again
        house.clock.time += 3001  # the first seat has ended; the link would have, too
        house.door.new_link()
        assert (await house.join()).status == 303
        assert len(house.door.visitors) == 2

    run(test)


def test_many_who_join_at_the_same_time_get_no_more_seats_than_there_are() -> None:
    async def test() -> None:
        house = House(seats=3, password=Password("long enough"))
        answers = await asyncio.gather(*(house.join(fields={"password": "long enough"}) for _ in range(6)))
        assert sorted(answer.status for answer in answers) == [303] * 3 + [403] * 3
        assert len(house.door.visitors) == 3

    run(test)


def test_link_and_seats_run_out() -> None:
    async def test() -> None:
        house = House(hours=2)
        house.clock.time += 7100
        joined = await house.join()
        house.clock.time += 200
        ended = await house.get(house.door.path)
        assert ended.status == 410 and "has run out" in ended.text
        assert (await house.join()).status == 410
        assert (await house.get("/", cookie=joined.cookie)).status == 200
        house.clock.time += 7100
        assert (await house.get("/", cookie=joined.cookie)).status == 403
        assert house.door.visitors == []

    run(test)


def test_starting_anew_asks_everybody_to_join_again() -> None:
    async def test() -> None:
        house = House()
        joined = await house.join()
        again = House()
        again.visitors = house.visitors
        assert (await again.get("/", cookie=joined.cookie)).status == 403

    run(test)


# -- the password ----------------------------------------------------------------------------------


def test_with_a_password_the_link_is_no_secret_and_the_password_is() -> None:
    async def test() -> None:
        house = House(password=Password("long enough"))
        sent_on = await house.get("/")
        assert (sent_on.status, sent_on.header("location"), house.door.path) == (303, "/join", "/join")
        assert 'type="password"' in (await house.get("/join")).text
        for wrong in ("", "long enoug", "LONG ENOUGH", "long enough "):
            answer = await house.join(fields={"password": wrong})
            assert answer.status == 403 and "not the password" in answer.text and not answer.all("set-cookie")
        assert (await house.post(f"/join/{house.door.token}")).status == 404
        assert (await house.join(fields={"password": "long enough"})).status == 303

    run(test)


def test_guessing_a_password_is_stopped_for_that_address_and_not_for_others() -> None:
    async def test() -> None:
        house = House(password=Password("long enough"))
        guesses = [await house.join(client="2001:db8::1", fields={"password": f"guess {i}"}) for i in range(8)]
        assert [answer.status for answer in guesses] == [403] * 6 + [429] * 2
        right = {"password": "long enough"}
        assert (await house.join(client="2001:db8::2", fields=right)).status == 429  # the same network of one host
        assert (await house.join(client="2001:db8:0:1::1", fields=right)).status == 303
        assert (await house.join(client="192.168.1.8", fields=right)).status == 303
        for _ in range(10):  # who knows it may enter it as often as he likes
            assert (await house.join(client="192.168.1.8", fields=right)).status == 303

    run(test)


# -- the owner -------------------------------------------------------------------------------------


def test_the_owner_sees_who_is_in_and_visitors_do_not() -> None:
    async def test() -> None:
        house = House()
        joined = await house.join(fields={"name": "<b>Anna</b>"})
        await house.join(client="fd00::9")
        house.clock.time += 600
        shown = await house.get("/owner", **HERE)
        assert shown.status == 200
        for words in ("&lt;b&gt;Anna&lt;/b&gt;", "Visitor 2", "192.168.1.77", "fd00::9", "10 min ago", "2 of 12 seats"):
            assert words in shown.text
        assert f"{ADDRESS}{house.door.path}" in shown.text
        for path in ("/owner", "/owner/qr", "/owner/x"):
            for cookie in (joined.cookie, ""):
                refused = await house.get(path, cookie=cookie)
                assert refused.status == 403 and "Anna" not in refused.text and house.door.token not in refused.text

    run(test)


def test_the_owners_link_makes_an_owner_who_takes_no_seat() -> None:
    async def test() -> None:
        house = House(seats=1, password=Password("long enough"))
        shown = await house.get(house.door.owner_path)
        assert "owner" in shown.text and 'type="password"' not in shown.text
        owner = await house.post(house.door.owner_path)
        assert owner.status == 303 and house.door.visitors == []
        house.door.close_everything()
        house.clock.time += 1e6
        assert (await house.get("/owner", cookie=owner.cookie)).status == 200
        house.door.new_link()
        joined = await house.join(cookie=owner.cookie, fields={"password": "long enough"})
        assert joined.status == 303  # by the visitors' link, which makes him no less
        assert (await house.get("/owner", cookie=owner.cookie)).status == 200

    run(test)


ACTIONS = ["remove", "close", "open", "link", "end"]


@pytest.mark.parametrize("action", ACTIONS)
def test_only_the_owners_own_page_acts(action: str) -> None:
    async def test() -> None:
        house = House()
        joined = await house.join()
        house.door.is_open = action != "open"
        before = (house.door.token, house.door.is_open, len(house.door.visitors))
        path, fields = f"/owner/{action}", {"number": "1"}
        for origin in ("http://evil", "null", f"http://127.0.0.1.evil:{PORT}", None, f"http://localhost:{PORT}"):
            assert (await house.post(path, origin=origin, fields=fields, **HERE)).status == 403, origin
        assert (await house.post(path, fields=fields, cookie=joined.cookie)).status == 403
        assert (await house.post(path, fields=fields)).status == 403
        assert (await house.get(path, **HERE)).status == 303  # reading a page changes nothing
        assert (house.door.token, house.door.is_open, len(house.door.visitors)) == before
        done = await house.post(path, fields=fields, **HERE)
        assert (done.status, done.header("location")) == (303, "/owner?lang=en")
        assert (house.door.token, house.door.is_open, len(house.door.visitors)) != before

    run(test)


def test_who_was_removed_stays_out_and_the_others_stay_in() -> None:
    async def test() -> None:
        house = House()
        gone, stays = await house.join(), await house.join()
        async with connected(house.gate, cookie=gone.cookie) as socket:
            await house.post("/owner/remove", fields={"number": "1"}, **HERE)
            assert await asyncio.wait_for(socket.received.get(), 5) is None
        assert (await house.get("/", cookie=gone.cookie)).status == 403
        refused = await house.join(cookie=gone.cookie)
        assert refused.status == 403 and "ended your seat" in refused.text
        assert (await house.get("/", cookie=stays.cookie)).status == 200
        for number in ("", "x", "-1", "9" * 30, "99", "２"):
            assert (await house.post("/owner/remove", fields={"number": number}, **HERE)).status == 303
        assert len(house.door.visitors) == 1

    run(test)


def test_a_closed_door_lets_nobody_new_in_and_nobody_out() -> None:
    async def test() -> None:
        house = House()
        inside = await house.join()
        await house.post("/owner/close", **HERE)
        refused = await house.join()
        assert refused.status == 403 and "closed the door" in refused.text
        assert (await house.get("/", cookie=inside.cookie)).status == 200
        await house.post("/owner/open", **HERE)
        assert (await house.join()).status == 303

    run(test)


def test_a_new_link_ends_the_old_one() -> None:
    async def test() -> None:
        house = House()
        inside, old = await house.join(), house.door.path
        await house.post("/owner/link", **HERE)
        assert (await house.get(old)).status == 404 and (await house.post(old)).status == 404
        assert (await house.get("/", cookie=inside.cookie)).status == 200
        assert (await house.join()).status == 303

    run(test)


def test_closing_everything_sends_all_visitors_out_and_leaves_the_owner() -> None:
    async def test() -> None:
        house = House()
        joined, old = [await house.join() for _ in range(3)], house.door.path
        await house.post("/owner/end", **HERE)
        for one in joined:
            assert (await house.get("/", cookie=one.cookie)).status == 403
        assert (await house.get(old)).status == 404 and (await house.get(house.door.path)).status == 403
        assert (await house.get("/", **HERE)).text == "the chat"

    run(test)


def test_a_form_is_small() -> None:
    async def test() -> None:
        house = House()
        assert (await house.join(fields={"name": "x" * 9000})).status == 413
        assert (await house.join(fields={f"f{i}": "" for i in range(50)})).status == 303  # too many: none is read

    run(test)


# -- the pages -------------------------------------------------------------------------------------


def test_the_pages_fetch_and_run_nothing_and_tell_nobody_the_link() -> None:
    async def test() -> None:
        house = House(password=Password("long enough"))
        await house.join(fields={"password": "long enough", "name": "Anna"})
        shown = [
            await house.get("/join"), await house.get("/join/x"), await house.get(house.door.owner_path),
            await house.get("/owner", **HERE), await house.get("/owner/qr", **HERE), await house.get("/owner"),
        ]  # fmt: skip
        for page in shown:
            policy = page.header("content-security-policy")
            assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "script-src" not in policy
            assert (page.header("referrer-policy"), page.header("cache-control")) == ("same-origin", "no-store")
            assert not re.search(r"<script|\son\w+=|javascript:|(src|href|action)=\"?(https?:)?//", page.text)

    run(test)


@pytest.mark.parametrize(
    ("headers", "query", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh"), ("en-GB,zh;q=0.9", "", "en"), ("fr,de", "", "en"), ("", "", "en"),
        ("fr,zh-TW;q=0.5", "", "zh"), ("zh-CN", "?lang=en", "en"), ("en", "?lang=zh", "zh"), ("en", "?lang=x", "en"),
    ],
)  # fmt: skip
def test_the_pages_speak_the_browsers_language_or_the_one_asked_for(headers: str, query: str, lang: str) -> None:
    async def test() -> None:
        house = House()
        answer = await house.get(house.door.path + query, headers=[*PAGE, ("accept-language", headers)])
        title = {"en": "Join this chat", "zh": "加入对话"}[lang]
        assert title in answer.text and f'<html lang="{"zh-CN" if lang == "zh" else "en"}"' in answer.text

    run(test)


def test_every_sentence_is_there_in_both_languages_with_the_same_blanks() -> None:
    for key, wordings in lan_texts.TEXTS.items():
        blanks = [sorted(re.findall(r"{(\w+)}", wording)) for wording in wordings]
        assert len(wordings) == 2 and all(wordings) and blanks[0] == blanks[1], key
