"""The program inside the sandbox: an IPython kernel with limits of its own and plots as people expect them.

It runs alone, without the rest of this package: `python -IB kernel_main.py -f CONNECTION`.
Its limits are a courtesy that keeps floods away from the reader outside; code in the
kernel can remove them, so nothing relies on them.
"""

from __future__ import annotations

import ast
import asyncio
import concurrent.futures
import contextvars
import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any


def _beside(name: str) -> Any:
    """A module that lies beside this file."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    try:
        return importlib.import_module(name)
    finally:
        del sys.path[0]


if __name__ == "__main__":
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # nobody debugs here; loading it takes time
    _beside("kernel_imports").limit_imports()

from ipykernel.iostream import OutStream  # noqa: E402
from ipykernel.kernelapp import IPKernelApp  # noqa: E402

TEXT_CHARACTERS = 2_000_000
MESSAGES = 2_000
DISPLAY_BYTES = 8 * 2**20
TAUGHT_PATH = "/mnt/data"
_FLUSH_SECONDS = 0.05  # apart at least, when code flushes after each print
_ORDERED_FLUSHES = 300  # per cell, between what is printed and what is warned


class CappedStream(OutStream):
    """stdout or stderr of the kernel: bounded per cell, in order with the other one, flushed at a bounded rate."""

    other: CappedStream | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._cell: object = None
        self._written = 0
        self._ordered = 0
        self._dirty = False
        self._flushed_at = 0.0
        super().__init__(*args, **kwargs)

    def write(self, string: str) -> int:  # type: ignore[override]
        """Write, or drop what is beyond the limit. Never raises for it: an error would end ipykernel's own threads."""
        cell = self.parent_header.get("msg_id")
        if cell != self._cell:
            self._cell, self._written, self._ordered = cell, 0, 0
        if not isinstance(string, str):
            return super().write(string) or 0
        if self._written > TEXT_CHARACTERS:
            return len(string)
        if not string.isascii():
            string = string.encode("utf-8", "replace").decode()  # lone surrogates would lose all that waits to be sent
        self._written += len(string)
        other = self.other
        if other is not None and other._dirty and self._ordered < _ORDERED_FLUSHES:
            self._ordered += 1
            other.flush_now()
        self._dirty = True
        super().write(string[: TEXT_CHARACTERS + 1])
        return len(string)

    def flush(self) -> None:
        """Send what was written. Code that flushes all the time is held to a rate; ipykernel itself is not."""
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if str(caller).partition(".")[0] in {"ipykernel", "IPython"} or self._due():
            self.flush_now()
        else:
            self._schedule_flush()

    def _due(self) -> bool:
        return time.monotonic() - self._flushed_at > _FLUSH_SECONDS

    def flush_now(self) -> None:
        """Send what was written, whatever the rate."""
        self._dirty = False
        self._flushed_at = time.monotonic()
        super().flush()


def _capped_send(send: Callable[..., Any]) -> Callable[..., Any]:
    """`Session.send` with the limits on displays: how many per cell, and how large each."""
    counts: dict[str, int] = {}
    counted = {"display_data", "update_display_data", "execute_result", "clear_output", "stream"}

    @functools.wraps(send)
    def capped(stream: Any, msg_or_type: Any, *args: Any, **kwargs: Any) -> Any:
        kind = msg_or_type if isinstance(msg_or_type, str) else msg_or_type.get("msg_type")
        if kind not in counted:
            return send(stream, msg_or_type, *args, **kwargs)
        if isinstance(msg_or_type, dict):
            content, parent = msg_or_type.get("content"), msg_or_type.get("parent_header") or {}
        else:
            content = args[0] if args else kwargs.get("content")
            parent = (args[1] if len(args) > 1 else kwargs.get("parent")) or {}
            parent = parent.get("header", parent)
        cell = str(parent.get("msg_id"))
        if cell not in counts:
            while len(counts) > 20:
                counts.pop(next(iter(counts)))
            counts[cell] = 0
        counts[cell] += 1
        if counts[cell] > MESSAGES + 10:  # past the reader's own limit, so that it knows and says so
            return None
        if isinstance(content, dict) and isinstance(content.get("data"), dict):
            size = _size(content["data"], DISPLAY_BYTES)
            if size > DISPLAY_BYTES:
                kinds = ", ".join(map(str, list(content["data"])[:3]))
                text = f"[not shown: {kinds} with more than {DISPLAY_BYTES / 2**20:.0f} MB; save it to a file instead]"
                content["data"] = {"text/plain": text}
        return send(stream, msg_or_type, *args, **kwargs)

    return capped


def _size(value: object, enough: int) -> int:
    """About how many bytes the value has as JSON; counting ends above `enough`."""
    total, left = 0, [value]
    while left and total <= enough:
        item = left.pop()
        if isinstance(item, (str, bytes)):
            total += len(item) * 4 // 3 if isinstance(item, bytes) else len(item)
        elif isinstance(item, Mapping):
            left += [*item.keys(), *item.values()]
        elif isinstance(item, (list, tuple)):
            left += item
        total += 8
    return total


def _keep_threads_with_their_cell() -> None:
    """Let a thread print into the cell that started it, however late: its context goes with it.

    Only after the kernel is set up, or ipykernel's own threads would print into no cell at all.
    """
    start = threading.Thread.start
    submit: Any = concurrent.futures.ThreadPoolExecutor.submit

    @functools.wraps(start)
    def start_in_context(self: threading.Thread) -> None:
        self.run = functools.partial(contextvars.copy_context().run, self.run)  # type: ignore[method-assign]
        start(self)

    @functools.wraps(submit)
    def submit_in_context(self: Any, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return submit(self, contextvars.copy_context().run, function, *args, **kwargs)

    threading.Thread.start = start_in_context  # type: ignore[method-assign]
    concurrent.futures.ThreadPoolExecutor.submit = submit_in_context  # type: ignore[method-assign, assignment]


class _MapPath(ast.NodeTransformer):
    """Lets text that begins with the path the models were taught name the work folder, where it is another one."""

    def __init__(self, taught: str, real: str) -> None:
        self._taught, self._real = taught, real

    def path(self, text: str) -> str:
        return self._real + text[len(self._taught) :] if self.begins(text) else text

    def begins(self, text: str) -> bool:
        return text == self._taught or text.startswith(self._taught + "/")

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str) and self.begins(node.value):
            return ast.copy_location(ast.Constant(self.path(node.value)), node)
        return node


def _map_taught_path(shell: Any) -> None:
    work = os.environ.get("GLM_WORK", os.getcwd())
    if not (os.path.isdir(TAUGHT_PATH) and os.path.samefile(TAUGHT_PATH, work)):
        shell.ast_transformers.append(_MapPath(TAUGHT_PATH, work))


def _run_shell(command: str) -> None:
    """`!command` without a terminal; what it prints comes in order with the cell's own."""
    shell: Any = IPKernelApp.instance().shell
    command = shell.var_expand(command, depth=1)
    if any(isinstance(transformer, _MapPath) for transformer in shell.ast_transformers):
        command = command.replace(TAUGHT_PATH, os.environ.get("GLM_WORK", os.getcwd()))
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    try:
        while piece := process.stdout.readline(100_000):
            sys.stdout.write(piece)
    except KeyboardInterrupt:
        process.terminate()
        raise
    finally:
        process.stdout.close()
        shell.user_ns["_exit_code"] = process.wait()


def _heed_interrupts(app: Any) -> None:
    """Close the gaps in which an interrupt is lost, which would cost a visitor's variables."""
    execute = app.kernel.shell_handlers["execute_request"]
    show = app.shell.showtraceback

    async def execute_and_answer(stream: Any, ident: Any, parent: Any) -> None:
        handler = signal.getsignal(signal.SIGINT)
        try:
            await execute(stream, ident, parent)
        except KeyboardInterrupt:  # before the code began or after it ended: ipykernel would answer nothing at all
            content = {"status": "error", "ename": "KeyboardInterrupt", "evalue": "", "traceback": []}
            app.session.send(stream, "execute_reply", content, parent, ident)
        finally:
            signal.signal(signal.SIGINT, handler)

    def show_undisturbed(*args: Any, **kwargs: Any) -> None:
        # The interrupt is repeated until the cell has ended; telling of the first one may take longer than that.
        if sys.exc_info()[0] is KeyboardInterrupt and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return show(*args, **kwargs)

    def wake_for_signals() -> None:
        # ipykernel's own handler leaves a loop asleep that waits for a timer: `await asyncio.sleep(100)`.
        app.shell.events.unregister("pre_execute", wake_for_signals)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, lambda: None)

    app.kernel.shell_handlers["execute_request"] = execute_and_answer
    app.shell.showtraceback = show_undisturbed
    app.shell.events.register("pre_execute", wake_for_signals)


def _answer_for_variables(app: Any) -> None:
    """Answer "variables_request", a message of our own, on the shell channel."""
    described = _beside("kernel_variables").described

    def answer(stream: Any, ident: Any, parent: Any) -> None:
        found = described(app.shell.user_ns, app.shell.user_ns_hidden)
        app.session.send(stream, "variables_reply", {"variables": found}, parent, ident)

    app.kernel.shell_handlers["variables_request"] = answer


def _settings(connection_file: str) -> dict[str, Any]:
    with open(connection_file, encoding="utf-8") as file:
        found = json.load(file).get("glm")
    return found if isinstance(found, dict) else {}


def main() -> None:
    """Run the kernel until it is killed."""
    global TEXT_CHARACTERS, MESSAGES, DISPLAY_BYTES
    settings = _settings(sys.argv[sys.argv.index("-f") + 1])
    TEXT_CHARACTERS = 2 * int(settings.get("text_characters", TEXT_CHARACTERS // 2))
    MESSAGES = int(settings.get("messages", MESSAGES))
    DISPLAY_BYTES = int(settings.get("display_bytes", DISPLAY_BYTES))
    os.environ.setdefault("PIP_NO_INDEX", "1")  # there is no network: fail at once, not after all retries
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    plots = _beside("kernel_plots")
    plots.adjust()

    app = IPKernelApp.instance()
    app.outstream_class = "__main__.CappedStream"
    app.config.HistoryManager.enabled = False
    app.config.InteractiveShell.colors = "nocolor"
    app.config.InteractiveShell.banner1 = ""
    app.config.InlineBackend.figure_formats = {"retina"}
    app.initialize(["-f", sys.argv[sys.argv.index("-f") + 1], "--IPKernelApp.log_level=CRITICAL"])
    sys.stdout.other, sys.stderr.other = sys.stderr, sys.stdout  # type: ignore[union-attr]
    app.session.send = _capped_send(app.session.send)
    # It advises keys of a terminal to whoever calls sys.exit(), as programs do at their end.
    warnings.filterwarnings("ignore", message="To exit: use", category=UserWarning)
    shell: Any = app.shell
    shell.events.register("post_execute", plots.show_figures)
    shell.system = _run_shell
    _map_taught_path(shell)
    _answer_for_variables(app)
    _heed_interrupts(app)
    _beside("kernel_imports").explain_missing(shell)
    _keep_threads_with_their_cell()
    # An uploaded random.py must not take the place of the real one: the work folder comes last.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd(), os.path.dirname(__file__))]
    sys.path.append(os.getcwd())
    app.start()


if __name__ == "__main__":
    main()
