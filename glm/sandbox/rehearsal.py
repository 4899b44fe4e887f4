"""Runs inside a confinement in place of the kernel and tries to get out, for `probe`. Standard library only.

What to try comes in the support file rehearsal.json; what came of it goes to rehearsal.json in the work folder. Each
entry is "" when the wall held (or the needed thing worked), else what happened.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

_NEW_USER_NAMESPACE = 0x10000000


def _refused(attempt: Callable[[], Any], what: str) -> str:
    try:
        attempt()
    except OSError:
        return ""
    return what


def _works(attempt: Callable[[], Any]) -> str:
    try:
        attempt()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _unshare() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_USER_NAMESPACE):
        raise OSError(ctypes.get_errno(), "refused")


def _reach(family: int, address: Any) -> None:
    with socket.socket(family) as client:
        client.settimeout(2)
        client.connect(address)


def _same_namespace(asked: dict[str, Any]) -> None:
    """In a process namespace of its own, the server's number is nobody, or one of ours."""
    try:
        here = os.readlink("/proc/self/ns/pid")
    except PermissionError:
        return
    if here != asked["pid_namespace"]:
        raise ProcessLookupError


def _signal(asked: dict[str, Any]) -> None:
    _same_namespace(asked)
    os.kill(asked["pid"], 0)


def _server_environment(asked: dict[str, Any]) -> None:
    _same_namespace(asked)
    _read(f"/proc/{asked['pid']}/environ")


def _write(path: str) -> None:
    with open(path, "x", encoding="ascii") as file:
        file.write("x")


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def _rights() -> str:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    if 0 in os.getresuid():
        return "the code runs as root"
    if status.get("NoNewPrivs") != "1" or status.get("Seccomp") != "2":
        return "the system call filter is not in force"
    if int(status["CapEff"], 16) or int(status["CapPrm"], 16):
        return "the code has rights of root"
    return ""


def _room(asked: dict[str, Any]) -> str:
    status = os.statvfs(".")
    if asked["work_bytes"] and status.f_blocks * status.f_frsize > asked["work_bytes"] * 1.1:
        return "the work folder has no size limit"
    return ""


def attempts(asked: dict[str, Any]) -> dict[str, str]:
    """Every wall and every need by name, with what was wrong."""
    known = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "USER", "LOGNAME", "HOME", "TMPDIR", "TZ"}
    foreign = [name for name in os.environ if name not in known and not name.startswith(("GLM_", "PYTHON"))]
    foreign = [name for name in foreign if not name.endswith("_NUM_THREADS")]
    found = {
        "rights": _rights(),
        "environment": f"variables of the server are visible: {foreign}" if foreign else "",
        "read": _refused(lambda: _read(asked["secret"]), "a file of the server could be read"),
        "write": _refused(lambda: _write(asked["plant"]), "a file could be written outside"),
        "server_environment": _refused(lambda: _server_environment(asked), "the server's environment could be read"),
        "signal": _refused(lambda: _signal(asked), "the server could be signalled"),
        "network": _refused(
            lambda: _reach(socket.AF_INET, ("127.0.0.1", asked["port"])), "a server of this computer could be reached"
        ),
        "unix_socket": _refused(
            lambda: _reach(socket.AF_UNIX, asked["unix_socket"]), "a socket of this computer could be reached"
        ),
        "abstract_socket": _refused(
            lambda: _reach(socket.AF_UNIX, "\0" + asked["abstract_socket"]),
            "an abstract socket of this computer could be reached",
        ),
        "namespace": _refused(_unshare, "a user namespace could be made"),
        "room": _room(asked),
        "work_folder": _works(lambda: _write("works")),
        "home": _works(lambda: _write(os.path.join(os.environ["HOME"], "works"))),
        "processes": _works(lambda: subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True, timeout=20)),
    }
    missing = [name for name in asked["packages"] if importlib.util.find_spec(name) is None]
    return {**found, "packages": " ".join(missing)}


def main() -> None:
    with open(os.path.join(os.environ["GLM_SUPPORT"], "rehearsal.json"), encoding="utf-8") as file:
        asked = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        connection = json.load(file)
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{connection['ip']}-{connection['shell_port']}")
    server.listen()
    server.settimeout(30)
    result = attempts(asked)
    with open("unfinished", "w", encoding="utf-8") as file:
        json.dump({"nonce": asked["nonce"], "result": result}, file)
    os.rename("unfinished", "rehearsal.json")
    client, _ = server.accept()
    client.sendall(asked["nonce"].encode())
    client.recv(1)  # waits to be killed


if __name__ == "__main__":
    main()
