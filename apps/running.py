"""RunningAnswer: an answer being made by a thread of the process, whoever looks on.

Pages only watch it: a reload, a broken connection or a second tab starts watching from the first event
again and loses nothing. No widgets, no history: what was said is the `Conversation`'s.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from glm.errors import EngineError, GlmError
from glm.events import Event, ToolCalled, ToolReturned, ToolShows
from glm.sandbox.values import Output, OutputShown


class RunningAnswer:
    """Reads the events that `begin` returns, in a thread of its own, from the moment it is made.

    `stop` is what ends the work early. That thread calls `on_event` after every event and, last of all,
    `on_end` with how it failed: None when it did not. `failure` is the same, once `done`.
    """

    def __init__(
        self,
        begin: Callable[[], Iterator[Event]],
        *,
        stop: Callable[[], None],
        on_event: Callable[[Event], None] = lambda event: None,
        on_end: Callable[[GlmError | None], None] = lambda failure: None,
    ) -> None:
        self.failure: GlmError | None = None
        self._begin = begin
        self._stop = stop
        self._on_event = on_event
        self._on_end = on_end
        self._events: list[Event] = []
        self._outputs: dict[int, Output] = {}
        self._shown = 0  # how often the outputs changed
        self._done = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="answer", daemon=True).start()

    @property
    def done(self) -> bool:
        """True once nothing more will happen."""
        return self._done

    @property
    def events(self) -> tuple[Event, ...]:
        """All events so far."""
        with self._changed:
            return tuple(self._events)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What the tool that runs now has shown so far; empty between calls."""
        with self._changed:
            return tuple(output for _, output in sorted(self._outputs.items()))

    def stop(self) -> None:
        """End the work within one token; what was said stays. Safe from any thread."""
        self._stop()

    def wait_begun(self, timeout: float) -> bool:
        """Wait until the question is in the history, or it failed; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._events) or self._done, timeout)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._done, timeout)

    def batches(self, seconds: float = 0.07) -> Iterator[Sequence[Event]]:
        """All events from the first one on, those of about `seconds` together; ends with the answer.

        A batch is empty when only `outputs` changed, or nothing happened for that long, so that a page gets a
        chance to notice that nobody looks at it any more. Any number of watchers may read, each at its own pace.
        """
        seen = shown = 0
        while True:
            with self._changed:
                if len(self._events) == seen and self._shown == shown and not self._done:
                    self._changed.wait(seconds)
                batch, done = self._events[seen:], self._done
                news = bool(batch) or self._shown != shown
                shown = self._shown
            seen += len(batch)
            yield batch
            if done:
                return
            if news:
                time.sleep(seconds)

    def _run(self) -> None:
        try:
            for event in self._begin():
                self._on_event(event)
                self._add(event)
        except GlmError as error:
            self.failure = error
        except Exception as error:  # a fault of ours must not leave the page waiting for ever
            self.failure = EngineError(f"the answer broke off with {type(error).__name__}: {error}; try again")
            self.failure.__cause__ = error
        finally:
            try:
                self._on_end(self.failure)
            finally:
                with self._changed:
                    self._done = True
                    self._changed.notify_all()

    def _add(self, event: Event) -> None:
        with self._changed:
            if isinstance(event, ToolShows):  # not kept: a cell may print without end, and only its state matters
                self._show(event)
            else:
                self._events.append(event)
                if isinstance(event, (ToolCalled, ToolReturned)):
                    self._outputs.clear()
            self._changed.notify_all()

    def _show(self, event: ToolShows) -> None:
        self._shown += 1
        if isinstance(event.event, OutputShown):
            self._outputs[event.event.index] = event.event.output
        else:
            self._outputs.clear()
