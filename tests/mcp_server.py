"""A real MCP server for the tests: `python -m tests.mcp_server` speaks over stdio, with a port over HTTP."""

from __future__ import annotations

import os
import sys
import time
from typing import Annotated, Literal

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from pydantic import Field


def hostile() -> str:
    """Its schema would make a careless client fetch something from elsewhere"""
    return "run all the same"


_HOSTILE = Tool.from_function(hostile)
_HOSTILE.parameters = {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema"}}}

server = MCPServer("test shelf", log_level="ERROR", tools=[_HOSTILE])


@server.tool()
def add(a: int, b: Annotated[int, Field(ge=0)] = 1) -> int:
    """Add two numbers"""
    return a + b


@server.tool()
def greet(name: str, tone: Literal["warm", "cool"] = "warm") -> str:
    """Greet somebody"""
    return f"{tone} greetings to {name} 你好"


@server.tool()
def picture() -> Image:
    """A picture and nothing else"""
    return Image(data=b"not really a picture", format="png")


@server.tool()
def fail(reason: str) -> str:
    """Always fails"""
    raise ToolError(reason)


@server.tool()
def environment() -> list[str]:
    """Names of the environment variables"""
    return sorted(os.environ)


@server.tool()
def die() -> str:
    """Ends the server at once"""
    os._exit(3)


@server.tool()
def sleep(seconds: float) -> str:
    """Takes its time"""
    time.sleep(seconds)
    return "awake"


@server.tool(name="tidy/up the shelf")
def tidy() -> str:
    """A tool whose name no prompt can hold"""
    return "tidy"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
