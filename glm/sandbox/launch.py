"""Runs inside, before the kernel: sets limits, drops rights, checks them, hands two folders out, becomes the kernel.

In tier "bwrap" the walls already stand. In tiers "landlock" and "unsafe" this process stays as the supervisor, and its
child takes on Landlock and the filter. A supervisor ends everything the kernel started when the kernel ends, when it
is told to, or when the server is gone; in the last case it also removes the files. Standard library only.

Called as `launch.py REPORT CONTROL`, two descriptors of stream sockets (CONTROL is -1 without a supervisor). The
configuration comes in through REPORT as a line of JSON; an answer goes back as a line of JSON, with the descriptors
of the work folder and the others; then REPORT closes, which says that the kernel's interpreter has started.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import importlib.util
import json
import os
import select
import signal
import socket
import stat
import sys
import time
from typing import Any, NoReturn

_SET_SECCOMP, _FILTER_MODE, _CHILD_SUBREAPER, _CLEAR_AMBIENT = 22, 2, 36, (47, 4)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LINUX = sys.platform.startswith("linux")


def _prctl(option: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = (*arguments, 0, 0, 0, 0)[:4]
    if libc.prctl(option, *(ctypes.c_ulong(argument) for argument in padded)):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl({option}): {os.strerror(code)}")


def _read_line(report: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        piece = report.recv(1 << 16)
        if not piece:
            raise SystemExit(3)  # the server is gone
        data += piece
    return data


# --- rights ---------------------------------------------------------------------------------------------------------


def _set_limits(limits: dict[str, int], extra_processes: int) -> None:
    import resource

    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None or (name == "AS" and not LINUX):  # macOS refuses address space limits
            continue
        if name == "NPROC":
            value += extra_processes
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))


def _tasks_of(uid: int) -> int:
    """How many threads the user has: the process limit counts them all, the desktop and the server too."""
    count = 0
    for name in os.listdir("/proc") if LINUX else ():
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == uid:
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _prctl(*_CLEAR_AMBIENT)
    libc = ctypes.CDLL(None, use_errno=True)
    header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset was refused")


def _install_filter(program: bytes) -> None:
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    attached = Program(len(program) // 8, ctypes.addressof(buffer))
    _prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.addressof(attached))


def _check_rights() -> None:
    """Whatever was asked for, this is what holds: refuse to go on unless the process says so itself."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    wanted = {"NoNewPrivs": "1", "Seccomp": "2"}
    for name, value in wanted.items():
        if status.get(name) != value:
            raise OSError(0, f"{name} is {status.get(name)}, not {value}")
    for name in ("CapPrm", "CapEff", "CapAmb"):
        if int(status[name], 16):
            raise OSError(0, f"{name} is {status[name]}, not empty")
    if 0 in os.getresuid() or 0 in os.getresgid():
        raise OSError(0, "still running as root")


# --- the kernel's side ----------------------------------------------------------------------------------------------


def _become_kernel(report: socket.socket, config: dict[str, Any], extra_processes: int) -> NoReturn:
    """Confine this process as `config` says, report, and turn into the kernel."""
    step = "process group"
    try:
        os.setpgid(0, 0)  # an interrupt reaches what the kernel started only if it leads its group
        step = "folders"
        uid = config["uid"]
        # Opened before they are given away: the root of tier "bwrap" may not enter other people's folders.
        folders = [os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for path in config["hand_out"]]
        for path in config["own"] if uid is not None else ():
            os.chown(path, uid, uid)
        if LINUX:
            step = "memory priority"
            with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
                file.write("800")
        rules = None
        if config["landlock"] is not None:
            step = "Landlock rules"
            where = importlib.util.spec_from_file_location("landlock", config["landlock"])
            assert where is not None and where.loader is not None
            landlock = importlib.util.module_from_spec(where)
            where.loader.exec_module(landlock)
            # The process reads about itself in /proc/self, and about nobody else.
            rules = landlock.ruleset([*config["rules"], ("/proc/self", landlock.READ)])
        step = "limits"
        _set_limits(config["limits"], extra_processes)
        if uid is not None:
            step = f"user id {uid}"
            _become(uid)
        step = "home folder"
        os.umask(0o077)
        for path in config["make"]:
            os.makedirs(path, exist_ok=True)
        os.chdir(config["cwd"])
        if rules is not None:
            step = "Landlock"
            landlock.restrict(rules)
            step = "system call filter"
            _install_filter(base64.b64decode(config["filter"]))
        if config["check"]:
            step = "check of rights"
            _check_rights()
        step = "descriptors"
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        for number in range(3, 256):
            with contextlib.suppress(OSError):
                os.set_inheritable(number, False)
        socket.send_fds(report, [b'{"ready": true}\n'], folders)
        step = f"starting {config['command'][0]}"
        os.execve(config["command"][0], config["command"], config["environment"])
    except BaseException as error:
        text = f"{step}: {type(error).__name__}: {error}"
        with contextlib.suppress(OSError):
            report.sendall(json.dumps({"error": text}).encode() + b"\n")
    os._exit(4)


# --- the supervisor's side ------------------------------------------------------------------------------------------


def children_by_parent() -> dict[int, list[int]]:
    """Every process of this computer under its parent's id; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    if not LINUX:
        return children
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            children.setdefault(parent, []).append(int(name))
    return children


def descendants(pid: int, children: dict[int, list[int]] | None = None) -> list[int]:
    """Everything below `pid`, itself not included."""
    children = children_by_parent() if children is None else children
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _reap(child: int) -> int | None:
    """Collect whoever ended; the child's exit code when it is among them."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
    return code


def _end_all(child: int) -> None:
    """Kill until nothing is left. As subreaper this process inherits every orphan, so none gets away."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        left = descendants(os.getpid())
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        _reap(child)
        if not left:
            return
        time.sleep(0.005)


def remove_tree(path: str) -> None:
    """Remove a folder that hostile code filled: any depth, any modes, following no link. Leaves what it cannot remove.

    Folders found inside are moved up before they are emptied, so depth costs neither stack nor descriptors. Nothing
    may be running in the folder.
    """
    try:
        top = os.open(path, _FOLDER)
    except OSError:
        return
    try:
        while sum(_empty(top, name) for name in os.listdir(top)):
            pass
    finally:
        os.close(top)
    with contextlib.suppress(OSError):
        os.rmdir(path)


def _empty(top: int, name: str) -> int:
    """Remove entry `name` of `top`; folders in it are moved up into `top`. Returns how many were."""
    moved = 0
    with contextlib.suppress(OSError):
        if not stat.S_ISDIR(os.stat(name, dir_fd=top, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=top)
            return 0
        os.chmod(name, 0o700, dir_fd=top)
        inner = os.open(name, _FOLDER, dir_fd=top)
        try:
            for entry in os.listdir(inner):
                with contextlib.suppress(OSError):
                    if stat.S_ISDIR(os.stat(entry, dir_fd=inner, follow_symlinks=False).st_mode):
                        os.chmod(entry, 0o700, dir_fd=inner)  # moving a folder changes its ".."
                        os.rename(entry, f".{os.urandom(12).hex()}", src_dir_fd=inner, dst_dir_fd=top)
                        moved += 1
                    else:
                        os.unlink(entry, dir_fd=inner)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=top)
    return moved


def _supervise(control: socket.socket, child: int, wake: int, remove: str | None) -> NoReturn:
    """Wait for the kernel's end, a word from the server or its end; then leave nothing behind."""
    server_gone = False
    code: int | None = None
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, _frame: told.append(number))
    while code is None and not told:
        readable, _, _ = select.select([control.fileno(), wake], [], [], 1.0)
        if wake in readable:
            os.read(wake, 512)
        code = _reap(child)
        if control.fileno() in readable:
            with contextlib.suppress(OSError):
                server_gone = not control.recv(64)
            break
    _end_all(child)
    if remove is not None and (server_gone or _is_closed(control)):
        remove_tree(remove)
    os._exit(128 + signal.SIGKILL if code is None else 128 - code if code < 0 else code)


def _is_closed(control: socket.socket) -> bool:
    try:
        return not control.recv(64, socket.MSG_DONTWAIT)
    except OSError:
        return False


def main() -> None:
    report = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(_read_line(report))
    if int(sys.argv[2]) < 0:
        _become_kernel(report, config, 0)
    control = socket.socket(fileno=int(sys.argv[2]))
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    # The fork happens before anything is dropped: the supervisor must be able to kill what the kernel becomes.
    extra = 0 if config["uid"] is not None else _tasks_of(os.getuid())
    if LINUX:
        _prctl(_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        _become_kernel(report, config, extra)
    report.close()
    _supervise(control, child, wake, config["remove"])


if __name__ == "__main__":
    main()
