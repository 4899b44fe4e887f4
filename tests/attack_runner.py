"""Runs attack snippets in real sandboxes, a decoy server and another visitor beside, and judges each by its header.

A program of its own, so that it can be started as another user: `python -m tests.attack_runner JSON`, which names the
tier and the snippets' files; it prints one JSON line for each. A snippet's header says what is checked (`checks`) and
for how long it may run (`timeout`, seconds); the snippet finds what to aim at in the dict ATK, and prints PWNED when
it got in.
"""

from __future__ import annotations

import json
import os
import queue
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from glm.errors import SandboxError
from glm.sandbox.manager import SandboxManager
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import CellDone, ErrorOutput, HtmlOutput, ImageOutput, Limits, TextOutput

AT_ONCE = 2
GRACE = 3.0
NEVER_MEANT = {"NameError", "SyntaxError", "KeyError", "AttributeError"}
"""Errors of a snippet that did not get as far as its attack."""

DECOY = """
import os, select, socket, sys
folder, canary, abstract = sys.argv[1], os.environ["APP_TOKEN"], sys.argv[2]
tcp = socket.create_server(("127.0.0.1", 0))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
unix = [socket.socket(socket.AF_UNIX) for _ in range(2)]
for one, address in zip(unix, (folder + "/app.sock", "\\0" + abstract)):
    one.bind(address)
    one.listen()
os.chmod(folder + "/app.sock", 0o777)
print(tcp.getsockname()[1], udp.getsockname()[1], flush=True)
while True:
    for ready in select.select([tcp, udp, *unix, sys.stdin], [], [])[0]:
        if ready is sys.stdin:  # who started this has ended
            sys.exit()
        elif ready is udp:
            udp.sendto(canary.encode(), udp.recvfrom(100)[1])
        else:
            client, _ = ready.accept()
            client.sendall(canary.encode())
            client.close()
"""


@dataclass(frozen=True)
class Snippet:
    """An attack as its file describes it."""

    name: str
    code: str
    checks: tuple[str, ...]
    seconds: float

    @classmethod
    def read(cls, path: Path) -> Snippet:
        code = path.read_text(encoding="utf-8")
        said = dict(re.findall(r"^# (\w+): (.*)$", code, re.MULTILINE))
        return cls(path.stem, code, tuple(said["checks"].split(",")), float(said["timeout"]))


@dataclass
class Decoy:
    """What stands for the app: a process with a secret in its environment, its sockets, its files."""

    process: subprocess.Popen[str]
    known: dict[str, Any]
    planted: tuple[str, ...]

    def new_files(self) -> list[str]:
        return [path for path in self.planted if os.path.lexists(path)]


@contextmanager
def decoy() -> Iterator[Decoy]:
    """Everything is open to all users of this computer: it is the confinement that has to keep the code away."""
    canary = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="glm-decoy-", dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        secret = Path(folder, "secret.txt")
        secret.write_text(canary)
        secret.chmod(0o666)
        environment = {"PATH": "/usr/bin:/bin", "APP_TOKEN": canary}
        command = [sys.executable, "-I", "-S", "-c", DECOY, folder, f"glm-{canary[:8]}"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
            assert process.stdout is not None
            tcp, udp = map(int, process.stdout.readline().split())
            with socket.create_server(("127.0.0.1", 0)) as free:
                unused = free.getsockname()[1]
            known = {
                "app_pid": process.pid,
                "app_port": tcp,
                "udp_port": udp,
                "unix_sock": f"{folder}/app.sock",
                "canary": canary,
                "secret_file": str(secret),
                "free_port": unused,
                "home": folder,
                "survivor_secs": 100_000 + secrets.randbelow(800_000),
                "user": "root",
            }
            planted = (f"{folder}/.planted", f"/tmp/sbx_planted_{process.pid}", "/tmp/sbx_pickled")
            try:
                yield Decoy(process, known, planted)
            finally:
                process.kill()


def run_cell(sandbox: JupyterSandbox, code: str) -> CellDone:
    done = None
    for event in sandbox.run(code):
        if isinstance(event, CellDone):
            done = event
    assert done is not None
    return done


def printed(*cells: CellDone) -> str:
    return "".join(output.text for done in cells for output in done.outputs if isinstance(output, TextOutput))


@dataclass
class Trial:
    """One snippet while it runs, and what the checks look at."""

    snippet: Snippet
    sandbox: JupyterSandbox
    decoy: Decoy
    done: CellDone | None = None
    pids: set[int] = field(default_factory=set)
    stored: int = 0
    memory: int = 0

    def run(self) -> None:
        run_cell(self.sandbox, "1")  # a kernel of its own, before the time runs
        before = resident()
        ended = threading.Event()
        watcher = threading.Thread(target=self._look, args=(ended, before))
        watcher.start()
        try:
            self.done = run_cell(self.sandbox, f"ATK = {self.decoy.known!r}\n{self.snippet.code}")
        finally:
            ended.set()
            watcher.join()

    def _look(self, ended: threading.Event, before: int) -> None:
        while not ended.wait(0.1):
            kernel = self.sandbox.kernel
            if kernel is not None:
                self.pids |= set(kernel.confined.pids())
                with suppress(OSError):
                    self.stored = max(self.stored, kernel.confined.disk().bytes)
            self.memory = max(self.memory, resident() - before)

    def verdict(self) -> str:
        """What did not hold, "" when all did."""
        assert self.done is not None
        errors = [output.name for output in self.done.outputs if isinstance(output, ErrorOutput)]
        if set(errors) & NEVER_MEANT and self.snippet.name not in MAY_FAIL:
            return f"the snippet did not get to its attack: {errors}"
        for check in (*self.snippet.checks, "names_of_nobody"):
            name, _, argument = check.partition(":")
            problem = CHECKS[name](self, argument)
            if problem:
                return f"{name}: {problem}"
        return ""

    # The checks. Each gets its argument and returns what is wrong.

    def pwned(self, _: str) -> str:
        every = [
            output.text for cell in self.sandbox.cells for output in cell.outputs if isinstance(output, TextOutput)
        ]
        lines = [line for line in "".join(every).splitlines() if "PWNED" in line]
        return lines[0][:150] if lines else ""

    def canary_kept(self, _: str) -> str:
        assert self.done is not None
        return "the secret came out" if self.decoy.known["canary"] in repr(self.done.outputs) else ""

    def host_files(self, _: str) -> str:
        return " ".join(self.decoy.new_files())

    def no_survivors(self, _: str) -> str:
        kernel = self.sandbox.kernel
        pids = self.pids | set(kernel.confined.pids() if kernel is not None else ())
        if len(pids) < 3:
            return "no processes were seen"
        self.sandbox.close()
        until = time.monotonic() + 5
        while left := [pid for pid in pids if os.path.exists(f"/proc/{pid}")]:
            if time.monotonic() > until:
                return f"{len(left)} processes are left"
            time.sleep(0.02)
        mark = str(self.decoy.known["survivor_secs"]).encode()
        return "a daemon is left" if any(mark in line for line in command_lines()) else ""

    def decoy_alive(self, _: str) -> str:
        with socket.create_connection(("127.0.0.1", self.decoy.known["app_port"]), 5) as client:
            answered = client.recv(100).decode() == self.decoy.known["canary"]
        return "" if self.decoy.process.poll() is None and answered else "the app was hit"

    def disk(self, most: str) -> str:
        return f"{self.stored >> 20} MB" if self.stored > int(most) << 20 else ""

    def download(self, name: str) -> str:
        answer: queue.Queue[str] = queue.Queue()

        def fetch() -> None:
            self.sandbox.files.entries()
            try:
                data = self.sandbox.files.read(name)
            except SandboxError:
                answer.put("")
            else:
                answer.put(f"it was served: {data[:40]!r}")

        threading.Thread(target=fetch, daemon=True).start()
        try:
            return answer.get(timeout=10)
        except queue.Empty:
            return "the app hangs"

    def names(self, _: str) -> str:
        shown = [entry.path for entry in self.sandbox.files.entries()]
        unsafe = [name for name in shown if not name.isprintable() or "\\" in name or ".." in name.split("/")]
        return repr(unsafe) if unsafe or not shown else ""

    def bounded(self, _: str) -> str:
        assert self.done is not None
        size = len(printed(self.done))
        if self.done.seconds > self.snippet.seconds + GRACE + 10:
            return f"it ran for {self.done.seconds:.1f} s"
        return f"{size} characters" if size > 2_000_000 else ""

    def app_mem(self, most: str) -> str:
        return f"the app grew by {self.memory >> 20} MB" if self.memory > int(most) << 20 else ""

    def msgs(self, most: str) -> str:
        assert self.done is not None
        return f"{len(self.done.outputs)} outputs" if len(self.done.outputs) > int(most) else ""

    def recover(self, _: str) -> str:
        return "" if printed(run_cell(self.sandbox, "print(6 * 7)")) == "42\n" else "the next cell does not work"

    def restart_clean(self, _: str) -> str:
        self.sandbox.restart()
        return self.recover("")

    def sanitised(self, _: str) -> str:
        assert self.done is not None
        limits = Limits()
        for output in self.done.outputs:
            text = getattr(output, "text", "")
            if isinstance(output, HtmlOutput) and "<" in output.html:
                text = output.text  # for the frame without scripts; what is said beside it is text
            if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text):
                return f"control characters: {text[:60]!r}"
            if isinstance(output, ImageOutput) and output.width * output.height > limits.image_pixels:
                return f"a picture of {output.width} x {output.height}"
        return ""

    def encodes(self, _: str) -> str:
        assert self.done is not None
        try:
            json.dumps([str(output) for output in self.done.outputs], ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            return str(error)
        return "a NUL is shown" if "\0" in printed(self.done) else ""

    def died(self, _: str) -> str:
        assert self.done is not None
        return (
            "" if self.done.ending == "died" and self.done.seconds < 4 else f"{self.done.ending}, {self.done.seconds}"
        )

    def late(self, _: str) -> str:
        return (
            "shown in a later cell" if "LATE" in printed(run_cell(self.sandbox, "import time\ntime.sleep(2.5)")) else ""
        )

    def reach_free_port(self, _: str) -> str:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.decoy.known["free_port"]), 2):
            return "the code's server can be reached"
        return ""


MAY_FAIL = {"out_kernel_tamper", "out_bad_messages", "out_malformed_content"}
"""They break the kernel on purpose: an error of any name may be what is left of the cell."""

CHECKS: dict[str, Callable[[Trial, str], str]] = {
    name: getattr(Trial, name)
    for name in (
        "pwned host_files no_survivors decoy_alive disk download names bounded app_mem msgs recover restart_clean"
        " sanitised encodes died late reach_free_port"
    ).split()
}
CHECKS["names_of_nobody"] = Trial.canary_kept


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def command_lines() -> Iterator[bytes]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                yield Path("/proc", name, "cmdline").read_bytes()


def victim_in(manager: SandboxManager) -> dict[str, Any]:
    """Another visitor's sandbox, and all that an attacker could know of it."""
    victim = manager.open("victim")
    run_cell(victim, "open('private.txt', 'w').write('private')")
    assert victim.kernel is not None
    held = victim.kernel.confined
    folder = os.path.dirname(held.work_path)
    ports = [held.connection[name] for name in held.connection if name.endswith("_port")]
    if manager.tier == "bwrap":  # its paths are paths of the attacker's too: look from outside
        folder = f"/proc/{held.pids()[-1]}/root"
        work, connection, ip = f"{folder}/mnt/data", f"{folder}/sbx/connection.json", held.connection["ip"]
    else:
        work, connection, ip = held.work_path, f"{folder}/support/connection.json", f"{folder}/ipc/k"
    return {"victim_work": work, "victim_conn": connection, "victim_ip": ip, "victim_ports": ports}


def main() -> None:
    asked = json.loads(sys.argv[1])
    snippets = sorted((Snippet.read(Path(path)) for path in asked["snippets"]), key=lambda one: one.seconds)
    printing = threading.Lock()
    for seconds, group in groupby(snippets, key=lambda one: one.seconds):
        waiting: queue.SimpleQueue[Snippet] = queue.SimpleQueue()
        for snippet in group:
            waiting.put(snippet)
        limits = Limits(cell_seconds=seconds, grace_seconds=GRACE, kernels=2 * AT_ONCE + 2, kernels_per_owner=2)
        with SandboxManager(asked["tier"], limits=limits, warm=False) as manager:
            others = victim_in(manager)

            def work(
                waiting: queue.SimpleQueue[Snippet] = waiting,
                manager: SandboxManager = manager,
                others: dict[str, Any] = others,
            ) -> None:
                with suppress(queue.Empty):
                    while True:
                        snippet = waiting.get_nowait()
                        began = time.monotonic()
                        try:
                            problem = attempt(manager, snippet, others)
                        except Exception as error:
                            problem = f"{type(error).__name__}: {error}"
                        answer = {"name": snippet.name, "problem": problem, "seconds": time.monotonic() - began}
                        with printing:
                            print(json.dumps(answer), flush=True)

            threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()


def attempt(manager: SandboxManager, snippet: Snippet, others: dict[str, Any]) -> str:
    with decoy() as app:
        app.known |= others
        os.environ["APP_TOKEN"] = app.known["canary"]
        sandbox = manager.open(f"attacker {snippet.name}")
        try:
            trial = Trial(snippet, sandbox, app)
            trial.run()
            return trial.verdict()
        finally:
            sandbox.close()
            for path in app.new_files():
                os.unlink(path)


if __name__ == "__main__":
    main()
