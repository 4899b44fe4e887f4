"""Inspects a checkpoint folder without loading it: configuration, shards and their headers.

Everything here costs milliseconds and needs neither torch nor transformers, so a bad
folder is refused before anything big happens.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glm.errors import CheckpointError

SUPPORTED = ("glm",)
"""Architectures (`model_type`) that can be loaded."""

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

_LIMITS = {
    "vocab_size": (1, 10_000_000),
    "hidden_size": (1, 131_072),
    "intermediate_size": (1, 1_048_576),
    "num_hidden_layers": (1, 1_000),
    "num_attention_heads": (1, 4_096),
    "num_key_value_heads": (1, 4_096),
    "head_dim": (2, 8_192),
    "max_position_embeddings": (1, 100_000_000),
}
"""What a config.json may say; far above every model there is, so that a slip is not taken for a model."""

_REQUIRED = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")
_MAX_HEADER_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class CheckpointFiles:
    """A folder that passed the checks. `parameters` is counted from the weight files."""

    folder: Path
    config: dict[str, Any]
    parameters: int

    @property
    def name(self) -> str:
        """The name that the checkpoint gives itself, or else its folder's."""
        return str(self._own.get("name") or self.folder.name)

    @property
    def prompt_format(self) -> str | None:
        """The prompt format that the configuration names, if any."""
        stated = self._own.get("prompt_format")
        return None if stated is None else str(stated)

    @property
    def _own(self) -> dict[str, Any]:
        own = self.config.get("glm_demo")
        return own if isinstance(own, dict) else {}


def inspect(folder: Path) -> CheckpointFiles:
    """Check a folder. Raises `CheckpointError`, one sentence each, for everything that can be seen from outside."""
    config = _read_json(folder / "config.json", f"{folder} is no checkpoint: it has no config.json")
    _check_architecture(folder, config)
    _check_numbers(folder, config)
    parameters = sum(_count_parameters(path) for path in _weight_files(folder))
    return CheckpointFiles(folder, config, parameters)


def _read_json(path: Path, absent: str) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{absent}; give the folder that a checkpoint was downloaded to") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
    except ValueError as error:
        raise CheckpointError(f"{path} is not valid JSON ({error}); obtain the file again") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} is not a JSON object; obtain the file again")
    return values


def _check_architecture(folder: Path, config: dict[str, Any]) -> None:
    kind = config.get("model_type")
    if kind in SUPPORTED:
        return
    if kind == "chatglm":
        raise CheckpointError(
            f"{folder} is a ChatGLM checkpoint in its original layout (model_type 'chatglm'), which the next version "
            "loads; give a checkpoint converted to model_type 'glm', or nothing for the built-in model"
        )
    raise CheckpointError(
        f"{folder} has the architecture {kind!r}; supported is {', '.join(SUPPORTED)} with ChatGLM3's prompt format"
    )


def _check_numbers(folder: Path, config: dict[str, Any]) -> None:
    path = folder / "config.json"
    for key, (low, high) in _LIMITS.items():
        value = config.get(key)
        if value is None and key not in _REQUIRED:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise CheckpointError(
                f"{path} has {key} = {value!r}, expected a whole number from {low} to {high}; obtain the file again"
            )
    heads, shared = config["num_attention_heads"], config.get("num_key_value_heads") or 1
    if heads % shared:
        raise CheckpointError(
            f"{path} has {heads} attention heads, which {shared} key/value heads do not divide; obtain the file again"
        )


def _weight_files(folder: Path) -> list[Path]:
    if (folder / INDEX).is_file():
        mapping = _read_json(folder / INDEX, "").get("weight_map")
        names = sorted({str(name) for name in mapping.values()}) if isinstance(mapping, dict) else []
        if not names or any(Path(name).name != name for name in names):
            raise CheckpointError(f"{folder / INDEX} lists no usable weight files; obtain the file again")
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise CheckpointError(f"{folder} lacks the weight file {missing[0]}{more}; finish the download")
        return [folder / name for name in names]
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    if any(folder.glob("*.bin")):
        raise CheckpointError(
            f"{folder} has its weights only as .bin files, which can run code when they are opened; "
            "convert them to safetensors"
        )
    raise CheckpointError(f"{folder} has no weights ({SINGLE}); finish the download")


def _count_parameters(path: Path) -> int:
    """Weights in a safetensors file; its header and its size are checked."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _MAX_HEADER_BYTES):
            raise CheckpointError(f"{path} is damaged or cut off ({size} bytes); download this file again")
        header = file.read(length)
    try:
        tensors = {name: entry for name, entry in json.loads(header).items() if name != "__metadata__"}
        data = max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
        parameters = sum(math.prod(entry["shape"]) for entry in tensors.values())
    except (ValueError, AttributeError, KeyError, IndexError, TypeError) as error:
        raise CheckpointError(f"{path} has a damaged header; download this file again") from error
    if size != 8 + length + data:
        raise CheckpointError(
            f"{path} has {size} bytes where its header says {8 + length + data}; download this file again"
        )
    return parameters
