"""Which confinement this computer can give: each tier is tried in full dress, with the real arguments, once.

A process takes the kernel's place and tries to get at bait: a file, sockets and the environment of this
program. `mending` turns what went wrong into the command that mends it.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from glm.errors import SandboxError
from glm.sandbox import landlock, mending
from glm.sandbox.policy import Rehearsal, Tier

REHEARSAL_SECONDS = 30.0
_GONE_SECONDS = 3.0
PACKAGES = ("ipykernel",)
"""What the kernel's Python must have; the packages for data are missed only when they are imported."""
_LONGEST_RESULT = 1 << 16
_NEEDS = ("work_folder", "home", "processes")
ENTRIES = 14
"""What `rehearsal` reports on beside packages: an answer with less is a rehearsal that did not try everything."""


def probe(python: Path | None = None) -> tuple[Rehearsal, ...]:
    """Rehearse the tiers, best first, up to the first that works. Takes 0.3 s; the answer is kept.

    `python` is the interpreter for code, by default this program's own.
    """
    return _probe(os.path.abspath(python or sys.executable))


@functools.lru_cache(maxsize=4)
def _probe(python: str) -> tuple[Rehearsal, ...]:
    found: list[Rehearsal] = []
    tiers: tuple[Tier, ...] = ("bwrap", "landlock")
    for tier in tiers:
        found.append(rehearse(tier, Path(python)))
        if found[-1].works:
            return tuple(found)
    found.append(rehearse("unsafe", Path(python)))
    return tuple(found)


def rehearse(tier: Tier, python: Path, *, packages: Sequence[str] = PACKAGES) -> Rehearsal:
    """Try one tier. Never raises for what is wrong with the computer: that is in the answer.

    Tier "unsafe" confines nothing, so it only has to hold a kernel; where there is no /proc it is not tried at all.
    """
    began = time.monotonic()
    try:
        if not sys.platform.startswith("linux"):
            if tier == "unsafe" and os.name == "posix":
                return Rehearsal(tier, True)
            raise SandboxError("it exists on Linux only")
        if tier == "landlock" and landlock.abi() < landlock.NEEDED_ABI:
            raise SandboxError(f"this kernel has Landlock version {landlock.abi()}, and 6 (Linux 6.12) is needed")
        problem = _try(tier, python, packages)
    except SandboxError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - began
    if problem:
        return Rehearsal(tier, False, problem, mending.advice(tier, problem, python), seconds)
    return Rehearsal(tier, True, seconds=seconds)


def _try(tier: Tier, python: Path, packages: Sequence[str]) -> str:
    """What is wrong with the tier, "" when all is well."""
    from glm.sandbox.confine import KernelSpec, confine
    from glm.sandbox.values import Limits

    limits = Limits()
    with bait() as asked:
        asked |= {"work_bytes": limits.work_bytes if tier == "bwrap" else 0, "packages": list(packages)}
        spec = KernelSpec(
            python=python,
            kernel_main=Path(__file__).with_name("rehearsal.py"),
            connection=b'{"key": "", "signature_scheme": "hmac-sha256"}',
            limits=limits,
            slot=limits.kernels,  # a user id that no kernel has
            support={"rehearsal.json": json.dumps(asked).encode()},
        )
        held = confine(tier, spec)
        try:
            problem = _judge(tier, _result(held, asked["nonce"])) or _reach(held, asked["nonce"])
            if tier != "unsafe" and os.path.exists(asked["plant"]):
                problem = problem or "a file was written outside"
            pids = held.pids()
        finally:
            held.close()
        left = _outliving(pids)
        return problem or (f"processes {left} were still there after the end" if left else "")


def _result(held: Any, nonce: str) -> dict[str, str]:
    deadline = time.monotonic() + REHEARSAL_SECONDS
    while time.monotonic() < deadline:
        ended = held.process.poll() is not None
        with suppress(FileNotFoundError):
            number = os.open("rehearsal.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=held.work_fd)
            with open(number, "rb") as file:
                if not stat.S_ISREG(os.fstat(number).st_mode):
                    raise SandboxError("the rehearsal's answer is not a file")
                answer = json.loads(file.read(_LONGEST_RESULT))
            if answer["nonce"] != nonce:
                raise SandboxError("the rehearsal's answer belongs to another one")
            return {str(name): str(value) for name, value in answer["result"].items()}
        if ended:
            raise SandboxError(f"the confined process ended with code {held.process.returncode} before it answered")
        time.sleep(0.005)
    raise SandboxError(f"the confined process gave no answer in {REHEARSAL_SECONDS:.0f} seconds")


def _judge(tier: Tier, result: dict[str, str]) -> str:
    packages = result.pop("packages", "")
    wrong = [f"{name}: {value}" for name, value in result.items() if value and (tier != "unsafe" or name in _NEEDS)]
    if len(result) != ENTRIES:
        return "the rehearsal's answer is not complete"
    return "; ".join(wrong) or (f"the Python for code lacks {packages}" if packages else "")


def _reach(held: Any, nonce: str) -> str:
    """The way to the kernel: its socket has to be there, and only through the folder that was handed out."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(f"{held.connection['ip']}-{held.connection['shell_port']}")
            answer = client.recv(256)
    except OSError as error:
        return f"the confined process cannot be talked to: {error}"
    return "" if answer == nonce.encode() else "something else answers in place of the confined process"


def _outliving(pids: Sequence[int]) -> list[int]:
    """Those that are still there after a moment: on a busy computer even a killed process takes time to go."""
    until = time.monotonic() + _GONE_SECONDS
    while True:
        left = [pid for pid in pids if os.path.exists(f"/proc/{pid}") and not _is_zombie(pid)]
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.01)


def _is_zombie(pid: int) -> bool:
    with suppress(OSError, IndexError), open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0] == b"Z"
    return True


@contextmanager
def bait() -> Iterator[dict[str, Any]]:
    """Things of this program that must stay out of reach: a file, a TCP port, a socket, an abstract socket."""
    name = f"glm-rehearsal-{secrets.token_hex(8)}"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="glm-rehearsal-"))
        # Open to everybody: it is the confinement that has to keep the code out, not the mode.
        os.chmod(folder, 0o777)
        secret = os.path.join(folder, "secret")
        nonce = secrets.token_hex(16)
        with open(secret, "w", encoding="ascii") as file:
            file.write(nonce)
        os.chmod(secret, 0o666)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        for address in (os.path.join(folder, "socket"), "\0" + name):
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(address)
            server.listen()
        os.chmod(os.path.join(folder, "socket"), 0o777)
        yield {
            "nonce": nonce,
            "secret": secret,
            "plant": os.path.join(folder, "planted"),
            "pid": os.getpid(),
            "pid_namespace": os.readlink("/proc/self/ns/pid"),
            "port": tcp.getsockname()[1],
            "unix_socket": os.path.join(folder, "socket"),
            "abstract_socket": name,
        }
