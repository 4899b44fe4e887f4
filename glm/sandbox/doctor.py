"""The doctor behind `python -m glm sandbox doctor`: which confinement is here, and does it hold when attacked.

The attacks run in real kernels, opened as a front end opens them. What they aim at is bait made for them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glm.errors import SandboxError
from glm.sandbox import packages, probe
from glm.sandbox.attacks import ATTACKS, LIMITS, SURVIVORS, Attack
from glm.sandbox.manager import SandboxManager
from glm.sandbox.policy import Rehearsal, Tier, decide
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import CellDone

CONFINING: tuple[Tier, ...] = ("bwrap", "landlock")
_GONE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attack ended. `problem` is empty when the wall held."""

    name: str
    tried: str
    problem: str
    seconds: float


def examine(python: Path | None = None, tiers: Sequence[Tier] = CONFINING) -> list[Rehearsal]:
    """Rehearse all the tiers, also those that would not be used."""
    return [probe.rehearse(tier, python or Path(sys.executable)) for tier in tiers]


def attack(
    tier: Tier,
    python: Path | None = None,
    *,
    attacks: Sequence[Attack] = ATTACKS,
    told: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Run the attacks in this tier, all in 20 s or so. `told` hears of each as it ends. Raises `SandboxError`."""
    outcomes: list[Outcome] = []

    def note(name: str, tried: str, problem: str, began: float) -> None:
        outcomes.append(Outcome(name, tried, problem, time.monotonic() - began))
        told(outcomes[-1])

    with probe.bait() as bait, SandboxManager(tier, python=python, limits=LIMITS, warm=False) as manager:
        decoy = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"],  # ends with this program
            env={"PATH": "/usr/bin:/bin", "GLM_DOCTOR_SECRET": bait["nonce"]},
            stdin=subprocess.PIPE,
        )
        try:
            other = manager.open("another visitor")
            _run(other, "open('private.txt', 'w').write('private')")
            assert other.kernel is not None
            bait |= {"decoy": decoy.pid, "other_work": other.kernel.confined.work_path}
            del bait["pid_namespace"]
            sandbox = manager.open("attacker")
            _run(sandbox, "pass")
            for one in attacks:
                began = time.monotonic()
                problem = _attempt(sandbox, one, bait)
                if decoy.poll() is not None:
                    problem = "a process of the server was killed"
                elif os.path.exists(bait["plant"]):
                    problem = problem or "a file was written outside"
                    os.unlink(bait["plant"])
                note(one.name, one.tried, problem, began)
                if not one.gentle:
                    sandbox.restart()
            began = time.monotonic()
            note("survivors", "leave processes behind after the end", _survivors(sandbox), began)
        finally:
            decoy.kill()
            decoy.communicate()
    return outcomes


def _attempt(sandbox: JupyterSandbox, one: Attack, bait: dict[str, object]) -> str:
    try:
        return one.judge(sandbox, _run(sandbox, one.cell(bait), one.stop_after))
    except SandboxError as error:
        return f"it could not be tried: {error}"


def _run(sandbox: JupyterSandbox, code: str, stop_after: float = LIMITS.cell_seconds) -> CellDone:
    stop = threading.Event()
    timer = threading.Timer(stop_after, stop.set)
    timer.start()
    try:
        *_, done = sandbox.run(code, stop=stop)
    finally:
        timer.cancel()
    assert isinstance(done, CellDone)
    return done


def _survivors(sandbox: JupyterSandbox) -> str:
    done = _run(sandbox, SURVIVORS)
    if done.ending != "ok" or sandbox.kernel is None:
        return f"it could not be tried ({done.ending})"
    pids = sandbox.kernel.confined.pids()
    if len(pids) < 5:
        return f"it could not be tried: only {len(pids)} processes"
    sandbox.close()
    until = time.monotonic() + _GONE_SECONDS
    while left := [pid for pid in pids if os.path.exists(f"/proc/{pid}")]:
        if time.monotonic() > until:
            return f"{len(left)} processes outlived the sandbox"
        time.sleep(0.02)
    return ""


def run(tier: Tier | None = None, python: Path | None = None) -> int:
    """Print what `examine` and `attack` find; 0 when every attack was held, else 1."""
    python = python or Path(sys.executable)
    rehearsals = examine(python, (tier,) if tier else CONFINING)
    for rehearsal in rehearsals:
        print(f"{rehearsal.tier:<10}{'works' if rehearsal.works else 'does not work: ' + rehearsal.reason}")
        if rehearsal.mend:
            print(*(f"{'':<10}  {line}" for line in ["to mend it:", *rehearsal.mend.splitlines()]), sep="\n")
    decision = decide(rehearsals)
    if not decision.runs:
        print("\nCode is shown but not run here.")
        return 1
    found = packages.shown(python)
    print(f"\nCode runs in tier {decision.tier} with {python}.")
    print("Packages for it:", ", ".join(f"{name} {version}" for name, version in found.offered) or "none")
    if found.missing:
        print(f"Not installed:   {', '.join(found.missing)} ({python} -m pip install {' '.join(found.missing)})")
    width = max(len(one.tried) for one in ATTACKS)
    print(f"\n{'attack':<16}{'tried':<{width}}  {'outcome':<9}seconds", flush=True)

    def told(outcome: Outcome) -> None:
        held = "NOT held" if outcome.problem else "held"
        print(f"{outcome.name:<16}{outcome.tried:<{width}}  {held:<9}{outcome.seconds:7.2f}", flush=True)
        if outcome.problem:
            print(f"{'':<16}{outcome.problem}")

    outcomes = attack(decision.tier, python, told=told)
    held = sum(not outcome.problem for outcome in outcomes)
    print(f"\n{held} of {len(outcomes)} attacks were held.")
    return 0 if held == len(outcomes) else 1
