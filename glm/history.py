"""A conversation's history as a tuple of messages: its questions, and the calls in it that nobody has answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from glm.errors import ConversationError
from glm.messages import Message, ToolCall

Messages: TypeAlias = tuple[Message, ...]
Calls: TypeAlias = tuple[ToolCall, ...]

INTERRUPTED_CALL = "Error: the call was interrupted and gave no result"
"""Observation given to a call that nobody answered before the user went on."""


@dataclass(slots=True)
class Partial:
    """What the model wrote since its last complete message."""

    header: str = ""
    text: str = ""
    thought: str = ""

    def add(self, header: str, text: str) -> None:
        self.header = header
        self.text += text

    def take(self) -> Message | None:
        """The unfinished message, if anything was written; then starts anew."""
        header, text, thought = self.header, self.text, self.thought
        self.header = self.text = self.thought = ""
        if not text and not thought:
            return None
        return Message("assistant", text, header=header, finish="cancelled", thought=thought)


def prompt(system: str, messages: Messages) -> Messages:
    """What is sent to the model."""
    return (Message("system", system), *messages) if system else messages


def question(text: str) -> Message:
    """A user message. Raises `ConversationError` when it says nothing."""
    if not text.strip():
        raise ConversationError("the message is empty; type something first")
    return Message("user", text)


def last_question(messages: Messages) -> int:
    """The index of the last user message. Raises `ConversationError` when there is none."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == "user":
            return index
    raise ConversationError("there is no question yet; send a message first")


def open_calls(messages: Messages) -> Calls:
    """The calls at the end of the history that have no answer yet."""
    return tuple(message.call for message in _unanswered(messages) if message.call is not None)


def closed(messages: Messages) -> Messages:
    """The history with an answer to every call that was left open."""
    return (*messages, *(Message("observation", INTERRUPTED_CALL) for _ in _unanswered(messages)))


def _unanswered(messages: Messages) -> Messages:
    """The messages at the end of the history that call tools, complete or cut short, but for those answered."""
    answers = 0
    while answers < len(messages) and messages[-1 - answers].role == "observation":
        answers += 1
    until = start = len(messages) - answers
    while start > 0 and _is_call(messages[start - 1]):
        start -= 1
    return messages[start + answers : until]


def _is_call(message: Message) -> bool:
    return message.call is not None or (message.header != "" and message.finish in ("cancelled", "length"))
