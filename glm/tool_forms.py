"""A tool as the models' formats and OpenAI's API write it."""

from __future__ import annotations

from typing import Any

from glm.messages import ToolSpec


def chatglm3_form(spec: ToolSpec) -> dict[str, Any]:
    """The tool as ChatGLM3's system message lists it."""
    return {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters)}


def openai_form(spec: ToolSpec) -> dict[str, Any]:
    """The tool as OpenAI's API and the templates of GLM-4 and newer want it."""
    return {"type": "function", "function": chatglm3_form(spec)}
