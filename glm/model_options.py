"""The command line options that say which model to load and how; every program has them."""

from __future__ import annotations

import argparse
import re
from typing import Any

from glm.checkpoint import QUANTIZE
from glm.engine import KEY_VARIABLE, is_address
from glm.generations import GENERATIONS
from glm.hub import HUBS
from glm.placement import DTYPES

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def add_model_options(parser: argparse.ArgumentParser, *, remote: bool = True) -> None:
    """Add `--model` and everything that `load_arguments` reads; with `remote` also `--engine`, an address as model."""
    one = parser.add_mutually_exclusive_group()
    one.add_argument(
        "--model",
        metavar="MODEL",
        help='a folder with a checkpoint, a hub id such as THUDM/chatglm3-6b, or "scripted" for no model at all '
        "(default: the built-in model)",
    )
    if remote:
        one.add_argument(
            "--engine",
            dest="model",
            type=_address,
            metavar="URL",
            help=f"use the model of another process, started with `python -m glm engine`; its key is taken from "
            f"{KEY_VARIABLE} (default: load a model here)",
        )
    add_loading_options(parser)
    add = parser.add_argument
    add("--hub", choices=HUBS, default="huggingface", help="where a hub id is downloaded from (default: %(default)s)")
    add("--revision", help="branch, tag or commit of a hub id (default: the newest)")
    add("--adapter", metavar="FOLDER", help="a LoRA of peft or a P-tuning prefix for the model (default: none)")
    add("--gpus", type=_count, metavar="N", help="divide the model between N NVIDIA GPUs (default: one device)")


def add_loading_options(parser: argparse.ArgumentParser) -> None:
    """Add the options on how a folder is read: generation, device, dtype and quantization."""
    add = parser.add_argument
    add(
        "--generation",
        choices=tuple(GENERATIONS),
        metavar="NAME",
        help=f"{', '.join(GENERATIONS)}: the prompt format (default: recognised from the folder)",
    )
    add("--device", type=_device, default="auto", help="auto, cpu, cuda, cuda:N or mps (default: %(default)s)")
    add("--dtype", choices=DTYPES, default="auto", help="number format of the weights (default: %(default)s)")
    add(
        "--quantize",
        choices=QUANTIZE,
        default="none",
        help="keep leaves official int4 and int8 weights packed: less memory, slower (default: %(default)s)",
    )


def load_arguments(given: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of `glm.load_engine` that the options stand for, without the model itself."""
    names = ("generation", "device", "dtype", "hub", "revision", "adapter", "gpus")
    return {name: getattr(given, name) for name in names} | {
        "quantize": None if given.quantize == "none" else given.quantize
    }


def _device(value: str) -> str:
    if not _DEVICE.fullmatch(value):
        raise argparse.ArgumentTypeError(f"a device is auto, cpu, cuda, cuda:N or mps, got {value!r}")
    return value


def _address(value: str) -> str:
    if not is_address(value):
        raise argparse.ArgumentTypeError(f"the address of an engine is like http://192.168.1.20:8765, got {value!r}")
    return value


def _count(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 64:
        raise argparse.ArgumentTypeError(f"a number of GPUs is a whole number from 1 to 64, got {value!r}")
    return int(value)
