"""What the tests with real kernels share: the tier of this computer, and a cell's outputs in short."""

from __future__ import annotations

import os
import threading

import pytest

from glm.sandbox.policy import Tier, decide
from glm.sandbox.probe import probe
from glm.sandbox.protocol import Sandbox
from glm.sandbox.values import CellDone, NoticeOutput, TextOutput


def tier_here() -> Tier:
    """The tier that the programs would use on this computer; skips the tests that need one where there is none.

    GLM_TEST_TIER=landlock has them run in the second tier, which as root needs a Python that everybody may read.
    """
    if os.environ.get("GLM_TEST_TIER") == "landlock":
        return "landlock"
    decision = decide(probe())
    if not decision.runs:
        pytest.skip(f"{decision.notice} {decision.mend}", allow_module_level=True)
    return decision.tier


def run(sandbox: Sandbox, code: str, stop: threading.Event | None = None) -> CellDone:
    *_, done = sandbox.run(code, stop=stop)
    assert isinstance(done, CellDone)
    return done


def text(done: CellDone) -> str:
    return "".join(output.text for output in done.outputs if isinstance(output, TextOutput))


def notices(done: CellDone) -> list[str]:
    return [output.kind for output in done.outputs if isinstance(output, NoticeOutput)]
