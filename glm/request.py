"""Request: one generation of the torch engine, from the ids of its prompt to its end.

The worker thread drives it; the thread that reads the answer shares only `events` and `abandoned` with it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from glm.errors import EngineError
from glm.events import EngineEvent, Finished, FinishReason
from glm.settings import GenerationSettings

if TYPE_CHECKING:
    from glm.prompts import OutputReader
    from glm.sampling import Sampler


class Request:
    """What is asked (`prompt_ids`, at most `budget` new tokens, by `visitor`) and how far it is.

    The first `cached` of `ids` have keys and values in the request's row; `reused` of them were not computed for it.
    """

    def __init__(
        self,
        prompt_ids: Sequence[int],
        reader: OutputReader,
        settings: GenerationSettings,
        stop: threading.Event | None,
        budget: int,
        visitor: str = "",
    ) -> None:
        self.ids = list(prompt_ids)
        self.prompt_tokens = len(self.ids)
        self.reader = reader
        self.settings = settings
        self.budget = budget
        self.visitor = visitor
        self.events: queue.SimpleQueue[EngineEvent | EngineError] = queue.SimpleQueue()
        self.abandoned = False
        self.sampler: Sampler | None = None
        self.cached = 0
        self.reused = 0
        self.asked_at = time.perf_counter()
        self._stop = stop
        self._first_token = self._last_token = 0.0

    @property
    def need(self) -> int:
        """Tokens that it may have in the cache at most."""
        return self.prompt_tokens + self.budget

    @property
    def completion_tokens(self) -> int:
        """Tokens written so far."""
        return len(self.ids) - self.prompt_tokens

    @property
    def stopped(self) -> bool:
        """Nobody wants more of it."""
        return self.abandoned or (self._stop is not None and self._stop.is_set())

    def take(self, token_id: int) -> bool:
        """Report a generated token; True when it was the last one."""
        self._last_token = time.perf_counter()
        if not self.completion_tokens:
            self._first_token = self._last_token
        self.ids.append(token_id)
        self._report(self.reader.feed(token_id))
        if self.reader.done:
            self._finish("stop")
            return True
        if self.completion_tokens >= self.budget:
            self._report(self.reader.finish("length"))
            self._finish("length")
            return True
        return False

    def cancel(self) -> None:
        """End it because `stopped`."""
        self._report(self.reader.finish("cancelled"))
        self._finish("cancelled")

    def _report(self, events: list[EngineEvent]) -> None:
        for event in events:
            self.events.put(event)

    def _finish(self, reason: FinishReason) -> None:
        has_token = self.completion_tokens > 0
        self.events.put(
            Finished(
                reason,
                prompt_tokens=self.prompt_tokens,
                completion_tokens=self.completion_tokens,
                first_token_seconds=self._first_token - self.asked_at if has_token else 0.0,
                decode_seconds=self._last_token - self._first_token,
                reused_tokens=self.reused,
            )
        )
