"""Tier "landlock", and "unsafe" without its walls: a supervised kernel in a folder on this computer's disk."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping

from glm.errors import SandboxError
from glm.sandbox import bwrap, interpreter, landlock, launch, seccomp
from glm.sandbox.confine import Confined, KernelSpec
from glm.sandbox.policy import Tier
from glm.sandbox.start import (
    HERE,
    Start,
    configuration,
    hidden,
    inner_connection,
    inner_files,
    launcher,
    own_uid,
    reachable,
)

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_ABOUT_THE_COMPUTER = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu")


def start(tier: Tier, spec: KernelSpec) -> Confined:
    """See `confine.confine`. Raises `SandboxError` with what the launcher said."""
    if sys.platform == "win32":
        raise SandboxError("code cannot be run on Windows itself; start this program inside WSL2")
    uid = own_uid(spec)
    # With a user id of its own the kernel walks through `base`, which belongs to root.
    passable = 0o711 if uid is not None else 0o700
    base = os.path.realpath(tempfile.mkdtemp(prefix="glm-kernel-"))
    try:
        os.chmod(base, passable)
        work, home, ipc, support = (os.path.join(base, name) for name in ("work", "home", "ipc", "support"))
        for path in (work, home, ipc, support):
            os.mkdir(path, 0o700)
        connection = inner_connection(spec, os.path.join(ipc, "k"))
        for name, data in inner_files(spec, connection).items():
            _write(os.path.join(support, name), data, 0o400 if name == "connection.json" else 0o444)
        os.chmod(support, 0o755 if uid is not None else 0o700)  # Python imports from folders that it can list
        config = configuration(spec, tier, work=work, home=home, temporary=home, support=support, uid=uid)
        config["own"] = [work, home, ipc, os.path.join(support, "connection.json")]
        config["hand_out"] = [work, ipc, home]
        config["remove"] = base
        config["check"] = tier == "landlock"
        if tier == "landlock":
            config["landlock"] = str(HERE / "landlock.py")
            config["rules"] = _rules(spec, writable=(work, home), sockets=ipc, support=support)
            config["filter"] = base64.b64encode(seccomp.filter_program(shared_host=True)).decode()
        control, other = socket.socketpair()
        try:
            starting = Start(launcher(spec, str(HERE / "launch.py")), [], control=other.fileno())
        except BaseException:
            control.close()
            raise
        finally:
            other.close()
        held = control.detach()
        try:
            work_fd, sockets_fd, *others = starting.finish(config)
        except BaseException:
            os.close(held)  # the supervisor, if there is one, ends with that
            starting.abandon()
            raise
    except BaseException:
        launch.remove_tree(base)
        raise

    def end() -> None:
        with contextlib.suppress(OSError):
            os.write(held, b"k")

    return reachable(
        Confined(
            tier=tier,
            process=starting.process,
            connection=connection,
            work_fd=work_fd,
            sockets_fd=sockets_fd,
            work_path=work,
            _writable_fds=others,
            _held_fd=held,
            _end=end,
            _folder=base,
        )
    )


def _rules(spec: KernelSpec, *, writable: tuple[str, ...], sockets: str, support: str) -> list[tuple[str, int]]:
    readable = ["/usr", *bwrap.SYSTEM_LINKS, *bwrap.SYSTEM_FILES, *interpreter.folders(str(spec.python))]
    readable += [*map(str, spec.read_only), support]
    covered = hidden(spec)
    rules = {rule: None for path in readable for rule in _readable(os.path.realpath(path), covered)}
    return [
        *rules,
        *((path, landlock.READ_FILE | landlock.READ_DIR) for path in _ABOUT_THE_COMPUTER),
        *((path, landlock.DEVICE) for path in _DEVICES),
        *((path, landlock.WRITE) for path in writable),
        (sockets, landlock.SOCKETS),
    ]


def _readable(path: str, covered: Mapping[str, Iterable[tuple[str, str]]]) -> Iterator[tuple[str, int]]:
    """Rules that open a folder but for what is covered in it: a right cannot be taken back further down."""
    if path in covered:
        yield path, landlock.READ_DIR
        yield from ((os.path.realpath(entry), landlock.READ) for entry, _ in covered[path])
    elif any(folder.startswith(path.rstrip("/") + "/") for folder in covered):
        # Python sees nothing in a folder that it may not list; the names further down can be seen with it.
        yield path, landlock.READ_DIR
        with os.scandir(path) as inner:
            children = [entry.path for entry in inner if not entry.is_symlink()]
        for child in children:
            yield from _readable(child, covered)
    else:
        yield path, landlock.READ


def _write(path: str, data: bytes, mode: int) -> None:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(number, "wb") as file:
        file.write(data)
        os.fchmod(number, mode)
