"""The page at which visitors join, and the page for those who cannot. Plain forms, no scripts.

Opening a link takes no seat, only the button does: chat programs open links to draw previews of them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from apps.gate_rules import address_of, cookies_of, scheme_of
from apps.join_style import CSS, PAGES, POLICY
from apps.lan_door import Door, JoinRefused, Refusal
from apps.lan_texts import Wording, preferred
from apps.visitors import Visitors, new_name

HEADERS = {
    "content-security-policy": POLICY,
    # Not "no-referrer": the browser would then call its own page's form foreign (Origin: null).
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
_STATUS: dict[Refusal, int] = {"unknown_link": 404, "link_ended": 410, "too_often": 429}
_MENDABLE = ("wrong_password", "too_often", "full", "closed")

_templates = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_templates.globals.update(css=CSS)


def render(page: str, request: Request, title: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Draw the template `page` in the visitor's language; `title` is the key of its heading."""
    words = Wording(preferred(request.headers, request.query_params.get("lang")))
    other = "en" if words.lang == "zh" else "zh"
    markup = _templates.get_template(page).render(words=words, other=other, title=title, **values)
    return HTMLResponse(markup, status, {**HEADERS, "content-language": words.lang, "vary": "accept-language"})


def turned_away(request: Request, why: str, status: int = 403) -> Response:
    """The page that says why somebody cannot come in; `why` is a key of `apps.lan_texts`."""
    return render("join.html", request, "refused_title", status=status, text=why, trouble="", form=False)


class JoinPage:
    """GET shows the form, POST takes the seat, sets the cookie and goes to the chat."""

    def __init__(self, door: Door, visitors: Visitors) -> None:
        self._door = door
        self._visitors = visitors

    async def answer(self, request: Request) -> Response:
        """Answer a request for /join or /join/<token>."""
        token = str(request.path_params.get("token", ""))
        name = self._visitors.named(cookies_of(request.scope))
        form = await read_form(request) if request.method == "POST" else {}
        try:
            if request.method != "POST":
                self._door.check(token, name)
                return self._page(request, token, name)
            name = name or new_name()
            await self._door.join(
                name, token, label=form.get("name", ""), address=address_of(request.scope),
                password=form.get("password", ""),
            )  # fmt: skip
        except JoinRefused as refused:
            status = _STATUS.get(refused.why, 403)
            if refused.why in ("wrong_password", "too_often"):
                return self._page(request, token, name, trouble=refused.why, status=status, label=form.get("name", ""))
            return turned_away(request, refused.why, status)
        answer = RedirectResponse("/", 303, HEADERS)
        answer.raw_headers.append((b"set-cookie", self._visitors.header(name)))
        return answer

    def _page(
        self, request: Request, token: str, name: str | None, *, trouble: str = "", status: int = 200, label: str = ""
    ) -> Response:
        is_owner = self._door.is_owner_key(token)
        member = self._door.member(name)
        return render(
            "join.html", request, "owner_title" if is_owner else "join_title", status=status, form=True,
            trouble=trouble,
            text="owner_text" if is_owner else "join_text", button="join_once_more" if member else "join",
            asks_name=not is_owner, asks_password=self._door.password is not None and not is_owner,
            label=label or (member.label if member else ""), encrypted=scheme_of(request.scope) == "https",
        )  # fmt: skip


async def read_form(request: Request) -> dict[str, str]:
    """The first value of each field of a form; the gate has seen to its size."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}
