"""A torch engine over a small random GLM that reads and writes bytes, and what tests ask of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GlmConfig, GlmForCausalLM

from glm.detokenizer import Detokenizer
from glm.events import EngineEvent, Finished, MessageDone, TextDelta
from glm.messages import Message, ToolSpec
from glm.settings import GenerationSettings
from glm.torch_engine import TorchEngine

CONTEXT = 1024
STOP_ID = 256
PATIENCE = 30.0
"""Seconds after which a wait is a failure; nothing here takes more than a fraction of it."""


def byte_tokenizer() -> Tokenizer:
    """One token per byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={char: index for index, char in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@dataclass
class PlainFormat:
    """The last message's text is the prompt; every id but `STOP_ID` is text."""

    tokenizer: Tokenizer = field(default_factory=byte_tokenizer)
    on_token: Callable[[str, int], None] = lambda prompt, count: None
    """Called on the worker thread with the prompt and how many ids were generated for it."""
    allowed_first: list[int] | None = None
    stop_ids = frozenset({STOP_ID})
    calls_tools = False

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        self.last_prompt = messages[-1].content
        return self.tokenizer.encode(self.last_prompt).ids

    def reader(self, tools: Sequence[ToolSpec] = ()) -> PlainReader:
        return PlainReader(self, self.last_prompt)


class PlainReader:
    def __init__(self, fmt: PlainFormat, prompt: str) -> None:
        self.format, self.prompt = fmt, prompt
        self.detokenizer = Detokenizer(fmt.tokenizer)
        self.done = False
        self.text = ""
        self.ids: list[int] = []

    def allowed(self) -> list[int] | None:
        return None if self.ids else self.format.allowed_first

    def feed(self, token_id: int) -> list[EngineEvent]:
        self.ids.append(token_id)
        self.format.on_token(self.prompt, len(self.ids))
        if token_id == STOP_ID:
            self.done = True
            return self._message("stop")
        piece = self.detokenizer.feed(token_id)
        self.text += piece
        return [TextDelta(piece)] if piece else []

    def finish(self, reason: str) -> list[EngineEvent]:
        return self._message(reason)

    def _message(self, finish: str) -> list[EngineEvent]:
        return [MessageDone(Message("assistant", self.text, finish=finish))]  # type: ignore[arg-type]


def small_model() -> GlmForCausalLM:
    """Two layers of random weights over bytes."""
    torch.manual_seed(0)
    config = GlmConfig(
        vocab_size=257,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=CONTEXT,
        attention_bias=True,
        initializer_range=0.3,
        pad_token_id=None,
        eos_token_id=None,
    )
    model = GlmForCausalLM(config).eval()
    with torch.no_grad():
        model.lm_head.weight[STOP_ID] = 0  # so that answers end at their limit unless a test wants otherwise
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


class Engines:
    """Starts engines over one small model, and closes them all. One thread computes: the operations are tiny."""

    def __init__(self, model: GlmForCausalLM) -> None:
        self._model = model
        self._threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self._started: list[TorchEngine] = []

    def __call__(self, fmt: PlainFormat | None = None, **options: int | None) -> TorchEngine:
        description = SimpleNamespace(name="tiny", device="cpu", dtype="float32", context_length=CONTEXT, generation="")
        loaded = SimpleNamespace(model=self._model, prompt=fmt or PlainFormat(), description=description)
        self._started.append(TorchEngine(lambda: loaded, **options))  # type: ignore[arg-type, return-value]
        return self._started[-1]

    def close(self) -> None:
        for engine in self._started:
            engine.close()
        torch.set_num_threads(self._threads)


def ask(
    engine: TorchEngine,
    prompt: str,
    max_new_tokens: int = 20,
    stop: threading.Event | None = None,
    visitor: str = "",
    **settings: float | None,
) -> list[EngineEvent]:
    chosen = GenerationSettings.from_mapping({"temperature": 0.0, "max_new_tokens": max_new_tokens, **settings})
    return list(engine.stream([Message("user", prompt)], settings=chosen, stop=stop, visitor=visitor))


def text_of(events: list[EngineEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def last(events: list[EngineEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def generated(model: GlmForCausalLM, prompt: str, max_new_tokens: int) -> str:
    """What the library's own generate says, greedily."""
    tokenizer = byte_tokenizer()
    ids = torch.tensor([tokenizer.encode(prompt).ids])
    output = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=max_new_tokens, pad_token_id=0
    )
    detokenizer = Detokenizer(tokenizer)
    return "".join(map(detokenizer.feed, output[0, ids.shape[1] :].tolist()))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def is_idle(engine: TorchEngine) -> bool:
    return not (engine._rows.open or len(engine._queue)) and not engine._decoder.cache.allocated_bytes
