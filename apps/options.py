"""The command line that the web programs share; each adds nothing but its own name.

`parse` turns arguments into checked `Options`, or ends the program with usage and exit code 2.
"""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glm.errors import GlmError
from glm.model_options import add_model_options, load_arguments


class OptionsError(GlmError):
    """An option has a value the program cannot use."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. `model` None means the built-in model, `quantize` None no quantization.

    `generation`, `adapter`, `hub`, `revision` and `gpus` are those of `glm.load_engine`.
    """

    model: str | None = None
    host: str = "127.0.0.1"
    port: int = 7860
    device: str = "auto"
    dtype: str = "auto"
    quantize: str | None = None
    open_browser: bool = True
    debug: bool = False
    generation: str | None = None
    adapter: str | None = None
    hub: str = "huggingface"
    revision: str | None = None
    gpus: int | None = None

    def load_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `glm.load_engine` that the options stand for, without the model itself."""
        names = ("generation", "device", "dtype", "quantize", "hub", "revision", "adapter", "gpus")
        return {name: getattr(self, name) for name in names}


def parser(program: str, purpose: str, *, default_port: int = 7860) -> argparse.ArgumentParser:
    """The parser of a web program; every option says its default."""
    made = argparse.ArgumentParser(prog=program, description=purpose)
    add_model_options(made)
    add = made.add_argument
    add(
        "--host",
        default="127.0.0.1",
        help="address to listen on; only this computer's own for now (default: %(default)s)",
    )
    add("--port", type=_port, default=default_port, help="port to listen on (default: %(default)s)")
    add(
        "--open",
        dest="open_browser",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="open the page in a browser when there is a screen (default: %(default)s)",
    )
    add("--debug", action="store_true", help="show the full traceback of an error (default: %(default)s)")
    return made


def parse(made: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> Options:
    """Options from `arguments` (the command line when None).

    Raises `OptionsError` for a host that other computers could reach.
    """
    return checked(made.parse_args(arguments))


def checked(given: argparse.Namespace) -> Options:
    """Options from what a `parser` has read. Raises `OptionsError` as `parse` does."""
    check_host(given.host)
    return Options(
        model=given.model,
        host=given.host,
        port=given.port,
        open_browser=given.open_browser,
        debug=given.debug,
        **load_arguments(given),
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
