"""The engine in a process of its own: the same answers, the same errors, and no process that stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from glm import load_engine
from glm.engine import Engine
from glm.errors import ContextOverflowError, EngineError, SettingsError
from glm.events import Finished, MessageDone, PromptProgress, TextDelta
from glm.messages import Message, ToolCall
from glm.process_engine import ProcessEngine
from glm.settings import GenerationSettings
from tests.toy_glm import toy_glm

ROOT = Path(__file__).resolve().parent.parent
QUESTION = (Message("user", "Good morning, 你好"),)
GREEDY = GenerationSettings(temperature=0.0, max_new_tokens=12)
ENDLESS = GenerationSettings(seed=3, max_new_tokens=2000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # No token ends its answers, so that there is something to stop.
    return toy_glm(tmp_path_factory.mktemp("toy") / "model", eos_token_id=[49151], max_position_embeddings=4096)


@pytest.fixture(scope="module")
def apart(folder: Path) -> Iterator[ProcessEngine]:
    with contextlib.closing(load_engine(folder, own_process=True)) as engine:
        assert isinstance(engine, ProcessEngine)
        yield engine


def said(engine: Engine, settings: GenerationSettings) -> str:
    return "".join(e.text for e in engine.stream(QUESTION, settings=settings) if isinstance(e, TextDelta))


def engines(program: int | None = None) -> set[psutil.Process]:
    """The processes that hold a model for this one, or for `program`."""
    found = set()
    for process in psutil.Process(program).children():
        with contextlib.suppress(psutil.Error):
            if "glm.engine_child" in " ".join(process.cmdline()):
                found.add(process)
    return found


def wait_for(holds: Callable[[], Any], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_it_answers_as_the_engine_in_this_process_does(folder: Path, apart: ProcessEngine) -> None:
    with contextlib.closing(load_engine(folder)) as here:
        assert apart.info == here.info
        assert apart.count_tokens(QUESTION) == here.count_tokens(QUESTION) > 0
        call = ToolCall("get_time", {"place": "东京\nx"})
        assert apart.call_message(call) == here.call_message(call)
        for settings in (GREEDY, GenerationSettings(seed=5, max_new_tokens=12)):
            assert said(apart, settings) == said(here, settings) != ""


def test_many_requests_at_once_get_each_its_own_answer(apart: ProcessEngine) -> None:
    every = [GenerationSettings(seed=seed, max_new_tokens=20) for seed in range(8)]
    alone = [said(apart, settings) for settings in every]
    assert len(set(alone)) == 8
    together = [""] * 8

    def ask(index: int) -> None:
        together[index] = said(apart, every[index])

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_a_stop_ends_the_answer_and_says_what_was_said(apart: ProcessEngine) -> None:
    stop, events = threading.Event(), []
    for event in apart.stream(QUESTION, settings=ENDLESS, stop=stop):
        events.append(event)
        if isinstance(event, TextDelta):
            stop.set()
    done, finished = events[-2:]
    assert isinstance(done, MessageDone) and done.message.finish == "cancelled" and done.message.content
    assert isinstance(finished, Finished) and finished.reason == "cancelled"
    assert finished.completion_tokens < 1000


def test_a_reader_that_goes_away_frees_the_engine(apart: ProcessEngine) -> None:
    (child,) = engines()
    stream = apart.stream(QUESTION, settings=ENDLESS)
    next(event for event in stream if isinstance(event, TextDelta))
    stream.close()

    def rests() -> bool:
        before = child.cpu_times().user
        time.sleep(0.3)
        return child.cpu_times().user - before < 0.1

    wait_for(rests)


def test_its_errors_are_those_of_the_engine(apart: ProcessEngine) -> None:
    long = (Message("user", "word " * 20_000),)
    with pytest.raises(ContextOverflowError) as caught:
        list(apart.stream(long, settings=GREEDY))
    assert caught.value.over > 0
    broken = GenerationSettings(max_new_tokens=3)
    object.__setattr__(broken, "temperature", 1000.0)
    with pytest.raises(SettingsError, match="temperature"):
        list(apart.stream(QUESTION, settings=broken))
    stranger = Message("user", "?")
    object.__setattr__(stranger, "role", "nobody")
    with pytest.raises(EngineError, match="cannot be read"):
        apart.count_tokens((stranger,))
    assert said(apart, GREEDY)


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_a_process_that_does_not_answer_is_not_waited_for_without_end(
    apart: ProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glm.process_engine._SILENCE_SECONDS", 0.2)
    (child,) = engines()
    child.suspend()
    try:
        with pytest.raises(EngineError, match="does not answer"):
            apart.count_tokens(QUESTION)
    finally:
        child.resume()
    monkeypatch.undo()
    assert apart.count_tokens(QUESTION) > 0


def test_what_cannot_be_loaded_says_why_and_keeps_the_traceback(tmp_path: Path) -> None:
    before = engines()
    with pytest.raises(EngineError, match=r"config\.json") as caught:
        load_engine(tmp_path, own_process=True)
    assert "read_config" in "".join(traceback.format_exception(caught.value))
    assert engines() == before


def test_a_killed_process_fails_its_answers_and_is_started_anew_and_a_closed_one_is_gone(folder: Path) -> None:
    others, notes = engines(), []
    engine = load_engine(folder, own_process=True, progress=lambda note, fraction: notes.append(note))
    assert any("weights" in note for note in notes)
    with contextlib.closing(engine):
        before = said(engine, GREEDY)
        (child,) = engines() - others
        stream = engine.stream(QUESTION, settings=ENDLESS)
        next(event for event in stream if isinstance(event, TextDelta))
        child.kill()
        with pytest.raises(EngineError, match="killed; the computer may have run out of memory"):
            list(stream)
        events = list(engine.stream(QUESTION, settings=GREEDY))
        assert events[0] == PromptProgress(0, 0)
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == before
        assert engine.count_tokens(QUESTION) > 0
        stream = engine.stream(QUESTION, settings=ENDLESS)
        next(event for event in stream if isinstance(event, TextDelta))
        assert len(engines() - others) == 1
        engine.close()
        for events in (stream, engine.stream(QUESTION, settings=GREEDY)):
            with pytest.raises(EngineError, match="closed"):
                list(events)
    assert engines() == others


PROGRAM = """
import sys, time
sys.path.insert(0, {root!r})
from glm import load_engine
try:
    engine = load_engine({folder!r}, own_process=True)
    print("loaded", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.thorough)])
def test_it_ends_with_the_program_however_that_ends(folder: Path, tmp_path: Path, how: int) -> None:
    printed = tmp_path / "printed"
    code = PROGRAM.format(root=str(ROOT), folder=str(folder))
    with printed.open("wb") as out, subprocess.Popen(
        [sys.executable, "-c", code], stdout=out, stderr=subprocess.STDOUT, start_new_session=True
    ) as program:
        wait_for(lambda: "loaded" in printed.read_text() or program.poll() is not None, 60)
        (child,) = engines(program.pid)
        if how == signal.SIGINT:
            os.killpg(program.pid, how)  # as a terminal does: both hear it
        else:
            program.send_signal(how)
        program.wait(20)
    with contextlib.suppress(psutil.NoSuchProcess):
        child.wait(10)
    assert not child.is_running()
    assert printed.read_text() == "loaded\n" + ("interrupted\n" if how == signal.SIGINT else "")
