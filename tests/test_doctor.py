"""The doctor: versions compared rightly, problems named with the command that fixes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glm import doctor
from glm.doctor import REQUIREMENTS, Finding, examine, exit_code, read_requirements, report, satisfies
from glm.errors import SandboxError

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("version", "specifier", "holds"),
    [
        ("2.13.0", "==2.13.0", True),
        ("2.13.0+cpu", "==2.13.0", True),
        ("2.13", "==2.13.0", True),
        ("2.13.1", "==2.13.0", False),
        ("5.23.0", ">=5.23,<5.24", True),
        ("5.23.9", ">=5.23,<5.24", True),
        ("5.24.0", ">=5.23,<5.24", False),
        ("5.9.0", ">=5.23,<5.24", False),
        ("10.0", ">9, !=10.1", True),
        ("10.1.0", ">9, !=10.1", False),
        ("1.0rc1", ">=1.0", False),
        ("1.0.post1", ">=1.0", True),
        ("3.10.0", ">=3.10", True),
        ("3.9.18", ">=3.10", False),
        ("anything", "", True),
    ],
)
def test_versions_are_compared_by_number(version: str, specifier: str, holds: bool) -> None:
    assert satisfies(version, specifier) is holds


def test_a_range_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the version range '~=1\.0' is not understood"):
        satisfies("1.0", "~=1.0")


def test_requirements_are_read_without_comments_extras_and_markers() -> None:
    text = "# first\ntorch==2.13.0\nfoo[bar] >= 1, <2  # why\n-r other.txt\nwinonly>=1; sys_platform == 'win32'\n\n"
    assert read_requirements(text) == [("torch", "==2.13.0"), ("foo", ">= 1, <2")]


def test_every_line_of_the_projects_requirements_is_understood() -> None:
    wanted = read_requirements(REQUIREMENTS.read_text(encoding="utf-8"))
    assert ("torch", "==2.13.0") in wanted
    for _, specifier in wanted:
        satisfies("1.0", specifier)


def test_this_environment_is_healthy() -> None:
    findings = examine()
    assert exit_code(findings) == 0, report(findings)
    names = {finding.name for finding in findings}
    assert {"Python", "torch", "gradio", "device", "dtype", "threads", "CPU features", "free memory"} <= names
    assert report(findings).endswith("Everything that is required is here.")


def test_a_missing_and_an_outdated_package_are_problems_with_one_fix(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("no-such-package>=1\npytest<1\n", encoding="utf-8")
    findings = examine(requirements)
    problems = [finding for finding in findings if finding.state == "problem"]
    assert [(finding.name, finding.found, finding.wanted) for finding in problems] == [
        ("no-such-package", "missing", ">=1"),
        ("pytest", pytest.__version__, "<1"),
    ]
    assert exit_code(findings) == 1
    text = report(findings)
    assert text.count("-m pip install -r requirements.txt") == 1
    assert "Everything that is required" not in text


def test_a_torch_that_cannot_be_imported_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_import_torch", lambda: OSError("libtorch.so: cannot open shared object file"))
    found = [finding for finding in examine() if finding.name == "torch import"]
    assert found[0].state == "problem" and "libtorch.so" in found[0].found and "--force-reinstall" in found[0].fix


def test_a_missing_requirements_file_is_a_problem(tmp_path: Path) -> None:
    findings = examine(tmp_path / "requirements.txt")
    assert (
        Finding(
            "packages",
            "requirements.txt cannot be read (No such file or directory)",
            "",
            "problem",
            "get the program's files again",
        )
        in findings
    )


def test_a_note_is_no_failure() -> None:
    findings = [Finding("built-in model", "not built yet", "", "note", "build it")]
    assert exit_code(findings) == 0
    assert "Worth doing:\n  build it" in report(findings)


def test_the_built_in_models_state_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from glm.tiny import built_folder

    monkeypatch.setenv("GLM_CACHE", str(tmp_path))
    assert _built_in_model().found.startswith("not built yet")
    built_folder().mkdir()
    damaged = _built_in_model()
    assert damaged.state == "note" and damaged.fix.endswith("-m glm tiny rebuild")


def test_the_doctor_runs_where_nothing_is_installed(tmp_path: Path) -> None:
    # -S leaves out site-packages: the standard library is all there is.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "glm", "doctor"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "", "GLM_CACHE": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "torch" in done.stdout and "PROBLEM" in done.stdout and "pip install -r requirements.txt" in done.stdout
    assert done.stderr == ""


def _built_in_model() -> Finding:
    return next(finding for finding in examine() if finding.name == "built-in model")


def test_where_nothing_can_confine_code_the_doctor_notes_it_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    from glm.sandbox import bwrap, landlock, mending

    def missing() -> None:
        raise SandboxError("bubblewrap (the program bwrap) is not installed")

    monkeypatch.setattr(bwrap, "find", missing)
    monkeypatch.setattr(landlock, "abi", lambda: 5)
    monkeypatch.setattr(mending, "_distribution", lambda: "debian")
    finding = next(finding for finding in examine() if finding.name == "sandbox for code")
    assert (finding.state, finding.fix) == ("note", "sudo apt install bubblewrap")
    monkeypatch.setattr(landlock, "abi", lambda: 6)
    assert next(finding for finding in examine() if finding.name == "sandbox for code").found.startswith("Landlock 6")
