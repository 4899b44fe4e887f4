"""The doctor behind ``python -m glm doctor``: what is here, what is missing, how to fix it.

It has to work on a broken installation, so it needs the standard library alone and
asks torch and the others only where they can be imported. It changes nothing and
does not use the network.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from glm.errors import GlmError

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
PYTHON_WANTED = ">=3.10"
MEMORY_WANTED_GIB = 1.5
"""Enough for the built-in model, the libraries and the web server together."""

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_CPU_FEATURES = ("avx2", "avx512_f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8")
"""As torch spells them; Linux agrees on all but "avx512f"."""
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*([^;#]*)")
_CLAUSE = re.compile(r"(>=|<=|==|!=|>|<)\s*([\w.+!-]+)$")
_RELEASE = re.compile(r"v?(\d+(?:\.\d+)*)(.*)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. A "problem" keeps the programs from working, a "note" does not."""

    name: str
    found: str
    wanted: str = ""
    state: Literal["ok", "note", "problem"] = "ok"
    fix: str = ""


def examine(requirements: Path = REQUIREMENTS) -> list[Finding]:
    """Look at everything; never raises for what is missing or broken."""
    torch = _import_torch()
    findings = [_python()]
    findings += _packages(requirements)
    findings += _torch(torch)
    findings += [_processor(torch), _memory(), *_built_in_model(), _sandbox(), _browser()]
    return findings


def report(findings: Sequence[Finding]) -> str:
    """The findings as a table, then the commands that fix what is wrong."""
    rows = [("", "found", "wanted", ""), *((f.name, f.found, f.wanted, _mark(f)) for f in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    layout = "  ".join(f"{{:<{width}}}" for width in widths) + "  {}"
    lines = [layout.format(*row).rstrip() for row in rows]
    for state, title in (("problem", "To fix:"), ("note", "Worth doing:")):
        fixes = dict.fromkeys(f.fix for f in findings if f.state == state and f.fix)
        lines += ["", title, *(f"  {fix}" for fix in fixes)] if fixes else []
    if exit_code(findings) == 0:
        lines += ["", "Everything that is required is here."]
    return "\n".join(lines)


def exit_code(findings: Sequence[Finding]) -> int:
    """1 when something required is missing, else 0."""
    return 1 if any(f.state == "problem" for f in findings) else 0


def _mark(finding: Finding) -> str:
    return {"ok": "ok", "note": "note", "problem": "PROBLEM"}[finding.state]


def _python() -> Finding:
    version = platform.python_version()
    bits = 8 * ctypes.sizeof(ctypes.c_void_p)
    found = f"{version}, {bits}-bit, {platform.system()} {platform.machine()}"
    if satisfies(version, PYTHON_WANTED) and bits == 64:
        return Finding("Python", found, f"{PYTHON_WANTED}, 64-bit")
    fix = "install a 64-bit Python 3.10 or newer from https://www.python.org"
    return Finding("Python", found, f"{PYTHON_WANTED}, 64-bit", "problem", fix)


def _packages(requirements: Path) -> Iterator[Finding]:
    try:
        wanted = read_requirements(requirements.read_text(encoding="utf-8"))
    except OSError as error:
        fix = "get the program's files again"
        yield Finding("packages", f"{requirements.name} cannot be read ({error.strerror})", "", "problem", fix)
        return
    fix = f"{_own_python()} -m pip install -r {requirements.name}"
    for name, specifier in wanted:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, "missing", specifier, "problem", fix)
            continue
        yield Finding(name, version, specifier, *(("ok", "") if satisfies(version, specifier) else ("problem", fix)))


def read_requirements(text: str) -> list[tuple[str, str]]:
    """Names and version ranges in a requirements file.

    Lines with an environment marker are left out: they hold on some machines only.
    """
    wanted = []
    for line in text.splitlines():
        entry = line.partition("#")[0].strip()
        matched = _REQUIREMENT.match(entry)
        if matched and ";" not in entry:
            wanted.append((matched[1], matched[2].strip()))
    return wanted


def satisfies(version: str, specifier: str) -> bool:
    """True when `version` lies in a range such as ``>=5.23,<5.24``.

    A local part (``+cpu``) does not count. Raises `ValueError` for operators other than the six comparisons.
    """
    found = _order(version)
    for clause in filter(None, (part.strip() for part in specifier.split(","))):
        matched = _CLAUSE.match(clause)
        if matched is None:
            raise ValueError(f"the version range {clause!r} is not understood; use >=, <=, ==, !=, > or <")
        bound = _order(matched[2])
        holds = {
            ">=": found >= bound,
            "<=": found <= bound,
            "==": found == bound,
            "!=": found != bound,
            ">": found > bound,
            "<": found < bound,
        }
        if not holds[matched[1]]:
            return False
    return True


def _order(version: str) -> tuple[tuple[int, ...], int]:
    """A key that sorts versions: 1.0 equals 1.0.0, and 1.0rc1 comes before it."""
    matched = _RELEASE.match(version.strip())
    if matched is None:
        return (), 0
    numbers = [int(part) for part in matched[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    early = re.match(r"[.-]?(a|b|rc|dev)", matched[2]) is not None
    return tuple(numbers), -1 if early else 0


def _import_torch() -> Any:
    try:
        import torch
    except Exception as error:  # a half-installed torch fails in many ways; each of them is a finding
        return error
    return torch


def _torch(torch: Any) -> list[Finding]:
    if isinstance(torch, ModuleNotFoundError):
        return []  # missing, which its line among the packages already says
    if isinstance(torch, Exception):
        reason = " ".join(str(torch).split())[:80]
        fix = f"{_own_python()} -m pip install --force-reinstall -r {REQUIREMENTS.name}"
        return [Finding("torch import", f"fails: {reason}", "", "problem", fix)]
    from glm.placement import choose_dtype, explain_device

    device, reason = explain_device("auto")
    return [
        Finding("device", f"{device} ({reason})"),
        Finding("dtype", choose_dtype("auto", device)),
        Finding("threads", f"{torch.get_num_threads()} of {os.cpu_count()} processors"),
    ]


def _processor(torch: Any) -> Finding:
    if isinstance(torch, Exception):
        features = [name for name in _CPU_FEATURES if name in _cpuinfo_flags()]
        return Finding("CPU features", ", ".join(features) or "unknown without torch")
    able = torch.cpu.get_capabilities()
    features = [name for name in _CPU_FEATURES if able.get(name)]
    return Finding("CPU features", ", ".join(features) or str(torch.backends.cpu.get_cpu_capability()))


def _cpuinfo_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    matched = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return set(matched[1].replace("avx512f", "avx512_f").split()) if matched else set()


def _memory() -> Finding:
    available = _first(_psutil_memory, _sysconf_memory)
    if available is None:
        return Finding("free memory", "unknown", f">= {MEMORY_WANTED_GIB} GiB")
    gib = available / 2**30
    wanted = f">= {MEMORY_WANTED_GIB} GiB"
    if gib >= MEMORY_WANTED_GIB:
        return Finding("free memory", f"{gib:.1f} GiB", wanted)
    return Finding("free memory", f"{gib:.1f} GiB", wanted, "note", "close other programs to free memory")


def _first(*ways: Callable[[], int]) -> int | None:
    for way in ways:
        try:
            return way()
        except Exception:  # not installed, or not on this system: the next way may work
            continue
    return None


def _psutil_memory() -> int:
    import psutil

    return int(psutil.virtual_memory().available)


def _sysconf_memory() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _built_in_model() -> Iterator[Finding]:
    from glm.errors import GlmError
    from glm.tiny import built_folder, stamp

    try:
        folder = built_folder()
    except GlmError as error:
        yield Finding("built-in model", str(error), "", "problem", "get the program's files again")
        return
    if not folder.exists():
        found = "not built yet; the first start does it"
        yield Finding("built-in model", found, "", "note", f"{_own_python()} -m glm tiny build")
    elif stamp.quick_faults(folder):
        yield Finding("built-in model", f"damaged: {folder}", "", "note", f"{_own_python()} -m glm tiny rebuild")
    else:
        yield Finding("built-in model", str(folder))


def _sandbox() -> Finding:
    """What could confine the model's code; whether it does is for `python -m glm sandbox doctor` to try."""
    from glm.sandbox import bwrap, landlock, mending  # standard library only

    try:
        program, version = bwrap.find()
        return Finding("sandbox for code", f"bubblewrap {'.'.join(map(str, version))} ({program})")
    except GlmError as error:
        problem = str(error)
    if landlock.abi() >= landlock.NEEDED_ABI:
        return Finding("sandbox for code", f"Landlock {landlock.abi()}, no bubblewrap")
    advice = mending.advice("bwrap", problem, Path(sys.executable))
    return Finding("sandbox for code", "none: code is shown, not run", "bubblewrap", "note", advice)


def _browser() -> Finding:
    named = os.environ.get("GLM_TEST_BROWSER")
    found = named or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found:
        return Finding("browser for tests", found)
    return Finding("browser for tests", "none on the path", "Chromium or Chrome", "note", "python run.py test")


def _own_python() -> str:
    """The command that runs this very Python, whose packages were looked at."""
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable or "python"
