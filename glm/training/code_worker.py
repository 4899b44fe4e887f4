"""A program that runs snippets of untrusted code one after the other: jobs in, results out, as JSON.

Started as a script of its own by `evaluate_code`, isolated (`python -I`), with a
temporary folder as its working directory; it must not import from this package.
The heavy libraries are loaded once and every job runs in a fork of this process
(where there is no fork: in the process itself, so send one job only).

Covered: time, processor time, memory, file size, a job's files. Not a true sandbox:
network and the rest of the disk are as open as they are to the user who starts it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

SECONDS = 20
MEMORY_BYTES = 4 << 30
FILE_BYTES = 64 << 20
OUTPUT_CHARS = 20_000
HEAVY = ("numpy", "sympy", "pandas", "matplotlib.pyplot")


def main() -> None:
    """Read a list of jobs {cells, files, seconds} from standard input; write the list of results to standard output."""
    text = sys.stdin.read()
    jobs = json.loads(text)
    for name in HEAVY:
        if name in text:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    results = [run_apart(job, Path(f"job{number}")) for number, job in enumerate(jobs)]
    sys.__stdout__.write(json.dumps(results))  # type: ignore[union-attr]


def run_apart(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """One job in a process of its own."""
    folder.mkdir()
    seconds = int(job.get("seconds", SECONDS))
    if not hasattr(os, "fork"):
        return run(job, folder)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        limit(seconds)
        result = run(job, folder)
        with open(writer, "w", encoding="utf-8", errors="replace") as pipe:
            json.dump(result, pipe)
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"stdout": "", "error": f"stopped after {seconds} s", "shown": 0}


def limit(seconds: int) -> None:
    """Bound what this process may use; running out of time ends it."""
    import resource
    import signal

    signal.alarm(seconds)
    for what, bound in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (bound, bound))


def run(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run a job's cells in one namespace; the result is that of the last cell, or of the first that fails."""
    os.chdir(folder)
    data = Path("data").absolute()  # not the working directory: the code must name the folder
    data.mkdir()
    for name, text in job["files"].items():
        (data / name).write_text(text, encoding="utf-8")
    shown = count_figures()
    names: dict[str, Any] = {"__name__": "__main__"}
    printed, error = io.StringIO(), ""
    for cell in job["cells"]:
        printed, error = io.StringIO(), ""
        shown.clear()
        code = cell.replace("/mnt/data/", f"{data.as_posix()}/")
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            try:
                exec(compile(code, "<cell>", "exec"), names)
            except BaseException as failure:  # a snippet may raise SystemExit or KeyboardInterrupt as well
                error = f"{type(failure).__name__}: {failure}"[:500]
                break
    return {"stdout": printed.getvalue()[:OUTPUT_CHARS], "error": error, "shown": len(shown)}


def count_figures() -> list[int]:
    """Make `plt.show()` note each time that it shows something drawn."""
    shown: list[int] = []
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is not None:

        def show(*_: object, **__: object) -> None:
            figures = [plt.figure(number) for number in plt.get_fignums()]
            shown.extend(1 for figure in figures if any(axes.has_data() for axes in figure.axes))
            plt.close("all")

        setattr(plt, "show", show)  # noqa: B010 - a module attribute, which type checkers refuse to see assigned
    return shown


if __name__ == "__main__":
    main()
