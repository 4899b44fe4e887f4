"""The tool and code modes without a browser: what a visitor's clicks do. The code runs in a real sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from apps import options, streamlit_app, streamlit_code_panel
from apps.chats import Chat, Chats
from apps.code_host import CodeHost
from apps.engine_loader import EngineLoader
from apps.streamlit_app import Service
from apps.visitors import Visitors
from glm.messages import INTERPRETER, ToolCall
from glm.sandbox.policy import UNSAFE_NOTICE, Decision
from glm.sandbox.values import TextOutput
from glm.scripted_engine import ScriptedEngine
from glm.store import FILE
from glm.toolset import BUILT_IN_TOOLS
from tests.sandbox_cells import tier_here

PAGE = str(Path(__file__).resolve().parent.parent / "apps" / "composite_page.py")
SECONDS = 40

tier_here()


def code(source: str) -> ToolCall:
    return ToolCall(INTERPRETER, {"code": source})


@pytest.fixture(scope="module")
def host() -> Iterator[CodeHost]:
    made = CodeHost().start()
    assert made.wait(60)
    yield made
    made.close()


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def service(engine: ScriptedEngine, host: CodeHost, tmp_path: Path) -> Iterator[Service]:
    loader = EngineLoader(lambda progress: engine, name="scripted").start()
    loader.wait()
    chats = Chats(engine, tmp_path / FILE)
    made = Service(loader, chats, Visitors(tmp_path), options.Options(), tools=BUILT_IN_TOOLS, code=host)
    streamlit_app.provide(made)
    yield made
    chats.close()
    for key in list(host._sandboxes):
        host.forget(key)


def opened(mode: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=SECONDS)
    page.query_params["mode"] = mode
    return checked(page.run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    return page


def ask(page: AppTest, question: str) -> AppTest:
    return checked(page.chat_input[0].set_value(question).run())


def press(page: AppTest, key: str) -> AppTest:
    return checked(next(found for found in page.button if (found.key or "").startswith(key)).click().run())


def chat_of(page: AppTest, mode: str) -> Chat:
    chat: Chat = page.session_state[f"chat_{mode}"]
    return chat


def codes(page: AppTest) -> list[str]:
    return [block.value for block in page.code]


def marks(page: AppTest) -> str:
    return "\n".join(str(part.proto.body) for part in page.get("html"))


# --- tools


def test_a_call_is_run_and_shown_with_its_result(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(ToolCall("calculator", {"expression": "37*48"}), "It is 1776.")
    page = ask(opened("tools"), "37*48?")
    assert "calculator" in marks(page) and "37*48" in marks(page) and "1776" in marks(page)
    assert [message.role for message in chat_of(page, "tools").messages][-2:] == ["observation", "assistant"]


def test_a_tool_that_touches_the_network_waits_for_consent(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(ToolCall("get_weather", {"city": "Paris"}), "I could not look.")
    page = ask(opened("tools"), "Weather?")
    assert any("wants to call get_weather" in caption.value for caption in page.caption)
    page = press(page, "refuse")
    assert chat_of(page, "tools").messages[2].content == "Error: the user did not allow this call"
    assert engine.asked[-1].messages[-1].role == "observation"


def test_a_forbidden_tool_is_not_offered(service: Service, engine: ScriptedEngine) -> None:
    page = opened("tools")
    key = f"approval-{chat_of(page, 'tools').id}-calculator"
    control = next(found for found in page.get("button_group") if found.key == key)
    checked(control.set_value("never").run())
    engine.enqueue("Hello.")
    ask(page, "Hi")
    assert "calculator" not in [tool.name for tool in engine.asked[-1].tools]
    assert "almanac" in [tool.name for tool in engine.asked[-1].tools]


def test_arguments_can_be_changed_and_the_call_run_again(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(ToolCall("calculator", {"expression": "1+1"}), "2.", "3.")
    page = press(ask(opened("tools"), "1+1?"), "edit_call-")
    box = next(found for found in page.text_area if found.key.startswith("arguments-"))
    box.set_value("no json")
    run = next(found for found in page.button if found.label == "Run again")
    page = checked(run.click().run())
    assert "no arguments in JSON" in page.warning[0].value
    next(found for found in page.text_area if found.key.startswith("arguments-")).set_value('{"expression": "1+2"}')
    page = checked(next(found for found in page.button if found.label == "Run again").click().run())
    messages = chat_of(page, "tools").messages
    assert messages[1].call == ToolCall("calculator", {"expression": "1+2"})
    assert "3" in messages[2].content and messages[3].content == "3."


def test_in_manual_mode_a_person_types_tools_and_answers(service: Service, engine: ScriptedEngine) -> None:
    page = opened("tools")
    chat = chat_of(page, "tools")
    checked(next(found for found in page.toggle if found.key.startswith("manual-")).set_value(True).run())
    engine.enqueue(ToolCall("get_stock_price", {"symbol": "GLM"}), "42.")
    page = ask(page, "Price?")
    assert [tool.name for tool in engine.asked[-1].tools] == ["get_stock_price"]
    next(found for found in page.text_area if found.key.startswith("answered-")).set_value("42 yuan")
    checked(next(found for found in page.button if found.label == "Send the result").click().run())
    assert [message.content for message in chat.messages[2:]] == ["42 yuan", "42."]
    box = next(found for found in page.text_area if found.key.startswith("typed-"))
    page = checked(box.set_value("- name: [").run())
    assert page.warning


# --- code


def test_a_cell_runs_and_its_outputs_are_kept(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(code("x = 6 * 7\nprint(x)"), "It is 42.")
    page = ask(opened("code"), "6*7?")
    assert codes(page)[:2] == ["x = 6 * 7\nprint(x)", "42"]
    chat = chat_of(page, "code")
    assert chat.results[2].outputs == (TextOutput("42\n", "stdout"),)
    assert engine.asked[1].messages[-1].content == "42"
    again = service.chats._store.load(chat.owner, chat.id)  # type: ignore[union-attr]
    assert again.results == chat.results


def test_an_error_is_repaired_and_the_attempt_is_counted(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(code("1/0"), code("print('mended')"), "Done.")
    page = ask(opened("code"), "Divide")
    assert "attempt 2 of 5" in marks(page) and "ZeroDivisionError" in marks(page)
    assert "mended" in codes(page)


def test_the_same_error_again_ends_the_loop(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(code("1/0"), code("1/0"), "never said")
    page = ask(opened("code"), "Divide")
    assert "the same error came again" in marks(page)
    assert len(engine.asked) == 2


def test_a_cell_is_changed_and_run_again_with_the_variables_of_before(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(code("n = 5\nprint(n)"), "5.", "25.")
    page = press(ask(opened("code"), "Print 5"), "edit_cell-")
    next(found for found in page.text_area if found.key.startswith("edited-")).set_value("print(n * n)")
    page = checked(next(found for found in page.button if found.label == "Run again").click().run())
    assert chat_of(page, "code").messages[2].content == "25"


def test_a_person_writes_a_cell_and_the_model_sees_it_with_the_next_question(
    service: Service, engine: ScriptedEngine
) -> None:
    page = opened("code")
    next(found for found in page.text_area if found.key.startswith("own-cell-")).set_value("y = 8\nprint(y)").run()
    page = press(page, "run_own")
    assert "8" in codes(page) and not engine.asked
    engine.enqueue("I saw 8.")
    ask(page, "What did it print?")
    assert [message.content for message in engine.asked[0].messages][-2:] == ["8", "What did it print?"]


def test_with_asking_each_cell_waits_for_a_click(service: Service, engine: ScriptedEngine) -> None:
    page = opened("code")
    chat_of(page, "code").keep_details(level="ask")
    checked(page.run())
    engine.enqueue(code("print('ran')"), "Done.")
    page = ask(page, "Go")
    assert "ran" not in codes(page)
    page = press(page, "approve")
    assert "ran" in codes(page)


def test_with_showing_only_nothing_runs(service: Service, engine: ScriptedEngine) -> None:
    page = opened("code")
    chat_of(page, "code").keep_details(level="show")
    checked(page.run())
    engine.enqueue(code("print('ran')"))
    page = ask(page, "Go")
    assert codes(page) == ["print('ran')"] and "shown only" in marks(page)
    assert len(chat_of(page, "code").messages) == 2


def test_an_uploaded_file_is_told_to_the_model_and_can_be_read(service: Service, engine: ScriptedEngine) -> None:
    page = opened("code")
    chat = chat_of(page, "code")
    assert service.code is not None
    service.code.sandbox(chat.owner, chat.id).files.save("sales.csv", b"month,income\nMay,3\nJune,4\n")
    chat.keep_details(untold=["sales.csv"])
    engine.enqueue(code("import pandas as pd\nprint(pd.read_csv('/mnt/data/sales.csv').income.sum())"), "7.")
    page = ask(checked(page.run()), "Sum?")
    question = engine.asked[0].messages[-1].content
    assert question.startswith("[/mnt/data/sales.csv (") and '"income"' in question and question.endswith("\n\nSum?")
    assert chat.messages[2].content == "7"
    assert streamlit_code_panel._notebook(_View(chat)).count(b"read_csv('./sales.csv')") == 1  # type: ignore[arg-type]


def test_after_a_new_start_of_the_program_the_model_is_told_that_variables_and_files_are_gone(
    service: Service, engine: ScriptedEngine
) -> None:
    engine.enqueue(code("x = 5\nprint(x)"), "Done.")
    page = ask(opened("code"), "Set x")
    chat = chat_of(page, "code")
    assert service.code is not None
    service.code.forget(chat.id)  # what a new process has: the conversation, and no kernel for it
    engine.enqueue(code("print(x)"), "It is gone.")
    ask(checked(page.run()), "Print x")
    told = [message.content for message in chat.messages if message.role == "observation"]
    assert told[0] == "5"
    assert "files of earlier cells are gone" in told[1] and "NameError" in told[1]


def test_a_deleted_conversation_takes_its_kernel_and_files_along(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(code("open('kept.txt', 'w').write('x')"), "Done.")
    page = ask(opened("code"), "Go")
    key = chat_of(page, "code").id
    assert service.code is not None
    sandbox = service.code.existing(key)
    assert sandbox is not None and [entry.path for entry in sandbox.files.entries()] == ["kept.txt"]
    press(page, "delete-")
    assert sandbox.closed and service.code.existing(key) is None


def test_an_old_conversation_that_links_to_a_file_starts_no_kernel_when_it_is_looked_at(
    service: Service, engine: ScriptedEngine
) -> None:
    engine.enqueue("Here it is: [table](sandbox:/mnt/data/table.csv)")
    page = ask(opened("code"), "Where is it?")
    assert service.code is not None and service.code.existing(chat_of(page, "code").id) is None


class _View:
    """As much of a view as the notebook needs."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat

    def text(self, key: str) -> str:
        return key


def test_the_notebook_holds_cells_with_their_outputs(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue(code("print('in the notebook')"), "Done.")
    page = ask(opened("code"), "Go")
    book: Any = json.loads(streamlit_code_panel._notebook(_View(chat_of(page, "code"))))  # type: ignore[arg-type]
    kinds = [cell["cell_type"] for cell in book["cells"]]
    assert kinds == ["markdown", "code", "markdown"]
    assert "".join(book["cells"][1]["outputs"][0]["text"]) == "in the notebook\n"


# --- where code cannot be confined


class _Fixed(CodeHost):
    """A host whose decision is given."""

    def __init__(self, decision: Decision, host: CodeHost) -> None:
        super().__init__()
        self._decision = decision
        self._manager = host._manager
        self._decided.set()

    def close(self) -> None:
        """The sandboxes are another's."""


def test_without_a_sandbox_the_page_says_why_and_nothing_runs(
    service: Service, engine: ScriptedEngine, host: CodeHost
) -> None:
    off = Decision("none", notice="Code is shown but not run: no bubblewrap.", mend="sudo apt install bubblewrap")
    object.__setattr__(service, "code", _Fixed(off, host))
    engine.enqueue(code("print('ran')"))
    page = ask(opened("code"), "Go")
    assert "no bubblewrap" in codes(page)[0] and codes(page)[1] == "sudo apt install bubblewrap"
    assert codes(page)[2:] == ["print('ran')"]


def test_unconfined_code_needs_a_click_each_time_under_a_red_notice(
    service: Service, engine: ScriptedEngine, host: CodeHost
) -> None:
    unsafe = Decision("unsafe", notice=UNSAFE_NOTICE, asks_each_run=True)
    object.__setattr__(service, "code", _Fixed(unsafe, host))
    page = opened("code")
    chat_of(page, "code").keep_details(level="auto")  # as a page elsewhere may have left it
    checked(page.run())
    for number in range(2):
        engine.enqueue(code(f"print('run {number}')"), "Done.")
        page = ask(page, "Go")
        assert "unconfined" in page.error[0].value and f"run {number}" not in codes(page)
        page = press(page, "approve")
        assert f"run {number}" in codes(page)


def test_a_question_with_an_upload_shows_the_file_apart(service: Service, engine: ScriptedEngine) -> None:
    engine.enqueue("I see.")
    page = ask(opened("code"), '[/mnt/data/a.csv (9 bytes): CSV, 1 column: "x"; 2 rows]\n\nWhat is in it?')
    assert '<span class="chip">/mnt/data/a.csv (9 bytes)' in marks(page)
    assert page.chat_message[0].markdown[0].value == "What is in it?"
    assert chat_of(page, "code").title == "What is in it?"
