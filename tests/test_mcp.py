"""Tools of a real MCP server, started as a program and reached over HTTP, and what happens when it fails."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from glm.mcp_tools import McpError, McpServers
from glm.messages import ToolCall
from glm.tools import Toolbox

ROOT = Path(__file__).resolve().parent.parent
COMMAND = f"{shlex.quote(sys.executable)} -m tests.mcp_server"


def python(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


def use(servers: McpServers, called: str, /, **arguments: Any) -> str:
    run = next(tool.run for tool in servers.tools if tool.spec.name == called)
    assert run is not None
    return run(arguments)


def failure(servers: McpServers, called: str, /, **arguments: Any) -> str:
    with pytest.raises(McpError) as failed:
        use(servers, called, **arguments)
    return str(failed.value)


@pytest.fixture(scope="module")
def started() -> Iterator[McpServers]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("FAKE_SECRET", "open sesame")
        with McpServers([COMMAND], taken=["add"], call_seconds=2) as servers:
            yield servers


def test_tools_of_a_program_are_offered_with_plain_schemas_and_ask_first(started: McpServers) -> None:
    tools = {tool.spec.name: tool for tool in started.tools}
    assert {tool.approval for tool in tools.values()} == {"ask"}
    assert tools["greet"].spec.description == "Greet somebody"
    assert tools["greet"].spec.parameters == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "tone": {"default": "warm", "enum": ["warm", "cool"], "type": "string"},
        },
        "required": ["name"],
    }


def test_a_name_that_is_taken_is_preceded_by_the_server_s(started: McpServers) -> None:
    names = [tool.spec.name for tool in started.tools]
    assert "test_shelf_add" in names
    assert "add" not in names
    assert use(started, "test_shelf_add", a=2, b=3) == "5"


def test_a_name_that_no_prompt_can_hold_is_written_plainly_and_still_called(started: McpServers) -> None:
    assert use(started, "tidy_up_the_shelf") == "tidy"


def test_text_comes_back_as_it_is_and_a_picture_is_mentioned(started: McpServers) -> None:
    assert use(started, "greet", name="Ann") == "warm greetings to Ann 你好"
    assert use(started, "picture") == "[image of type image/png: cannot be shown here]"


def test_a_tool_s_own_error_is_told(started: McpServers) -> None:
    assert "the shelf is empty" in failure(started, "fail", reason="the shelf is empty")


def test_a_call_that_takes_too_long_is_given_up_and_the_next_one_works(started: McpServers) -> None:
    assert failure(started, "sleep", seconds=4) == "the MCP server 'test shelf' gave no result within 2 seconds"
    assert use(started, "greet", name="Bob", tone="cool") == "cool greetings to Bob 你好"


def test_the_program_sees_no_secrets_of_this_one(started: McpServers) -> None:
    variables = use(started, "environment").split()
    assert "PATH" in variables
    assert "FAKE_SECRET" not in variables


def test_a_schema_that_must_not_be_used_leaves_out_its_tool_alone(started: McpServers) -> None:
    assert "hostile" not in [tool.spec.name for tool in started.tools]
    assert len(started.notes) == 1
    assert "'hostile'" in started.notes[0]
    assert "leads outside the schema" in started.notes[0]


def test_a_server_that_dies_is_told_and_started_again_and_closing_leaves_no_program_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    before = set(psutil.Process().children(recursive=True))
    servers = McpServers([COMMAND, COMMAND])
    names = [tool.spec.name for tool in servers.tools]
    assert {"greet", "test_shelf_greet"} < set(names)
    (first, second) = set(psutil.Process().children(recursive=True)) - before
    assert failure(servers, "die") == "the MCP server 'test shelf' has stopped; the next call starts it again"
    assert use(servers, "greet", name="Ann") == "warm greetings to Ann 你好"
    assert use(servers, "test_shelf_greet", name="Ann") == "warm greetings to Ann 你好"
    running = set(psutil.Process().children(recursive=True)) - before
    assert len(running) == 2 and len(running & {first, second}) == 1
    servers.close()
    servers.close()
    assert not any(program.is_running() for program in (first, second, *running))
    shut = "the MCP server 'test shelf' was shut down; start this program again to use its tools"
    assert failure(servers, "test_shelf_greet", name="Ann") == shut


def test_the_toolbox_checks_arguments_before_the_server_sees_them(started: McpServers) -> None:
    performance = Toolbox(started.tools).perform(ToolCall("test_shelf_add", {"a": 1, "b": -1}))
    with pytest.raises(StopIteration) as end:
        next(performance)
    assert "the argument 'b' must be at least 0, got -1" in end.value.value.text


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("no-such-command -x", "the MCP server 'no-such-command -x' cannot be started: the command is not found"),
        (python("import sys; sys.exit('the shelf is broken')"), "(it last wrote: the shelf is broken)"),
        (python("print('hello'); print('x' * 100_000)"), "cannot be used: Connection closed"),
        ("http://127.0.0.1:9/mcp", "the MCP server '127.0.0.1' cannot be used"),
        ("ftp://example.com/", "'ftp://example.com/' is no MCP server; give a command, or a URL"),
        ("", "'' is no MCP server"),
        ("'unbalanced", "is no command for an MCP server: No closing quotation"),
    ],
)  # fmt: skip
def test_a_server_that_does_not_start_is_told_with_what_it_last_wrote(
    address: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = psutil.Process().children(recursive=True)
    with pytest.raises(McpError) as failed:
        McpServers([address])
    assert reason in str(failed.value)
    assert psutil.Process().children(recursive=True) == before
    assert "Traceback" not in capfd.readouterr().err


def test_a_server_that_says_nothing_is_given_up() -> None:
    before = psutil.Process().children(recursive=True)
    with pytest.raises(McpError, match="did not answer within 1 seconds"):
        McpServers([python("import time; time.sleep(60)")], start_seconds=1)
    assert psutil.Process().children(recursive=True) == before


def test_when_one_server_fails_those_that_still_start_are_ended() -> None:
    before = psutil.Process().children(recursive=True)
    with pytest.raises(McpError, match="it last wrote: broken"):
        McpServers([python("import sys; sys.exit('broken')"), python("import time; time.sleep(60)")])
    assert psutil.Process().children(recursive=True) == before


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "tests.mcp_server", str(port)], cwd=ROOT)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, "the server ended before it could be reached"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.kill()
        server.wait()


def test_tools_are_called_over_http_and_a_stopped_server_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with McpServers([address], call_seconds=10) as servers:
        assert use(servers, "add", a=2) == "3"
        assert use(servers, "greet", name="Ann") == "warm greetings to Ann 你好"
        assert "the MCP server 'test shelf'" in failure(servers, "die")
        assert "the MCP server 'test shelf'" in failure(servers, "greet", name="Ann")
