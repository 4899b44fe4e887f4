"""LoRA training of the built-in model: generated dialogues in, a peft adapter out.

    python -m glm.training.train --base FOLDER --replay FILE --out FOLDER --steps 900

On a processor two workers of one thread each learn faster than one of two threads:

    OMP_NUM_THREADS=1 torchrun --nproc-per-node 2 -m glm.training.train ...

The base stays frozen; learnt are rank-`rank` updates of every linear layer
and the embedding rows of the six control tokens. Ctrl-C does not lose the run: it
begins the final decay of the learning rate at once (a second one stops and saves).
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed
import torch.nn.functional as F

from glm.prompts.chatglm3 import ChatGLM3Format
from glm.training import branches
from glm.training.branches import Branches
from glm.training.fused_lora import fuse
from glm.training.mixture import IM_END, Row, read_replay, rows

BASE_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Hyperparameters of one run; with the seed they make it reproducible.

    A step takes rows of at most about `length` tokens until there are `step_tokens`. The learning rate warms up over
    `warmup_steps`, stays, and falls linearly to zero over the last `decay_steps`.
    """

    steps: int = 600
    step_tokens: int = 2000
    length: int = 1000
    learning_rate: float = 1.0e-3
    warmup_steps: int = 20
    decay_steps: int = 150
    rank: int = 32
    alpha: int = 32
    seed: int = 1


def add_adapter(model: Any, fmt: ChatGLM3Format, settings: TrainingSettings) -> Any:
    """The model with trainable LoRA matrices (fp32) on every linear layer and trainable control-token rows."""
    from peft import LoraConfig, get_peft_model

    rows = sorted({*fmt.prefix, *fmt.role_ids.values()})
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=0.0,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_up_proj", "down_proj"],
        trainable_token_indices={"embed_tokens": rows},
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def prepare(model: Any) -> Any:
    """Make a peft model ready to learn: trained parts in fp32, attention by branches, fused LoRA layers."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    model.get_base_model().set_attn_implementation(branches.NAME)
    fuse(model)
    return model.train()


def seed_control_rows(model: Any, fmt: ChatGLM3Format) -> None:
    """Start the control tokens near ChatML's end marker: the base model already ends turns with it.

    Untrained rows of the vocabulary are noise, and the tied output layer would have to
    unlearn them first.
    """
    generator = torch.Generator().manual_seed(0)
    embeddings = model.get_input_embeddings().weight.data
    end = embeddings[IM_END].float()
    for row in sorted({*fmt.prefix, *fmt.role_ids.values()}):
        noise = torch.randn(end.shape, generator=generator) * end.std() * 0.3
        embeddings[row] = (end + noise).to(embeddings.dtype)


def predicted_logits(model: Any, row: Row) -> torch.Tensor:
    """Logits [number of learnt ids, V] fp32 that predict the learnt ids of `row`, in order.

    Logits only where they are learnt: the vocabulary is a fifth of the model's work.
    """
    tree = Branches.of(row.opening, row.branches)
    base = model.get_base_model()
    hidden = base.model(
        input_ids=torch.tensor([row.ids]), position_ids=tree.positions, branches=tree, use_cache=False
    ).last_hidden_state[0]
    learnt = torch.tensor(row.learnt).nonzero()[:, 0]
    # The id before a branch's first one is the opening's last.
    starts, start = set(), row.opening
    for length in row.branches:
        starts.add(start)
        start += length
    before = torch.tensor([row.opening - 1 if int(i) in starts else int(i) - 1 for i in learnt])
    return base.lm_head(hidden[before]).float()


def row_loss(model: Any, row: Row, end_id: int) -> torch.Tensor:
    """Loss summed over the learnt ids (scalar): cross-entropy, or KL divergence from the teacher.

    The teacher ends a turn with ChatML's marker, the student with `end_id`: that
    probability is moved.
    """
    if row.teacher is None:
        targets = torch.tensor([i for i, learn in zip(row.ids, row.learnt, strict=True) if learn])
        return F.cross_entropy(predicted_logits(model, row), targets, reduction="sum")
    with torch.no_grad(), model.disable_adapter():
        teacher = predicted_logits(model, row.teacher)
    teacher[:, end_id] = teacher[:, IM_END]
    teacher[:, IM_END] = -math.inf
    target = teacher.softmax(-1)
    student = predicted_logits(model, row).log_softmax(-1)
    # xlogy gives 0 where the teacher's probability is 0.
    return torch.special.xlogy(target, target).sum() - (target * student).sum()


def step_rows(stream: Iterator[Row], tokens: int) -> list[Row]:
    """The next rows of `stream`, until they hold at least `tokens` tokens."""
    batch: list[Row] = []
    while sum(len(row.ids) for row in batch) < tokens:
        batch.append(next(stream))
    return batch


def learning_rate(step: int, decay_from: int, settings: TrainingSettings) -> float:
    """Warm-up, plateau, linear decay to zero."""
    warmup = min(1.0, (step + 1) / settings.warmup_steps)
    left = decay_from + settings.decay_steps - step
    return settings.learning_rate * warmup * max(0.0, min(1.0, left / settings.decay_steps))


class Workers:
    """The processes that share a run: `torchrun` starts several, otherwise there is one.

    All draw the same rows, each computes its part of a step, and all make the same update.
    """

    def __init__(self) -> None:
        self.count, self.rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
        if self.count > 1:
            torch.distributed.init_process_group("gloo")

    def mine(self, batch: list[Row]) -> list[Row]:
        """This worker's part: the longest rows are dealt first, each to who has least to do."""
        parts: list[list[Row]] = [[] for _ in range(self.count)]
        for row in sorted(batch, key=lambda row: -len(row.ids)):
            min(parts, key=lambda part: sum(len(r.ids) for r in part)).append(row)
        return parts[self.rank]

    def sum_gradients(self, parameters: list[torch.nn.Parameter]) -> None:
        """Give every worker the sum of all workers' gradients."""
        if self.count == 1:
            return
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        joined = torch.cat([gradient.flatten() for gradient in gradients])
        torch.distributed.all_reduce(joined)
        parts = joined.split([gradient.numel() for gradient in gradients])
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part.view_as(parameter)

    def largest(self, value: int) -> int:
        """The largest of the workers' values, so that they decide alike."""
        if self.count == 1:
            return value
        shared = torch.tensor(value)
        torch.distributed.all_reduce(shared, op=torch.distributed.ReduceOp.MAX)
        return int(shared)


class Interrupts:
    """Counts Ctrl-C while it is open, instead of letting it end the program."""

    def __enter__(self) -> Interrupts:
        self.count = 0
        self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def _note(self, *_: object) -> None:
        self.count += 1


def train(model: Any, fmt: ChatGLM3Format, stream: Iterator[Row], settings: TrainingSettings, out: Path) -> None:
    """Train the adapter of `model` (a peft model) and save it to `out`.

    Every tenth step a line of JSON goes to ``out/log.jsonl``: mean loss by source, speed.
    """
    out.mkdir(parents=True, exist_ok=True)
    workers = Workers()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, weight_decay=0.0, betas=(0.9, 0.98))
    end_id, decay_from = fmt.role_ids["user"], settings.steps - settings.decay_steps
    started, seen = time.monotonic(), 0
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    with Interrupts() as interrupts, (out / "log.jsonl").open("a", encoding="utf-8") as log:
        for step in itertools.count():
            wished = workers.largest(interrupts.count)
            if wished:
                decay_from = min(decay_from, step)
            if step >= decay_from + settings.decay_steps or wished > 1:
                break
            rate = learning_rate(step, decay_from, settings)
            for group in optimizer.param_groups:
                group["lr"] = rate
            batch = step_rows(stream, settings.step_tokens)
            learnt = sum(sum(row.learnt) for row in batch)
            for row in workers.mine(batch):
                loss = row_loss(model, row, end_id)
                (loss / learnt).backward()
                sums[row.source][0] += loss.item()
                sums[row.source][1] += sum(row.learnt)
            seen += sum(len(row.ids) for row in batch)
            workers.sum_gradients(parameters)
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if step % 10 == 9:
                record: dict[str, float] = {name: round(total / n, 4) for name, (total, n) in sorted(sums.items())}
                speed = seen / (time.monotonic() - started)
                record |= {"step": step + 1, "lr": round(rate, 6), "tokens": seen, "tokens_per_second": round(speed)}
                if workers.rank == 0:
                    print(json.dumps(record), file=log, flush=True)
                    print(record, flush=True)
                sums.clear()
            if step % 50 == 49 and workers.rank == 0:
                save(model, out)
    if workers.rank == 0:
        save(model, out)


def save(model: Any, out: Path) -> None:
    """Write the adapter in peft's safetensors format, matrices in bf16 (half the size; the model runs in bf16)."""
    from safetensors.torch import load_file, save_file

    # Where the base lay on this computer means nothing elsewhere.
    model.peft_config["default"].base_model_name_or_path = BASE_MODEL
    model.save_pretrained(out, save_embedding_layers=False)  # its default asks the hub about the base
    weights = out / "adapter_model.safetensors"
    halved = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in load_file(weights).items()}
    save_file(halved, weights, metadata={"format": "pt"})


def main() -> None:
    defaults = TrainingSettings()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="the base model as a GLM folder")
    parser.add_argument("--replay", type=Path, help="the base model's own answers (glm.training.replay)")
    parser.add_argument("--out", type=Path, required=True, help="folder for adapter and log")
    parser.add_argument("--init", type=Path, help="adapter folder to continue from")
    for name, value in asdict(defaults).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value, help=f"default {value}")
    options = vars(parser.parse_args())
    settings = TrainingSettings(**{name: options[name] for name in asdict(defaults)})

    from transformers import GlmForCausalLM

    from glm.tokenizer import Tokenizer

    torch.manual_seed(settings.seed)
    fmt = ChatGLM3Format(Tokenizer.from_folder(options["base"]))
    base = GlmForCausalLM.from_pretrained(options["base"], dtype=torch.float32, local_files_only=True)
    if options["init"]:
        from peft import PeftModel

        model = PeftModel.from_pretrained(base, options["init"], is_trainable=True)
    else:
        seed_control_rows(base, fmt)
        model = add_adapter(base, fmt, settings)
    replay = read_replay(options["replay"]) if options["replay"] else []
    stream = rows(fmt, seed=settings.seed, replay=replay, length=settings.length)
    train(prepare(model), fmt, stream, settings, options["out"])


if __name__ == "__main__":
    main()
