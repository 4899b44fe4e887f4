"""Constrained decoding: once a call has begun, only tokens are offered with which it parses and fits its schema.

The grammars come from the prompt formats; which tokens a grammar allows is told by llguidance.
A grammar is compiled while the prompt is being read and kept for later requests. Where none
compiles, or the library cannot be loaded, calls are written as freely as everything else.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from glm.events import EngineEvent
from glm.messages import ToolSpec
from glm.prompts import CallFormat, CallReader, OutputReader

if TYPE_CHECKING:
    import torch
    from llguidance import LLMatcher, LLTokenizer

MAX_KEPT = 128
"""How many compiled grammars an engine keeps."""

_OPTIONS = '%llguidance { "no_forcing": true }'
"""Where only one text can follow, its tokens are still the model's choice: the library would take them from the
tokenizer, and sentencepiece puts a blank in front of a text that stands in the middle of another."""

_log = logging.getLogger(__name__)


class CallConstraints:
    """Compiles the grammars of one prompt format. Safe to use from several threads."""

    def __init__(self, prompt: Any) -> None:
        self._prompt = prompt
        self._kept: OrderedDict[tuple[str, ...], Future[LLMatcher | None]] = OrderedDict()
        self._lock = threading.Lock()
        self._compiler = ThreadPoolExecutor(1, thread_name_prefix="glm-call-grammars")

    def reader(self, reader: OutputReader, tools: Sequence[ToolSpec]) -> OutputReader:
        """`reader` with calls of `tools` held to their grammars, where the format has any. Does not wait for them."""
        if not (tools and isinstance(self._prompt, CallFormat) and isinstance(reader, CallReader)):
            return reader
        grammars = self._prompt.call_grammars(tools)
        try:
            compiled = {name: self._compiled(tuple(texts)) for name, texts in grammars.items()}
        except RuntimeError:  # closed in between: the engine says so
            return reader
        return ConstrainedReader(self, reader, compiled)

    def close(self) -> None:
        """Compile nothing more."""
        self._compiler.shutdown(wait=False, cancel_futures=True)

    def written_ids(self, text: str) -> list[int]:
        """Some ids that spell `text`."""
        return list(self._vocabulary.greedy_tokenize(text))

    def _compiled(self, grammars: tuple[str, ...]) -> Future[LLMatcher | None]:
        with self._lock:
            future = self._kept.pop(grammars, None) or self._compiler.submit(self._compile, grammars)
            self._kept[grammars] = future
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return future

    def _compile(self, grammars: tuple[str, ...]) -> LLMatcher | None:
        try:
            from llguidance import LLMatcher
        except ImportError as error:
            _log.warning("tool calls are written freely: llguidance cannot be loaded (%s)", error)
            return None
        fault = "its schema has no grammar"
        for grammar in grammars:
            matcher = LLMatcher(self._vocabulary, f"{_OPTIONS}\n{grammar}", log_level=0)
            if not matcher.is_error():
                return matcher
            fault = matcher.get_error()
        _log.warning("calls of a tool are written freely (%s)", " ".join(fault.split())[:200])
        return None

    @cached_property
    def _vocabulary(self) -> LLTokenizer:
        return vocabulary(self._prompt.tokenizer, self._prompt.stop_ids)


def vocabulary(tokenizer: Any, stop_ids: Iterable[int]) -> LLTokenizer:
    """A `glm.tokenizer.Tokenizer` for llguidance; `stop_ids` may follow where a grammar is complete.

    Takes about half a second for 50,000 tokens.
    """
    from llguidance import LLTokenizer, TokenizerWrapper

    stops = sorted(stop_ids)
    if getattr(tokenizer, "pieces", None) is None:
        return LLTokenizer(tokenizer.backend.to_str(), eos_token=stops)
    return LLTokenizer(TokenizerWrapper(_Pieces(tokenizer, stops[0])), eos_token=stops)


class _Pieces:
    """A sentencepiece vocabulary as the library takes it: the bytes of every id, none for control tokens."""

    def __init__(self, tokenizer: Any, eos_token_id: int) -> None:
        self.eos_token_id = eos_token_id
        self.bos_token_id = None
        control = tokenizer.backend.get_added_tokens_decoder()
        self.special_token_ids = sorted(control)
        named = {number: token.content.encode() for number, token in control.items()}
        self.tokens = [
            named.get(token_id) or tokenizer.pieces.bytes_of(token_id) for token_id in range(tokenizer.vocab_size)
        ]
        self._encode = tokenizer.encode

    def __call__(self, text: str) -> list[int]:
        return list(self._encode(text))


class ConstrainedReader:
    """A reader that allows within a call only what the call's grammar allows. Otherwise it is the reader it was given.

    Waits, at the beginning of a call, until its grammar is compiled.
    """

    def __init__(
        self, constraints: CallConstraints, reader: CallReader, grammars: Mapping[str, Future[LLMatcher | None]]
    ) -> None:
        self._constraints = constraints
        self._reader = reader
        self._grammars = grammars
        self._in_call = False
        self._matcher: LLMatcher | None = None

    @property
    def done(self) -> bool:
        return self._reader.done

    def allowed(self) -> Sequence[int] | torch.Tensor | None:
        allowed = self._reader.allowed()
        if allowed is not None or self._matcher is None:
            return allowed
        import torch

        # One byte for each token, not zero for those that may follow.
        found = torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8).nonzero()[:, 0]
        if not len(found) or self._matcher.is_error():  # beyond the library's limits
            self._matcher = None
            return None
        return found

    def feed(self, token_id: int) -> list[EngineEvent]:
        if self._matcher is not None and not self._matcher.consume_token(token_id):
            self._matcher = None
        events = self._reader.feed(token_id)
        call = None if self._reader.done else self._reader.open_call()
        if call is None:
            self._in_call, self._matcher = False, None
        elif not self._in_call:
            self._in_call, self._matcher = True, self._begun(*call)
        return events

    def finish(self, reason: Literal["length", "cancelled"]) -> list[EngineEvent]:
        return self._reader.finish(reason)

    def _begun(self, name: str, written: str) -> LLMatcher | None:
        """The matcher of a call that has begun, of which `written` came with the token that began it."""
        compiled = self._grammars[name].result() if name in self._grammars else None
        if compiled is None:
            return None
        matcher = compiled.deep_copy()
        return matcher if not written or matcher.consume_tokens(self._constraints.written_ids(written)) else None
