"""Sharing on the local network without a network: addresses, options, certificates, what the terminal says."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from apps import gate_entrance, lan, lan_certificate, options, serving
from apps.gate_entrance import Entrance
from apps.lan import Address
from apps.lan_certificate import self_made
from tests.browser import ROOT, free_port


def parsed(*arguments: str) -> options.Options:
    return options.parse(options.parser("web_demo.py", "test"), arguments)


# -- addresses -------------------------------------------------------------------------------------


def test_the_address_with_the_default_route_comes_first_and_useless_ones_last_or_never() -> None:
    wired, wireless = Address("10.1.2.3", "eth0"), Address("192.168.1.5", "wlan0")
    docker = Address("172.17.0.1", "docker0")
    cable, v6, other_v6 = Address("169.254.7.7", "eth1"), Address("fd00::5", "wlan0"), Address("fd00::6", "wlan0")
    windows = Address("172.28.0.1", "vEthernet (WSL)")
    useless = [Address("127.0.0.1", "lo"), Address("::1", "lo"), Address("fe80::1", "wlan0")]
    found = [*useless, docker, windows, cable, other_v6, v6, wired, wireless, wireless]
    assert lan.ranked(found, ["192.168.1.5", "fd00::5"]) == [wireless, v6, wired, cable, docker, windows]
    assert lan.ranked(found, ["10.1.2.3", ""])[0] == wired
    assert lan.ranked(useless, ["127.0.0.1", ""]) == []


def test_this_computers_addresses_are_those_that_the_system_knows() -> None:
    for address in lan.addresses():
        family = socket.AF_INET6 if ":" in address.ip else socket.AF_INET
        with socket.socket(family) as trial:
            trial.bind((address.ip, 0))


@pytest.mark.parametrize(
    ("scheme", "host", "port", "url"),
    [
        ("http", "192.168.1.5", 7860, "http://192.168.1.5:7860"),
        ("http", "fd00::5", 7860, "http://[fd00::5]:7860"),
        ("http", "desk.local", 80, "http://desk.local"),
        ("https", "fd00::5", 443, "https://[fd00::5]"),
        ("https", "desk", 80, "https://desk:80"),
    ],
)
def test_an_address_is_written_as_a_browser_reads_it(scheme: str, host: str, port: int, url: str) -> None:
    assert lan.server_url(scheme, host, port) == url


# -- the self-test ---------------------------------------------------------------------------------


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that does not exist, for everything."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def _hello(request: object) -> PlainTextResponse:
    return PlainTextResponse("ok\n")


@pytest.fixture
def certificate(tmp_path: Path) -> lan_certificate.Certificate:
    return self_made(tmp_path, ["localhost", "127.0.0.1"])


@pytest.mark.usefixtures("no_way_out")
@pytest.mark.parametrize("secure", [False, True])
def test_the_self_test_reaches_us_past_any_proxy(secure: bool, certificate: lan_certificate.Certificate) -> None:
    port = free_port()
    app = Starlette(routes=[Route("/healthz", _hello)])
    server = serving.Server(app, "127.0.0.1", port, certificate if secure else None).start()
    try:
        assert lan.self_test(f"{'https' if secure else 'http'}://127.0.0.1:{port}/healthz") == ""
        assert lan.self_test(f"http{'' if secure else 's'}://127.0.0.1:{port}/healthz") != ""
    finally:
        server.close()


class _Other(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>somebody else")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def other_program() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_the_self_test_says_why_it_failed(other_program: int) -> None:
    assert lan.self_test(f"http://127.0.0.1:{other_program}/healthz") == "another program answers there"
    assert "refused" in lan.self_test(f"http://127.0.0.1:{free_port()}/healthz").lower()


@pytest.mark.parametrize(
    ("platform", "release", "failed", "expected"),
    [
        ("linux", "6.1", True, ["ufw allow 7860/tcp", "firewall-cmd --add-port=7860/tcp"]),
        ("linux", "6.1", False, []),
        ("linux", "5.15-microsoft-standard-WSL2", False, ["mirrored", "portproxy", "listenport=7860", "--lan-name"]),
        ("win32", "10", False, ["New-NetFirewallRule", "-LocalPort 7860"]),
        ("darwin", "23", True, ["System Settings"]),
        ("darwin", "23", False, []),
    ],
)
def test_the_advice_about_firewalls_is_for_this_system(
    platform: str, release: str, failed: bool, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lan.sys, "platform", platform)
    monkeypatch.setattr(lan.platform, "release", lambda: release)
    monkeypatch.setattr(lan, "active_firewalls", lambda: [])
    advice = "\n".join(lan.firewall_advice(7860, failed=failed))
    assert all(words in advice for words in expected) and bool(advice) is bool(expected)


def test_a_firewall_that_is_on_is_named_although_the_self_test_cannot_see_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lan.sys, "platform", "linux")
    monkeypatch.setattr(lan.platform, "release", lambda: "6.1")
    monkeypatch.setattr(lan, "_UFW", tmp_path / "ufw.conf")
    monkeypatch.setattr(lan.shutil, "which", lambda name: None)
    assert lan.firewall_advice(7860, failed=False) == []
    (tmp_path / "ufw.conf").write_text("# ENABLED=yes\nENABLED=no\n")
    assert lan.active_firewalls() == []
    (tmp_path / "ufw.conf").write_text("LOGLEVEL=low\nENABLED=yes\n")
    advice = lan.firewall_advice(7860, failed=False)
    assert advice[0].startswith("A firewall is on here (ufw)") and advice[1].endswith("sudo ufw allow 7860/tcp")
    assert len(advice) == 2


# -- options ---------------------------------------------------------------------------------------


def test_lan_listens_everywhere_with_the_documented_defaults() -> None:
    given = parsed("--lan")
    assert given.host in ("::", "0.0.0.0") and given.sharing == options.Sharing(seats=12, hours=12.0)
    given = parsed("--lan", "--seats", "3", "--link-hours", "0.5", "--lan-name", "desk", "--lan-name", "10.0.0.7")
    assert given.sharing == options.Sharing(seats=3, hours=0.5, names=("desk", "10.0.0.7"))
    given = parsed("--host", "192.168.1.5", "--password", "long enough", "--https")
    assert (given.host, given.sharing) == ("192.168.1.5", options.Sharing(password="long enough", https=True))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--host", "0.0.0.0"), "--host 0.0.0.0 would let other computers use this chat without a password; add --lan"),
        (("--host", "192.168.1.5"), "add --lan for a link with a QR code, or --password"),
        (("--lan", "--host", "127.0.0.1"), "only this computer open it; leave one of them out"),
        (("--password", "long enough"), "--password is for a page that others can open; add --lan"),
        (("--seats", "4"), "--seats is for a page that others can open; add --lan"),
        (("--https",), "--https is for a page that others can open; add --lan"),
        (("--lan", "--certfile", "x"), "--certfile and --keyfile belong together"),
        (("--lan", "--password", "short"), "5 characters are guessed too soon; use 8 or more"),
        (("--lan", "--password", ""), "0 characters are guessed too soon"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_what_to_do(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(options.OptionsError) as refused:
        parsed(*arguments)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--seats", "0"), "a number of seats is a whole number from 1 to 500, got '0'"),
        (("--link-hours", "-1"), "a link lasts from 0.01 to 720 hours, got '-1'"),
        (("--link-hours", "nan"), "a link lasts from 0.01 to 720 hours, got 'nan'"),
    ],
)
def test_numbers_out_of_range_are_told(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed("--lan", *arguments)
    assert sentence in capsys.readouterr().err


def test_a_password_is_read_from_the_environment_and_is_not_left_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(options.PASSWORD_VARIABLE, "from the environment")
    given = parsed("--lan", "--password")
    assert given.sharing is not None and given.sharing.password == "from the environment"
    assert options.PASSWORD_VARIABLE not in os.environ
    assert parsed("--lan").sharing == options.Sharing()


def test_a_password_is_asked_for_and_without_a_terminal_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(options.PASSWORD_VARIABLE, raising=False)
    monkeypatch.setattr(options.getpass, "getpass", lambda prompt: "typed by hand")
    given = parsed("--lan", "--password")
    assert given.sharing is not None and given.sharing.password == "typed by hand"
    command = [sys.executable, str(ROOT / "web_demo.py"), "--lan", "--password", "--model", "scripted", "--no-open"]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL, start_new_session=True
    )
    assert ended.returncode == 2 and "no terminal to ask on; set GLM_PASSWORD" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_under_streamlit_run_a_page_is_not_shared_but_the_way_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "web_demo2.py"), "--server.headless", "true"]
    command += ["--server.port", str(free_port()), "--", "--model", "scripted", "--lan"]
    environment = {**os.environ, "GLM_DATA": str(tmp_path)}
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, env=environment)
    assert ended.returncode != 0 and "started with: python web_demo2.py --lan" in ended.stderr


def test_unconfined_code_and_sharing_exclude_each_other(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "composite.py"), "--lan", "--unsafe-local-code", "--model", "scripted"]
    environment = {**os.environ, "GLM_DATA": str(tmp_path)}
    command += ["--no-open", "--port", str(free_port())]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, env=environment)
    assert ended.returncode == 2 and "--unsafe-local-code lets code run unconfined" in ended.stderr
    assert "leave out --unsafe-local-code" in ended.stderr


# -- what the terminal says ------------------------------------------------------------------------


def _announced(*arguments: str, tmp_path: Path) -> tuple[Entrance, str]:
    made = Entrance(parsed("--no-open", *arguments), tmp_path)
    said: list[str] = []
    made.announce("GLM Chat", say=said.append)
    for thread in threading.enumerate():
        if thread.name == "lan-self-test":
            thread.join(20)
    return made, "\n".join(said)


def test_a_page_for_this_computer_says_no_more_than_its_address(tmp_path: Path) -> None:
    _, said = _announced(tmp_path=tmp_path)
    assert said == "GLM Chat is ready: http://127.0.0.1:7860  (Ctrl-C ends it)"


def test_a_shared_page_says_link_code_seats_owner_and_what_stands_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lan, "addresses", lambda: [Address("192.168.1.5", "wlan0"), Address("fd00::5", "wlan0")])
    monkeypatch.setattr(lan, "self_test", lambda url: "" if url == "http://192.168.1.5:7860/healthz" else url)
    monkeypatch.setattr(lan, "firewall_advice", lambda port, failed: [f"advice {port} {failed}"])
    made, said = _announced("--lan", "--seats", "5", tmp_path=tmp_path)
    assert made.door is not None
    link = f"http://192.168.1.5:7860/join/{made.door.token}"
    assert said.splitlines()[0] == "GLM Chat is ready: http://127.0.0.1:7860  (Ctrl-C ends it)"
    assert f"    {link}\n" in said and "5 seats, until 20" in said
    assert f"Also:        http://[fd00::5]:7860/join/{made.door.token}" in said
    assert f"Owner link:  http://192.168.1.5:7860/join/{made.door.owner_key} " in said
    assert "http://127.0.0.1:7860/owner" in said and said.endswith("advice 7860 False")
    assert all(line in said for line in gate_entrance.qr_lines(link))
    _, said = _announced("--lan", "--https", "--port", "7861", tmp_path=tmp_path)
    assert "https://192.168.1.5:7861/join/" in said and "Certificate: SHA-256 " in said
    assert "This address did not answer: https://192.168.1.5:7861" in said and said.endswith("advice 7861 True")
    _, said = _announced("--lan", "--password", "long enough", "--lan-name", "desk.example", tmp_path=tmp_path)
    assert "    http://desk.example:7860/join\n" in said and "who has this password can join" in said
    assert "long enough" not in said


def test_on_one_address_only_the_owner_gets_his_own_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "self_test", lambda url: "")
    made, said = _announced("--lan", "--host", "192.168.1.5", tmp_path=tmp_path)
    assert made.door is not None
    assert said.startswith(f"GLM Chat is ready: http://192.168.1.5:7860/join/{made.door.owner_key}  ")
    assert "/owner" not in said


def test_a_computer_without_a_network_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "addresses", lambda: [])
    with pytest.raises(serving.ServingError, match="has no address that others could reach; connect it to a network"):
        Entrance(parsed("--lan"), tmp_path)


def test_the_code_on_the_terminal_is_the_link_and_is_left_out_where_it_cannot_be_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import segno

    link = "http://192.168.1.5:7860/join/abc"
    modules = [list(row) for row in segno.make(link, error="m", micro=False).matrix_iter(border=2)]
    light = {" ": (0, 0), "█": (1, 1), "▀": (1, 0), "▄": (0, 1)}
    rows = []
    for line in gate_entrance.qr_lines(link)[:-1]:
        halves = [light[letter] for letter in line.removeprefix("    ")]
        rows += [[1 - upper for upper, _ in halves], [1 - lower for _, lower in halves]]
    assert rows[: len(modules)] == modules
    with open(os.devnull, "w", encoding="ascii") as plain:
        monkeypatch.setattr(sys, "stdout", plain)
        assert gate_entrance.qr_lines(link) == []
        monkeypatch.undo()
