"""Fixtures for tests in a real browser, against the program as a real process.

`page` fails its test on a script error, a console error or a request to anywhere but this computer.
`web_demo` and `web_demo2` are the two chats with the scripted engine on a free port. Without a browser the
tests fail and say how to get one; they are never skipped.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.find_browser import ADVICE, find_browser

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage "
    # Only the last list of features counts, so it repeats what matters of Playwright's own. The first two are pages
    # behind the address bar that nobody sees: for each window they cost more than the page itself.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,HttpsUpgrades,PaintHolding,MediaRouter,"
    "OptimizationHints,NetworkTimeServiceQuerying,DestroyProfileOnBrowserClose,ThirdPartyStoragePartitioning,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,LensOverlay,PreconnectToSearch"
).split()
_BROKEN_CONNECTION = (
    "net::ERR_", "disconnected from server", "reaching server endpoint", "server is not responding", "network error",
    "Connection errored out", "AbortError: signal is aborted",
)  # fmt: skip


@dataclass
class Program:
    """A running program: its process, address and everything it printed."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> Program:
        """Wait until its page answers; fails with what it printed when it ends before. Never leaves it running."""
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                pytest.fail(f"the program ended with {self.process.returncode} before it was ready:\n{self.printed()}")
            try:
                with opener.open(self.url, timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        pytest.fail(f"the program was not ready in {START_SECONDS} s; it printed:\n{self.printed()}")

    def stop(self) -> None:
        """End it, as Ctrl-C would, and at the latest by force."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def start(
    script: str,
    *arguments: str,
    log: Path,
    port: int | None = None,
    command: list[str] | None = None,
    **environment: str,
) -> Program:
    """Start `script` of the project on `port` (a free one when None), not opening any browser.

    `command` replaces the way it is started. What it stores lies beside its log.
    """
    port = port or free_port()
    command = command or [sys.executable, str(ROOT / script), "--port", str(port), "--no-open", *arguments]
    variables = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
    variables |= {"GLM_DATA": str(log.parent / "data"), **environment}
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT)
    return Program(process, f"http://127.0.0.1:{port}", log)


@pytest.fixture(scope="module")
def web_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """`web_demo.py` with the scripted engine."""
    program = start("web_demo.py", "--model", "scripted", log=tmp_path_factory.mktemp("web_demo") / "log.txt")
    try:
        yield program.wait_until_ready()
    finally:
        program.stop()


@pytest.fixture(scope="module")
def web_demo2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """`web_demo2.py` with the scripted engine."""
    program = start("web_demo2.py", "--model", "scripted", log=tmp_path_factory.mktemp("web_demo2") / "log.txt")
    try:
        yield program.wait_until_ready()
    finally:
        program.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """An installed Chromium or Chrome, driven by Playwright, whose event loop must not outlive the file."""
    found = find_browser()
    if found is None:
        pytest.fail(ADVICE, pytrace=False)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=str(found), headless=True, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def new_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens watched pages, each in a context of its own; options are those of Playwright's `new_context`."""
    troubles: list[str] = []
    contexts: list[Any] = []

    def make(**options: Any) -> Any:
        context = browser.new_context(**{"locale": "en-US", "viewport": {"width": 1280, "height": 860}, **options})
        contexts.append(context)
        context.on("page", lambda page: _watch(page, troubles))
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not troubles, "the page had errors or asked the outside:\n" + "\n".join(troubles)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """One watched page in an English desktop browser."""
    return new_page()


def _watch(page: Any, troubles: list[str]) -> None:
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("console", lambda said: troubles.append(f"console: {said.text}") if _is_trouble(said) else None)
    page.on("request", lambda asked: None if _is_local(asked.url) else troubles.append(f"request to {asked.url}"))


def _is_trouble(said: Any) -> bool:
    # A server that a test stops or restarts breaks the page's connections; that is the test's doing.
    return said.type == "error" and not any(words in said.text for words in _BROKEN_CONNECTION)


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost")
