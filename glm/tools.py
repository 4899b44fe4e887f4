"""Tools: functions the model may call, and the box that runs them safely.

A `Toolbox` never raises for what a model or a tool does wrong: an unknown tool,
a call that cannot be read or a tool that fails becomes a `ToolResult` whose text
the model can read and react to. It is not a sandbox: a tool runs in this process
with all its rights.
"""

from __future__ import annotations

import difflib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from glm.messages import ToolCall, ToolResult, ToolSpec

RESULT_LIMIT = 4000
"""Longest tool result in characters; more would push the conversation out of a small context."""

_STOP_CHECK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call: its description and the code behind it.

    `run` gets the call's arguments and returns text for the model. With `run` None
    a person answers the call: the `Conversation` then waits in `pending`.
    """

    spec: ToolSpec
    run: Callable[[Mapping[str, Any]], str] | None = None


class Toolbox:
    """The tools of one conversation, by name.

    `result_limit` is the longest result in characters; what is beyond it is cut and the
    cut is noted in the text. Raises `ValueError` when two tools have the same name.
    """

    def __init__(self, tools: Iterable[Tool] = (), *, result_limit: int = RESULT_LIMIT) -> None:
        self._tools: dict[str, Tool] = {}
        self._result_limit = result_limit
        for tool in tools:
            if tool.spec.name in self._tools:
                raise ValueError(f"two tools are named {tool.spec.name!r}; give each its own name")
            self._tools[tool.spec.name] = tool

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Descriptions of all tools, in the order they were given."""
        return tuple(tool.spec for tool in self._tools.values())

    def awaits_person(self, call: ToolCall) -> bool:
        """True for a readable call of a tool that has no code behind it."""
        tool = self._tools.get(call.name)
        return tool is not None and tool.run is None and call.arguments is not None

    def run(self, call: ToolCall, stop: threading.Event | None = None) -> ToolResult:
        """Answer `call`; never raises.

        When `stop` is set the wait ends at once with an error result. The tool's own
        thread cannot be killed and runs on to its end, its result unused.
        """
        started = time.perf_counter()
        text, is_error = self._answer(call, stop or threading.Event())
        return ToolResult(self._cut(text), is_error, time.perf_counter() - started)

    def _answer(self, call: ToolCall, stop: threading.Event) -> tuple[str, bool]:
        tool = self._tools.get(call.name)
        if tool is None:
            return self._unknown(call.name), True
        if call.arguments is None:
            return f"Error: the call of {call.name!r} cannot be read: {call.fault or 'no arguments found'}", True
        if tool.run is None:
            return f"Error: nothing runs the tool {call.name!r}; a person has to answer it", True
        return _run_beside(tool.run, call, stop)

    def _unknown(self, name: str) -> str:
        if not self._tools:
            return f"Error: there is no tool named {name!r}; no tools are available, answer without one"
        close = difflib.get_close_matches(name, self._tools, n=1)
        hint = f", did you mean {close[0]!r}" if close else ""
        return f"Error: there is no tool named {name!r}{hint}; available tools: {', '.join(self._tools)}"

    def _cut(self, text: str) -> str:
        if len(text) <= self._result_limit:
            return text
        return f"{text[: self._result_limit]}\n[cut: {self._result_limit} of {len(text)} characters shown]"


def _run_beside(run: Callable[[Mapping[str, Any]], str], call: ToolCall, stop: threading.Event) -> tuple[str, bool]:
    """Run the tool on a thread of its own, so that a slow one cannot hold up a stop."""
    outcome: list[tuple[str, bool]] = []
    arguments = call.arguments or {}

    def work() -> None:
        outcome.append(_guarded(run, call.name, arguments))

    thread = threading.Thread(target=work, name=f"tool {call.name}", daemon=True)
    thread.start()
    while thread.is_alive() and not stop.is_set():
        thread.join(_STOP_CHECK_SECONDS)
    if outcome:
        return outcome[0]
    return f"Error: the tool {call.name!r} was stopped by the user before it gave a result", True


def _guarded(run: Callable[[Mapping[str, Any]], str], name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
    try:
        result: object = run(arguments)
    except BaseException as error:  # a tool is foreign code: even SystemExit is only its failure
        return f"Error: {name} failed with {type(error).__name__}: {error}", True
    if not isinstance(result, str):
        return f"Error: {name} returned {type(result).__name__} instead of text", True
    return result, False
