"""run.py: what it installs, when it installs it, and what it says when that fails.

Most tests replace the calls of pip by a record of them; a few make a real (empty) environment.
"""

from __future__ import annotations

import http.server
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RUN_PY = Path(__file__).resolve().parent.parent / "run.py"
TORCH = "torch==2.13.0"
PROGRAM = "import sys; print(sys.prefix, sys.argv[1:]); sys.exit(7)\n"


def make_project(folder: Path, requirements: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(RUN_PY, folder)
    (folder / "web_demo.py").write_text(PROGRAM)
    (folder / "requirements.txt").write_text(requirements)
    (folder / "requirements-test.txt").write_text("")
    return folder


def load(folder: Path) -> ModuleType:
    """The folder's run.py as a module of its own."""
    spec = importlib.util.spec_from_file_location("run_under_test", folder / "run.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Recorder:
    """run.py with its calls of pip and of the programs recorded in `calls` instead of made."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.exit_code: Callable[[tuple[str, ...]], int] = lambda arguments: 0
        self.module = module = load(folder)
        monkeypatch.setenv("PYTHONPATH", "")  # main() sets it; this brings it back afterwards
        monkeypatch.setattr(module, "call", self._call)
        monkeypatch.setattr(module, "hand_over", lambda arguments: self.calls.append(("start", *arguments)) or 0)
        monkeypatch.setattr(module, "cpu_index_answers", lambda: False)
        monkeypatch.setattr(module, "NVIDIA", ())
        monkeypatch.setattr(module.sys, "platform", "linux")
        monkeypatch.setattr(module.os, "chdir", lambda folder: None)
        monkeypatch.setattr(module.subprocess, "run", self._make_venv)

    def _call(self, *arguments: str) -> int:
        self.calls.append(arguments)
        return self.exit_code(arguments)

    def _make_venv(self, line: list[Any], **_: object) -> subprocess.CompletedProcess[str]:
        self.calls.append(("venv",))
        self.module.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        self.module.PYTHON.touch()
        return subprocess.CompletedProcess(line, 0)

    def start(self, *arguments: str) -> list[tuple[str, ...]]:
        """What one start calls, the built-in model and the search for a browser left out."""
        self.calls.clear()
        self.module.main(list(arguments))
        return [call for call in self.calls if call[:2] not in (("-m", "glm"), ("-m", "tests.find_browser"))]

    def pip_calls(self, *arguments: str) -> list[tuple[str, ...]]:
        return [call for call in self.start(*arguments) if call[:2] == ("-m", "pip")]


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return Recorder(make_project(tmp_path, f"{TORCH}\ngradio\n"), monkeypatch)


def test_the_first_start_makes_an_environment_and_installs_the_requirements(recorder: Recorder) -> None:
    calls = recorder.start("--port", "8000")
    assert calls == [
        ("venv",),
        ("-m", "pip", "install", "-r", "requirements.txt"),
        ("start", str(recorder.module.ROOT / "web_demo.py"), "--port", "8000"),
    ]


def test_the_second_start_calls_nothing_but_the_program(recorder: Recorder) -> None:
    recorder.start()
    recorder.start()
    assert [call[0] for call in recorder.calls] == ["start"]


def test_changed_requirements_are_installed_again(recorder: Recorder) -> None:
    recorder.start()
    (recorder.module.ROOT / "requirements.txt").write_text(f"{TORCH}\ngradio\nnh3\n")
    assert len(recorder.pip_calls()) == 1
    assert recorder.pip_calls() == []


def test_the_tests_need_their_own_requirements_and_the_chat_keeps_them(recorder: Recorder) -> None:
    recorder.start()
    assert recorder.pip_calls("test", "-k", "x") == [
        ("-m", "pip", "install", "-r", "requirements.txt", "-r", "requirements-test.txt")
    ]
    assert recorder.calls[-1] == ("start", "-m", "pytest", "-k", "x")
    assert ("-m", "tests.find_browser", "--install") in recorder.calls
    assert recorder.pip_calls() == []


def test_the_built_in_model_is_built_at_set_up_and_its_failure_is_not_fatal(
    recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder.exit_code = lambda arguments: int(arguments[:3] == ("-m", "glm", "tiny"))
    recorder.start()
    assert recorder.calls[-2:] == [
        ("-m", "glm", "tiny", "build"),
        ("start", str(recorder.module.ROOT / "web_demo.py")),
    ]
    assert "its first use tries again" in capsys.readouterr().err
    recorder.start()
    assert ("-m", "glm", "tiny", "build") not in recorder.calls


@pytest.mark.parametrize("options", [["--model", "folder"], ["--model=folder"]])
def test_with_a_model_of_the_users_own_the_built_in_one_is_left_alone(recorder: Recorder, options: list[str]) -> None:
    recorder.start(*options)
    assert ("-m", "glm", "tiny", "build") not in recorder.calls


def test_without_an_nvidia_gpu_torch_comes_from_the_cpu_index_and_its_dependencies_do_not(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder.module, "cpu_index_answers", lambda: True)
    assert recorder.pip_calls() == [
        ("-m", "pip", "install", "--no-deps", "--index-url", recorder.module.CPU_INDEX, TORCH),
        ("-m", "pip", "install", "-r", "requirements.txt"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("NVIDIA", (os.devnull,)), ("CPU_INDEX", ""), ("cpu_index_answers", lambda: False)],
    ids=["with an NVIDIA GPU", "with the index switched off", "when the index cannot be reached"],
)
def test_plain_pip_is_used(recorder: Recorder, monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    monkeypatch.setattr(recorder.module, "cpu_index_answers", lambda: True)
    monkeypatch.setattr(recorder.module, name, value)
    assert recorder.pip_calls() == [("-m", "pip", "install", "-r", "requirements.txt")]


def test_plain_pip_is_used_on_other_systems(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder.module, "cpu_index_answers", lambda: True)
    monkeypatch.setattr(recorder.module.sys, "platform", "darwin")
    assert recorder.pip_calls() == [("-m", "pip", "install", "-r", "requirements.txt")]


def test_a_cpu_index_that_fails_does_not_stop_the_installation(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder.module, "cpu_index_answers", lambda: True)
    recorder.exit_code = lambda arguments: int("--index-url" in arguments)
    assert recorder.start()[-1][0] == "start"


def test_a_failed_installation_says_what_to_do_and_is_tried_again(recorder: Recorder) -> None:
    recorder.exit_code = lambda arguments: int(arguments[1:2] == ("pip",))
    with pytest.raises(SystemExit) as failure:
        recorder.start()
    for advice in ("pip config set global.index-url", "HTTPS_PROXY", "disk", "Python 3.10"):
        assert advice in str(failure.value)
    recorder.exit_code = lambda arguments: 0
    calls = recorder.start()
    assert ("venv",) not in calls, "what pip left is whole, so the environment is kept"
    assert len(recorder.pip_calls()) == 0


def test_an_interrupted_installation_is_noticed_and_repaired(
    recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(arguments: tuple[str, ...]) -> int:
        raise KeyboardInterrupt

    recorder.exit_code = interrupt
    with pytest.raises(KeyboardInterrupt):
        recorder.start()
    leftover = recorder.module.VENV / "half-written.py"
    leftover.touch()
    recorder.exit_code = lambda arguments: 0
    assert ("venv",) in recorder.start()
    assert not leftover.exists()
    assert "interrupted" in capsys.readouterr().err


def test_an_environment_whose_python_is_gone_is_made_anew(recorder: Recorder) -> None:
    recorder.start()
    recorder.module.PYTHON.unlink()
    assert ("venv",) in recorder.start()


def test_a_python_without_ensurepip_names_the_debian_package(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder.module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        recorder.start()


@pytest.mark.parametrize(("command", "program"), [("composite", "composite.py"), ("chat2", "web_demo2.py")])
def test_the_other_pages_are_started_by_their_scripts(recorder: Recorder, command: str, program: str) -> None:
    [started] = [call for call in recorder.start(command, "--port", "8000") if call[0] == "start"]
    assert started[1].endswith(program) and started[2:] == ("--port", "8000")


def test_an_unknown_command_names_the_known_ones(recorder: Recorder) -> None:
    with pytest.raises(SystemExit, match=r"unknown command 'serve'; known are web, composite, chat2, chat"):
        recorder.start("serve")


def test_the_doctor_runs_without_any_set_up(recorder: Recorder) -> None:
    assert recorder.start("doctor")[0] == ("start", "-m", "glm", "doctor")


def test_help_needs_no_set_up(tmp_path: Path) -> None:
    project = make_project(tmp_path, "")
    shown = subprocess.run([sys.executable, project / "run.py", "--help"], capture_output=True, text=True, check=True)
    for command in load(project).COMMANDS:
        assert f"\n  {command} " in shown.stdout
    assert not (project / ".venv").exists()


def test_an_older_python_gets_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    with pytest.raises(SystemExit, match=r"needs Python 3.10 or newer"):
        load(make_project(tmp_path, ""))


def test_a_probe_that_hangs_counts_as_unreachable(tmp_path: Path) -> None:
    module = load(make_project(tmp_path, ""))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        module.CPU_INDEX = f"http://127.0.0.1:{silent.getsockname()[1]}"
        module.PROBE_SECONDS = 0.2
        assert module.cpu_index_answers() is False


def write_wheel(folder: Path, name: str, version: str) -> str:
    """A package with nothing in it, enough for pip."""
    wheel, info = f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture
def cpu_index(tmp_path: Path) -> Iterator[str]:
    """An index on this machine that offers a CPU build of torch, as PyTorch's own does."""
    pages = tmp_path / "pages" / "torch"
    pages.mkdir(parents=True)
    wheel = write_wheel(pages, "torch", "2.13.0+cpu")
    (pages / "index.html").write_text(f'<!DOCTYPE html><a href="{wheel.replace("+", "%2B")}">{wheel}</a>')

    class Pages(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(pages.parent))

        def log_message(self, format: str, *arguments: object) -> None:
            """Silence."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_real_start_installs_the_cpu_build_and_passes_options_and_exit_code_on(
    tmp_path: Path, cpu_index: str
) -> None:
    project = make_project(tmp_path / "a folder with spaces", f"{TORCH}\n")
    module = load(project)
    if any(map(os.path.exists, module.NVIDIA)) or sys.platform != "linux":
        pytest.skip("the CPU build is asked for on Linux without an NVIDIA GPU only")
    own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    direct = {
        "GLM_TORCH_INDEX": cpu_index,
        "PIP_CONFIG_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    environment = {**own, **direct}
    line = [sys.executable, str(project / "run.py"), "--port", "1"]
    first = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert first.returncode == 7, first.stderr
    assert first.stdout.splitlines()[-1] == f"{module.VENV} ['--port', '1']"
    assert list(module.VENV.glob("**/torch-2.13.0+cpu.dist-info")), first.stdout

    shutil.rmtree(next(module.VENV.glob("**/site-packages/pip")))  # a second start does not miss it
    second = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout.count("\n")) == (7, 1)
    assert second.stderr == ""
