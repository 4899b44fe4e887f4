"""The code interpreter: a tool that runs the model's code in a visitor's sandbox."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from glm.messages import INTERPRETER, ToolResult, ToolSpec
from glm.sandbox.outputs import told_to_model
from glm.sandbox.protocol import Sandbox
from glm.sandbox.values import CellDone
from glm.tools import Approval, Performance, Tool

SPEC = ToolSpec(
    INTERPRETER,
    "Runs Python code in a Jupyter kernel without network and gives back what it prints. "
    "Variables stay between calls. Files of the user are in /mnt/data.",
    {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
)

NOTHING_PRINTED = "[the code ran and printed nothing]"
"""What the model is told of a cell without output; an empty observation makes it wonder or repeat itself."""


def interpreter_tool(sandbox: Sandbox, approval: Approval = "always") -> Tool:
    """The tool for one visitor's sandbox; while a cell runs it shows the cell's events."""

    def perform(arguments: Mapping[str, Any], stop: threading.Event) -> Performance:
        for event in sandbox.run(str(arguments["code"]), stop=stop):
            if isinstance(event, CellDone):
                told = told_to_model(event) or NOTHING_PRINTED
                return ToolResult(told, is_error=event.ending != "ok", outputs=event.outputs)
            yield event
        raise AssertionError("a cell ends with CellDone")

    return Tool(SPEC, approval=approval, perform=perform)
