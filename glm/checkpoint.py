"""Loads a checkpoint: a folder, a hub id or the built-in model, checked before it is built.

What is wrong with a folder is found by reading a few kilobytes (`glm.checkpoint_files`)
and said in one sentence. Only data is read: no code that comes with a checkpoint is
run, and nothing is fetched for a folder on this machine.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glm.checkpoint_files import CheckpointFiles, inspect
from glm.errors import CheckpointError
from glm.tiny.source import Progress, silent

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from glm.prompts.chatglm3 import ChatGLM3Format
    from glm.tokenizer import Tokenizer

DTYPES = ("auto", "float32", "bfloat16", "float16")
_SHORT_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16", "half": "float16"}
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}

PROMPT_FORMATS = ("chatglm3",)


@dataclass(frozen=True, slots=True)
class Description:
    """What was loaded: `parameters` counts single weights, `context_length` tokens, `path` is its folder."""

    name: str
    path: Path
    device: str
    dtype: str
    parameters: int
    context_length: int
    quantize: str
    generation: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded model with what is needed to talk to it."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    prompt: ChatGLM3Format
    description: Description


def load_checkpoint(
    path_or_id: str | Path | None = None,
    *,
    dtype: str = "auto",
    device: str = "auto",
    quantize: str | None = None,
    progress: Progress | None = None,
) -> Checkpoint:
    """Load a model from a folder or a hub id; None is the built-in model.

    `dtype` is one of `DTYPES`; "auto" is bf16 where the processor computes with it, else fp32
    (fp16 on Apple's and old NVIDIA GPUs). `device` is "auto" (cuda, else mps, else cpu), "cpu",
    "cuda", "cuda:N" or "mps". `quantize` is None or "none". `progress` is told what is done.
    Raises `CheckpointError`, one sentence with the next step, for anything that cannot be loaded.
    """
    tell = progress or silent
    wanted_dtype = _checked_dtype(dtype)
    if quantize not in (None, "none"):
        raise CheckpointError(f"quantize must be none in this version, got {quantize!r}; leave it out")
    folder = find_folder(path_or_id, progress=tell)
    files = inspect(folder)
    tell("Loading the libraries", None)
    target = choose_device(device)
    chosen = choose_dtype(wanted_dtype, target)
    _check_memory(files, target, chosen)
    tell("Loading the tokenizer", None)
    tokenizer, prompt = _load_prompt(files)
    tell("Loading the weights", None)
    model = _load_model(files, target, chosen)
    if model.get_input_embeddings().weight.shape[0] < tokenizer.vocab_size:
        raise CheckpointError(
            f"{folder}: the tokenizer has {tokenizer.vocab_size} tokens and the model knows "
            f"{model.get_input_embeddings().weight.shape[0]}; copy tokenizer.json from the model's own checkpoint"
        )
    description = Description(
        name=files.name,
        path=folder,
        device=str(target),
        dtype=chosen,
        parameters=files.parameters,
        context_length=int(model.config.max_position_embeddings),
        quantize="none",
        generation="ChatGLM3 format",
    )
    return Checkpoint(model, tokenizer, prompt, description)


def find_folder(path_or_id: str | Path | None, *, progress: Progress = silent) -> Path:
    """The local folder of a checkpoint; built or downloaded first where that is needed."""
    from glm import hub

    if path_or_id is None:
        from glm.tiny import ensure_built

        return ensure_built(progress=progress)
    text = str(path_or_id)
    path = Path(path_or_id).expanduser()
    if path.is_dir():
        return path.resolve()
    if path.exists():
        raise CheckpointError(f"{text} is a file; give the folder that holds config.json and the weights")
    # "models/glm" is a misspelt path, not a hub id, where a folder "models" exists.
    if isinstance(path_or_id, str) and hub.is_hub_id(text) and not Path(path.parts[0]).is_dir():
        progress(f"Downloading {text} from the hub", None)
        return hub.download(text)
    raise CheckpointError(f"there is no folder {text}{_similar(path)}")


def _similar(path: Path) -> str:
    """Advice: the folder beside the missing one whose name is closest."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_dir()]
    except OSError:
        return "; give a checkpoint folder, a hub id of the form owner/name, or nothing for the built-in model"
    close = difflib.get_close_matches(path.name, names, n=1)
    if close:
        return f"; did you mean {path.parent / close[0]}?"
    return "; give a checkpoint folder, a hub id of the form owner/name, or nothing for the built-in model"


def _checked_dtype(name: str) -> str:
    full = _SHORT_DTYPES.get(name, name)
    if full not in DTYPES:
        raise CheckpointError(f"dtype must be one of {', '.join(DTYPES)}, got {name!r}")
    return full


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" takes the fastest that works. Raises `CheckpointError` for others."""
    import torch

    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda", "mps"):
        raise CheckpointError(f"device must be auto, cpu, cuda, cuda:N or mps, got {name!r}")
    if device.type == "mps" and not has_mps:
        raise CheckpointError("device mps is not available here; use cpu")
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0:
            raise CheckpointError("PyTorch finds no CUDA device; use device cpu, or install a CUDA build of PyTorch")
        if device.index is not None and device.index >= count:
            raise CheckpointError(f"device {name} does not exist; the last one is cuda:{count - 1}")
    return device


def choose_dtype(name: str, device: torch.device) -> str:
    """`name`, or for "auto" the dtype in which `device` computes well."""
    import torch

    if name != "auto":
        return name
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if device.type == "mps":
        return "float16"
    able = torch.cpu.get_capabilities()
    return "bfloat16" if able.get("amx_bf16") or able.get("avx512_bf16") else "float32"


def _check_memory(files: CheckpointFiles, device: torch.device, dtype: str) -> None:
    """Refuse what cannot fit. Weights on the CPU in the stored dtype are mapped, and count as well: all are read."""
    needed = files.parameters * _BYTES[dtype]
    if device.type == "cuda":
        import torch

        free = torch.cuda.mem_get_info(device)[0]
    else:
        import psutil

        free = psutil.virtual_memory().available
    if needed > free:
        advice = "use dtype bfloat16, or " if dtype == "float32" else ""
        raise CheckpointError(
            f"{files.name} needs {needed / 2**30:.1f} GiB on {device} in {dtype} and {free / 2**30:.1f} GiB are free; "
            f"{advice}close other programs or choose a smaller model"
        )


def _load_prompt(files: CheckpointFiles) -> tuple[Tokenizer, ChatGLM3Format]:
    from glm.prompts.chatglm3 import ChatGLM3Format
    from glm.tokenizer import Tokenizer

    stated = files.prompt_format
    if stated is not None and stated not in PROMPT_FORMATS:
        raise CheckpointError(
            f"{files.folder} is for the prompt format {stated!r}; this version speaks {', '.join(PROMPT_FORMATS)}"
        )
    tokenizer = Tokenizer.from_folder(files.folder)
    eos = files.config.get("eos_token_id")
    eos_ids = [token for token in (eos if isinstance(eos, list) else [eos]) if isinstance(token, int)]
    try:
        return tokenizer, ChatGLM3Format(tokenizer, eos_ids=eos_ids)
    except CheckpointError as error:
        raise CheckpointError(f"{files.folder}: {error}") from error


def _load_model(files: CheckpointFiles, device: torch.device, dtype: str) -> PreTrainedModel:
    import torch
    from transformers import GlmConfig, GlmForCausalLM

    try:
        config = GlmConfig.from_dict(files.config)
        with _quiet_library():
            model, found = GlmForCausalLM.from_pretrained(
                files.folder,
                config=config,
                dtype=getattr(torch, dtype),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                ignore_mismatched_sizes=True,  # they are listed in `found`, and refused below
                output_loading_info=True,
            )
        _refuse_bad_fit(files, found)
        model = model.to(device)
    except CheckpointError:
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise CheckpointError(
            f"out of memory while {files.name} was loaded on {device}; close other programs or use another device"
        ) from error
    except Exception as error:  # whatever the libraries raise for a folder that passed our checks
        reason = " ".join(str(error).split())[:300]
        raise CheckpointError(f"{files.folder} cannot be loaded ({reason}); obtain the checkpoint again") from error
    model.requires_grad_(False)
    return model.eval()


def _refuse_bad_fit(files: CheckpointFiles, found: dict[str, Any]) -> None:
    """A weight that is missing would stay random; one too many means that the architecture is another."""
    for kind in ("missing", "unexpected", "mismatched"):
        keys = sorted(str(key[0] if isinstance(key, tuple) else key) for key in found.get(f"{kind}_keys", ()))
        if keys:
            more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
            raise CheckpointError(
                f"the weights in {files.folder} do not fit its config.json: {kind} {', '.join(keys[:5])}{more}; "
                "take both from the same checkpoint"
            )


@contextmanager
def _quiet_library() -> Iterator[None]:
    """Keep the library's bars and load reports off the terminal: `progress` and our errors say it."""
    from transformers.utils import logging

    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
