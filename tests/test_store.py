"""The store of conversations: real SQLite files, whole, damaged, newer, read-only, full, and shared."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from glm.messages import INTERPRETER, Message, ToolCall
from glm.store import FILE, VERSION, ChangedElsewhereError, Store, StoreError, data_folder

ROOT = Path(__file__).resolve().parent.parent
QUESTION = Message("user", "What is 2+2?\r\n\ttabs, “quotes” and 你好 \U0001f642")
CALL = Message(
    "assistant", "```python\ntool_call(x=1)\n```", "calculator", ToolCall("calculator", {"x": 1}), "stop", "let me see"
)
MESSAGES = (
    QUESTION,
    CALL,
    Message("observation", '{"result": 4}\n'),
    Message("assistant", " It is $4$.\n\n", finish="length"),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / FILE)


def kept(store: Store, *messages: Message, owner: str = "me", mode: str = "chat", title: str = "t") -> str:
    key = store.create(owner, mode).summary.id
    store.write(key, messages, revision=0, title=title)
    return key


def titles(store: Store, search: str = "", owner: str = "me", mode: str | None = None) -> list[str]:
    return [summary.title for summary in store.conversations(owner, mode=mode, search=search)]


def test_what_was_written_comes_back_byte_for_byte_in_another_process_run(tmp_path: Path) -> None:
    first = Store(tmp_path / FILE)
    key = kept(first, *MESSAGES)
    first.note(key, system="Be brief.\n", details={"likes": {"3": "Like"}, "files": ["a.csv"]})
    first.close()
    read = Store(tmp_path / FILE).load("me", key)
    assert read.messages == MESSAGES
    assert read.system == "Be brief.\n"
    assert read.details == {"likes": {"3": "Like"}, "files": ["a.csv"]}


def test_writing_from_a_place_on_replaces_what_stood_there(store: Store) -> None:
    key = kept(store, *MESSAGES)
    changed = (*MESSAGES[:1], Message("assistant", "Four.", finish="stop"))
    assert store.write(key, changed, start=1, revision=1, title="t") == 2
    assert store.load("me", key).messages == changed


def test_an_answer_in_the_making_is_found_as_a_stopped_message_and_written_away_by_the_whole_one(store: Store) -> None:
    key = kept(store, QUESTION)
    store.append_draft(key, thought="hm ")
    store.append_draft(key, text="It ")
    store.append_draft(key, text="is")
    partial = Message("assistant", "It is", finish="cancelled", thought="hm ")
    assert store.load("me", key).messages == (QUESTION, partial)
    whole = (QUESTION, Message("assistant", "It is 4.", finish="stop"))
    store.write(key, whole, start=1, revision=1, title="t")
    assert store.load("me", key).messages == whole


def test_a_killed_program_loses_nothing_that_was_written(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from glm.store import Store; from glm.messages import Message\n"
        "store = Store(Path(sys.argv[1])); key = store.create('me', 'chat').summary.id\n"
        "store.write(key, [Message('user', 'hi')], revision=0, title='hi')\n"
        "[store.append_draft(key, text=f'{n} ') for n in range(50)]\n"
        "print(key, flush=True); os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).resolve().parent.parent
    path = tmp_path / FILE
    ended = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == -9, ended.stderr
    read = Store(path).load("me", ended.stdout.strip())
    assert read.messages[1].content == "".join(f"{n} " for n in range(50))


def test_conversations_are_listed_for_their_owner_and_mode_last_changed_first(store: Store) -> None:
    first = kept(store, QUESTION, title="first")
    kept(store, QUESTION, title="second")
    kept(store, QUESTION, title="tool", mode="tool")
    kept(store, QUESTION, title="hers", owner="she")
    store.write(first, (QUESTION, *MESSAGES[3:]), start=1, revision=1, title="first")
    assert titles(store) == ["first", "tool", "second"]
    assert titles(store, mode="chat") == ["first", "second"]
    with pytest.raises(StoreError, match="does not exist any more"):
        store.load("she", first)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("天气", ["北京"]),
        ("BEIJING", ["北京"]),
        ("100%", ["percent"]),
        ("100_", []),
        ("天气 beijing", ["北京"]),
        ("nothing", []),
    ],
)
def test_search_finds_words_of_titles_and_messages_in_chinese_too(store: Store, search: str, found: list[str]) -> None:
    kept(store, Message("user", "今天北京的天气怎么样？ Beijing"), title="北京")
    kept(store, Message("user", "100% sure"), title="percent")
    kept(store, Message("user", "1000"), title="thousand")
    assert titles(store, search) == found


def test_a_title_given_by_a_person_stays(store: Store) -> None:
    key = kept(store, QUESTION, title="automatic")
    store.rename("she", key, "not hers")
    store.rename("me", key, "  my\nname ")
    store.write(key, MESSAGES, start=1, revision=1, title="automatic again")
    assert titles(store) == ["my name"]


def test_deleting_takes_the_messages_along_and_out_of_the_file(store: Store) -> None:
    key = kept(store, Message("user", "my secret word is xylophone"))
    store.append_draft(key, text="xylophone indeed")
    store.delete("she", key)
    assert titles(store) == ["t"]
    store.delete("me", key)
    store.close()
    assert b"xylophone" not in store.path.read_bytes()
    with sqlite3.connect(store.path) as db:
        assert [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("messages", "drafts")] == [0, 0]


def test_a_conversation_changed_by_another_program_is_not_overwritten(tmp_path: Path) -> None:
    one, other = Store(tmp_path / FILE), Store(tmp_path / FILE)
    key = kept(one, QUESTION)
    other.write(key, MESSAGES, start=1, revision=1, title="t")
    with pytest.raises(ChangedElsewhereError):
        one.write(key, (QUESTION, Message("assistant", "lost?")), start=1, revision=1, title="t")
    assert one.load("me", key).messages == MESSAGES


_WRITE_MANY = """
import sys
from tests.test_store import Message, Path, Store, kept

store, name = Store(Path(sys.argv[1])), sys.argv[2]
for number in range(30):
    kept(store, Message("user", f"{name} {number}"), title=f"{name} {number}")
"""


def test_several_programs_and_threads_write_at_the_same_time_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / FILE
    shared = Store(path)
    others = [
        subprocess.Popen([sys.executable, "-c", _WRITE_MANY, str(path), f"process{n}"], cwd=ROOT) for n in range(2)
    ]

    def many(name: str) -> None:
        for number in range(30):
            kept(shared, QUESTION, title=f"{name} {number}")

    threads = [threading.Thread(target=many, args=(f"thread{n}",)) for n in range(2)]
    for worker in threads:
        worker.start()
    for worker in threads:
        worker.join(60)
    assert [other.wait(60) for other in others] == [0, 0]
    assert len(shared.conversations("me", limit=1000)) == 120


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"newer version of this program \(format {VERSION + 1}.*GLM_DATA"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"this is no database, but it was here first" * 100, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_damaged_file_is_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"conversations cannot be kept in .*conversations.sqlite3.*damaged"):
        Store(path)
    assert path.read_bytes() == content


def test_a_damaged_conversation_is_told_by_its_name_and_the_others_stay(store: Store) -> None:
    bad, good = kept(store, QUESTION, title="bad one"), kept(store, QUESTION)
    with sqlite3.connect(store.path) as db:
        db.execute('UPDATE messages SET data = \'{"role": "wizard"}\' WHERE conversation = ?', (bad,))
    with pytest.raises(StoreError, match="stored conversation 'bad one' cannot be read: role of message 1"):
        store.load("me", bad)
    assert store.load("me", good).messages == (QUESTION,)
    assert len(titles(store)) == 2


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"conversations cannot be kept in .*GLM_DATA to another"):
        Store(tmp_path / "file" / FILE)


def test_a_read_only_file_can_be_read_and_says_that_nothing_is_kept(store: Store) -> None:
    key = kept(store, QUESTION)
    store._db.execute("PRAGMA query_only = ON")  # what a read-only disk answers; root may write everywhere
    with pytest.raises(StoreError, match="not writable"):
        store.append_draft(key, text="x")
    assert store.load("me", key).messages == (QUESTION,)


def test_a_full_disk_is_told_and_what_was_kept_stays(store: Store) -> None:
    key = kept(store, QUESTION)
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="the disk is full; make room on it"):
        store.write(key, (QUESTION, Message("assistant", "x" * 100_000)), start=1, revision=1, title="t")
    assert store.load("me", key).messages == (QUESTION,)


def test_half_a_character_does_not_lose_the_message(store: Store) -> None:
    key = kept(store, Message("user", "half \ud83d of one"))
    assert store.load("me", key).messages[0].content == "half ? of one"


def test_the_file_is_only_for_the_person_who_owns_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / FILE)
    if os.name != "nt":
        assert store.path.stat().st_mode & 0o077 == 0
        assert store.path.parent.stat().st_mode & 0o077 == 0


def test_the_data_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GLM_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("GLM_DATA")
    assert data_folder().name == "glm-demo-suite"


def test_an_interrupted_call_keeps_its_header(store: Store) -> None:
    key = kept(store, QUESTION)
    store.append_draft(key, header=INTERPRETER, text="```python\nprint(")
    assert store.load("me", key).messages[1] == Message(
        "assistant", "```python\nprint(", INTERPRETER, finish="cancelled"
    )
