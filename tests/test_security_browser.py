"""Security of the pages in a real browser: nothing that anybody says, sends or computes runs or fetches anything there.

Rows S3, S12, S13, S14 and S20 of docs/security.md. Over sixty payloads go through every channel of both programs, whose
model repeats what it is told. `new_page` fails a test on a request to the outside, on script errors and on anything
that the page's policy had to stop; so the policy is not what these tests rest on.
"""

from __future__ import annotations

import os
import re
import socket
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from glm import transcript
from glm.messages import Message, ToolCall
from tests import test_web_demo_browser as gradio_chat
from tests.browser import ROOT, Program, free_port, start
from tests.hostile_markup import NAMES, PAYLOADS
from tests.sandbox_cells import tier_here
from tests.streamlit_page import BOX, MESSAGE, ask, button, open_chat
from tests.test_security_web import HOSTILE_ENVIRONMENT

TIER = tier_here()
TOGETHER = "\n\n".join(PAYLOADS)
SOME = "\n\n".join(PAYLOADS[5:60:9] + PAYLOADS[60::3])
MORE = "\n\n".join(PAYLOADS[5:60:3] + PAYLOADS[60:])
"""What is said live, where a page is drawn again for every few words."""
PATIENCE_MS = 100_000

_LOOK = """() => {
  const found = [];
  const all = [...document.querySelectorAll('*')];
  for (const node of [...all]) if (node.shadowRoot) all.push(...node.shadowRoot.querySelectorAll('*'));
  for (const node of all) {
    for (const {name, value} of node.attributes) {
      if (/^on/i.test(name)) found.push(`${node.tagName} has ${name}=${value}`);
      if (/^(href|src|action|formaction|data|xlink:href|srcset|poster|background)$/i.test(name)) {
        // A link to data: leads nowhere: browsers open none in a window.
        const link = node.tagName === 'A', runs = /^\\s*(javascript|vbscript|data:(?!image\\/))/i.test(value);
        if (runs && !(link && /^data:/.test(value)) || /pwned/.test(value) && !link)
          found.push(`${node.tagName} has ${name}=${value.slice(0, 80)}`);
      }
    }
    if (/^(SCRIPT|STYLE|BASE|META|LINK|OBJECT|EMBED)$/.test(node.tagName) && /pwned/.test(node.outerHTML)
        && !node.closest('noscript')) found.push(node.outerHTML.slice(0, 120));
  }
  return [...new Set(found)];
}"""


class Watch:
    """What a page did: dialogs, requests with "pwned" in them, windows that it opened.

    `attempts` False counts what left the browser only, not what a policy stopped.
    """

    def __init__(self, page: Any, *, attempts: bool = True) -> None:
        self.page = page
        self.seen: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("dialog", self._dialog)
        page.on("popup", lambda opened: self.seen.append(f"window {opened.url}"))
        if attempts:
            page.on("request", lambda asked: self.seen.append(asked.url) if "pwned" in asked.url else None)
        else:
            page.context.route(re.compile("pwned|tracker"), self._leaves)

    def _dialog(self, dialog: Any) -> None:
        self.seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _leaves(self, route: Any) -> None:
        self.seen.append(route.request.url)
        route.abort()

    def check(self) -> None:
        """Fails unless everything on the page is inert, and nothing happened so far."""
        self.page.wait_for_timeout(300)  # what loads or begins by itself does so now
        assert self.seen == []
        assert self.page.evaluate("window.pwned") is None
        assert self.page.evaluate(_LOOK) == []

    def check_frames(self) -> None:
        """The same, but for what is in frames: those have no origin and stay where they are."""
        self.check()
        framed = [frame for frame in self.page.frames if frame.parent_frame == self.page.main_frame]
        assert framed
        assert [frame.url for frame in framed if "/cell-frame/" not in frame.url] == []
        for address in {frame.url for frame in framed}:
            policy = self.page.request.get(address).headers["content-security-policy"]
            assert "sandbox;" in policy and "allow-" not in policy


@pytest.fixture
def watched(new_page: Callable[..., Any]) -> Watch:
    return Watch(new_page())


def program(folder: Path, script: str) -> Program:
    port = free_port()
    command = [sys.executable, str(ROOT / "tests" / "watched_page.py"), script, "--port", str(port), "--no-open"]
    return start(
        script, log=folder / "log.txt", port=port, command=[*command, "--model", "scripted"],
        SPY_LOG=str(folder / "spied.txt"), **HOSTILE_ENVIRONMENT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Program]]:
    """The Gradio chat and the composite page, for this computer only, in an environment that would open doors."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("web_demo", "composite")}
    started = {name: program(folder, f"{name}.py") for name, folder in folders.items()}
    try:
        yield {name: running.wait_until_ready() for name, running in started.items()}
    finally:
        for running in started.values():
            running.stop()
    assert [folder for folder in folders.values() if (folder / "spied.txt").exists()] == []


@pytest.fixture
def gradio(both: dict[str, Program]) -> Program:
    return both["web_demo"]


@pytest.fixture
def composite(both: dict[str, Program]) -> Program:
    return both["composite"]


def hostile_chat(payloads: Sequence[str]) -> str:
    """An exported chat with every payload as question, answer, thought, call, arguments and result."""
    messages: list[Message] = []
    for payload in payloads:
        name = " ".join(payload.split())
        call = ToolCall(name, {payload: payload, "list": [payload]})
        messages += [
            Message("user", payload),
            Message("assistant", payload, name, call, "stop"),
            Message("observation", payload),
            Message("assistant", payload, finish="stop", thought=payload),
        ]
    return transcript.to_json(messages, TOGETHER)


def upload(name: str, data: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data.encode()}


FILES = [upload(NAMES[0], SOME), *(upload(name, PAYLOADS[0]) for name in NAMES[1:])]
LIVE = pytest.mark.parametrize("said", [SOME, pytest.param(MORE, marks=pytest.mark.thorough)], ids=["some", "more"])


def look_at_export(new_page: Callable[..., Any], markup: str) -> None:
    """Opens an exported page as a file would be, and without the policy that it brings along."""
    bare, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", markup, count=1)
    assert count == 1 and len(PAYLOADS) <= bare.count('class="turn user"')
    watch = Watch(new_page())
    watch.page.set_content(bare)
    watch.check()


def test_there_are_many_payloads_and_a_page_that_obeys_them_is_noticed(browser: Any) -> None:
    assert len(set(PAYLOADS)) > 70
    context = browser.new_context()
    page = context.new_page()
    watch = Watch(page)
    obeyed = []
    for payload in PAYLOADS[:33]:
        page.goto("about:blank")
        watch.seen.clear()
        page.set_content(f"<body>{payload}</body>", wait_until="commit")
        page.wait_for_timeout(20)
        if watch.seen or page.evaluate("window.pwned") or page.evaluate(_LOOK):
            obeyed.append(payload)
    context.close()
    assert len(obeyed) > 29


# -- the Gradio chat -----------------------------------------------------------------------------------


def import_into_gradio(page: Any, data: str) -> None:
    page.locator("#section-files button").first.click()
    page.locator("#panel input[type=file]").set_input_files([upload("chat.json", data)])


def test_gradio_shows_an_imported_chat_of_payloads_and_exports_it_harmlessly(
    watched: Watch, gradio: Program, new_page: Callable[..., Any]
) -> None:
    page = watched.page
    gradio_chat.open_chat(page, gradio)
    import_into_gradio(page, hostile_chat(PAYLOADS))
    page.locator(gradio_chat.USER).nth(len(PAYLOADS) - 1).wait_for()
    assert page.locator(gradio_chat.BOT).count() >= 2 * len(PAYLOADS)
    watched.check()
    look_at_export(new_page, gradio_chat.exported(page, "html"))


@LIVE
def test_gradio_shows_payloads_while_they_are_said_sent_and_named(watched: Watch, gradio: Program, said: str) -> None:
    page = watched.page
    gradio_chat.open_chat(page, gradio)
    page.locator("#composer input[type=file]").set_input_files(FILES)
    page.locator("#attached .chip").nth(len(NAMES) - 1).wait_for()
    watched.check()
    gradio_chat.ask(page, said)
    watched.check()
    page.locator("#conversations .rename").first.click()
    page.locator("dialog input").fill(PAYLOADS[5])
    page.locator("dialog button[value=yes]").click()
    page.locator("#conversations .open", has_text="onerror").first.wait_for()
    page.locator("#conversations .delete").first.click()  # asks, and says the name
    page.locator("dialog p", has_text="onerror").wait_for()
    watched.check()
    page.keyboard.press("Escape")
    bad = transcript.to_json([]).replace('"messages": []', f'"messages": [{{"role": "{PAYLOADS[45]}"}}]')
    import_into_gradio(page, bad)
    page.locator(".toast-body").first.wait_for()
    watched.check()


# -- the composite page -----------------------------------------------------------------------------------


def import_chat(page: Any, data: str) -> None:
    page.locator("[data-testid=stSidebar] summary", has_text="This conversation").click()
    page.locator("[data-testid=stSidebar] input[type=file]").set_input_files([upload("chat.json", data)])


@pytest.mark.thorough
@pytest.mark.parametrize("mode", ["tools", "chat"])
def test_streamlit_shows_an_imported_chat_of_payloads(watched: Watch, composite: Program, mode: str) -> None:
    page = watched.page
    open_chat(page, composite, f"/?mode={mode}")
    import_chat(page, hostile_chat(PAYLOADS))
    page.locator("[class*=st-key-question-]").nth(len(PAYLOADS) - 1).wait_for()
    button(page, "Answer again").wait_for()
    assert page.locator(MESSAGE).count() >= 2 * len(PAYLOADS)
    watched.check()


@LIVE
def test_streamlit_shows_payloads_while_they_are_said_sent_and_named(
    watched: Watch, composite: Program, said: str
) -> None:
    page = watched.page
    open_chat(page, composite, "/?mode=tools")
    page.locator(".st-key-attach button").click()
    page.locator("[data-testid=stPopoverBody] input[type=file]").set_input_files(FILES)
    page.locator(".chip").nth(len(NAMES) - 1).wait_for()
    watched.check()
    ask(page, said)
    watched.check()
    bad = transcript.to_json([]).replace('"messages": []', f'"messages": [{{"role": "{PAYLOADS[45]}"}}]')
    import_chat(page, bad)
    page.locator("[data-testid=stToast]").first.wait_for()
    watched.check()


CELL = """
from IPython.display import HTML, SVG, Javascript, Markdown, Image, display, IFrame
payloads = {payloads!r}
import pandas as pd
class Told:
    def __init__(self, kind, text): self.kind, self.text = kind, text
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {{self.kind: self.text, "text/plain": self.text}}
for kind in ("text/html", "image/svg+xml", "text/markdown", "application/javascript", "text/latex",
             "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json", "application/pdf"):
    display(Told(kind, payloads))
display(HTML("<table><tr><td>" + payloads + "</td></tr></table>"), Javascript("top.pwned=1"), IFrame("{out}", 10, 10))
print("\\x1b[31m" + payloads)
frame = pd.DataFrame({{payloads[:60]: [payloads]}})
hostile = payloads
for name in {names!r}:
    open(name, "w").write(payloads)
display(frame)
raise ValueError(payloads)
"""


def test_what_a_cell_gives_out_runs_and_leaves_nothing(browser: Any, composite: Program) -> None:
    """Markup of a cell stays markup, in a frame: there the frame's policy is what stops it."""
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 860})
    watched = Watch(context.new_page(), attempts=False)
    page = watched.page
    open_chat(page, composite, "/?mode=code")
    page.get_by_text("Write a cell yourself").click()
    code = CELL.format(payloads=TOGETHER, names=NAMES, out="http://tracker.invalid/pwned")
    page.locator("[class*=st-key-own-] textarea").first.fill(code)
    page.keyboard.press("Control+Enter")
    page.locator(".st-key-run_own button").click()
    page.locator(".error", has_text="ValueError").wait_for()
    page.locator("iframe[src*='cell-frame']").first.wait_for()
    watched.check_frames()
    for title in ("Files", "Variables"):
        opened = page.locator("[data-testid=stSidebar] summary", has_text=title)
        if opened.count():
            opened.first.click()
    watched.check_frames()
    check_doors(composite)
    context.close()


# -- S3: what listens --------------------------------------------------------------------------------------


def check_doors(running: Program) -> None:
    """Its own port on this computer alone; sockets and files of its kernels for their owner alone."""
    port = int(running.url.rpartition(":")[2])
    family = [psutil.Process(running.process.pid), *psutil.Process(running.process.pid).children(recursive=True)]
    heard = {
        (there.laddr.ip, there.laddr.port)
        for process in family
        for there in process.net_connections("inet")
        if there.status == psutil.CONN_LISTEN or there.type == socket.SOCK_DGRAM
    }
    assert heard == {("127.0.0.1", port)}
    paths = {there.laddr for process in family for there in process.net_connections("unix") if there.laddr}
    for path in [Path(path) for path in paths if path.startswith("/")]:
        if path.exists():
            closed = stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
            assert closed or stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0, path
    data = running.log.parent / "data"
    assert [path for path in data.rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_the_gradio_chat_listens_on_its_port_for_this_computer_and_nowhere_else(gradio: Program) -> None:
    check_doors(gradio)


@pytest.mark.parametrize("which", ["web_demo", "composite"])
def test_a_name_that_was_pointed_at_this_computer_is_refused(page: Any, both: dict[str, Program], which: str) -> None:
    """DNS rebinding: the page of evil.example, whose name now stands for 127.0.0.1, asks with its own name as host."""
    for host in (
        "evil.example",
        "localhost.evil.example",
        f"127.0.0.1.evil.example:{both[which].url.rpartition(':')[2]}",
    ):
        assert page.request.get(both[which].url, headers={"Host": host}).status == 403
    assert os.name == "nt" or page.request.get(both[which].url).status == 200
    assert BOX


@pytest.mark.parametrize("which", ["web_demo", "composite"])
def test_every_page_forbids_the_outside(page: Any, both: dict[str, Program], which: str) -> None:
    for path in ("/", "/nothing", "/healthz", "/cell-frame/x", "/gradio_api/file=x", "/_stcore/health"):
        answer = page.request.get(both[which].url + path)
        policy = answer.headers.get("content-security-policy", "")
        assert "default-src 'self'" in policy and "img-src 'self' data: blob:;" in policy, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
