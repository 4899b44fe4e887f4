"""ChatSession: one browser tab's chat, from events to what a page shows. No widgets, no sockets.

It owns the tab's `Conversation`, its language, its likes and its last figures; a page asks it for
the messages to draw, the status line and the text to keep in the browser.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from typing_extensions import assert_never

from apps import display, status
from apps.engine_loader import EngineLoader, WaitingEngine
from apps.texts import Lang, text
from glm import transcript
from glm.conversation import Conversation
from glm.errors import EngineError, GlmError, ImportChatError
from glm.events import (
    CallDelta,
    Event,
    Finished,
    MessageDone,
    PromptProgress,
    TextDelta,
    ThoughtDelta,
    ToolCalled,
    ToolReturned,
    ToolShows,
)
from glm.messages import INTERPRETER, Message
from glm.settings import GenerationSettings

FRAME_SECONDS = 0.07
"""Shortest time between two drawings of a growing answer; more only heats the browser."""
KEEP_SECONDS = 2.0
"""How often a growing answer is put into the browser's storage."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A moment worth drawing. `keep` tells that it is also worth storing."""

    messages: list[dict[str, Any]]
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What a browser had stored: the settings last used and a sentence about what could not be read."""

    settings: GenerationSettings = field(default_factory=GenerationSettings)
    trouble: str = ""


class ChatSession:
    """The chat of one tab. Methods may be called from several threads, `play` by one at a time."""

    def __init__(self, loader: EngineLoader, lang: Lang = "en") -> None:
        self.lang: Lang = lang
        self.likes: dict[int, str] = {}
        self.settings = GenerationSettings()
        self._loader = loader
        self._notice = ""
        self._broken = False
        self._finished: Finished | None = None
        self._playing = 0
        self.conversation = Conversation(WaitingEngine(loader))

    # -- running ---------------------------------------------------------------------------------

    def play(self, events: Iterator[Event]) -> Iterator[Frame]:
        """Read `events` and yield frames to draw; the last one shows how it ended.

        An engine's failure becomes a notice in the chat. `ConversationError`, `SettingsError` and
        `ContextOverflowError` are raised: nothing has changed then and the text is the caller's to
        give back. A chat cleared or replaced meanwhile ends the frames silently.
        """
        self._playing += 1
        playing = self._playing
        self._forget_notice()
        drawn = kept = 0.0
        live, thought, note = "", "", text(self.lang, "waiting")
        for event in _with_failures(events):
            if playing != self._playing:
                return
            ended = False
            match event:
                case PromptProgress(done, total):
                    note = self._prompt_note(done, total)
                case TextDelta(more):
                    live += more
                case CallDelta(_, more):
                    live += more
                case ThoughtDelta(more):
                    thought += more
                case MessageDone():
                    live, thought, note, ended = "", "", "", True
                case ToolCalled() | ToolShows() | ToolReturned():
                    note = text(self.lang, "waiting")
                case Finished():
                    self._finish(event)
                    break
                case GlmError():
                    self._broken = True
                    self._notice = _trouble(text(self.lang, "failed_title"), str(event))
                    break
                case _:
                    assert_never(event)
            now = time.monotonic()
            if ended or now - drawn >= FRAME_SECONDS:
                keep = not drawn or now - kept >= KEEP_SECONDS
                drawn, kept = now, now if keep else kept
                yield Frame(self.messages(live=live, thought=thought, note=note), keep)
        if playing == self._playing:
            yield Frame(self.messages(), keep=True)

    def _prompt_note(self, done: int, total: int) -> str:
        if not self._loader.wait(0):
            return text(self.lang, "waiting_for_model", progress=status.loading_note(self._loader))
        if done and done < total:
            return text(self.lang, "reading", percent=round(100 * done / total))
        return text(self.lang, "waiting")

    def _finish(self, finished: Finished) -> None:
        self._finished = finished if finished.prompt_tokens else None
        messages = self.conversation.messages
        said_nothing = bool(messages) and messages[-1].role == "user"
        if finished.reason == "cancelled" and said_nothing:
            self._notice = _badge(text(self.lang, "stopped"))
        elif finished.reason in ("tool_rounds", "same_error"):
            self._notice = _badge(text(self.lang, finished.reason))

    # -- changing --------------------------------------------------------------------------------

    def clear(self) -> None:
        """Start an empty conversation; a running answer is stopped."""
        self._replace(transcript.Transcript((), self.conversation.system))

    def undo(self) -> str:
        """Take the last question back; returns its text. Raises `ConversationError`."""
        question = self.conversation.undo()
        self._finished = None
        self._forget_notice()
        self._forget_likes_after(len(self.conversation.messages))
        return question

    def import_json(self, data: bytes) -> None:
        """Go on with an exported conversation. Raises `ImportChatError`; the chat is then unchanged."""
        self._replace(transcript.from_json(data))

    def restore(self, stored: str) -> Restored:
        """Take up what `stored_text` gave the browser; anything unreadable is left out and said."""
        if not stored:
            return Restored()
        try:
            data = json.loads(stored)
            if not isinstance(data, dict):
                raise ImportChatError("it is not a conversation")
            read = transcript.from_dict(data.get("chat"))
            settings = GenerationSettings.from_mapping(_mapping(data.get("settings")))
            likes = {int(key): str(value) for key, value in _mapping(data.get("likes")).items()}
        except (ValueError, RecursionError, GlmError) as error:
            return Restored(trouble=str(error))
        self._replace(read)
        self.settings = settings
        self.likes = {index: like for index, like in likes.items() if 0 <= index < len(read.messages)}
        return Restored(settings)

    def _replace(self, read: transcript.Transcript) -> None:
        self._playing += 1
        self.conversation.stop()
        self.conversation = Conversation(
            WaitingEngine(self._loader), system=read.system, settings=self.settings, messages=read.messages
        )
        self.likes, self._finished = {}, None
        self._forget_notice()

    def _forget_notice(self) -> None:
        self._notice, self._broken = "", False

    def like(self, shown_index: int, liked: object) -> None:
        """Remember a person's opinion of the shown message `shown_index`."""
        index = self._origin(shown_index)
        if liked is True or liked is False:
            self.likes[index] = "Like" if liked else "Dislike"
        else:
            self.likes.pop(index, None)

    def question_index(self, shown_index: int) -> int:
        """The place in the history of the shown message `shown_index`."""
        return self._origin(shown_index)

    def _forget_likes_after(self, length: int) -> None:
        self.likes = {index: like for index, like in self.likes.items() if index < length}

    # -- showing ---------------------------------------------------------------------------------

    def messages(self, *, live: str = "", thought: str = "", note: str = "") -> list[dict[str, Any]]:
        """The chat as role and Markdown content. `live` is an answer being written, `note` stands for one.

        `thought` is what was thought for it so far.
        """
        shown = [self._shown(message) for message in self.conversation.messages]
        if self._broken and shown[-1]["role"] == "assistant":
            # The notice below tells why it ends here; "stopped" would claim that the person did it.
            last = self.conversation.messages[-1]
            shown[-1] = self._shown(replace(last, finish=None))
        if live or thought:
            content = self._thought(thought, partial=True) + self._markdown(live, partial=True)
            shown.append({"role": "assistant", "content": content})
        elif note:
            shown.append({"role": "assistant", "content": f'<span class="waiting">{html.escape(note)}</span>'})
        elif self._notice:
            shown.append({"role": "assistant", "content": self._notice})
        return shown

    def feedback(self) -> list[str | None]:
        """The like of each shown assistant message, in order."""
        answers = [i for i, message in enumerate(self.conversation.messages) if message.role != "user"]
        return [self.likes.get(index) for index in answers]

    def title(self) -> str:
        """The first question in one line, or "" when there is none."""
        first = next((m.content for m in self.conversation.messages if m.role == "user"), "")
        return " ".join(first.split())[:80]

    def stored_text(self) -> str:
        """The chat, likes and settings as text for the browser's storage."""
        chat = transcript.to_dict(self.conversation.messages, self.conversation.system)
        data = {"chat": chat, "settings": self.settings.to_dict(), "likes": self.likes}
        return json.dumps(data, ensure_ascii=False)

    def status_html(self) -> str:
        """The line with model, device, dtype, tokens and speed; while loading, how far it is."""
        return status.status_html(self._loader, self.conversation, self._finished, self.lang)

    def alert_html(self) -> str:
        """A card that says why the model could not be loaded, or ""."""
        return status.alert_html(self._loader, self.lang)

    def _origin(self, shown_index: int) -> int:
        """Messages are shown one for one; what is shown beyond the history belongs to its last one."""
        return max(0, min(shown_index, len(self.conversation.messages) - 1))

    def _shown(self, message: Message) -> dict[str, Any]:
        if message.role == "user":
            return {"role": "user", "content": self._markdown(message.content)}
        if message.role == "observation":
            title = text(self.lang, "tool_result")
            return {"role": "assistant", "content": f"````\n{message.content}\n````", "metadata": {"title": title}}
        content = self._thought(message.thought) + self._markdown(message.content)
        end = {"cancelled": "stopped", "length": "cut"}.get(message.finish or "")
        if end:
            content = f"{display.settle(content)}\n\n{_badge(text(self.lang, end))}"
        if not message.header:
            return {"role": "assistant", "content": content}
        code = message.header == INTERPRETER
        title = text(self.lang, "tool_code") if code else text(self.lang, "tool_call", name=message.header)
        return {"role": "assistant", "content": content, "metadata": {"title": title}}

    def _thought(self, source: str, *, partial: bool = False) -> str:
        """What was thought before an answer, folded; "" for nothing."""
        if not source:
            return ""
        title, inner = text(self.lang, "thinking"), display.settle(self._markdown(source, partial=partial))
        return f'<details class="thought"><summary>{title}</summary>\n\n{inner}\n\n</details>\n\n'

    def _markdown(self, source: str, *, partial: bool = False) -> str:
        return display.markdown(source, partial=partial, image_note=text(self.lang, "image_left_out"))


def _with_failures(events: Iterator[Event]) -> Iterator[Event | GlmError]:
    """`events`, with an engine's failure as the last item; refusals before any work are raised."""
    try:
        yield from events
    except EngineError as error:
        yield error
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def _mapping(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ImportChatError("it is not a conversation stored by this program")
    return value


def _badge(words: str) -> str:
    return f'<span class="badge">{html.escape(words)}</span>'


def _trouble(title: str, reason: str) -> str:
    return f'<span class="trouble"><b>{html.escape(title)}</b> {html.escape(reason)}</span>'
