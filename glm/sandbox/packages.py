"""Which packages the code may import: an allow-list, with what those packages need, and nothing else installed beside.

A program's interpreter holds more than code should see: the models' libraries, the server's, the owner's own. What
is listed here is shown inside, the rest of every site-packages is not.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from glm.errors import SandboxError

KERNEL = ("ipykernel",)
"""What the kernel itself needs."""
OFFERED = ("numpy", "pandas", "matplotlib", "scipy", "sympy", "openpyxl", "pillow")
"""What code has at hand; the owner may add more."""
BYTECODE = "__pycache__"
_METADATA = ("METADATA", "entry_points.txt")


@dataclass(frozen=True, slots=True)
class Packages:
    """What of an interpreter's packages is shown inside."""

    offered: tuple[tuple[str, str], ...]
    """Name and version of those that were asked for and are there: what a model may be told."""
    missing: tuple[str, ...]
    """Names of those that were asked for and are not installed."""
    modules: frozenset[str]
    """Names at the top of an import statement that the shown packages answer to, their needs included."""
    folders: tuple[str, ...]
    """Every site-packages near the interpreter (real paths): of them nothing is seen but the entries."""
    entries: tuple[str, ...]
    """Paths of the files and folders in them that stay visible; of a __pycache__ each file."""


def shown(python: Path, extra: Sequence[str] = ()) -> Packages:
    """What code that runs with `python` may import: `OFFERED` and `extra` (names as pip knows them).

    The interpreter is asked itself, once: 0.2 s. Raises `SandboxError` when it does not run.
    """
    return _shown(os.path.abspath(python), tuple(sorted({*OFFERED, *extra})))


@functools.lru_cache(maxsize=8)
def _shown(python: str, wanted: tuple[str, ...]) -> Packages:
    question = str(Path(__file__).with_name("installed.py"))
    command = [python, "-I", "-B", question, json.dumps([*KERNEL, *wanted])]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd="/")
        answer = json.loads(said.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SandboxError(
            f"the Python for code, {python}, does not say which packages it has: {error}; "
            f"give another with --sandbox-python"
        ) from error
    versions = answer["versions"]
    names = {name: re.sub(r"[-_.]+", "-", name).lower() for name in wanted}
    modules = {os.path.basename(path).partition(".")[0] for path in answer["entries"] if BYTECODE not in path}
    return Packages(
        offered=tuple((name, versions[known]) for name, known in names.items() if known in versions),
        missing=tuple(name for name, known in names.items() if known not in versions),
        modules=frozenset(module for module in modules if module.isidentifier()),
        folders=tuple(answer["folders"]),
        entries=tuple(answer["entries"]),
    )


def within(folder: str, entries: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those of the entries that lie in `folder` (a real path), each with its path relative to it."""
    for entry in entries:
        parent, name = os.path.split(entry)
        if os.path.basename(parent) == BYTECODE:
            parent, name = os.path.dirname(parent), f"{BYTECODE}/{name}"
        if _real(parent) == folder:
            yield entry, name


_real = functools.lru_cache(maxsize=64)(os.path.realpath)


@functools.lru_cache(maxsize=512)
def small_files(entry: str) -> dict[str, bytes] | None:
    """What is shown of an entry as copies, by name in it ("" is itself): metadata for look-ups at run time, bytecode.

    None for the others, which are shown as they are. A mount for each of these would double the time of a start.
    """
    if os.path.basename(os.path.dirname(entry)) == BYTECODE:
        return {"": Path(entry).read_bytes()}
    if not entry.endswith((".dist-info", ".egg-info")) or not os.path.isdir(entry):
        return None
    files = {name: Path(entry, name).read_bytes() for name in _METADATA if Path(entry, name).is_file()}
    if "METADATA" in files:  # without the description
        files["METADATA"] = files["METADATA"].replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n"
    return files
