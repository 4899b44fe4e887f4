"""Chats: the conversations that are open in this process, and the list of those in the store.

When the store fails, a sentence says so and the chat goes on. No widgets.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from apps.chat import REFUSALS as REFUSALS
from apps.chat import Chat as Chat
from glm.engine import Engine
from glm.store import Store, StoreError, Summary

_KEPT_OPEN = 200
_RETRY_STORE_SECONDS = 10.0


class Chats:
    """All open conversations of the process, by id. `trouble` is a sentence when nothing can be kept."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self.engine = engine
        self.trouble = ""
        self._path = path
        self._store: Store | None = None
        self._tried = 0.0
        self._open: dict[str, Chat] = {}
        self._guard = threading.RLock()
        self._ready()

    def new(self, owner: str, mode: str) -> Chat:
        """A new conversation; it is stored from its first message on."""
        chat = Chat(self, owner, mode)
        self.register(chat)
        return chat

    def register(self, chat: Chat) -> None:
        """Find `chat` by its id from now on."""
        with self._guard:
            self._forget_some()
            self._open[chat.id] = chat

    def open(self, owner: str, key: str) -> Chat:
        """The owner's conversation `key`. Raises `StoreError` when there is none or it cannot be read."""
        with self._guard:
            chat = self._open.get(key)
            if chat is None:
                store = self._ready()
                if store is None:
                    raise StoreError(self.trouble)
                stored = store.load(owner, key)
                chat = self._open[key] = Chat(self, owner, stored.summary.mode, stored)
            if chat.owner != owner:
                raise StoreError("this conversation does not exist any more; choose another one or start anew")
            chat.used = time.monotonic()
            return chat

    def running(self, owner: str, mode: str) -> Chat | None:
        """A conversation of the owner's in which an answer is being made."""
        with self._guard:
            return next((c for c in self._open.values() if (c.owner, c.mode) == (owner, mode) and c.busy), None)

    def listed(self, owner: str, *, mode: str | None = None, search: str = "", limit: int = 200) -> list[Summary]:
        """The owner's stored conversations, last changed first."""
        store = self._ready()
        try:
            return store.conversations(owner, mode=mode, search=search, limit=limit) if store is not None else []
        except StoreError as error:
            self.trouble = str(error)
            return []

    def rename(self, owner: str, key: str, title: str) -> None:
        """Give a conversation a title of its own."""
        self.open(owner, key).rename(title)

    def delete(self, owner: str, key: str) -> None:
        """Stop and remove a conversation."""
        with self._guard:
            chat = self._open.get(key)
            if chat is not None and chat.owner == owner:
                del self._open[key]
                chat.forget()
        self.storing(lambda store: store.delete(owner, key))

    def storing(self, action: Callable[[Store], None]) -> None:
        """Do something with the store; a failure becomes `trouble`. A store that failed is tried again later."""
        store = self._ready()
        if store is None:
            return
        try:
            action(store)
            self.trouble = ""
        except StoreError as error:
            self.trouble = str(error)

    def close(self) -> None:
        """Stop all answers, wait a moment for their last words to be stored, and close the store."""
        with self._guard:
            chats = [chat for chat in self._open.values() if chat.busy]
        for chat in chats:
            chat.stop()
        for chat in chats:
            if chat.running is not None:
                chat.running.wait(2.0)
        if self._store is not None:
            self._store.close()

    def _ready(self) -> Store | None:
        with self._guard:
            waited = time.monotonic() - self._tried > _RETRY_STORE_SECONDS
            if self._store is None and self._path is not None and (waited or not self._tried):
                self._tried = time.monotonic()
                try:
                    self._store = Store(self._path)
                except StoreError as error:
                    self.trouble = str(error)
            return self._store

    def _forget_some(self) -> None:
        """Close what nobody has used for longest; the store has it."""
        if self._store is None or len(self._open) < _KEPT_OPEN:
            return
        idle = sorted((chat for chat in self._open.values() if not chat.busy), key=lambda chat: chat.used)
        for chat in idle[: len(self._open) - _KEPT_OPEN + 1]:
            del self._open[chat.id]
