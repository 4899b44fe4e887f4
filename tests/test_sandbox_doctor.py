"""`python -m glm sandbox doctor`: what it prints and answers. That its attacks are held is in test_sandbox_attacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from glm.__main__ import main
from glm.sandbox import doctor
from glm.sandbox.attacks import ATTACKS
from glm.sandbox.doctor import Outcome
from glm.sandbox.policy import Rehearsal, Tier


def with_tiers(monkeypatch: pytest.MonkeyPatch, *found: Rehearsal) -> None:
    monkeypatch.setattr(doctor, "examine", lambda python, tiers: list(found))


def with_outcome(monkeypatch: pytest.MonkeyPatch, problem: str) -> list[Tier]:
    attacked: list[Tier] = []

    def attack(tier: Tier, python: Path, *, told: object) -> Sequence[Outcome]:
        attacked.append(tier)
        outcomes = [Outcome("one", "try one", "", 0.1), Outcome("two", "try two", problem, 0.2)]
        for outcome in outcomes:
            told(outcome)  # type: ignore[operator]
        return outcomes

    monkeypatch.setattr(doctor, "attack", attack)
    return attacked


def test_without_any_tier_it_says_why_and_what_mends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacks = Rehearsal("bwrap", False, "bubblewrap is not installed", "sudo apt install bubblewrap")
    with_tiers(monkeypatch, lacks, Rehearsal("landlock", False, "this kernel is too old"))
    attacked = with_outcome(monkeypatch, "")
    assert main(["sandbox", "doctor"]) == 1
    said = capsys.readouterr().out
    assert "bubblewrap is not installed" in said
    assert "sudo apt install bubblewrap" in said
    assert "this kernel is too old" in said
    assert "not run here" in said
    assert attacked == []


def test_the_best_tier_is_attacked_and_one_open_wall_fails_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_tiers(monkeypatch, Rehearsal("bwrap", False, "no"), Rehearsal("landlock", True))
    attacked = with_outcome(monkeypatch, "a secret came out")
    assert main(["sandbox", "doctor"]) == 1
    said = capsys.readouterr().out
    assert attacked == ["landlock"]
    assert "NOT held" in said
    assert "a secret came out" in said
    assert "1 of 2 attacks were held" in said
    with_outcome(monkeypatch, "")
    assert main(["sandbox", "doctor"]) == 0
    assert "2 of 2 attacks were held" in capsys.readouterr().out


def test_a_python_that_does_not_run_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "doctor", "--tier", "bwrap", "--sandbox-python", "/no/such/python"]) == 1
    said = capsys.readouterr().out
    assert "/no/such/python" in said or "Linux only" in said


def test_about_a_dozen_attacks_each_of_its_own() -> None:
    assert len({one.name for one in ATTACKS}) == len(ATTACKS) >= 12
    for one in ATTACKS:
        compile(one.cell({}), one.name, "exec")
