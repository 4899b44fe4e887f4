"""Security of the source itself: nothing that executes text, nothing that unpickles, no package with a known fault.

Rows S6, S17, S18, S19 and S20 of docs/security.md, as far as reading the source can tell. What the parts do when they
run is in the other test_security files.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
FLOORS: dict[str, list[str]] = json.loads(
    (ROOT / "tests" / "data" / "version_floors.json").read_text(encoding="utf-8")
)["floors"]

EXECUTE = {"eval", "exec", "compile", "__import__", "execfile"}
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "jsonpickle", "marshal", "shelve", "code"}
ONLY_NAMES = {"pickle": {"UnpicklingError"}}
"""What may be imported of a forbidden module: an exception to catch."""
CALLS = re.compile(
    r"(os\.(system|popen|exec\w+|spawn\w+|startfile)|subprocess\.(getoutput|getstatusoutput)|pty\.spawn"
    r"|yaml\.(load|load_all|unsafe_load\w*|full_load\w*)|\w*\.?read_pickle|runpy\.\w+|jinja2\.Template|asyncio\."
    r"create_subprocess_shell|ssl\._create_unverified_context|tempfile\.mktemp|webbrowser\.get)"
)
TRUE_KEYWORDS = {
    "shell", "trust_remote_code", "allow_pickle", "unsafe_allow_html", "unsafe_allow_javascript", "share",
    "follow_redirects", "mcp_server", "enable_monitoring",
}  # fmt: skip
FALSE_KEYWORDS = {"verify", "sanitize_html", "weights_only", "autoescape"}
STARTS_PROCESSES = ("glm/process_engine.py", "glm/sandbox/", "glm/tiny/source.py", "apps/lan.py", "run.py")
"""Where programs are started, none of them one that a page or a model could name."""


@cache
def sources() -> tuple[tuple[str, ast.AST], ...]:
    """The program's files, without what makes training data: that runs the snippets that it has written itself."""
    found = [*(ROOT / "glm").rglob("*.py"), *(ROOT / "apps").rglob("*.py"), *ROOT.glob("*.py")]
    kept = [path for path in sorted(found) if "training" not in path.parts]
    return tuple((path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in kept)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or attribute, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def faults(tree: ast.AST, name: str = "") -> Iterator[tuple[int, str]]:
    """Lines that could turn text or a file into code, or open a door."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            if called in EXECUTE or called.startswith("builtins."):
                yield node.lineno, called
            if CALLS.fullmatch(called) and not (called.startswith("os.exec") and name.startswith(STARTS_PROCESSES)):
                yield node.lineno, called
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            for key, value in given.items():
                said = value.value if isinstance(value, ast.Constant) else None
                if (key in TRUE_KEYWORDS and said is True) or (key in FALSE_KEYWORDS and said is False):
                    yield node.lineno, f"{key}={said}"
            if called == "torch.load" and "weights_only" not in given:
                yield node.lineno, "torch.load without weights_only"
            if called.startswith("subprocess.") or called == "Popen":
                if node.args and isinstance(node.args[0], (ast.Constant, ast.JoinedStr)):
                    yield node.lineno, f"{called} of a command line"
                if not name.startswith(STARTS_PROCESSES):
                    yield node.lineno, f"{called} here"
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, f"import {a.name}") for a in node.names if a.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            module = node.module.split(".")[0]
            names = {alias.name for alias in node.names} - ONLY_NAMES.get(module, set())
            if module in MODULES and names:
                yield node.lineno, f"from {module} import {', '.join(sorted(names))}"


def test_nothing_in_the_program_executes_text_unpickles_or_opens_a_door() -> None:
    assert len(sources()) > 100
    assert [(name, *fault) for name, tree in sources() for fault in faults(tree, name)] == []


@pytest.mark.parametrize(
    "line",
    [
        "eval(x)", "exec('1')", "compile(x, '', 'eval')", "__import__(x)", "builtins.eval(x)", "os.system(x)",
        "os.popen(x)", "os.execvp(x, y)", "subprocess.getoutput(x)", "subprocess.run('ls')",
        "subprocess.run(f'ls {x}')", "subprocess.run([x], shell=True)", "import pickle", "from pickle import loads",
        "import marshal", "import shelve", "import joblib", "yaml.load(x)", "yaml.unsafe_load(x)", "pd.read_pickle(x)",
        "torch.load(x)",
        "torch.load(x, weights_only=False)", "np.load(x, allow_pickle=True)", "f(trust_remote_code=True)",
        "st.markdown(x, unsafe_allow_html=True)", "demo.launch(share=True)", "httpx.get(x, verify=False)",
        "Client(follow_redirects=True)", "gr.Chatbot(sanitize_html=False)", "Popen([x])",
    ],
)  # fmt: skip
def test_the_search_finds_each_of_them(line: str) -> None:
    assert list(faults(ast.parse(line)))


def test_what_people_see_is_told_to_escape_by_itself() -> None:
    """Markup from templates is escaped; a chat template of a checkpoint, which writes no markup, is in a sandbox."""
    made = [
        (name, dotted(node.func), {keyword.arg for keyword in node.keywords})
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func).endswith("Environment")
    ]
    assert made
    assert [entry for entry in made if "autoescape" not in entry[2]] == []


def test_every_package_here_is_past_the_advisories_known_to_us() -> None:
    installed = {name.lower().replace("_", "-"): version for name, version in _installed()}
    old = {
        name: f"{installed[name]} is older than {floor}: {why}"
        for name, (floor, why) in FLOORS.items()
        if name in installed and Version(installed[name]) < Version(floor)
    }
    assert {"gradio", "streamlit", "starlette", "python-multipart", "torch", "transformers"} <= installed.keys()
    assert old == {}


def test_the_requirements_let_no_older_one_in() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line.partition("#")[0]) for line in lines if line.partition("#")[0].strip()]
    wrong = []
    for requirement in asked:
        floor = FLOORS.get(requirement.name.lower().replace("_", "-"), ["0"])[0]
        lowest = [Version(part.version) for part in requirement.specifier if part.operator in (">=", "==", "~=")]
        bounded = any(part.operator in ("<", "<=", "==") for part in requirement.specifier)
        if not lowest or max(lowest) < Version(floor):
            wrong.append(f"{requirement}: at least {floor}")
        if not bounded and requirement.name in FLOORS:
            wrong.append(f"{requirement}: without an upper bound")
    assert len(asked) > 30
    assert wrong == []


def _installed() -> Iterator[tuple[str, str]]:
    for found in metadata.distributions():
        name = found.metadata["Name"]
        if name:
            yield name, found.version.partition("+")[0]
