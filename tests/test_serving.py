"""What one engine for many visitors does: known beginnings, limited memory, a fair queue. On a small random GLM."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence

import pytest
import torch
from transformers import GlmForCausalLM

from glm import request_queue
from glm.cache_budget import STEP
from glm.errors import CacheOverflowError, ContextOverflowError, EngineError
from glm.events import EngineEvent, PromptProgress, Queued
from glm.messages import Message
from glm.settings import GenerationSettings
from glm.torch_engine import TorchEngine
from tests.small_engine import (
    CONTEXT,
    PATIENCE,
    Engines,
    PlainFormat,
    ask,
    generated,
    is_idle,
    last,
    small_model,
    text_of,
    wait_for,
)

TOKEN_BYTES = 2 * 2 * 2 * 16 * 4
"""Layers, keys and values, heads, numbers of each, bytes of each."""

LONG = "A beginning that many prompts have in common. " * 6


@pytest.fixture(scope="module")
def model() -> GlmForCausalLM:
    return small_model()


@pytest.fixture(params=["fast", "library"])
def either(request: pytest.FixtureRequest, model: GlmForCausalLM, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    """Start engines with our forward pass, then with the library's."""
    if request.param == "library":
        monkeypatch.setattr("glm.fast_glm.can_speed_up", lambda model: False)
    engines = Engines(model)
    yield engines
    engines.close()


@pytest.fixture
def start(model: GlmForCausalLM) -> Iterator[Engines]:
    engines = Engines(model)
    yield engines
    engines.close()


class Held:
    """Holds the worker at a token of one prompt until it is released."""

    def __init__(self, fmt: PlainFormat, prompt: str, token: int = 1) -> None:
        self.reached, self.released = threading.Event(), threading.Event()
        self._waited_for = (prompt, token)
        fmt.on_token = self._on_token

    def _on_token(self, prompt: str, count: int) -> None:
        if (prompt, count) == self._waited_for:
            self.reached.set()
            assert self.released.wait(PATIENCE)


class Asking(threading.Thread):
    """Asks on a thread of its own, and keeps the events or the error."""

    def __init__(self, engine: TorchEngine, prompt: str, *args: object, **options: object) -> None:
        super().__init__()
        self.events: list[EngineEvent] = []
        self.error: EngineError | None = None
        self._ask = lambda: ask(engine, prompt, *args, **options)  # type: ignore[arg-type]
        self.start()

    def run(self) -> None:
        try:
            self.events = self._ask()
        except EngineError as error:
            self.error = error

    def text(self) -> str:
        self.join(PATIENCE)
        return text_of(self.events)


def test_the_next_turn_computes_only_what_is_new(model: GlmForCausalLM, either: Engines) -> None:
    engine = either(prefill_chunk=16)
    said, before = LONG, 0
    for turn in range(4):
        events = ask(engine, said, 30)
        assert text_of(events) == generated(model, said, 30), f"turn {turn}"
        known = last(events).reused_tokens
        assert known >= before and bool(known) == bool(turn)  # random bytes are not always text: some may be lost
        progress = [event.done for event in events if isinstance(event, PromptProgress)]
        assert progress[1] == (known if turn else 16)
        before = len(said.encode())
        said += text_of(events) + f" And then, for the {turn}. time?"
        wait_for(lambda: is_idle(engine))


def test_the_last_token_of_a_known_prompt_is_computed_again(model: GlmForCausalLM, either: Engines) -> None:
    engine = either()
    first = ask(engine, LONG, 20)
    again = ask(engine, LONG, 20)
    assert text_of(again) == text_of(first) == generated(model, LONG, 20)
    assert last(again).reused_tokens == len(LONG) - 1


def test_a_common_beginning_is_taken_from_an_answer_in_progress(model: GlmForCausalLM, either: Engines) -> None:
    fmt = PlainFormat()
    engine = either(fmt)
    held = Held(fmt, LONG + "one", 5)
    first = Asking(engine, LONG + "one", 40)
    assert held.reached.wait(PATIENCE)
    second = Asking(engine, LONG + "another", 40)
    wait_for(lambda: len(engine._queue) == 1)
    held.released.set()
    assert second.text() == generated(model, LONG + "another", 40)
    assert first.text() == generated(model, LONG + "one", 40)
    assert last(second.events).reused_tokens == len(LONG)


def test_a_short_common_beginning_leaves_the_longer_conversation_known(start: Engines) -> None:
    engine = start()
    ask(engine, LONG * 2, 10)
    ask(engine, LONG[:30] + "something else", 10)
    assert last(ask(engine, LONG * 2, 10)).reused_tokens == 2 * len(LONG) - 1


def test_random_conversations_among_each_other_say_what_they_say_alone(model: GlmForCausalLM, either: Engines) -> None:
    """Joining, leaving, stopping and reusing in random order; every answer is that of the library's own generate."""
    engine = either(max_slots=4, prefill_chunk=32)
    chance = random.Random(7)
    wrong: list[str] = []

    def converse(number: int) -> None:
        own = random.Random(number)
        said = LONG[: own.choice([0, 40, 200])] + f"visitor {number} "
        for _ in range(4):
            count = own.randint(1, 25)
            stop = threading.Event()
            if own.random() < 0.3:
                threading.Timer(own.random() * 0.1, stop.set).start()
            events = ask(engine, said, count, stop, visitor=str(number % 3))
            written = last(events).completion_tokens
            with torch.inference_mode():
                expected = generated(model, said, written) if written else ""
            if text_of(events) != expected:
                wrong.append(said)
            said += text_of(events) + " and?"

    threads = [threading.Thread(target=converse, args=(number,)) for number in range(8)]
    for thread in chance.sample(threads, len(threads)):
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert wrong == []
    wait_for(lambda: is_idle(engine))


def test_rows_much_shorter_than_others_are_read_one_by_one_and_say_the_same(
    model: GlmForCausalLM, start: Engines
) -> None:
    fmt = PlainFormat()
    engine = start(fmt)
    seen = []
    look_at = engine._decoder.cache.look_at
    engine._decoder.cache.look_at = lambda window: seen.append(window.lengths) or look_at(window)
    prompts = ["x" * 600, "a short one", "and another"]
    held = Held(fmt, prompts[0])
    asking = [Asking(engine, prompts[0], 40)]
    assert held.reached.wait(PATIENCE)
    asking += [Asking(engine, prompt, 30) for prompt in prompts[1:]]
    wait_for(lambda: len(engine._queue) == 2)
    held.released.set()
    assert [one.text() for one in asking] == [
        generated(model, p, n) for p, n in zip(prompts, (40, 30, 30), strict=True)
    ]
    assert any(lengths is not None and len(lengths) == 3 for lengths in seen)


@pytest.mark.parametrize("error", [ValueError("stumbled"), EngineError("refused")])
def test_nothing_is_kept_of_a_request_that_failed(start: Engines, error: Exception) -> None:
    fmt = PlainFormat()
    engine = start(fmt)

    def fail(prompt: str, count: int) -> None:
        if count == 3:
            raise error

    fmt.on_token = fail
    with pytest.raises(EngineError):
        ask(engine, LONG, 20)
    fmt.on_token = lambda prompt, count: None
    assert last(ask(engine, LONG, 20)).reused_tokens == 0


def test_a_prompt_whose_chunk_computes_invalid_numbers_fails_and_is_not_kept(
    model: GlmForCausalLM, start: Engines
) -> None:
    engine = start(prefill_chunk=32)
    prefill = engine._decoder.prefill

    def poisoned(row: int, ids: Sequence[int], begin: int) -> torch.Tensor:
        scores = prefill(row, ids, begin)
        if begin == 32:
            for layer in engine._decoder.cache.layers:
                layer.values[row, :, begin : begin + 32] = float("nan")
            return scores * float("nan")
        return scores

    engine._decoder.prefill = poisoned
    with pytest.raises(EngineError, match=r"invalid numbers .* after 64 tokens"):
        ask(engine, LONG, 20)
    engine._decoder.prefill = prefill
    events = ask(engine, LONG, 20)
    assert text_of(events) == generated(model, LONG, 20) and last(events).reused_tokens == 0


def test_what_was_read_of_a_stopped_prompt_is_kept(model: GlmForCausalLM, start: Engines) -> None:
    engine = start(prefill_chunk=16)
    stop = threading.Event()
    prefill = engine._decoder.prefill
    engine._decoder.prefill = lambda row, ids, begin: (stop.set() if begin == 32 else None, prefill(row, ids, begin))[1]
    assert last(ask(engine, LONG, 20, stop)).reason == "cancelled"
    engine._decoder.prefill = prefill
    events = ask(engine, LONG, 20)
    assert last(events).reused_tokens == 48 and text_of(events) == generated(model, LONG, 20)


def test_a_prompt_that_must_be_read_in_one_piece_reuses_nothing(
    start: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glm.fast_glm.FastGlm.uncut_prompt", True, raising=False)
    engine = start(prefill_chunk=16)
    for _ in range(2):
        events = ask(engine, LONG, 10)
        assert last(events).reused_tokens == 0
        assert [event.done for event in events if isinstance(event, PromptProgress)] == [0, len(LONG)]
    assert len(engine._rows.kept) == 0


def test_what_is_kept_stays_within_half_of_the_budget(start: Engines) -> None:
    budget = 4 * STEP * TOKEN_BYTES
    engine = start(kv_budget=budget)
    for number in range(12):
        ask(engine, f"{number} " + "x" * 150, 10)
        wait_for(lambda: is_idle(engine))
        assert engine._rows.kept.nbytes <= budget // 2
    assert len(engine._rows.kept) > 0


def test_what_is_kept_makes_way_for_a_request_that_needs_the_memory(start: Engines) -> None:
    fmt = PlainFormat()
    engine = start(fmt, kv_budget=3 * STEP * TOKEN_BYTES)
    ask(engine, "y" * 150, 10)
    wait_for(lambda: is_idle(engine))
    assert len(engine._rows.kept) == 1
    most = []
    fmt.on_token = lambda prompt, count: most.append(engine._rows.kept.nbytes + engine._decoder.cache.allocated_bytes)
    assert last(ask(engine, "z" * 300, 400)).completion_tokens == 400
    assert max(most) <= 3 * STEP * TOKEN_BYTES


def test_what_is_kept_makes_way_when_memory_runs_out_all_the_same(model: GlmForCausalLM, start: Engines) -> None:
    engine = start()
    ask(engine, LONG, 10)
    wait_for(lambda: is_idle(engine))
    step = engine._decoder.step

    def starve(*args: object) -> torch.Tensor:
        if len(engine._rows.kept):
            raise torch.OutOfMemoryError("no")
        return step(*args)

    engine._decoder.step = starve
    assert text_of(ask(engine, "something else", 20)) == generated(model, "something else", 20)
    assert len(engine._rows.kept) <= 1


def test_closing_the_engine_frees_what_is_kept(start: Engines) -> None:
    engine = start()
    ask(engine, LONG, 10)
    wait_for(lambda: is_idle(engine))
    assert engine._rows.kept.nbytes > 0
    engine.close()
    assert engine._rows.kept.nbytes == engine._decoder.cache.allocated_bytes == 0


def test_requests_wait_for_memory_and_none_fails(model: GlmForCausalLM, start: Engines) -> None:
    engine = start(kv_budget=2 * STEP * TOKEN_BYTES)  # two rows of 256 tokens
    running = []
    step = engine._decoder.step
    engine._decoder.step = lambda first, ids, lengths: running.append(len(ids)) or step(first, ids, lengths)
    prompts = [f"{number} of them " * 5 for number in range(6)]
    asking = [Asking(engine, prompt, 100) for prompt in prompts]
    assert [one.text() for one in asking] == [generated(model, prompt, 100) for prompt in prompts]
    assert max(running) == 2


def test_a_prompt_larger_than_all_memory_is_refused_with_advice(start: Engines) -> None:
    engine = start(kv_budget=STEP * TOKEN_BYTES)
    with pytest.raises(
        CacheOverflowError, match=r"300 tokens long and the engine has memory for 256; .* kv_budget"
    ) as e:
        ask(engine, "x" * 300)
    assert isinstance(e.value, ContextOverflowError) and e.value.over == 45
    with pytest.raises(ContextOverflowError, match=f"reads at most {CONTEXT}"):
        ask(engine, "x" * CONTEXT)


def test_an_answer_ends_where_the_memory_does(start: Engines) -> None:
    finished = last(ask(start(kv_budget=STEP * TOKEN_BYTES), "x" * 200, 500))
    assert finished.reason == "length" and finished.context_tokens == STEP


def test_running_out_of_memory_for_a_row_fails_only_the_request_that_needed_it(
    model: GlmForCausalLM, start: Engines
) -> None:
    fmt = PlainFormat()
    engine = start(fmt)
    held = Held(fmt, "neighbour")
    reserve = engine._decoder.cache.reserve

    def refuse(rows: int, tokens: int) -> None:
        if rows > 1:
            raise torch.OutOfMemoryError("no room for another row")
        reserve(rows, tokens)

    engine._decoder.cache.reserve = refuse
    neighbour = Asking(engine, "neighbour", 40)
    assert held.reached.wait(PATIENCE)
    unlucky = Asking(engine, "unlucky", 40)
    wait_for(lambda: len(engine._queue) == 1)
    held.released.set()
    assert neighbour.text() == generated(model, "neighbour", 40)
    unlucky.join(PATIENCE)
    assert unlucky.error is not None and "ran out of memory with 0 tokens" in str(unlucky.error)
    engine._decoder.cache.reserve = reserve
    assert text_of(ask(engine, "unlucky", 40)) == generated(model, "unlucky", 40)


def test_one_visitors_many_tabs_do_not_starve_another(start: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_queue, "QUIET_SECONDS", 0.0)
    fmt = PlainFormat()
    engine = start(fmt, max_slots=1)
    held = Held(fmt, "tab 0")
    ended: list[str] = []

    def on_end(one: Asking, name: str) -> None:
        one.join(PATIENCE)
        ended.append(name)

    tabs = [Asking(engine, "tab 0", 5, visitor="many")]
    assert held.reached.wait(PATIENCE)
    for number in range(1, 6):
        tabs.append(Asking(engine, f"tab {number}", 5, visitor="many"))
        wait_for(lambda number=number: len(engine._queue) == number)
    guest = Asking(engine, "guest", 5, visitor="guest")
    wait_for(lambda: len(engine._queue) == 6)
    watchers = [threading.Thread(target=on_end, args=(guest, "guest"))]
    watchers += [threading.Thread(target=on_end, args=(one, "tab")) for one in tabs]
    for watcher in watchers:
        watcher.start()
    held.released.set()
    for watcher in watchers:
        watcher.join(PATIENCE)
    assert "guest" in ended[:2]
    places = [[event.position for event in one.events if isinstance(event, Queued)] for one in (guest, *tabs)]
    assert places[0] == [1] and places[1] == [] and places[6][0] == 6
    assert places[6] == sorted(places[6], reverse=True) and places[6][-1] == 1


def test_the_expected_wait_is_told_once_a_request_has_ended(start: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_queue, "QUIET_SECONDS", 0.0)
    fmt = PlainFormat()
    engine = start(fmt, max_slots=1)
    waits = []
    for _ in range(2):
        held = Held(fmt, "first")
        first = Asking(engine, "first", 5)
        assert held.reached.wait(PATIENCE)
        second = Asking(engine, "second", 5)
        wait_for(lambda: len(engine._queue) == 1)
        held.released.set()
        first.join(PATIENCE)
        second.join(PATIENCE)
        waits += [event.wait_seconds for event in second.events if isinstance(event, Queued)]
    assert waits[0] is None and waits[-1] is not None


def test_chunks_of_a_prompt_are_smaller_while_answers_would_wait_for_them(
    model: GlmForCausalLM, start: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glm.worker.STALL_SECONDS", 0.0)
    monkeypatch.setattr("glm.worker.STALL_STEPS", 0)
    fmt = PlainFormat()
    engine = start(fmt)
    chunks: list[int] = []
    prefill = engine._decoder.prefill
    engine._decoder.prefill = lambda row, ids, begin: chunks.append(len(ids)) or prefill(row, ids, begin)
    ask(engine, "w" * 300, 1)
    assert chunks == [256, 44]
    chunks.clear()
    held = Held(fmt, "running")
    running = Asking(engine, "running", 60)
    assert held.reached.wait(PATIENCE)
    newcomer = Asking(engine, "n" * 300, 20)
    wait_for(lambda: len(engine._queue) == 1)
    held.released.set()
    assert newcomer.text() == generated(model, "n" * 300, 20) and running.text() == generated(model, "running", 60)
    assert chunks[1:] == [64, 64, 64, 64, 44]


def test_a_short_prompt_passes_a_long_one_that_is_being_read(model: GlmForCausalLM, start: Engines) -> None:
    fmt = PlainFormat()
    engine = start(fmt, prefill_chunk=16)
    order: list[str] = []
    fmt.on_token = lambda prompt, count: order.append(prompt) if count == 1 else None
    prefill = engine._decoder.prefill
    second: list[Asking] = []

    def prefill_and_invite(row: int, ids: Sequence[int], begin: int) -> torch.Tensor:
        if begin == 16 and not second:
            second.append(Asking(engine, "short", 10))
            wait_for(lambda: len(engine._queue) == 1)
        return prefill(row, ids, begin)

    engine._decoder.prefill = prefill_and_invite
    long = Asking(engine, "l" * 400, 10)
    assert long.text() == generated(model, "l" * 400, 10)
    assert second[0].text() == generated(model, "short", 10)
    assert last(second[0].events).first_token_seconds < last(long.events).first_token_seconds


def test_an_abandoned_request_in_the_queue_is_never_computed(start: Engines) -> None:
    fmt = PlainFormat()
    engine = start(fmt, max_slots=1)
    held = Held(fmt, "first")
    first = Asking(engine, "first", 5)
    assert held.reached.wait(PATIENCE)
    stream = engine.stream([Message("user", "gone")], settings=GenerationSettings(max_new_tokens=5))
    next(stream)
    stream.close()
    computed = []
    prefill = engine._decoder.prefill
    engine._decoder.prefill = lambda *args: computed.append(args) or prefill(*args)
    held.released.set()
    first.join(PATIENCE)
    wait_for(lambda: is_idle(engine))
    assert computed == []


def test_a_fault_while_requests_are_admitted_fails_them_and_not_the_engine(
    start: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, faults = start(), [RuntimeError("a fault of ours")]
    report = engine._queue.report

    def report_later() -> None:
        if faults:
            raise faults.pop()
        report()

    monkeypatch.setattr(engine._queue, "report", report_later)
    with pytest.raises(EngineError, match="a fault of ours"):
        ask(engine, "one")
    assert ask(engine, "one")
