"""What constrained decoding of tool calls costs and brings, with and without it side by side.

    python benchmarks/constrained.py [--count 40] [--temperature 0.8]

Requests are the held-out ones of the training's evaluation, answered by the built-in model or `--model`.
A call counts from the header line on; a reply without one counts for neither side.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from glm.checkpoint import load_checkpoint  # noqa: E402
from glm.constrained import vocabulary  # noqa: E402
from glm.engine import Engine  # noqa: E402
from glm.events import Finished, MessageDone  # noqa: E402
from glm.messages import Message, ToolCall, ToolSpec  # noqa: E402
from glm.settings import GenerationSettings  # noqa: E402
from glm.torch_engine import TorchEngine  # noqa: E402
from glm.training.dialogue import Dialogue  # noqa: E402
from glm.training.evaluate_tools import same_arguments  # noqa: E402
from glm.training.tool_data import generate  # noqa: E402


@dataclass(frozen=True, slots=True)
class Case:
    """A request that wants a call, and the call."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    wanted: ToolCall

    @property
    def spec(self) -> ToolSpec:
        """The tool that is wanted."""
        return next(tool for tool in self.tools if tool.name == self.wanted.name)


def cases(count: int, seed: int) -> list[Case]:
    """`count` requests for tools that training showed and as many for others."""
    found = []
    for tools in ("seen", "unseen"):
        dialogues = generate(random.Random(f"constrained {tools} {seed}"), "heldout", tools=tools)  # type: ignore[arg-type]
        found += [_case(dialogue) for dialogue in islice(_with_calls(dialogues), count)]
    return found


def _with_calls(dialogues: Iterator[Dialogue]) -> Iterator[Dialogue]:
    return (dialogue for dialogue in dialogues if dialogue.kind == "tool_call")


def _case(dialogue: Dialogue) -> Case:
    first = next(index for index, message in enumerate(dialogue.messages) if message.role == "assistant")
    wanted = dialogue.messages[first].call
    assert wanted is not None
    return Case(dialogue.messages[:first], dialogue.tools, wanted)


def answered(engine: Engine, case: Case, settings: GenerationSettings) -> tuple[Message, Finished]:
    """The first message of the answer, and how the answer ended."""
    said = Message("assistant", "")
    for event in engine.stream(case.messages, tools=case.tools, settings=settings):
        if isinstance(event, MessageDone) and not said.content:
            said = event.message
        if isinstance(event, Finished):
            return said, event
    raise RuntimeError("the answer has no end")


def rates(engine: Engine, asked: list[Case], settings: GenerationSettings) -> dict[str, tuple[int, int]]:
    """How many calls are complete, can be read, fit their tool's schema, and are the wanted ones, of all calls."""
    from jsonschema import Draft202012Validator

    counts = dict.fromkeys(("ended by itself", "can be read", "fits the schema", "exactly the wanted arguments"), 0)
    calls = named = 0
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda case: answered(engine, case, settings), asked))
    for case, (said, _) in zip(asked, replies, strict=True):
        if not said.header:
            continue
        calls += 1
        spec = next((tool for tool in case.tools if tool.name == said.header), None)
        arguments = said.call.arguments if said.call else None
        named += said.header == case.wanted.name
        counts["ended by itself"] += said.finish == "stop"
        counts["can be read"] += arguments is not None
        if spec and arguments is not None:
            counts["fits the schema"] += Draft202012Validator(dict(spec.parameters)).is_valid(dict(arguments))
        counts["exactly the wanted arguments"] += same_arguments(said.call, case.wanted, case.spec) and (
            said.header == case.wanted.name
        )
    return {**{name: (right, calls) for name, right in counts.items()}, "names the wanted tool": (named, calls)}


def speed(engine: Engine, asked: list[Case], settings: GenerationSettings) -> float:
    """Milliseconds per token after the first one, one request at a time."""
    ends = [answered(engine, case, settings)[1] for case in asked]
    return 1000 * sum(end.decode_seconds for end in ends) / max(1, sum(end.completion_tokens - 1 for end in ends))


def library_costs(prompt: Any, asked: list[Case]) -> None:
    """Print what the library takes: the vocabulary once, each grammar once, a mask for each token of a call."""
    from llguidance import LLMatcher

    started = time.perf_counter()
    tokens = vocabulary(prompt.tokenizer, prompt.stop_ids)
    print(f"vocabulary of {tokens.vocab_size} tokens: {time.perf_counter() - started:.2f} s, once")
    building, compiling, masking, copying = [], [], [], []
    for case in asked:
        started = time.perf_counter()
        grammar = prompt.call_grammars([case.spec])[case.spec.name][0]
        building.append(time.perf_counter() - started)
        started = time.perf_counter()
        compiled = LLMatcher(tokens, grammar)
        compiling.append(time.perf_counter() - started)
        started = time.perf_counter()
        matcher = compiled.deep_copy()
        copying.append(time.perf_counter() - started)
        for token_id in prompt.tokenizer.encode(prompt.call_message(case.wanted).content):
            started = time.perf_counter()
            matcher.compute_logit_bias()
            masking.append(time.perf_counter() - started)
            if not matcher.consume_token(token_id):
                print(f"not allowed: {case.wanted}")
                break
    for name, times in (("grammar", building), ("compiled", compiling), ("copied", copying), ("mask", masking)):
        ordered = sorted(times)
        print(
            f"{name}: median {1000 * statistics.median(times):.3f} ms, "
            f"95% below {1000 * ordered[int(0.95 * len(ordered))]:.3f} ms, at most {1000 * ordered[-1]:.3f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", help="checkpoint folder or hub id; without it the built-in model")
    parser.add_argument("--count", type=int, default=40, help="requests for seen tools, and as many for unseen ones")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the speed measurement")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--temperature", type=float, nargs="*", default=[0.0, 0.8], help="what the calls are sampled at"
    )
    args = parser.parse_args()
    asked = cases(args.count, args.seed)
    engine = TorchEngine(lambda: load_checkpoint(args.model))
    library_costs(engine._prompt, asked)
    try:
        for temperature in args.temperature:
            on = GenerationSettings(temperature=temperature, seed=args.seed, max_new_tokens=160)
            off = replace(on, constrain_calls=False)
            without, held = rates(engine, asked, off), rates(engine, asked, on)
            lines = [f"\n| calls at temperature {temperature:g} | free | constrained |", "| --- | ---: | ---: |"]
            lines += [
                f"| {name} | {'{} of {}'.format(*without[name])} | {'{} of {}'.format(*held[name])} |" for name in held
            ]
            print("\n".join(lines), flush=True)
        few = asked[:4]
        greedy = GenerationSettings(temperature=0.0, max_new_tokens=160)
        speed(engine, few, greedy)
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(args.rounds):
            for constrain in (False, True):
                times[constrain].append(speed(engine, few, replace(greedy, constrain_calls=constrain)))
        free, held_back = statistics.median(times[False]), statistics.median(times[True])
        print(f"\nper token: {free:.1f} ms free, {held_back:.1f} ms constrained, {held_back / free:.2f} times as long")
    finally:
        engine.close()


if __name__ == "__main__":
    main()
