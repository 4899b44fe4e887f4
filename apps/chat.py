"""Chat: one conversation that belongs to the process, with its running answer and its place in the store.

Any number of tabs may show it. Its answer is made by a thread of its own (`apps.running`), and everything said
is written to the store while it is said. Opening and listing conversations is `apps.chats`. No widgets.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apps import attachments
from apps.live import Live
from apps.running import RunningAnswer
from glm import transcript
from glm.conversation import Conversation
from glm.errors import ContextOverflowError, ConversationError, GlmError, SettingsError
from glm.events import CallDelta, Event, Finished, FinishReason, MessageDone, TextDelta, ThoughtDelta, ToolReturned
from glm.messages import Message, ToolResult
from glm.settings import GenerationSettings
from glm.store import ChangedElsewhereError, Store, Stored, title_of

if TYPE_CHECKING:
    from apps.chats import Chats

REFUSALS = (ConversationError, ContextOverflowError, SettingsError)
"""Failures before any work: the history is as it was and the text is the person's to change."""


class Chat:
    """One conversation, with its running answer if there is one.

    `version` grows with every change that a page should show. `notice` is an error to tell, `typed` the text
    that a refusal gives back; `details` is plain data that a mode keeps beside the messages,
    `results` what tools gave, by the index of their observation. Pages change
    `conversation` only through the methods here.
    """

    def __init__(self, chats: Chats, owner: str, mode: str, stored: Stored | None = None) -> None:
        self.owner = owner
        self.mode = mode
        self.id = stored.summary.id if stored else secrets.token_urlsafe(12)
        self.title = stored.summary.title if stored else ""
        self.version = 0
        self.notice: GlmError | None = None
        self.typed = ""
        self.finished: Finished | None = None
        self.ended: FinishReason | None = None
        self.running: RunningAnswer | None = None
        self.details: dict[str, Any] = dict(stored.details) if stored else {}
        self.used = time.monotonic()
        self.conversation = Conversation(
            chats.engine,
            system=stored.system if stored else "",
            settings=_settings(self.details),
            messages=stored.messages if stored else (),
            visitor=owner,
        )
        self.results: dict[int, ToolResult] = dict(stored.results) if stored else {}
        self._chats = chats
        self._kept = stored
        self._written: tuple[Message, ...] = stored.messages if stored else ()
        self._gone = False
        self._begun: int | None = None
        self._guard = threading.RLock()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was said."""
        return self.conversation.messages

    @property
    def busy(self) -> bool:
        """True while an answer is being made."""
        return self.running is not None and not self.running.done

    # -- answers -----------------------------------------------------------------------------------

    def answer(self, begin: Callable[[], Iterator[Event]], *, typed: str = "") -> RunningAnswer:
        """Make an answer from the events that `begin` returns. Raises `ConversationError` when one is being made.

        A refusal or failure ends up in `notice`; after a refusal `typed` is given back.
        """
        with self._guard:
            if self.busy:
                raise ConversationError("an answer is still being made; stop it or wait for its end first")
            if self._gone:  # deleted in another tab; what is said from now on is kept as a new conversation
                self._gone, self._kept, self._written = False, None, ()
            self.notice = self.ended = self._begun = None
            self.typed = ""
            self.version += 1
            stop = self.conversation.stop
            self.running = RunningAnswer(
                begin, stop=stop, on_event=self._on_event, on_end=lambda failure: self._on_end(failure, typed)
            )
        return self.running

    def stop(self) -> None:
        """End the running answer; what was said stays."""
        self.conversation.stop()

    def whole_messages(self, live: Live) -> tuple[Message, ...]:
        """The messages before what `live` holds of the running answer: none that it still has, or has not yet read."""
        return self.messages if self._begun is None else self.messages[: self._begun + live.completed]

    def undo(self) -> str:
        """Take the last question back; returns its text. Raises `ConversationError`."""
        question = self.conversation.undo()
        self.finished = self.notice = self.ended = None
        self._likes_until(len(self.messages))
        self.save()
        return question

    def replace(self, read: transcript.Transcript) -> None:
        """Go on with other messages, as an import does. Raises `ConversationError` when busy."""
        with self._guard:
            if self.busy:
                raise ConversationError("an answer is still being made; stop it or wait for its end first")
            old = self.conversation
            self.conversation = Conversation(
                old.engine, system=read.system, tools=old.tools, settings=old.settings, max_rounds=old.max_rounds,
                messages=read.messages, visitor=old.visitor,
            )  # fmt: skip
            self.finished = self.notice = self.ended = None
            self._likes_until(0)
        self.save()
        self._note(system=read.system)

    # -- what is kept beside the messages ----------------------------------------------------------

    @property
    def likes(self) -> dict[int, str]:
        """Opinions by the message's index: "Like" or "Dislike"."""
        kept = self.details.get("likes")
        return {int(index): str(like) for index, like in kept.items()} if isinstance(kept, dict) else {}

    def like(self, index: int, liked: bool | None) -> None:
        """Remember an opinion of the message `index`; None forgets it."""
        likes = {str(key): like for key, like in self.likes.items() if key != index}
        if liked is not None:
            likes[str(index)] = "Like" if liked else "Dislike"
        self.keep_details(likes=likes)

    def keep_details(self, **details: Any) -> None:
        """Change entries of `details` (plain data) and store them."""
        changed = {**self.details, **details}
        if changed != self.details:
            self.details = changed
            self._note(details=changed)

    def keep_settings(self, settings: GenerationSettings) -> None:
        """Use these settings from the next answer on."""
        self.conversation.settings = settings
        self.keep_details(settings=settings.to_dict())

    def keep_system(self, system: str) -> None:
        """Use this system prompt from the next answer on."""
        if system != self.conversation.system:
            self.conversation.system = system
            self._note(system=system)

    def rename(self, title: str) -> None:
        """Give it a title of its own."""
        self.title = " ".join(title.split()) or _title(self.messages)
        self.version += 1
        if self._kept is not None:
            key = self._kept.summary.id
            self._chats.storing(lambda store: store.rename(self.owner, key, title))

    def save(self) -> None:
        """Write to the store what is not there yet."""
        with self._guard:
            self.version += 1
            messages = self.messages
            self.results = {index: kept for index, kept in self.results.items() if _belongs(kept, index, messages)}
            if self._gone or messages == self._written or (not messages and self._kept is None):
                return
            self.title = self.title or _title(messages)
            self._chats.storing(lambda store: self._save(store, messages))

    def forget(self) -> None:
        """It is being deleted: stop, and write nothing more."""
        with self._guard:
            self._gone = True
        self.stop()

    def _save(self, store: Store, messages: tuple[Message, ...]) -> None:
        if self._kept is None:
            self._create(store)
        try:
            self._write(store, messages)
        except ChangedElsewhereError:
            self._create(store)
            self._write(store, messages)
            for index, result in self.results.items():
                store.write_result(self.id, index, result)

    def _create(self, store: Store) -> None:
        self._kept, self._written = store.create(self.owner, self.mode, _title(self.messages), key=self.id), ()
        self.id = self._kept.summary.id
        self._chats.register(self)
        store.note(self.id, system=self.conversation.system, details=self.details)

    def _write(self, store: Store, messages: tuple[Message, ...]) -> None:
        assert self._kept is not None
        start = _common(self._written, messages)
        revision = store.write(
            self.id, messages, start=start, revision=self._kept.revision, title=_title(messages)
        )  # fmt: skip
        self._kept = Stored(self._kept.summary, (), revision=revision)
        self._written = messages

    def _note(self, **changed: Any) -> None:
        with self._guard:
            self.version += 1
            if self._kept is not None:
                key = self._kept.summary.id
                self._chats.storing(lambda store: store.note(key, **changed))

    # -- in the answer's thread --------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if self._begun is None:
            self._begun = len(self.messages) - isinstance(event, MessageDone | ToolReturned)
        match event:
            case TextDelta(text):
                self._draft(text=text)
            case ThoughtDelta(text):
                self._draft(thought=text)
            case CallDelta(name, text):
                self._draft(header=name, text=text)
            case MessageDone():
                self.save()
            case ToolReturned(_, result):
                self._keep_result(result)
            case Finished():
                self.finished = event if event.prompt_tokens else None
                self.ended = event.reason
            case _ if self.messages != self._written:
                self.save()

    def _keep_result(self, result: ToolResult) -> None:
        self.save()
        index = len(self.messages) - 1
        if self._gone or not _belongs(result, index, self.messages):
            return
        self.results[index] = result
        if self._kept is not None:
            key = self._kept.summary.id
            self._chats.storing(lambda store: store.write_result(key, index, result))

    def _draft(self, **piece: str) -> None:
        if self.messages != self._written:
            self.save()
        if self._kept is not None and not self._gone:
            key = self._kept.summary.id
            self._chats.storing(lambda store: store.append_draft(key, **piece))

    def _on_end(self, failure: GlmError | None, typed: str) -> None:
        self.notice = failure
        if isinstance(failure, REFUSALS):
            self.typed = typed
        self.used = time.monotonic()
        self._likes_until(len(self.messages))
        self.save()

    def _likes_until(self, length: int) -> None:
        likes = {str(index): like for index, like in self.likes.items() if index < length}
        if len(likes) != len(self.likes):
            self.keep_details(likes=likes)


def _settings(details: Mapping[str, Any]) -> GenerationSettings:
    try:
        return GenerationSettings.from_mapping(details.get("settings") or {})
    except (GlmError, TypeError, AttributeError):
        return GenerationSettings()


def _title(messages: tuple[Message, ...]) -> str:
    """The first question, without the files put into it."""
    first = next((message for message in messages if message.role == "user"), None)
    if first is None:
        return ""
    files, question = attachments.split(attachments.notes(first.content)[1])
    return title_of((replace(first, content=question or files[0].name),))


def _belongs(result: ToolResult, index: int, messages: tuple[Message, ...]) -> bool:
    """Whether the result is that of the observation at `index`."""
    return 0 <= index < len(messages) and messages[index] == Message("observation", result.text)


def _common(one: tuple[Message, ...], other: tuple[Message, ...]) -> int:
    """How many messages both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
