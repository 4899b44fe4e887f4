"""The command line that the web programs share; each adds nothing but its own name.

`parse` turns arguments into checked `Options`, or ends the program with usage and exit code 2.
"""

from __future__ import annotations

import argparse
import getpass
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from apps import serving
from glm.engine import is_address
from glm.errors import GlmError
from glm.model_options import add_model_options, load_arguments

PASSWORD_VARIABLE = "GLM_PASSWORD"
_ASK = object()
_SHORTEST_PASSWORD = 8
_FOR_SHARING = ("password", "seats", "link_hours", "https", "certfile", "keyfile", "lan_name")


class OptionsError(GlmError):
    """An option has a value the program cannot use."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How the page is shared with other computers.

    The link, and every seat taken, lasts `hours`. `password` None means that the link itself is the secret. `https`
    asks for a certificate made by the program; `certfile` and `keyfile` name one that exists. `names` are those that
    others know this computer by, besides its own.
    """

    seats: int = 12
    hours: float = 12.0
    password: str | None = field(default=None, repr=False)
    https: bool = False
    certfile: str | None = None
    keyfile: str | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. `model` None means the built-in model, `quantize` None no quantization.

    `sharing` None means that only this computer can open the page. `generation`, `adapter`, `hub`, `revision` and
    `gpus` are those of `glm.load_engine`.
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
    sharing: Sharing | None = None

    @property
    def all_is_here(self) -> bool:
        """Whether the model and everybody who sees the page are at this computer."""
        return self.sharing is None and not is_address(self.model or "")

    def load_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `glm.load_engine` that the options stand for, without the model itself."""
        names = ("generation", "device", "dtype", "quantize", "hub", "revision", "adapter", "gpus")
        return {name: getattr(self, name) for name in names}


def parser(program: str, purpose: str, *, default_port: int = 7860) -> argparse.ArgumentParser:
    """The parser of a web program; every option says its default."""
    made = argparse.ArgumentParser(prog=program, description=purpose)
    add_model_options(made)
    add = made.add_argument
    add("--host", help="address to listen on (default: 127.0.0.1, with --lan every address of this computer)")
    add("--port", type=_port, default=default_port, help="port to listen on (default: %(default)s)")
    add(
        "--open",
        dest="open_browser",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="open the page in a browser when there is a screen (default: %(default)s)",
    )
    add("--debug", action="store_true", help="show the full traceback of an error (default: %(default)s)")
    _add_sharing(made)
    return made


def _add_sharing(made: argparse.ArgumentParser) -> None:
    group = made.add_argument_group("sharing", "let others in the local network use the page; see docs/sharing.md")
    add = group.add_argument
    add("--lan", action="store_true", help="share the page: prints a link and its QR code (default: %(default)s)")
    add("--seats", type=_seats, metavar="N", help="how many visitors may be in at a time (default: 12)")
    add("--link-hours", type=_hours, metavar="HOURS", help="how long the link and each seat last (default: 12)")
    add(
        "--password",
        nargs="?",
        const=_ASK,
        help=f"ask visitors for a password instead of a secret link; without a value it is read from "
        f"{PASSWORD_VARIABLE} or asked for on the terminal (default: none)",
    )
    add("--https", action="store_true", default=None, help="encrypt, with a certificate made here (default: no)")
    add("--certfile", metavar="FILE", help="encrypt with this certificate, PEM (default: none)")
    add("--keyfile", metavar="FILE", help="the private key of --certfile, PEM (default: none)")
    add(
        "--lan-name",
        action="append",
        metavar="NAME",
        help="a further name or address that others reach this computer by, as behind port forwarding; the first one "
        "is in the link (default: none)",
    )


def parse(made: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> Options:
    """Options from `arguments` (the command line when None).

    Raises `OptionsError` for a host that other computers could reach without a link or a password.
    """
    return checked(made.parse_args(arguments))


def checked(given: argparse.Namespace) -> Options:
    """Options from what a `parser` has read. Raises `OptionsError` as `parse` does."""
    own = given.host is None or _is_own(given.host)
    shared = given.lan or (given.password is not None and not own)
    if given.lan and given.host is not None and own:
        raise OptionsError(
            f"--lan shares the page, and --host {given.host} lets only this computer open it; leave one of them out"
        )
    if not shared:
        check_host(given.host or "127.0.0.1")
        needless = next((name for name in _FOR_SHARING if getattr(given, name) is not None), None)
        if needless is not None:
            raise OptionsError(f"--{needless.replace('_', '-')} is for a page that others can open; add --lan")
    return Options(
        model=given.model,
        host=given.host or (serving.every_address() if shared else "127.0.0.1"),
        port=given.port,
        open_browser=given.open_browser,
        debug=given.debug,
        sharing=_sharing(given) if shared else None,
        **load_arguments(given),
    )


def _sharing(given: argparse.Namespace) -> Sharing:
    if (given.certfile is None) != (given.keyfile is None):
        raise OptionsError(
            "--certfile and --keyfile belong together; give both, or --https for a certificate made here"
        )
    chosen = {"seats": given.seats, "hours": given.link_hours}
    return Sharing(
        password=None if given.password is None else _password(given.password),
        https=bool(given.https) and given.certfile is None,
        certfile=given.certfile,
        keyfile=given.keyfile,
        names=tuple(given.lan_name or ()),
        **{name: value for name, value in chosen.items() if value is not None},
    )


def _password(given: object) -> str:
    """The password: as given, from the environment (where no child process finds it afterwards), or typed."""
    password = str(given) if given is not _ASK else os.environ.pop(PASSWORD_VARIABLE, "")
    if not password and given is _ASK:
        try:
            password = getpass.getpass("Password for visitors: ")
        except (EOFError, OSError) as error:
            raise OptionsError(
                f"--password: there is no terminal to ask on; set {PASSWORD_VARIABLE} in the environment"
            ) from error
    if len(password) < _SHORTEST_PASSWORD:
        raise OptionsError(
            f"--password: {len(password)} characters are guessed too soon; use {_SHORTEST_PASSWORD} or more"
        )
    return password


def check_host(host: str) -> None:
    """Refuse addresses that other computers can reach, when nothing keeps strangers out."""
    if not _is_own(host):
        raise OptionsError(
            f"--host {host} would let other computers use this chat without a password; add --lan for a link with a "
            "QR code, or --password, or use --host 127.0.0.1 and open the page on this computer"
        )


def _is_own(host: str) -> bool:
    """Whether only this computer can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _port(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a whole number from 1 to 65535, got {value!r}")
    return int(value)


def _seats(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 500:
        raise argparse.ArgumentTypeError(f"a number of seats is a whole number from 1 to 500, got {value!r}")
    return int(value)


def _hours(value: str) -> float:
    try:
        hours = float(value)
    except ValueError:
        hours = 0.0
    if not 0.01 <= hours <= 720:
        raise argparse.ArgumentTypeError(f"a link lasts from 0.01 to 720 hours, got {value!r}")
    return hours
