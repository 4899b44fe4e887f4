"""Conversation over the scripted engine: history, tool loop, stopping, failing."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from glm.conversation import Conversation
from glm.engine import EngineInfo
from glm.errors import ContextOverflowError, ConversationError, EngineError
from glm.events import (
    CallDelta,
    EngineEvent,
    Event,
    Finished,
    MessageDone,
    PromptProgress,
    TextDelta,
    ToolCalled,
    ToolReturned,
    ToolShows,
)
from glm.history import INTERRUPTED_CALL
from glm.messages import INTERPRETER, Message, ToolCall, ToolResult, ToolSpec
from glm.sandbox.values import OutputShown, TextOutput
from glm.scripted_engine import Reply, ScriptedEngine
from glm.settings import GenerationSettings
from glm.tools import Approval, Performance, Tool, Toolbox
from glm.transcript import from_json, to_json

WEATHER_SPEC = ToolSpec(
    "weather",
    "Weather of a city",
    {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]},
)
WEATHER = ToolCall("weather", {"city": "Paris", "days": 3})
WEATHER_TEXT = "```python\ntool_call(city='Paris', days=3)\n```"


def weather_box() -> Toolbox:
    return Toolbox([Tool(WEATHER_SPEC, lambda arguments: f"sunny in {arguments['city']}")])


def manual_box() -> Toolbox:
    return Toolbox([Tool(WEATHER_SPEC)])


def spoken(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def contents(chat: Conversation) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in chat.messages]


def read_until(events: Iterator[Event], kind: type) -> None:
    for event in events:
        if isinstance(event, kind):
            return
    raise AssertionError(f"the stream ended without a {kind.__name__}")


def read_text(events: Iterator[Event], length: int) -> str:
    text = ""
    while len(text) < length:
        event = next(events)
        text += event.text if isinstance(event, TextDelta) else ""
    return text


def test_an_answer_is_streamed_and_kept_in_the_history() -> None:
    chat = Conversation(ScriptedEngine(["Hello, how are you?"]))
    events = list(chat.send("Hi"))
    assert spoken(events) == "Hello, how are you?"
    assert chat.messages == (Message("user", "Hi"), Message("assistant", "Hello, how are you?", finish="stop"))
    assert isinstance(events[-1], Finished) and events[-1].reason == "stop"
    assert not chat.busy


def test_nothing_happens_before_the_events_are_read() -> None:
    engine = ScriptedEngine(["a"])
    chat = Conversation(engine)
    chat.send("Hi")
    assert (engine.asked, chat.messages, chat.busy) == ([], (), False)


def test_the_system_prompt_goes_first_and_is_not_among_the_messages() -> None:
    engine = ScriptedEngine(["a", "b"])
    chat = Conversation(engine, system="Be brief.")
    list(chat.send("1"))
    chat.system = "Be long."
    list(chat.send("2"))
    assert [asked.messages[0] for asked in engine.asked] == [
        Message("system", "Be brief."),
        Message("system", "Be long."),
    ]
    assert [message.role for message in chat.messages] == ["user", "assistant", "user", "assistant"]


def test_a_system_message_among_restored_messages_is_refused() -> None:
    with pytest.raises(ConversationError, match="pass its text as system="):
        Conversation(ScriptedEngine(), messages=[Message("system", "x")])


def test_settings_of_one_answer_replace_those_of_the_conversation() -> None:
    engine = ScriptedEngine(["a", "b"])
    chat = Conversation(engine, settings=GenerationSettings(seed=1))
    list(chat.send("1", GenerationSettings(seed=2)))
    list(chat.send("2"))
    assert [asked.settings.seed for asked in engine.asked] == [2, 1]


def test_the_model_sees_exactly_the_history_again() -> None:
    engine = ScriptedEngine([Reply(("Let me look.", WEATHER)), "Sunny.", "Bye."])
    chat = Conversation(engine, tools=weather_box())
    list(chat.send("Weather?"))
    kept = chat.messages
    list(chat.send("Thanks"))
    assert engine.asked[2].messages == (*kept, Message("user", "Thanks"))


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_message_is_refused(text: str) -> None:
    chat = Conversation(ScriptedEngine())
    with pytest.raises(ConversationError, match="the message is empty; type something first"):
        list(chat.send(text))
    assert chat.messages == () and not chat.busy


# --- the tool loop


def test_a_tool_call_is_run_and_its_result_goes_back_to_the_model() -> None:
    engine = ScriptedEngine([WEATHER, "It is sunny."])
    chat = Conversation(engine, tools=weather_box())
    events = list(chat.send("Weather?"))
    assert chat.messages == (
        Message("user", "Weather?"),
        Message("assistant", WEATHER_TEXT, "weather", WEATHER, "stop"),
        Message("observation", "sunny in Paris"),
        Message("assistant", "It is sunny.", finish="stop"),
    )
    returned = [event for event in events if isinstance(event, ToolReturned)]
    assert [(event.call, event.result.text) for event in returned] == [(WEATHER, "sunny in Paris")]
    assert engine.asked[1].messages == chat.messages[:3]


def test_a_turn_with_tools_ends_with_one_finished_event_that_counts_the_whole_context() -> None:
    engine = ScriptedEngine([WEATHER, "It is sunny."])
    chat = Conversation(engine, tools=weather_box())
    ends = [event for event in chat.send("Weather?") if isinstance(event, Finished)]
    assert len(ends) == 1
    assert ends[0].prompt_tokens == engine.count_tokens(chat.messages[:3], tools=chat.tools.specs)


def test_the_tool_loop_ends_after_max_rounds() -> None:
    engine = ScriptedEngine([WEATHER] * 5)
    chat = Conversation(engine, tools=weather_box(), max_rounds=2)
    events = list(chat.send("Weather?"))
    assert events[-1].reason == "tool_rounds"  # type: ignore[union-attr]
    assert sum(isinstance(event, ToolReturned) for event in events) == 2
    assert len(engine.asked) == 3


def test_a_failing_tool_is_reported_to_the_model_and_the_loop_goes_on() -> None:
    def fail(arguments: object) -> str:
        raise RuntimeError("no network")

    engine = ScriptedEngine([WEATHER, "Sorry."])
    chat = Conversation(engine, tools=Toolbox([Tool(WEATHER_SPEC, fail)]))
    events = list(chat.send("Weather?"))
    returned = next(event for event in events if isinstance(event, ToolReturned))
    assert returned.result.is_error
    assert chat.messages[2] == Message("observation", "Error: weather failed with RuntimeError: no network")
    assert spoken(events) == "Sorry."


def test_a_call_nobody_can_answer_is_pending_until_resumed() -> None:
    engine = ScriptedEngine([WEATHER, "It is cold."])
    chat = Conversation(engine, tools=manual_box())
    first = list(chat.send("Weather?"))
    assert isinstance(first[-1], Finished)
    assert chat.pending == WEATHER and not chat.busy
    rest = list(chat.resume(ToolResult("cold")))
    assert rest[0] == ToolReturned(WEATHER, ToolResult("cold"))
    assert chat.pending is None
    assert contents(chat)[2:] == [("observation", "cold"), ("assistant", "It is cold.")]


def test_rounds_count_on_over_resumes() -> None:
    chat = Conversation(ScriptedEngine([WEATHER] * 3), tools=manual_box(), max_rounds=2)
    list(chat.send("Weather?"))
    list(chat.resume("cold"))
    last = list(chat.resume("warm"))[-1]
    assert isinstance(last, Finished) and last.reason == "tool_rounds"
    assert chat.pending is None


def test_resume_without_a_pending_call_is_refused() -> None:
    chat = Conversation(ScriptedEngine())
    with pytest.raises(ConversationError, match="no tool call waits for a person"):
        list(chat.resume("x"))


ROME = ToolCall("weather", {"city": "Rome"})


def asking_box(approval: Approval = "ask") -> Toolbox:
    return Toolbox([Tool(WEATHER_SPEC, lambda arguments: f"sunny in {arguments['city']}", approval)])


def test_several_calls_of_one_answer_are_run_in_order_before_the_model_goes_on() -> None:
    engine = ScriptedEngine([Reply((WEATHER, ROME)), "Sunny in both."])
    chat = Conversation(engine, tools=weather_box())
    list(chat.send("Weather?"))
    assert [message.role for message in chat.messages] == [
        "user",
        *["assistant"] * 2,
        *["observation"] * 2,
        "assistant",
    ]
    assert [message.content for message in chat.messages[3:]] == ["sunny in Paris", "sunny in Rome", "Sunny in both."]
    assert len(engine.asked) == 2
    assert from_json(to_json(chat.messages)).messages == chat.messages


def test_a_call_waits_for_consent_and_runs_when_it_is_given() -> None:
    engine = ScriptedEngine([Reply((WEATHER, ROME)), "Sunny."])
    chat = Conversation(engine, tools=asking_box())
    list(chat.send("Weather?"))
    assert chat.pending == WEATHER and len(chat.messages) == 3
    list(chat.approve())
    assert chat.pending == ROME and chat.messages[-1].content == "sunny in Paris"
    list(chat.approve())
    assert chat.pending is None
    assert contents(chat)[-2:] == [("observation", "sunny in Rome"), ("assistant", "Sunny.")]
    with pytest.raises(ConversationError, match="no tool call waits for a person"):
        list(chat.approve())


def test_a_call_that_nothing_runs_cannot_be_approved() -> None:
    chat = Conversation(ScriptedEngine([WEATHER]), tools=manual_box())
    list(chat.send("Weather?"))
    with pytest.raises(ConversationError, match="nothing runs the tool 'weather'; answer the call yourself"):
        list(chat.approve())
    assert chat.pending == WEATHER


def test_a_forbidden_tool_is_not_offered_and_its_call_is_refused() -> None:
    engine = ScriptedEngine([WEATHER, "Sorry."])
    chat = Conversation(engine, tools=asking_box("never"))
    list(chat.send("Weather?"))
    assert engine.asked[0].tools == ()
    assert chat.messages[2].content == "Error: the user does not allow the tool 'weather'"


def test_a_call_can_be_run_again_with_other_arguments() -> None:
    engine = ScriptedEngine([Reply(("Let me look.", WEATHER)), "Sunny.", "Sunny in Rome."])
    chat = Conversation(engine, tools=weather_box())
    list(chat.send("Weather?"))
    list(chat.rerun(2, {"city": "Rome"}))
    assert contents(chat)[1:] == [
        ("assistant", "Let me look."),
        ("assistant", "```python\ntool_call(city='Rome')\n```"),
        ("observation", "sunny in Rome"),
        ("assistant", "Sunny in Rome."),
    ]
    assert engine.asked[-1].messages == chat.messages[:4]
    with pytest.raises(ConversationError, match="message 1 is not a tool call"):
        list(chat.rerun(1, {}))


def test_a_call_that_a_person_writes_is_run_and_the_model_is_not_asked() -> None:
    engine = ScriptedEngine(["Hello.", "I see."])
    chat = Conversation(engine, tools=asking_box())
    list(chat.send("Hi"))
    events = list(chat.perform(ROME))
    assert [type(event) for event in events] == [ToolReturned, Finished] and len(engine.asked) == 1
    assert contents(chat)[2:] == [
        ("assistant", "```python\ntool_call(city='Rome')\n```"),
        ("observation", "sunny in Rome"),
    ]
    list(chat.send("Did you see?"))
    assert engine.asked[1].messages[2:4] == chat.messages[2:4]


def test_the_second_of_two_calls_can_be_run_again() -> None:
    engine = ScriptedEngine([Reply((WEATHER, WEATHER)), "Same.", "Different."])
    chat = Conversation(engine, tools=weather_box())
    list(chat.send("Weather?"))
    list(chat.rerun(2, {"city": "Rome"}))
    assert [message.content for message in chat.messages[3:]] == ["sunny in Paris", "sunny in Rome", "Different."]


def test_the_loop_ends_when_a_call_fails_twice_in_the_same_way() -> None:
    def fail(arguments: object) -> str:
        raise RuntimeError("no network")

    engine = ScriptedEngine([WEATHER, ROME, "never said"])
    chat = Conversation(engine, tools=Toolbox([Tool(WEATHER_SPEC, fail)]))
    last = list(chat.send("Weather?"))[-1]
    assert isinstance(last, Finished) and last.reason == "same_error"
    assert len(engine.asked) == 2 and chat.messages[-1].role == "observation"


def test_what_a_running_tool_shows_comes_before_its_result() -> None:
    shown = OutputShown(0, TextOutput("1"))

    def perform(arguments: object, stop: threading.Event) -> Performance:
        yield shown
        return ToolResult("done", outputs=(shown.output,))

    chat = Conversation(ScriptedEngine([WEATHER, "Done."]), tools=Toolbox([Tool(WEATHER_SPEC, perform=perform)]))
    events = [event for event in chat.send("Go") if isinstance(event, (ToolCalled, ToolShows, ToolReturned))]
    assert events[:2] == [ToolCalled(WEATHER), ToolShows(WEATHER, shown)]
    assert isinstance(events[2], ToolReturned) and events[2].result.outputs == (shown.output,)


def test_calls_left_open_are_all_answered_before_the_next_message() -> None:
    chat = Conversation(ScriptedEngine([Reply((WEATHER, ROME)), "Hello."]), tools=manual_box())
    list(chat.send("Weather?"))
    list(chat.resume("cold"))
    list(chat.send("Never mind"))
    assert [message.content for message in chat.messages[3:6]] == ["cold", INTERRUPTED_CALL, "Never mind"]


def test_an_open_call_is_answered_before_the_next_message() -> None:
    engine = ScriptedEngine([WEATHER, "Never mind."])
    chat = Conversation(engine, tools=manual_box())
    list(chat.send("Weather?"))
    list(chat.send("Forget it"))
    assert contents(chat)[1:] == [
        ("assistant", WEATHER_TEXT),
        ("observation", INTERRUPTED_CALL),
        ("user", "Forget it"),
        ("assistant", "Never mind."),
    ]
    assert chat.pending is None


# --- stopping and closing


def test_stop_during_the_answer_keeps_the_partial_text() -> None:
    chat = Conversation(ScriptedEngine(["one two three four five six"]))
    events = chat.send("Count")
    said = read_text(events, 5)
    chat.stop()
    rest = list(events)
    assert chat.messages[-1] == Message("assistant", said, finish="cancelled")
    assert isinstance(rest[-1], Finished) and rest[-1].reason == "cancelled"


def test_stop_before_the_first_token_leaves_only_the_question() -> None:
    chat = Conversation(ScriptedEngine([Reply(("never said",), prefill_seconds=60)]))
    events = chat.send("Hi")
    read_until(events, PromptProgress)
    threading.Timer(0.1, chat.stop).start()
    rest = list(events)
    assert isinstance(rest[-1], Finished) and rest[-1].reason == "cancelled"
    assert chat.messages == (Message("user", "Hi"),)


def test_stop_does_not_wait_for_a_slow_tool() -> None:
    started, release = threading.Event(), threading.Event()

    def slow(arguments: object) -> str:
        started.set()
        release.wait(60)
        return "late"

    engine = ScriptedEngine([WEATHER, "never said"])
    chat = Conversation(engine, tools=Toolbox([Tool(WEATHER_SPEC, slow)]))

    def stop_when_started() -> None:
        started.wait(60)
        chat.stop()

    threading.Thread(target=stop_when_started, daemon=True).start()
    last = list(chat.send("Weather?"))[-1]
    assert not release.is_set()
    release.set()
    assert isinstance(last, Finished) and last.reason == "cancelled"
    assert chat.messages[-1].role == "observation" and "stopped by the user" in chat.messages[-1].content
    assert len(engine.asked) == 1


def test_stop_after_a_call_was_written_does_not_run_it() -> None:
    chat = Conversation(ScriptedEngine([WEATHER, "never said"]), tools=weather_box())
    events = chat.send("Weather?")
    read_until(events, ToolCalled)
    chat.stop()
    rest = list(events)
    assert [event.reason for event in rest if isinstance(event, Finished)] == ["cancelled"]
    assert not any(isinstance(event, ToolReturned) for event in rest)
    assert len(chat.messages) == 2


def test_an_answer_stopped_before_its_first_word_is_not_kept() -> None:
    nothing = Message("assistant", "", finish="cancelled")
    chat = Conversation(_Watched(MessageDone(nothing), Finished("cancelled")))
    assert list(chat.send("Hi")) == [MessageDone(nothing), Finished("cancelled")]
    assert chat.messages == (Message("user", "Hi"),)


def test_stop_when_idle_does_not_touch_the_next_answer() -> None:
    chat = Conversation(ScriptedEngine(["whole answer"]))
    chat.stop()
    assert spoken(list(chat.send("Hi"))) == "whole answer"


def test_closing_the_stream_keeps_what_was_said() -> None:
    chat = Conversation(ScriptedEngine(["one two three four five six"]))
    events = chat.send("Count")
    said = read_text(events, 5)
    events.close()
    assert chat.messages == (Message("user", "Count"), Message("assistant", said, finish="cancelled"))
    assert not chat.busy


def test_closing_the_stream_on_another_thread_works_too() -> None:
    chat = Conversation(ScriptedEngine(["one two three four five six"]))
    events = chat.send("Count")
    read_text(events, 5)
    closer = threading.Thread(target=events.close)
    closer.start()
    closer.join(10)
    assert not chat.busy and chat.messages[-1].finish == "cancelled"


def test_closing_the_stream_closes_the_engines() -> None:
    engine = _Watched(TextDelta("word"), TextDelta("more"))
    chat = Conversation(engine)
    events = chat.send("Hi")
    read_until(events, TextDelta)
    events.close()
    assert engine.closed_streams == 1


def test_a_call_cut_short_is_closed_before_the_next_message() -> None:
    engine = ScriptedEngine([ToolCall(INTERPRETER, {"code": "print('a long program')"}), "Fine."])
    chat = Conversation(engine, tools=manual_box())
    events = chat.send("Run")
    read_until(events, CallDelta)
    events.close()
    list(chat.send("Go on"))
    assert chat.messages[1].header == INTERPRETER and chat.messages[1].finish == "cancelled"
    assert chat.messages[2] == Message("observation", INTERRUPTED_CALL)


# --- failures


def test_a_failing_engine_leaves_the_question_and_the_partial_answer() -> None:
    chat = Conversation(ScriptedEngine([Reply(("half an", EngineError("the device is gone"))), "whole"]))
    with pytest.raises(EngineError, match="the device is gone"):
        list(chat.send("Hi"))
    assert chat.messages == (Message("user", "Hi"), Message("assistant", "half an", finish="cancelled"))
    assert not chat.busy
    list(chat.retry())
    assert contents(chat) == [("user", "Hi"), ("assistant", "whole")]


def test_an_engine_that_fails_at_once_leaves_the_question() -> None:
    chat = Conversation(ScriptedEngine([EngineError("broken")]))
    with pytest.raises(EngineError):
        list(chat.send("Hi"))
    assert contents(chat) == [("user", "Hi")]


def test_a_message_that_does_not_fit_is_taken_out_again() -> None:
    chat = Conversation(ScriptedEngine(["short"], context_length=60))
    list(chat.send("Hi"))
    before = chat.messages
    with pytest.raises(ContextOverflowError, match="tokens too long; remove earlier turns"):
        list(chat.send("word " * 100))
    assert chat.messages == before and not chat.busy


def test_an_edit_that_does_not_fit_changes_nothing() -> None:
    chat = Conversation(ScriptedEngine(["short"], context_length=60))
    list(chat.send("Hi"))
    before = chat.messages
    with pytest.raises(ContextOverflowError):
        list(chat.edit(0, "word " * 100))
    assert chat.messages == before


def test_a_result_that_does_not_fit_leaves_the_call_pending() -> None:
    chat = Conversation(ScriptedEngine([WEATHER], context_length=80), tools=manual_box())
    list(chat.send("Weather?"))
    before = chat.messages
    with pytest.raises(ContextOverflowError):
        list(chat.resume("word " * 100))
    assert chat.messages == before and chat.pending == WEATHER


def test_an_engine_that_never_finishes_its_stream_is_an_error() -> None:
    chat = Conversation(_Watched(MessageDone(Message("assistant", "word"))))
    with pytest.raises(EngineError, match="ended its stream without saying how"):
        list(chat.send("Hi"))


# --- one answer at a time, and going back


def test_only_one_answer_at_a_time() -> None:
    engine = ScriptedEngine(["one two three", "never"])
    chat = Conversation(engine)
    running = chat.send("Hi")
    read_until(running, TextDelta)
    for again in (chat.send("Hi"), chat.retry(), chat.edit(0, "Ho")):
        with pytest.raises(ConversationError, match="an answer is still being made"):
            next(again)
    with pytest.raises(ConversationError, match="an answer is still being made"):
        chat.undo()
    assert chat.busy
    assert spoken(list(running)).endswith("three")
    assert len(engine.asked) == 1


def test_retry_drops_the_answer_and_the_tool_calls_after_the_last_question() -> None:
    engine = ScriptedEngine([WEATHER, "Sunny.", "Rain."])
    chat = Conversation(engine, tools=weather_box())
    list(chat.send("Weather?"))
    list(chat.retry())
    assert contents(chat) == [("user", "Weather?"), ("assistant", "Rain.")]


def test_edit_cuts_at_the_message_and_answers_anew() -> None:
    engine = ScriptedEngine(["a", "b", "c"])
    chat = Conversation(engine)
    list(chat.send("1"))
    list(chat.send("2"))
    list(chat.edit(0, "one"))
    assert contents(chat) == [("user", "one"), ("assistant", "c")]


@pytest.mark.parametrize("index", [-1, 1, 2])
def test_only_user_messages_can_be_edited(index: int) -> None:
    chat = Conversation(ScriptedEngine(["a"]))
    list(chat.send("1"))
    with pytest.raises(ConversationError, match=f"message {index} is not a user message"):
        list(chat.edit(index, "x"))


def test_undo_returns_the_last_question_and_drops_it_with_its_answer() -> None:
    chat = Conversation(ScriptedEngine(["a", "b"]))
    list(chat.send("1"))
    list(chat.send("2"))
    assert chat.undo() == "2"
    assert contents(chat) == [("user", "1"), ("assistant", "a")]


def test_going_back_without_a_question_says_so() -> None:
    chat = Conversation(ScriptedEngine())
    with pytest.raises(ConversationError, match="there is no question yet; send a message first"):
        chat.undo()
    with pytest.raises(ConversationError, match="there is no question yet; send a message first"):
        list(chat.retry())


def test_clear_while_answering_stops_it_and_nothing_of_it_returns() -> None:
    chat = Conversation(ScriptedEngine(["one two three", "fresh"]))
    old = chat.send("Hi")
    read_until(old, TextDelta)
    chat.clear()
    assert chat.messages == () and not chat.busy
    list(chat.send("New"))
    assert [event.reason for event in old if isinstance(event, Finished)] == ["cancelled"]
    assert contents(chat) == [("user", "New"), ("assistant", "fresh")]


def test_a_restored_conversation_goes_on() -> None:
    first = Conversation(ScriptedEngine(["a"]))
    list(first.send("1"))
    second = Conversation(engine := ScriptedEngine(["b"]), messages=first.messages)
    list(second.send("2"))
    assert engine.asked[0].messages == (*first.messages, Message("user", "2"))


def test_context_tokens_count_system_prompt_tools_and_messages() -> None:
    engine = ScriptedEngine()
    chat = Conversation(engine, system="Be brief.", tools=weather_box(), messages=[Message("user", "Hi")])
    prompt = (Message("system", "Be brief."), Message("user", "Hi"))
    assert chat.context_tokens() == engine.count_tokens(prompt, tools=weather_box().specs)


# --- the scripted engine itself


def test_tokens_joined_are_the_text() -> None:
    text = "Hello  world,\n\n你好，世界！ 🙂🙂 longerwordsaresplit \n"
    chat = Conversation(ScriptedEngine([text]))
    events = list(chat.send("x"))
    assert spoken(events) == text
    assert len([event for event in events if isinstance(event, TextDelta)]) > 10


def test_the_longest_answer_is_max_new_tokens() -> None:
    chat = Conversation(ScriptedEngine(["one two three four"]))
    last = list(chat.send("x", GenerationSettings(max_new_tokens=2)))[-1]
    assert isinstance(last, Finished) and (last.reason, last.completion_tokens) == ("length", 2)
    assert chat.messages[-1] == Message("assistant", "one two", finish="length")


def test_a_closed_engine_says_so() -> None:
    engine = ScriptedEngine(["one two three"])
    events = Conversation(engine).send("x")
    read_until(events, TextDelta)
    engine.close()
    with pytest.raises(EngineError, match="the engine is closed; load it again"):
        list(events)


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("a table please", "|:-----|"),
        ("给我看代码", "```python"),
        ("table and math", r"\frac"),
        ("hello", "scripted engine"),
        ("你好", "脚本引擎"),
        ("something long", "60. "),
    ],
)
def test_without_a_script_some_words_show_a_demonstration(question: str, shown: str) -> None:
    chat = Conversation(ScriptedEngine())
    list(chat.send(question))
    assert shown in chat.messages[-1].content


def test_without_a_script_a_tool_is_called_when_asked_for() -> None:
    chat = Conversation(ScriptedEngine(), tools=Toolbox([Tool(ToolSpec("dice", "Throws dice"), lambda a: "4")]))
    list(chat.send("use the tool"))
    assert contents(chat)[2:] == [("observation", "4"), ("assistant", "The tool returned:\n\n```\n4\n```")]


class _Watched:
    """An engine that yields given events and counts the streams that were closed."""

    def __init__(self, *events: EngineEvent) -> None:
        self.closed_streams = 0
        self._events = events
        self._streams: list[Iterator[EngineEvent]] = []  # kept, so that only `close` can end one

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("watched", "none", "none", 100)

    def stream(
        self, messages: object, *, tools: object = (), settings: object, stop: object = None, visitor: str = ""
    ) -> Iterator[EngineEvent]:
        self._streams.append(self._run())
        return self._streams[-1]

    def _run(self) -> Iterator[EngineEvent]:
        try:
            yield from self._events
        finally:
            self.closed_streams += 1

    def count_tokens(self, messages: object, *, tools: object = ()) -> int:
        return 0

    def close(self) -> None:
        pass
