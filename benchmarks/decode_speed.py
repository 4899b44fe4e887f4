"""How fast the built-in model answers, beside llama.cpp on the same weights and the memory's limit.

    python benchmarks/decode_speed.py [--llama-cpp]

Each engine has a process of its own and they take turns, so that a noisy machine is
noisy for both: compare the ratios of one run. `--llama-cpp` needs llama-cpp-python
and gguf installed. Greedy decoding, one request at a time, no prefix reuse.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PROMPT = "The river rose in the night, and by the morning the lower fields were a lake with trees in it. " * 40


class Endless:
    """A prompt format that never ends an answer, so that every run writes as many tokens.

    The ids are fixed, but each prompt begins with the next one of them: nothing of the one before is reused.
    """

    stop_ids: frozenset[int] = frozenset()
    calls_tools = False
    done = False

    def __init__(self, tokenizer: Any, ids: Sequence[int]) -> None:
        from glm.detokenizer import Detokenizer

        self._ids = list(ids)
        self._prompts = 0
        self._detokenizer = Detokenizer(tokenizer)

    def encode(self, messages: object, tools: object = ()) -> list[int]:
        self._prompts += 1
        return self._ids[self._prompts :] + self._ids[: self._prompts]

    def reader(self, tools: object = ()) -> Endless:
        return self

    def allowed(self) -> None:
        return None

    def feed(self, token_id: int) -> list[Any]:
        from glm.events import TextDelta

        return [TextDelta(self._detokenizer.feed(token_id))]

    def finish(self, reason: str) -> list[Any]:
        return []


def ours(model: str | None, dtype: str, prompt_tokens: int, new_tokens: int) -> Iterator[tuple[float, float]]:
    """(seconds to the first token, tokens/s after it) of our engine, once for every `next`."""
    from glm.checkpoint import Checkpoint, load_checkpoint
    from glm.events import Finished
    from glm.settings import GenerationSettings
    from glm.torch_engine import TorchEngine

    def load() -> Checkpoint:
        checkpoint = load_checkpoint(model, dtype=dtype)
        endless: Any = Endless(checkpoint.tokenizer, checkpoint.tokenizer.encode(PROMPT)[:prompt_tokens])
        return replace(checkpoint, prompt=endless)

    engine = TorchEngine(load)
    settings = GenerationSettings(temperature=0.0, max_new_tokens=new_tokens)
    while True:
        *_, finished = engine.stream([], settings=settings)
        assert isinstance(finished, Finished)
        yield finished.first_token_seconds, finished.tokens_per_second


def llama_cpp(gguf_file: str, ids: Sequence[int], new_tokens: int) -> Iterator[tuple[float, float]]:
    """The same of llama.cpp."""
    from llama_cpp import Llama

    threads = os.cpu_count()
    llama = Llama(gguf_file, n_ctx=len(ids) + new_tokens + 8, n_threads=threads, n_threads_batch=threads, verbose=False)
    while True:
        llama.reset()
        started = time.perf_counter()
        tokens = llama.generate(list(ids), temp=0.0, top_k=1, repeat_penalty=1.0)
        next(tokens)
        first = time.perf_counter()
        for _ in range(new_tokens - 1):
            next(tokens)
        yield first - started, (new_tokens - 1) / (time.perf_counter() - first)


def write_gguf(model: Any, tokenizer: Any, path: Path) -> None:
    """The built-in GLM as a llama GGUF in its own dtype: its block is a llama block with q and k in GGUF's order."""
    import gguf
    import torch

    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    _add_vocabulary(writer, tokenizer, config.vocab_size)

    def add(name: str, tensor: torch.Tensor) -> None:
        tensor = tensor.detach().contiguous()
        if tensor.dim() == 1 or tensor.dtype == torch.float32:
            writer.add_tensor(name, tensor.float().numpy())
        else:
            raw = tensor.view(torch.uint8).numpy()
            writer.add_tensor(name, raw, raw_dtype=gguf.GGMLQuantizationType.BF16)

    add("token_embd.weight", model.model.embed_tokens.weight)
    add("output_norm.weight", model.model.norm.weight)
    for index, layer in enumerate(model.model.layers):
        gate, up = layer.mlp.gate_up_proj.weight.chunk(2)
        for name, tensor in {
            "attn_norm": layer.input_layernorm.weight,
            "attn_q": layer.self_attn.q_proj.weight,
            "attn_k": layer.self_attn.k_proj.weight,
            "attn_v": layer.self_attn.v_proj.weight,
            "attn_output": layer.self_attn.o_proj.weight,
            "ffn_norm": layer.post_attention_layernorm.weight,
            "ffn_gate": gate,
            "ffn_up": up,
            "ffn_down": layer.mlp.down_proj.weight,
        }.items():
            add(f"blk.{index}.{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: Any, tokenizer: Any, size: int) -> None:
    """llama.cpp refuses a file without one, although only ids are exchanged here."""
    import gguf

    data = json.loads(tokenizer.backend.to_str())
    vocabulary = {**data["model"]["vocab"], **{token["content"]: token["id"] for token in data["added_tokens"]}}
    tokens = [f"[unused{index}]" for index in range(size)]
    for token, index in vocabulary.items():
        tokens[index] = token
    special = {token["id"] for token in data["added_tokens"]}
    kinds = [gguf.TokenType.CONTROL if index in special else gguf.TokenType.NORMAL for index in range(size)]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in data["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)


def memory_bandwidth() -> float:
    """Bytes per second that a matrix-vector product reads, the best of a few."""
    import torch

    matrix, vector = torch.randn(8192, 8192), torch.randn(8192)
    best = float("inf")
    for _ in range(8):
        started = time.perf_counter()
        torch.mv(matrix, vector)
        best = min(best, time.perf_counter() - started)
    return matrix.nbytes / best


def prepare(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What the parent needs to know of the model; also writes the GGUF. In a process of its own, to free its memory."""
    from glm.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(args.model, dtype=args.dtype)
    if args.llama_cpp:
        write_gguf(checkpoint.model, checkpoint.tokenizer, folder / "model.gguf")
    weights = {parameter.data_ptr(): parameter.nbytes for parameter in checkpoint.model.parameters()}
    return {
        "name": checkpoint.description.name,
        "dtype": checkpoint.description.dtype,
        "ids": checkpoint.tokenizer.encode(PROMPT)[: args.prompt_tokens],
        "weight_bytes": sum(weights.values()),
        "bandwidth": memory_bandwidth(),
    }


def serve(runs: Iterator[tuple[float, float]]) -> None:
    """Answer every line on stdin with one run."""
    for _ in sys.stdin:
        print(json.dumps(next(runs)), flush=True)


@contextmanager
def worker(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, __file__, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def one_run(process: subprocess.Popen[str]) -> tuple[float, float]:
    assert process.stdin and process.stdout
    process.stdin.write("go\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"an engine's process ended with code {process.wait()}; its message is above")
    seconds, speed = json.loads(line)
    return seconds, speed


def compare(args: argparse.Namespace) -> None:
    """Run the engines in turns and print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        common = ["--dtype", args.dtype, "--prompt-tokens", str(args.prompt_tokens), "--new", str(args.new)]
        common += ["--model", args.model] if args.model else []
        flags = ["--llama-cpp"] if args.llama_cpp else []
        command = [sys.executable, __file__, "--role", f"prepare:{folder}", *common, *flags]
        facts = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        (folder / "ids.json").write_text(json.dumps(facts["ids"]))
        roles = {"glm": "ours"} | ({"llama.cpp": f"llama:{folder}"} if args.llama_cpp else {})
        with ExitStack() as stack:
            engines = {name: stack.enter_context(worker("--role", role, *common)) for name, role in roles.items()}
            results: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
            for turn in range(args.rounds + 1):
                for name, process in engines.items():
                    run = one_run(process)
                    if turn:  # the first one warms up
                        results[name].append(run)
    print_table(facts, results)


def print_table(facts: dict[str, Any], results: dict[str, list[tuple[float, float]]]) -> None:
    limit = facts["bandwidth"] / facts["weight_bytes"]
    print(f"{facts['name']}, {facts['dtype']}, prompt of {len(facts['ids'])} tokens, {os.cpu_count()} cores; medians")
    print(f"{'engine':<12}{'first token s':>14}{'prefill tok/s':>15}{'decode tok/s':>14}{'of the limit':>14}")
    rows = {}
    for name, runs in results.items():
        first = statistics.median(run[0] for run in runs)
        rows[name] = first, statistics.median(run[1] for run in runs)
        speed = rows[name][1]
        print(f"{name:<12}{first:>14.3f}{len(facts['ids']) / first:>15.0f}{speed:>14.1f}{speed / limit:>14.0%}")
    print(
        f"limit: {facts['weight_bytes'] / 1e6:.0f} MB of weights per token at "
        f"{facts['bandwidth'] / 1e9:.1f} GB/s is {limit:.0f} tok/s"
    )
    if "llama.cpp" in rows:
        ours_first, ours_speed = rows["glm"]
        their_first, their_speed = rows["llama.cpp"]
        print(
            f"ratio to llama.cpp: first token {their_first / ours_first:.2f}x, decode {ours_speed / their_speed:.2f}x"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", help="checkpoint folder or hub id; without it the built-in model")
    parser.add_argument("--dtype", default="auto", help="dtype of the weights in all engines")
    parser.add_argument("--prompt-tokens", type=int, default=500)
    parser.add_argument("--new", type=int, default=128, help="tokens to write per run")
    parser.add_argument("--rounds", type=int, default=3, help="counted runs per engine")
    parser.add_argument("--llama-cpp", action="store_true", help="compare with llama-cpp-python")
    parser.add_argument("--role", default="compare", help=argparse.SUPPRESS)
    args = parser.parse_args()
    role, _, folder = args.role.partition(":")
    if role == "ours":
        serve(ours(args.model, args.dtype, args.prompt_tokens, args.new))
    elif role == "llama":
        ids = json.loads((Path(folder) / "ids.json").read_text())
        serve(llama_cpp(str(Path(folder) / "model.gguf"), ids, args.new))
    elif role == "prepare":
        print(json.dumps(prepare(args, Path(folder))))
    elif role == "compare":
        compare(args)


if __name__ == "__main__":
    main()
