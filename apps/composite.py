"""What the composite program adds to a Streamlit page: its options, its tools and its sandboxes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from apps.code_host import CodeHost
from apps.streamlit_app import Service
from glm.sandbox.policy import UNSAFE_FLAG


def add_options(parser: ArgumentParser) -> None:
    """The program's own options; every one says its default."""
    add = parser.add_argument
    add(
        "--mcp",
        action="append",
        default=[],
        metavar="SERVER",
        help="add the tools of an MCP server: a command in quotation marks, or a URL; may be given several times "
        "(default: none)",
    )
    add(
        "--mcp-for-visitors",
        action="store_true",
        help="with --lan, let visitors use the tools of the MCP servers too, which act with your rights "
        "(default: %(default)s)",
    )
    add(
        "--sandbox-python",
        metavar="PYTHON",
        help="the Python that runs the model's code (default: this program's own, without its packages)",
    )
    add(
        UNSAFE_FLAG,
        dest="unsafe",
        action="store_true",
        help="where code cannot be confined, run it all the same after a click for each run; for a page that only "
        "this computer can open, so not with --lan (default: %(default)s)",
    )


def prepare(made: Service, given: Namespace) -> Service:
    """Start the MCP servers and find out what this computer can confine.

    Raises `McpError` for a server that does not start, `SandboxError` for unconfined code on a reachable address.
    """
    from glm.toolset import BUILT_IN_TOOLS

    python = Path(given.sandbox_python) if given.sandbox_python else None
    code = CodeHost(host=made.asked.host, unsafe=given.unsafe, python=python).start()
    if not given.mcp:
        return replace(made, tools=BUILT_IN_TOOLS, code=code)
    from glm.mcp_tools import McpServers

    servers = McpServers(given.mcp, taken=[tool.spec.name for tool in BUILT_IN_TOOLS])
    for note in servers.notes:
        print(f"composite.py: {note}", flush=True)
    from_servers = (replace(tool, owner_only=not given.mcp_for_visitors) for tool in servers.tools)
    return replace(made, tools=(*BUILT_IN_TOOLS, *from_servers), code=code, closing=(servers.close,))
