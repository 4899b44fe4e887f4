"""Who may run code, and what people are told when nobody may."""

from __future__ import annotations

from pathlib import Path

import pytest

from glm.errors import SandboxError
from glm.sandbox import mending
from glm.sandbox.policy import UNSAFE_NOTICE, Rehearsal, Tier, decide, is_loopback


def said(**works: bool) -> list[Rehearsal]:
    tiers: dict[str, Tier] = {"bwrap": "bwrap", "landlock": "landlock", "unsafe": "unsafe"}
    return [
        Rehearsal(tiers[name], True) if ok else Rehearsal(tiers[name], False, f"no {name}", f"mend {name}")
        for name, ok in works.items()
    ]


def test_the_best_tier_that_works_is_taken() -> None:
    assert decide(said(landlock=True, bwrap=True)).tier == "bwrap"
    assert decide(said(bwrap=False, landlock=True)).tier == "landlock"


def test_off_explains_itself() -> None:
    decision = decide(said(bwrap=False, landlock=False, unsafe=True))
    assert (decision.tier, decision.runs, decision.mend) == ("none", False, "mend bwrap")
    assert "no bwrap" in decision.notice
    assert "no landlock" in decision.notice


def test_nothing_rehearsed_is_off() -> None:
    assert decide([]).tier == "none"
    assert decide([], unsafe=True).tier == "none"


def test_unsafe_needs_the_flag_and_asks_each_time() -> None:
    found = said(bwrap=False, landlock=False, unsafe=True)
    assert not decide(found).runs
    decision = decide(found, unsafe=True)
    assert (decision.tier, decision.notice, decision.asks_each_run) == ("unsafe", UNSAFE_NOTICE, True)


def test_a_working_tier_is_used_in_spite_of_the_flag() -> None:
    assert decide(said(bwrap=True), unsafe=True).tier == "bwrap"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.example.org"])
def test_the_flag_is_refused_where_others_reach_the_server(host: str) -> None:
    for found in (said(bwrap=True), said(bwrap=False, landlock=False, unsafe=True)):
        with pytest.raises(SandboxError, match="--unsafe-local-code"):
            decide(found, unsafe=True, host=host)


def test_the_flag_is_refused_with_a_share_link() -> None:
    with pytest.raises(SandboxError, match="share link"):
        decide(said(unsafe=True), unsafe=True, shared=True)


def test_confined_code_may_serve_the_network() -> None:
    assert decide(said(bwrap=True), host="0.0.0.0", shared=True).tier == "bwrap"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


def test_mending_names_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    python = Path("/somewhere/python")
    monkeypatch.setattr(mending.sys, "platform", "linux")
    monkeypatch.setattr(mending, "_setting", lambda name: "")
    monkeypatch.setattr(mending, "_distribution", lambda: "ubuntu")
    assert mending.advice("bwrap", "bubblewrap is not installed", python) == "sudo apt install bubblewrap"
    assert "ipykernel" not in mending.advice("bwrap", "x", python)
    assert "-m pip install" in mending.advice("bwrap", "the Python for code lacks ipykernel", python)
    assert "apparmor_parser" in mending.advice("bwrap", "bwrap: setting up uid map: Permission denied", python)
    assert "everybody may" in mending.advice("landlock", "starting /root/x: PermissionError: Permission denied", python)
    monkeypatch.setattr(mending, "_setting", lambda name: "0" if name == "user/max_user_namespaces" else "")
    assert "max_user_namespaces" in mending.advice("bwrap", "Creating new namespace failed", python)
    monkeypatch.setattr(mending.sys, "platform", "win32")
    assert "WSL2" in mending.advice("bwrap", "it exists on Linux only", python)
