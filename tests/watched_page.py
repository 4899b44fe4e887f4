"""A web program of the project with a scripted model that repeats what it is told, watched from inside.

``python tests/watched_page.py web_demo.py ...``: the file that the environment's SPY_LOG names gets a line for every
name looked up and every connection to anywhere but this computer.
A question "cell <code>" makes the model run that code, "call <tool> <JSON>" call that tool, anything else is repeated.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OURS = ("", "localhost", "::1", "0.0.0.0", "::")


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple) and _outside(arguments[1][0]):
        _note(f"connect {arguments[1][0]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and _outside(arguments[0]):
        _note(f"look up {arguments[0]}")


def _outside(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return isinstance(name, str) and name not in OURS and not name.startswith("127.")


def _note(line: str) -> None:
    with open(os.environ["SPY_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{line}\n")


def reply(messages: Sequence[Any], tools: Sequence[Any]) -> tuple[tuple[Any, ...], float]:
    """What was said last, once more; or the call that was asked for."""
    from glm.messages import INTERPRETER, ToolCall

    last = messages[-1]
    kind, _, rest = last.content.partition(" ")
    if last.role == "user" and kind == "cell":
        return (ToolCall(INTERPRETER, {"code": rest}),), 0.0
    if last.role == "user" and kind == "call":
        name, _, arguments = rest.partition(" ")
        return (ToolCall(name, json.loads(arguments)),), 0.0
    return (last.content,), 0.0


if __name__ == "__main__":
    sys.addaudithook(_watch)
    sys.path.insert(0, str(ROOT))
    from glm import scripted_engine

    scripted_engine.demo_reply = reply  # type: ignore[assignment]
    sys.argv = [str(ROOT / sys.argv[1]), *sys.argv[2:]]
    runpy.run_path(sys.argv[0], run_name="__main__")
