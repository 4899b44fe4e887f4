"""The Streamlit chat without a browser: what a visitor's clicks do, and what is drawn then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from apps import options, streamlit_app
from apps.chats import Chat, Chats
from apps.engine_loader import EngineLoader
from apps.streamlit_app import Service
from apps.visitors import Visitors
from glm import transcript
from glm.engine import Engine
from glm.errors import CheckpointError, EngineError
from glm.messages import Message, ToolCall
from glm.scripted_engine import ScriptedEngine
from glm.store import FILE

PAGE = str(Path(__file__).resolve().parent.parent / "apps" / "streamlit_chat_page.py")
SECONDS = 20


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(context_length=200)


@pytest.fixture
def service(engine: ScriptedEngine, tmp_path: Path) -> Iterator[Service]:
    loader = EngineLoader(lambda progress: engine, name="scripted").start()
    loader.wait()
    made = Service(loader, Chats(engine, tmp_path / FILE), Visitors(tmp_path), options.Options())
    streamlit_app.provide(made)
    yield made
    made.close()


@pytest.fixture
def page(service: Service) -> AppTest:
    return opened()


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=SECONDS)
    for name, value in query.items():
        page.query_params[name] = value
    return checked(page.run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    return page


def ask(page: AppTest, question: str) -> AppTest:
    return checked(page.chat_input[0].set_value(question).run())


def chat_of(page: AppTest) -> Chat:
    chat: Chat = page.session_state["chat_chat"]
    return chat


def button(page: AppTest, key: str) -> Any:
    """The button whose key begins with `key`."""
    return next(found for found in page.button if (found.key or "").startswith(key))


def shown(page: AppTest) -> list[str]:
    """The Markdown of the messages."""
    return [part.value for message in page.chat_message for part in message.markdown]


def test_a_question_is_answered_and_the_page_has_the_address_of_the_conversation(
    page: AppTest, engine: ScriptedEngine
) -> None:
    engine.enqueue("The answer is **4**.")
    ask(page, "What is 2+2?")
    assert shown(page) == ["What is 2+2?", "The answer is **4**."]
    assert page.query_params["c"] == chat_of(page).id


def test_an_example_asks_its_question(page: AppTest, engine: ScriptedEngine) -> None:
    engine.enqueue("Sleep well.")
    checked(button(page, "ask-example_0").click().run())
    assert shown(page) == ["What should I do if I can't sleep at night?", "Sleep well."]


def test_formulas_money_and_foreign_signs_are_written_for_streamlit(page: AppTest, engine: ScriptedEngine) -> None:
    engine.enqueue(r"\(x\) costs $5 and $6 :smile: :red[x] a -> b <b>bold</b> ![t](http://tracker.example/x.png)")
    ask(page, "go")
    assert shown(page)[1] == (
        "$x$ costs \\$5 and \\$6 :\u2060smile: \\:red[x] a -\u2060> b <\u2060b>bold<\u2060/b> *[image not loaded: t]*"
    )


def test_retry_undo_and_edit_change_the_conversation(page: AppTest, engine: ScriptedEngine) -> None:
    engine.enqueue("one", "two", "three", "four")
    ask(page, "a")
    ask(page, "b")
    checked(button(page, "retry").click().run())
    assert shown(page) == ["a", "one", "b", "three"]
    checked(button(page, "undo").click().run())
    assert shown(page) == ["a", "one"]
    checked(button(page, f"edit-{chat_of(page).id}-0").click().run())
    next(found for found in page.text_area if (found.key or "").startswith("edited-")).set_value("changed")
    checked(next(found for found in page.button if found.label == "Ask again").click().run())
    assert shown(page) == ["changed", "four"]


def test_a_failure_is_told_and_retry_is_offered(page: AppTest, engine: ScriptedEngine) -> None:
    engine.enqueue(EngineError("out of memory; try a shorter text"), "better")
    ask(page, "hello")
    assert [found.value for found in page.error] == ["**The answer broke off.** Out of memory; try a shorter text."]
    checked(button(page, "retry").click().run())
    assert shown(page) == ["hello", "better"] and not page.error


def test_a_message_too_long_for_the_model_changes_nothing_and_is_told(page: AppTest) -> None:
    ask(page, "word " * 500)
    assert "tokens too long" in page.warning[0].value and "Your text is back in the box" in page.warning[0].value
    assert shown(page) == []


def test_settings_and_system_prompt_reach_the_model_and_a_cut_answer_says_so(
    page: AppTest, engine: ScriptedEngine
) -> None:
    page.slider(key="set_max_new_tokens").set_value(2)
    page.slider(key="set_temperature").set_value(0.25)
    page.text_area(key="set_system").set_value("Be brief.")
    engine.enqueue("one two three four five")
    ask(page, "q")
    sent = engine.asked[-1]
    assert (sent.settings.max_new_tokens, sent.settings.temperature) == (2, 0.25)
    assert sent.messages[0] == Message("system", "Be brief.")
    assert chat_of(page).messages[-1].finish == "length"


def test_the_longest_answer_ends_at_what_the_model_reads(page: AppTest) -> None:
    assert page.slider(key="set_max_new_tokens").max == 200


def test_moving_a_slider_loses_nothing(page: AppTest, engine: ScriptedEngine) -> None:
    engine.enqueue("answer")
    ask(page, "q")
    checked(page.slider(key="set_top_p").set_value(0.5).run())
    assert shown(page) == ["q", "answer"]


def test_every_conversation_keeps_its_own_settings_and_defaults_come_back(
    page: AppTest, engine: ScriptedEngine
) -> None:
    page.slider(key="set_temperature").set_value(0.25)
    engine.enqueue("answer")
    ask(page, "first")
    first = chat_of(page).id
    checked(button(page, "new_chat").click().run())
    assert page.slider(key="set_temperature").value == 0.8 and shown(page) == []
    checked(button(page, f"open-{first}").click().run())
    assert page.slider(key="set_temperature").value == 0.25 and shown(page) == ["first", "answer"]
    checked(button(page, "defaults").click().run())
    assert page.slider(key="set_temperature").value == 0.8


def test_conversations_can_be_found_renamed_and_deleted(page: AppTest, service: Service) -> None:
    for number in range(7):
        if number:
            checked(button(page, "new_chat").click().run())
        ask(page, f"question {number}")
    last = chat_of(page)
    checked(page.text_input(key="search").set_value("question 3").run())
    assert [found.label for found in page.button if (found.key or "").startswith("open-")] == ["question 3"]
    checked(page.text_input(key="search").set_value("").run())
    page.text_input(key=f"name-{last.id}").set_value("A better name").run()
    checked(button(page, f"rename-{last.id}").click().run())
    assert last.title == "A better name" and service.chats.listed(last.owner)[0].title == "A better name"
    checked(button(page, f"delete-{last.id}").click().run())
    assert len(service.chats.listed(last.owner)) == 6 and shown(page) == []


def test_an_exported_conversation_can_be_imported_and_a_bad_file_changes_nothing(
    page: AppTest, engine: ScriptedEngine
) -> None:
    engine.enqueue("answer")
    ask(page, "q")
    exported = transcript.to_json(chat_of(page).messages, "sys")
    page.file_uploader(key="import-0").upload("bad.json", b"{}", "application/json").run()
    assert shown(page) == ["q", "answer"] and "not an exported conversation" in page.toast[0].value
    checked(button(page, "new_chat").click().run())
    page.file_uploader(key="import-1").upload("chat.json", exported.encode(), "application/json").run()
    assert shown(checked(page)) == ["q", "answer"] and chat_of(page).conversation.system == "sys"


def test_a_text_file_goes_before_the_question_with_its_tokens_told_and_is_folded_in_the_chat(
    page: AppTest, engine: ScriptedEngine
) -> None:
    uploader = next(found for found in page.file_uploader if found.key == "files-chat-0")
    uploader.upload("notes.txt", "第一行\n```\nline two".encode("gb18030"), "text/plain").run()
    tokens = engine.count_tokens([Message("user", "[]\n````\n第一行\n```\nline two\n````\n\n")])
    assert any(f"notes.txt · {tokens} tokens" in part.proto.body for part in page.get("html"))
    engine.enqueue("answer")
    ask(page, "What does it say?")
    expected = "[notes.txt]\n````\n第一行\n```\nline two\n````\n\nWhat does it say?"
    assert engine.asked[-1].messages[-1].content == expected
    assert shown(page)[-2:] == ["What does it say?", "answer"] and page.code[0].value == "第一行\n```\nline two"
    assert chat_of(page).title == "What does it say?"
    ask(page, "again")
    assert chat_of(page).messages[2].content == "again"


def test_a_file_that_is_no_text_is_refused_with_its_name(page: AppTest) -> None:
    uploader = next(found for found in page.file_uploader if found.key == "files-chat-0")
    checked(uploader.upload("photo.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00", "image/png").run())
    assert "photo.png is not a text file" in page.warning[0].value


def test_thoughts_calls_and_results_of_an_imported_conversation_are_folded(page: AppTest) -> None:
    call = Message("assistant", "tool_call(x=1)", "sum", ToolCall("sum", {"x": 1}), "stop")
    answer = Message("assistant", "It is 1.", finish="stop", thought="Let me see.")
    messages = (Message("user", "q"), call, Message("observation", "1"), answer)
    chat_of(page).replace(transcript.Transcript(messages))
    checked(page.run())
    folded = [found.label for found in page.expander if found.label in ("Calls sum", "Result", "Thinking")]
    assert folded == ["Calls sum", "Result", "Thinking"]


def test_likes_are_kept(page: AppTest, engine: ScriptedEngine) -> None:
    engine.enqueue("answer")
    ask(page, "q")
    page.feedback[0].set_value(1).run()
    assert chat_of(page).likes == {1: "Like"}


def test_the_address_opens_a_conversation_again_but_only_for_its_owner(page: AppTest, service: Service) -> None:
    ask(page, "mine")
    mine = chat_of(page)
    again = opened(c=mine.id)
    assert chat_of(again) is not mine and shown(again) == []  # another visitor: AppTest has no cookies
    assert "does not exist any more" in again.toast[0].value


def test_the_page_speaks_chinese_when_asked(service: Service) -> None:
    page = opened(lang="zh")
    assert page.chat_input[0].placeholder == "给模型发消息" and button(page, "new_chat").label == "新对话"
    checked(button(page, "language").click().run())
    assert page.chat_input[0].placeholder == "Message the model"


def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    def fail(progress: object) -> Engine:
        raise CheckpointError("folder 'x' has no weights; copy or download the missing files")

    loader = EngineLoader(fail).start()
    loader.wait()
    engine = ScriptedEngine()
    streamlit_app.provide(Service(loader, Chats(engine, None), Visitors(None), options.Options()))
    page = opened()
    assert any("has no weights" in part.proto.body for part in page.get("html"))


def test_a_store_that_fails_is_told_on_the_page_and_the_chat_goes_on(engine: ScriptedEngine, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database " * 1000)
    loader = EngineLoader(lambda progress: engine).start()
    loader.wait()
    streamlit_app.provide(Service(loader, Chats(engine, tmp_path / FILE), Visitors(None), options.Options()))
    engine.enqueue("answer")
    page = ask(opened(), "q")
    assert shown(page) == ["q", "answer"]
    assert "nothing is being kept" in page.warning[0].value and "damaged" in page.warning[0].value
