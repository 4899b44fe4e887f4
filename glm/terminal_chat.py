"""The terminal chat behind ``python -m glm chat``: reads lines, prints answers as they come.

It is a skin over a `Conversation` like the web pages. Lines may also be piped in, one
message each; prompts and hints are then left out.
"""

from __future__ import annotations

import importlib.util
import locale
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TextIO

from glm.conversation import Conversation
from glm.errors import GlmError
from glm.events import Finished, FinishReason, TextDelta, ThoughtDelta, ToolCalled, ToolReturned

_LEAVE = frozenset({"exit", "quit", "stop"})


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the program itself says, in one language."""

    welcome: str
    you: str
    cleared: str
    leave_hint: str
    figures: str
    endings: dict[FinishReason, str]


ENGLISH = Phrases(
    welcome="Talking to {name} on {device} ({dtype}). clear: new conversation; stop or exit: leave; Ctrl-C: stop an "
    "answer.",
    you="You: ",
    cleared="The conversation is empty again.",
    leave_hint="Press Ctrl-C again to leave, or go on typing.",
    figures="{tokens} tokens, {speed:.1f} tokens/s",
    endings={
        "cancelled": "stopped",
        "length": "cut at the length limit",
        "tool_rounds": "too many tool calls",
        "same_error": "the same error again",
    },
)
CHINESE = Phrases(
    welcome="正在与 {name} 对话（{device}，{dtype}）。clear：清空对话；stop 或 exit：退出；Ctrl-C：停止当前回答。",
    you="你：",
    cleared="对话已清空。",
    leave_hint="再按一次 Ctrl-C 退出，或继续输入。",
    figures="{tokens} 个 token，{speed:.1f} token/秒",
    endings={
        "cancelled": "已停止",
        "length": "已达到长度上限",
        "tool_rounds": "工具调用次数过多",
        "same_error": "再次出现同样的错误",
    },
)


def phrases_for(language: str) -> Phrases:
    """The phrases for "en" or "zh"; "auto" follows the locale of the user."""
    if language == "auto":
        return CHINESE if _locale_name().lower().startswith(("zh", "chinese")) else ENGLISH
    return CHINESE if language == "zh" else ENGLISH


def _locale_name() -> str:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(variable):
            return os.environ[variable]
    return locale.getlocale()[0] or ""


class TerminalChat:
    """A chat on `source` and `out`, by default this process's terminal."""

    def __init__(
        self,
        conversation: Conversation,
        *,
        phrases: Phrases = ENGLISH,
        source: TextIO | None = None,
        out: TextIO | None = None,
    ) -> None:
        self._conversation = conversation
        self._phrases = phrases
        self._source = source or sys.stdin
        self._out = out or sys.stdout
        self._interactive = self._source.isatty()
        self._failed = False

    def run(self) -> int:
        """Chat until the user leaves or the input ends.

        Returns the exit code: 0, or 2 when a piped message could not be answered.
        """
        if self._interactive:
            info = self._conversation.engine.info
            self._say(self._phrases.welcome.format(name=info.name, device=info.device, dtype=info.dtype))
        for line in self._lines():
            text = line.strip()
            if text.lower() in _LEAVE:
                break
            if text.lower() == "clear":
                self._conversation.clear()
                self._say(self._phrases.cleared)
            elif text:
                self._answer(text)
        return 2 if self._failed and not self._interactive else 0

    def _lines(self) -> Iterator[str]:
        if not self._interactive:
            yield from self._source
            return
        if importlib.util.find_spec("readline"):
            import readline  # noqa: F401 - gives `input` line editing and history
        interrupted = False
        while True:
            try:
                line = self._ask()
            except EOFError:
                self._say("")
                return
            except KeyboardInterrupt:
                self._say("")
                if interrupted:
                    return
                interrupted = True
                self._say(self._phrases.leave_hint)
                continue
            interrupted = False
            yield line

    def _ask(self) -> str:
        if self._source is sys.stdin and self._out is sys.stdout:
            return input(self._phrases.you)
        self._write(self._phrases.you)
        line = self._source.readline()
        if not line:
            raise EOFError
        return line

    def _answer(self, text: str) -> None:
        try:
            with _interrupt_stops(self._conversation):
                self._print_answer(text)
        except KeyboardInterrupt:
            self._say(f"\n[{self._phrases.endings['cancelled']}]")
        except GlmError as error:
            self._failed = True
            self._say("")
            print(f"error: {error}", file=sys.stderr, flush=True)

    def _print_answer(self, text: str) -> None:
        thinking = False
        with closing(self._conversation.send(text)) as events:
            for event in events:
                if thinking and isinstance(event, (TextDelta, ToolCalled)):
                    self._say("\n")  # a blank line between what it thinks and what it says
                    thinking = False
                match event:
                    case TextDelta(piece):
                        self._write(_printable(piece))
                    case ThoughtDelta(piece):
                        thinking = True
                        self._write(self._dim(_printable(piece)))
                    case ToolCalled(call):
                        self._say(f"\n[{call.name}]")
                    case ToolReturned(_, result):
                        self._say(_printable(result.text))
                    case Finished():
                        self._say(f"\n{self._dim(self._summary(event))}")
                    case _:
                        pass  # progress, calls being written and whole messages are not for a terminal

    def _summary(self, finished: Finished) -> str:
        figures = self._phrases.figures.format(
            tokens=finished.completion_tokens, speed=max(0.0, finished.tokens_per_second)
        )
        ending = self._phrases.endings.get(finished.reason)
        return f"[{ending}; {figures}]" if ending else f"[{figures}]"

    def _dim(self, text: str) -> str:
        coloured = self._out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return f"\x1b[2m{text}\x1b[0m" if coloured and os.name == "posix" else text

    def _say(self, line: str) -> None:
        self._write(f"{line}\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _printable(text: str) -> str:
    """A model's text is data: escape sequences that would drive the terminal are taken out."""
    return "".join(c for c in text if c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))


@contextmanager
def _interrupt_stops(conversation: Conversation) -> Iterator[None]:
    """While inside, the first Ctrl-C stops the answer; a second one no longer waits for its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    presses = 0

    def on_interrupt(signum: int, frame: object) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt
        # On a thread of its own: the interrupted code may hold the very lock that `stop` takes.
        threading.Thread(target=conversation.stop, daemon=True).start()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
