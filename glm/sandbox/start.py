"""What starting a kernel has in common in all tiers: the process, its configuration, environment and connection."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import socket
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from glm.errors import SandboxError
from glm.sandbox import interpreter, kernel_imports, packages
from glm.sandbox.confine import Confined, KernelSpec
from glm.sandbox.policy import Tier

START_SECONDS = 20.0
"""How long the way into the confinement may take on a busy computer; 0.05 s is usual."""
FIRST_UID = 60001
"""User ids for kernels of a server that runs as root: a range of them from here on. None of them may own anything."""
_PROGRAMS, _SLOTS = 16, 32
HERE = Path(__file__).resolve().parent
_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_LONGEST_SOCKET_PATH = 107 if sys.platform.startswith("linux") else 103
_THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class _Spawner:
    """Starts processes from one thread that lives as long as this program.

    `--die-with-parent` follows the thread, not the process: a kernel started by a thread that ends is killed.
    """

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[tuple[Future[Popen[bytes]], list[str], list[int], dict[str, str]]]
        self._wanted = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._process = 0
        self._lock = threading.Lock()

    def spawn(self, command: list[str], descriptors: list[int], environment: dict[str, str]) -> Popen[bytes]:
        with self._lock:
            if self._thread is None or self._process != os.getpid():  # a forked child has no such thread
                self._wanted = queue.SimpleQueue()
                self._thread = threading.Thread(target=self._work, name="sandbox-spawner", daemon=True)
                self._process = os.getpid()
                self._thread.start()
        future: Future[Popen[bytes]] = Future()
        self._wanted.put((future, command, descriptors, environment))
        return future.result()

    def _work(self) -> None:
        while True:
            future, command, descriptors, environment = self._wanted.get()
            try:
                future.set_result(
                    Popen(
                        command,
                        stdin=DEVNULL,
                        stdout=DEVNULL,
                        stderr=PIPE,
                        pass_fds=descriptors,
                        env=environment,
                        cwd="/",
                        start_new_session=True,
                    )
                )
            except BaseException as error:
                future.set_exception(error)


_spawner = _Spawner()


class Start:
    """A process that runs `launch`, up to the moment when it has become the kernel.

    `command` ends with `launch.py`; the descriptor of its report and `control` (or -1) are added.
    """

    def __init__(self, command: list[str], descriptors: Sequence[int], *, control: int = -1) -> None:
        self._report, other = socket.socketpair()
        passed = [*descriptors, other.fileno(), *([control] if control >= 0 else [])]
        try:
            # bwrap's own environment can be read inside (/proc/1/environ), whatever --clearenv says.
            self.process = _spawner.spawn(
                [*command, str(other.fileno()), str(control)], passed, {"PATH": "/usr/bin:/bin"}
            )
        except OSError as error:
            self._report.close()
            raise SandboxError(f"{command[0]} cannot be started: {error}") from error
        finally:
            other.close()

    def finish(self, config: dict[str, Any]) -> list[int]:
        """Hand over the configuration; the descriptors of the folders, when the kernel's interpreter runs."""
        descriptors: list[int] = []
        answer = b""
        problem = ""
        self._report.settimeout(START_SECONDS)
        try:
            self._report.sendall(json.dumps(config).encode() + b"\n")
            while True:
                piece, received, _, _ = socket.recv_fds(self._report, 1 << 16, 8)
                descriptors += received
                if not piece:
                    break
                answer += piece
        except TimeoutError:
            problem = f"it was not ready after {START_SECONDS:.0f} seconds"
        except OSError:
            pass  # the other end is gone: what it said last tells more
        finally:
            self._report.close()
        for line in answer.splitlines():
            with contextlib.suppress(ValueError):
                problem = problem or json.loads(line).get("error", "")
        if problem or len(descriptors) != len(config["hand_out"]):
            for number in descriptors:
                os.close(number)
            said = self._last_words()
            raise SandboxError(f"the kernel could not be confined: {problem or said}")
        if self.process.stderr is not None:
            # Inside, this pipe is in reach (/proc/1/fd/2); without a reader nothing can be written to it.
            self.process.stderr.close()
        for number in descriptors:
            os.set_inheritable(number, False)
        return descriptors

    def _last_words(self) -> str:
        """What the process wrote to its error output; it has ended, or it is ended here."""
        self.abandon()
        said = ""
        if self.process.stderr is not None:
            os.set_blocking(self.process.stderr.fileno(), False)
            with contextlib.suppress(OSError):
                said = (self.process.stderr.read(4000) or b"").decode("utf-8", "replace")
            self.process.stderr.close()
        return " ".join(said.split()) or f"it ended with code {self.process.returncode} and said nothing"

    def abandon(self) -> None:
        """End what was started. Its own exit code and last words are kept when it had ended by itself."""
        with contextlib.suppress(Exception):
            self.process.wait(0.5)
        self.process.kill()
        self.process.wait()


def own_uid(spec: KernelSpec) -> int | None:
    """The user id that a kernel of a server run by root drops to; None for ordinary users, who have but one."""
    if os.geteuid() != 0:
        return None
    # The process limit counts a user's processes everywhere: two servers should not share their ids.
    uid = FIRST_UID + os.getpid() % _PROGRAMS * _SLOTS + spec.slot
    if sys.platform.startswith("linux"):
        with open("/proc/self/uid_map", encoding="ascii") as file:
            ranges = [(int(first), int(count)) for first, _, count in map(str.split, file)]
        if not any(first <= uid < first + count for first, count in ranges):
            raise SandboxError(
                f"this program runs as root of a namespace without the user id {uid}, so code would run as root too; "
                "start it as an ordinary user"
            )
    return uid


def launcher(spec: KernelSpec, launch: str) -> list[str]:
    return [os.path.abspath(spec.python), "-I", "-S", "-B", launch]


def inner_connection(spec: KernelSpec, prefix: str) -> dict[str, Any]:
    """The connection as the kernel is to see it: sockets `prefix`-1 to `prefix`-5."""
    if len(os.fsencode(prefix)) + 2 > _LONGEST_SOCKET_PATH:
        raise SandboxError(
            f"the path of the kernel's sockets is too long for this system: {prefix}; set TMPDIR to a shorter folder"
        )
    ports = {name: number for number, name in enumerate(_PORTS, 1)}
    return {**json.loads(spec.connection), "transport": "ipc", "ip": prefix, **ports}


def inner_files(spec: KernelSpec, connection: dict[str, Any]) -> dict[str, bytes]:
    """The small files that the kernel reads, by name."""
    for name in spec.support:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise SandboxError(f"a support file cannot be called {name!r}")
    allowed = packages.shown(spec.python, spec.packages)
    told = {
        "modules": sorted(allowed.modules),
        "folders": allowed.folders,
        "offered": [name for name, _ in allowed.offered],
    }
    return {
        **spec.support,
        kernel_imports.FILE: json.dumps(told).encode(),
        "kernel_imports.py": (HERE / "kernel_imports.py").read_bytes(),
        "kernel_main.py": spec.kernel_main.read_bytes(),
        "connection.json": json.dumps(connection).encode(),
    }


def hidden(spec: KernelSpec) -> dict[str, tuple[tuple[str, str], ...]]:
    """Folders of which nothing is to be seen, wherever they lie, but the paths named with them (and names there)."""
    allowed = packages.shown(spec.python, spec.packages)
    shown = {folder: tuple(packages.within(folder, allowed.entries)) for folder in allowed.folders}
    return {interpreter.PACKAGE_ROOT: (), **shown}


def configuration(
    spec: KernelSpec, tier: Tier, *, work: str, home: str, temporary: str, support: str, uid: int | None
) -> dict[str, Any]:
    """What `launch` reads in every tier; the tiers add to it. The environment is what is listed here, nothing else."""
    python = os.path.abspath(spec.python)
    environment = {
        **dict.fromkeys(_THREAD_COUNTS, "1"),
        "PATH": f"{os.path.dirname(python)}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        **spec.environment,
        "HOME": home,
        "TMPDIR": temporary,
        "GLM_WORK": work,
        "GLM_TIER": tier,
        "GLM_SUPPORT": support,
    }
    zone = os.environ.get("TZ", "")
    if re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", zone):
        environment.setdefault("TZ", zone)
    limits = spec.limits
    return {
        "command": [
            python, "-I", "-B", "-X", "utf8", f"{support}/kernel_main.py", "-f", f"{support}/connection.json",
        ],
        "environment": environment,
        "cwd": work,
        "uid": uid,
        "limits": {
            "AS": limits.address_space,
            "NPROC": limits.processes,
            "NOFILE": limits.open_files,
            "FSIZE": limits.file_bytes,
            "CORE": 0,
            "MSGQUEUE": 0,
            "RTPRIO": 0,
        },
        "own": [],
        "hand_out": [],
        "make": [home],
        "check": True,
        "landlock": None,
        "rules": [],
        "filter": "",
        "remove": None,
    }  # fmt: skip


def reachable(confined: Confined) -> Confined:
    """Lead the client's address through the open folder, which is short, and good whoever may pass above it."""
    if sys.platform.startswith("linux"):
        confined.connection = {**confined.connection, "ip": f"/proc/self/fd/{confined.sockets_fd}/k"}
    return confined
