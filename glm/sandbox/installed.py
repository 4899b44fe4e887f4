"""Runs in the Python for code and tells what the packages wanted there consist of, for `packages`.

Called as `python -I -B installed.py '["numpy", ...]'`; prints a JSON object. Needs nothing but the standard library
and `packaging`, which ipykernel brings along: where that is missing, no package is found.
"""

from __future__ import annotations

import glob
import json
import os
import sys
import sysconfig
from importlib import metadata
from typing import Any


def closure(wanted: list[str]) -> dict[str, metadata.Distribution]:
    """The installed ones among the wanted distributions and whatever those need, without their extras."""
    try:
        from packaging.requirements import Requirement
        from packaging.utils import canonicalize_name
    except ModuleNotFoundError:
        return {}
    found: dict[str, metadata.Distribution] = {}
    waiting = list(wanted)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for line in found[name].requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def entries(distribution: metadata.Distribution) -> set[str]:
    """Paths of what a distribution has at the top of its site-packages, and its files in the __pycache__ there."""
    top = str(distribution.locate_file(""))
    if distribution.read_text("RECORD"):
        names = {str(file) if file.parts[0] == "__pycache__" else file.parts[0] for file in distribution.files or ()}
        paths = {os.path.join(top, name) for name in names - {"..", "/"}}
        return {path for path in paths if os.path.exists(path)}
    # Packages of Linux distributions keep no record.
    name = distribution.metadata["Name"]
    modules = (distribution.read_text("top_level.txt") or name.replace("-", "_")).split()
    patterns = [pattern for module in modules for pattern in (module, f"{module}.py", f"{module}.*.so")]
    patterns += [f"{spelling}-*.{kind}-info" for spelling in (name, name.replace("-", "_")) for kind in ("egg", "dist")]
    return {path for pattern in patterns for path in glob.glob(os.path.join(glob.escape(top), pattern))}


def folders() -> list[str]:
    """Every site-packages and dist-packages that this interpreter uses, or that lies beside its library."""
    found = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    found |= {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, "/usr", "/usr/local"}:
        for name in ("site", "dist"):
            found |= set(glob.glob(os.path.join(glob.escape(prefix), "lib*", "python3*", f"{name}-packages")))
    return sorted({os.path.realpath(path) for path in found if os.path.isdir(path)})


def main() -> None:
    wanted: list[str] = json.loads(sys.argv[1])
    found = closure(wanted)
    shown = {name: distribution.version for name, distribution in found.items()}
    paths = {path for distribution in found.values() for path in entries(distribution)}
    answer: dict[str, Any] = {"versions": shown, "entries": sorted(paths), "folders": folders()}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
