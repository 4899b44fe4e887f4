"""Attacks on the confinement, per tier and per user: a few in every run, all of them with GLM_ATTACKS=all.

The snippets lie beside the repository, in ../shared/attacks; without them the doctor's own attacks are what is run.
GLM_ATTACKS_TABLE names a file for the table of outcomes.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from glm.sandbox import attacks, doctor
from glm.sandbox.policy import Tier
from glm.sandbox.probe import rehearse
from tests.confinement import LINUX, as_ordinary_user, copy_of_package, python_for, readable_python, tiers

SNIPPETS = Path(__file__).resolve().parents[2] / "shared" / "attacks"
NUMBER = 55
WHOLE = os.environ.get("GLM_ATTACKS") == "all"
SMOKE = "fs_proc_environ_app fs_symlink_download net_unix_socket net_victim_kernel proc_kill_app fs_hardlink".split()

User = Literal["root", "ordinary"]

pytestmark = pytest.mark.skipif(not LINUX, reason="confinement exists on Linux only")


def users() -> list[User]:
    return ["root", "ordinary"] if LINUX and os.geteuid() == 0 else ["ordinary"]


def combinations() -> list[tuple[Tier, User]]:
    every = [(tier, user) for tier in tiers() for user in users()]
    return every if WHOLE else [one for one in every if one != ("landlock", "root")]


def chosen() -> list[str]:
    there = sorted(path.stem for path in SNIPPETS.glob("*.py"))
    return [name for name in there if WHOLE or name in SMOKE]


table: dict[tuple[Tier, User], dict[str, str]] = {}
"""What was wrong, by attack, in what was run: "" for what held."""


@pytest.fixture(scope="module", autouse=True)
def written_table() -> Iterator[None]:
    yield
    path = os.environ.get("GLM_ATTACKS_TABLE")
    if path and table:
        names = sorted({name for outcomes in table.values() for name in outcomes})
        lines = ["| attack |" + "".join(f" {tier}, {user} |" for tier, user in table), "|---|" + "---|" * len(table)]
        for name in names:
            cells = [outcomes.get(name) for outcomes in table.values()]
            said = ["-" if cell is None else f"NOT held: {cell}" if cell else "held" for cell in cells]
            lines.append(f"| {name} | " + " | ".join(one.replace("|", "/") for one in said) + " |")
        held = [sum(not said for said in outcomes.values()) for outcomes in table.values()]
        counts = [f"{count} of {len(outcomes)}" for count, outcomes in zip(held, table.values(), strict=True)]
        lines.append("| **held** | " + " | ".join(counts) + " |")
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def outcomes(tier: Tier, user: User) -> dict[str, str]:
    """What came of the snippets in this tier for this user, run once: what was wrong, by name."""
    found = problems(run(tier, user, tuple(chosen())))
    table.setdefault((tier, user), {}).update(found)
    return found


def problems(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stderr[-3000:]
    return {one["name"]: one["problem"] for one in map(json.loads, done.stdout.splitlines())}


@functools.lru_cache(maxsize=8)
def run(tier: Tier, user: User, names: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    asked = json.dumps({"tier": tier, "snippets": [str(SNIPPETS / f"{name}.py") for name in names]})
    # On a busy computer the last kernel may still be ending, and its folder be cleared, when the runner has told all.
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        copy = copy_of_package(folder)
        (folder / "home").mkdir()
        other = user == "ordinary" and os.geteuid() == 0
        python = readable_python() if other else python_for(tier)
        command = [str(python), "-B", "-m", "tests.attack_runner", asked]
        command = as_ordinary_user(command, folder / "home") if other else command
        return subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False, cwd=copy)


def test_bubblewrap_works_where_it_is_required() -> None:
    """Without it most of this file would be left out without a word."""
    found = rehearse("bwrap", Path(sys.executable))
    if not found.works and not (WHOLE or os.environ.get("CI")):
        pytest.skip(f"bubblewrap does not work here: {found.reason}")
    assert found.works, f"{found.reason}; to mend it: {found.mend}"


@pytest.mark.skipif(not SNIPPETS.is_dir(), reason=f"the attack snippets are not here: {SNIPPETS}")
def test_all_snippets_are_here() -> None:
    assert len(list(SNIPPETS.glob("*.py"))) == NUMBER
    assert chosen() if WHOLE else sorted(SMOKE) == chosen()


@pytest.mark.skipif(not SNIPPETS.is_dir(), reason=f"the attack snippets are not here: {SNIPPETS}")
@pytest.mark.parametrize("name", chosen() or ["none"])
@pytest.mark.parametrize(("tier", "user"), combinations())
@pytest.mark.timeout(1300 if WHOLE else 120)  # the first of each combination waits for all of it
def test_an_attack_is_held(tier: Tier, user: User, name: str) -> None:
    problem = outcomes(tier, user)[name]
    assert problem == ""


@pytest.mark.skipif(not SNIPPETS.is_dir(), reason=f"the attack snippets are not here: {SNIPPETS}")
def test_the_judges_see_what_does_not_hold() -> None:
    names = ("fs_read_app_secret", "fs_write_outside", "net_loopback_app", "net_listen")
    found = problems(run("unsafe", users()[0], names))
    assert {name for name, problem in found.items() if problem} == set(names)


@pytest.mark.thorough
@pytest.mark.parametrize("tier", tiers())
def test_the_doctors_own_attacks_are_held(tier: Tier) -> None:
    slow = () if WHOLE else ("endless output",)
    chosen = [one for one in attacks.ATTACKS if one.name not in slow]
    found = doctor.attack(tier, python_for(tier), attacks=chosen)
    user: User = "root" if os.geteuid() == 0 else "ordinary"
    table.setdefault((tier, user), {}).update({f"doctor: {one.name}": one.problem for one in found})
    assert [one.name for one in found] == [*(one.name for one in chosen), "survivors"]
    assert [(one.name, one.problem) for one in found if one.problem] == []


def test_the_doctor_sees_what_does_not_hold() -> None:
    """Without walls its attacks get in: they are able to fail."""
    wanted = ("secret file", "loopback", "network", "local sockets", "write outside")
    chosen = [one for one in attacks.ATTACKS if one.name in wanted]
    found = doctor.attack("unsafe", python_for("unsafe"), attacks=chosen)
    assert {one.name for one in found if one.problem} == set(wanted)
