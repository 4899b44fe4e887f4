"""The command line of the web programs, bad input included: one sentence, an exit code, no traceback."""

from __future__ import annotations

import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps import engine_loader, options, serving
from apps.texts import LANGS, TEXTS
from glm import load_engine
from glm.engine import Engine
from glm.errors import CheckpointError, EngineError
from glm.events import Finished, PromptProgress
from glm.messages import Message
from glm.scripted_engine import ScriptedEngine
from glm.settings import GenerationSettings

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "web_demo.py", "--no-open", *arguments]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=100, check=False
    )


def parsed(*arguments: str) -> options.Options:
    return options.parse(options.parser("web_demo.py", "test"), arguments)


def test_left_out_options_have_their_documented_defaults() -> None:
    assert parsed() == options.Options()


def test_every_option_is_passed_on() -> None:
    given = parsed(
        "--model", "some/model", "--host", "localhost", "--port", "8000", "--device", "cpu", "--dtype", "float32",
        "--quantize", "keep", "--no-open", "--debug", "--generation", "chatglm2", "--adapter", "lora", "--gpus", "2",
        "--hub", "modelscope", "--revision", "v1",
    )  # fmt: skip
    loading = {
        "device": "cpu", "dtype": "float32", "quantize": "keep", "generation": "chatglm2", "adapter": "lora",
        "hub": "modelscope", "revision": "v1", "gpus": 2,
    }  # fmt: skip
    assert given == options.Options("some/model", "localhost", 8000, open_browser=False, debug=True, **loading)
    assert given.load_arguments() == loading


def test_the_arguments_of_loading_are_those_that_an_engine_is_loaded_with() -> None:
    parameters = inspect.signature(load_engine).parameters
    others = ("path_or_id", "progress", "max_slots", "kv_budget", "own_process")
    defaults = {name: entry.default for name, entry in parameters.items() if name not in others}
    assert parsed().load_arguments() == defaults


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--gpus", "0"), "a number of GPUs is a whole number from 1 to 64, got '0'"),
        (("--gpus", "two"), "a number of GPUs is a whole number from 1 to 64, got 'two'"),
        (("--device", "tpu"), "a device is auto, cpu, cuda, cuda:N or mps, got 'tpu'"),
        (("--hub", "gitee"), "invalid choice: 'gitee'"),
        (("--generation", "chatglm9"), "invalid choice: 'chatglm9'"),
        (("--quantize", "int2"), "invalid choice: 'int2'"),
    ],
)
def test_a_value_that_no_model_can_be_loaded_with_is_refused(
    arguments: tuple[str, str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_help_names_every_option_with_its_default() -> None:
    shown = run("--help").stdout
    for name in ("model", "host", "port", "device", "dtype", "quantize", "open", "debug"):
        assert f"--{name} " in shown
    for name in ("generation", "adapter", "hub", "revision", "gpus"):
        assert f"--{name} " in shown
    for default in ("127.0.0.1", "7860", "default: auto", "default: none"):
        assert default in shown


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
def test_addresses_that_others_could_reach_are_refused(host: str) -> None:
    with pytest.raises(options.OptionsError, match="without a password"):
        parsed("--host", host)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eighty"])
def test_a_port_is_a_number_in_range(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--port", port)
    assert "a port is a whole number from 1 to 65535" in capsys.readouterr().err


def _folder(path: Path, *names: str) -> str:
    path.mkdir()
    for name in names:
        (path / name).write_text("{}")
    return str(path)


def test_a_missing_folder_ends_the_program_with_one_sentence() -> None:
    ended = run("--model", "./no/such/folder")
    assert ended.returncode == 2
    assert ended.stderr == (
        "web_demo.py: there is no folder './no/such/folder'; "
        "check the path, or leave --model out for the built-in model\n"
    )


def test_debug_shows_the_traceback_too() -> None:
    assert "Traceback" in run("--model", "./no/such/folder", "--debug").stderr


def test_folders_that_are_no_checkpoints_are_found_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no config\.json"):
        engine_loader.check_model_name(_folder(tmp_path / "empty"))
    with pytest.raises(CheckpointError, match="has no weights"):
        engine_loader.check_model_name(_folder(tmp_path / "half", "config.json"))
    with pytest.raises(CheckpointError, match="is a file"):
        engine_loader.check_model_name(str(tmp_path / "half" / "config.json"))
    with pytest.raises(CheckpointError, match="neither a folder here nor a hub id"):
        engine_loader.check_model_name("chatglm3-6b")
    for fine in (None, "scripted", "THUDM/chatglm3-6b", _folder(tmp_path / "full", "config.json", "a.safetensors")):
        engine_loader.check_model_name(fine)


def test_a_port_in_use_is_told_with_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("--model", "scripted", "--port", str(port))
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"web_demo.py: port {port} is in use") and "use --port " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_model_that_fails_to_load_ends_the_program_with_its_reason(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "odd", "model.safetensors")
    (Path(folder) / "config.json").write_text(json.dumps({"model_type": "no_such_architecture"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ended = run("--model", folder, "--port", str(port))
    assert ended.returncode == 1
    assert ended.stderr.startswith("web_demo.py: ") and "Traceback" not in ended.stderr
    assert "no_such_architecture" in ended.stderr


def test_the_environment_keeps_gradio_home_and_proxies_away_from_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    serving.stay_offline()
    assert os.environ["NO_PROXY"] == "intranet.example,localhost,127.0.0.1,::1"
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


class _Gate:
    """A loader whose loading ends when the test says so."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.fault: Exception | None = None
        self.loader = engine_loader.EngineLoader(self._load, name="slow model").start()

    def _load(self, progress: engine_loader.Progress) -> Engine:
        progress("reading weights", 0.5)
        self.opened.wait(20)
        if self.fault is not None:
            raise self.fault
        return ScriptedEngine(["Hello"])


@pytest.fixture
def gate() -> Iterator[_Gate]:
    made = _Gate()
    yield made
    made.opened.set()


def _ask(gate: _Gate, stop: threading.Event | None = None) -> Iterator[object]:
    engine = engine_loader.WaitingEngine(gate.loader)
    return engine.stream([Message("user", "Hi")], settings=GenerationSettings(), stop=stop)


def test_a_question_asked_while_loading_waits_and_is_then_answered(gate: _Gate) -> None:
    events = _ask(gate)
    assert next(events) == PromptProgress(0, 0)
    assert gate.loader.state == engine_loader.LoadState("loading", "reading weights", 0.5)
    gate.opened.set()
    assert isinstance(list(events)[-1], Finished)


def test_stop_ends_the_wait_for_the_model(gate: _Gate) -> None:
    stop = threading.Event()
    events = _ask(gate, stop)
    next(events)
    stop.set()
    assert list(events) == [Finished("cancelled")]


def test_a_model_that_cannot_be_loaded_is_an_error_where_the_answer_is_read(gate: _Gate) -> None:
    gate.fault = CheckpointError("shard 2 is damaged; copy it again")
    events = _ask(gate)
    next(events)
    gate.opened.set()
    with pytest.raises(EngineError, match="shard 2 is damaged; copy it again"):
        list(events)
    assert gate.loader.error is gate.fault


def test_every_text_is_there_in_both_languages_with_the_same_blanks() -> None:
    for key, wordings in TEXTS.items():
        assert len(wordings) == len(LANGS) and all(wordings), key
        blanks = [sorted(part.split("}")[0] for part in wording.split("{")[1:]) for wording in wordings]
        assert blanks[0] == blanks[1], key


def test_decisions_of_the_loading_stay_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def load(progress: engine_loader.Progress) -> ScriptedEngine:
        progress("Loading the weights", 0.5)
        progress("Device cpu: as asked\n", None)
        return ScriptedEngine()

    loader = engine_loader.EngineLoader(load).start()
    assert loader.wait(10)
    assert capsys.readouterr().out == "Device cpu: as asked\n"
