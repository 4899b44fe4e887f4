"""Whether anything is left behind by many short requests: memory, threads, rows of the cache.

    python benchmarks/soak.py [--requests 10000]

A tiny random GLM serves visitors who ask, read a little and stop, leave without a word, or stay to the end. Half of
the prompts go on with an earlier conversation. Memory after a tenth of the requests is compared with that at the end.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GlmConfig, GlmForCausalLM

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from glm.detokenizer import Detokenizer  # noqa: E402
from glm.errors import GlmError  # noqa: E402
from glm.events import EngineEvent, Finished, MessageDone, TextDelta  # noqa: E402
from glm.messages import Message  # noqa: E402
from glm.settings import GenerationSettings  # noqa: E402
from glm.torch_engine import TorchEngine  # noqa: E402

CONTEXT = 1024
VISITORS = 12


class ByteFormat:
    """The last message is the prompt, a token for each byte; nothing ends an answer but its limit."""

    stop_ids = frozenset({256})
    calls_tools = False

    def __init__(self) -> None:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        self.tokenizer = Tokenizer(models.BPE(vocab={char: index for index, char in enumerate(alphabet)}, merges=[]))
        self.tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        self.tokenizer.decoder = decoders.ByteLevel()

    def encode(self, messages: Any, tools: Any = ()) -> list[int]:
        return list(self.tokenizer.encode(messages[-1].content).ids)

    def reader(self, tools: Any = ()) -> ByteReader:
        return ByteReader(self.tokenizer)


class ByteReader:
    """Bytes to text."""

    done = False

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._detokenizer = Detokenizer(tokenizer)
        self._text = ""

    def allowed(self) -> None:
        return None

    def feed(self, token_id: int) -> list[EngineEvent]:
        piece = self._detokenizer.feed(token_id)
        self._text += piece
        return [TextDelta(piece)] if piece else []

    def finish(self, reason: Any) -> list[EngineEvent]:
        return [MessageDone(Message("assistant", self._text, finish=reason))]


def tiny_engine() -> TorchEngine:
    """An engine over two layers of random weights."""
    torch.manual_seed(0)
    config = GlmConfig(
        vocab_size=257,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=CONTEXT,
        pad_token_id=None,
        eos_token_id=None,
    )
    description = SimpleNamespace(name="tiny", device="cpu", dtype="float32", context_length=CONTEXT, generation="")
    loaded: Any = SimpleNamespace(model=GlmForCausalLM(config), prompt=ByteFormat(), description=description)
    return TorchEngine(lambda: loaded, max_slots=8, kv_budget=8 * 2**20)


class Visitor(threading.Thread):
    """Makes its share of the requests, one after the other, and counts how they ended."""

    def __init__(self, engine: TorchEngine, number: int, requests: int, ends: Counter[str]) -> None:
        super().__init__(name=f"visitor-{number}")
        self._engine, self._number, self._requests, self._ends = engine, number, requests, ends
        self._chance = random.Random(number)
        self._said = ""

    def run(self) -> None:
        for _ in range(self._requests):
            self._ends[self._ask()] += 1

    def _ask(self) -> str:
        chance = self._chance
        if chance.random() < 0.5 or len(self._said) > CONTEXT // 2:
            self._said = f"visitor {self._number} "
        self._said += chance.choice("abcdefgh") * chance.randint(1, 60)
        settings = GenerationSettings(
            max_new_tokens=chance.randint(1, 24), temperature=chance.choice([0.0, 0.8]), top_k=chance.choice([0, 50])
        )
        stop, manner = threading.Event(), chance.choice(["stays", "stays", "stops", "leaves", "overflows"])
        text = "x" * (CONTEXT + 1) if manner == "overflows" else self._said
        patience = chance.randint(0, 12)
        stream = self._engine.stream(
            [Message("user", text)], settings=settings, stop=stop, visitor=str(self._number % 5)
        )
        try:
            for number, event in enumerate(stream):
                if isinstance(event, MessageDone):
                    self._said += event.message.content
                if isinstance(event, Finished):
                    return event.reason
                if number == patience and manner == "leaves":
                    return "left"
                if number == patience and manner == "stops":
                    stop.set()
        except GlmError as error:
            return type(error).__name__
        finally:
            stream.close()  # type: ignore[attr-defined]
        return "ended without a word"


def serve(engine: TorchEngine, requests: int, ends: Counter[str]) -> None:
    """So many requests by all visitors together."""
    visitors = [Visitor(engine, number, requests // VISITORS, ends) for number in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()


def settled(engine: TorchEngine) -> float:
    """MB held by the process once the engine has nothing to do."""
    while engine._rows.open or len(engine._queue):
        time.sleep(0.01)
    gc.collect()
    return float(psutil.Process().memory_info().rss / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    args = parser.parse_args()
    torch.set_num_threads(1)
    threads = threading.active_count()
    engine, ends = tiny_engine(), Counter[str]()
    began = time.perf_counter()
    serve(engine, args.requests // 10, ends)
    before = settled(engine)
    for part in range(1, 10):
        serve(engine, args.requests // 10, ends)
        print(f"{(part + 1) * 10:>3} % of {args.requests} requests: {settled(engine):.1f} MB", flush=True)
    after = settled(engine)
    queue, rows = engine._queue, engine._rows
    left = {
        "rows open": len(rows.open),
        "requests waiting": len(queue),
        "requests counted as running": sum(queue._running.values()),
        "bytes of the block": engine._decoder.cache.allocated_bytes,
    }
    kept = rows.kept.nbytes
    engine.close()
    left |= {"threads": threading.active_count() - threads, "bytes kept after closing": rows.kept.nbytes}
    print(f"{sum(ends.values())} requests in {time.perf_counter() - began:.0f} s: {dict(ends)}")
    print(f"memory {before:.1f} MB after a tenth, {after:.1f} MB at the end: {after / before - 1:+.1%}")
    print(f"kept for later prompts {kept / 1e6:.1f} MB, of at most {engine._budget.nbytes / 2e6:.1f} MB")
    print("left behind: " + (", ".join(f"{count} {name}" for name, count in left.items() if count) or "nothing"))
    if any(left.values()) or after > 1.05 * before:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
