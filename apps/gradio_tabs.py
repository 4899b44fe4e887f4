"""The open tabs of the Gradio chat: who looks, in which language, at which conversation. No widgets."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

import gradio as gr

from apps.attachments import Attachment
from apps.chats import Chat, Chats
from apps.texts import Lang
from apps.visitors import Visitors
from glm.errors import GlmError
from glm.settings import GenerationSettings
from glm.store import StoreError, Summary

MODE = "chat"
"""The conversations shown here are those of the Streamlit pages' chat mode."""
LISTED = 40
_MORE = 200
_MOST_TABS = 2000


@dataclass(slots=True, eq=False)
class Tab:
    """One open page.

    What it shows: the conversation in the state `drawn`, the `stage` of loading, the words `queue` about waiting.
    `watcher` numbers who draws the running answer, 0 when nobody does; `told` is the last failure it was told.
    """

    owner: str
    chats: Chats
    chat: Chat
    lang: Lang = "en"
    search: str = ""
    attached: list[Attachment] = field(default_factory=list)
    drawn: tuple[str, int] = ("", -1)
    watcher: int = 0
    told: GlmError | None = None
    limit: int = LISTED
    stage: str = "loading"
    queue: str = ""

    @property
    def state(self) -> tuple[str, int]:
        """Which conversation it shows, and which state of it."""
        return self.chat.id, self.chat.version

    def open(self, key: str) -> None:
        """Show the visitor's conversation `key`. Raises `StoreError` when there is no such chat."""
        found = self.chats.open(self.owner, key)
        if found.mode != MODE:
            raise StoreError(f"this conversation is one of the mode {found.mode!r}; open it there")
        self.chat = found

    def start_new(self) -> None:
        """Show a new conversation with the settings of this one; an empty one is new enough."""
        if not self.chat.messages and not self.chat.busy:
            return
        settings, system = self.chat.conversation.settings, self.chat.conversation.system
        self.chat = self.chats.new(self.owner, MODE)
        self.keep(settings, system)

    def keep(self, settings: GenerationSettings, system: str) -> None:
        """Use these from the next answer on. What is drawn stays as it is."""
        up_to_date = self.drawn == self.state
        self.chat.keep_settings(settings)
        self.chat.keep_system(system)
        if up_to_date:
            self.drawn = self.state

    def listed(self) -> tuple[list[Summary], bool]:
        """The visitor's conversations, last changed first, and whether there are more."""
        found = self.chats.listed(self.owner, mode=MODE, search=self.search, limit=self.limit + 1)
        return found[: self.limit], len(found) > self.limit

    def list_more(self) -> None:
        """List many more of them."""
        self.limit += _MORE


class Tabs:
    """The open tabs, by visitor and Gradio's session id."""

    def __init__(self, chats: Chats, visitors: Visitors) -> None:
        self._chats = chats
        self._visitors = visitors
        self._open: dict[tuple[str, str], Tab] = {}
        self._lock = threading.Lock()

    def of(self, request: gr.Request) -> Tab:
        """The tab that sends the request; a new one shows a running answer if there is one."""
        key = self._key(request)
        with self._lock:
            if key not in self._open:
                # A browser that keeps no cookies is a new visitor in every tab.
                owner = key[0] or f"tab-{secrets.token_urlsafe(12)}"
                chat = self._chats.running(owner, MODE) or self._chats.new(owner, MODE)
                self._open[key] = Tab(owner, self._chats, chat)
                if len(self._open) > _MOST_TABS:  # one whose leaving nobody told
                    del self._open[next(iter(self._open))]
            return self._open[key]

    def leave(self, request: gr.Request) -> None:
        """The tab was closed. Its answer goes on: the visitor may come back."""
        with self._lock:
            self._open.pop(self._key(request), None)

    def _key(self, request: gr.Request) -> tuple[str, str]:
        return self._visitors.named(request.request.cookies) or "", request.session_hash or ""
