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
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from glm.errors import GlmError
from glm.messages import ToolCall, ToolResult, ToolSpec
from glm.sandbox.values import CellEvent

RESULT_LIMIT = 4000
"""Longest tool result in characters; more would push the conversation out of a small context."""

_STOP_CHECK_SECONDS = 0.05

Approval: TypeAlias = Literal["always", "ask", "never"]
"""Whether a call runs by itself, waits for a person's consent, or is refused."""

Performance: TypeAlias = Generator[CellEvent, None, ToolResult]
"""A running call: yields what it shows meanwhile and returns its result."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call: its description and the code behind it.

    `run` gets the call's arguments and returns text for the model. `perform` is for a tool
    that shows its work while it runs; it gets the stop flag too and has to heed it. With
    neither a person answers the call: the `Conversation` then waits in `pending`, as it does
    for consent where `approval` is "ask". A tool that may "never" run is not offered.
    One that is `owner_only` acts with the rights of whoever runs the program: a page that others
    use too gives it to nobody else, see `permitted`.
    """

    spec: ToolSpec
    run: Callable[[Mapping[str, Any]], str] | None = None
    approval: Approval = "always"
    perform: Callable[[Mapping[str, Any], threading.Event], Performance] | None = None
    owner_only: bool = False

    @property
    def is_manual(self) -> bool:
        """True when there is no code behind it."""
        return self.run is None and self.perform is None


def permitted(tools: Iterable[Tool], *, is_owner: bool) -> tuple[Tool, ...]:
    """Those of `tools` that somebody may use who is, or is not, the owner of this computer."""
    return tuple(tool for tool in tools if is_owner or not tool.owner_only)


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
        """Descriptions of all tools that may run, in the order they were given."""
        return tuple(tool.spec for tool in self._tools.values() if tool.approval != "never")

    def is_manual(self, name: str) -> bool:
        """True for a tool that a person answers."""
        tool = self._tools.get(name)
        return tool is not None and tool.is_manual

    def awaits_person(self, call: ToolCall) -> bool:
        """True for a call in order that a person has to answer or to allow."""
        tool = self._tools.get(call.name)
        if tool is None or (tool.approval != "ask" and not tool.is_manual) or tool.approval == "never":
            return False
        return not self._fault(tool, call)

    def perform(self, call: ToolCall, stop: threading.Event | None = None) -> Performance:
        """Answer `call`, showing what it shows; never raises.

        When `stop` is set the wait ends at once with an error result. A tool with `run` cannot be
        killed: its own thread runs on to its end, its result unused.
        """
        started = time.perf_counter()
        result = yield from self._answer(call, stop or threading.Event())
        return replace(result, text=self._cut(result.text), seconds=time.perf_counter() - started)

    def _answer(self, call: ToolCall, stop: threading.Event) -> Performance:
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult(self._unknown(call.name), is_error=True)
        fault = self._fault(tool, call)
        if fault:
            return ToolResult(f"Error: {fault}", is_error=True)
        if tool.approval == "never":
            return ToolResult(f"Error: the user does not allow the tool {call.name!r}", is_error=True)
        if tool.perform is not None:
            return (yield from _guarded_performance(tool.perform, call, stop))
        if tool.run is None:
            return ToolResult(f"Error: nothing runs the tool {call.name!r}; a person has to answer it", is_error=True)
        return _run_beside(tool.run, call, stop)

    def _fault(self, tool: Tool, call: ToolCall) -> str:
        from glm.tool_schema import check_arguments  # its libraries are slow to import, and most chats call nothing

        if call.arguments is None:
            return f"the call of {call.name!r} cannot be read: {call.fault or 'no arguments found'}"
        fault = check_arguments(tool.spec, call.arguments)
        return f"the call of {call.name!r} does not fit: {fault}" if fault else ""

    def _unknown(self, name: str) -> str:
        names = [spec.name for spec in self.specs]
        if not names:
            return f"Error: there is no tool named {name!r}; no tools are available, answer without one"
        close = difflib.get_close_matches(name, names, n=1)
        hint = f", did you mean {close[0]!r}" if close else ""
        return f"Error: there is no tool named {name!r}{hint}; available tools: {', '.join(names)}"

    def _cut(self, text: str) -> str:
        if len(text) <= self._result_limit:
            return text
        return f"{text[: self._result_limit]}\n[cut: {self._result_limit} of {len(text)} characters shown]"


def _run_beside(run: Callable[[Mapping[str, Any]], str], call: ToolCall, stop: threading.Event) -> ToolResult:
    """Run the tool on a thread of its own, so that a slow one cannot hold up a stop."""
    outcome: list[ToolResult] = []
    arguments = call.arguments or {}

    def work() -> None:
        outcome.append(_guarded(run, call.name, arguments))

    thread = threading.Thread(target=work, name=f"tool {call.name}", daemon=True)
    thread.start()
    while thread.is_alive() and not stop.is_set():
        thread.join(_STOP_CHECK_SECONDS)
    if outcome:
        return outcome[0]
    return ToolResult(f"Error: the tool {call.name!r} was stopped by the user before it gave a result", is_error=True)


def _guarded(run: Callable[[Mapping[str, Any]], str], name: str, arguments: Mapping[str, Any]) -> ToolResult:
    try:
        result: object = run(arguments)
    except BaseException as error:  # a tool is foreign code: even SystemExit is only its failure
        return _failed(name, error)
    if not isinstance(result, str):
        return ToolResult(f"Error: {name} returned {type(result).__name__} instead of text", is_error=True)
    return ToolResult(result)


def _guarded_performance(
    perform: Callable[[Mapping[str, Any], threading.Event], Performance], call: ToolCall, stop: threading.Event
) -> Performance:
    try:
        return (yield from perform(call.arguments or {}, stop))
    except Exception as error:
        return _failed(call.name, error)


def _failed(name: str, error: BaseException) -> ToolResult:
    if isinstance(error, GlmError):  # a sentence already
        return ToolResult(f"Error: {error}", is_error=True)
    if isinstance(error, (ValueError, ConnectionError)):  # what a tool raises for arguments it cannot use
        return ToolResult(f"Error: {name}: {error}", is_error=True)
    return ToolResult(f"Error: {name} failed with {type(error).__name__}: {error}", is_error=True)
