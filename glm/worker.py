"""Worker: the loop of the torch engine, on a thread of its own that alone touches the model.

Each turn admits what fits, reads one chunk of one prompt and then writes one token for every answer in progress, all
in one batch; so a stop takes effect within one token or one chunk, and a long prompt does not hold up the others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from glm.compute_errors import INVALID_SCORES, as_engine_error, is_out_of_memory
from glm.errors import EngineError
from glm.events import PromptProgress
from glm.request import Request
from glm.request_queue import RequestQueue
from glm.rows import Rows
from glm.sampling import Sampler, best_of_each

if TYPE_CHECKING:
    from glm.decode import Decoder

STALL_SECONDS = 0.2
"""How long running answers may wait for a chunk of another one's prompt without chunks being made smaller."""

STALL_STEPS = 3
"""The same as a multiple of the time that writing a token takes: where all is slow, small chunks waste much of it."""

SMALLEST_CHUNK = 64

_LOOK_SECONDS = 60.0
"""How often an idle worker looks for kept rows to forget."""


class Worker:
    """Serves the requests of `queue` until it is closed. `chunk` is how many tokens of a prompt are read at once."""

    def __init__(self, decoder: Decoder, rows: Rows, queue: RequestQueue, *, chunk: int, device: str) -> None:
        self._decoder = decoder
        self._rows = rows
        self._queue = queue
        self._chunk = chunk
        self._device = device
        self._token_seconds = self._step_seconds = 0.0
        self._oldest_next = False

    def run(self) -> None:
        """The thread's work."""
        with torch.inference_mode():
            while True:
                try:
                    if not self._admit():
                        break
                    self._drop_stopped()
                    self._read_chunk()
                    self._write_tokens()
                except Exception as error:  # a fault of this file, not of one request; the next ones start afresh
                    self._fail_all(as_engine_error(error, self._device, 0))
        assert self._queue.closed is not None
        self._fail_all(self._queue.closed)

    def _admit(self) -> bool:
        """Wait for work and admit what there is room for; False when the queue was closed."""
        rows = self._rows
        while not rows.open and not len(self._queue) and self._queue.closed is None:
            self._queue.wait(_LOOK_SECONDS if len(rows.kept) else None)
            rows.kept.expire()
        if self._queue.closed is not None:
            return False
        for request in self._queue.remove_stopped():
            request.cancel()
        while (request_or_none := self._queue.admit(rows.admits)) is not None:
            rows.admit(request_or_none)
        self._queue.report()
        return True

    def _drop_stopped(self) -> None:
        for request in [request for request in self._rows.open if request.stopped]:
            request.cancel()
            self._leave(request, keep=True)

    def _read_chunk(self) -> None:
        """Read one chunk of one prompt; after its last one, choose the answer's first token."""
        request = self._next_prompt()
        if request is None:
            return
        try:
            scores = self._with_room(lambda: self._prefill(request))
        except Exception as error:
            self._fail(request, error)
            return
        if request.cached == request.prompt_tokens:
            self._rows.promote(request)
            self._choose([request], scores[None])
        elif not bool(scores.max().isfinite()):  # looked at in every chunk: a row with invalid numbers is never kept
            self._fail(request, EngineError(INVALID_SCORES.format(tokens=request.cached)))

    def _next_prompt(self) -> Request | None:
        """In turns the oldest prompt and the one with the least left to read: short ones pass, none starves."""
        rows = self._rows
        waiting = [*rows.prefilling, *rows.unread]
        if not waiting:
            return None
        self._oldest_next = not self._oldest_next
        if self._oldest_next:
            return min(waiting, key=lambda request: request.asked_at)
        return min(waiting, key=lambda request: request.prompt_tokens - request.cached)

    def _prefill(self, request: Request) -> torch.Tensor:
        rows, total = self._rows, request.prompt_tokens
        if request in rows.unread:
            rows.begin(request)
            if request.reused:
                request.events.put(PromptProgress(request.reused, total))
        end = total if self._decoder.uncut_prompt else min(request.cached + self._chunk_size(), total)
        count = end - request.cached
        began = time.perf_counter()
        scores = self._decoder.prefill(rows.row_of(request), request.ids[request.cached : end], request.cached)
        if count >= SMALLEST_CHUNK:
            scores[0].item()  # waits for the GPU
            self._token_seconds = _smoothed(self._token_seconds, (time.perf_counter() - began) / count)
        request.cached = end
        request.events.put(PromptProgress(end, total))
        return scores

    def _chunk_size(self) -> int:
        """The whole chunk, or less where running answers would wait too long for it."""
        if not self._rows.decoding or not self._token_seconds:
            return self._chunk
        seconds = max(STALL_SECONDS, STALL_STEPS * self._step_seconds)
        fitting = int(seconds / self._token_seconds) // SMALLEST_CHUNK * SMALLEST_CHUNK
        return min(self._chunk, max(SMALLEST_CHUNK, fitting))

    def _write_tokens(self) -> None:
        """One token for every answer in progress."""
        batch = list(self._rows.decoding)
        if not batch:
            return
        began = time.perf_counter()
        try:
            scores = self._with_room(lambda: self._step(0, batch))
        except Exception as error:
            if len(batch) == 1:
                self._fail(batch[0], error)
            else:
                self._write_tokens_singly(batch)
            return
        self._take_all(batch, scores)
        self._step_seconds = _smoothed(self._step_seconds, time.perf_counter() - began)

    def _write_tokens_singly(self, batch: list[Request]) -> None:
        """The batched step failed: find whose fault it is by taking the rows one by one."""
        for request in batch:
            try:
                scores = self._step(self._rows.row_of(request), [request])
            except Exception as error:
                self._fail(request, error)
            else:
                self._take_all([request], scores)

    def _step(self, first: int, batch: list[Request]) -> torch.Tensor:
        self._rows.make_room()
        return self._decoder.step(first, [r.ids[-1] for r in batch], [r.cached for r in batch])

    def _take_all(self, batch: list[Request], scores: torch.Tensor) -> None:
        for request in batch:  # before any leaves: rows that move up for it must move whole
            request.cached += 1
        self._choose(batch, scores)

    def _choose(self, batch: list[Request], scores: torch.Tensor) -> None:
        """Choose the next token of each; requests that end with it or fail leave."""
        samplers = [request.sampler or _new_sampler(request) for request in batch]
        for index, (request, sampler, top) in enumerate(
            zip(batch, samplers, best_of_each(scores, samplers), strict=True)
        ):
            try:
                if not math.isfinite(top.score):
                    raise EngineError(INVALID_SCORES.format(tokens=request.cached))
                done = request.take(sampler.choose(scores[index], request.reader.allowed(), top))
            except Exception as error:
                self._fail(request, error)
            else:
                if done:
                    self._leave(request, keep=True)

    def _with_room(self, compute: Callable[[], torch.Tensor]) -> torch.Tensor:
        """`compute`, and again when memory ran out and rows kept for later could be dropped."""
        try:
            return compute()
        except Exception as error:
            if not is_out_of_memory(error) or not self._rows.kept.clear():
                raise
        return compute()

    def _leave(self, request: Request, *, keep: bool) -> None:
        self._rows.leave(request, keep=keep)
        self._queue.left(request)

    def _fail(self, request: Request, error: Exception) -> None:
        request.events.put(as_engine_error(error, self._device, request.cached))
        self._rows.wipe(request)
        self._leave(request, keep=False)

    def _fail_all(self, error: EngineError) -> None:
        for request in self._rows.open:
            request.events.put(EngineError(*error.args))
            self._queue.left(request)
        for request in self._queue.remove_all():
            request.events.put(EngineError(*error.args))
        self._rows.clear()


def _new_sampler(request: Request) -> Sampler:
    request.sampler = Sampler(request.settings, request.ids[: request.prompt_tokens])
    return request.sampler


def _smoothed(before: float, now: float) -> float:
    return now if not before else (before + now) / 2
