"""Reading GLM-4.5's answers: thoughts, text and calls, with tags as control tokens and as plain text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import glm
from apps import export_html
from glm import transcript
from glm.conversation import Conversation
from glm.engine import EngineInfo
from glm.events import CallDelta, EngineEvent, Finished, MessageDone, TextDelta, ThoughtDelta, ToolCalled
from glm.messages import INTERPRETER, Message, ToolCall, ToolSpec
from glm.prompts.glm45 import Glm45Format
from glm.prompts.xml_calls import parse_xml_call
from glm.terminal_chat import TerminalChat
from glm.tokenizer import Tokenizer
from tests.small_glm4 import GLM45, GLM47, TAGS, write_tokenizer

WEATHER = ToolSpec(
    "get_weather",
    "weather",
    {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
)
CALL = (
    "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>12</arg_value>\n"
    "<arg_key>days</arg_key>\n<arg_value>12</arg_value>\n</tool_call>"
)


@pytest.fixture(scope="module", params=[True, False], ids=["tags are ids", "tags are text"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return Tokenizer.from_folder(write_tokenizer(tmp_path_factory.mktemp("small"), tags=request.param))


def written_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """Ids as a model writes them: control tokens as such."""
    import tokenizers

    whole = tokenizers.Tokenizer.from_str(tokenizer.backend.to_str())
    whole.encode_special_tokens = False
    return list(whole.encode(text, add_special_tokens=False).ids)


def read(
    tokenizer: Tokenizer, text: str, tools: Sequence[ToolSpec] = (), *, template: str = GLM45, end: str = ""
) -> list[EngineEvent]:
    reader = Glm45Format(tokenizer, template).reader(tools)
    events: list[EngineEvent] = []
    for token_id in written_ids(tokenizer, text):
        assert not reader.done
        events += reader.feed(token_id)
    return events + (reader.finish(end) if end else [])  # type: ignore[arg-type]


def joined(events: list[EngineEvent], kind: type) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))  # type: ignore[attr-defined]


def messages(events: list[EngineEvent]) -> list[Message]:
    return [event.message for event in events if isinstance(event, MessageDone)]


def test_thoughts_stream_apart_from_the_answer(tokenizer: Tokenizer) -> None:
    events = read(tokenizer, "\n<think> Hm, 你好?\nYes. </think>\n\nHello <b> a < b\n<|user|>")
    assert joined(events, ThoughtDelta) == "Hm, 你好?\nYes."
    assert joined(events, TextDelta) == "Hello <b> a < b"
    assert messages(events) == [Message("assistant", "Hello <b> a < b", finish="stop", thought="Hm, 你好?\nYes.")]
    assert len([event for event in events if isinstance(event, ThoughtDelta)]) > 3


def test_a_thought_that_the_template_opened_needs_no_tag(tokenizer: Tokenizer) -> None:
    events = read(tokenizer, "Hm</think>Hello<|user|>", template=GLM47)
    assert messages(events) == [Message("assistant", "Hello", finish="stop", thought="Hm")]


def test_an_answer_without_thoughts_is_just_text(tokenizer: Tokenizer) -> None:
    for opening in ("", "<think></think>", "\n<think>\n</think>\n"):
        events = read(tokenizer, f"{opening}Hello\n\nworld<|endoftext|>")
        assert messages(events) == [Message("assistant", "Hello\n\nworld", finish="stop")]
        assert joined(events, TextDelta) == "Hello\n\nworld"


def test_what_was_thought_before_a_stop_is_kept(tokenizer: Tokenizer) -> None:
    for end in ("cancelled", "length"):
        events = read(tokenizer, "<think>Hm, let me", end=end)
        assert messages(events) == [Message("assistant", "", finish=end, thought="Hm, let me")]  # type: ignore[arg-type]
    assert messages(read(tokenizer, "<think>", end="cancelled")) == []


def test_a_call_becomes_data_and_ends_the_turn(tokenizer: Tokenizer) -> None:
    events = read(tokenizer, f"<think>Look.</think>\nI look.\n{CALL}", [WEATHER])
    call = ToolCall("get_weather", {"city": "12", "days": 12})
    content = CALL.removeprefix("<tool_call>").removesuffix("</tool_call>")
    assert messages(events) == [
        Message("assistant", "I look.", finish="stop", thought="Look."),
        Message("assistant", content, "get_weather", call, "stop"),
    ]
    assert events[-1] == ToolCalled(call)
    assert joined(events, CallDelta) == content
    assert {event.name for event in events if isinstance(event, CallDelta)} == {"get_weather"}


def test_calls_one_behind_the_other_are_all_made(tokenizer: Tokenizer) -> None:
    other = CALL.replace("<arg_value>12</arg_value>", "<arg_value>7</arg_value>")
    events = read(tokenizer, f"I look.{CALL}\n{other}<|observation|>", [WEATHER])
    calls = [event.call for event in events if isinstance(event, ToolCalled)]
    assert [call.arguments for call in calls] == [{"city": "12", "days": 12}, {"city": "7", "days": 7}]
    assert [message.call for message in messages(events)] == [None, *calls]


def test_text_behind_a_call_is_not_said(tokenizer: Tokenizer) -> None:
    events = read(tokenizer, f"{CALL}\nI", [WEATHER])
    assert [message.header for message in messages(events)] == ["get_weather"]
    assert joined(events, TextDelta) == ""


def test_calls_of_one_answer_are_one_turn_to_the_template(tokenizer: Tokenizer) -> None:
    calls = [Glm45Format(tokenizer, GLM45).call_message(ToolCall("get_weather", {"city": c})) for c in ("a", "b")]
    told = Glm45Format(tokenizer, GLM45).message_mappings([Message("user", "?"), *calls])
    assert [call["function"]["arguments"] for call in told[1]["tool_calls"]] == [{"city": "a"}, {"city": "b"}]
    assert len(told) == 2


def test_a_call_right_after_the_thought_keeps_the_thought(tokenizer: Tokenizer) -> None:
    [message] = messages(read(tokenizer, f"<think>Look.</think>{CALL}", [WEATHER]))
    assert (message.header, message.thought) == ("get_weather", "Look.")


def test_without_tools_a_call_is_text(tokenizer: Tokenizer) -> None:
    events = read(tokenizer, f"So: {CALL} ok<|user|>")
    assert messages(events) == [Message("assistant", f"So: {CALL} ok", finish="stop")]


def test_a_call_cut_short_is_kept_and_not_made(tokenizer: Tokenizer) -> None:
    events = read(tokenizer, "<tool_call>get_weather\n<arg_key>ci", [WEATHER], end="cancelled")
    assert messages(events) == [Message("assistant", "get_weather\n<arg_key>ci", "get_weather", None, "cancelled")]
    assert not any(isinstance(event, ToolCalled) for event in events)


def test_code_runs_under_the_name_python(tokenizer: Tokenizer) -> None:
    code = "print(1 < 2)\nprint('</b>')"
    text = f"<tool_call>python\n<arg_key>code</arg_key>\n<arg_value>{code}</arg_value>\n</tool_call>"
    events = read(tokenizer, text, [ToolSpec(INTERPRETER, "runs code")])
    assert events[-1] == ToolCalled(ToolCall(INTERPRETER, {"code": code}))
    assert messages(events)[0].header == INTERPRETER


def test_a_call_in_one_line_is_read_too() -> None:
    text = "get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value>"
    assert parse_xml_call(text, [WEATHER]) == ToolCall("get_weather", {"city": "Paris"})
    assert parse_xml_call("get_weather", [WEATHER]) == ToolCall("get_weather", {})


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        ("12", "string", "12"),
        ("12", "integer", 12),
        ('{"a": [1, null]}', "object", {"a": [1, None]}),
        ("12", None, 12),
        ("twelve", None, "twelve"),
        ("true", ["string", "boolean"], True),
        ("perhaps", ["string", "boolean"], "perhaps"),
        ("NaN", None, "NaN"),
        ("__import__('os').system('true')", None, "__import__('os').system('true')"),
        (" two\nlines ", "string", " two\nlines "),
    ],
)
def test_values_follow_the_schema(value: str, kind: object, wanted: object) -> None:
    described = {} if kind is None else {"type": kind}
    tool = ToolSpec("t", "", {"type": "object", "properties": {"v": described}})
    call = parse_xml_call(f"t\n<arg_key>v</arg_key>\n<arg_value>{value}</arg_value>\n", [tool])
    assert call == ToolCall("t", {"v": wanted})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n<arg_key>a</arg_key>",
        "get_weather\nhello",
        "get_weather\n<arg_key>city</arg_key>\n<arg_value>x",
        "get_weather\n<arg_key>days</arg_key>\n<arg_value>two</arg_value>",
        "get_weather\n<arg_key>days</arg_key>\n<arg_value>NaN</arg_value>",
        "get_weather\n<arg_key>days</arg_key>\n<arg_value>" + "[" * 100_000 + "</arg_value>",
        "get_weather" + "\n<arg_key>city</arg_key>\n<arg_value>x</arg_value>" * 2,
        "n" * 500 + "\n",
    ],
)
def test_an_unreadable_call_is_answered_and_not_fatal(text: str) -> None:
    call = parse_xml_call(text, [WEATHER])
    assert call.arguments is None
    assert "<arg_value>" in call.fault
    assert len(call.name) <= 128


class Recorded:
    """An engine that answers with recorded events."""

    info = EngineInfo(name="recorded", device="cpu", dtype="none", context_length=1000)

    def __init__(self, *answers: list[Any]) -> None:
        self.answers = list(answers)

    def stream(self, messages: Any, **options: Any) -> Iterator[Any]:
        yield from self.answers.pop(0)
        yield Finished("stop", prompt_tokens=1, completion_tokens=1)

    def count_tokens(self, messages: Any, **options: Any) -> int:
        return 1

    def close(self) -> None:
        """Nothing to free."""


THOUGHTFUL = Message("assistant", "Four.", finish="stop", thought="2 + 2\n<b>is</b> 4")


def thoughtful_events() -> list[Any]:
    return [ThoughtDelta("2 + 2\n"), ThoughtDelta("<b>is</b> 4"), TextDelta("Four."), MessageDone(THOUGHTFUL)]


def test_thoughts_stay_in_the_conversation_and_its_file() -> None:
    chat = Conversation(Recorded(thoughtful_events()))
    list(chat.send("2 + 2?"))
    assert chat.messages[-1] == THOUGHTFUL
    assert transcript.from_json(transcript.to_json(chat.messages)).messages == chat.messages
    assert "> <b>is</b> 4" in transcript.to_markdown(chat.messages)
    page = export_html.page(chat.messages)
    assert "<summary>Thinking</summary>" in page
    assert "<b>is</b>" not in page
    with pytest.raises(glm.ImportChatError, match="thought"):
        transcript.from_dict({**transcript.to_dict([]), "messages": [{"role": "user", "content": "", "thought": "x"}]})


def test_closing_the_stream_keeps_what_was_thought() -> None:
    chat = Conversation(Recorded(thoughtful_events()))
    events = chat.send("2 + 2?")
    next(events)
    events.close()
    assert chat.messages[-1] == Message("assistant", "", finish="cancelled", thought="2 + 2\n")


def test_the_terminal_shows_thoughts_before_the_answer() -> None:
    out = io.StringIO()
    TerminalChat(Conversation(Recorded(thoughtful_events())), source=io.StringIO("2 + 2?\n"), out=out).run()
    assert out.getvalue().startswith("2 + 2\n<b>is</b> 4\n\nFour.")


def test_the_page_folds_thoughts_above_the_answer() -> None:
    from apps import gradio_view
    from apps.chats import Chats

    chat = Chats(Recorded(thoughtful_events()), None).new("me", "chat")
    assert chat.answer(lambda: chat.conversation.send("2 + 2?")).wait(20)
    shown = gradio_view.shown(chat, "en").bubbles[-1]["content"]
    assert shown.startswith('<details class="thought"><summary>Thinking</summary>')
    assert shown.endswith("</details>\n\nFour.")
    assert "<b>" not in shown


def test_every_tag_of_the_format_is_known_to_the_reader(tmp_path: Path) -> None:
    form = Glm45Format(Tokenizer.from_folder(write_tokenizer(tmp_path)), GLM45)
    assert set(form.tag_ids.values()) == {tag for tag in TAGS if "think>" in tag or "call" in tag or "arg" in tag}
