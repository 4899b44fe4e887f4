"""Confinement on this computer, tier by tier: what is seen inside, ended at once, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glm.errors import SandboxError
from glm.sandbox import interpreter, launch
from glm.sandbox.confine import KernelSpec, confine
from glm.sandbox.policy import WORK, Tier
from glm.sandbox.values import Limits
from tests.confinement import LINUX, Inside, python_for, tiers

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(not LINUX, reason="confinement exists on Linux only")


@pytest.fixture(params=tiers())
def tier(request: pytest.FixtureRequest) -> Tier:
    found: Tier = request.param
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not any(os.path.exists(f"/proc/{pid}") for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_it_ends_at_once_and_files_stay(tier: Tier, folder: Path) -> None:
    code = """
        import os, signal, sys
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        read, write = os.pipe()
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.write(write, b"x")
                    signal.pause()
                os._exit(0)
        for _ in range(3):
            os.read(read, 1)
        with open("kept", "w") as file:
            file.write("text")
    """
    inside = Inside(tier, folder, code)
    inside.wait()
    pids = inside.held.pids()
    assert len(pids) >= 5  # the holder, the process, its three orphans
    began = time.monotonic()
    inside.held.kill()
    assert time.monotonic() - began < 1
    assert gone(pids)
    assert inside.held.process.returncode == 128 + signal.SIGKILL
    assert inside.read("kept") == "text"
    on_disk = inside.held.work_path if tier == "landlock" else None
    inside.held.close()
    inside.held.close()
    assert on_disk is None or not os.path.exists(os.path.dirname(on_disk))


def test_what_it_sees(tier: Tier, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    code = """
        import json, os, sys
        support = open(os.environ["GLM_SUPPORT"] + "/note.txt").read()
        json.dump(
            [dict(os.environ), os.getcwd(), support, sys.argv, os.getuid(), os.listdir("/proc/self/fd")],
            open("r", "w"),
        )
    """
    inside = Inside(tier, folder, code, support={"note.txt": b"noted"}, environment={"EXTRA": "1"})
    try:
        inside.wait()
        environment, here, support, arguments, uid, descriptors = json.loads(inside.read("r"))
        assert "SECRET_TOKEN" not in environment
        assert environment["EXTRA"] == "1"
        assert environment["GLM_TIER"] == tier
        assert environment["GLM_WORK"] == here == inside.held.work_path
        assert (tier != "bwrap") or here == WORK
        assert support == "noted"
        assert arguments[1] == "-f"
        assert uid != 0
        assert len(descriptors) <= 5  # three, the result, and the listing itself
    finally:
        inside.held.close()


def test_memory_file_systems_are_bounded(folder: Path) -> None:
    if "bwrap" not in tiers():
        pytest.skip("tier bwrap only")
    code = """
        import json, os
        found = {}
        for line in open("/proc/self/mountinfo"):
            left, right = line.split(" - ")
            place, kind = left.split()[4], right.split()[0]
            try:
                open(place + "/probe", "w").close()
                os.unlink(place + "/probe")
            except OSError:
                continue
            status = os.statvfs(place)
            found[place] = [kind, status.f_blocks * status.f_frsize]
        json.dump(found, open("r", "w"))
    """
    inside = Inside("bwrap", folder, code, limits=Limits(work_bytes=8 * 2**20))
    try:
        inside.wait()
        found = json.loads(inside.read("r"))
        assert found.pop(WORK) == ["tmpfs", 8 * 2**20]
        assert all(kind == "tmpfs" and size <= 64 * 2**20 for kind, size in found.values())
        assert set(found) - {"/tmp", "/dev/shm"} == {name for name in found if name.startswith("/.ipc-")}
    finally:
        inside.held.close()


def test_deleted_files_and_deep_folders_are_counted(tier: Tier, folder: Path) -> None:
    code = """
        import os
        held = open("held", "wb")
        held.write(b"x" * 3_000_000)
        held.flush()
        os.unlink("held")
        for _ in range(200):
            os.mkdir("d")
            os.chdir("d")
        open("deep", "wb").write(b"x" * 1_000_000)
        os.chdir(os.environ["GLM_WORK"])
        for n in range(150):
            os.mkdir(f"w{n}")
    """
    inside = Inside(tier, folder, code)
    try:
        inside.wait()
        usage = inside.held.disk()
        assert usage.files > 350
        if tier == "bwrap":
            assert 4_000_000 <= usage.bytes <= 6_000_000
    finally:
        work = inside.held.work_path
        inside.held.close()
    assert tier == "bwrap" or not os.path.exists(os.path.dirname(work))


def test_deleted_files_are_counted_on_disk(folder: Path) -> None:
    if "landlock" not in tiers():
        pytest.skip("tier landlock only")
    code = """
        import os
        held = open("held", "wb")
        held.write(b"x" * 3_000_000)
        held.flush()
        os.unlink("held")
        for n in range(150):
            os.mkdir(f"w{n}")
            open(f"w{n}/f", "wb").write(b"x" * 10_000)
    """
    inside = Inside("landlock", folder, code)
    try:
        inside.wait()
        usage = inside.held.disk()
        assert 4_500_000 <= usage.bytes <= 6_000_000
        assert 300 <= usage.files <= 310
    finally:
        inside.held.close()


def test_the_exit_code_is_the_kernels(tier: Tier, folder: Path) -> None:
    for code, expected in (("import os; os._exit(7)", 7), ("import os; os.kill(os.getpid(), 11)", 128 + 11)):
        inside = Inside(tier, folder, code)
        try:
            assert inside.held.process.wait(10) == expected
            assert inside.held.pids() == []
        finally:
            inside.held.close()


def test_it_outlives_the_thread_that_started_it(tier: Tier, folder: Path) -> None:
    made: list[Inside] = []
    thread = threading.Thread(target=lambda: made.append(Inside(tier, folder, "")))
    thread.start()
    thread.join()
    (inside,) = made
    try:
        inside.wait()
        time.sleep(0.2)
        assert inside.held.process.poll() is None
    finally:
        inside.held.close()


def test_nothing_is_left_when_the_server_is_killed(tier: Tier, folder: Path) -> None:
    main = folder / "main.py"
    main.write_text("import os, time\nif os.fork() == 0:\n    os.setsid()\ntime.sleep(60)\n")
    temporary = folder / "temporary"
    temporary.mkdir()
    folder.chmod(0o755)
    temporary.chmod(0o755)
    server = f"""
        import sys, time
        from pathlib import Path
        sys.path.insert(0, {str(ROOT)!r})
        from glm.sandbox.confine import KernelSpec, confine
        spec = KernelSpec(python=Path({str(python_for(tier))!r}), kernel_main=Path({str(main)!r}), connection=b"{{}}")
        held = confine({tier!r}, spec)
        while len(held.pids()) < 4 - ({tier!r} == "landlock"):
            time.sleep(0.01)
        print(*held.pids(), flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(server)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    process.kill()
    process.wait()
    process.stdout.close()
    assert len(pids) >= 3
    assert gone(pids)
    deadline = time.monotonic() + 5
    while os.listdir(temporary) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert os.listdir(temporary) == []


def test_what_cannot_be_started_says_why(tier: Tier, folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(SandboxError, match="no_such_python"):
        confine(tier, KernelSpec(python=Path("/no_such_python"), kernel_main=Path(__file__), connection=b"{}"))
    with pytest.raises(SandboxError, match="support file"):
        confine(
            tier,
            KernelSpec(python=python_for(tier), kernel_main=Path(__file__), connection=b"{}", support={"../x": b""}),
        )
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_there_is_no_confinement_for_none() -> None:
    with pytest.raises(SandboxError):
        confine("none", KernelSpec(python=Path(sys.executable), kernel_main=Path(__file__), connection=b"{}"))


def test_an_interpreter_that_opens_the_home_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for prefix in ("/", os.path.expanduser("~"), interpreter.PACKAGE_ROOT):
        with pytest.raises(SandboxError, match="folder of its own"):
            interpreter._refuse_broad(prefix, "/x/python")
    interpreter._refuse_broad("/usr", "/usr/bin/python3")


def test_hostile_trees_are_removed_and_links_not_followed(folder: Path) -> None:
    kept = folder / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    top = folder / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for depth in range(600):
        os.mkdir("d", dir_fd=here)
        os.symlink(kept, f"link{depth}", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.mkdir("closed", 0o000, dir_fd=here)
    os.close(here)
    launch.remove_tree(str(top))
    assert not top.exists()
    assert (kept / "file").read_text() == "x"
