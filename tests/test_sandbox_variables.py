"""The list of variables and the state of a kernel, as a page shows them: asked of real kernels."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from glm.errors import SandboxError
from glm.sandbox.kernel_variables import described
from glm.sandbox.manager import SandboxManager
from glm.sandbox.outputs import variables_of
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import Limits, Variable
from tests.sandbox_cells import notices, run, text, tier_here

TIER = tier_here()


@pytest.fixture(scope="module")
def manager() -> Iterator[SandboxManager]:
    with SandboxManager(TIER, limits=Limits(grace_seconds=1, idle_seconds=600), warm=False) as opened:
        yield opened


@pytest.fixture
def sandbox(manager: SandboxManager) -> Iterator[JupyterSandbox]:
    opened = manager.open("someone")
    yield opened
    opened.close()


VALUES = """
import math, datetime
from decimal import Decimal
import numpy as np, pandas as pd
count, large, ratio, name, nothing = 3, 7**100000, 0.5, "刘备", None
numbers, mixed, one = list(range(100)), {"a": 1, "b": [1, [2]]}, (1,)
grid, every_other = np.zeros((3, 4)), np.arange(10)[::2]
table = pd.DataFrame({"日期": ["x", "y"], "n": [1.5, 2.0]}); column = table["n"]; single = np.float32(1.5)
day = datetime.date(2024, 2, 29)
_hidden = 1
def function(): pass
class Class: pass
"""

EXPECTED = [
    Variable("count", "int", None, "3"),
    Variable("large", "int", None, "<about 10**84509>"),
    Variable("ratio", "float", None, "0.5"),
    Variable("name", "str", (2,), "'刘备'"),
    Variable("nothing", "NoneType", None, "None"),
    Variable("numbers", "list", (100,), "[0, 1, 2, 3, 4, 5, ...]"),
    Variable("mixed", "dict", (2,), "{'a': 1, 'b': [1, <list>]}"),
    Variable("one", "tuple", (1,), "(1,)"),
    Variable("grid", "ndarray", (3, 4), "float64: 0, 0, 0, 0, 0, 0, ..."),
    Variable("every_other", "ndarray", (5,), "int64: 0, 2, 4, 6, 8"),
    Variable("table", "DataFrame", (2, 2), "日期, n"),
    Variable("column", "Series", (2,), "float64: 1.5, 2"),
    Variable("single", "float32", None, "1.5"),
    Variable("day", "date", None, "datetime.date(2024, 2, 29)"),
]


def test_data_is_listed_and_what_was_imported_or_defined_is_not(sandbox: JupyterSandbox) -> None:
    assert run(sandbox, VALUES).ending == "ok"
    assert sandbox.variables() == EXPECTED


def test_asking_changes_nothing_for_the_code(sandbox: JupyterSandbox) -> None:
    run(sandbox, "41 + 1")
    sandbox.variables()
    done = run(sandbox, "print(_, [name for name in globals() if 'variables' in name])")
    assert (text(done), done.execution_count) == ("42 []\n", 2)


def test_no_code_of_the_users_classes_is_run() -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("code of the user's was run")

    names = "__repr__ __str__ __len__ __iter__ __getattribute__ __format__ __eq__ __hash__ __bool__".split()

    class Meta(type):
        __name__ = property(refuse)  # type: ignore[assignment]
        mro_asked = property(refuse)

    class Odd(metaclass=Meta):
        __class__ = property(refuse)  # type: ignore[assignment]

    class OddList(list):  # type: ignore[type-arg]
        pass

    odd, odd_list = Odd(), OddList([1, 2])
    for name in names:
        setattr(OddList, name, refuse)
        if name != "__hash__":
            setattr(Odd, name, refuse)
    found = described({"odd": odd, "odd_list": odd_list, "within": [odd, odd_list], "key": {1: odd}}, {})
    assert found == [
        {"name": "odd", "type": "Odd", "shape": None, "text": ""},
        {"name": "odd_list", "type": "OddList", "shape": [2], "text": ""},
        {"name": "within", "type": "list", "shape": [2], "text": "[<Odd>, <OddList>]"},
        {"name": "key", "type": "dict", "shape": [1], "text": "{1: <Odd>}"},
    ]


def test_the_list_is_bounded() -> None:
    endless: list[object] = []
    endless.append(endless)
    namespace: dict[str, object] = {"endless": endless, "long": "x" * 10**6, "n" * 10**5: 1}
    namespace.update({f"v{n}": n for n in range(1000)})
    found = described(namespace, {})
    assert len(found) == 200
    assert found[0]["text"] == "[[<list>]]"
    assert max(len(str(value)) for item in found for value in item.values()) <= 120


@pytest.mark.parametrize(
    "content",
    [None, {}, {"variables": 5}, {"variables": [None, 1, {}, {"name": "x"}, {"name": 1, "type": "int"}]}],
)
def test_an_answer_that_is_no_list_of_variables_is_empty(content: object) -> None:
    assert variables_of(content) == []


def test_what_a_tampered_kernel_says_is_cleaned_and_cut() -> None:
    item = {"name": "x\x1b[31m" + "y" * 999, "type": "a\nb", "shape": [-1], "text": "t\u202e" * 999}
    (found,) = variables_of({"variables": [item]})
    assert (found.name[:3], len(found.name), found.type, found.shape, len(found.text)) == ("xyy", 60, "a b", None, 120)
    assert len(variables_of({"variables": [{"name": "x", "type": "int"}] * 9999})) == 200


def test_without_a_kernel_there_are_none_and_none_is_started(manager: SandboxManager, sandbox: JupyterSandbox) -> None:
    before = len(manager.kernels)
    assert sandbox.variables() == []
    assert sandbox.state.kernel == "none"
    assert len(manager.kernels) == before


def test_while_a_cell_runs_the_last_list_is_given(sandbox: JupyterSandbox) -> None:
    run(sandbox, "x = 1")
    before = sandbox.variables()
    stop = threading.Event()
    events = sandbox.run("x = 2; print('on', flush=True)\nwhile True: pass", stop=stop)
    next(events)
    assert sandbox.variables() == before == [Variable("x", "int", None, "1")]
    assert sandbox.state.kernel == "busy"
    stop.set()
    assert list(events)[-1].ending == "interrupted"  # type: ignore[union-attr]
    assert sandbox.variables() == [Variable("x", "int", None, "2")]


def test_a_kernel_that_does_not_answer_keeps_nobody_waiting(sandbox: JupyterSandbox) -> None:
    run(sandbox, "x = 1")
    before = sandbox.variables()
    task = "async def busy():\n    time.sleep(4)\n"
    run(sandbox, f"import asyncio, time\nx = 2\n{task}kept = asyncio.get_running_loop().create_task(busy())")
    assert sandbox.variables() == before
    assert text(run(sandbox, "x")) == "2"


def test_output_of_a_process_left_running_goes_to_its_cell_though_the_list_was_asked_for(
    sandbox: JupyterSandbox,
) -> None:
    run(sandbox, "import subprocess; left = subprocess.Popen(['sh', '-c', 'sleep 1; echo late'])")
    assert [variable.name for variable in sandbox.variables()] == ["left"]
    until = time.monotonic() + 10
    while not sandbox.cells[-1].outputs and time.monotonic() < until:
        time.sleep(0.05)
    assert [getattr(output, "text", "") for output in sandbox.cells[-1].outputs] == ["late\n"]


def test_the_state_goes_from_none_to_idle_to_lost(sandbox: JupyterSandbox) -> None:
    run(sandbox, "x = 1")
    left = sandbox.state.idle_seconds_left
    assert sandbox.state.kernel == "idle"
    assert left is not None
    assert 590 < left <= 600
    sandbox.variables()
    after = sandbox.state.idle_seconds_left
    assert after is not None
    assert after <= left, "asking must not keep a kernel alive"
    assert sandbox.kernel is not None
    sandbox.kernel.confined.kill()
    until = time.monotonic() + 5
    while sandbox.state.kernel == "idle" and time.monotonic() < until:
        time.sleep(0.02)
    assert (sandbox.state.kernel, sandbox.variables()) == ("lost", [])
    assert notices(run(sandbox, "1")) == ["variables_lost"]
    sandbox.close()
    assert (sandbox.state.kernel, sandbox.variables()) == ("none", [])
    with pytest.raises(SandboxError, match="closed"):
        run(sandbox, "1")
