"""GLM-4's format (GLM-4-9B, GLM-Edge, GLM-4-0414): the folder's template writes, answers open with a header line.

A plain answer's header is empty, a call's is the tool's name and its content JSON; code
for the interpreter comes under the name "python" without a fence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from glm.messages import INTERPRETER, ROLES, Message, ToolCall, ToolSpec
from glm.prompts.call_grammar import json_call
from glm.prompts.chatglm3 import HeaderReader, Tokens
from glm.prompts.template import TemplateFormat

INTERPRETER_HEADER = "python"


class Glm4Format(TemplateFormat):
    """Messages to ids by the folder's template, ids to events.

    Raises `CheckpointError` when the tokenizer lacks a control token.
    """

    def __init__(self, tokenizer: Tokens, template: str, *, eos_ids: Iterable[int] = ()) -> None:
        opening = (tokenizer.backend.token_to_id(token) for token in ("[gMASK]", "<sop>"))
        self.prefix = tuple(token for token in opening if token is not None)  # GLM-Edge's prompts have none
        self.role_ids: dict[str, int] = {role: tokenizer.control_id(f"<|{role}|>") for role in ROLES}
        stops = {self.role_ids["user"], self.role_ids["observation"], *eos_ids}
        super().__init__(tokenizer, template, stop_ids=stops)

    def header_ids(self, header: str) -> list[int]:
        """Ids of a header line as the model writes it."""
        return self.tokenizer.encode(f"{header}\n")

    def reader(self, tools: Sequence[ToolSpec] = ()) -> HeaderReader:
        return HeaderReader(self, tools, interpreter=INTERPRETER_HEADER)

    def call_grammars(self, tools: Sequence[ToolSpec]) -> dict[str, list[str]]:
        return {tool.name: json_call(tool) for tool in tools if tool.name != INTERPRETER}

    def call_message(self, call: ToolCall) -> Message:
        arguments = dict(call.arguments or {})
        if call.name == INTERPRETER:
            return Message("assistant", str(arguments.get("code", "")), INTERPRETER_HEADER, call, "stop")
        return Message("assistant", json.dumps(arguments, ensure_ascii=False), call.name, call, "stop")

    def message_mappings(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        return [
            {
                "role": message.role,
                "content": message.content,
                "metadata": INTERPRETER_HEADER if message.header == INTERPRETER else message.header,
            }
            for message in messages
        ]
