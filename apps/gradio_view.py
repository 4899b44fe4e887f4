"""What the Gradio chat shows: messages as role and Markdown, the list of conversations, attached files. No widgets."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps import attachments, display
from apps.attachments import Attachment
from apps.chats import REFUSALS, Chat
from apps.live import Live
from apps.texts import Lang, text
from glm.engine import Engine
from glm.errors import GlmError
from glm.messages import INTERPRETER, Message
from glm.store import Summary

_FILE_CHARACTERS = 4000


@dataclass(slots=True)
class Shown:
    """`bubbles` as a Gradio Chatbot takes them, and for each one the index of its message in `origins`."""

    bubbles: list[dict[str, Any]] = field(default_factory=list)
    origins: list[int] = field(default_factory=list)

    def add(self, origin: int, bubble: dict[str, Any]) -> None:
        """One more bubble, of the message `origin`."""
        self.bubbles.append(bubble)
        self.origins.append(max(0, origin))

    def origin(self, place: int) -> int:
        """The message that the bubble at `place` shows."""
        return self.origins[min(place, len(self.origins) - 1)] if self.origins else 0

    def is_file(self, place: int) -> bool:
        """Whether the bubble at `place` shows a file put before the question."""
        return self.origins[place : place + 2] == [self.origin(place)] * 2

    def likes(self, chat: Chat) -> list[str | None]:
        """The opinion of each bubble that is not a person's, in order."""
        kept = chat.likes
        pairs = zip(self.bubbles, self.origins, strict=True)
        return [kept.get(origin) for bubble, origin in pairs if bubble["role"] != "user"]


def shown(chat: Chat, lang: Lang, live: Live | None = None, note: str = "") -> Shown:
    """The conversation at rest, or with what `live` holds of the running answer; `note` stands for one not begun."""
    made = Shown()
    messages = chat.messages if live is None else chat.whole_messages(live)
    failed = live is None and chat.notice is not None and not isinstance(chat.notice, REFUSALS)
    for index, message in enumerate(messages):
        if failed and index == len(messages) - 1:
            # The notice below tells why it ends here; "stopped" would claim that the person did it.
            message = replace(message, finish=None)
        for bubble in _bubbles(message, lang):
            made.add(index, bubble)
    end = _writing(live, note, lang) if live is not None else _end(chat, lang)
    if end:
        made.add(len(messages) - 1, _bot(end))
    return made


def heading(chat: Chat, lang: Lang) -> str:
    """What the conversation is called, as the page's heading."""
    return f"<h1>{html.escape((chat.title if chat.messages else '') or text(lang, 'title'))}</h1>"


def conversations(listed: Sequence[Summary], current: str, lang: Lang, *, more: bool, searched: bool) -> str:
    """The list of conversations as HTML; its buttons say in `data-do` what they do, the rows in `data-id` to what."""
    if not listed:
        return f'<p class="nothing">{text(lang, "nothing_found" if searched else "no_conversations")}</p>'
    rows = "".join(_row(summary, summary.id == current, lang) for summary in listed)
    words = {key: text(lang, key) for key in ("rename", "name", "save", "cancel", "delete_question", "delete_sure")}
    labels = "".join(f' data-{key.replace("_", "-")}="{html.escape(words[key])}"' for key in words)
    button = f'<button class="more" data-do="more">{text(lang, "more_conversations")}</button>' if more else ""
    return f'<nav aria-label="{text(lang, "conversations")}"{labels}><ul>{rows}</ul>{button}</nav>'


def attached(files: Sequence[Attachment], engine: Engine, lang: Lang) -> str:
    """What the next message takes along, as HTML."""
    return "".join(_chip(place, file, engine, lang) for place, file in enumerate(files))


def notice(words: str) -> str:
    """A card with a sentence about something that does not work."""
    return f'<div class="alert mild" role="status">{html.escape(words)}</div>' if words else ""


def sentence(error: GlmError) -> str:
    """An error's text as a sentence."""
    words = str(error)
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "。")) else ".")


def _bubbles(message: Message, lang: Lang) -> Iterator[dict[str, Any]]:
    if message.role == "user":
        files, question = attachments.split(message.content)
        for file in files:
            yield {"role": "user", "content": _file(file)}
        yield {"role": "user", "content": _markdown(question, lang)}
        return
    if message.role == "observation":
        fenced = attachments.fenced(message.content)
        yield _bot(fenced, text(lang, "tool_result"))
        return
    content = _thought(message.thought, lang) + _markdown(message.content, lang)
    end = {"cancelled": "stopped", "length": "cut"}.get(message.finish or "")
    if end:
        content = f"{display.settle(content)}\n\n{_badge(text(lang, end))}"
    code = message.header == INTERPRETER
    # Gradio takes a title for Markdown, and the name of a tool may be anything a model wrote or somebody imported.
    name = _markdown(" ".join(message.header.split()), lang)
    title = text(lang, "tool_code") if code else text(lang, "tool_call", name=name)
    yield _bot(content, title if message.header else "")


def _bot(content: str, title: str = "") -> dict[str, Any]:
    bubble: dict[str, Any] = {"role": "assistant", "content": content}
    return bubble | {"metadata": {"title": title}} if title else bubble


def _writing(live: Live, note: str, lang: Lang) -> str:
    """The answer being written, or why there is nothing of it yet."""
    if live.text or live.thought:
        return _thought(live.thought, lang, partial=True) + _markdown(live.text, lang, partial=True)
    return f'<span class="waiting">{html.escape(note)}</span>'


def _end(chat: Chat, lang: Lang) -> str:
    """What is to be said after the last message: what went wrong, or why there is no answer."""
    if chat.notice is not None and not isinstance(chat.notice, REFUSALS):
        title, reason = html.escape(text(lang, "failed_title")), html.escape(str(chat.notice))
        return f'<span class="trouble"><b>{title}</b> {reason}</span>'
    if chat.ended in ("tool_rounds", "same_error"):
        return _badge(text(lang, chat.ended))
    # A question without answer was stopped, by a person or by the end of the program.
    return _badge(text(lang, "stopped")) if chat.messages and chat.messages[-1].role == "user" else ""


def _file(file: Attachment) -> str:
    cut = file.text[:_FILE_CHARACTERS] + ("\n…" if len(file.text) > _FILE_CHARACTERS else "")
    return (
        f'<details class="file"><summary>{html.escape(file.name)}</summary>\n\n{attachments.fenced(cut)}\n\n</details>'
    )


def _thought(source: str, lang: Lang, *, partial: bool = False) -> str:
    """What was thought before an answer, folded; "" for nothing."""
    if not source:
        return ""
    title, inner = text(lang, "thinking"), display.settle(_markdown(source, lang, partial=partial))
    return f'<details class="thought"><summary>{title}</summary>\n\n{inner}\n\n</details>\n\n'


def _markdown(source: str, lang: Lang, *, partial: bool = False) -> str:
    return display.markdown(source, partial=partial, image_note=text(lang, "image_left_out"))


def _badge(words: str) -> str:
    return f'<span class="badge">{html.escape(words)}</span>'


def _row(summary: Summary, current: bool, lang: Lang) -> str:
    title = html.escape(summary.title or text(lang, "untitled"))
    here = ' aria-current="page"' if current else ""
    actions = "".join(
        f'<button class="{do}" data-do="{do}" title="{text(lang, do)}" aria-label="{text(lang, do)}: {title}"></button>'
        for do in ("rename", "delete")
    )
    opens = f'<button class="open" data-do="open" title="{title}"{here}><span>{title}</span></button>'
    return f'<li data-id="{html.escape(summary.id)}">{opens}{actions}</li>'


def _chip(place: int, file: Attachment, engine: Engine, lang: Lang) -> str:
    words = html.escape(text(lang, "attached", name=file.name, tokens=attachments.tokens(engine, file)))
    label = html.escape(text(lang, "detach", name=file.name))
    button = f'<button data-do="detach" data-id="{place}" title="{label}" aria-label="{label}"></button>'
    return f'<span class="chip">{words}{button}</span>'
