"""Two visitors of one server: what one keeps in variables, files, environment and processes, the other cannot find."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from glm.sandbox.manager import SandboxManager
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import Limits
from tests.sandbox_cells import run, text, tier_here

TIER = tier_here()
SECRET = f"secret-{secrets.token_hex(8)}"

VICTIM = f"""
import os, socket, subprocess, tempfile, threading, time
secret = {SECRET!r}
os.environ["SECRET"] = secret
places = []
for folder in (os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir(), "/tmp", "/dev/shm", "/var/tmp"):
    try:
        path = os.path.join(folder, secret)
        with open(path, "w") as file:
            file.write(secret)
        os.chmod(path, 0o666)
        places.append(path)
    except OSError:
        pass
held = open(places[0])
child = subprocess.Popen(["sleep", "1000", ], env={{"SECRET": secret}})
heard = []
listening = []
for make, address in (
    (lambda: socket.socket(socket.AF_UNIX), "\\0" + secret),
    (lambda: socket.socket(socket.AF_UNIX), places[0] + ".s"),
    (lambda: socket.socket(), ("127.0.0.1", 45871)),
):
    try:
        server = make()
        server.bind(address)
        server.listen()
    except OSError:
        continue
    listening.append(str(address))
    def take(server=server):
        connection, _ = server.accept()
        heard.append(connection.recv(100))
    threading.Thread(target=take, daemon=True).start()
import json
print(json.dumps({{"places": places, "listening": len(listening)}}))
"""

SEARCH = """
import json, os, signal, socket
MARK = SECRET.encode()
found = []
def look(what, get):
    try:
        data = get()
    except Exception:
        return
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    if MARK in data:
        found.append(what)
me = {os.getpid(), os.getppid(), os.getpgid(0)}
look("variables", lambda: repr([v for k, v in globals().items() if k != "SECRET" and isinstance(v, str)]))
look("environment", lambda: repr(dict(os.environ)))
def read(path, size=1 << 20):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)
try:
    pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
except OSError:
    pids = [os.getpid(), *PIDS]
for pid in pids:
    for name in ("environ", "cmdline", "comm", "maps", "mounts"):
        look(f"/proc/{pid}/{name}", lambda: read(f"/proc/{pid}/{name}"))
    for name in ("cwd", "root"):
        look(f"/proc/{pid}/{name}", lambda: repr(os.listdir(f"/proc/{pid}/{name}/")))
    look(f"/proc/{pid}/fd", lambda: repr([os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]))
own = (os.getcwd(), os.path.dirname(os.getcwd()), os.path.expanduser("~"))
for top in ("/tmp", "/dev/shm", "/var/tmp", "/mnt", "/run", *own):
    for folder, folders, files in os.walk(top):
        look(folder, lambda: folder + repr(folders) + repr(files))
        for name in files:
            look(f"{folder}/{name}", lambda: read(f"{folder}/{name}"))
for path in PLACES:
    look(path, lambda: read(path))
    look(path + " opened for writing", lambda: open(path, "r+b") and MARK)
    look(path + " seen", lambda: os.stat(path) and MARK)
look("unix sockets", lambda: open("/proc/net/unix").read())
# The names are given away here: not even who knows them may come in.
for make, address in (
    (lambda: socket.socket(socket.AF_UNIX), "\\0" + SECRET),
    (lambda: socket.socket(socket.AF_UNIX), PLACES[0] + ".s"),
    (lambda: socket.socket(), ("127.0.0.1", 45871)),
):
    def connect():
        client = make()
        client.settimeout(2)
        client.connect(address)
        client.sendall(b"intruder")
        return MARK
    look(f"socket {address!r}", connect)
signalled = 0
for pid in [pid for pid in PIDS if pid not in me]:
    for number in (0, signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(pid, number)
            signalled += 1
        except OSError:
            pass
print(json.dumps({"found": sorted(set(found)), "signalled": signalled, "pids": pids, "walked": len(pids)}))
"""


@pytest.fixture(scope="module")
def visitors() -> Iterator[tuple[JupyterSandbox, JupyterSandbox]]:
    with SandboxManager(TIER, limits=Limits(cell_seconds=30), warm=False) as manager:
        yield manager.open("victim"), manager.open("intruder")


@pytest.fixture(scope="module")
def victim(visitors: tuple[JupyterSandbox, JupyterSandbox]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(text(run(visitors[0], VICTIM)))
    assert told["places"], "the victim could store its secret nowhere"
    return told


def search(sandbox: JupyterSandbox, victim: dict[str, Any], pids: list[int]) -> dict[str, Any]:
    told = json.dumps([victim["places"], pids, SECRET]).encode().hex()  # in clear, it would find its own code
    code = f"import json\nPLACES, PIDS, SECRET = json.loads(bytes.fromhex('{told}'))\n{SEARCH}"
    done = run(sandbox, code)
    assert done.ending == "ok", done.outputs
    found: dict[str, Any] = json.loads(text(done))
    return found


def test_the_search_finds_what_is_there(
    visitors: tuple[JupyterSandbox, JupyterSandbox], victim: dict[str, Any]
) -> None:
    """Run by the victim itself: a search that finds nothing anywhere would prove nothing."""
    found = search(visitors[0], victim, [])
    assert {"variables", "environment", *victim["places"]} <= set(found["found"]), found
    if TIER == "bwrap":  # in the other tier not even one's own child's can be read
        assert any("/environ" in place for place in found["found"]), found
    run(visitors[0], "heard.clear()")


def test_nothing_of_the_victim_is_found_and_nothing_reaches_it(
    visitors: tuple[JupyterSandbox, JupyterSandbox], victim: dict[str, Any]
) -> None:
    assert visitors[0].kernel is not None
    outside = [pid for pid in visitors[0].kernel.confined.pids() if pid not in (0, os.getpid())]
    found = search(visitors[1], victim, outside)
    # Landlock keeps files from being opened; that a path exists can be asked by whoever knows its name, and a
    # process reads in its own /proc/self/net which names sockets have on this computer.
    known = ("seen", "unix sockets") if TIER == "landlock" else ()
    assert [place for place in found["found"] if not (known and place.endswith(known))] == []
    assert found["signalled"] == 0
    assert set(found["pids"]).isdisjoint(outside) or TIER == "landlock"
    check = "print(secret == open(places[0]).read(), child.poll(), heard, os.environ['SECRET'] == secret)"
    assert text(run(visitors[0], check)) == "True None [] True\n"


def test_the_files_of_each_are_listed_for_each_alone(
    visitors: tuple[JupyterSandbox, JupyterSandbox], victim: dict[str, Any]
) -> None:
    assert [entry.path for entry in visitors[1].files.entries()] == []
    name = visitors[1].files.save("mine.txt", b"mine")
    listed = [entry.path for entry in visitors[0].files.entries()]
    assert SECRET in listed
    assert name not in listed
