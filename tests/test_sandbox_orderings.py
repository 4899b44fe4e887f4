"""A kernel's messages in every order they can come in, played to the code that runs a cell: no kernel, no sockets."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest

from glm.sandbox import cell_run
from glm.sandbox.cell_run import CellRun
from glm.sandbox.confine import Confined
from glm.sandbox.kernel import Kernel
from glm.sandbox.values import CellDone, CellEvent, ErrorOutput, Limits, NoticeOutput, TextOutput
from glm.sandbox.wire import Message

Step = tuple[Literal["iopub", "shell", "stranger", "wait", "die", "close"], str, dict[str, Any]]

BUSY: Step = ("iopub", "status", {"execution_state": "busy"})
IDLE: Step = ("iopub", "status", {"execution_state": "idle"})
RESTARTING: Step = ("iopub", "status", {"execution_state": "restarting"})
OK: Step = ("shell", "execute_reply", {"status": "ok", "execution_count": 3})
WAIT: Step = ("wait", "", {})
DIE: Step = ("die", "", {})
LIMITS = Limits(cell_seconds=1.0, grace_seconds=0.3)


def printed(text: str) -> Step:
    return ("iopub", "stream", {"name": "stdout", "text": text})


class Nothing:
    """In place of a process: it lives until it is killed."""

    def __init__(self) -> None:
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, seconds: float | None = None) -> int:
        return self.returncode or 0


class ScriptedKernel(Kernel):
    """A kernel whose answers to the execute request are written down. `interrupts` counts what it was asked."""

    def __init__(self, script: list[Step], on_interrupt: list[Step]) -> None:
        process: Any = Nothing()

        def end() -> None:
            process.returncode = -9

        confined = Confined(
            tier="unsafe",
            process=process,
            connection={"key": "k"},
            work_fd=-1,
            sockets_fd=-1,
            work_path="",
            _writable_fds=[],
            _held_fd=-1,
            _end=end,
        )
        super().__init__(confined, LIMITS, 0)
        self.script = script
        self.on_interrupt = on_interrupt
        self.interrupts = 0
        self.players: list[asyncio.Task[None]] = []

    async def _send(self, name: str, parts: list[bytes]) -> None:
        if name == "control":
            self.interrupts += 1
            self.players.append(asyncio.create_task(self.play(self.on_interrupt)))
        else:
            self.players.append(asyncio.create_task(self.play(self.script)))

    async def play(self, script: list[Step]) -> None:
        number = next(reversed(self._cells))
        for channel, kind, content in script:
            if channel == "wait":
                await asyncio.sleep(0.05)
            elif channel == "die":
                self.lose("its process ended with code 1")
            elif channel == "stranger":
                self._output(Message(kind, "nobody", content, 1))
            elif channel == "shell":
                self._reply(Message(kind, number, content, 1))
            else:
                self._output(Message(kind, number, content, 1))


def played(
    *script: Step, on_interrupt: tuple[Step, ...] = (), stop: bool = False
) -> tuple[CellDone, list[CellEvent], ScriptedKernel]:
    """Run a cell on the script. The kernel plays on for a moment after the cell has ended."""

    async def run() -> tuple[CellDone, list[CellEvent], ScriptedKernel]:
        kernel = ScriptedKernel(list(script), list(on_interrupt))
        events: list[CellEvent] = []
        halt = asyncio.Event()
        if stop:
            halt.set()
        cell = CellRun(kernel, LIMITS, events.extend, halt)
        done = await cell.run("code")
        await asyncio.gather(*kernel.players)
        late = CellDone(cell.cell.messages.outputs, done.ending, 0, 0) if cell.cell is not None else done
        kernel.late = late.outputs  # type: ignore[attr-defined]
        return done, events, kernel

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_run, "_LAST_MESSAGES_SECONDS", 0.2)
    monkeypatch.setattr(cell_run, "_INTERRUPT_EVERY", 0.1)


def texts(done: CellDone) -> list[str]:
    return [output.text for output in done.outputs if isinstance(output, (TextOutput, NoticeOutput))]


def test_the_usual_order() -> None:
    done, _, _ = played(BUSY, printed("a"), OK, IDLE)
    assert (texts(done), done.ending, done.execution_count, done.variables_lost) == (["a"], "ok", 3, False)


def test_output_between_the_reply_and_idle_belongs_to_the_cell() -> None:
    done, _, _ = played(BUSY, OK, WAIT, printed("after the reply"), WAIT, IDLE)
    assert (texts(done), done.ending) == (["after the reply"], "ok")


def test_idle_before_the_reply() -> None:
    done, _, _ = played(BUSY, printed("a"), IDLE, WAIT, printed("b"), OK)
    assert (texts(done), done.ending) == (["ab"], "ok")


def test_output_after_both_is_kept_with_the_cell() -> None:
    done, _, kernel = played(BUSY, printed("a\n"), OK, IDLE, WAIT, WAIT, printed("late\n"))
    assert texts(done) == ["a\n"]
    assert kernel.late == (TextOutput("a\nlate\n"),)  # type: ignore[attr-defined]


def test_idle_that_never_comes_does_not_keep_the_cell() -> None:
    done, _, kernel = played(BUSY, printed("a"), OK)
    assert (texts(done), done.ending, kernel.alive) == (["a"], "ok", True)


def test_a_reply_that_never_comes_is_the_end_of_the_kernel() -> None:
    done, _, kernel = played(BUSY, printed("a"), IDLE)
    assert (done.ending, done.variables_lost, kernel.alive) == ("died", True, False)
    assert "without an answer" in texts(done)[-1]


def test_idle_and_the_reply_twice_change_nothing() -> None:
    again: Step = ("shell", "execute_reply", {"status": "error", "execution_count": 9})
    done, _, kernel = played(BUSY, IDLE, IDLE, OK, again, IDLE, printed("a"))
    assert (done.ending, done.execution_count, kernel.alive) == ("ok", 3, True)


def test_output_of_a_request_that_nobody_made_is_shown_nowhere() -> None:
    stranger: Step = ("stranger", "stream", {"name": "stdout", "text": "forged"})
    done, _, _ = played(BUSY, stranger, printed("own"), OK, ("stranger", "status", {"execution_state": "idle"}), IDLE)
    assert texts(done) == ["own"]


def test_a_reply_to_a_stranger_ends_nothing() -> None:
    async def run() -> bool:
        kernel = ScriptedKernel([], [])
        cell = await kernel.execute("code", lambda events: None)
        kernel._reply(Message("execute_reply", "nobody", {"status": "ok"}, 1))
        return cell.reply is None

    assert asyncio.run(run())


def test_an_update_of_another_cells_display_is_shown_where_it_was_sent() -> None:
    update: Step = (
        "iopub",
        "update_display_data",
        {"data": {"text/plain": "new"}, "transient": {"display_id": "of another cell"}},
    )
    done, _, _ = played(BUSY, printed("a"), update, OK, IDLE)
    assert texts(done) == ["a", "new"]


def test_a_clearing_that_waits_for_nothing_clears_nothing() -> None:
    done, events, _ = played(BUSY, printed("kept"), ("iopub", "clear_output", {"wait": True}), OK, IDLE)
    assert texts(done) == ["kept"]
    assert len(events) == 1


def test_a_line_end_and_a_character_that_come_in_halves() -> None:
    pieces = [printed(piece) for piece in ("50%\r", "100%\r", "\n", "\ud83d", "\ude00", "\n", "end\r")]
    done, _, _ = played(BUSY, *pieces, OK, IDLE)
    (text,) = texts(done)
    assert text.splitlines()[0] == "100%"
    assert text.splitlines()[-1] == "end"
    assert text.encode()


def test_an_error_without_traceback_is_told_by_its_name() -> None:
    error: Step = ("iopub", "error", {"ename": "ValueError", "evalue": "no"})
    failed: Step = ("shell", "execute_reply", {"status": "error", "ename": "ValueError"})
    done, _, _ = played(BUSY, error, failed, IDLE)
    assert done.outputs == (ErrorOutput("ValueError", "no", "ValueError: no"),)
    assert done.ending == "error"


def test_an_error_that_only_the_reply_tells_is_an_error() -> None:
    done, _, _ = played(BUSY, ("shell", "execute_reply", {"status": "error", "ename": "X"}), IDLE)
    assert done.ending == "error"


def test_a_kernel_that_says_it_restarts_is_believed_nothing() -> None:
    done, _, kernel = played(BUSY, RESTARTING, printed("a"), OK, IDLE)
    assert (texts(done), done.ending, kernel.alive) == (["a"], "ok", True)


def test_death_in_the_middle_keeps_what_was_shown() -> None:
    done, _, _ = played(BUSY, printed("a\n"), WAIT, DIE)
    assert (done.ending, done.variables_lost) == ("died", True)
    assert texts(done) == ["a\n", "the kernel died: its process ended with code 1; variables are lost, files are kept"]


def test_messages_after_death_bring_no_kernel_back() -> None:
    done, _, kernel = played(BUSY, printed("a\n"), DIE, WAIT, OK, IDLE, printed("ghost"))
    assert (done.ending, done.variables_lost, kernel.alive) == ("died", True, False)
    assert isinstance(done.outputs[-1], NoticeOutput)


def test_an_answer_that_was_on_its_way_when_the_kernel_died_counts() -> None:
    done, _, kernel = played(BUSY, printed("a"), DIE, printed("b"), OK, IDLE)
    assert (texts(done), done.ending, kernel.alive) == (["ab"], "ok", False)


def test_death_after_the_reply_is_not_the_cells() -> None:
    done, _, kernel = played(BUSY, printed("a"), OK, IDLE, WAIT, DIE)
    assert (done.ending, done.variables_lost, kernel.alive) == ("ok", False, False)


@pytest.mark.parametrize("reply", [{}, {"status": 5}, {"status": "ok", "execution_count": -1, "payload": 3}])
def test_a_malformed_reply_ends_the_cell(reply: dict[str, Any]) -> None:
    done, _, _ = played(BUSY, ("shell", "execute_reply", reply), IDLE)
    assert done.ending == ("ok" if reply.get("status") == "ok" else "error")
    assert done.execution_count == 0


INTERRUPTED: tuple[Step, ...] = (
    ("iopub", "error", {"ename": "KeyboardInterrupt", "evalue": "", "traceback": []}),
    ("shell", "execute_reply", {"status": "error"}),
    IDLE,
)


def test_a_stop_that_is_heeded_keeps_the_kernel() -> None:
    done, _, kernel = played(BUSY, on_interrupt=INTERRUPTED, stop=True)
    assert (done.ending, done.variables_lost, kernel.alive, kernel.interrupts) == ("interrupted", False, True, 1)


def test_a_stop_that_costs_the_answer_costs_no_variables() -> None:
    done, _, kernel = played(BUSY, on_interrupt=(IDLE,), stop=True)
    assert (done.ending, done.variables_lost, kernel.alive) == ("interrupted", False, True)


def test_a_stop_that_is_not_heeded_is_repeated_and_then_enforced() -> None:
    done, _, kernel = played(BUSY, stop=True)
    assert (done.ending, done.variables_lost, kernel.alive) == ("interrupted", True, False)
    assert kernel.interrupts > 1
    assert [output.kind for output in done.outputs if isinstance(output, NoticeOutput)] == ["killed"]


def test_the_deadline_holds_for_a_kernel_that_keeps_talking() -> None:
    talk: list[Step] = [printed("."), WAIT] * 40
    done, _, kernel = played(BUSY, *talk, on_interrupt=INTERRUPTED)
    assert (done.ending, kernel.alive) == ("timeout", True)
    assert done.seconds >= LIMITS.cell_seconds


def test_an_answer_that_comes_with_the_stop_counts_as_stopped_or_done_but_loses_nothing() -> None:
    done, _, kernel = played(BUSY, printed("a"), OK, IDLE, stop=True)
    assert done.ending in ("ok", "interrupted")
    assert (done.variables_lost, kernel.alive, texts(done)) == (False, True, ["a"])
