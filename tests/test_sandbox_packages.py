"""What code may import: the packages for data with what they need, and nothing else of any site-packages."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from glm.errors import SandboxError
from glm.sandbox import installed, packages
from glm.sandbox.bwrap import Filesystem
from glm.sandbox.manager import SandboxManager
from glm.sandbox.policy import Tier
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import CellDone, ErrorOutput, TextOutput
from tests.confinement import LINUX, python_for, tiers

confined = pytest.mark.skipif(not LINUX, reason="confinement exists on Linux only")

IMPORTS = "numpy pandas matplotlib.pyplot scipy.stats sympy openpyxl PIL.Image".split()

LOOK = """
import importlib, os, sys, sysconfig
def tried(name):
    try:
        importlib.import_module(name)
    except BaseException as error:
        return type(error).__name__
    return "here"
def read(path):
    try:
        return open(path).read(1)
    except OSError as error:
        return type(error).__name__
own = sysconfig.get_path("purelib")
print({
    "imports": [tried(name) for name in IMPORTS],
    "others": [tried(name) for name in ("pytest", "pip", "glm", "torch", "gradio", "apt", "yaml")],
    "found": importlib.util.find_spec("pytest"),
    "pytest": read(own + "/pytest/__init__.py"),
    "numpy": read(own + "/numpy/__init__.py"),
    "version": importlib.metadata.version("numpy"),
    "system": [read(path) for path in SYSTEM],
})
"""


def run(sandbox: JupyterSandbox, code: str) -> CellDone:
    *_, done = sandbox.run(code)
    assert isinstance(done, CellDone)
    return done


def text(done: CellDone) -> str:
    return "".join(output.text for output in done.outputs if isinstance(output, TextOutput))


@pytest.fixture(params=tiers(), scope="module")
def sandbox(request: pytest.FixtureRequest) -> Iterator[JupyterSandbox]:
    tier: Tier = request.param
    with SandboxManager(tier, python=python_for(tier), warm=False) as manager:
        yield manager.open("visitor")


@confined
def test_packages_for_data_are_at_hand_and_no_others(sandbox: JupyterSandbox) -> None:
    system = [str(path) for path in Path("/usr/lib/python3/dist-packages").glob("*.py")][:3]
    done = run(sandbox, f"IMPORTS = {IMPORTS!r}\nSYSTEM = {system!r}\n{LOOK}")
    found = ast.literal_eval(text(done))
    assert found["imports"] == ["here"] * len(IMPORTS)
    assert found["others"] == ["ModuleNotFoundError"] * 7
    assert found["found"] is None
    assert found["pytest"] in ("FileNotFoundError", "PermissionError")
    assert found["numpy"] == '"'
    assert found["version"] == metadata.version("numpy")
    assert set(found["system"]) <= {"FileNotFoundError", "PermissionError"}


@confined
def test_a_missing_package_is_answered_with_what_there_is(sandbox: JupyterSandbox) -> None:
    (error,) = (output for output in run(sandbox, "import seaborn").outputs if isinstance(output, ErrorOutput))
    assert error.message.startswith("No module named 'seaborn'")
    assert "pandas" in error.message
    assert "no network" in error.message
    done = run(sandbox, "try:\n    import seaborn\nexcept ImportError as error:\n    print(error)")
    assert text(done) == "No module named 'seaborn'\n"
    (error,) = (output for output in run(sandbox, "import numpy.nonsense").outputs if isinstance(output, ErrorOutput))
    assert "no network" not in error.message


@confined
def test_modules_in_the_work_folder_can_be_imported(sandbox: JupyterSandbox) -> None:
    sandbox.files.save("helper_module.py", b"x = 42")
    assert text(run(sandbox, "import helper_module\nprint(helper_module.x)")) == "42\n"


@confined
@pytest.mark.skipif("bwrap" not in tiers(), reason="tier bwrap only")
def test_owners_packages_are_shown_with_what_they_need() -> None:
    with SandboxManager("bwrap", packages=("pytest",), warm=False) as manager:
        done = run(manager.open("visitor"), "import pytest, numpy\nprint(pytest.__name__)\nimport pip")
    assert text(done) == "pytest\n"
    assert done.ending == "error"


def test_an_owners_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(SandboxError, match=r"no-such-package.*pip install no-such-package"):
        SandboxManager("bwrap", packages=("no-such-package",))


def test_packages_are_listed_with_versions() -> None:
    found = packages.shown(Path(sys.executable), ["no-such-package"])
    assert ("numpy", metadata.version("numpy")) in found.offered
    assert found.missing == ("no-such-package",)
    assert {"numpy", "dateutil", "ipykernel", "IPython"} <= found.modules
    assert not {"pip", "torch", "transformers", "gradio", "pytest"} & found.modules


def test_a_python_that_does_not_run_is_named() -> None:
    with pytest.raises(SandboxError, match="/no/such/python"):
        packages.shown(Path("/no/such/python"))


def test_what_a_distribution_consists_of(tmp_path: Path) -> None:
    """With a record, and without one, as Linux distributions install."""
    for name in ("one", "two", "twofold", "__pycache__", "one-1.dist-info", "two_pack-1.egg-info"):
        (tmp_path / name).mkdir()
    for name in ("single.py", "__pycache__/single.cpython-311.pyc", "two.cpython-311.so", "other.py"):
        (tmp_path / name).touch()
    (tmp_path / "one-1.dist-info" / "METADATA").write_text("Name: one\n")
    record = (
        "one/a.py,,\nsingle.py,,\n__pycache__/single.cpython-311.pyc,,\n../../bin/one,,\none-1.dist-info/METADATA,,"
    )
    (tmp_path / "one-1.dist-info" / "RECORD").write_text(record)
    (tmp_path / "two_pack-1.egg-info" / "PKG-INFO").write_text("Name: two-pack\n")
    (tmp_path / "two_pack-1.egg-info" / "top_level.txt").write_text("two\n")

    def entries(name: str) -> set[str]:
        found = installed.entries(metadata.PathDistribution(tmp_path / name))
        return {str(Path(path).relative_to(tmp_path)) for path in found}

    pycache = "__pycache__/single.cpython-311.pyc"
    assert entries("one-1.dist-info") == {"one", "single.py", pycache, "one-1.dist-info"}
    assert entries("two_pack-1.egg-info") == {"two", "two.cpython-311.so", "two_pack-1.egg-info"}


def test_a_folder_is_covered_wherever_it_is_shown(tmp_path: Path) -> None:
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    filesystem = Filesystem()
    filesystem.show(str(tmp_path / "link"))
    filesystem.hide(str(tmp_path / "real" / "inner"))
    filesystem.hide(str(tmp_path / "elsewhere"))
    covered = [filesystem.options[n + 1] for n, option in enumerate(filesystem.options) if option == "--tmpfs"]
    assert covered == [str(tmp_path / "link" / "inner"), str(tmp_path / "real" / "inner")]
