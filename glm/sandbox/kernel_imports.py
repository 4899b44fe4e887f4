"""Runs inside the sandbox with `kernel_main`: keeps imports to the packages shown, and says which those are.

In tier "bwrap" the other packages are absent anyway; elsewhere their names can be seen, and Python would stumble over
files that it may not read. This is for clear words; the confinement does not rely on it. Standard library only.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
import types
from collections.abc import Sequence
from typing import Any

FILE = "packages.json"


def limit_imports() -> None:
    """Adjust this interpreter to what the file packages.json in $GLM_SUPPORT allows.

    Before any package is imported: those look for others that they can do without, and stumble like everybody.
    """
    told = _told()
    if told is None:
        return
    _Shown.modules = frozenset(told["modules"])
    _Shown.folders = frozenset(told["folders"])
    sys.meta_path[:] = [_Shown if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]


def explain_missing(shell: Any) -> None:
    """Let the IPython shell name the packages that there are where one is missed."""
    told = _told()
    if told is None:
        return
    offered = ", ".join(told["offered"])
    hint = f" (packages here: {offered}, and Python's own modules; others cannot be installed: there is no network)"

    def explain(shell: Any, kind: type, error: ModuleNotFoundError, trace: Any, tb_offset: int | None = None) -> None:
        missing = (error.name or "").partition(".")[0]
        if missing and missing not in _Shown.modules and error.msg and not error.msg.endswith(hint):
            error.msg += hint
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((ModuleNotFoundError,), explain)


def _told() -> Any:
    try:
        with open(os.path.join(os.environ["GLM_SUPPORT"], FILE), encoding="utf-8") as file:
            return json.load(file)
    except (KeyError, OSError):
        return None


class _Shown(importlib.machinery.PathFinder):
    """Finds what the import system finds, but for packages that lie in a site-packages and are not shown."""

    modules: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = super().find_spec(fullname, path, target)
        if spec is None or path is not None or fullname in cls.modules:
            return spec
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
        # Not where the file leads to: packages may be links into a store of their installer's.
        searched = [entry for entry in sys.path if any(place.startswith(entry + os.sep) for place in places)]
        return None if any(os.path.realpath(entry) in cls.folders for entry in searched) else spec
