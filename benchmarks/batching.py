"""How much faster several answers are written at once than one after another.

    python benchmarks/batching.py [--at-once 1 2 4 8 16] [--rounds 3]

For every number of visitors: each asks its own question at the same moment, then the same questions are asked one
after another, in turns, so that a noisy machine is noisy for both. Answers are sampled with the default settings and
do not end before --new tokens. Nothing of an earlier prompt is reused (each question is new from its first word).
"of CPU" is the ratio of processor seconds per token: what other programs take weighs less on it than on the clock.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from glm.checkpoint import Checkpoint, load_checkpoint  # noqa: E402
from glm.engine import Engine  # noqa: E402
from glm.events import CallDelta, Finished, TextDelta  # noqa: E402
from glm.messages import Message  # noqa: E402
from glm.settings import GenerationSettings  # noqa: E402
from glm.torch_engine import TorchEngine  # noqa: E402

SUBJECTS = (
    "a river in spring",
    "how bread rises",
    "the night train",
    "an old clock",
    "why leaves fall",
    "a lighthouse",
)


@dataclass
class Answer:
    """What one visitor saw: seconds at which it asked and at which each piece of text came, and the tokens written."""

    asked: float
    pieces: list[float] = field(default_factory=list)
    tokens: int = 0
    first: float = 0.0
    ended: float = 0.0


class EndlessReader:
    """A reader that takes an end of the answer for text, so that every answer is of the same length."""

    def __init__(self, reader: Any, stop_ids: frozenset[int], word: int) -> None:
        self._reader, self._stop_ids, self._word = reader, stop_ids, word

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def feed(self, token_id: int) -> Any:
        return self._reader.feed(self._word if token_id in self._stop_ids else token_id)


class EndlessFormat:
    """A prompt format with `EndlessReader`s."""

    def __init__(self, prompt: Any) -> None:
        self._prompt = prompt
        self._word = prompt.tokenizer.encode(" and")[0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._prompt, name)

    def reader(self, tools: Sequence[Any] = ()) -> EndlessReader:
        return EndlessReader(self._prompt.reader(tools), self._prompt.stop_ids, self._word)


def questions() -> Iterator[str]:
    """Questions of 30 to 120 tokens, no two of which begin alike."""
    number = 0
    while True:
        subject = SUBJECTS[number % len(SUBJECTS)]
        yield f"{number} visitors want to hear about {subject}. " + f"Tell them about {subject}. " * (
            2 + number * 7 % 13
        )
        number += 1


def ask(engine: Engine, question: str, new_tokens: int, answer: Answer) -> None:
    """Read one answer to its end."""
    settings = GenerationSettings(max_new_tokens=new_tokens, seed=1)
    for event in engine.stream([Message("user", question)], settings=settings, visitor=question[:8]):
        if isinstance(event, (TextDelta, CallDelta)):
            answer.pieces.append(time.perf_counter())
        elif isinstance(event, Finished):
            answer.tokens, answer.first = event.completion_tokens, event.first_token_seconds
    answer.ended = time.perf_counter()


@dataclass
class Run:
    """Some answers, and the processor seconds that they took."""

    answers: list[Answer]
    cpu: float = 0.0

    @property
    def speed(self) -> float:
        """Tokens per second of all together."""
        began, ended = min(a.asked for a in self.answers), max(a.ended for a in self.answers)
        return self.tokens / (ended - began)

    @property
    def tokens(self) -> int:
        """Of all answers."""
        return sum(a.tokens for a in self.answers)

    @property
    def late(self) -> float:
        """The latest first token, as a multiple of the mean."""
        return max(a.first for a in self.answers) / statistics.mean(a.first for a in self.answers)


def at_once(engine: Engine, asked: Sequence[str], new_tokens: int) -> Run:
    """All questions at the same moment, a thread each."""
    answers = [Answer(time.perf_counter()) for _ in asked]
    threads = [
        threading.Thread(target=ask, args=(engine, question, new_tokens, answer))
        for question, answer in zip(asked, answers, strict=True)
    ]
    began = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Run(answers, time.process_time() - began)


def in_turn(engine: Engine, asked: Sequence[str], new_tokens: int) -> Run:
    """One question after the other."""
    answers: list[Answer] = []
    began = time.process_time()
    for question in asked:
        answers.append(Answer(time.perf_counter()))
        ask(engine, question, new_tokens, answers[-1])
    return Run(answers, time.process_time() - began)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def row(count: int, together: Sequence[Run], turns: Sequence[Run], memory: float) -> str:
    """One line of the table."""
    fast, slow = statistics.median(run.speed for run in together), statistics.median(run.speed for run in turns)
    cpu = sum(run.cpu for run in turns) / sum(run.tokens for run in turns)
    cpu /= sum(run.cpu for run in together) / sum(run.tokens for run in together)
    answers = [answer for run in together for answer in run.answers]
    firsts = [answer.first for answer in answers]
    gaps = [later - earlier for answer in answers for earlier, later in pairwise(answer.pieces)]
    return (
        f"{count:>7}{fast:>9.1f}{slow:>10.1f}{fast / slow:>7.2f}{cpu:>8.2f}{percentile(firsts, 50):>11.3f}"
        f"{percentile(firsts, 95):>8.3f}{max(firsts):>8.3f}{max(run.late for run in together):>10.2f}"
        f"{percentile(gaps, 95) * 1000:>12.0f}{memory:>9.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder or hub id; the built-in model if left out")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--new", type=int, default=96, help="tokens of each answer (default 96)")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()

    def load() -> Checkpoint:
        checkpoint = load_checkpoint(args.model, dtype=args.dtype)
        endless: Any = EndlessFormat(checkpoint.prompt)
        return replace(checkpoint, prompt=endless)

    engine = TorchEngine(load, max_slots=max(args.at_once))
    process, asked = psutil.Process(), questions()
    at_once(engine, [next(asked) for _ in range(2)], 16)  # warms up
    print(f"{engine.info.name}, {engine.info.dtype}, {args.new} new tokens, medians of {args.rounds} rounds")
    print(
        f"{'at once':>7}{'tok/s':>9}{'in turn':>10}{'ratio':>7}{'of CPU':>8}{'first p50':>11}{'p95':>8}{'max':>8}"
        f"{'max/mean':>10}{'gap p95 ms':>12}{'RSS MB':>9}"
    )
    for count in args.at_once:
        together, turns = [], []
        for _ in range(args.rounds):
            together.append(at_once(engine, [next(asked) for _ in range(count)], args.new))
            turns.append(in_turn(engine, [next(asked) for _ in range(count)], args.new))
        print(row(count, together, turns, process.memory_info().rss / 1e6), flush=True)
    engine.close()


if __name__ == "__main__":
    main()
