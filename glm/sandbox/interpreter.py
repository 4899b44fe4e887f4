"""What a Python interpreter needs to read in order to run: the folders that become readable inside."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

from glm.errors import SandboxError

PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
"""The folder of this program, with whatever its owner keeps there: never to be seen inside."""


@functools.lru_cache(maxsize=8)
def folders(python: str) -> tuple[str, ...]:
    """Prefix and base prefix of the interpreter `python`. Raises `SandboxError` when it does not run or lies in a home.

    The interpreter is asked itself (50 ms, once): it is the owner's choice, and trusted.
    """
    if os.path.abspath(python) == os.path.abspath(sys.executable):
        found = [sys.prefix, sys.base_prefix, sys.exec_prefix]
    else:
        question = "import json, sys; print(json.dumps([sys.prefix, sys.base_prefix, sys.exec_prefix]))"
        try:
            answer = subprocess.run(
                [python, "-I", "-B", "-c", question], capture_output=True, text=True, timeout=30, check=True, cwd="/"
            )
            found = json.loads(answer.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise SandboxError(
                f"the Python for code, {python}, does not run: {error}; give another with --sandbox-python"
            ) from error
    for folder in found:
        _refuse_broad(folder, python)
    return tuple(dict.fromkeys(os.path.abspath(folder) for folder in found))


def _refuse_broad(folder: str, python: str) -> None:
    """A prefix that holds the user's home would show the code all of it."""
    real = os.path.realpath(folder)
    for holy in (os.path.expanduser("~"), PACKAGE_ROOT):
        # A program folder inside /usr or a prefix is covered again in tier "bwrap"; being the prefix itself is not.
        if real == "/" or os.path.realpath(holy) == real or (holy != PACKAGE_ROOT and _below(holy, real)):
            raise SandboxError(
                f"the Python for code, {python}, is installed in {folder}, which would let the code read {holy}; "
                "use one in a folder of its own: python -m venv .venv"
            )


def _below(path: str, folder: str) -> bool:
    real = os.path.realpath(path)
    return real.startswith(folder.rstrip("/") + "/")
