"""What the tests of the confinement share: which tiers there are here, and a confined piece of Python."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from glm.errors import SandboxError
from glm.sandbox import bwrap, landlock, packages
from glm.sandbox.confine import Confined, KernelSpec, confine
from glm.sandbox.policy import Tier

CONNECTION = b'{"key": "secret", "signature_scheme": "hmac-sha256"}'
LINUX = sys.platform.startswith("linux")
ORDINARY = 60990
"""The user id of an ordinary user, for tests that run as root. Kernels of root have those from 60001 on."""


def python_for(tier: Tier) -> Path:
    """This interpreter; for a user id of its own, which tier "landlock" gives kernels of root, one all may read."""
    return readable_python() if tier != "bwrap" and os.geteuid() == 0 else Path(sys.executable)


@functools.lru_cache(maxsize=1)
def readable_python() -> Path:
    """An interpreter that every user may run, with the packages for code: this one, or the system's with ours."""
    needed = {sys.executable, sys.prefix, sys.base_prefix, *packages.shown(Path(sys.executable)).folders}
    real = {os.path.realpath(path) for path in needed}
    if all(os.stat(parent).st_mode & 0o001 for path in real for parent in (path, *Path(path).parents)):
        return Path(sys.executable)
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    folder = tempfile.mkdtemp(prefix="glm-python-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o755)
    subprocess.run([system, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (inner,) = Path(folder, "lib").glob("python3*/site-packages")
    for entry in packages.shown(Path(sys.executable)).entries:
        if "__pycache__" not in entry:
            (inner / os.path.basename(entry)).symlink_to(os.path.realpath(entry))
    import pytest

    shutil.copytree(Path(pytest.__file__).parent, inner / "pytest")  # not for code: tests look whether it is hidden
    return Path(folder, "bin", "python")


def as_ordinary_user(command: list[str], home: Path) -> list[str]:
    """`command` as another user where the tests run as root; `home` becomes that user's own."""
    home.chmod(0o700)
    if os.geteuid() != 0:
        return command
    os.chown(home, ORDINARY, ORDINARY)
    user = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    return [*user, "env", "-i", "PATH=/usr/sbin:/usr/bin:/bin", f"HOME={home}", f"TMPDIR={home}", *command]


def copy_of_package(folder: Path) -> Path:
    """A copy of `glm`, and of the tests' helpers, that everybody may read: a checkout may lie in a closed home."""
    root = Path(__file__).parents[1]
    copy = folder / "copy"
    skipped = shutil.ignore_patterns("__pycache__", "vocabularies")
    shutil.copytree(root / "glm", copy / "glm", ignore=skipped)
    (copy / "tests").mkdir()
    for path in (root / "tests").glob("*attack*.py"):
        shutil.copy(path, copy / "tests")
    for name in ("__init__.py", "confinement.py"):
        shutil.copy(root / "tests" / name, copy / "tests")
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o755)
    return copy


def tiers() -> list[Tier]:
    """What this computer should be able to give, best first."""
    found: list[Tier] = []
    try:
        bwrap.find()
        found.append("bwrap")
    except SandboxError:
        pass
    if LINUX and landlock.abi() >= landlock.NEEDED_ABI:
        found.append("landlock")
    return found


class Inside:
    """A confined process that runs a piece of Python, and then waits for its end."""

    def __init__(self, tier: Tier, folder: Path, code: str, **spec: object) -> None:
        main = folder / "main.py"
        main.write_text(textwrap.dedent(code) + "\nopen('done', 'x')\nimport time\ntime.sleep(60)\n")
        options: dict[str, object] = {"python": python_for(tier), "connection": CONNECTION, **spec}
        self.held: Confined = confine(tier, KernelSpec(kernel_main=main, **options))  # type: ignore[arg-type]

    def wait(self, name: str = "done") -> None:
        deadline = time.monotonic() + 20
        while name not in os.listdir(self.held.work_fd):
            assert self.held.process.poll() is None, "it ended too early"
            assert time.monotonic() < deadline, "it did not get that far"
            time.sleep(0.01)

    def read(self, name: str) -> str:
        with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self.held.work_fd), encoding="utf-8") as file:
            return file.read()
