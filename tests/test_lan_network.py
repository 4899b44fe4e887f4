"""A shared page over a real network: a namespace is the second computer; IPv4 and IPv6, http and websocket."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import ROOT, Program, start

HERE4, THERE4 = "198.51.100.1", "198.51.100.2"
HERE6, THERE6 = "fd6c:676c:6d00::1", "fd6c:676c:6d00::2"
NAME = f"glm{os.getpid() % 100000}"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def other_computer() -> Iterator[str]:
    """The name of a network namespace that a pair of virtual cards joins with this one."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("a second network needs Linux, root and the command ip")
    near, far = f"{NAME}a", f"{NAME}b"
    try:
        ip("netns", "add", NAME)
        ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", NAME)
    except subprocess.CalledProcessError as error:
        subprocess.run(["ip", "netns", "del", NAME], check=False, capture_output=True)
        pytest.skip(f"network namespaces are not permitted here: {error.stderr.strip()}")
    try:
        ip("addr", "add", f"{HERE4}/24", "dev", near)
        ip("-6", "addr", "add", f"{HERE6}/64", "dev", near, "nodad")
        ip("link", "set", near, "up")
        ip("-n", NAME, "addr", "add", f"{THERE4}/24", "dev", far)
        ip("-n", NAME, "-6", "addr", "add", f"{THERE6}/64", "dev", far, "nodad")
        ip("-n", NAME, "link", "set", far, "up")
        yield NAME
    finally:
        subprocess.run(["ip", "netns", "del", NAME], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", near], check=False, capture_output=True)


@pytest.fixture(scope="module")
def shared(other_computer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """`web_demo2.py --lan`, told and ready."""
    log = tmp_path_factory.mktemp("lan") / "log.txt"
    program = start("web_demo2.py", "--model", "scripted", "--lan", log=log)
    try:
        program.wait_until_ready()
        deadline = time.monotonic() + 30
        while "Owner link" not in program.printed() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield program
    finally:
        program.stop()


def visit(computer: str, address: str, path: str) -> dict[str, Any]:
    command = ["ip", "netns", "exec", computer, sys.executable, "-m", "tests.lan_client", address, path]
    # A proxy that leads nowhere: in a local network nobody needs one.
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110)
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.mark.parametrize("host", [HERE4, f"[{HERE6}]"])
def test_another_computer_is_refused_without_the_link_and_served_with_it(
    host: str, shared: Program, other_computer: str
) -> None:
    port = shared.url.rpartition(":")[2]
    links = re.findall(r"(http://\S+?)(/join/\w+)", shared.printed())
    assert f"http://{host}:{port}" in [address for address, _ in links]
    told = visit(other_computer, f"http://{host}:{port}", links[0][1])
    refused = ("stranger", "stranger upload", "stranger websocket", "owner's page", "foreign websocket")
    assert {name: told[name] for name in refused} == dict.fromkeys(refused, 403)
    assert told["health"] == 200 and told["looking"] == [200, ""]
    assert told["joined"] == [303, 303]
    assert told["page"] == 200 and told["websocket"] is True and told["back again"] is True
    assert told["stolen"] is False and told["upload to another's"] == 403


def test_nothing_that_was_asked_for_is_in_the_log(shared: Program) -> None:
    printed = shared.printed()
    token = re.findall(r"/join/(\w+)", printed)[0]
    said = printed.rpartition("Owner link")[2]
    assert token not in said and "GET" not in said and "Traceback" not in printed


def test_the_address_does_not_answer_where_nothing_is_shared(tmp_path: Path, other_computer: str) -> None:
    program = start("web_demo2.py", "--model", "scripted", log=tmp_path / "log.txt").wait_until_ready()
    try:
        port = program.url.rpartition(":")[2]
        code = f"import socket; socket.create_connection(('{HERE4}', {port}), 5)"
        command = ["ip", "netns", "exec", other_computer, sys.executable, "-c", code]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert "ConnectionRefusedError" in ended.stderr
    finally:
        program.stop()
