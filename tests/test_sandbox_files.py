"""The kernel's folder from outside: nothing leads out of it, whatever its code plants, names or swaps."""

from __future__ import annotations

import os
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glm.errors import SandboxError
from glm.sandbox.file_names import NAME_BYTES, numbered, safe_name
from glm.sandbox.files import LISTED, FolderFiles, copy_files
from glm.sandbox.folder import DEPTH, folder_usage
from glm.sandbox.values import Limits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="folders have no descriptors on Windows")

LIMITS = Limits()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("SECRET")
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def files(work: Path) -> Iterator[FolderFiles]:
    opened = open_files(work)
    yield opened
    opened.close()


def open_files(work: Path, limits: Limits = LIMITS) -> FolderFiles:
    descriptor = os.open(work, os.O_RDONLY)
    try:
        return FolderFiles(descriptor, limits)
    finally:
        os.close(descriptor)


def listed(files: FolderFiles) -> list[str]:
    return [entry.path for entry in files.entries()]


def test_files_are_listed_read_and_saved(work: Path, files: FolderFiles) -> None:
    (work / "out").mkdir()
    (work / "out" / "图 1.png").write_bytes(b"12345")
    assert files.save("data.csv", b"a,b\n") == "data.csv"
    assert listed(files) == ["data.csv", "out/图 1.png"]
    assert files.entries()[1].size == 5
    assert abs(files.entries()[1].changed - time.time()) < 60
    assert files.read("out/图 1.png") == b"12345"
    assert files.read("out/图 1.png", limit=2) == b"12"
    assert files.read("data.csv", limit=0) == b""
    assert files.read("data.csv", limit=10**12) == b"a,b\n"


def test_a_descriptor_that_only_names_the_folder_is_enough(work: Path) -> None:
    descriptor = os.open(work, getattr(os, "O_PATH", os.O_RDONLY))
    files = FolderFiles(descriptor, LIMITS)
    os.close(descriptor)
    assert files.save("a", b"1") == "a"
    assert listed(files) == ["a"]
    files.close()


@pytest.mark.parametrize(
    "path",
    [
        *("", ".", "..", "../secret.txt", "a/../../secret.txt", "/etc/passwd", "//etc/passwd", "./x", "x/", "x//y"),
        *("..\\secret.txt", "%2e%2e/secret.txt", "a/" * DEPTH + "x", "x" * 300, "x/" * 3000 + "y", "x\0y"),
        *("\ud800", "..\ufffd", "\ufffd"),
    ],
)
def test_no_path_leads_out(files: FolderFiles, path: str) -> None:
    with pytest.raises(SandboxError) as caught:
        files.read(path)
    assert "SECRET" not in str(caught.value)


def test_links_pipes_sockets_devices_and_folders_are_not_opened(work: Path, files: FolderFiles) -> None:
    (work / "absolute").symlink_to(work.parent / "secret.txt")
    (work / "relative").symlink_to("../secret.txt")
    (work / "up").symlink_to("..")
    (work / "own").write_text("own")
    (work / "inside").symlink_to("own")
    (work / "folder").mkdir()
    os.mkfifo(work / "data.csv")
    names = ["absolute", "relative", "up/secret.txt", "inside", "folder", "data.csv", "own/x", "missing"]
    if os.geteuid() == 0:
        try:
            os.mknod(work / "null", 0o20666, os.makedev(1, 3))
            names.append("null")
        except OSError:
            pass  # containers forbid it
    start = time.perf_counter()
    for name in names:
        with pytest.raises(SandboxError, match=name.partition("/")[0]):
            files.read(name)
    assert time.perf_counter() - start < 1, "a pipe was waited for"
    assert listed(files) == ["own"]


def test_swapping_a_folder_for_a_link_gains_nothing(work: Path, files: FolderFiles) -> None:
    """The race: while files are read, `way` is now a folder with a harmless file and now a link out of the folder."""
    (work / "real").mkdir()
    (work / "real" / "secret.txt").write_text("harmless")
    (work / "way").symlink_to("..")
    stopped = threading.Event()

    def swap() -> None:
        while not stopped.is_set():
            os.rename(work / "way", work / "link")
            os.rename(work / "real", work / "way")
            os.rename(work / "way", work / "real")
            os.rename(work / "link", work / "way")

    thread = threading.Thread(target=swap)
    thread.start()
    got = set()
    try:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            try:
                got.add(files.read("way/secret.txt"))
            except SandboxError:
                got.add(b"refused")
            assert {path.partition("/")[0] for path in listed(files)} <= {"way", "real"}
    finally:
        stopped.set()
        thread.join()
    assert b"refused" in got
    assert got <= {b"harmless", b"refused"}


TRICKS = [
    "<img src=x onerror=alert(1)>.png",
    "a\nSet-Cookie: x=1.txt",
    "\u202egnp.exe",
    "-rf",
    "con.txt",
    "x" * 250,
    "a\\..\\b.txt",
    "%2e%2e%2fsecret",
    '"quoted".csv',
    "中文 图.png",
    "e\u0301.txt",
    " . ",
]


def test_any_name_is_listed_safely_and_can_be_read(work: Path, files: FolderFiles) -> None:
    for number, name in enumerate(TRICKS):
        (work / name).write_text(str(number))
    with open(os.path.join(os.fsencode(work), b"bad\xff.txt"), "w") as file:
        file.write("bytes")
    (work / ".hidden").write_text("hidden")
    found = listed(files)
    assert len(found) == len(TRICKS) + 1
    for path in found:
        path.encode()
        assert all(unicodedata.category(c)[0] != "C" and c not in "\\/\n\u202e" for c in path)
    assert {files.read(path) for path in found} == {b"bytes", *(str(n).encode() for n in range(len(TRICKS)))}
    assert "bad�.txt" in found and "a�Set-Cookie: x=1.txt" in found


def test_two_names_that_are_shown_alike_are_not_mixed_up(work: Path, files: FolderFiles) -> None:
    (work / "a\n").write_text("1")
    assert files.read("a�") == b"1"
    (work / "a\r").write_text("2")
    with pytest.raises(SandboxError, match="no file"):
        files.read("a�")
    (work / "a�").write_text("3")
    assert files.read("a�") == b"3"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.csv", "report.csv"),
        ("中文 图.png", "中文 图.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\a.txt", "a.txt"),
        ("a\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
        ('"quoted".csv', "_quoted_.csv"),
        ("con.txt", "_con.txt"),
        ("NUL", "_NUL"),
        ("console.txt", "console.txt"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        ("\x00\ud800/", "file"),
        ("name. . ", "name"),
        ("a  \t b.txt", "a b.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
        ("图" * 100 + ".csv", "图" * 38 + ".csv"),
        ("a." + "b" * 300, "a." + "b" * 118),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert safe_name(safe) == safe
    assert len(safe.encode()) <= NAME_BYTES
    assert len(numbered(safe, 99).encode()) <= NAME_BYTES


def test_an_upload_never_replaces_and_never_follows(work: Path, files: FolderFiles) -> None:
    (work / "a.csv").symlink_to(work.parent / "secret.txt")
    (work / "a (2).csv").symlink_to(work / "dangling")
    assert files.save("../a.csv", b"mine") == "a (3).csv"
    assert files.save("a.csv", b"again") == "a (4).csv"
    assert (work.parent / "secret.txt").read_text() == "SECRET"
    assert not (work / "dangling").exists()
    assert files.read("a (3).csv") == b"mine"
    for number in range(5, 101):
        (work / f"a ({number}).csv").touch()
    with pytest.raises(SandboxError, match=r"100 files called like 'a\.csv'"):
        files.save("a.csv", b"once more")


def test_quotas_hold(work: Path) -> None:
    small = replace(LIMITS, upload_bytes=10_000, work_bytes=20_000, work_files=4, file_bytes=15_000)
    files = open_files(work, small)
    with pytest.raises(SandboxError, match=r"'big' has 10,001 bytes and an upload at most 10,000"):
        files.save("big", b"x" * 10_001)
    files.save("one", b"x" * 10_000)
    with pytest.raises(SandboxError, match="does not fit"):
        files.save("two", b"x" * 10_000)
    for name in "bcd":
        files.save(name, b"")
    with pytest.raises(SandboxError, match="4 files"):
        files.save("e", b"")
    assert sorted(os.listdir(work)) == ["b", "c", "d", "one"]
    os.truncate(work / "one", 15_001)
    with pytest.raises(SandboxError, match="more than 15,000 bytes"):
        files.read("one")
    assert len(files.read("one", limit=15_001)) == 15_000
    files.close()


def test_listing_is_bounded_in_number_and_depth(work: Path, files: FolderFiles) -> None:
    for number in range(LISTED + 10):
        (work / f"{number:04}").touch()
    deep = work
    for _ in range(DEPTH + 2):
        deep = deep / "d"
        deep.mkdir()
        (deep / "f").touch()
    found = listed(files)
    assert len(found) == LISTED
    for number in range(LISTED + 10):
        (work / f"{number:04}").unlink()
    assert listed(files) == ["d/" * level + "f" for level in range(DEPTH - 1, 0, -1)]
    assert files.read("d/" * (DEPTH - 1) + "f") == b""


def test_the_folder_is_measured_to_its_ground_and_no_further(work: Path) -> None:
    descriptor = os.open(work, os.O_RDONLY)
    open_before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert folder_usage(descriptor, most_files=10).files == 0
    (work / ".hidden").write_bytes(b"x" * 100_000)
    (work / "a").mkdir()
    (work / "a" / "b").write_bytes(b"x" * 50_000)
    (work / "link").symlink_to("/")
    usage = folder_usage(descriptor, most_files=10)
    assert (usage.files, usage.complete) == (4, True)
    assert 150_000 <= usage.bytes < 400_000
    assert folder_usage(descriptor, most_files=2).complete is False
    deep = work
    for _ in range(40):
        deep = deep / "d"
        deep.mkdir()
    assert folder_usage(descriptor, most_files=1000).complete is False
    if open_before:
        assert len(os.listdir("/proc/self/fd")) == open_before
    os.close(descriptor)


def test_files_move_to_the_next_kernel(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old / "sub" / "deeper", new):
        folder.mkdir(parents=True)
    (old / "a.csv").write_text("a")
    (old / "sub" / "deeper" / "b\n.txt").write_text("b")
    (old / "big").write_bytes(b"x" * 2000)
    (old / "link").symlink_to("/etc/passwd")
    os.mkfifo(old / "pipe")
    os.utime(old / "a.csv", (1, 1))
    source, target = os.open(old, os.O_RDONLY), os.open(new, os.O_RDONLY)
    assert copy_files(source, target, replace(LIMITS, file_bytes=1000)) == (2, 1)
    assert sorted(path.name for path in new.rglob("*")) == ["a.csv", "b\n.txt", "deeper", "sub"]
    assert (new / "sub" / "deeper" / "b\n.txt").read_text() == "b"
    assert (new / "a.csv").stat().st_mtime == 1
    os.close(source)
    os.close(target)


def test_closed_files_say_so(work: Path) -> None:
    files = open_files(work)
    files.close()
    files.close()
    for use in (files.entries, lambda: files.read("a"), lambda: files.save("a", b"")):
        with pytest.raises(SandboxError, match="closed"):
            use()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root gives files away")
def test_as_root_the_files_belong_to_the_folders_owner(work: Path, files: FolderFiles) -> None:
    os.chown(work, 60001, 60001)
    files.save("a", b"1")
    assert (work / "a").stat().st_uid == 60001
