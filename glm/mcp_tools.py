"""Tools of MCP servers: programs that are started, or addresses on the network.

All connections live on one event loop in a thread of their own; calls come from other threads.
What a server says is a stranger's: schemas are checked, texts bounded, and its tools ask first.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import json
import logging
import os
import re
import shlex
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from glm.errors import GlmError
from glm.messages import ToolSpec
from glm.tool_schema import MAX_DESCRIPTION_CHARS, RESERVED_NAMES, ToolDeclarationError, checked_spec
from glm.tools import Tool

if TYPE_CHECKING:
    from anyio import CancelScope
    from mcp import Client
    from mcp.types import CallToolResult
    from mcp.types import Tool as ServerTool

START_SECONDS = 30.0
"""How long a server may take to start and list its tools."""

CALL_SECONDS = 120.0
"""How long a call may take."""

CLOSE_SECONDS = 10.0

MAX_TOOLS = 64
"""Tools taken of one server; more would not fit a model's context."""

_MAX_LABEL = 60
_MAX_FAULT = 500
_MAX_LINE = 4096


class McpError(GlmError):
    """An MCP server cannot be started or reached, or has stopped."""


class McpServers:
    """Connections to MCP servers; close it, or use it in a `with` statement.

    An address is a URL (streamable HTTP) or a command with its arguments, which is started without
    a shell, in an environment of a few harmless variables. A tool whose name is in `taken`, or that
    another server has already given, is named after its server, too. `notes` tells which tools were
    left out, and why.

    Raises `McpError` when a server does not start, naming it and what it last wrote.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        taken: Iterable[str] = (),
        start_seconds: float = START_SECONDS,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self.tools: tuple[Tool, ...] = ()
        self.notes: tuple[str, ...] = ()
        self._call_seconds = call_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mcp", daemon=True)
        self._thread.start()
        self._servers: list[_Server] = []
        self._closed = False
        self._start_seconds = start_seconds
        self._reviving = threading.Lock()
        atexit.register(self.close)
        try:
            for address in addresses:  # all start at the same time
                server = _Server(address, _label_of(address))
                self._start(server)
                self._servers.append(server)
            names = set(taken)
            for server in self._servers:
                self._add(server, names)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> McpServers:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections and the programs that were started. Does no harm when repeated."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        for server in self._servers:
            self._loop.call_soon_threadsafe(server.stop)
        for server in self._servers:
            with suppress(concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
                server.ended.result(CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    def _start(self, server: _Server) -> None:
        server.ended = asyncio.run_coroutine_threadsafe(_serve(server, self._start_seconds), self._loop)

    def _revive(self, server: _Server) -> None:
        """Start a server again that has stopped. Raises `McpError` when it does not start."""
        with self._reviving:
            if server.client is None or server.closing.is_set():
                with suppress(concurrent.futures.TimeoutError):
                    server.ended.result(CLOSE_SECONDS)
                server.offered, server.closing = concurrent.futures.Future(), asyncio.Event()
                self._start(server)
                server.offered.result()

    def _add(self, server: _Server, names: set[str]) -> None:
        offered = server.offered.result()
        for tool in offered[:MAX_TOOLS]:
            try:
                spec = _spec(tool, server, names)
            except ToolDeclarationError as error:
                self.notes += (f"{server.label}: left out a tool: {error}",)
                continue
            names.add(spec.name)
            self.tools += (Tool(spec, partial(self._call, server, tool.name), approval="ask"),)
        if len(offered) > MAX_TOOLS:
            self.notes += (f"{server.label}: only the first {MAX_TOOLS} of {len(offered)} tools are used",)

    def _call(self, server: _Server, name: str, arguments: Mapping[str, Any]) -> str:
        """Runs on a tool's thread. Raises `McpError` with a sentence when the server fails."""
        if self._closed:
            raise McpError(f"the MCP server {server.label!r} was shut down; start this program again to use its tools")
        self._revive(server)
        call = asyncio.run_coroutine_threadsafe(_called(server, name, dict(arguments), self._call_seconds), self._loop)
        try:
            return call.result(self._call_seconds + CLOSE_SECONDS)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            call.cancel()
            raise McpError(
                f"the MCP server {server.label!r} gave no result in {self._call_seconds:g} seconds"
            ) from None


def _label_of(address: str) -> str:
    """What a server is called until it has told its name: its host, or its command without what it is given."""
    host = urlsplit(address).hostname if re.match(r"https?://", address, re.IGNORECASE) else None
    return (host or address)[:_MAX_LABEL]


@dataclass(eq=False)
class _Server:
    """One connection; all but `offered` and `ended` is used on the event loop only."""

    address: str
    label: str
    offered: concurrent.futures.Future[list[ServerTool]] = field(default_factory=concurrent.futures.Future)
    ended: concurrent.futures.Future[None] = field(default_factory=concurrent.futures.Future)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    starting: CancelScope | None = None
    client: Client | None = None

    def stop(self) -> None:
        self.closing.set()
        if self.starting is not None:
            self.starting.cancel()


async def _serve(server: _Server, seconds: float) -> None:
    """Hold the connection from start to close: the SDK wants both in one task."""
    import anyio
    from mcp import Client

    logging.getLogger("mcp").addHandler(logging.NullHandler())  # what is wrong is told by our own errors
    errors = _LastWords()
    try:
        with anyio.CancelScope(deadline=anyio.current_time() + seconds) as server.starting:
            async with Client(_transport(server.address, errors)) as client:
                offered = await _all_tools(client)
                server.starting.deadline = float("inf")
                server.starting = None
                server.client = client
                if client.server_info and client.server_info.name.split():
                    server.label = " ".join(client.server_info.name.split())[:_MAX_LABEL]
                server.offered.set_result(offered)
                await server.closing.wait()
        if not server.offered.done():
            fault = f"the MCP server {server.label!r} did not answer within {seconds:g} seconds"
            server.offered.set_exception(McpError(fault + errors.told()))
    except Exception as error:
        if not server.offered.done():
            server.offered.set_exception(McpError(_start_fault(server, error) + errors.told()))
    finally:
        server.client = None
        errors.close()


def _transport(address: str, errors: _LastWords) -> Any:
    """How the SDK reaches `address`. Raises `McpError` when it is neither a URL nor a command."""
    from mcp import StdioServerParameters, stdio_client
    from mcp.client.streamable_http import streamable_http_client

    if re.match(r"https?://", address, re.IGNORECASE):
        return streamable_http_client(address)
    try:
        command, *arguments = shlex.split(address, posix=os.name != "nt") or [""]
    except ValueError as error:
        raise McpError(f"{address!r} is no command for an MCP server: {error}") from None
    if not command or "://" in command:
        raise McpError(f"{address!r} is no MCP server; give a command, or a URL that begins with http:// or https://")
    return stdio_client(StdioServerParameters(command=command, args=arguments), errlog=errors.sink)


async def _all_tools(client: Client) -> list[ServerTool]:
    tools: list[ServerTool] = []
    cursor = None
    while len(tools) <= MAX_TOOLS:
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor or not page.tools:
            break
    return tools


async def _called(server: _Server, name: str, arguments: dict[str, Any], seconds: float) -> str:
    from mcp import MCPError
    from mcp.types import CONNECTION_CLOSED, REQUEST_TIMEOUT, CallToolRequest, CallToolRequestParams, CallToolResult

    if server.client is None:
        raise McpError(_stopped(server))
    request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))
    try:
        # Not client.call_tool: that checks results against the server's own schema, patterns and all, on this loop.
        result = await server.client.session.send_request(request, CallToolResult, request_read_timeout_seconds=seconds)
    except MCPError as error:
        if error.code == CONNECTION_CLOSED:
            server.closing.set()
            raise McpError(_stopped(server)) from None
        if error.code == REQUEST_TIMEOUT:
            raise McpError(f"the MCP server {server.label!r} gave no result within {seconds:g} seconds") from None
        raise McpError(f"the MCP server {server.label!r} answered: {error.message[:_MAX_FAULT]}") from None
    except ValueError as error:  # pydantic's: the answer is no result
        raise McpError(f"the MCP server {server.label!r} gave an answer that is no result of a tool") from error
    text = _text(result)
    if result.is_error:
        raise McpError(text)
    return text


def _stopped(server: _Server) -> str:
    return f"the MCP server {server.label!r} has stopped; the next call starts it again"


def _start_fault(server: _Server, error: BaseException) -> str:
    while getattr(error, "exceptions", None):  # an exception group: its first cause
        error = error.exceptions[0]  # type: ignore[attr-defined]
    if isinstance(error, McpError):
        return str(error)
    if isinstance(error, FileNotFoundError):
        return f"the MCP server {server.label!r} cannot be started: the command is not found"
    reason = str(error).partition("\n")[0][:_MAX_FAULT] or type(error).__name__
    return f"the MCP server {server.label!r} cannot be used: {reason}"


def _text(result: CallToolResult) -> str:
    """What a result says; of what is not text, that it was there."""
    parts = []
    for block in result.content:
        resource = getattr(block, "resource", None)
        if block.type == "text":
            parts.append(block.text)
        elif block.type == "resource_link":
            parts.append(f"[link to {block.name}: {block.uri}]")
        elif getattr(resource, "text", None) is not None:
            parts.append(resource.text)  # type: ignore[union-attr]
        else:
            kind = getattr(block, "mime_type", None) or getattr(resource, "mime_type", None) or "unknown kind"
            parts.append(f"[{block.type} of type {kind}: cannot be shown here]")
    if not parts and result.structured_content is not None:
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    return "\n".join(parts) or "(the tool gave no text)"


def _spec(tool: ServerTool, server: _Server, names: set[str]) -> ToolSpec:
    """The tool under a name that all formats can write. Raises `ToolDeclarationError`."""
    name = _plain_name(tool.name)
    if name in names | RESERVED_NAMES:
        name = _plain_name(f"{server.label}_{tool.name}")
    if name in names | RESERVED_NAMES:
        raise ToolDeclarationError(f"two tools are named {name!r}")
    description = (tool.description or tool.title or tool.name)[:MAX_DESCRIPTION_CHARS]
    return checked_spec(name, description, tool.input_schema)


def _plain_name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
    return (plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}")[:64]


class _LastWords:
    """What a started server writes to its error output: read at once, the last of it kept for a message."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=20)
        reading, writing = os.pipe()
        self.sink = os.fdopen(writing, "w", encoding="utf-8")
        self._thread = threading.Thread(target=self._read, args=(reading,), name="mcp errors", daemon=True)
        self._thread.start()

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as source:
            while line := source.readline(_MAX_LINE):
                if line.strip():
                    self._lines.append(line.strip())

    def told(self) -> str:
        """What to add to a message; waits a moment for a server that has just ended."""
        self.close()
        self._thread.join(1.0)
        return f" (it last wrote: {self._lines[-1][:_MAX_FAULT]})" if self._lines else ""

    def close(self) -> None:
        self.sink.close()
