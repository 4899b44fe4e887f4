"""What the Gradio chat shows of a conversation, without a page."""

from __future__ import annotations

import pytest

from apps import attachments, gradio_view
from apps.attachments import Attachment
from apps.chats import Chat, Chats
from apps.gradio_tabs import MODE
from apps.live import Live
from apps.streamlit_chat import CHAT
from glm.code_interpreter import SPEC
from glm.errors import EngineError
from glm.messages import Message
from glm.scripted_engine import Reply, ScriptedEngine
from glm.store import Summary
from glm.transcript import Transcript


def chat_of(*messages: Message) -> Chat:
    chat = Chats(ScriptedEngine(), None).new("me", "chat")
    chat.replace(Transcript(messages, ""))
    return chat


def contents(shown: gradio_view.Shown) -> list[str]:
    return [bubble["content"] for bubble in shown.bubbles]


def test_both_front_ends_mean_the_same_conversations() -> None:
    assert CHAT.name == MODE


def test_a_question_without_an_answer_ends_with_a_word_about_that() -> None:
    """Gradio puts Retry and Undo below an answer only."""
    shown = gradio_view.shown(chat_of(Message("user", "hello")), "zh")
    assert contents(shown) == ["hello", '<span class="badge">已停止</span>']
    assert shown.origins == [0, 0]


def test_a_failure_is_told_once_and_nobody_is_said_to_have_stopped_it() -> None:
    chat = Chats(ScriptedEngine([Reply(("half", EngineError("a <b>fault</b>")))]), None).new("me", "chat")
    assert chat.answer(lambda: chat.conversation.send("q")).wait(20)
    said = contents(gradio_view.shown(chat, "en"))
    assert said[0] == "q" and "a &lt;b&gt;fault&lt;/b&gt;" in said[-1] and "stopped" not in "".join(said)


@pytest.mark.parametrize(("finish", "words"), [("cancelled", "stopped"), ("length", "cut at the length limit")])
def test_an_answer_cut_short_says_so_and_its_open_fence_is_closed(finish: str, words: str) -> None:
    cut = Message("assistant", "```py\nx = 1", finish=finish)  # type: ignore[arg-type]
    shown = gradio_view.shown(chat_of(Message("user", "q"), cut), "en")
    assert contents(shown)[1] == f'```py\nx = 1\n```\n\n<span class="badge">{words}</span>'


def test_calls_and_results_fold_and_a_result_cannot_leave_its_fence() -> None:
    call = Message("assistant", "print(1)", header=SPEC.name)
    chat = chat_of(Message("user", "q"), call, Message("observation", "````\n# title"), Message("assistant", "done"))
    bubbles = gradio_view.shown(chat, "en").bubbles
    assert [bubble.get("metadata", {}).get("title") for bubble in bubbles] == [None, "Runs code", "Result", None]
    assert bubbles[2]["content"].startswith("`````\n````\n")


def test_a_tool_whose_name_is_markup_is_named_and_not_obeyed() -> None:
    hostile = "x <img src=http://tracker.example/a.png> ![y](http://tracker.example/b.png)"
    bubble = gradio_view.shown(chat_of(Message("user", "q"), Message("assistant", "a", header=hostile)), "en").bubbles[
        1
    ]
    assert "<img" not in bubble["metadata"]["title"] and "b.png" not in bubble["metadata"]["title"]


def test_files_have_bubbles_of_their_own_and_likes_belong_to_answers() -> None:
    content = attachments.compose("What is it?", [Attachment("a</summary>.txt", "x" * 5000)])
    chat = chat_of(Message("user", content), Message("assistant", "An x."))
    chat.like(1, True)
    shown = gradio_view.shown(chat, "en")
    assert [bubble["role"] for bubble in shown.bubbles] == ["user", "user", "assistant"]
    assert shown.origins == [0, 0, 1] and shown.origin(1) == 0 and shown.origin(9) == 1
    assert [shown.is_file(place) for place in range(3)] == [True, False, False]
    file, question, _ = contents(shown)
    assert "a&lt;/summary&gt;.txt" in file and "x" * 4000 + "\n…" in file and "x" * 4001 not in file
    assert question == "What is it?" and shown.likes(chat) == ["Like"]


def test_an_answer_being_written_stands_after_what_is_whole() -> None:
    chat = chat_of(Message("user", "q"), Message("assistant", "a"))
    waiting = gradio_view.shown(chat, "en", Live(), "<waiting>")
    assert contents(waiting)[2] == '<span class="waiting">&lt;waiting&gt;</span>'
    live = Live(text="formula \\[x", thought="hm")
    written = contents(gradio_view.shown(chat, "en", live))[2]
    assert written.endswith("</details>\n\nformula ") and "hm" in written


def test_the_list_shows_titles_as_text_and_marks_the_open_one() -> None:
    summaries = [Summary("one", "chat", '<b>"x"', 2.0), Summary("two", "chat", "", 1.0)]
    listed = gradio_view.conversations(summaries, "two", "zh", more=True, searched=False)
    assert "<b>" not in listed and "&lt;b&gt;&quot;x&quot;" in listed
    assert listed.count('aria-current="page"') == 1 and "新对话" in listed.partition("aria-current")[2]
    assert 'aria-label="删除: &lt;b&gt;&quot;x&quot;"' in listed and 'data-do="more"' in listed
    assert "没有找到" in gradio_view.conversations([], "", "zh", more=False, searched=True)
