"""The torch engine on a small random GLM: the same tokens as the library, whoever else is being served."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from transformers import GlmForCausalLM

from glm.errors import ContextOverflowError, EngineError
from glm.events import EngineEvent, MessageDone, PromptProgress
from glm.messages import Message
from glm.settings import GenerationSettings
from glm.torch_engine import TorchEngine
from tests.small_engine import (
    CONTEXT,
    PATIENCE,
    STOP_ID,
    Engines,
    PlainFormat,
    ask,
    byte_tokenizer,
    generated,
    is_idle,
    last,
    small_model,
    text_of,
    wait_for,
)


@pytest.fixture(scope="module")
def model() -> GlmForCausalLM:
    return small_model()


@pytest.fixture
def start(model: GlmForCausalLM) -> Iterator[Engines]:
    """Start engines over the small model; they are closed after the test."""
    engines = Engines(model)
    yield engines
    engines.close()


PROMPTS = ["one", "a somewhat longer prompt", "x" * 70, "你好，世界", "yes? " * 30, "Zz", "The seventh of them."]


def ask_together(engine: TorchEngine, fmt: PlainFormat, **settings: float) -> dict[str, str]:
    """All `PROMPTS` at once: the first answer is held at its first token until all others wait behind it."""
    held = threading.Event()

    def hold(prompt: str, count: int) -> None:
        if prompt == PROMPTS[0] and count == 1 and not held.is_set():
            held.set()
            wait_for(lambda: len(engine._queue) == len(PROMPTS) - 1)

    fmt.on_token = hold
    answers: dict[str, str] = {}

    def run(prompt: str, max_new_tokens: int) -> None:
        answers[prompt] = text_of(ask(engine, prompt, max_new_tokens, **settings))

    threads = [threading.Thread(target=run, args=(prompt, 30 + 7 * n)) for n, prompt in enumerate(PROMPTS)]
    threads[0].start()
    assert held.wait(PATIENCE)
    for count, thread in enumerate(threads[1:], start=1):
        thread.start()
        # One by one, since PlainFormat remembers only the last prompt.
        wait_for(lambda count=count: len(engine._queue) == count or count == len(PROMPTS) - 1)
    for thread in threads:
        thread.join(PATIENCE)
    return answers


def test_greedy_alone_is_what_generate_says(model: GlmForCausalLM, start: Engines) -> None:
    engine = start()
    for prompt in PROMPTS:
        assert text_of(ask(engine, prompt, 40)) == generated(model, prompt, 40)


def test_greedy_among_others_is_what_generate_says(model: GlmForCausalLM, start: Engines) -> None:
    fmt = PlainFormat()
    engine = start(fmt, prefill_chunk=32)
    batches = []
    step = engine._decoder.step
    engine._decoder.step = lambda first, ids, lengths: batches.append(len(ids)) or step(first, ids, lengths)
    answers = ask_together(engine, fmt)
    assert answers == {prompt: generated(model, prompt, 30 + 7 * n) for n, prompt in enumerate(PROMPTS)}
    assert max(batches) == len(PROMPTS)


def test_greedy_with_the_librarys_forward_pass_is_what_generate_says(
    model: GlmForCausalLM, start: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glm.fast_glm.can_speed_up", lambda model: False)
    fmt = PlainFormat()
    answers = ask_together(start(fmt, prefill_chunk=32), fmt)
    assert answers == {prompt: generated(model, prompt, 30 + 7 * n) for n, prompt in enumerate(PROMPTS)}


def test_more_requests_than_slots_wait_their_turn(model: GlmForCausalLM, start: Engines) -> None:
    fmt = PlainFormat()
    answers = ask_together(start(fmt, max_slots=2), fmt)
    assert answers == {prompt: generated(model, prompt, 30 + 7 * n) for n, prompt in enumerate(PROMPTS)}


def test_a_seed_says_the_same_alone_and_among_others(start: Engines) -> None:
    fmt = PlainFormat()
    engine = start(fmt)
    settings = {"temperature": 1.0, "seed": 42, "repetition_penalty": 1.2}
    together = ask_together(engine, fmt, **settings)
    alone = {prompt: text_of(ask(engine, prompt, 30 + 7 * n, **settings)) for n, prompt in enumerate(PROMPTS)}
    assert together == alone
    assert text_of(ask(engine, PROMPTS[0], 30, **{**settings, "seed": 43})) != alone[PROMPTS[0]]


def test_a_prompt_read_in_chunks_is_the_prompt_read_at_once(start: Engines) -> None:
    prompt = "chunk after chunk " * 12
    at_once = ask(start(prefill_chunk=1024), prompt, 40)
    for chunk in (1, 50, len(prompt) - 1):
        assert text_of(ask(start(prefill_chunk=chunk), prompt, 40)) == text_of(at_once)


def test_progress_counts_the_chunks_of_the_prompt(start: Engines) -> None:
    events = ask(start(prefill_chunk=4), "0123456789", 1)
    progress = [(event.done, event.total) for event in events if isinstance(event, PromptProgress)]
    assert progress == [(0, 10), (4, 10), (8, 10), (10, 10)]


def test_finished_counts_tokens_and_times(start: Engines) -> None:
    finished = last(ask(start(), "count", 12))
    assert (finished.reason, finished.prompt_tokens, finished.completion_tokens) == ("length", 5, 12)
    assert finished.first_token_seconds > 0 and finished.decode_seconds > 0


def test_a_stop_id_ends_the_answer(start: Engines) -> None:
    events = ask(start(PlainFormat(allowed_first=[STOP_ID])), "say nothing")
    assert isinstance(events[-2], MessageDone) and events[-2].message.finish == "stop"
    assert last(events).reason == "stop" and last(events).completion_tokens == 1


def test_only_ids_the_reader_allows_are_chosen(start: Engines) -> None:
    allowed = byte_tokenizer().encode("q").ids
    assert text_of(ask(start(PlainFormat(allowed_first=allowed)), "anything", 1)) == "q"


@pytest.mark.parametrize("text", ["你好，世界", "👩‍👩‍👧 fine 👍"])
def test_characters_of_several_tokens_arrive_whole(start: Engines, text: str) -> None:
    fmt = PlainFormat()
    engine = start(fmt)
    ids = itertools.chain(byte_tokenizer().encode(text).ids, [STOP_ID])
    for name in ("prefill", "step"):  # a model that insists on `text`
        original = getattr(engine._decoder, name)

        def insist(*args: object, original: Callable[..., torch.Tensor] = original) -> torch.Tensor:
            scores = torch.zeros_like(original(*args))
            scores[..., next(ids)] = 1.0
            return scores

        setattr(engine._decoder, name, insist)
    events = ask(engine, "go", 100)
    assert text_of(events) == text
    assert "\ufffd" not in text_of(events)
    assert last(events).reason == "stop"


def test_stop_while_writing_ends_with_the_token_and_keeps_what_was_said(start: Engines) -> None:
    stop = threading.Event()
    fmt = PlainFormat(on_token=lambda prompt, count: stop.set() if count == 5 else None)
    engine = start(fmt)
    events = ask(engine, "stop me", 900, stop)
    assert last(events).reason == "cancelled" and last(events).completion_tokens == 5
    assert isinstance(events[-2], MessageDone)
    assert events[-2].message.finish == "cancelled" and events[-2].message.content == text_of(events)
    wait_for(lambda: is_idle(engine))


def test_stop_while_reading_ends_with_the_chunk(start: Engines) -> None:
    stop = threading.Event()
    engine = start(prefill_chunk=10)
    chunks = []
    prefill = engine._decoder.prefill

    def prefill_and_stop(row: int, ids: Sequence[int], begin: int) -> torch.Tensor:
        chunks.append(len(ids))
        if len(chunks) == 2:
            stop.set()
        return prefill(row, ids, begin)

    engine._decoder.prefill = prefill_and_stop
    events = ask(engine, "p" * 500, 20, stop)
    assert chunks == [10, 10]
    assert last(events).reason == "cancelled" and last(events).completion_tokens == 0
    wait_for(lambda: is_idle(engine))


def test_stop_before_the_start_computes_nothing(start: Engines) -> None:
    stop = threading.Event()
    stop.set()
    engine = start()
    engine._decoder.prefill = None  # calling it would fail the request
    assert last(ask(engine, "never mind", stop=stop)).reason == "cancelled"


def test_closing_the_stream_ends_the_work(start: Engines) -> None:
    counts = []
    reached, closed = threading.Event(), threading.Event()

    def count(prompt: str, tokens: int) -> None:
        counts.append(tokens)
        if tokens == 3:
            reached.set()
            assert closed.wait(PATIENCE)

    engine = start(PlainFormat(on_token=count))
    stream = engine.stream([Message("user", "abc")], settings=GenerationSettings(max_new_tokens=900))
    next(stream)
    assert reached.wait(PATIENCE)
    stream.close()
    closed.set()
    wait_for(lambda: is_idle(engine))
    assert counts == [1, 2, 3]


def test_a_prompt_too_long_is_refused_before_the_model_runs(start: Engines) -> None:
    engine = start()
    engine._decoder.prefill = None
    with pytest.raises(ContextOverflowError) as caught:
        ask(engine, "x" * (CONTEXT + 9))
    assert caught.value.over == 10


def test_an_answer_ends_where_the_context_does(start: Engines) -> None:
    finished = last(ask(start(), "x" * (CONTEXT - 6), 500))
    assert finished.reason == "length" and finished.context_tokens == CONTEXT


def test_only_the_request_whose_reader_fails_fails(model: GlmForCausalLM, start: Engines) -> None:
    fmt = PlainFormat()
    engine = start(fmt)
    failure: list[BaseException] = []

    held = threading.Event()

    def stumble(prompt: str, count: int) -> None:
        if prompt == "neighbour" and count == 1:
            held.set()
            wait_for(lambda: bool(len(engine._queue)))
        if prompt == "bad" and count == 4:
            raise ValueError("no such thing")

    def ask_bad() -> None:
        try:
            ask(engine, "bad", 50)
        except EngineError as error:
            failure.append(error)

    fmt.on_token = stumble
    neighbour: list[EngineEvent] = []
    good = threading.Thread(target=lambda: neighbour.extend(ask(engine, "neighbour", 60)))
    good.start()
    assert held.wait(PATIENCE)
    bad = threading.Thread(target=ask_bad)
    bad.start()
    good.join(PATIENCE)
    bad.join(PATIENCE)
    assert text_of(neighbour) == generated(model, "neighbour", 60)
    assert isinstance(failure[0].__cause__, ValueError) and "no such thing" in str(failure[0])
    assert text_of(ask(engine, "next", 20)) == generated(model, "next", 20)


def test_a_failing_batch_is_retried_row_by_row(model: GlmForCausalLM, start: Engines) -> None:
    fmt = PlainFormat()
    engine = start(fmt)
    step = engine._decoder.step

    def step_alone(first: int, ids: Sequence[int], lengths: Sequence[int]) -> torch.Tensor:
        if len(ids) > 1:
            raise RuntimeError("out of memory, as far as batches go")
        return step(first, ids, lengths)

    engine._decoder.step = step_alone
    answers = ask_together(engine, fmt)
    assert answers == {prompt: generated(model, prompt, 30 + 7 * n) for n, prompt in enumerate(PROMPTS)}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_invalid_numbers_are_an_error_that_names_them(model: GlmForCausalLM, start: Engines, number: float) -> None:
    engine = start()
    step = engine._decoder.step

    def invalid(*args: Sequence[int]) -> torch.Tensor:
        scores = step(*args)
        scores[0, 7] = number
        for layer in engine._decoder.cache.layers:
            layer.values[0].fill_(number)
        return scores

    engine._decoder.step = invalid
    with pytest.raises(EngineError, match=r"invalid numbers \(NaN or infinity\) after 4 tokens; load it with dtype"):
        ask(engine, "bad")
    engine._decoder.step = step
    assert text_of(ask(engine, "after", 20)) == generated(model, "after", 20)


def test_invalid_numbers_do_not_reach_the_next_user_of_the_row(model: GlmForCausalLM, start: Engines) -> None:
    fmt = PlainFormat()
    engine = start(fmt)
    step = engine._decoder.step
    held, failed = threading.Event(), threading.Event()

    def poison_second_row(first: int, ids: Sequence[int], lengths: Sequence[int]) -> torch.Tensor:
        scores = step(first, ids, lengths)
        if len(ids) == 2 and not failed.is_set():
            scores[1] = float("nan")
            for layer in engine._decoder.cache.layers:
                layer.values[1].fill_(float("nan"))
        return scores

    def hold(prompt: str, count: int) -> None:
        if prompt == long and count == 1:
            held.set()
        if prompt == long and count in (1, 3):  # after 1 the bad one joins and fails, after 3 the good one has its row
            wait_for(lambda: bool(len(engine._queue)) or len(engine._rows.decoding) == 2)

    long = "a long neighbour, " * 5
    fmt.on_token = hold
    engine._decoder.step = poison_second_row
    engine._decoder.cache.trim = lambda rows, tokens: None  # as with more neighbours: the row is used again as it is
    neighbour = threading.Thread(target=lambda: ask(engine, long, 60))
    neighbour.start()
    assert held.wait(PATIENCE)
    with pytest.raises(EngineError, match="invalid numbers"):
        ask(engine, "bad")
    failed.set()
    assert text_of(ask(engine, "good", 20)) == generated(model, "good", 20)
    neighbour.join(PATIENCE)


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("no"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_out_of_memory_advises_and_frees(start: Engines, error: Exception) -> None:
    engine = start()
    step = engine._decoder.step

    def starve(*args: Sequence[int]) -> torch.Tensor:
        raise error

    engine._decoder.step = starve
    with pytest.raises(EngineError, match="the cpu ran out of memory with 4 tokens in the context; shorten"):
        ask(engine, "big!")
    wait_for(lambda: is_idle(engine))
    engine._decoder.step = step
    assert last(ask(engine, "big!")).reason == "length"


def test_memory_grows_with_the_answer_and_is_freed_at_its_end(start: Engines) -> None:
    sizes = []
    engine = start(PlainFormat(on_token=lambda prompt, count: sizes.append(engine._decoder.cache.allocated_bytes)))
    ask(engine, "grow", 700)
    wait_for(lambda: is_idle(engine))
    assert 0 < sizes[0] < sizes[-1]
    assert engine._decoder.cache.allocated_bytes == 0


def test_closing_the_engine_fails_open_requests_and_refuses_new_ones(start: Engines) -> None:
    reached, released = threading.Event(), threading.Event()

    def hold(prompt: str, count: int) -> None:
        reached.set()
        released.wait(PATIENCE)

    engine = start(PlainFormat(on_token=hold))
    failure: list[EngineError] = []

    def run() -> None:
        try:
            ask(engine, "open", 900)
        except EngineError as error:
            failure.append(error)

    reading = threading.Thread(target=run)
    reading.start()
    assert reached.wait(PATIENCE)
    closing = threading.Thread(target=engine.close)
    closing.start()
    wait_for(lambda: engine._queue.closed is not None)
    released.set()
    closing.join(PATIENCE)
    reading.join(PATIENCE)
    assert str(failure[0]) == "the engine was closed; load it again to go on"
    engine.close()
    with pytest.raises(EngineError, match="the engine was closed"):
        ask(engine, "too late")
    assert not engine._thread.is_alive()


def test_count_tokens_is_the_length_of_the_prompt(start: Engines) -> None:
    assert start().count_tokens([Message("user", "12345")]) == 5
