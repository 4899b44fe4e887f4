"""Small attacks on a confinement, for `doctor`: the code that is run inside, and what shows that the wall held.

They use small amounts: what they try to exhaust is bounded by smaller limits than a visitor's, not by the computer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import CellDone, Limits, TextOutput

LIMITS = Limits(
    cell_seconds=30,
    grace_seconds=1,
    memory=400 * 2**20,
    work_bytes=64 * 2**20,
    file_bytes=32 * 2**20,
    text_characters=100_000,
)
"""For the sandboxes that are attacked."""

_PREAMBLE = """\
import ctypes, glob, mmap, os, signal, socket, subprocess, sys, sysconfig, time

def attempt(get_in):
    try:
        got = get_in()
    except BaseException as error:
        print("refused:", type(error).__name__, error)
    else:
        print("REACHED:" if got else "nothing:", repr(got)[:80])

libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return name

def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as client:
        client.settimeout(2)
        client.connect(address)
        return address
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack. `judge` gets the sandbox and the cell's end and says what was wrong, "" when the wall held."""

    name: str
    tried: str
    code: str
    """Python that finds what it may aim at in the dict `bait`."""
    judge: Callable[[JupyterSandbox, CellDone], str]
    stop_after: float = LIMITS.cell_seconds
    """Seconds after which the visitor asks for a stop."""

    @property
    def gentle(self) -> bool:
        """Whether it leaves the kernel as it was."""
        return self.judge is _refused

    def cell(self, bait: dict[str, object]) -> str:
        """The code as a cell of its own."""
        return f"{_PREAMBLE}\nbait = {bait!r}\n{self.code}"


def printed(done: CellDone) -> str:
    return "".join(output.text for output in done.outputs if isinstance(output, TextOutput))


def _refused(sandbox: JupyterSandbox, done: CellDone) -> str:
    """Every attempt has to be made, and to fail."""
    lines = printed(done).splitlines()
    reached = [line for line in lines if "REACHED" in line]
    if reached:
        return reached[0]
    if done.ending != "ok" or not lines:
        return f"the attempt was not made to its end ({done.ending})"
    return ""


def _bounded(sandbox: JupyterSandbox, done: CellDone) -> str:
    """It has to be cut off: refused more at some point, or ended."""
    if "REACHED" in printed(done):
        return "it was never stopped"
    if done.ending != "died" and "stopped:" not in printed(done):
        return f"the attempt was not made to its end ({done.ending})"
    return ""


def _few_processes(sandbox: JupyterSandbox, done: CellDone) -> str:
    kernel = sandbox.kernel
    count = len(kernel.confined.pids()) if kernel is not None and kernel.alive else 0
    return _bounded(sandbox, done) or (f"{count} processes were started" if count > 2 * LIMITS.processes else "")


def _little_stored(sandbox: JupyterSandbox, done: CellDone) -> str:
    kernel = sandbox.kernel
    stored = kernel.confined.disk().bytes if kernel is not None else 0
    too_much = stored > 8 * LIMITS.work_bytes
    return _bounded(sandbox, done) or (f"{stored / 2**20:.0f} MB were stored" if too_much else "")


def _little_shown(sandbox: JupyterSandbox, done: CellDone) -> str:
    count = len(printed(done))
    return f"{count:,} characters came through" if count > 2 * LIMITS.text_characters else ""


def _ended_in_time(sandbox: JupyterSandbox, done: CellDone) -> str:
    return "" if done.ending == "interrupted" and done.variables_lost else f"it was not ended ({done.ending})"


ATTACKS = (
    Attack(
        "secret file",
        "read and link a file of the server",
        "attempt(lambda: open(bait['secret']).read())\nattempt(lambda: os.link(bait['secret'], 'link') or 'linked')\n"
        "attempt(lambda: open('/etc/shadow').read())",
        _refused,
    ),
    Attack(
        "environment",
        "read the environment of the server",
        "attempt(lambda: bait['nonce'] in str(dict(os.environ)))\n"
        "def search():\n"
        "    for path in [*glob.glob('/proc/[0-9]*/environ'), f\"/proc/{bait['pid']}/environ\"]:\n"
        "        try:\n"
        "            if bait['nonce'].encode() in open(path, 'rb').read(): return path\n"
        "        except OSError: pass\n"
        "attempt(search)",
        _refused,
    ),
    Attack(
        "another visitor",
        "read the files of another sandbox",
        "def search():\n"
        "    folders = [bait['other_work'], *glob.glob('/proc/[0-9]*/root/mnt/data'), *glob.glob('/proc/[0-9]*/cwd')]\n"
        "    for folder in folders:\n"
        "        try: return open(folder + '/private.txt').read()\n"
        "        except OSError: pass\n"
        "attempt(search)",
        _refused,
    ),
    Attack(
        "write outside",
        "write into the system, the Python and the server's folder",
        "places = [bait['plant'], sysconfig.get_path('purelib') + '/x.pth', sysconfig.get_path('stdlib') + '/x.py']\n"
        "for place in [*places, '/etc/x', '/usr/x']:\n"
        "    attempt(lambda: open(place, 'x').write('x'))",
        _refused,
    ),
    Attack(
        "loopback",
        "connect to a server on this computer",
        "attempt(lambda: connect(socket.AF_INET, ('127.0.0.1', bait['port'])))",
        _refused,
    ),
    Attack(
        "network",
        "find a way to an outside address",
        "attempt(lambda: connect(socket.AF_INET, ('192.0.2.1', 9), socket.SOCK_DGRAM))\n"
        "attempt(lambda: connect(socket.AF_INET6, ('2001:db8::1', 9), socket.SOCK_DGRAM))",
        _refused,
    ),
    Attack(
        "local sockets",
        "connect to Unix and abstract sockets of this computer",
        "attempt(lambda: connect(socket.AF_UNIX, bait['unix_socket']))\n"
        "attempt(lambda: connect(socket.AF_UNIX, '\\0' + bait['abstract_socket']))",
        _refused,
    ),
    Attack(
        "kill",
        "signal a process of the server",
        "attempt(lambda: os.kill(bait['decoy'], signal.SIGKILL) or 'signalled')",
        _refused,
    ),
    Attack(
        "ptrace",
        "read the memory of a process of the server",
        "attempt(lambda: call('ptrace', 16, bait['decoy'], None, None))\n"
        "attempt(lambda: open(f\"/proc/{bait['decoy']}/mem\", 'rb').fileno())",
        _refused,
    ),
    Attack(
        "namespaces",
        "make a user namespace, mount, become root",
        "def unshare():  # a process with threads may not\n"
        "    child = os.fork()\n"
        "    if child == 0: os._exit(libc.unshare(0x10000000) != 0)\n"
        "    return os.waitpid(child, 0)[1] == 0\n"
        "attempt(unshare)\n"
        "attempt(lambda: call('mount', b'none', b'.', b'tmpfs', 0, None))\n"
        "attempt(lambda: os.setuid(0) or 'root')",
        _refused,
    ),
    Attack(
        "other packages",
        "import the server's own code and libraries",
        "import importlib\nfor name in ('glm', 'torch', 'transformers', 'gradio'):\n"
        "    attempt(lambda: importlib.import_module(name))",
        _refused,
    ),
    Attack(
        "fork bomb",
        "start 700 processes",
        "count = 0\n"
        "try:\n"
        "    while count < 700:\n"
        "        if os.fork() == 0:\n"
        "            time.sleep(60)\n"
        "            os._exit(0)\n"
        "        count += 1\n"
        "except OSError as error: print('stopped:', error)\n"
        "if count >= 700: print('REACHED')",
        _few_processes,
    ),
    Attack(
        "memory bomb",
        "use 2 GB of memory in two processes",
        "child = os.fork()\n"
        "kept = []\n"
        "try:\n"
        "    for _ in range(40):\n"
        "        kept.append(b'x' * (25 << 20))\n"
        "        time.sleep(0.05)\n"
        "except MemoryError as error: print('stopped:', error)\n"
        "time.sleep(1)\n"
        "if child == 0: os._exit(0)\n"
        "if len(kept) == 40: print('REACHED')",
        _bounded,
    ),
    Attack(
        "full disk",
        "store 1 GB in files, some of them deleted",
        "kept = []\n"
        "try:\n"
        "    for number in range(50):\n"
        "        kept.append(open(f'file{number}', 'wb', buffering=0))\n"
        "        if number % 2: os.unlink(f'file{number}')\n"
        "        kept[-1].write(b'x' * (10 << 20))\n"
        "        kept[-1].write(b'x' * (10 << 20))\n"
        "        time.sleep(0.03)\n"
        "    print('REACHED')\n"
        "except OSError as error: print('stopped:', error)",
        _little_stored,
    ),
    Attack(
        "endless output",
        "print without end",
        "while True: print('x' * 1000)",
        _little_shown,
        stop_after=3,
    ),
    Attack(
        "endless loop",
        "run for ever and ignore interrupts",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "while True:\n"
        "    try: time.sleep(1)\n"
        "    except BaseException: pass",
        _ended_in_time,
        stop_after=1,
    ),
)  # fmt: skip

SURVIVORS = """\
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(60)
        os._exit(0)
"""
"""Leaves processes behind that have let go of their parent."""
