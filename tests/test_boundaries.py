"""The lines between the parts of the program, looked up in the source itself."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".git", ".venv", "__pycache__", ".playwright", ".test-artifacts"}
TEXT = {".py", ".md", ".txt", ".toml", ".json", ".jsonl", ".cfg", ".yml", ".yaml", ".html", ".css", ".js", ""}

LONGEST = 400
ALLOWED_LONGER = {
    "apps/gradio_style.py": (550, "a style sheet"),
    "glm/torch_engine.py": (450, "the life of a request, told in one place"),
}
DATA_TABLES = re.compile(r"glm/training/(\w+_(tasks|phrases|catalogue\w*|values|talk|chinese)|questions)\.py")


def files(*suffixes: str, under: str = "") -> Iterator[Path]:
    """The project's files with these suffixes (none given: all), without what tools leave behind."""
    for folder, folders, names in os.walk(ROOT / under):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.endswith("_cache"))
        yield from (Path(folder, name) for name in sorted(names) if not suffixes or Path(name).suffix in suffixes)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def product_files() -> list[Path]:
    return [*files(".py", under="glm"), *files(".py", under="apps"), *ROOT.glob("*.py")]


def imports_of(path: Path) -> set[str]:
    """First parts of all modules that the file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def offending_lines(paths: list[Path], pattern: str) -> list[str]:
    wrong = re.compile(pattern)
    return [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if wrong.search(line)
    ]


def test_front_ends_hold_no_token_formats() -> None:
    front_ends = [*files(".py", under="apps"), ROOT / "web_demo.py"]
    assert len(front_ends) > 1
    assert offending_lines(front_ends, r"<\|(system|user|assistant|observation)\|>|\[gMASK\]|\bsop\b") == []


def test_the_core_knows_no_widgets_and_no_front_end() -> None:
    core = list(files(".py", under="glm"))
    assert core
    outside = {"gradio", "streamlit", "apps"}
    assert {name_of(path): found for path in core if (found := imports_of(path) & outside)} == {}


def test_training_is_not_needed_to_use_a_model() -> None:
    users = [path for path in product_files() if not name_of(path).startswith("glm/training/")]
    assert [name_of(path) for path in users if "peft" in imports_of(path)] == []
    assert offending_lines(users, r"^\s*(from|import) glm\.training") == []


def test_nothing_a_model_or_a_checkpoint_says_is_executed() -> None:
    checked = [path for path in product_files() if not name_of(path).startswith("glm/training/")]
    forbidden = (
        r"(?<![\w.])(eval|exec|compile)\(|\bpickle\.|import pickle|(trust_remote_code|shell)\s*=\s*True"
        r"|torch\.load\((?!.*\bweights_only=True\b)"
    )
    assert offending_lines(checked, forbidden) == []


@pytest.mark.parametrize("path", product_files(), ids=name_of)
def test_a_file_has_one_idea_and_opens_with_it(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    limit, _ = ALLOWED_LONGER.get(name_of(path), (LONGEST, ""))
    if not DATA_TABLES.fullmatch(name_of(path)):
        assert source.count("\n") <= limit, "split it, or say in ALLOWED_LONGER why it is long"
    assert ast.get_docstring(ast.parse(source)), "the first lines say what the file is"
    assert path.stem not in {"utils", "util", "helpers", "misc", "common"}


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    here = Path(__file__)
    texts = [path for path in files(*TEXT) if path != here and path.name not in ("tokenizer.json", ".git")]
    in_the_sandbox = ("/tmp/home", "/tmp/sbx_", "*/root/mnt/data", "starting /root/x")
    places = (
        r"(?<![\w.])/(work|tmp|root|opt)/|/home/\w+/|[A-Z]:\\\\?Users\\|://(localhost|10\.|192\.168\.)[\w.:]*/simple"
    )
    found = offending_lines(texts, places)
    assert [line for line in found if not any(known in line for known in in_the_sandbox)] == []


def test_the_repository_stays_small() -> None:
    size = sum(path.stat().st_size for path in files())
    assert size < 60_000_000


def test_requirements_name_what_is_imported() -> None:
    listed = (ROOT / "requirements.txt").read_text(encoding="utf-8").lower()
    own = {"glm", "apps", "__future__"}
    optional = {"starlette"}  # Gradio's own foundation, at the version Gradio chooses
    users = [path for path in product_files() if not name_of(path).startswith("glm/training/")]
    imported = set().union(*map(imports_of, users)) - own - optional - _standard_library()
    called = {"IPython": "ipython", "yaml": "pyyaml"}  # what the packages of these modules are called
    names = sorted(called.get(name, name) for name in imported)
    assert [name for name in names if not re.search(rf"^{name}\b", listed, re.MULTILINE)] == []
    assert re.search(r"^torch==2\.13\.0$", listed, re.MULTILINE)


def _standard_library() -> set[str]:
    import sys

    return set(sys.stdlib_module_names)
