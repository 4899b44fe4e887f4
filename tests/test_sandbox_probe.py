"""Rehearsals on this computer: as who runs the tests, as an ordinary user, and without user namespaces."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glm.sandbox import probe
from glm.sandbox.policy import Tier
from glm.sandbox.probe import ENTRIES, rehearse
from tests.confinement import LINUX, ORDINARY, as_ordinary_user, copy_of_package, python_for, readable_python, tiers

pytestmark = pytest.mark.skipif(not LINUX, reason="confinement exists on Linux only")


def test_this_computer_can_confine() -> None:
    """Every other test here would be left out without a word."""
    if not tiers():
        assert not os.environ.get("CI"), "neither bubblewrap nor Landlock (Linux 6.12) is here: install bubblewrap"
        pytest.skip("no confinement on this computer")


@pytest.fixture(params=tiers())
def tier(request: pytest.FixtureRequest) -> Tier:
    found: Tier = request.param
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_rehearsal(tier: Tier) -> None:
    found = rehearse(tier, python_for(tier), packages=())
    assert found.works, found.reason


def test_the_rehearsal_notices_missing_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without confinement every bait is taken: the rehearsal is able to fail."""
    results: list[dict[str, str]] = []
    judge = probe._judge
    monkeypatch.setattr(probe, "_judge", lambda tier, result: results.append(dict(result)) or judge(tier, result))
    rehearse("unsafe", python_for("unsafe"), packages=("no_such_package",))
    (result,) = results
    held = [name for name, value in result.items() if not value]
    expected = {"rights", "read", "network", "unix_socket", "abstract_socket", "namespace"}
    assert not expected & set(held)
    assert result["packages"] == "no_such_package"


def test_a_rehearsal_that_lacks_an_entry_fails() -> None:
    complete = {f"wall{number}": "" for number in range(ENTRIES)}
    assert probe._judge("bwrap", dict(complete)) == ""
    assert "not complete" in probe._judge("bwrap", dict(list(complete.items())[1:]))


def test_a_missing_package_is_named(tier: Tier) -> None:
    found = rehearse(tier, python_for(tier), packages=("no_such_package",))
    assert not found.works
    assert "no_such_package" in found.reason
    assert "pip install" in found.mend


PROBE = """
import json, sys
from pathlib import Path
from glm.sandbox.manager import SandboxManager
from glm.sandbox.policy import decide
from glm.sandbox.probe import rehearse
found = [rehearse(tier, Path(sys.executable)) for tier in ("bwrap", "landlock")]
decision = decide(found)
with SandboxManager(decision.tier, warm=False) as manager:
    *_, done = manager.open("visitor").run("import os; print(os.environ['GLM_TIER'], 6 * 7)")
said = [output.text for output in done.outputs]
print(json.dumps([decision.tier, said, *([one.tier, one.works, one.reason, one.mend] for one in found)]))
"""


def probed(folder: Path, *before: str) -> list[Any]:
    """What an ordinary user gets, with `before` in front of the command: tier, what a cell printed, rehearsals."""
    copy = copy_of_package(folder)
    (folder / "home").mkdir()
    command = as_ordinary_user([*before, str(readable_python()), "-B", "-c", PROBE], folder / "home")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=copy, check=False)
    assert done.returncode == 0, done.stderr
    answer: list[Any] = json.loads(done.stdout)
    return answer


def test_an_ordinary_user_is_confined_as_well(folder: Path) -> None:
    tier, said, bwrap, landlock = probed(folder)
    if "bwrap" in tiers():
        assert bwrap[1], bwrap
    if "landlock" in tiers():
        assert landlock[1], landlock
    assert tier == tiers()[0]
    assert said == [f"{tier} 42\n"]


def test_without_user_namespaces_landlock_takes_over(folder: Path) -> None:
    """The whole way: the rehearsals, the decision, and a cell in a kernel."""
    if tiers() != ["bwrap", "landlock"] or not shutil.which("unshare"):
        pytest.skip("needs both tiers, to lose one")
    switch_off = 'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all "$@"'
    user = ORDINARY if os.geteuid() == 0 else os.geteuid()
    namespace = ["unshare", "-U", f"--map-user={user}", f"--map-group={user}", "--keep-caps"]
    tier, said, bwrap, landlock = probed(folder, *namespace, "sh", "-c", switch_off, "sh")
    assert tier == "landlock"
    assert said == ["landlock 42\n"]
    assert not bwrap[1]
    assert "namespace" in bwrap[2]
    assert bwrap[3] == "sudo sysctl -w user.max_user_namespaces=15000"
    assert landlock[1], landlock


def test_processes_that_take_a_moment_to_go_are_no_survivors_and_those_that_stay_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probe, "_GONE_SECONDS", 0.5)
    going = subprocess.Popen(["sleep", "0.2"])
    staying = subprocess.Popen(["sleep", "30"])
    try:
        assert probe._outliving([going.pid]) == []
        assert probe._outliving([going.pid, staying.pid]) == [staying.pid]
    finally:
        staying.kill()
        staying.wait()
        going.wait()
