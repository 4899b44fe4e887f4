"""Replay: the base model's own answers to general questions, kept as training material.

`python -m glm.training.replay --gguf FILE --out FILE --count N --seed S` asks the base model
(before any tuning, in its own ChatML format) the questions of `glm.training.questions` and
appends one JSON object a line: ``{"question", "answer", "cut", "system"}``. `cut` tells that the
answer hit the token limit, so that no end of turn may be taught after it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glm.training.questions import questions

DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


@dataclass(frozen=True)
class Answer:
    """One answer of the base model. `system` is the system prompt it had, "" for none."""

    question: str
    answer: str
    cut: bool
    system: str = ""


def read_answers(path: Path) -> list[Answer]:
    """The answers stored in a JSON-lines file that this program wrote."""
    with path.open(encoding="utf-8") as lines:
        return [Answer(**json.loads(line)) for line in lines if line.strip()]


def chatml(question: str, system: str) -> str:
    """The base model's own prompt for one question."""
    lead = f"<|im_start|>system\n{system}<|im_end|>\n" if system else ""
    return f"{lead}<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"


def load_base(gguf: Path) -> tuple[Any, Any]:
    """Model (float32, CPU) and tokenizer of the base checkpoint in a GGUF file."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    folder, name = str(gguf.parent), gguf.name
    unpacked = GgufConfig(dequantize=True)  # packed weights multiply far more slowly
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.float32, quantization_config=unpacked
    )
    return model.eval(), tokenizer


def answer_batch(
    model: Any, tokenizer: Any, batch: list[tuple[str, str]], *, max_new_tokens: int, temperature: float, top_p: float
) -> Iterator[Answer]:
    """Answers to (question, system) pairs, sampled together; left padding keeps the answers aligned."""
    import torch

    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    pad = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    rows = [tokenizer(chatml(*pair), add_special_tokens=False)["input_ids"] for pair in batch]
    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    with torch.inference_mode():
        generated = model.generate(
            ids,
            attention_mask=mask,
            max_new_tokens=max_new_tokens,
            do_sample=True,
            temperature=temperature,
            top_p=top_p,
            top_k=0,
            eos_token_id=[end, pad],
            pad_token_id=pad,
        )
    for (question, system), row in zip(batch, generated[:, width:].tolist(), strict=True):
        stops = [i for i, token in enumerate(row) if token in (end, pad)]
        text = tokenizer.decode(row[: stops[0]] if stops else row).rstrip("\ufffd").strip()
        if text:
            yield Answer(question, text, cut=not stops, system=system)


def answers(model: Any, tokenizer: Any, args: argparse.Namespace) -> Iterator[Answer]:
    """Answers to `args.count` questions; half of them with the base model's default system prompt."""
    asked = itertools.islice(questions(random.Random(args.seed), args.split), args.skip, args.skip + args.count)
    systems = random.Random(args.seed + args.skip)
    pairs = ((question, systems.choice((DEFAULT_SYSTEM, ""))) for question in asked)
    while batch := list(itertools.islice(pairs, args.batch)):
        yield from answer_batch(
            model,
            tokenizer,
            batch,
            max_new_tokens=args.max_new_tokens,
            temperature=args.temperature,
            top_p=args.top_p,
        )


def main() -> None:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m glm.training.replay", description=__doc__)
    parser.add_argument("--gguf", type=Path, required=True, help="the base model's GGUF file")
    parser.add_argument("--out", type=Path, required=True, help="JSON-lines file to append to")
    parser.add_argument("--count", type=int, default=1400, help="questions to ask (default 1400)")
    parser.add_argument("--skip", type=int, default=0, help="questions to pass over: continue a run, or share it out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=("train", "heldout"), default="train")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--max-new-tokens", type=int, default=160)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--top-p", type=float, default=0.95)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed + args.skip)
    model, tokenizer = load_base(args.gguf)
    with args.out.open("a", encoding="utf-8") as out:
        for done, answer in enumerate(answers(model, tokenizer, args), 1):
            out.write(json.dumps(asdict(answer), ensure_ascii=False) + "\n")
            if done % args.batch == 0:
                out.flush()
                print(f"{done}/{args.count}", flush=True)


if __name__ == "__main__":
    main()
