"""The command line that the web programs share; each adds nothing but its own name.

`parse` turns arguments into checked `Options`, or ends the program with usage and exit code 2.
"""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from glm.errors import GlmError

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "bfloat16", "float16")
QUANTIZE = ("none",)


class OptionsError(GlmError):
    """An option has a value the program cannot use."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. `model` None means the built-in model, `quantize` None no quantization."""

    model: str | None = None
    host: str = "127.0.0.1"
    port: int = 7860
    device: str = "auto"
    dtype: str = "auto"
    quantize: str | None = None
    open_browser: bool = True
    debug: bool = False


def parser(program: str, purpose: str, *, default_port: int = 7860) -> argparse.ArgumentParser:
    """The parser of a web program; every option says its default."""
    made = argparse.ArgumentParser(
        prog=program, description=purpose, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = made.add_argument
    add(
        "--model",
        metavar="MODEL",
        help='a folder with a checkpoint, a hub id such as THUDM/chatglm3-6b, "scripted" for no model at all; '
        "left out, the built-in model",
    )
    add("--host", default="127.0.0.1", help="address to listen on; only this computer's own for now")
    add("--port", type=_port, default=default_port, help="port to listen on")
    add("--device", choices=DEVICES, default="auto", help="where the model runs")
    add("--dtype", choices=DTYPES, default="auto", help="number format of the weights")
    add("--quantize", choices=QUANTIZE, default="none", help="fewer bits for the weights; packed formats are planned")
    add(
        "--open",
        dest="open_browser",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="open the page in a browser when there is a screen",
    )
    add("--debug", action="store_true", help="show the full traceback of an error")
    return made


def parse(made: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> Options:
    """Options from `arguments` (the command line when None).

    Raises `OptionsError` for a host that other computers could reach.
    """
    given = made.parse_args(arguments)
    check_host(given.host)
    return Options(
        model=given.model,
        host=given.host,
        port=given.port,
        device=given.device,
        dtype=given.dtype,
        quantize=None if given.quantize == "none" else given.quantize,
        open_browser=given.open_browser,
        debug=given.debug,
    )


def check_host(host: str) -> None:
    """Refuse addresses that other computers can reach: there is no access control yet."""
    if host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise OptionsError(
            f"--host {host} would let other computers use this chat without a password; "
            "use --host 127.0.0.1 and open the page on this computer"
        )


def _port(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a whole number from 1 to 65535, got {value!r}")
    return int(value)
