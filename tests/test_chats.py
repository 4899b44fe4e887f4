"""Conversations that belong to the process: running answers, who watches them, and what of them is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps import status
from apps.chats import Chat, Chats
from apps.engine_loader import EngineLoader
from apps.live import Live
from apps.running import RunningAnswer
from apps.texts import Lang
from glm.conversation import Conversation
from glm.errors import ContextOverflowError, ConversationError, EngineError
from glm.events import Event, Finished, MessageDone, PromptProgress, Queued, TextDelta
from glm.messages import Message
from glm.scripted_engine import ScriptedEngine
from glm.settings import GenerationSettings
from glm.store import FILE, Store, StoreError
from glm.transcript import Transcript

SLOW = "one two three four five six seven eight nine ten " * 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE


def opened(path: Path | None, *script: object, delay: float = 0.0, context: int = 8192) -> Chats:
    return Chats(ScriptedEngine(script, delay=delay, context_length=context), path)  # type: ignore[arg-type]


def asked(chat: Chat, question: str, *, wait: bool = True) -> RunningAnswer:
    running = chat.answer(lambda: chat.conversation.send(question), typed=question)
    if wait:
        assert running.wait(20)
    return running


def said(chat: Chat) -> list[str]:
    return [message.content for message in chat.messages]


# -- watching ------------------------------------------------------------------------------------------


def test_everybody_who_watches_sees_the_whole_answer_whenever_they_come() -> None:
    gates = [threading.Event(), threading.Event()]

    def events() -> Iterator[Event]:
        yield TextDelta("a")
        gates[0].wait(20)
        yield TextDelta("b")
        gates[1].wait(20)
        yield Finished("stop")

    running = RunningAnswer(events, stop=lambda: None)
    early = running.batches(0.01)
    assert next(batch for batch in early if batch) == [TextDelta("a")]
    assert not running.done and running.wait_begun(5)
    gates[0].set()
    assert next(batch for batch in early if batch) == [TextDelta("b")]
    gates[1].set()
    assert [event for batch in early for event in batch] == [Finished("stop")]
    assert [event for batch in running.batches() for event in batch] == list(running.events)
    assert running.done and running.failure is None


def test_a_watcher_gets_empty_batches_while_nothing_happens() -> None:
    gate = threading.Event()

    def events() -> Iterator[Event]:
        gate.wait(20)
        yield Finished("stop")

    running = RunningAnswer(events, stop=gate.set)
    watching = running.batches(0.01)
    assert [list(next(watching)) for _ in range(3)] == [[], [], []]
    running.stop()
    assert [event for batch in watching for event in batch] == [Finished("stop")]


def test_a_fault_in_the_program_ends_the_answer_with_a_sentence() -> None:
    ended: list[object] = []
    running = RunningAnswer(lambda: iter([None, 1 // 0]), stop=lambda: None, on_end=ended.append)  # type: ignore[list-item]
    assert running.wait(5)
    assert isinstance(running.failure, EngineError)
    assert "broke off with ZeroDivisionError" in str(running.failure)
    assert ended == [running.failure]


def test_the_live_answer_is_what_came_since_the_last_whole_message() -> None:
    live = Live()
    live.feed([PromptProgress(50, 200)])
    assert live.reading_percent == 25
    live.feed([PromptProgress(200, 200), TextDelta("a"), TextDelta("b")])
    assert (live.text, live.reading_percent) == ("ab", None)
    live.feed([MessageDone(Message("assistant", "ab"))])
    assert (live.text, live.completed) == ("", 1)


def test_waiting_in_the_queue_ends_with_the_first_thing_that_is_done() -> None:
    live = Live()
    live.feed([PromptProgress(0, 9), Queued(2, 19.6), PromptProgress(0, 9)])
    assert (live.queue_position, live.queue_seconds) == (2, 19.6)
    live.feed([PromptProgress(9, 9)])
    assert (live.queue_position, live.queue_seconds) == (0, None)


@pytest.mark.parametrize(
    ("lang", "live", "words"),
    [
        ("en", Live(queue_position=2, queue_seconds=19.6), "In the queue: 2nd, about 20 s"),
        ("zh", Live(queue_position=2, queue_seconds=19.6), "排队中：第 2 位，约 20 秒"),
        ("en", Live(queue_position=11), "In the queue: 11th"),
        ("en", Live(queue_position=103, queue_seconds=0.2), "In the queue: 103rd, about 1 s"),
        ("en", Live(prompt_done=1, prompt_total=4), "Reading the conversation… 25 %"),
    ],
)
def test_what_stands_for_an_answer_says_why_there_is_none_yet(lang: Lang, live: Live, words: str) -> None:
    loader = EngineLoader(lambda progress: ScriptedEngine()).start()
    assert loader.wait(20)
    assert status.waiting_note(loader, live, lang) == words
    queued = bool(live.queue_position)
    line = status.status_html(loader, Conversation(ScriptedEngine()), None, lang, status.queue_note(live, lang))
    assert (words in line) == queued and ("8,192" in line) == (not queued)


def test_what_is_being_written_is_shown_once_while_it_goes_into_the_history() -> None:
    chat = opened(None, "first", "second").new("me", "chat")
    asked(chat, "q")
    running = asked(chat, "r")
    live = Live()
    for event in running.events:  # a watcher that is behind: the history holds the answer already
        assert [message.content for message in chat.whole_messages(live)] == ["q", "first", "r"]
        live.feed([event])
        if isinstance(event, MessageDone):
            break
    assert (live.text, chat.whole_messages(live)) == ("", chat.messages)


# -- answers -------------------------------------------------------------------------------------------


def test_an_answer_goes_on_when_nobody_watches_and_is_kept(path: Path) -> None:
    chats = opened(path, "first answer", "second answer")
    chat = chats.new("me", "chat")
    asked(chat, "question")
    asked(chat, "another")
    assert said(chat) == ["question", "first answer", "another", "second answer"]
    again = opened(path).open("me", chat.id)
    assert again.messages == chat.messages
    assert [summary.title for summary in opened(path).listed("me")] == ["question"]


def test_stop_keeps_what_was_said_and_one_answer_is_made_at_a_time(path: Path) -> None:
    chat = opened(path, SLOW, delay=0.01).new("me", "chat")
    running = asked(chat, "question", wait=False)
    while not any(isinstance(event, TextDelta) for event in running.events):
        running.wait(0.01)
    with pytest.raises(ConversationError, match="still being made"):
        chat.answer(lambda: chat.conversation.send("at once"))
    chat.stop()
    assert running.wait(5) and chat.ended == "cancelled"
    assert chat.messages[-1].finish == "cancelled" and SLOW.startswith(chat.messages[-1].content)
    assert opened(path).open("me", chat.id).messages == chat.messages


def test_the_store_has_every_token_while_the_answer_is_being_written(path: Path) -> None:
    chat = opened(path, SLOW, delay=0.01).new("me", "chat")
    running = asked(chat, "question", wait=False)
    while sum(isinstance(event, TextDelta) for event in running.events) < 5:
        running.wait(0.01)
    seen = "".join(event.text for event in running.events if isinstance(event, TextDelta))
    kept = Store(path).load("me", chat.id).messages  # as another program would after this one was killed
    chat.stop()
    running.wait(5)
    assert kept[0].content == "question"
    assert kept[1].content.startswith(seen) and kept[1].finish == "cancelled"


def test_a_refusal_gives_the_text_back_and_a_failure_keeps_what_was_said(path: Path) -> None:
    chat = opened(path, EngineError("no more memory; try a shorter text"), context=20).new("me", "chat")
    asked(chat, "hello")
    assert isinstance(chat.notice, EngineError) and chat.typed == ""
    asked(chat, "too long " * 30)
    assert isinstance(chat.notice, ContextOverflowError) and chat.typed == "too long " * 30
    assert said(chat) == ["hello"]


def test_undo_replace_and_retry_are_kept_too(path: Path) -> None:
    chats = opened(path, "one", "two", "three")
    chat = chats.new("me", "chat")
    asked(chat, "a")
    asked(chat, "b")
    chat.like(1, True)
    chat.like(3, False)
    assert chat.undo() == "b"
    assert chat.likes == {1: "Like"}
    assert chat.answer(chat.conversation.retry).wait(5)
    assert [m.content for m in opened(path).open("me", chat.id).messages] == ["a", "three"]
    chat.replace(Transcript((Message("user", "other"),), "a system prompt"))
    kept = opened(path).open("me", chat.id)
    assert (said(kept), kept.conversation.system, kept.likes) == (["other"], "a system prompt", {})


def test_settings_system_prompt_likes_and_details_come_back(path: Path) -> None:
    chat = opened(path, "answer").new("me", "tool")
    chat.keep_settings(GenerationSettings(temperature=0.3))
    chat.keep_system("Be brief.")
    asked(chat, "q")
    chat.like(1, False)
    chat.keep_details(files=["a.csv"])
    again = opened(path).open("me", chat.id)
    assert again.mode == "tool" and again.likes == {1: "Dislike"} and again.details["files"] == ["a.csv"]
    assert again.conversation.settings.temperature == 0.3 and again.conversation.system == "Be brief."


# -- the list ------------------------------------------------------------------------------------------


def test_all_tabs_get_the_same_conversation_and_other_people_none(path: Path) -> None:
    chats = opened(path, "answer")
    chat = chats.new("me", "chat")
    assert chats.listed("me") == []  # nothing was said yet
    asked(chat, "q")
    assert chats.open("me", chat.id) is chat
    with pytest.raises(StoreError, match="does not exist any more"):
        chats.open("you", chat.id)
    chats.delete("you", chat.id)
    assert len(chats.listed("me")) == 1


def test_a_conversation_deleted_in_the_middle_of_its_answer_stays_deleted(path: Path) -> None:
    chats = opened(path, SLOW, delay=0.01)
    chat = chats.new("me", "chat")
    running = asked(chat, "q", wait=False)
    while not any(isinstance(event, TextDelta) for event in running.events):
        running.wait(0.01)
    chats.delete("me", chat.id)
    assert running.wait(5)
    assert chats.listed("me") == []


def test_what_is_said_in_a_conversation_deleted_elsewhere_is_kept_anew(path: Path) -> None:
    chats = opened(path, "one", "two")
    chat = chats.new("me", "chat")
    asked(chat, "a")
    chats.delete("me", chat.id)
    asked(chat, "b")
    kept = opened(path)
    assert [summary.title for summary in kept.listed("me")] == ["a"]
    assert kept.open("me", chat.id).messages == chat.messages


def test_the_engine_knows_whose_conversation_it_is(path: Path) -> None:
    chats = opened(path, "one")
    chat = chats.new("me", "chat")
    assert chat.conversation.visitor == "me"
    chat.replace(Transcript((Message("user", "other"),), ""))
    assert chat.conversation.visitor == "me"


def test_a_conversation_that_another_program_changed_goes_on_as_a_copy(path: Path) -> None:
    one, other = opened(path, "1", "2"), opened(path, "3")
    chat = one.new("me", "chat")
    asked(chat, "q")
    theirs = other.open("me", chat.id)
    asked(theirs, "from elsewhere")
    first = chat.id
    asked(chat, "from here")
    assert chat.id != first and one.open("me", chat.id) is chat
    kept = {tuple(m.content for m in opened(path).open("me", s.id).messages) for s in one.listed("me")}
    assert kept == {("q", "1", "from elsewhere", "3"), ("q", "1", "from here", "2")}


def test_without_a_store_the_chat_goes_on_and_says_why_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    chats = opened(tmp_path / "file" / FILE, "answer")
    chat = chats.new("me", "chat")
    asked(chat, "q")
    assert said(chat) == ["q", "answer"] and chat.notice is None
    assert "conversations cannot be kept" in chats.trouble


def test_what_could_not_be_written_is_written_when_there_is_room_again(path: Path) -> None:
    chats = opened(path, "one", "two", "three")
    chat = chats.new("me", "chat")
    asked(chat, "a")
    assert chats._store is not None
    pages = chats._store._db.execute("PRAGMA page_count").fetchone()[0]
    chats._store._db.execute(f"PRAGMA max_page_count = {pages}")
    asked(chat, "b" * 20_000)
    assert "the disk is full" in chats.trouble
    chats._store._db.execute("PRAGMA max_page_count = 1000000")
    asked(chat, "c")
    assert chats.trouble == ""
    assert opened(path).open("me", chat.id).messages == chat.messages


def test_closing_stops_running_answers_and_keeps_their_last_words(path: Path) -> None:
    chats = opened(path, SLOW, delay=0.01)
    chat = chats.new("me", "chat")
    running = asked(chat, "q", wait=False)
    while not any(isinstance(event, TextDelta) for event in running.events):
        running.wait(0.01)
    chats.close()
    assert running.done
    assert opened(path).open("me", chat.id).messages == chat.messages
