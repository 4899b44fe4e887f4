"""Security of the running programs, asked over the network as a visitor's own tools could: files, fetches, sessions.

Rows S7, S9, S10, S11 and S19 of docs/security.md. Both programs are shared with --lan; their visitors come from this
computer under a name that is not this computer's own. Every look-up and connection of the programs is noted.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import secrets
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.browser import ROOT, Program, free_port, start

NAME = "room.test"
SECRET = f"secret-{secrets.token_hex(12)}"
OWN_ADDRESS = {"connect 192.0.2.1", "connect 2001:db8::1", f"look up {NAME}"}
"""A datagram socket's way to a documentation address, along which nothing is sent, and the self-test of the link."""
HOSTILE_ENVIRONMENT = {
    "GRADIO_SHARE": "True", "GRADIO_ANALYTICS_ENABLED": "True", "GRADIO_ALLOWED_PATHS": "/",
    "GRADIO_MCP_SERVER": "True",
    "GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_DEBUG": "1", "GRADIO_VIBE_MODE": "1",
    "STREAMLIT_SERVER_ENABLE_STATIC_SERVING": "true", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "true",
    "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false", "STREAMLIT_SERVER_ENABLE_CORS": "false",
}  # fmt: skip
"""What would open a door if the programs listened to it."""


@dataclass
class Shared:
    """A program that is shared, and what is known of it from outside."""

    program: Program
    spied: Path
    temporary: Path
    link: str = ""

    @property
    def port(self) -> int:
        return int(self.program.url.rpartition(":")[2])

    @property
    def authority(self) -> str:
        return f"{NAME}:{self.port}"

    def noted(self) -> list[str]:
        """Look-ups and connections, without those with which a program finds and tries its own address."""
        lines = self.spied.read_text(encoding="utf-8").splitlines() if self.spied.exists() else []
        return [line for line in lines if line not in OWN_ADDRESS]


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def cookies(self) -> str:
        given = [value.partition(";")[0] for key, value in self.headers if key.lower() == "set-cookie"]
        return "; ".join(given)


def ask(
    shared: Shared, method: str, path: str, *, cookie: str = "", host: str = "", body: bytes | str = b"", **headers: str
) -> Answer:
    """One request, its path and headers sent as they are. Headers are named with _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", shared.port, timeout=20)
    data = body.encode() if isinstance(body, str) else body
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host or shared.authority)
        if cookie:
            connection.putheader("Cookie", cookie)
        if data and "Content_Length" not in headers:
            connection.putheader("Content-Length", str(len(data)))
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the answer may come before all was sent
            connection.endheaders(data or None)
        got = connection.getresponse()
        streamed = got.getheader("content-type", "").startswith("text/event-stream")
        return Answer(got.status, got.getheaders(), b"" if streamed else got.read(2_000_000))


def websocket_status(shared: Shared, path: str, *, cookie: str = "", **headers: str) -> int:
    """101 where a websocket opens, else the status of the refusal."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Key": key, "Sec_WebSocket_Version": "13"}
    return ask(
        shared, "GET", path, cookie=cookie, **{"Origin": f"http://{shared.authority}", **upgrade, **headers}
    ).status


def begin(folder: Path, script: str, *arguments: str) -> Shared:
    port, spied, temporary = free_port(), folder / "spied.txt", folder / "temporary"
    temporary.mkdir()
    command = [sys.executable, str(ROOT / "tests" / "watched_page.py"), script, "--port", str(port), "--no-open"]
    command += ["--model", "scripted", "--lan", "--lan-name", NAME, *arguments]
    program = start(
        script, log=folder / "log.txt", port=port, command=command, SPY_LOG=str(spied), TMPDIR=str(temporary),
        **HOSTILE_ENVIRONMENT,
    )  # fmt: skip
    return Shared(program, spied, temporary)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shared]]:
    """The Gradio chat and the composite page, started side by side."""
    started = {
        "gradio": begin(tmp_path_factory.mktemp("gradio"), "web_demo.py"),
        "streamlit": begin(tmp_path_factory.mktemp("streamlit"), "composite.py"),
    }
    try:
        for shared in started.values():
            shared.program.wait_until_ready()
            shared.link = _link(shared)
        yield started
    finally:
        for shared in started.values():
            shared.program.stop()
    # After everything that the tests asked, and with share links and statistics wanted by the environment.
    assert {name: shared.noted() for name, shared in started.items()} == {"gradio": [], "streamlit": []}
    assert all("gradio.live" not in shared.program.printed() for shared in started.values())


def _link(shared: Shared) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = re.search(rf"http://{NAME}:\d+(/join/\w+)\s", shared.program.printed())
        if found:
            return found[1]
        time.sleep(0.1)
    pytest.fail(f"no link was printed:\n{shared.program.printed()}")


@pytest.fixture(scope="module", params=["gradio", "streamlit"])
def shared(request: pytest.FixtureRequest, both: dict[str, Shared]) -> Shared:
    return both[request.param]


@pytest.fixture(scope="module")
def gradio(both: dict[str, Shared]) -> Shared:
    return both["gradio"]


def joined(shared: Shared) -> str:
    """A new visitor's cookie."""
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"http://{shared.authority}"}
    answer = ask(shared, "POST", shared.link, body="name=somebody", **form)
    assert answer.status == 303, answer.body
    return answer.cookies


@pytest.fixture(scope="module")
def seats(both: dict[str, Shared]) -> dict[int, tuple[str, str]]:
    """Two visitors of each program, by its port."""
    return {shared.port: (joined(shared), joined(shared)) for shared in both.values()}


@dataclass
class GradioTab:
    """What a page of the Gradio chat does, without the page."""

    shared: Shared
    cookie: str
    session: str = field(default_factory=lambda: uuid.uuid4().hex[:11])

    def trigger(self, element: str, event: str, *data: Any, session: str = "") -> tuple[int, str]:
        """Trigger an event of the component with this element id; the status, and all that comes back."""
        component = next(c["id"] for c in self._config["components"] if c["props"].get("elem_id") == element)
        found = next(d for d in self._config["dependencies"] if [component, event] in [t[:2] for t in d["targets"]])
        body = {
            "fn_index": found["id"], "data": list(data), "session_hash": session or self.session,
            "trigger_id": component, "event_data": None,
        }  # fmt: skip
        sent = ask(
            self.shared, "POST", "/gradio_api/queue/join", cookie=self.cookie, body=json.dumps(body),
            Content_Type="application/json", Origin=f"http://{self.shared.authority}",
        )  # fmt: skip
        return sent.status, self._heard() if sent.status == 200 else sent.body.decode()

    def _heard(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.shared.port, timeout=20)
        with contextlib.closing(connection):
            headers = {"Host": self.shared.authority, "Cookie": self.cookie}
            connection.request("GET", f"/gradio_api/queue/data?session_hash={self.session}", headers=headers)
            heard = ""
            for line in connection.getresponse():
                heard += line.decode()
                if '"process_completed"' in heard:
                    break
        return heard

    @cached_property
    def _config(self) -> dict[str, Any]:
        answer = ask(self.shared, "GET", "/config", cookie=self.cookie)
        assert answer.status == 200
        return dict(json.loads(answer.body))

    def file(self, path: str, **more: Any) -> dict[str, Any]:
        """An upload as the page names it, whether it was uploaded or not."""
        return {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "x.txt", "url": None, **more}

    def upload(self, name: str, data: bytes) -> Answer:
        mark = uuid.uuid4().hex
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{quoted}"\r\n\r\n'
        body = head.encode("utf-8", "surrogatepass") + data + f"\r\n--{mark}--\r\n".encode()
        return ask(
            self.shared, "POST", "/gradio_api/upload", cookie=self.cookie, body=body,
            Content_Type=f"multipart/form-data; boundary={mark}", Origin=f"http://{self.shared.authority}",
        )  # fmt: skip


@pytest.fixture
def tabs(gradio: Shared, seats: dict[int, tuple[str, str]]) -> tuple[GradioTab, GradioTab]:
    """A tab of each visitor."""
    one, other = seats[gradio.port]
    return GradioTab(gradio, one), GradioTab(gradio, other)


# -- S7: paths -----------------------------------------------------------------------------------------


ROUTES = {
    "gradio": [
        "/gradio_api/file=", "/gradio_api/file/", "/assets/", "/static/", "/svelte/", "/gradio_api/stream/", "/",
        "/gradio_api/custom_component/x/client/", "/gradio_api/proxy=", "/gradio_api/runs/", "/owner/",
    ],
    "streamlit": [
        "/static/", "/media/", "/app/static/", "/component/", "/_stcore/component/", "/_stcore/", "/cell-frame/", "/",
        "/_stcore/upload_file/", "/owner/",
    ],
}  # fmt: skip
SPELT = [
    "{0}", "../../../../../../../..{0}", "..%2f..%2f..%2f..%2f..%2f..%2f..{0}", "/{0}", "..{0}",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e{0}", "%252e%252e{0}", "..\\..\\..\\..{0}", "....//....//....//....//{0}",
    "file://{0}", "//localhost{0}", "\\\\localhost{0}",
    "x/../../../../../..{0}", "{0}%00.png", "{0}.", "C:{0}", ".{0}", "%5c..%5c..{0}", "proc/self/root{0}", "..;{0}",
]  # fmt: skip


def test_no_address_leads_to_a_file_outside(
    shared: Shared, seats: dict[int, tuple[str, str]], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text(SECRET)
    sibling = shared.temporary / "gradio-sibling" / "outside.txt"  # begins like the folder that uploads are in
    sibling.parent.mkdir(exist_ok=True)
    sibling.write_text(SECRET)
    key = shared.program.log.parent / "data" / "visitors.key"
    routes = ROUTES[request.node.callspec.params["shared"]]
    asked = [(outside, route, spelling) for route in routes[:3] for spelling in SPELT]
    asked += [(outside, route, spelling) for route in routes[3:] for spelling in SPELT[:4]]
    asked += [(file, route, SPELT[0]) for file in (sibling, key) for route in routes]
    own = f"127.0.0.1:{shared.port}"  # as the owner, who may do most and is not slowed down
    for file, route, spelling in asked:
        path = (route + spelling.format(file)).replace(" ", "%20")
        answer = ask(shared, "GET", path, host=own, cookie=seats[shared.port][0])
        assert answer.status != 429 and file.read_bytes()[:24] not in answer.body, path
        assert re.fullmatch(r"(/(?![/\\]).*)?", answer.header("location")), path


def test_a_visitor_cannot_name_a_file_of_the_server_as_his_upload(
    tabs: tuple[GradioTab, GradioTab], tmp_path: Path, gradio: Shared
) -> None:
    """Gradio takes paths from the page; without its check any file could be attached, read and removed."""
    outside = tmp_path / "outside.txt"
    outside.write_text(SECRET)
    data = gradio.program.log.parent / "data" / "visitors.key"
    kept = data.read_bytes()
    uploads = gradio.temporary / "gradio"
    for path in (
        str(outside),
        "/etc/passwd",
        str(data),
        f"{uploads}/../{outside}",
        f"file://{outside}",
        os.path.relpath(outside, ROOT),
    ):
        for element in ("attach", "import"):
            given: Any = tabs[0].file(path)
            status, heard = tabs[0].trigger(element, "upload", [given] if element == "attach" else given)
            assert status in (200, 400, 403)
            assert SECRET not in heard and 'class=\\"chip' not in heard, path
    assert outside.read_text() == SECRET
    assert data.read_bytes() == kept


def test_the_same_way_takes_a_file_that_was_uploaded(tabs: tuple[GradioTab, GradioTab]) -> None:
    answer = tabs[0].upload("notes.txt", b"my notes")
    assert answer.status == 200, answer.body
    _, heard = tabs[0].trigger("attach", "upload", [tabs[0].file(json.loads(answer.body)[0])])
    assert "notes.txt" in heard and 'class=\\"chip' in heard


# -- S9: uploads ----------------------------------------------------------------------------------------


NAMES = ["../../../evil.txt", "/evil.txt", "..\\..\\evil.txt", "C:\\evil.txt", "evil\n.txt", "a" * 400, ".htaccess"]
PAGES = ["x.html", "x.svg", "x.xhtml", "x.xml", "x.js"]


@pytest.mark.parametrize("name", [*NAMES, *PAGES])
def test_the_name_of_an_upload_is_no_path(tabs: tuple[GradioTab, GradioTab], gradio: Shared, name: str) -> None:
    before = _all_files(gradio)
    answer = tabs[0].upload(name, b"<script>alert(1)</script>")
    new = _all_files(gradio) - before
    assert all(path.is_relative_to(gradio.temporary / "gradio") for path in new), new
    if answer.status == 200:
        stored = json.loads(answer.body)[0]
        assert Path(stored).resolve().is_relative_to((gradio.temporary / "gradio").resolve())
        # Whoever opens it sees a download or text, never a page of this server.
        shown = ask(gradio, "GET", f"/gradio_api/file={stored}", cookie=tabs[1].cookie)
        kind, as_file = shown.header("content-type"), shown.header("content-disposition").startswith("attachment")
        assert shown.status != 200 or as_file or not kind.startswith(("text/html", "image/svg", "text/xml"))
        assert shown.header("x-content-type-options") == "nosniff" or shown.status != 200


def _all_files(shared: Shared) -> set[Path]:
    return {
        path for path in shared.program.log.parent.rglob("*") if path.is_file() and path.suffix not in (".txt~",)
    } - {shared.spied}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Length": "1000000000"}, 413), ({"Content_Length": "-1"}, 400), ({"Content_Length": "1e3"}, 400),
        ({"Transfer_Encoding": "chunked"}, 411), ({"Content_Length": "9" * 40}, 413),
    ],
)  # fmt: skip
def test_bodies_without_bounds_are_refused_before_they_arrive(
    shared: Shared, seats: dict[int, tuple[str, str]], headers: dict[str, str], status: int
) -> None:
    for path in (
        "/gradio_api/upload",
        "/gradio_api/queue/join",
        "/_stcore/upload_file/a/b",
        "/",
        "/join/x",
        "/nothing",
    ):
        lower = {name.lower(): value for name, value in headers.items()}
        answer = ask(shared, "POST", path, cookie=seats[shared.port][0], Origin=f"http://{shared.authority}", **lower)
        assert answer.status in (status, 400), path  # the server itself may find a length impossible


# -- S10: nothing is fetched ---------------------------------------------------------------------------


URLS = [
    "http://tracker.invalid/x", "https://tracker.invalid/x", "HTTP://tracker.invalid/x", "//tracker.invalid/x",
    "http://tracker.invalid\\@127.0.0.1/x", "http://127.0.0.1@tracker.invalid/",
    "http://%74racker.invalid/", "\\\\tracker.invalid\\share",
]  # fmt: skip


def test_no_address_in_a_file_or_request_is_fetched(tabs: tuple[GradioTab, GradioTab], gradio: Shared) -> None:
    tab = tabs[0]
    for url in URLS:
        given = tab.file(url, url=url)
        for element, value in (("attach", [given]), ("import", given), ("box", url), ("box", {"text": given})):
            event = "submit" if element == "box" else "upload"
            more = [*([None] * 7)] if element == "box" else []
            tab.trigger(element, event, value, *more)
        for path in (f"/gradio_api/file={url}", f"/gradio_api/proxy={url}", f"/gradio_api/file/{url}", f"/?url={url}"):
            ask(gradio, "GET", path.replace("\t", "%09"), cookie=tab.cookie)
    assert gradio.noted() == []


# -- S11: whose session ---------------------------------------------------------------------------------


def test_a_session_of_another_visitor_opens_nothing_by_header_cookie_query_or_body(
    tabs: tuple[GradioTab, GradioTab], gradio: Shared
) -> None:
    one, other = tabs
    assert one.trigger("new-chat", "click")[0] == 200
    thief = {"cookie": other.cookie, "Origin": f"http://{gradio.authority}"}
    body = json.dumps({"session_hash": one.session, "fn_index": 0, "data": [], "event_id": "x"})
    for method, path in (
        ("GET", f"/gradio_api/queue/data?session_hash={one.session}"),
        ("GET", f"/gradio_api/heartbeat/{one.session}"),
        ("GET", f"/gradio_api/stream/{one.session}/1/1/playlist.m3u8"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", f"/gradio_api/queue/join?session_hash={one.session}"),
        ("POST", "/gradio_api/cancel"),
        ("POST", "/gradio_api/reset"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/component_server"),
    ):
        sent = body if method == "POST" else ""
        assert ask(gradio, method, path, body=sent, Content_Type="application/json", **thief).status == 403, path
    assert other.trigger("new-chat", "click", session=one.session)[0] == 403


@pytest.mark.parametrize("way", ["none", "header", "cookie", "query", "authorization", "forwarded", "two cookies"])
def test_who_asks_is_known_by_the_signed_cookie_alone(
    shared: Shared, seats: dict[int, tuple[str, str]], way: str
) -> None:
    """A name that is not signed, the gate's own word sent by a client, a token in the address: none is a seat."""
    name, _, signed = seats[shared.port][0].partition("=")
    plain = signed.rpartition(".")[0]
    token = shared.link.rpartition("/")[2]
    ways: dict[str, dict[str, str]] = {
        "none": {},
        "header": {"X_GLM_Visitor": f"owner:{plain}", "x_glm_visitor": f"owner:{signed}"},
        "cookie": {"cookie": f"{name}={plain}.AAAA; {name}={plain}"},
        "query": {},
        "authorization": {"Authorization": f"Bearer {token}"},
        "forwarded": {
            "X_Forwarded_For": "127.0.0.1",
            "Forwarded": "for=127.0.0.1;host=127.0.0.1",
            "X_Real_IP": "127.0.0.1",
        },
        "two cookies": {"cookie": f"other=1; {name}=x; {name.upper()}={signed}"},
    }
    query = f"?token={token}&{name}={signed}&visitor=owner" if way == "query" else ""
    for path in ("/config", "/_stcore/host-config", "/_stcore/health", "/theme.css", "/owner", "/"):
        assert ask(shared, "GET", path + query, **ways[way]).status == 403, path
    assert websocket_status(shared, f"/_stcore/stream{query}", **ways[way]) == 403
    assert ask(shared, "GET", "/healthz" + query, **ways[way]).body == b"ok\n"


def test_with_a_seat_the_page_is_there_and_the_owners_page_is_not(
    shared: Shared, seats: dict[int, tuple[str, str]], request: pytest.FixtureRequest
) -> None:
    cookie = seats[shared.port][0]
    assert ask(shared, "GET", "/", cookie=cookie).status == 200
    assert ask(shared, "GET", "/owner", cookie=cookie).status == 403
    assert ask(shared, "POST", "/owner/end", cookie=cookie, Origin=f"http://{shared.authority}").status == 403
    if request.node.callspec.params["shared"] == "streamlit":
        assert websocket_status(shared, "/_stcore/stream", cookie=cookie) == 101
        foreign = websocket_status(shared, "/_stcore/stream", cookie=cookie, Origin="http://evil.example")
        assert foreign == 403
    assert ask(shared, "GET", "/", cookie=cookie, host="evil.example").status == 403
