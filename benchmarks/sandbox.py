"""What running code in the sandbox costs on this computer: seconds, memory, and idle processor time.

    python benchmarks/sandbox.py [--json] [--tier bwrap] [--rounds 10]

Times are seconds from a call to its result, as a visitor waits for them; the load of the computer is printed
beside them, since other work makes all of them longer. How much is told by the yardstick: a bare Python that imports
what a kernel imports, in turns with the cold starts. Memory is the proportional set size (shared pages counted once)
of all processes of the kernels, the holders of the confinement included.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from glm.sandbox.manager import WARM_IMPORTS, SandboxManager  # noqa: E402
from glm.sandbox.policy import Tier, decide  # noqa: E402
from glm.sandbox.probe import probe  # noqa: E402
from glm.sandbox.session import JupyterSandbox  # noqa: E402
from glm.sandbox.values import CellDone, Limits, OutputShown  # noqa: E402
from glm.sandbox.watch import computed, proportional  # noqa: E402

KERNELS = 10
IDLE_SECONDS = 10.0
YARDSTICK = "import ipykernel.kernelapp"
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()"
_WAIT_SECONDS = 60.0


def run(sandbox: JupyterSandbox, code: str, stop: threading.Event | None = None) -> CellDone:
    *_, done = sandbox.run(code, stop=stop)
    assert isinstance(done, CellDone)
    return done


def wait(until: Callable[[], bool]) -> None:
    end = time.perf_counter() + _WAIT_SECONDS
    while not until():
        if time.perf_counter() > end:
            raise SystemExit(f"nothing happened within {_WAIT_SECONDS:.0f} seconds; the computer may be too busy")
        time.sleep(0.002)


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def starts(tier: Tier, rounds: int) -> dict[str, list[float]]:
    """From `open` to the end of the first cell: with a new kernel, and with the one kept warm, imports done."""
    cold, warm, plot, plain = [], [], [], []
    with SandboxManager(tier, warm=False) as manager:
        for _ in range(rounds):
            sandbox = manager.open("visitor")
            cold.append(seconds(functools.partial(run, sandbox, "1 + 1")))
            sandbox.close()
            plain.append(seconds(lambda: subprocess.run([sys.executable, "-c", YARDSTICK], check=True)))
    with SandboxManager(tier) as manager:
        for _ in range(rounds):
            wait(lambda: manager._warm is not None)
            sandbox = manager.open("visitor")
            warm.append(seconds(functools.partial(run, sandbox, "1 + 1")))
            plot.append(seconds(functools.partial(run, sandbox, PLOT)))
            sandbox.close()
    return {
        "yardstick: python imports ipykernel": plain,
        "cold start": cold,
        "warm start": warm,
        "first plot in it": plot,
    }


def stops(tier: Tier, rounds: int) -> dict[str, list[float]]:
    """One kernel: a cell's latency, and how long it takes to be rid of code that goes on."""
    limits = Limits(grace_seconds=1.0)
    found: dict[str, list[float]] = {
        name: [] for name in ("1 + 1", "interrupt", "kill", "death noticed", "next cell after a death", "restart")
    }
    with SandboxManager(tier, limits=limits, warm=False) as manager:
        sandbox = manager.open("visitor")
        run(sandbox, "1")
        found["1 + 1"] = [seconds(lambda: run(sandbox, "1 + 1")) for _ in range(20 * rounds)]
        for _ in range(rounds):
            found["interrupt"].append(stopped(sandbox, "print('on', flush=True)\nwhile True: pass"))
        for _ in range(max(rounds // 3, 2)):
            took = stopped(sandbox, "print('on', flush=True)\nsum(range(10**13))")
            found["kill"].append(took - limits.grace_seconds)
            run(sandbox, "1")
            found["death noticed"].append(run(sandbox, "import os; os._exit(1)").seconds)
            found["next cell after a death"].append(seconds(lambda: run(sandbox, "1 + 1")))
            found["restart"].append(seconds(sandbox.restart))
    return found


def stopped(sandbox: JupyterSandbox, code: str) -> float:
    """Seconds from asking for a stop, once the code runs, to the end of the cell."""
    stop = threading.Event()
    asked = 0.0
    for event in sandbox.run(code, stop=stop):
        if isinstance(event, OutputShown) and not asked:
            asked = time.perf_counter()
            stop.set()
    return time.perf_counter() - asked


def crowd(tier: Tier) -> dict[str, float]:
    """Ten kernels at once: their memory empty and with the usual imports, and what they compute while idle."""
    found = {}
    with SandboxManager(tier, limits=Limits(kernels=KERNELS), warm=False) as manager:
        sandboxes = [manager.open(f"visitor {number}") for number in range(KERNELS)]
        for sandbox in sandboxes:
            run(sandbox, "1 + 1")
        found["empty"] = memory(manager)
        for sandbox in sandboxes:
            run(sandbox, WARM_IMPORTS)
        found["numpy, pandas, pyplot"] = memory(manager)
        before, own = computed(all_pids(manager)), time.process_time()
        time.sleep(IDLE_SECONDS)
        found["kernels' idle processor time"] = (computed(all_pids(manager)) - before) / IDLE_SECONDS
        found["this program's, watchdog included"] = (time.process_time() - own) / IDLE_SECONDS
    return found


def all_pids(manager: SandboxManager) -> list[int]:
    return [pid for kernel in manager.kernels for pid in kernel.confined.pids()]


def memory(manager: SandboxManager) -> float:
    """Megabytes of all kernels together."""
    return proportional(all_pids(manager)) / 2**20


def summary(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median": statistics.median(ordered),
        "p95": ordered[min(round(0.95 * len(ordered)), len(ordered) - 1)],
        "largest": ordered[-1],
        "times": len(ordered),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tier", choices=("bwrap", "landlock"), help="default: what the programs would use here")
    parser.add_argument("--rounds", type=int, default=10, help="how often each is done (default 10)")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    arguments = parser.parse_args()
    decision = decide(probe())
    tier: Tier = arguments.tier or decision.tier
    if tier == "none":
        raise SystemExit(f"{decision.notice} {decision.mend}")
    before = os.getloadavg()[0]
    times = {**starts(tier, arguments.rounds), **stops(tier, arguments.rounds)}
    together = crowd(tier)
    load = (before, os.getloadavg()[0])
    found = {
        "tier": tier,
        "as root": os.geteuid() == 0,
        "processors": os.cpu_count(),
        "load before and after": load,
        "seconds": {name: summary(values) for name, values in times.items()},
        f"{KERNELS} kernels": together,
    }
    if arguments.json:
        print(json.dumps(found, indent=1))
        return
    who = "root" if found["as root"] else "an ordinary user"
    print(f"tier {tier} as {who}, {os.cpu_count()} processors, load {load[0]:.1f} before and {load[1]:.1f} after")
    print(f"{'seconds':36}{'median':>9}{'p95':>9}{'largest':>9}{'times':>7}")
    for name, row in ((name, summary(values)) for name, values in times.items()):
        print(f"{name:36}{row['median']:9.3f}{row['p95']:9.3f}{row['largest']:9.3f}{row['times']:7.0f}")
    print(f"{KERNELS} kernels together")
    for name, value in together.items():
        shown = f"{value:.0f} MB" if "time" not in name and "program" not in name else f"{100 * value:.1f} % of a core"
        print(f"  {name:36}{shown}")


if __name__ == "__main__":
    main()
