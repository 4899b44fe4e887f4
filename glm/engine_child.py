"""The process behind `glm.process_engine`: holds the model, answers the lines of its standard input.

It ends when that input does, also when the other side was killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from glm import load_engine, wire
from glm.engine import Engine
from glm.errors import as_load_error


def main() -> None:
    """Load the model that the first argument describes, and serve it until standard input ends."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    child = EngineChild(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what a library prints is no answer
    threading.Thread(target=_serve, args=(child,), name="engine-requests", daemon=True).start()
    child.load(given)
    threading.Event().wait()


def _serve(child: EngineChild) -> None:
    child.serve(sys.stdin.buffer)
    os._exit(0)  # in the middle of whatever is loaded or computed: nobody waits for it


class EngineChild:
    """Holds an engine; answers requests for it by lines in `answers`, each with the request's number, 0 for none."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._engine: Engine | None = None
        self._saying = threading.Lock()
        self._stops: dict[int, threading.Event] = {}

    def load(self, given: dict[str, Any]) -> None:
        """Load the engine, and say how far that is and how it ended."""
        try:
            self._engine = load_engine(**given, progress=lambda *news: self._tell("progress", news))
        except Exception as error:
            self._tell("traceback", traceback.format_exc())
            self.say(0, wire.error_line(as_load_error(error)))
        else:
            self.say(0, wire.line(self._engine.info))

    def _tell(self, what: str, news: object) -> None:
        self.say(0, json.dumps({what: news}).encode() + b"\n")

    def say(self, number: int, line: bytes) -> None:
        """Say one line about the request `number`; nobody may be there to hear it."""
        with self._saying, contextlib.suppress(OSError):
            self._answers.write(b"%d %s" % (number, line))
            self._answers.flush()

    def serve(self, requests: Iterable[bytes]) -> None:
        """Answer until there are no more requests."""
        for request in requests:
            number, word, body = request.split(b" ", 2)
            self._take(int(number), word, body)

    def _take(self, number: int, word: bytes, body: bytes) -> None:
        if word == b"stream":
            stop = self._stops[number] = threading.Event()
            threading.Thread(target=self._stream, args=(number, body, stop), name="engine-stream", daemon=True).start()
        elif word == b"stop":
            if (running := self._stops.get(number)) is not None:
                running.set()
        else:
            self._say_all(number, self._short_answer(word, body))

    def _short_answer(self, word: bytes, body: bytes) -> Iterator[bytes]:
        assert self._engine is not None
        if word == b"count":
            ask, _ = wire.read_ask(body)
            yield wire.count_body(self._engine.count_tokens(ask.messages, tools=ask.tools)) + b"\n"
        else:
            yield wire.message_body(self._engine.call_message(wire.read_call(body))) + b"\n"

    def _stream(self, number: int, body: bytes, stop: threading.Event) -> None:
        try:
            self._say_all(number, self._events(body, stop))
        finally:
            del self._stops[number]

    def _events(self, body: bytes, stop: threading.Event) -> Iterator[bytes]:
        assert self._engine is not None
        yield from wire.event_lines(self._engine, *wire.read_ask(body), stop)

    def _say_all(self, number: int, lines: Iterator[bytes]) -> None:
        for line in wire.with_failure(lines):
            self.say(number, line)
