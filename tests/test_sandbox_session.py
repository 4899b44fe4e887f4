"""Cells in real, confined kernels: order, stopping, dying, files, visitors, nothing left behind."""

from __future__ import annotations

import ast
import os
import threading
import time
from collections.abc import Iterator

import pytest

from glm.errors import SandboxError
from glm.sandbox.kernel import said_exit
from glm.sandbox.kernel_main import _MapPath
from glm.sandbox.manager import SandboxManager
from glm.sandbox.outputs import told_to_model
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import ErrorOutput, ImageOutput, Limits, OutputShown, TextOutput
from tests.sandbox_cells import notices, run, text, tier_here

TIER = tier_here()
LIMITS = Limits(cell_seconds=40, kernels=3, kernels_per_owner=1)


@pytest.fixture(scope="module")
def manager() -> Iterator[SandboxManager]:
    with SandboxManager(TIER, limits=LIMITS, warm=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(manager: SandboxManager) -> JupyterSandbox:
    return manager.open("shared")


def remaining(pids: list[int]) -> list[int]:
    """Those that still exist; what was killed is given a moment to be gone."""
    until = time.monotonic() + 2
    while (left := [pid for pid in pids if os.path.exists(f"/proc/{pid}")]) and time.monotonic() < until:
        time.sleep(0.02)
    return left


def test_values_stay_between_cells(shared: JupyterSandbox) -> None:
    assert run(shared, "x = 20").outputs == ()
    done = run(shared, "x + 1")
    assert (text(done), done.ending, done.variables_lost) == ("21", "ok", False)
    assert done.execution_count > 1


def test_print_and_warnings_come_in_order(shared: JupyterSandbox) -> None:
    done = run(shared, "import sys\nfor n in range(6): print(n, file=sys.stderr if n % 2 else sys.stdout)\n1/0")
    kinds = [(output.stream, output.text) for output in done.outputs if isinstance(output, TextOutput)]
    assert kinds == [("stderr" if n % 2 else "stdout", f"{n}\n") for n in range(6)]
    assert isinstance(done.outputs[-1], ErrorOutput)
    assert done.ending == "error"


def test_outputs_are_seen_while_the_cell_runs(shared: JupyterSandbox) -> None:
    seen = []
    for event in shared.run("import time\nprint('first', flush=True)\ntime.sleep(1)\nprint('second')"):
        seen.append((type(event), time.monotonic()))
    assert seen[0][0] is OutputShown
    assert seen[-1][1] - seen[0][1] > 0.5


def test_flushing_all_the_time_loses_nothing(shared: JupyterSandbox) -> None:
    done = run(shared, "for n in range(5000): print(n, flush=True)")
    assert text(done).split() == [str(n) for n in range(5000)]
    assert notices(done) == []


def test_a_late_thread_prints_into_its_own_cell(shared: JupyterSandbox) -> None:
    code = (
        "import threading, time\ndef late():\n    time.sleep(.3); print('late')\nthreading.Thread(target=late).start()"
    )
    run(shared, code)
    assert text(run(shared, "time.sleep(.8); print('mine')")) == "mine\n"
    assert shared.cells[-2].outputs == (TextOutput("late\n"),)


def test_plots_appear_without_show_and_whatever_the_backend(shared: JupyterSandbox) -> None:
    pytest.importorskip("matplotlib")
    code = (
        "import matplotlib; matplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\n"
        "plt.rcParams['font.sans-serif'] = ['SimHei']\nplt.plot([1, -2]); plt.title('中文'); plt.show()\n"
        "print('between'); fig, axes = plt.subplots(); None"
    )
    done = run(shared, code)
    assert [type(output) for output in done.outputs] == [ImageOutput, TextOutput, ImageOutput], done.outputs


def test_characters_that_cannot_be_sent_lose_nothing_else(shared: JupyterSandbox) -> None:
    assert text(run(shared, "print('before'); print('\\ud800'); print('after')")).split()[::2] == ["before", "after"]


def test_garbage_from_the_kernel_is_passed_over(shared: JupyterSandbox) -> None:
    code = (
        "send = get_ipython().kernel.iopub_socket.send_multipart\n"
        "for parts in ([b'x'], [b'a', b'<IDS|MSG>', b'bad', b'{}', b'{}', b'{}', b'{}'], [b''] * 50): send(parts)\n"
        "print('sent')"
    )
    done = run(shared, code)
    assert (text(done), done.ending) == ("sent\n", "ok")


def test_input_is_refused_at_once(shared: JupyterSandbox) -> None:
    done = run(shared, "input('name? ')")
    assert (done.ending, done.variables_lost) == ("error", False)


def test_shell_output_stays_in_order(shared: JupyterSandbox) -> None:
    assert text(run(shared, "print('a')\n!echo b\nprint('c')")) == "a\nb\nc\n"


def test_the_path_that_models_were_taught(shared: JupyterSandbox) -> None:
    run(shared, "open('/mnt/data/taught.txt', 'w').write('here')")
    assert shared.files.read("taught.txt") == b"here"


def test_a_stop_keeps_variables(shared: JupyterSandbox) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    run(shared, "kept = 7")
    done = run(shared, "while True: pass", stop)
    assert (done.ending, done.variables_lost) == ("interrupted", False)
    assert done.seconds < LIMITS.cell_seconds / 2
    assert text(run(shared, "kept")) == "7"


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nawait asyncio.sleep(100)",
        "while True: print('x')",
        "from IPython.display import display\nwhile True: display(1)",
        "!sleep 100",
        "import threading\nthread = threading.Thread(target=lambda: time.sleep(4), daemon=True)\n"
        "thread.start(); thread.join()",
        "def later(result):\n    get_ipython().events.unregister('post_run_cell', later); time.sleep(1.2)\n"
        "get_ipython().events.register('post_run_cell', later)\nwhile True: pass",
    ],
    ids=["await", "print", "display", "shell", "join", "and what is done after it"],
)
def test_a_stop_reaches_code_wherever_it_waits(shared: JupyterSandbox, code: str) -> None:
    run(shared, "import time; kept = 8")
    stop = threading.Event()
    threading.Timer(0.4, stop.set).start()
    done = run(shared, code, stop)
    assert (done.ending, done.variables_lost) == ("interrupted", False)
    errors = [output for output in done.outputs if isinstance(output, ErrorOutput)]
    assert len(errors) == 1
    assert "kernel_main" not in errors[0].traceback
    assert text(run(shared, "kept")) == "8"


def test_a_stop_between_two_steps_of_the_kernel_costs_nothing(shared: JupyterSandbox) -> None:
    run(shared, "kept = 9")
    for number in range(12):
        stop = threading.Event()
        events = shared.run("pass", stop=stop)
        threading.Timer(number / 1000, stop.set).start()
        *_, done = events
        assert not done.variables_lost  # type: ignore[union-attr]
    assert text(run(shared, "kept")) == "9"


def test_the_deadline_interrupts_and_says_so() -> None:
    with SandboxManager(TIER, limits=Limits(cell_seconds=1, grace_seconds=10), warm=False) as manager:
        sandbox = manager.open("slow")
        done = run(sandbox, "kept = 1\nimport time\nwhile True:\n    print('on'); time.sleep(0.1)")
        assert (done.ending, done.variables_lost, notices(done)) == ("timeout", False, ["timeout"])
        assert done.seconds >= 1
        assert text(run(sandbox, "kept")) == "1"


def test_what_does_not_stop_is_killed_and_files_are_kept(shared: JupyterSandbox) -> None:
    name = shared.files.save("kept.csv", b"a,b\n")
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    done = run(shared, "gone = 1\nsum(range(10**13))", stop)
    assert (done.ending, done.variables_lost, notices(done)) == ("interrupted", True, ["killed"])
    after = run(shared, f"print(open({name!r}).read(), 'gone' in globals())")
    assert text(after) == "a,b\n False\n"
    assert notices(after) == []


def test_a_death_is_noticed_at_once(shared: JupyterSandbox) -> None:
    done = run(shared, "import os; os._exit(7)")
    assert (done.ending, done.variables_lost, notices(done)) == ("died", True, ["died"])
    assert "code 7" in done.outputs[-1].text  # type: ignore[union-attr]
    assert done.seconds < LIMITS.cell_seconds / 2
    assert text(run(shared, "1 + 1")) == "2"


def test_leaving_early_stops_the_cell(shared: JupyterSandbox) -> None:
    events = shared.run("while True: print('x')")
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert text(run(shared, "1 + 1")) == "2"


def test_a_restart_forgets_variables_and_keeps_files(shared: JupyterSandbox) -> None:
    run(shared, "forgotten = 1; open('kept.txt', 'w').write('x')")
    shared.restart()
    assert text(run(shared, "import os; print('forgotten' in globals(), os.path.exists('kept.txt'))")) == "False True\n"


def test_a_sandbox_that_goes_on_for_an_earlier_one_says_once_what_is_gone(manager: SandboxManager) -> None:
    again = manager.open("again", goes_on=True)
    done = run(again, "print(1)")
    assert notices(done) == ["started_anew"] and "files of earlier cells are gone" in told_to_model(done)
    assert notices(run(again, "print(2)")) == []
    again.close()


def test_two_visitors_share_nothing(manager: SandboxManager, shared: JupyterSandbox) -> None:
    other = manager.open("another")
    run(shared, "secret = 'mine'; open('secret.txt', 'w').write('mine')")
    look = (
        "import os; print('secret' in globals(), os.path.exists('/mnt/data/secret.txt'), os.path.exists('secret.txt'))"
    )
    assert text(run(other, look)) == "False False False\n"
    assert [entry.path for entry in other.files.entries()] == []
    other.close()
    with pytest.raises(SandboxError, match="closed"):
        run(other, "1")


def test_one_visitor_has_so_many_kernels(manager: SandboxManager) -> None:
    first, second = manager.open("greedy"), manager.open("greedy")
    run(first, "x = 1")
    run(second, "x = 2")  # the first is idle: it makes room
    assert len([kernel for kernel in manager.kernels if kernel.alive]) <= LIMITS.kernels
    done = run(first, "'x' in globals()")
    assert notices(done) == ["variables_lost"]
    assert text(done) == "False"
    first.close()
    second.close()


def test_idle_kernels_are_reaped_and_nothing_is_left_behind() -> None:
    with SandboxManager(TIER, limits=Limits(idle_seconds=1), warm=False) as manager:
        sandbox = manager.open("a")
        run(sandbox, "import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True); x = 1")
        sandbox.files.save("kept.txt", b"kept")
        kernel = manager.kernels[0]
        pids = kernel.confined.pids()
        assert len(pids) > 1
        until = time.monotonic() + 5
        while kernel.alive and time.monotonic() < until:
            time.sleep(0.1)
        assert not kernel.alive
        assert remaining(pids) == []
        assert sandbox.files.read("kept.txt") == b"kept"
        assert notices(run(sandbox, "1")) == ["variables_lost"]
        pids = manager.kernels[0].confined.pids()
    assert remaining(pids) == []
    with pytest.raises(SandboxError, match="shut down"):
        manager.open("a")


def test_a_warm_kernel_waits_for_the_next_visitor() -> None:
    with SandboxManager(TIER, limits=Limits()) as manager:
        until = time.monotonic() + 60
        while manager._warm is None and time.monotonic() < until:
            time.sleep(0.05)
        warm = manager._warm
        sandbox = manager.open("a")
        assert text(run(sandbox, "import sys; print('pandas' in sys.modules, 'matplotlib.pyplot' in sys.modules)")) == (
            "True True\n"
        )
        assert sandbox.kernel is warm


def test_no_tier_no_manager() -> None:
    with pytest.raises(SandboxError, match="doctor"):
        SandboxManager("none")


def test_exit_codes_in_words() -> None:
    assert said_exit(7) == "its process ended with code 7"
    assert "SIGSEGV" in said_exit(139)
    assert "SIGSEGV" in said_exit(-11)
    assert "memory" in said_exit(137)


def test_only_text_that_begins_with_the_taught_path_is_mapped() -> None:
    tree = _MapPath("/mnt/data", "here").visit(
        ast.parse("a('/mnt/data/x.csv', f'/mnt/data/{n}', '/mnt/data', '/mnt/database', 'see /mnt/data')")
    )
    assert ast.unparse(tree) == "a('here/x.csv', f'here/{n}', 'here', '/mnt/database', 'see /mnt/data')"
