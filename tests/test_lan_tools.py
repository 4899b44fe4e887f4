"""What the owner's tools are to visitors of a shared page: nothing. And what starting a shared program passes on."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from apps import composite, options, streamlit_app
from apps.chats import Chats
from apps.code_host import CodeHost
from apps.engine_loader import EngineLoader
from apps.streamlit_app import Service
from apps.visitors import Visitor, Visitors
from glm.messages import ToolCall, ToolSpec
from glm.scripted_engine import ScriptedEngine
from glm.store import FILE
from glm.tools import Tool, Toolbox, permitted
from tests.mcp_server import __file__ as MCP_SERVER

PAGE = str(Path(__file__).resolve().parent.parent / "apps" / "composite_page.py")
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}


class Counted:
    """A tool that knows how often it ran."""

    def __init__(self, name: str, *, owner_only: bool) -> None:
        self.runs = 0
        self.tool = Tool(ToolSpec(name, "Opens the door of the house", NOTHING), self._run, owner_only=owner_only)

    def _run(self, arguments: Mapping[str, Any]) -> str:
        self.runs += 1
        return "it is open"


def test_tools_are_for_everybody_unless_they_are_the_owners() -> None:
    free, owned = Counted("free", owner_only=False).tool, Counted("owned", owner_only=True).tool
    assert Tool(free.spec).owner_only is False
    assert permitted([free, owned], is_owner=True) == (free, owned)
    assert permitted([free, owned], is_owner=False) == (free,)
    assert replace(owned, approval="ask").owner_only
    assert [spec.name for spec in Toolbox(permitted([owned, free], is_owner=False)).specs] == ["free"]


Ask = Callable[[options.Sharing | None, bool, str], tuple[AppTest, Counted, ScriptedEngine]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Asks for the owner's tool on the page of somebody, who is its owner or not, shared or not."""
    closing = []

    def asked(
        sharing: options.Sharing | None, is_owner: bool, question: str
    ) -> tuple[AppTest, Counted, ScriptedEngine]:
        owned, free = Counted("open_house", owner_only=True), Counted("ring", owner_only=False)
        engine = ScriptedEngine([ToolCall("open_house", {}), "Done."])
        loader = EngineLoader(lambda progress: engine).start()
        loader.wait()
        service = Service(
            loader, Chats(engine, tmp_path / FILE), Visitors(tmp_path), options.Options(sharing=sharing),
            tools=(owned.tool, free.tool), code=CodeHost(),
        )  # fmt: skip
        closing.append(service)
        streamlit_app.provide(service)
        monkeypatch.setattr(streamlit_app, "visitor", lambda: Visitor("anna", is_owner))
        page = AppTest.from_file(PAGE, default_timeout=40)
        page.query_params["mode"] = "tools"
        page.run()
        page.chat_input[0].set_value(question).run()
        assert not page.exception, page.exception
        return page, owned, engine

    yield asked
    for service in closing:
        service.close()


@pytest.mark.parametrize(
    ("sharing", "is_owner", "runs"),
    [(options.Sharing(), False, 0), (options.Sharing(), True, 1), (None, False, 1), (None, True, 1)],
)
def test_the_owners_tools_are_neither_shown_to_visitors_nor_offered_nor_run(
    sharing: options.Sharing | None, is_owner: bool, runs: int, ask: Ask
) -> None:
    page, owned, engine = ask(sharing, is_owner, "open it")
    assert owned.runs == runs
    offered = [tool.name for tool in engine.asked[0].tools]
    assert offered == (["open_house", "ring"] if runs else ["ring"])
    answers = [message.content for message in engine.asked[1].messages if message.role == "observation"]
    assert answers == ["it is open"] if runs else "there is no tool named 'open_house'" in answers[0]
    listed = {found.key for found in page.get("popover")} | {str(found.proto.popover) for found in page.get("popover")}
    assert any("ring" in str(found) for found in listed), listed
    assert any("open_house" in str(found) for found in listed) is bool(runs)


@pytest.mark.parametrize(("flags", "owner_only"), [((), True), (("--mcp-for-visitors",), False)])
def test_tools_of_mcp_servers_are_the_owners_unless_he_says_otherwise(
    flags: tuple[str, ...], owner_only: bool, tmp_path: Path
) -> None:
    import sys

    parser = argparse.ArgumentParser()
    composite.add_options(parser)
    given = parser.parse_args(["--mcp", f"{sys.executable} {MCP_SERVER}", *flags])
    engine = ScriptedEngine()
    loader = EngineLoader(lambda progress: engine).start()
    service = Service(loader, Chats(engine, None), Visitors(None), options.Options())
    made = composite.prepare(service, given)
    try:
        from_server = [tool for tool in made.tools if tool not in composite_tools()]
        assert from_server and {tool.owner_only for tool in from_server} == {owner_only}
        assert not any(tool.owner_only for tool in composite_tools())
    finally:
        made.close()


def composite_tools() -> tuple[Tool, ...]:
    from glm.toolset import BUILT_IN_TOOLS

    return BUILT_IN_TOOLS
