"""Store: conversations kept in one SQLite file in the user's data folder.

Messages go in exactly as `glm.transcript` writes them and come out checked as an imported file is. An
answer being written is kept token by token beside them, so that a killed program loses the token in
flight and nothing else. Who may see a conversation is its `owner`; what a page makes of it is not here.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs

from glm import tool_results, transcript
from glm.errors import GlmError, ImportChatError
from glm.messages import Message, ToolResult

FOLDER = "glm-demo-suite"
FILE = "conversations.sqlite3"
VERSION = 1
TITLE_CHARS = 80
_WAIT_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE conversations(
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, mode TEXT NOT NULL, title TEXT NOT NULL, renamed INTEGER NOT NULL DEFAULT 0,
  system TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '{}', revision INTEGER NOT NULL DEFAULT 0,
  created REAL NOT NULL, changed REAL NOT NULL);
CREATE INDEX conversations_of ON conversations(owner, mode, changed);
CREATE TABLE messages(
  conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  data TEXT NOT NULL, PRIMARY KEY(conversation, position)) WITHOUT ROWID;
CREATE TABLE results(
  conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  data TEXT NOT NULL, PRIMARY KEY(conversation, position));
CREATE TABLE drafts(
  number INTEGER PRIMARY KEY, conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  header TEXT NOT NULL, text TEXT NOT NULL, thought TEXT NOT NULL);
CREATE INDEX drafts_of ON drafts(conversation);
"""
_MIGRATIONS: dict[int, str] = {0: _SCHEMA}
"""What leads from each version of the file to the next one."""


class StoreError(GlmError):
    """Conversations cannot be kept, or this one cannot be read."""


class ChangedElsewhereError(StoreError):
    """Another program has changed the conversation since it was read."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list. `changed` is seconds since the epoch."""

    id: str
    mode: str
    title: str
    changed: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A whole conversation. `details` is what its mode keeps beside it: settings, likes, files.

    `results` are those of tools, by the place of their observation among the messages.
    """

    summary: Summary
    messages: tuple[Message, ...]
    system: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0
    results: Mapping[int, ToolResult] = field(default_factory=dict)


def data_folder() -> Path:
    """Where conversations are kept; it need not exist yet. The environment variable `GLM_DATA` overrides it."""
    chosen = os.environ.get("GLM_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(platformdirs.user_data_path(FOLDER, appauthor=False))


def title_of(messages: Sequence[Message]) -> str:
    """The first question in one line, at most `TITLE_CHARS` characters."""
    first = next((message.content for message in messages if message.role == "user"), "")
    return " ".join(first[:2000].split())[:TITLE_CHARS]


class Store:
    """The conversations of one file. Safe from several threads, and beside other programs on the same file.

    Every method may raise `StoreError`, whose text says what is wrong with the file and what helps.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._told():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Close the file. Idempotent."""
        with self._lock:
            self._db.close()

    # -- lists -------------------------------------------------------------------------------------

    def conversations(
        self, owner: str, *, mode: str | None = None, search: str = "", limit: int = 200
    ) -> list[Summary]:
        """The owner's conversations, last changed first, of which title or messages contain all words of `search`."""
        where, values = ["owner = ?"], [owner]
        if mode is not None:
            where.append("mode = ?")
            values.append(mode)
        for word in search.split():
            pattern = "%" + word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
            where.append(
                r"(title LIKE ? ESCAPE '\' OR EXISTS(SELECT 1 FROM messages WHERE conversation = id"
                r" AND json_extract(data, '$.content') LIKE ? ESCAPE '\'))"
            )
            values += [pattern, pattern]
        query = f"SELECT id, mode, title, changed FROM conversations WHERE {' AND '.join(where)}"
        with self._told():
            rows = self._db.execute(f"{query} ORDER BY changed DESC, rowid DESC LIMIT ?", [*values, limit]).fetchall()
        return [Summary(*row) for row in rows]

    def load(self, owner: str, key: str) -> Stored:
        """The conversation `key`, with what an interrupted answer had said.

        Raises `StoreError` when the owner has none of that name or what is stored cannot be read.
        """
        with self._told(), self._transaction(write=False):
            row = self._db.execute(
                "SELECT id, mode, title, changed, system, details, revision FROM conversations"
                " WHERE id = ? AND owner = ?",
                (key, owner),
            ).fetchone()
            if row is None:
                raise StoreError("this conversation does not exist any more; choose another one or start anew")
            data = self._db.execute("SELECT data FROM messages WHERE conversation = ? ORDER BY position", (key,))
            texts = [text for (text,) in data]
            data = self._db.execute("SELECT position, data FROM results WHERE conversation = ?", (key,))
            kept_results = data.fetchall()
            draft = self._db.execute(
                "SELECT header, text, thought FROM drafts WHERE conversation = ? ORDER BY number", (key,)
            ).fetchall()
        summary, system, details, revision = Summary(*row[:4]), row[4], row[5], row[6]
        try:
            entries = [json.loads(text) for text in texts]
            read = transcript.from_dict(
                {"format": transcript.FORMAT, "version": transcript.VERSION, "system": system, "messages": entries}
            )
            kept = json.loads(details)
            results = _results(read.messages, kept_results)
        except (ValueError, RecursionError, ImportChatError) as error:
            raise StoreError(f"the stored conversation {summary.title!r} cannot be read: {error}") from error
        return Stored(summary, (*read.messages, *_unfinished(draft)), system, kept, revision, results)

    # -- one conversation --------------------------------------------------------------------------

    def create(self, owner: str, mode: str, title: str = "", *, key: str = "") -> Stored:
        """A new, empty conversation, named `key` if that name is free."""
        now = time.time()
        with self._told(), self._transaction():
            taken = not key or self._db.execute("SELECT 1 FROM conversations WHERE id = ?", (key,)).fetchone()
            made = Stored(Summary(secrets.token_urlsafe(12) if taken else key, mode, _line(title), now), ())
            self._db.execute(
                "INSERT INTO conversations(id, owner, mode, title, created, changed) VALUES(?, ?, ?, ?, ?, ?)",
                (made.summary.id, owner, mode, made.summary.title, now, now),
            )
        return made

    def write(self, key: str, messages: Sequence[Message], *, start: int = 0, revision: int, title: str = "") -> int:
        """Replace the messages from `start` on by those of `messages` from there; returns the new revision.

        `revision` is that of the last reading or writing; `title` names it as long as no person has. Raises
        `ChangedElsewhereError`, writing nothing, when the conversation is not at that revision any more.
        """
        written = transcript.to_dict(_storable(messages[start:]))["messages"]
        rows = [(key, start + index, json.dumps(entry, ensure_ascii=False)) for index, entry in enumerate(written)]
        with self._told(), self._transaction():
            changed = self._db.execute(
                "UPDATE conversations SET revision = revision + 1, changed = ?, title = CASE WHEN renamed THEN title"
                " ELSE ? END WHERE id = ? AND revision = ?",
                (time.time(), _line(title), key, revision),
            )
            if changed.rowcount != 1:
                raise ChangedElsewhereError("another program has changed this conversation; it goes on as a copy")
            self._db.execute("DELETE FROM drafts WHERE conversation = ?", (key,))
            self._db.execute("DELETE FROM messages WHERE conversation = ? AND position >= ?", (key, start))
            self._db.execute("DELETE FROM results WHERE conversation = ? AND position >= ?", (key, start))
            self._db.executemany("INSERT INTO messages VALUES(?, ?, ?)", rows)
        return revision + 1

    def write_result(self, key: str, position: int, result: ToolResult) -> None:
        """Keep what the tool gave whose observation is message `position`; its text is the message's."""
        data = _encodable(json.dumps(tool_results.to_dict(result), ensure_ascii=False))
        with self._told():
            self._db.execute("INSERT OR REPLACE INTO results VALUES(?, ?, ?)", (key, position, data))

    def append_draft(self, key: str, *, header: str = "", text: str = "", thought: str = "") -> None:
        """Add a piece of the answer being written; the next `write` replaces all pieces."""
        pieces = [_encodable(piece) for piece in (header, text, thought)]
        with self._told():
            self._db.execute(
                "INSERT INTO drafts(conversation, header, text, thought) VALUES(?, ?, ?, ?)", (key, *pieces)
            )

    def note(self, key: str, *, system: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        """Keep a new system prompt or new details. Raises `StoreError` when `details` are not plain data."""
        with self._told(), self._transaction():
            if system is not None:
                self._db.execute("UPDATE conversations SET system = ? WHERE id = ?", (_encodable(system), key))
            if details is not None:
                try:
                    kept = _encodable(json.dumps(details, ensure_ascii=False, allow_nan=False))
                except (TypeError, ValueError) as error:
                    raise StoreError(f"details of a conversation must be plain data: {error}") from error
                self._db.execute("UPDATE conversations SET details = ? WHERE id = ?", (kept, key))

    def rename(self, owner: str, key: str, title: str) -> None:
        """Give it a title that later messages do not change; "" lets them again."""
        with self._told():
            self._db.execute(
                "UPDATE conversations SET title = ?, renamed = ? WHERE id = ? AND owner = ?",
                (_line(title), int(bool(title.strip())), key, owner),
            )

    def delete(self, owner: str, key: str) -> None:
        """Remove it and all its messages."""
        with self._told():
            self._db.execute("DELETE FROM conversations WHERE id = ? AND owner = ?", (key, owner))

    # -- the file ----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        with contextlib.suppress(OSError):  # other users of this computer; Windows and odd file systems decide alone
            os.chmod(self.path, 0o600)
        self._db.execute("PRAGMA foreign_keys = ON")
        self._check_version(self._version())
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA secure_delete = ON")  # what a person deletes is gone from the file too
        with self._transaction():
            for version in range(self._version(), VERSION):
                for statement in _MIGRATIONS[version].split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {version + 1}")

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _check_version(self, version: int) -> None:
        if version > VERSION:
            raise StoreError(
                f"the conversations in {self.path} were written by a newer version of this program (format {version}, "
                f"this one reads up to {VERSION}); update it, or set GLM_DATA to another folder"
            )

    @contextlib.contextmanager
    def _transaction(self, *, write: bool = True) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """One thread at a time, and failures of the file in words."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise StoreError(self._advice(error)) from error
            except OSError as error:
                reason = error.strerror or error
                raise StoreError(
                    f"conversations cannot be kept in {self.path.parent}: {reason}; "
                    "make that folder writable, or set GLM_DATA to another one"
                ) from error

    def _advice(self, error: sqlite3.Error) -> str:
        words = str(error).casefold()
        what = f"conversations cannot be kept in {self.path}: "
        if "is full" in words:
            return f"{what}the disk is full; make room on it"
        if "readonly" in words or "unable to open" in words:
            return f"{what}the file or its folder is not writable; change that, or set GLM_DATA to another folder"
        if "locked" in words:
            return f"{what}another program holds the file; end that program, or set GLM_DATA to another folder"
        if "not a database" in words or "malformed" in words:
            return f"{what}the file is damaged; move it away and start again, or set GLM_DATA to another folder"
        return f"{what}{error}; move the file away and start again, or set GLM_DATA to another folder"


def _unfinished(draft: Sequence[tuple[str, str, str]]) -> tuple[Message, ...]:
    """What an answer had said when its program ended, as a stopped message."""
    text = "".join(piece[1] for piece in draft)
    thought = "".join(piece[2] for piece in draft)
    header = next((piece[0] for piece in reversed(draft) if piece[0]), "")
    if not text and not thought:
        return ()
    return (Message("assistant", text, header, finish="cancelled", thought=thought),)


def _results(messages: Sequence[Message], rows: Sequence[tuple[int, str]]) -> dict[int, ToolResult]:
    """The stored results that belong to an observation; a damaged one is left out, the message says what it gave."""
    found = {}
    for position, data in rows:
        if 0 <= position < len(messages) and messages[position].role == "observation":
            result = tool_results.from_dict(json.loads(data), messages[position].content)
            if result is not None:
                found[position] = result
    return found


def _storable(messages: Sequence[Message]) -> list[Message]:
    return [
        message if _is_encodable(message.content) and _is_encodable(message.thought)
        else replace(message, content=_encodable(message.content), thought=_encodable(message.thought))
        for message in messages
    ]  # fmt: skip


def _is_encodable(text: str) -> bool:
    return text.isascii() or _encodable(text) == text


def _encodable(text: str) -> str:
    """`text` without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _line(title: str) -> str:
    return _encodable(" ".join(title.split())[:TITLE_CHARS])
