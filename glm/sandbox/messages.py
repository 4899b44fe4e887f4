"""What a cell shows, put together from the kernel's messages: pure, no input or output of its own.

The rules are those of notebooks: printed text grows in place, `clear_output(wait=True)` clears
with the next output, `update_display_data` replaces. What the messages hold is hostile: anything
missing or of the wrong type is passed over, and everything is counted against the limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from glm.sandbox.outputs import from_bundle, from_error
from glm.sandbox.plain_text import StreamText
from glm.sandbox.values import (
    CellEvent,
    ErrorOutput,
    HtmlOutput,
    ImageOutput,
    Limits,
    NoticeKind,
    NoticeOutput,
    Output,
    OutputsCleared,
    OutputShown,
    TextOutput,
)

OUTPUT_KINDS = frozenset(
    {"stream", "display_data", "update_display_data", "execute_result", "error", "clear_output", "status"}
)
"""The messages that concern what a cell shows or whether it still runs; all others may be dropped unread."""

_FLOOD = 2
"""The kernel holds to the limits itself. One that sends this many times as much was tampered with."""

_LONGEST_ID = 200


class _Stream:
    """Printed text that may still grow."""

    def __init__(self, name: Literal["stdout", "stderr"], limit: int) -> None:
        self.name = name
        self._text = StreamText(limit)

    def feed(self, text: str) -> bool:
        """Add text; False when there is no room for more."""
        self._text.feed(text)
        return not self._text.cut

    def output(self) -> TextOutput:
        return TextOutput(self._text.text, self.name)


_Slot: TypeAlias = "_Stream | Output"


class CellMessages:
    """The outputs of one cell. `take` its messages in the order they came, also those that come after its end."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._slots: list[_Slot] = []
        self._displays: dict[str, list[int]] = {}
        self._clear_next = False
        self._messages = 0
        self._said: set[str] = set()
        self.idle = False
        self.error_name = ""
        self.execution_count = 0

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Everything the cell shows now, in order."""
        return tuple(self._output(index) for index in range(len(self._slots)))

    @property
    def flooding(self) -> bool:
        """True for a kernel that no longer keeps to the limits and has to be stopped."""
        return self._messages > _FLOOD * self._limits.messages + 100

    def take(self, kind: str, content: object) -> list[CellEvent]:
        """Apply one message; returns what changed for whoever is looking. Raises nothing."""
        if not isinstance(content, dict):
            return []
        if kind == "status":
            self.idle = self.idle or content.get("execution_state") == "idle"
            return []
        if kind not in OUTPUT_KINDS:
            return []
        self._messages += 1
        if self._messages > self._limits.messages and (kind != "error" or self.error_name):
            return self.notice(
                "outputs_cut",
                f"the cell sent more than {self._limits.messages:,} outputs; what came after is not shown",
                once=True,
            )
        if kind == "stream":
            return self._stream(content)
        if kind == "clear_output":
            return self._clear(wait=content.get("wait") is True)
        if kind == "error":
            return self._error(content)
        return self._display(kind, content)

    def show(self, output: Output) -> list[CellEvent]:
        """Add an output that no message brought, such as the text of a help page."""
        return [*self._cleared(), self._append(output)]

    def notice(self, kind: NoticeKind, text: str, *, once: bool = False) -> list[CellEvent]:
        """Add something the sandbox says; with `once`, only the first of its kind. It never clears."""
        if once and kind in self._said:
            return []
        self._said.add(kind)
        return [self._append(NoticeOutput(kind, text))]

    def _output(self, index: int) -> Output:
        slot = self._slots[index]
        return slot.output() if isinstance(slot, _Stream) else slot

    def _append(self, slot: _Slot) -> OutputShown:
        if self._slots:
            self._slots[-1] = self._output(len(self._slots) - 1)  # text grows only while it stands last
        self._slots.append(slot)
        index = len(self._slots) - 1
        return OutputShown(index, self._output(index))

    def _clear(self, *, wait: bool) -> list[CellEvent]:
        self._clear_next = wait
        if wait or not self._slots:
            return []
        self._empty()
        return [OutputsCleared()]

    def _cleared(self) -> list[CellEvent]:
        """A clearing that waited for this output."""
        if not self._clear_next:
            return []
        return self._clear(wait=False)

    def _empty(self) -> None:
        # The counts of messages and notices go on: clearing must not be a way around the limits.
        self._slots.clear()
        self._displays.clear()
        self._said.discard("text_cut")

    def _room(self) -> int:
        """Characters of text that may still be shown."""
        return max(self._limits.text_characters - sum(_characters(output) for output in self.outputs), 0)

    def _stream(self, content: Mapping[str, object]) -> list[CellEvent]:
        name, text = content.get("name"), content.get("text")
        if name not in ("stdout", "stderr") or not isinstance(text, str) or not text:
            return []
        events = self._cleared()
        last = self._slots[-1] if self._slots else None
        if isinstance(last, _Stream) and last.name == name:
            stream, index = last, len(self._slots) - 1
        elif "text_cut" in self._said or not self._room():
            return events + self._text_cut()
        else:
            stream = _Stream("stdout" if name == "stdout" else "stderr", self._room())
            index = self._append(stream).index
        fits = stream.feed(text)
        events.append(OutputShown(index, stream.output()))
        return events if fits else events + self._text_cut()

    def _text_cut(self) -> list[CellEvent]:
        limit = self._limits.text_characters
        return self.notice("text_cut", f"the text was cut: {limit:,} characters are shown", once=True)

    def _error(self, content: Mapping[str, object]) -> list[CellEvent]:
        output = from_error(content)
        self.error_name = output.name
        return self.show(output)

    def _display(self, kind: str, content: Mapping[str, object]) -> list[CellEvent]:
        data, transient = content.get("data"), content.get("transient")
        output = from_bundle(data, self._limits, content.get("metadata"))
        if output is None:
            return []
        display_id = transient.get("display_id") if isinstance(transient, dict) else None
        if not isinstance(display_id, str) or len(display_id) > _LONGEST_ID:
            display_id = None
        known = self._displays.get(display_id, []) if display_id else []
        if kind == "update_display_data" and known:
            return self._update(known, output)
        events = self._cleared()
        if sum(map(_is_display, self._slots)) >= self._limits.outputs:
            text = f"the cell shows more than {self._limits.outputs} outputs; the rest is left out"
            return events + self.notice("outputs_cut", text, once=True)
        if _characters(output) > self._room():
            return events + self._text_cut()
        shown = self._append(output)
        if display_id:
            # An update of an earlier cell's display is shown as a new one here: better twice than lost.
            self._displays.setdefault(display_id, []).append(shown.index)
        return [*events, shown]

    def _update(self, indexes: list[int], output: Output) -> list[CellEvent]:
        freed = sum(_characters(self._output(index)) for index in indexes)
        if _characters(output) * len(indexes) > self._room() + freed:
            return self._text_cut()
        for index in indexes:
            self._slots[index] = output
        return [OutputShown(index, output) for index in indexes]


def _is_display(slot: _Slot) -> bool:
    """Printed text is bounded by its length: a program that warns while it prints makes many pieces of it."""
    if isinstance(slot, TextOutput):
        return slot.stream == "result"
    return not isinstance(slot, (_Stream, NoticeOutput))


def _characters(output: Output) -> int:
    if isinstance(output, HtmlOutput):
        return len(output.html) + len(output.text)
    if isinstance(output, (TextOutput, ImageOutput)):
        return len(output.text)
    if isinstance(output, ErrorOutput):
        return len(output.traceback)
    return 0
