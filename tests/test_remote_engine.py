"""The engine over HTTP: a real server and real connections, the scripted engine or a small real model behind it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import get_args

import httpx2
import pytest
import uvicorn

from apps.engine_loader import check_model_name
from glm import load_engine, wire
from glm.conversation import Conversation
from glm.engine import KEY_VARIABLE, EngineInfo
from glm.engine_server import ALIVE_SECONDS, EngineServer
from glm.errors import ContextOverflowError, EngineError, GlmError, SettingsError
from glm.events import (
    CallDelta,
    EngineEvent,
    Finished,
    MessageDone,
    PromptProgress,
    Queued,
    TextDelta,
    ThoughtDelta,
    ToolCalled,
)
from glm.messages import Message, ToolCall, ToolSpec
from glm.model_options import add_model_options, load_arguments
from glm.remote_engine import RemoteEngine
from glm.scripted_engine import Reply, ScriptedEngine
from glm.settings import GenerationSettings
from tests.toy_glm import toy_glm

KEY = "the key of the tests"
SETTINGS = GenerationSettings(temperature=0.0, max_new_tokens=4000)
QUESTION = (Message("user", "Hello <|user|> 你好"),)
TOOLS = (ToolSpec("get_time", "Time of a place.", {"type": "object", "properties": {"place": {"type": "string"}}}),)


class Served:
    """A server with its engine; `url` is its address."""

    def __init__(self, engine):
        self.engine = engine
        self.server = EngineServer(engine, KEY)
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            self.server.app, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        wait_for(lambda: self._uvicorn.started)

    def end(self):
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._thread.join(10)
        self.engine.close()


def answers(port):
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def idle():
    """Nothing is being made any more, and nobody waits for it."""
    return not any(thread.name in ("engine-stream", "engine-lines") for thread in threading.enumerate())


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def served():
    made = Served(ScriptedEngine(delay=0.003))
    yield made
    made.end()


@pytest.fixture
def remote(served):
    with contextlib.closing(RemoteEngine(served.url, KEY)) as made:
        yield made


def test_every_event_arrives_as_it_was_sent(served, remote):
    served.engine.enqueue(Reply(("Thinking of 你好 🙂 \x00", ToolCall("get_time", {"place": "Tokyo", "n": [1, None]}))))
    there = list(remote.stream(QUESTION, tools=TOOLS, settings=SETTINGS))
    assert served.engine.asked[-1].messages == QUESTION
    assert served.engine.asked[-1].tools == TOOLS
    assert {type(event) for event in there} >= {TextDelta, MessageDone, ToolCalled, Finished}
    assert [event.call.arguments for event in there if isinstance(event, ToolCalled)] == [
        {"place": "Tokyo", "n": [1, None]}
    ]


def test_all_kinds_of_events_survive_the_way():
    call = ToolCall("f", None, "no closing bracket")
    every = [
        Queued(2, 1.5), Queued(1), PromptProgress(1, 2), TextDelta("a\nb\u2028"), ThoughtDelta("t"),
        CallDelta("f", "x"), MessageDone(Message("assistant", "c", "f", call, "length", "thought")), ToolCalled(call),
        Finished("length", 1, 2, 0.5, 0.25), EngineInfo("m", "cpu", "float32", 100, "why", False),
    ]  # fmt: skip
    assert {type(event) for event in every} == {*get_args(EngineEvent), EngineInfo}
    for event in every:
        text = wire.line(event).decode()
        assert text.count("\n") == 1
        assert wire.read_line(text) == event


def test_the_engine_describes_itself_and_counts(served, remote):
    assert remote.info == served.engine.info
    assert remote.count_tokens(QUESTION, tools=TOOLS) == served.engine.count_tokens(QUESTION, tools=TOOLS) > 0
    call = ToolCall("get_time", {"place": "东京"})
    assert remote.call_message(call) == served.engine.call_message(call)


def test_a_real_model_answers_the_same_from_afar(tmp_path):
    engine = load_engine(toy_glm(tmp_path / "model"))
    made = Served(engine)
    try:
        with contextlib.closing(RemoteEngine(made.url, KEY)) as remote:
            sampled = GenerationSettings(seed=5, max_new_tokens=12)
            for settings in (GenerationSettings(temperature=0.0, max_new_tokens=12), sampled):
                texts = [
                    "".join(e.text for e in one.stream(QUESTION, settings=settings) if isinstance(e, TextDelta))
                    for one in (engine, remote)
                ]
                assert texts[0] == texts[1] != ""
            long = (Message("user", "word " * 5000),)
            with pytest.raises(ContextOverflowError) as caught:
                list(remote.stream(long, settings=SETTINGS))
            assert caught.value.over > 0
    finally:
        made.end()


def test_stop_ends_an_answer_and_keeps_what_was_said(served, remote):
    served.engine.enqueue("word " * 10_000)
    conversation = Conversation(remote)
    seen = []
    for event in conversation.send("Go on"):
        seen.append(event)
        if sum(isinstance(one, TextDelta) for one in seen) == 3:
            conversation.stop()
    assert seen[-1].reason == "cancelled"
    said = conversation.messages[-1]
    assert said.finish == "cancelled" and said.content.startswith("word word ")
    assert len(said.content) < 1000
    wait_for(lambda: idle() and served.server.streams == 0)


def test_a_reader_that_goes_away_stops_the_work(served, remote):
    served.engine.enqueue("word " * 10_000)
    events = remote.stream(QUESTION, settings=SETTINGS)
    while not isinstance(next(events), TextDelta):
        pass
    assert served.server.streams == 1
    events.close()
    wait_for(lambda: idle() and served.server.streams == 0)


def test_a_reader_that_goes_away_while_the_prompt_is_read_stops_the_work_at_once(served, remote):
    served.engine.enqueue(Reply(("never",), prefill_seconds=3600))
    events = remote.stream(QUESTION, settings=SETTINGS)
    assert isinstance(next(events), PromptProgress)
    events.close()
    wait_for(lambda: served.server.streams == 0, seconds=ALIVE_SECONDS - 1)


def test_a_client_that_vanishes_stops_the_work(served):
    served.engine.enqueue("word " * 10_000)
    host, port = served.url.removeprefix("http://").split(":")
    body = wire.ask_body(QUESTION, (), SETTINGS, "", "gone")
    head = f"POST /stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body)
        wait_for(lambda: served.server.streams == 1)
    wait_for(lambda: idle() and served.server.streams == 0)


def test_an_engine_that_dies_leaves_the_question(served, remote):
    served.engine.enqueue("word " * 10_000)
    conversation = Conversation(remote)
    events = conversation.send("Go on")
    while not isinstance(next(events), TextDelta):
        pass
    threading.Thread(target=served.end, daemon=True).start()
    with pytest.raises(EngineError, match=r"try again|does not answer|closed"):
        list(events)
    assert conversation.messages[0] == Message("user", "Go on")
    with pytest.raises(EngineError, match="python -m glm engine"):
        list(conversation.retry())


def test_a_failure_of_the_engine_is_told_in_its_words(served, remote):
    served.engine.enqueue(Reply(("a", EngineError("the device is on fire; put it out"))))
    with pytest.raises(EngineError, match="the device is on fire; put it out"):
        list(remote.stream(QUESTION, settings=SETTINGS))
    assert isinstance(list(remote.stream(QUESTION, settings=SETTINGS))[-1], Finished)


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", f"Basic {KEY}", f"Bearer {KEY}x", "Bearer ü"])
def test_no_route_but_the_sign_of_life_opens_without_the_key(served, given):
    headers = {} if given is None else {"authorization": given.encode()}
    with httpx2.Client(base_url=served.url, headers=headers, trust_env=False) as client:
        for route in served.server.app.routes:
            for method in route.methods:
                answer = client.request(method, route.path.replace("{key}", "a"))
                assert answer.status_code == (200 if route.path == "/healthz" else 401), (method, route.path)
    assert not served.engine.asked


def test_a_wrong_key_and_a_wrong_address_are_explained(served, monkeypatch):
    with pytest.raises(EngineError, match=KEY_VARIABLE):
        RemoteEngine(served.url, "wrong")
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    RemoteEngine(served.url).close()
    for address in ("127.0.0.1:80", "ftp://x", "http://", f"{served.url}/path", "http://user:key@x"):
        with pytest.raises(EngineError, match="looks like http"):
            RemoteEngine(address, KEY)


def test_an_address_takes_the_place_of_a_model(served, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    parser = argparse.ArgumentParser()
    add_model_options(parser)
    given = parser.parse_args(["--engine", served.url])
    check_model_name(given.model)
    with contextlib.closing(load_engine(given.model, **load_arguments(given))) as engine:
        assert isinstance(engine, RemoteEngine) and engine.info == served.engine.info


def test_a_proxy_in_the_environment_is_not_asked(served, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    RemoteEngine(served.url, KEY).close()


def test_what_is_no_request_is_refused_and_the_engine_goes_on(served, remote):
    good = json.loads(wire.ask_body(QUESTION, TOOLS, SETTINGS, "v", "i"))
    bad = [
        b"",
        b"[]",
        b"{",
        b'"x"',
        b"[" * 100_000,
        json.dumps(good | {"messages": [{"role": "root", "content": ""}]}).encode(),
    ]
    bad += [json.dumps(good | change).encode() for change in (
        {"settings": {"temperature": 9}}, {"settings": {"evil": 1}}, {"id": "../x"}, {"visitor": 5}, {"messages": None},
        {"messages": [{"role": "root", "content": ""}]},
        {"messages": [{"role": "assistant", "content": "x", "header": "a\nb"}]},
    )]  # fmt: skip
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx2.Client(base_url=served.url, headers=headers, trust_env=False) as client:
        for body in bad:
            answer = client.post("/stream", content=body)
            assert answer.status_code == 400 and "Traceback" not in answer.text, body[:80]
        too_long = client.post("/stream", content=b" " * (wire.MAX_BODY_BYTES + 1))
        assert too_long.status_code == 400 and "shorten" in too_long.text
    assert not served.engine.asked
    assert isinstance(list(remote.stream(QUESTION, settings=SETTINGS))[-1], Finished)


def test_nothing_a_stranger_sends_gets_further_than_a_sentence():
    rng = random.Random(7)
    good = wire.line(MessageDone(Message("assistant", "c", "f", ToolCall("f", {"a": 1})))).decode()
    ask = wire.ask_body(QUESTION, TOOLS, SETTINGS, "v", "i")
    for _ in range(400):
        text = list(good)
        body = bytearray(ask)
        for _ in range(rng.randint(1, 6)):
            text[rng.randrange(len(text))] = chr(rng.choice((0, 10, 34, 44, 91, 123, 125, 0xD800, rng.randrange(128))))
            body[rng.randrange(len(body))] = rng.randrange(256)
        with contextlib.suppress(GlmError):
            assert isinstance(wire.read_line("".join(text)), (*get_args(EngineEvent), EngineInfo))
        with contextlib.suppress(EngineError, SettingsError):
            assert isinstance(wire.read_ask(bytes(body))[0], wire.Ask)


def test_the_command_serves_until_ctrl_c():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "glm", "engine", "--model", "scripted", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as program:
        try:
            said = [program.stdout.readline() for _ in range(3)]
            key = said[2].partition(f"{KEY_VARIABLE}=")[2].split()[0]
            assert len(key) >= 32 and f"--engine http://127.0.0.1:{port}" in said[2]
            wait_for(lambda: answers(port))
            with contextlib.closing(RemoteEngine(f"http://127.0.0.1:{port}", key)) as remote:
                assert remote.info.name == "scripted"
            taken = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
            assert taken.returncode == 2 and "--port" in taken.stderr and "Traceback" not in taken.stderr
        finally:
            program.send_signal(signal.SIGINT)
            errors = program.communicate(timeout=20)[1]
    assert program.returncode in (0, 130) and "Traceback" not in errors
