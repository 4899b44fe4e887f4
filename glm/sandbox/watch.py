"""What a kernel takes of the computer, read from /proc: memory and computing time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from glm.sandbox.values import Limits

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def excess(pids: Sequence[int], limits: Limits) -> str:
    """Why a kernel with these processes has to be ended, for people; "" while it keeps to the limits."""
    # Resident sizes count what processes share once for each: only their sum is cheap, so look closer above the limit.
    if sum(map(_resident, pids)) > limits.memory and proportional(pids) > limits.memory:
        return f"the code used more than {limits.memory / 2**30:.1f} GB of memory"
    if len(pids) > 4 * limits.processes:
        return f"the code started more than {limits.processes} processes"
    return ""


def proportional(pids: Iterable[int]) -> int:
    """Memory of the processes together in bytes, shared pages counted once; resident size where that is not told."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            continue
        except (OSError, ValueError):
            total += _resident(pid)
    return total


def computed(pids: Iterable[int]) -> float:
    """Seconds of processor time that the processes have used since they began."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # The name in parentheses may hold anything; what follows the last one is numbers.
                fields = file.read().rpartition(b")")[2].split()
            total += int(fields[11]) + int(fields[12])
        except (OSError, ValueError, IndexError):
            continue
    return total / _TICKS


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0
