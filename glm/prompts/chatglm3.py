"""ChatGLM3's protocol (spec section 4): `[gMASK] sop`, then role id, header line, content.

A message is ``<|role|>`` (an id), the tokens of ``header + "\\n"`` and the tokens of
the content, each encoded by itself as in the official code. There is nothing
between messages; the role id of the next message ends the one before, so a turn of
the assistant ends with ``<|user|>``, a call with ``<|observation|>``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

from glm.detokenizer import Detokenizer
from glm.events import CallDelta, EngineEvent, MessageDone, TextDelta, ToolCalled
from glm.messages import INTERPRETER, ROLES, Message, ToolCall, ToolSpec
from glm.prompts.call_grammar import python_call
from glm.prompts.python_calls import parse_call, written
from glm.tool_forms import chatglm3_form

TOOLS_PROMPT = "Answer the following questions as best as you can. You have access to the following tools:"
"""System text the generation was trained on for tools; the JSON of the tools follows it."""

INTERPRETER_PROMPT = (
    "你是一位智能AI助手，你叫ChatGLM，你连接着一台电脑，但请注意不能联网。在使用Python解决任务时，"
    "你可以运行代码并得到结果，如果运行结果有错误，你需要尽可能对代码进行改进。"
    "你可以处理用户上传到电脑上的文件，文件默认存储路径是/mnt/data/。"
)
"""System text the generation was trained on for running code."""

MAX_HEADER_CHARS = 128
"""A "header" longer than this is an answer whose first newline was forgotten."""


class Tokens(Protocol):
    """What the format needs of a tokenizer."""

    @property
    def backend(self) -> Any: ...
    def encode(self, text: str) -> list[int]: ...
    def control_id(self, token: str) -> int: ...


class ChatGLM3Format:
    """Messages to ids and ids to events, for ChatGLM3 and models taught its protocol.

    `eos_ids` are further ids that end a turn (ChatGLM3's ``</s>``).
    Raises `CheckpointError` when the tokenizer lacks a control token.
    """

    calls_tools = True

    def __init__(self, tokenizer: Tokens, *, eos_ids: Iterable[int] = ()) -> None:
        self.tokenizer = tokenizer
        self.prefix: tuple[int, ...] = (tokenizer.control_id("[gMASK]"), tokenizer.control_id("sop"))
        self.role_ids: dict[str, int] = {role: tokenizer.control_id(f"<|{role}|>") for role in ROLES}
        self.stop_ids = frozenset({self.role_ids["user"], self.role_ids["observation"], *eos_ids})

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """Prompt ids: prefix, every message, and the id that opens the assistant's turn."""
        ids = list(self.prefix)
        for message in with_tools(messages, tools):
            ids += self._message_ids(message)
        ids.append(self.role_ids["assistant"])
        return ids

    def encode_example(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec] = (),
        unsupervised: frozenset[int] = frozenset(),
    ) -> tuple[list[int], list[bool]]:
        """Ids of a whole training dialogue and, for each, whether the model must learn to write it.

        Learnt are the header, the content and the closing id of every assistant message
        whose index in `messages` is not in `unsupervised`. A message with finish
        "length" has no closing id to learn.
        """
        prompt = with_tools(messages, tools)
        shift = len(prompt) - len(messages)  # with_tools may have put a system message in front
        ids, learnt = list(self.prefix), [False] * len(self.prefix)
        closes_learnt_message = False
        for index, message in enumerate(prompt):
            piece = self._message_ids(message)
            writes = message.role == "assistant" and index - shift not in unsupervised
            ids += piece
            learnt += [closes_learnt_message] + [writes] * (len(piece) - 1)
            closes_learnt_message = writes and message.finish != "length"
        if closes_learnt_message:
            last = prompt[-1]
            ids.append(self.role_ids["observation" if last.header else "user"])
            learnt.append(True)
        return ids, learnt

    def reader(self, tools: Sequence[ToolSpec] = ()) -> HeaderReader:
        return HeaderReader(self, tools)

    def call_message(self, call: ToolCall) -> Message:
        """The message with which the model makes `call`."""
        return Message("assistant", written(call), call.name, call, "stop")

    def call_grammars(self, tools: Sequence[ToolSpec]) -> dict[str, list[str]]:
        return {tool.name: python_call(tool) for tool in tools if tool.name != INTERPRETER}

    def header_ids(self, header: str) -> list[int]:
        """Ids of a header line as the model reads and writes it."""
        return self.tokenizer.encode(f"{header}\n")

    def _message_ids(self, message: Message) -> list[int]:
        header = self.header_ids(message.header)
        return [self.role_ids[message.role], *header, *self.tokenizer.encode(message.content)]


def with_tools(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[Message]:
    """The messages with the tools' JSON at the end of the system message, which is made if absent.

    The interpreter has no JSON: the generation knows it by its system prompt alone.
    """
    described = [tool for tool in tools if tool.name != INTERPRETER]
    result = list(messages)
    has_system = bool(result) and result[0].role == "system"
    if not has_system and tools:
        result.insert(0, Message("system", TOOLS_PROMPT if described else INTERPRETER_PROMPT))
    if described:
        system = result[0]
        result[0] = Message("system", f"{system.content}\n{tools_json(described)}", header=system.header)
    return result


def tools_json(tools: Sequence[ToolSpec]) -> str:
    """The tools as the official code prints them: JSON with indent 4, non-ASCII kept."""
    return json.dumps([chatglm3_form(tool) for tool in tools], indent=4, ensure_ascii=False)


class HeaderFormat(Protocol):
    """What the reader needs of a format whose messages open with a role id and a header line."""

    @property
    def tokenizer(self) -> Tokens: ...

    @property
    def prefix(self) -> tuple[int, ...]: ...

    @property
    def role_ids(self) -> Mapping[str, int]: ...

    @property
    def stop_ids(self) -> frozenset[int]: ...

    def header_ids(self, header: str) -> list[int]: ...


class HeaderReader:
    """Reads one generation: header line, then content, until a role id ends the message.

    `interpreter` is the header with which the generation sends code to be run.
    """

    def __init__(self, fmt: HeaderFormat, tools: Sequence[ToolSpec], *, interpreter: str = INTERPRETER) -> None:
        self._format = fmt
        self._interpreter = interpreter
        self._assistant_id = fmt.role_ids["assistant"]
        self._control_ids = frozenset({*fmt.prefix, *fmt.role_ids.values()})
        self._detokenizer = Detokenizer(fmt.tokenizer)
        self._has_tools = bool(tools)
        names = [interpreter if tool.name == INTERPRETER else tool.name for tool in tools]
        # While the header is written only the names of tools that exist are offered.
        self._headers = [fmt.header_ids(name) for name in ("", *names)]
        self.done = False
        self._open_message()

    def _open_message(self) -> None:
        self._header: str | None = None  # None until its newline came
        self._header_ids: list[int] = []
        self._text = ""  # the header's text so far, then the content's
        self._detokenizer.reset()

    def allowed(self) -> Sequence[int] | None:
        if self._header is not None:
            return None
        written = self._header_ids
        n = len(written)
        following = {ids[n] for ids in self._headers if len(ids) > n and ids[:n] == written}
        return sorted(following) or None

    def feed(self, token_id: int) -> list[EngineEvent]:
        if token_id in self._format.stop_ids:
            self.done = True
            return self._close_message("stop")
        if token_id == self._assistant_id:
            events = self._close_message("stop")
            self._open_message()
            return events
        if token_id in self._control_ids:
            return []  # stray [gMASK], sop or <|system|>: carries no text
        piece = self._detokenizer.feed(token_id)
        if self._header is not None:
            return self._content(piece)
        self._header_ids.append(token_id)
        return self._header_piece(piece)

    def finish(self, reason: Literal["length", "cancelled"]) -> list[EngineEvent]:
        if self._header is None:
            return []  # at most part of a header: nothing was said
        return self._close_message(reason)

    def open_call(self) -> tuple[str, str] | None:
        return (self._header, self._text) if self._header and self._has_tools else None

    def _header_piece(self, piece: str) -> list[EngineEvent]:
        self._text += piece
        header, newline, rest = self._text.partition("\n")
        if newline:
            self._header, self._text = header, ""
            if not rest:
                # Content is a text of its own: its first piece loses the tokenizer's dummy blank.
                self._detokenizer.reset()
            return self._content(rest)
        if len(header) > MAX_HEADER_CHARS:
            self._header, self._text = "", ""
            return self._content(header)
        return []

    def _content(self, piece: str) -> list[EngineEvent]:
        if not piece:
            return []
        self._text += piece
        if self._header and self._has_tools:
            return [CallDelta(self._header, piece)]
        return [TextDelta(piece)]

    def _close_message(self, finish: Literal["stop", "length", "cancelled"]) -> list[EngineEvent]:
        events: list[EngineEvent] = []
        if self._header is None:  # no newline at all: a plain answer
            self._header, text, self._text = "", self._text, ""
            events += self._content(text)
        if not self._text and not self._header:
            return events  # nothing was said
        is_call = bool(self._header) and self._has_tools and finish == "stop"
        name = INTERPRETER if self._header == self._interpreter else self._header
        call = parse_call(name, self._text) if is_call else None
        events.append(MessageDone(Message("assistant", self._text, self._header, call, finish)))
        if call is not None:
            events.append(ToolCalled(call))
        return events
