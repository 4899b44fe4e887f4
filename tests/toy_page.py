"""The web demo with a tool at hand, started by tests: the environment's TOY_TOOL is "weather" or "code"."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import web_demo
from apps import chat
from glm.code_interpreter import SPEC
from glm.conversation import Conversation
from glm.messages import ToolSpec
from glm.tools import Tool, Toolbox

WEATHER = ToolSpec(
    "get_current_weather",
    "Get the current weather in a given location",
    {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {"type": "string"},
        },
        "required": ["location"],
    },
)


def measure(arguments: Mapping[str, Any]) -> str:
    assert arguments == {"location": "beijing", "unit": "celsius"}, arguments
    return '{"temperature": 22}'


def calculate(arguments: Mapping[str, Any]) -> str:
    code = str(arguments["code"]).strip()
    assert code == "sum(range(1, 101))", code
    return str(sum(range(1, 101)))


TOOLS = {"weather": Tool(WEATHER, measure), "code": Tool(SPEC, calculate)}

if __name__ == "__main__":
    box = Toolbox([TOOLS[os.environ["TOY_TOOL"]]])
    chat.Conversation = functools.partial(Conversation, tools=box)  # type: ignore[assignment,misc]
    sys.exit(web_demo.main())
