"""With a dead proxy in the environment and every outside connection watched, the chat still works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser import ROOT, Program, free_port
from tests.test_web_demo_browser import BOT, ask, open_chat, saying

_SPY = """
import os, runpy, socket, sys

OURS = ("", "localhost", "::1", "0.0.0.0", "::")

def outside(host):
    return isinstance(host, str) and host not in OURS and not host.startswith("127.")

def note(what, host):
    with open(os.environ["SPY_LOG"], "a") as log:
        log.write(f"{what} {host}\\n")

def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and outside(arguments[1][0]):
        note("connect", arguments[1][0])
    elif event == "socket.getaddrinfo" and outside(arguments[0]):
        note("look up", arguments[0])

sys.addaudithook(watch)
sys.path.insert(0, os.getcwd())
script = sys.argv[1]
sys.argv = sys.argv[1:]
if script == "--probe":
    try:
        socket.getaddrinfo("probe.invalid", 80)
    except OSError:
        pass
else:
    runpy.run_path(script, run_name="__main__")
"""
_DEAD = "http://127.0.0.1:9"


def _environment(spied: Path) -> dict[str, str]:
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), _DEAD)
    kept = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    return {**kept, **proxies, "SPY_LOG": str(spied), "PYTHONIOENCODING": "utf-8"}


def test_the_spy_sees_a_look_up(tmp_path: Path) -> None:
    spied, spy = tmp_path / "spied.txt", tmp_path / "spy.py"
    spy.write_text(_SPY, encoding="utf-8")
    subprocess.run([sys.executable, str(spy), "--probe"], env=_environment(spied), check=True)
    assert spied.read_text() == "look up probe.invalid\n"


def test_page_and_chat_work_without_one_outside_connection(new_page: Callable[..., Any], tmp_path: Path) -> None:
    spied, spy, log, port = tmp_path / "spied.txt", tmp_path / "spy.py", tmp_path / "log.txt", free_port()
    spy.write_text(_SPY, encoding="utf-8")
    command = [sys.executable, str(spy), "web_demo.py", "--model", "scripted", "--no-open", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=_environment(spied), stdout=output, stderr=subprocess.STDOUT)
    program = Program(process, f"http://127.0.0.1:{port}", log)
    try:
        program.wait_until_ready()
        page = new_page()  # fails the test on any outside request of the browser
        open_chat(page, program)
        ask(page, "math")
        assert saying(page, BOT, "Euler").count() == 1
    finally:
        program.stop()
    assert not spied.exists(), f"the program reached for the outside:\n{spied.read_text()}"
