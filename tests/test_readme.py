"""The READMEs: their commands and options exist, their examples run, and the two say the same."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import glm
from apps import options
from glm.__main__ import main as glm_main
from glm.scripted_engine import ScriptedEngine

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README_zh.md")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", read(name), re.MULTILINE | re.DOTALL)


def commands(name: str) -> list[str]:
    """Command lines of the shell blocks, remarks taken off."""
    lines = "\n".join(blocks(name, "bash")).splitlines()
    return [line.partition("#")[0].strip() for line in lines]


def web_help() -> str:
    return options.parser("web_demo.py", "").format_help()


def run_py_commands() -> set[str]:
    spec = importlib.util.spec_from_file_location("run_py", ROOT / "run.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return set(module.COMMANDS)


@pytest.mark.parametrize("name", READMES)
def test_the_readme_opens_with_the_two_commands_and_a_picture(name: str) -> None:
    opening = "\n".join(read(name).splitlines()[:12])
    assert "python run.py " in opening
    assert "python run.py test" in opening
    assert re.search(r"!\[.+\]\(resources/screenshots/.+\.png\)", opening)


def test_both_languages_give_the_same_commands_and_options() -> None:
    assert commands("README.md") == commands("README_zh.md")
    english, chinese = (re.findall(r"^\| (`(?:python|--)[^|]+?) \|", read(name), re.MULTILINE) for name in READMES)
    assert len(english) > 10
    assert english == chinese


@pytest.mark.parametrize("name", READMES)
def test_the_option_table_is_that_of_help(name: str) -> None:
    table = set(re.findall(r"`(--[a-z-]+)`", "\n".join(re.findall(r"^\| `--.*", read(name), re.MULTILINE))))
    assert table == set(re.findall(r"--[a-z-]+", web_help())) - {"--help"}


def test_every_option_of_the_web_page_says_its_default() -> None:
    for option in re.split(r"\n  (?=-)", web_help().partition("options:")[2])[2:]:
        assert "(default:" in option, option


def test_the_defaults_in_the_table_are_the_programs() -> None:
    defaults = options.Options()
    for option, value in (("host", defaults.host), ("port", defaults.port), ("device", defaults.device)):
        assert f"| `--{option}` | `{value}` |" in read("README.md")


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_run_py_exists(name: str) -> None:
    words = set(re.findall(r"`?python run\.py ([a-z]+)\b", read(name)))
    assert {"chat", "doctor", "test"} <= words <= run_py_commands()


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_the_package_exists(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = set(re.findall(r"python -m glm ([a-z]+)", read(name)))
    assert words
    for word in words:
        with pytest.raises(SystemExit) as ended:
            glm_main([word, "--help"])
        assert ended.value.code == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", READMES)
def test_the_python_examples_run(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(glm, "load_engine", lambda: ScriptedEngine())
    examples = blocks(name, "python")
    assert len(examples) == 2
    for example in examples:
        exec(compile(example, name, "exec"), {})
    printed = capsys.readouterr().out
    assert "stop" in printed
    assert "Message(role='user'" in printed


@pytest.mark.parametrize("name", [*READMES, "docs/architecture.md"])
def test_links_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", read(name))
    assert [target for target in targets if not (ROOT / name).parent.joinpath(target).exists()] == []


def test_the_file_tree_is_the_trees() -> None:
    tree = read("docs/files.md")
    shown = set(re.findall(r"[\w./]+\.py", tree))
    present = [*ROOT.glob("*.py"), *ROOT.glob("apps/*.py"), *ROOT.glob("glm/*.py"), *ROOT.glob("benchmarks/*.py")]
    present += [path for path in ROOT.glob("glm/*/*.py") if path.parent.name != "training"]
    expected = {path.name for path in present if path.name != "__init__.py"}
    assert expected == {Path(name).name for name in shown} - {"__init__.py", "find_browser.py"}


@pytest.mark.parametrize("name", ["docs/architecture.md"])
def test_the_architecture_names_files_that_exist(name: str) -> None:
    named = set(re.findall(r"`((?:glm|apps|tests)/[\w/]+(?:\.py)?/?)`", read(name)))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
