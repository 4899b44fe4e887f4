"""GLM-4.5's format and its successors': the folder's template writes, answers may open with thoughts.

An answer is ``<think>thoughts</think>``, text, and calls between ``<tool_call>`` and
``</tool_call>``. These tags are control tokens in some vocabularies and plain text in
others; a vocabulary that has a tag as control token never means it by plain text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from glm.detokenizer import Detokenizer
from glm.events import CallDelta, EngineEvent, MessageDone, TextDelta, ThoughtDelta, ToolCalled
from glm.messages import INTERPRETER, Message, ToolCall, ToolSpec
from glm.prompts.call_grammar import quoted, tagged_calls
from glm.prompts.chatglm3 import Tokens
from glm.prompts.template import TemplateFormat
from glm.prompts.xml_calls import INTERPRETER_NAME, call_name, header_of, parse_xml_call, written

THINK, END_THINK, CALL, END_CALL = "<think>", "</think>", "<tool_call>", "</tool_call>"
_TAGS = (THINK, END_THINK, CALL, END_CALL)
_CALL_TAGS = ("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>")
_CODE = {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}

_Finish = Literal["stop", "length", "cancelled"]


class Glm45Format(TemplateFormat):
    """Messages to ids by the folder's template, ids to events.

    `thinking` False asks the template to keep the model from thinking, where it can.
    Raises `CheckpointError` when the tokenizer lacks a control token or the template cannot be used.
    """

    def __init__(self, tokenizer: Tokens, template: str, *, eos_ids: Iterable[int] = (), thinking: bool = True) -> None:
        stops = {tokenizer.control_id("<|user|>"), tokenizer.control_id("<|observation|>"), *eos_ids}
        added = tokenizer.backend.get_added_tokens_decoder()
        end_of_text = tokenizer.backend.token_to_id("<|endoftext|>")
        if end_of_text in added:
            stops.add(end_of_text)
        super().__init__(tokenizer, template, stop_ids=stops, enable_thinking=thinking)
        spelt = {token.content: token_id for token_id, token in added.items()}
        self.tag_ids = {spelt[tag]: tag for tag in (*_TAGS, *_CALL_TAGS) if tag in spelt}
        self.written_tags = frozenset(tag for tag in _TAGS if tag not in spelt)
        self.opens_thought = self.opening.rstrip().endswith(THINK)
        """True when the prompt ends inside a thought."""

    def reader(self, tools: Sequence[ToolSpec] = ()) -> ThinkingReader:
        return ThinkingReader(self, tools)

    def call_grammars(self, tools: Sequence[ToolSpec]) -> dict[str, list[str]]:
        """One grammar for all tools under the name "": a call opens with the tool's name."""
        ids = {tag: token_id for token_id, tag in self.tag_ids.items()}
        terms = {tag: f"<[{ids[tag]}]>" if tag in ids else quoted(tag) for tag in (*_CALL_TAGS, END_CALL)}
        offered = [
            (INTERPRETER_NAME, replace(tool, parameters=_CODE)) if tool.name == INTERPRETER else (tool.name, tool)
            for tool in tools
        ]
        return {"": tagged_calls(offered, terms)} if offered else {}

    def call_message(self, call: ToolCall) -> Message:
        return Message("assistant", written(call), call.name, call, "stop")

    def tool_mapping(self, tool: ToolSpec) -> dict[str, Any]:
        if tool.name == INTERPRETER:
            function = {"name": INTERPRETER_NAME, "description": tool.description, "parameters": _CODE}
            return {"type": "function", "function": function}
        return super().tool_mapping(tool)

    def message_mappings(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """The messages for the template: what was said before a call and the call are one turn to it."""
        told: list[dict[str, Any]] = []
        for message in messages:
            if message.role == "observation":
                told.append({"role": "tool", "content": message.content})
            elif message.role != "assistant":
                told.append({"role": message.role, "content": message.content})
            elif message.header and told and told[-1]["role"] == "assistant" and "tool_calls" not in told[-1]:
                turn, last = _assistant_turn(message), told[-1]
                turn["content"] = "\n".join(text for text in (last["content"], turn["content"]) if text)
                turn["reasoning_content"] = last["reasoning_content"] + turn["reasoning_content"]
                told[-1] = turn
            elif message.header and _has_call(message) and told and "tool_calls" in told[-1]:
                told[-1]["tool_calls"] += _assistant_turn(message)["tool_calls"]
            else:
                told.append(_assistant_turn(message))
        return told


def _assistant_turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {
        "role": "assistant",
        "content": message.content,
        "reasoning_content": message.thought,
    }
    if not message.header:
        return turn
    if not _has_call(message):  # shown to the model as the text that it is
        turn["content"] = f"{CALL}{message.content}{END_CALL}"
        return turn
    assert message.call is not None and message.call.arguments is not None
    name = INTERPRETER_NAME if message.call.name == INTERPRETER else message.call.name
    function = {"name": name, "arguments": dict(message.call.arguments)}
    return {**turn, "content": "", "tool_calls": [{"type": "function", "function": function}]}


def _has_call(message: Message) -> bool:
    return message.call is not None and message.call.arguments is not None


class ThinkingReader:
    """Reads one generation: thoughts, then text, then calls, one right behind the other."""

    def __init__(self, fmt: Glm45Format, tools: Sequence[ToolSpec]) -> None:
        self._format = fmt
        self._tools = tuple(tools)
        self._detokenizer = Detokenizer(fmt.tokenizer)
        self._part: Literal["thought", "text", "call", "called"] = "thought" if fmt.opens_thought else "text"
        self._thought = self._text = self._call = ""
        self._told = ""  # what of the call was reported
        self._held = ""  # may be the beginning of a tag, or blanks at the end of a part
        self.done = False

    def allowed(self) -> None:
        return None

    def feed(self, token_id: int) -> list[EngineEvent]:
        if token_id in self._format.stop_ids:
            self.done = True
            return self._close("stop")
        tag = self._format.tag_ids.get(token_id)
        if tag is not None:
            return [*self._release(), *self._tag(tag)]
        return self._read(self._detokenizer.feed(token_id))

    def finish(self, reason: Literal["length", "cancelled"]) -> list[EngineEvent]:
        return self._close(reason)

    def open_call(self) -> tuple[str, str] | None:
        return ("", self._call + self._held) if self._part == "call" else None

    def _read(self, piece: str) -> list[EngineEvent]:
        """Text of the model, which may hold tags that are no control tokens."""
        events: list[EngineEvent] = []
        self._held += piece
        while not self.done:
            tags = [tag for tag in self._awaited() if tag in self._held]
            if not tags:
                break
            first = min(tags, key=self._held.index)
            before, _, after = self._held.partition(first)
            self._held = before
            events += self._release()
            events += self._tag(first)
            self._held = after
        return events + ([] if self.done else self._release(keep=self._uncertain()))

    def _awaited(self) -> list[str]:
        """The tags that would mean something here, of those that come as text."""
        opens = [THINK] if self._part == "text" and not self._text else []
        call = [CALL] if self._tools else []
        meant = {"thought": [END_THINK], "text": [*opens, *call], "call": [END_CALL], "called": call}
        return [tag for tag in meant[self._part] if tag in self._format.written_tags]

    def _uncertain(self) -> int:
        """How many characters at the end of the held text may belong to a tag."""
        return max(
            (
                cut
                for tag in self._awaited()
                for cut in range(1, min(len(tag), len(self._held) + 1))
                if tag.startswith(self._held[-cut:])
            ),
            default=0,
        )

    def _release(self, keep: int = 0) -> list[EngineEvent]:
        """Report the held text but for its last `keep` characters and, outside calls, the blanks before those."""
        cut = len(self._held) - keep
        text, self._held = self._held[:cut], self._held[cut:]
        if self._part == "call":
            return self._call_text(text)
        if self._part == "called":  # nothing belongs behind a call but another one
            self.done = bool(text.strip())
            return []
        said = self._thought if self._part == "thought" else self._text
        text = text if said else text.lstrip()
        shown = text.rstrip()
        self._held = text[len(shown) :] + self._held
        if not shown:
            return []
        if self._part == "thought":
            self._thought += shown
            return [ThoughtDelta(shown)]
        self._text += shown
        return [TextDelta(shown)]

    def _call_text(self, text: str) -> list[EngineEvent]:
        self._call += text
        name = call_name(self._call)
        untold = self._call[len(self._told) :]
        if name is None or not untold:
            return []
        self._told = self._call
        return [CallDelta(name, untold)]

    def _tag(self, tag: str) -> list[EngineEvent]:
        if self._part == "call":
            if tag != END_CALL:
                return self._call_text(tag)
            events = self._close_call("stop")
            self._part, self._held = "called", ""
            return events
        if self._part == "called":
            self._part = "call" if tag == CALL else self._part
            self.done = tag != CALL
            return []
        if tag == CALL and self._tools:
            events = self._close_text("stop")
            self._part, self._held = "call", ""
            return events
        if tag == THINK and not self._text:
            self._part, self._held = "thought", ""
            return []
        if tag == END_THINK:
            self._held = "" if self._part == "thought" else self._held
            self._part = "text"
            return []
        if self._part == "text" and tag not in (THINK, END_THINK):  # a call without tools is only text
            self._held += tag
            return self._release()
        return []

    def _close_text(self, finish: _Finish) -> list[EngineEvent]:
        """The text before a call as a message of its own, if there is any."""
        if not self._text:
            return []
        message = Message("assistant", self._text, finish=finish, thought=self._thought)
        self._text = self._thought = ""
        return [MessageDone(message)]

    def _close(self, finish: _Finish) -> list[EngineEvent]:
        if self._part == "called":
            return []
        if self._part != "call":
            events = self._release()
            if not self._text and self._thought:
                return [*events, MessageDone(Message("assistant", "", finish=finish, thought=self._thought))]
            return events + self._close_text(finish)
        return [*self._release(), *self._close_call(finish)]

    def _close_call(self, finish: _Finish) -> list[EngineEvent]:
        """The call that was written as a message, and as a call when it is complete."""
        events: list[EngineEvent] = []
        name = call_name(f"{self._call}\n") or header_of("")
        call = parse_xml_call(self._call, self._tools) if finish == "stop" else None
        if self._call or call is not None:
            events.append(MessageDone(Message("assistant", self._call, name, call, finish, self._thought)))
        if call is not None:
            events.append(ToolCalled(call))
        self._call = self._told = self._thought = ""
        return events
