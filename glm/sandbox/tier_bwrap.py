"""Tier "bwrap": starts a kernel in bubblewrap and keeps hold of it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal

from glm.errors import SandboxError
from glm.sandbox import bwrap, interpreter, launch, seccomp
from glm.sandbox.confine import Confined, KernelSpec
from glm.sandbox.policy import WORK
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

_WRITABLE = ("/tmp", "/dev/shm")


def start(spec: KernelSpec) -> Confined:
    """See `confine.confine`. Raises `SandboxError` with what bubblewrap or the launcher said."""
    program, _ = bwrap.find()
    uid = own_uid(spec)
    sockets = f"/.ipc-{secrets.token_hex(8)}"
    connection = inner_connection(spec, f"{sockets}/k")
    files = inner_files(spec, connection)
    files["launch.py"] = (HERE / "launch.py").read_bytes()
    config = configuration(spec, "bwrap", work=WORK, home="/tmp/home", temporary="/tmp", support=bwrap.SUPPORT, uid=uid)
    config["own"] = config["hand_out"] = [WORK, sockets, *_WRITABLE]
    filesystem = bwrap.Filesystem()
    info, info_end = os.pipe()
    try:
        try:
            arguments = bwrap.options(
                filesystem,
                sockets=sockets,
                uid=uid,
                files={f"{bwrap.SUPPORT}/{name}": data for name, data in files.items()},
                readable=[*interpreter.folders(str(spec.python)), *map(str, spec.read_only)],
                hidden=hidden(spec),
                work_bytes=spec.limits.work_bytes,
                seccomp=seccomp.filter_program(shared_host=False),
                info_fd=info_end,
            )
            command = [program, "--args", str(arguments), "--", *launcher(spec, f"{bwrap.SUPPORT}/launch.py")]
            starting = Start(command, [*filesystem.descriptors, info_end])
        finally:
            filesystem.close()
            os.close(info_end)
        work_fd, sockets_fd, *others = starting.finish(config)
        try:
            init = _first_process(info, starting.process.pid)
        except BaseException:
            starting.abandon()
            for number in (work_fd, sockets_fd, *others):
                os.close(number)
            raise
    finally:
        os.close(info)

    def end() -> None:
        # With its first process a process namespace ends as a whole, before bwrap does.
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(init, signal.SIGKILL)

    return reachable(
        Confined(
            tier="bwrap",
            process=starting.process,
            connection=connection,
            work_fd=work_fd,
            sockets_fd=sockets_fd,
            work_path=WORK,
            _writable_fds=others,
            _held_fd=init,
            _end=end,
        )
    )


def _first_process(info: int, parent: int) -> int:
    """A descriptor of the first process inside, whose id bwrap wrote to `info`."""
    written = b""
    while not written.rstrip().endswith(b"}"):
        piece = os.read(info, 4096)
        if not piece:
            break
        written += piece
    try:
        first = int(json.loads(written)["child-pid"])
        descriptor = os.pidfd_open(first)
    except (ValueError, KeyError, OSError) as error:
        raise SandboxError(f"bubblewrap does not say which process it started: {error}") from error
    if first not in launch.children_by_parent().get(parent, []):
        os.close(descriptor)
        raise SandboxError("the confined process ended as soon as it had started")
    return descriptor
