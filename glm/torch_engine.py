"""TorchEngine: serves requests with a model in this process.

Here requests come in and answers go out. They wait in `glm.request_queue`; `glm.worker` computes them, all in one
batch, with a row each (`glm.rows`) in a cache whose size is limited (`glm.cache_budget`). What a prompt looks like is
in `glm.prompts`, the numerics are in `glm.decode` and `glm.sampling`. How it fits together: docs/serving.md.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from glm.constrained import CallConstraints
from glm.engine import EngineInfo
from glm.errors import CacheOverflowError, ContextOverflowError, EngineError
from glm.events import EngineEvent, Finished, PromptProgress
from glm.messages import Message, ToolCall, ToolSpec
from glm.request import Request
from glm.request_queue import RequestQueue
from glm.settings import GenerationSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from glm.prompts import PromptFormat
    from glm.worker import Worker

CLOSED = "the engine was closed; load it again to go on"

MAX_SLOTS = 16
"""Answers written at once unless it is said otherwise."""


class Loaded(Protocol):
    """What the engine needs of a checkpoint."""

    @property
    def model(self) -> PreTrainedModel: ...
    @property
    def prompt(self) -> PromptFormat: ...
    @property
    def description(self) -> Any:
        """Has `name`, `device`, `dtype`, `context_length` and `generation`."""


class TorchEngine:
    """An `Engine` over the checkpoint that `load` returns. Raises what `load` raises.

    `load` is called by the thread that computes ever after: where several threads of a process use OpenMP, each of
    them takes twice as long. At most `max_slots` answers are written at once, and keys and values take at most
    `kv_budget` bytes; others wait their turn. None is a part of what is free when the engine starts. `prefill_chunk`
    is how many prompt tokens are read between two looks at `stop`, fewer when running answers would stall.
    """

    def __init__(
        self,
        load: Callable[[], Loaded],
        *,
        max_slots: int = MAX_SLOTS,
        kv_budget: int | None = None,
        prefill_chunk: int = 256,
    ) -> None:
        self._max_slots = max_slots
        self._kv_budget = kv_budget
        self._chunk = prefill_chunk
        self._queue = RequestQueue()
        self._thread = threading.Thread(target=self._work, args=(load,), name="glm-torch-engine", daemon=True)
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        atexit.register(self.close)

    def _work(self, load: Callable[[], Loaded]) -> None:
        """The engine's thread: load the model, then serve requests."""
        try:
            worker = self._prepare(load())
        except BaseException as error:
            self._failure = error
            return
        finally:
            self._started.set()
        worker.run()

    def _prepare(self, checkpoint: Loaded) -> Worker:
        from glm.cache_budget import cache_budget
        from glm.decode import Decoder, fastest_forward
        from glm.rows import Rows
        from glm.worker import Worker

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
        self._decoder = Decoder(
            checkpoint.model.eval(),
            max_rows=self._max_slots,
            context_length=self._info.context_length,
            forward=fastest_forward(checkpoint.model),
        )
        self._budget = cache_budget(
            checkpoint.model,
            context_length=self._info.context_length,
            max_slots=self._max_slots,
            nbytes=self._kv_budget,
        )
        self._rows = Rows(self._decoder.cache, self._budget, reuses=not self._decoder.uncut_prompt)
        return Worker(self._decoder, self._rows, self._queue, chunk=self._chunk, device=self._info.device)

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
        visitor: str = "",
    ) -> Iterator[EngineEvent]:
        """See `Engine.stream`."""
        prompt_ids = self._prompt.encode(messages, tools)
        budget = min(settings.max_new_tokens, self._room(len(prompt_ids)))
        reader = self._prompt.reader(tools)
        if settings.constrain_calls:
            reader = self._constraints.reader(reader, tools)
        request = Request(prompt_ids, reader, settings, stop, budget, visitor)
        self._queue.put(request)
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
        self._queue.close(EngineError(CLOSED))
        atexit.unregister(self.close)
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._constraints.close()  # last: the worker may be waiting for a grammar

    def _room(self, prompt_tokens: int) -> int:
        """New tokens that context and memory allow after a prompt of this length. Raises when there are none."""
        context = self._info.context_length
        if prompt_tokens >= context:
            raise ContextOverflowError(prompt_tokens=prompt_tokens, context_length=context)
        if prompt_tokens >= self._budget.longest:
            raise CacheOverflowError(prompt_tokens=prompt_tokens, context_length=self._budget.longest)
        return self._budget.longest - prompt_tokens
