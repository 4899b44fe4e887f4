"""Whether an answer depends on who else is being served: the same questions alone and in a crowd.

    python benchmarks/isolation.py [--count 40] [--new 32]

Alone: one request after the other, nothing reused. In the crowd: all of them at random moments, some with a common
beginning, among neighbours that are stopped or abandoned after a random number of tokens. Every second question is
decoded greedily, the others are sampled with a seed of their own. Prints how many answers differ, and where.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from glm.checkpoint import Checkpoint, load_checkpoint  # noqa: E402
from glm.engine import Engine  # noqa: E402
from glm.events import TextDelta  # noqa: E402
from glm.messages import Message  # noqa: E402
from glm.settings import GenerationSettings  # noqa: E402
from glm.torch_engine import TorchEngine  # noqa: E402

OPENINGS = ("", "You are a patient teacher who answers in full sentences. " * 4)
SUBJECTS = ("rivers", "bread", "trains", "clocks", "leaves", "lighthouses", "snow", "music", "maps", "bees")
TASKS = (
    "Explain {} to a child.",
    "What should everybody know about {}?",
    "Write a few lines about {}.",
    "为什么有{}？",
)


def questions(count: int) -> list[list[Message]]:
    """Different conversations; half of them begin with the same system message."""
    made = []
    for number in range(count):
        text = TASKS[number % len(TASKS)].format(SUBJECTS[number * 7 % len(SUBJECTS)])
        opening = [Message("system", OPENINGS[1])] if number % 4 > 1 else []
        made.append([*opening, Message("user", f"{text} ({number})" + " Take your time." * (number % 9))])
    return made


def settings_of(number: int, new_tokens: int) -> GenerationSettings:
    """Greedy for even numbers, sampled for odd ones."""
    temperature = 0.8 if number % 2 else 0.0
    return GenerationSettings(max_new_tokens=new_tokens, temperature=temperature, seed=number)


def answer(engine: Engine, messages: Sequence[Message], settings: GenerationSettings) -> str:
    """The text of one answer."""
    events = engine.stream(messages, settings=settings)
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def disturb(engine: Engine, seed: int, over: threading.Event) -> None:
    """A neighbour who asks, and stops or leaves after some tokens, again and again."""
    chance = random.Random(seed)
    while not over.is_set():
        stop = threading.Event()
        text = "Never mind me. " * chance.randint(1, 30)
        settings = GenerationSettings(max_new_tokens=chance.randint(1, 40), temperature=1.0)
        stream = engine.stream([Message("user", text)], settings=settings, stop=stop, visitor="neighbour")
        patience = chance.randint(1, 12)
        for number, _ in enumerate(stream):
            if number == patience:
                if chance.random() < 0.5:
                    break
                stop.set()
        stream.close()  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder or hub id; the built-in model if left out")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--new", type=int, default=32)
    args = parser.parse_args()

    def load() -> Checkpoint:
        return load_checkpoint(args.model, dtype=args.dtype)

    asked = questions(args.count)

    lone = TorchEngine(load, max_slots=1)
    lone._rows._reuses = False
    alone = [answer(lone, messages, settings_of(number, args.new)) for number, messages in enumerate(asked)]
    lone.close()

    engine = TorchEngine(load, max_slots=8)
    crowd = [""] * len(asked)
    chance, over = random.Random(1), threading.Event()

    def ask(number: int) -> None:
        crowd[number] = answer(engine, asked[number], settings_of(number, args.new))

    neighbours = [threading.Thread(target=disturb, args=(engine, seed, over)) for seed in range(2)]
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(asked))]
    for thread in neighbours:
        thread.start()
    for thread in chance.sample(threads, len(threads)):
        thread.start()
        time.sleep(chance.random())
    for thread in threads:
        thread.join()
    over.set()
    for thread in neighbours:
        thread.join()
    engine.close()

    for name, first in (("greedy", 0), ("sampled", 1)):
        pairs = list(zip(alone, crowd, strict=True))[first::2]
        different = [(one, other) for one, other in pairs if one != other]
        print(f"{name}: {len(pairs)} answers of up to {args.new} tokens, {len(different)} differ")
        for one, other in different:
            print(f"  alone: {one!r}\n  crowd: {other!r}")
    print(f"{engine.info.name}, {engine.info.dtype}")


if __name__ == "__main__":
    main()
