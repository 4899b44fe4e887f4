"""Prompts by the chat template that a checkpoint brings (GLM-4 and newer).

A template writes control tokens as text, and so could a message. So what people, tools
and models wrote goes into the template with a mark inside everything that is spelt like
a control token, or could become one beside the template's own text. In the result only
unmarked spellings are control tokens; the marks are taken out again before the rest is
encoded, as text.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from glm.errors import CheckpointError, EngineError
from glm.messages import INTERPRETER, Message, ToolCall, ToolSpec
from glm.prompts import OutputReader, sandbox
from glm.prompts.chatglm3 import Tokens
from glm.tool_forms import openai_form

_MARK = "\ufdd0"
"""One of Unicode's noncharacters, which no text has; if a message does, it is lost."""

_MARK_IN_JSON = "\\ufdd0"
"""How a template that asks for JSON in ASCII writes the mark."""

_TRIAL_TOOL = "trial_of_the_template"

MAX_TEMPLATE_CHARS = 200_000


class TemplateFormat(ABC):
    """Messages to ids by a Jinja template. A generation's format adds how answers are read.

    `options` are further values for names of the template (such as enable_thinking); those
    that it has no such name for are left out. The template comes from the folder: it runs in
    a sandbox and can do nothing but write text. It is tried out here. Raises
    `CheckpointError` when it is no template, fails, or runs or writes without end.
    """

    calls_tools = True

    def __init__(self, tokenizer: Tokens, template: str, *, stop_ids: Iterable[int], **options: Any) -> None:
        if len(template) > MAX_TEMPLATE_CHARS:
            raise CheckpointError(f"the chat template has {len(template)} characters; obtain the checkpoint again")
        self.tokenizer = tokenizer
        self.stop_ids = frozenset(stop_ids)
        added = tokenizer.backend.get_added_tokens_decoder().values()
        spellings = sorted((token.content for token in added), key=len, reverse=True)
        self._control = re.compile("|".join(re.escape(spelling) for spelling in spellings) or "(?!)")
        self._tails = tuple({spelling[cut:] for spelling in spellings for cut in range(1, len(spelling))})
        self._heads = tuple({spelling[:cut] for spelling in spellings for cut in range(1, len(spelling))})
        question = [{"role": "user", "content": "?", "metadata": ""}]
        try:
            names = sandbox.outside_names(template)
            self._template = sandbox.compiled(template)
            self._options = {name: value for name, value in options.items() if name in names}
            opening = self._render(question, None)
            self._takes_tools = _TRIAL_TOOL in self._render(question, [self.tool_mapping(ToolSpec(_TRIAL_TOOL, ""))])
        except sandbox.FAULTS as error:
            reason = " ".join(str(error).split())[:300]
            raise CheckpointError(f"the chat template is unusable ({reason}); obtain the checkpoint again") from error
        self.opening = opening.rpartition("?")[2]
        """What the template writes behind a question: how an answer opens."""

    @abstractmethod
    def reader(self, tools: Sequence[ToolSpec] = ()) -> OutputReader: ...

    @abstractmethod
    def call_message(self, call: ToolCall) -> Message: ...

    @abstractmethod
    def message_mappings(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """The messages as the template wants them."""

    def tool_mapping(self, tool: ToolSpec) -> dict[str, Any]:
        """A tool as the template wants it."""
        if tool.name == INTERPRETER:
            return {"type": "python"}
        return openai_form(tool)

    def encode(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> list[int]:
        """Prompt ids: what the template writes for these messages and the opening of the assistant's turn.

        Raises `EngineError` when the template refuses them.
        """
        told = self.message_mappings(messages)
        offered = [self.tool_mapping(tool) for tool in tools] or None
        if offered and not self._takes_tools:  # the first templates of GLM-4 look for tools in the system message
            if not told or told[0]["role"] != "system":
                told.insert(0, {"role": "system", "content": ""})
            told[0]["tools"] = offered
        try:
            marked = [{**self._marked(message), "role": message["role"]} for message in told]
            text = self._render(marked, self._marked(offered))
        except sandbox.FAULTS as error:
            reason = " ".join(str(error).split())[:300]
            raise EngineError(f"the model's chat template fails for this conversation ({reason})") from error
        ids, start = [], 0
        for found in self._control.finditer(text):
            ids += self._text_ids(text[start : found.start()])
            ids.append(self.tokenizer.control_id(found[0]))
            start = found.end()
        return ids + self._text_ids(text[start:])

    def _render(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str:
        values = {"messages": messages, "tools": tools, "documents": None, "add_generation_prompt": True}
        return sandbox.render(self._template, {**values, **self._options})

    def _text_ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text.replace(_MARK, "").replace(_MARK_IN_JSON, "")) if text else []

    def _marked(self, value: Any) -> Any:
        """`value` with a mark in every spelling of a control token, and at ends that could be part of one."""
        if isinstance(value, str):
            return self._marked_ends(self._marked_inside(value))
        if isinstance(value, dict):
            return {self._marked_inside(key): self._marked(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._marked(item) for item in value]
        return value

    def _marked_inside(self, text: Any) -> Any:
        if not isinstance(text, str):
            return text
        return self._control.sub(lambda found: found[0][0] + _MARK + found[0][1:], text)

    def _marked_ends(self, text: str) -> str:
        # Inside the blanks around the text: templates strip them.
        core = text.strip()
        if not core:
            return text
        start = text.index(core)
        before = _MARK if core.startswith(self._tails) else ""
        after = _MARK if core.endswith(self._heads) else ""
        return f"{text[:start]}{before}{core}{after}{text[start + len(core) :]}"
