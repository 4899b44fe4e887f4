"""The owner's page: the link to show to a room, who is connected, and what the owner can do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from apps.gate_rules import is_own_origin
from apps.join_page import HEADERS, read_form, render, turned_away
from apps.lan_door import Door, Member
from apps.lan_texts import Wording, preferred

_NOW_SECONDS = 90


class OwnerPage:
    """GET /owner draws the page, GET /owner/qr the code alone, POST /owner/<action> does something and goes back."""

    def __init__(self, door: Door, address: str) -> None:
        self._door = door
        self._address = address

    async def answer(self, request: Request) -> Response:
        """Answer a request; who is not the owner is turned away."""
        visitor = request.scope.get("visitor")
        if visitor is None or not visitor.is_owner:
            return turned_away(request, "owner_only")
        action = str(request.path_params.get("action", ""))
        link = f"{self._address}{self._door.path}"
        if request.method == "POST":
            return await self._act(request, action)
        if action == "qr":
            return render("poster.html", request, "scan", qr=qr_picture(link), link=link)
        if action:
            return RedirectResponse("/owner", 303, HEADERS)
        return self._page(request, link)

    def _page(self, request: Request, link: str) -> Response:
        door = self._door
        words = Wording(preferred(request.headers, request.query_params.get("lang")))
        members = door.visitors
        ended, full = door.now() >= door.ends, len(members) >= door.seats
        state = "closed" if not door.is_open else "ended" if ended else "full" if full else "open"
        text = "door_open_password_text" if state == "open" and door.password else f"door_{state}_text"
        values = {"until": _moment(door.ends, door.now())} if state == "open" else {}
        return render(
            "owner.html", request, "manage_title", qr=qr_picture(link), link=link,
            state=state, state_text=words(text, **values), seats=door.seats, has_token=door.password is None,
            rows=[self._row(member, words) for member in members],
        )  # fmt: skip

    def _row(self, member: Member, words: Wording) -> dict[str, Any]:
        now = self._door.now()
        label = member.label or words("visitor", number=member.number)
        since = words("joined", since=_moment(member.since, now))
        seen = words("seen", ago=_ago(now - member.seen, words))
        initial = member.label[:1].upper() or str(member.number)
        return {
            "number": member.number, "label": label, "initial": initial,
            "details": " · ".join(part for part in (since, seen, member.address) if part),
        }  # fmt: skip

    async def _act(self, request: Request, action: str) -> Response:
        if not is_own_origin(request.scope):  # the gate lets pass what no browser sent; here even that is too much
            return turned_away(request, "owner_only")
        form = await read_form(request)
        door = self._door
        if action == "remove":
            number = form.get("number", "")
            door.remove(int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0)
        elif action == "close":
            door.is_open = False
        elif action == "open":
            door.is_open = True
        elif action == "link":
            door.new_link()
        elif action == "end":
            door.close_everything()
        else:
            return turned_away(request, "unknown_link", 404)
        lang = preferred(request.headers, request.query_params.get("lang"))
        return RedirectResponse(f"/owner?lang={lang}", 303, HEADERS)


def qr_picture(link: str) -> str:
    """The link's QR code as an address that an image shows."""
    return str(segno.make(link, error="m", micro=False).svg_data_uri(border=1, scale=4, dark="#111", light="#fff"))


def _moment(time: float, now: float) -> str:
    moment, today = datetime.fromtimestamp(time), datetime.fromtimestamp(now)
    # With hyphens and a space at which no line breaks.
    return f"{moment:%H:%M}" if moment.date() == today.date() else f"{moment:%Y\u2011%m\u2011%d\u00a0%H:%M}"


def _ago(seconds: float, words: Wording) -> str:
    if seconds < _NOW_SECONDS:
        return words("now")
    return (
        words("minutes", number=round(seconds / 60)) if seconds < 5400 else words("hours", number=round(seconds / 3600))
    )
