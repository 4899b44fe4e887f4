"""TorchEngine: serves requests with a model in this process.

One worker thread owns the model. Each turn of its loop reads one chunk of one
prompt and then writes one token for every answer in progress, all in one batch; so
a stop takes effect within one token or one chunk, and a long prompt does not hold up
the answers of others. Readers wait on a queue of their own request.

What a prompt looks like is in `glm.prompts`, the numerics are in `glm.decode` and
`glm.sampling`; here are only requests, their order and their ends.
"""

from __future__ import annotations

import atexit
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from glm.constrained import CallConstraints
from glm.engine import EngineInfo
from glm.errors import ContextOverflowError, EngineError
from glm.events import EngineEvent, Finished, FinishReason, PromptProgress
from glm.messages import Message, ToolCall, ToolSpec
from glm.settings import GenerationSettings

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from glm.decode import Decoder
    from glm.prompts import OutputReader, PromptFormat
    from glm.sampling import Sampler

CLOSED = "the engine was closed; load it again to go on"
OUT_OF_MEMORY = (
    "the {device} ran out of memory with {tokens} tokens in the context; shorten or clear the conversation, "
    "lower max_new_tokens, or load the model with a smaller dtype or quantised"
)
INVALID_SCORES = (
    "the model computed invalid numbers (NaN or infinity) after {tokens} tokens; "
    "load it with dtype float32 or bfloat16, and check that its weight files are complete"
)


class Loaded(Protocol):
    """What the engine needs of a checkpoint."""

    @property
    def model(self) -> PreTrainedModel: ...
    @property
    def prompt(self) -> PromptFormat: ...
    @property
    def description(self) -> Any:
        """Has `name`, `device`, `dtype`, `context_length` and `generation`."""


class Request:
    """One generation, from the prompt's ids to its end. The worker's, but for `events` and `abandoned`."""

    def __init__(
        self,
        prompt_ids: list[int],
        reader: OutputReader,
        settings: GenerationSettings,
        stop: threading.Event | None,
        budget: int,
    ) -> None:
        self.prompt_ids = prompt_ids
        self.reader = reader
        self.settings = settings
        self.budget = budget
        self.events: queue.SimpleQueue[EngineEvent | EngineError] = queue.SimpleQueue()
        self.abandoned = False
        self.sampler: Sampler | None = None
        self.cached = 0
        self.last_id = -1
        self.completion_tokens = 0
        self._stop = stop
        self._started = time.perf_counter()
        self._first_token = self._last_token = 0.0

    @property
    def stopped(self) -> bool:
        """Nobody wants more of it."""
        return self.abandoned or (self._stop is not None and self._stop.is_set())

    def take(self, token_id: int) -> bool:
        """Report a generated token; True when it was the last one."""
        self._last_token = time.perf_counter()
        if not self.completion_tokens:
            self._first_token = self._last_token
        self.completion_tokens += 1
        self.last_id = token_id
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
                prompt_tokens=len(self.prompt_ids),
                completion_tokens=self.completion_tokens,
                first_token_seconds=self._first_token - self._started if has_token else 0.0,
                decode_seconds=self._last_token - self._first_token,
            )
        )


class TorchEngine:
    """An `Engine` over a loaded checkpoint.

    At most `max_slots` answers are written at once, others wait their turn.
    `prefill_chunk` is how many prompt tokens are read between two looks at `stop`.
    """

    def __init__(self, checkpoint: Loaded, *, max_slots: int = 8, prefill_chunk: int = 256) -> None:
        from glm.decode import Decoder, fastest_forward

        description = checkpoint.description
        self._info = EngineInfo(
            name=description.name,
            device=str(description.device),
            dtype=str(description.dtype),
            context_length=description.context_length,
            generation=description.generation,
            calls_tools=checkpoint.prompt.calls_tools,
        )
        self._prompt = checkpoint.prompt
        self._constraints = CallConstraints(checkpoint.prompt)
        self._max_slots = max_slots
        self._chunk = prefill_chunk
        self._decoder: Decoder = Decoder(
            checkpoint.model.eval(),
            max_rows=max_slots,
            context_length=self._info.context_length,
            forward=fastest_forward(checkpoint.model),
        )
        self._wake = threading.Condition()
        self._waiting: deque[Request] = deque()
        self._closed = False
        # The worker's alone. Row i of the cache belongs to _decoding[i]; the prompt being read has the row after them.
        self._decoding: list[Request] = []
        self._prefilling: Request | None = None
        self._worker = threading.Thread(target=self._run, name="glm-torch-engine", daemon=True)
        self._worker.start()
        atexit.register(self.close)

    @property
    def info(self) -> EngineInfo:
        return self._info

    def count_tokens(self, messages: Sequence[Message], *, tools: Sequence[ToolSpec] = ()) -> int:
        """Length of the prompt of these messages in tokens."""
        return len(self._prompt.encode(messages, tools))

    def call_message(self, call: ToolCall) -> Message:
        """The message with which the model makes `call`. Raises `EngineError` when it makes none."""
        return self._prompt.call_message(call)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSpec] = (),
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[EngineEvent]:
        """See `Engine.stream`."""
        prompt_ids = self._prompt.encode(messages, tools)
        room = self._info.context_length - len(prompt_ids)
        if room < 1:
            raise ContextOverflowError(prompt_tokens=len(prompt_ids), context_length=self._info.context_length)
        budget = min(settings.max_new_tokens, room)
        reader = self._prompt.reader(tools)
        if settings.constrain_calls:
            reader = self._constraints.reader(reader, tools)
        request = Request(prompt_ids, reader, settings, stop, budget)
        with self._wake:
            if self._closed:
                raise EngineError(CLOSED)
            self._waiting.append(request)
            self._wake.notify_all()
        try:
            yield PromptProgress(0, len(prompt_ids))
            while True:
                event = request.events.get()
                if isinstance(event, EngineError):
                    raise event
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            request.abandoned = True

    def close(self) -> None:
        """Fail what is in progress, end the worker and free its memory. Idempotent."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        atexit.unregister(self.close)
        if threading.current_thread() is not self._worker:
            self._worker.join()
        self._constraints.close()  # last: the worker may be waiting for a grammar

    # The rest runs on the worker thread.

    def _run(self) -> None:
        import torch

        with torch.inference_mode():
            while self._admit():
                try:
                    self._drop_stopped()
                    self._read_chunk()
                    self._write_tokens()
                except Exception as error:  # a fault of this file, not of one request; the next ones start afresh
                    self._fail_all(self._as_engine_error(error, 0))
        self._fail_all(EngineError(CLOSED))
        del self._decoder

    def _admit(self) -> bool:
        """Wait for work and give the next request its row; False when the engine was closed."""
        with self._wake:
            while not (self._closed or self._waiting or self._prefilling or self._decoding):
                self._wake.wait()
            if self._closed:
                return False
            cancelled = [request for request in self._waiting if request.stopped]
            for request in cancelled:
                self._waiting.remove(request)
            if self._waiting and self._prefilling is None and len(self._decoding) < self._max_slots:
                self._prefilling = self._waiting.popleft()
        for request in cancelled:
            request.cancel()
        return True

    def _drop_stopped(self) -> None:
        if self._prefilling is not None and self._prefilling.stopped:
            self._prefilling.cancel()
            self._prefilling = None
            self._trim()
        for request in [request for request in self._decoding if request.stopped]:
            request.cancel()
            self._leave(request)

    def _read_chunk(self) -> None:
        """Read one chunk of the prompt in turn; after the last one, choose its first token."""
        request = self._prefilling
        if request is None:
            return
        row, total = len(self._decoding), len(request.prompt_ids)
        end = total if self._decoder.uncut_prompt else min(request.cached + self._chunk, total)
        try:
            if request.cached == 0:
                self._decoder.cache.reserve(row + 1, min(total + request.budget, total + self._chunk))
            scores = self._decoder.prefill(row, request.prompt_ids[request.cached : end], request.cached)
            request.cached = end
            request.events.put(PromptProgress(end, total))
            if end < total:
                return
            self._prefilling = None
            done = self._choose(request, scores, best=None)
        except Exception as error:
            self._prefilling = None
            self._fail(request, error, row)
            self._trim()
            return
        if done:
            self._trim()
        else:
            self._decoding.append(request)

    def _write_tokens(self) -> None:
        """One token for every answer in progress."""
        batch = list(self._decoding)
        if not batch:
            return
        try:
            scores = self._step(0, batch)
        except Exception as error:
            if len(batch) == 1:
                self._fail(batch[0], error, 0)
                self._leave(batch[0])
            else:
                self._write_tokens_singly(batch)
            return
        self._choose_all(batch, scores)

    def _write_tokens_singly(self, batch: list[Request]) -> None:
        """The batched step failed: find whose fault it is by taking the rows one by one."""
        for request in batch:
            row = self._decoding.index(request)
            try:
                scores = self._step(row, [request])
            except Exception as error:
                self._fail(request, error, row)
                self._leave(request)
            else:
                self._choose_all([request], scores)

    def _step(self, first: int, batch: list[Request]) -> torch.Tensor:
        return self._decoder.step(first, [r.last_id for r in batch], [r.cached for r in batch])

    def _choose_all(self, batch: list[Request], scores: torch.Tensor) -> None:
        best = scores.argmax(-1).tolist()
        for request in batch:  # before any leaves: rows that move up for it must move whole
            request.cached += 1
        for index, request in enumerate(batch):
            try:
                done = self._choose(request, scores[index], best[index])
            except Exception as error:
                self._fail(request, error, self._decoding.index(request))
                done = True
            if done:
                self._leave(request)

    def _choose(self, request: Request, scores: torch.Tensor, best: int | None) -> bool:
        """Choose the next token; True when it ends the request. `best` is the index of the largest score."""
        from glm.sampling import Sampler

        if request.sampler is None:
            request.sampler = Sampler(request.settings, request.prompt_ids)
        if best is None:
            best = int(scores.argmax())
        # argmax treats NaN as largest, so one look at the winner shows both NaN and infinity.
        if not abs(float(scores[best])) < float("inf"):
            raise EngineError(INVALID_SCORES.format(tokens=request.cached))
        allowed = request.reader.allowed()
        if allowed is None and request.sampler.is_argmax:
            return request.take(best)
        return request.take(request.sampler.choose(scores, allowed))

    def _leave(self, request: Request) -> None:
        """Take a request out of the batch; the last rows move up, so that rows stay without gaps."""
        row, last = self._decoding.index(request), len(self._decoding) - 1
        cache = self._decoder.cache
        if row != last:
            self._decoding[row] = self._decoding[last]
            cache.move(last, row, self._decoding[row].cached)
        self._decoding.pop()
        if self._prefilling is not None and self._prefilling.cached:
            cache.move(last + 1, last, self._prefilling.cached)
        self._trim()

    def _trim(self) -> None:
        open_requests = [*self._decoding, *([self._prefilling] if self._prefilling else [])]
        longest = max((max(r.cached, len(r.prompt_ids)) for r in open_requests), default=0)
        self._decoder.cache.trim(len(open_requests), longest)

    def _fail(self, request: Request, error: Exception, row: int) -> None:
        request.events.put(self._as_engine_error(error, request.cached))
        self._decoder.cache.wipe(row)

    def _fail_all(self, error: EngineError) -> None:
        with self._wake:
            waiting = list(self._waiting)
            self._waiting.clear()
        prefilling = [self._prefilling] if self._prefilling else []
        for request in itertools.chain(self._decoding, prefilling, waiting):
            request.events.put(EngineError(*error.args))
        self._decoding, self._prefilling = [], None
        self._decoder.cache.release()

    def _as_engine_error(self, error: Exception, tokens: int) -> EngineError:
        if isinstance(error, EngineError):
            return error
        if _is_out_of_memory(error):
            _return_cached_memory()
            wrapped = EngineError(OUT_OF_MEMORY.format(device=self._info.device, tokens=tokens))
        else:
            wrapped = EngineError(
                f"the model failed after {tokens} tokens with {type(error).__name__}: {error}; "
                "try again, and if it happens again please report it with this text"
            )
        wrapped.__cause__ = error
        return wrapped


def _is_out_of_memory(error: Exception) -> bool:
    import torch

    text = str(error)
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )


def _return_cached_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
