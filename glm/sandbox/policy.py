"""Which confinement is used, and whether model-written code may run at all: the decision, without any probing.

"bwrap" and "landlock" confine; "unsafe" does not and needs its owner's flag; "none" means code is shown, never run.
The decision is made once, at start, from what `probe` found. Nothing later makes an exception.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from glm.errors import SandboxError

Tier: TypeAlias = Literal["bwrap", "landlock", "none", "unsafe"]

_NAMES: dict[Tier, str] = {"bwrap": "Bubblewrap", "landlock": "Landlock", "unsafe": "Unconfined", "none": "Off"}

WORK = "/mnt/data"
"""Where the code finds its folder in tier "bwrap": the path the models were taught."""
UNSAFE_FLAG = "--unsafe-local-code"
UNSAFE_NOTICE = (
    "Code runs on this computer without confinement. It can read and change your files and use the network. "
    "Read it before you allow each run."
)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a tier did when it was tried on this computer. `reason` and `mend` are empty when it works."""

    tier: Tier
    works: bool
    reason: str = ""
    """Why it does not work, in one sentence."""
    mend: str = ""
    """The commands or steps that would mend it."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """How code runs from now on. Front ends show `notice` (and `mend`) permanently when there is one."""

    tier: Tier
    notice: str = ""
    mend: str = ""
    asks_each_run: bool = False

    @property
    def runs(self) -> bool:
        """Whether code runs at all; otherwise it is only shown."""
        return self.tier != "none"


def is_loopback(host: str) -> bool:
    """Whether a server that listens on `host` can be reached from this computer only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_unsafe(*, host: str = "127.0.0.1", shared: bool = False, unsafe: bool = False) -> None:
    """Raise `SandboxError` when code would run unconfined on a server that others can reach.

    Even if a tier works: the flag would be left in the start script until the day when none does.
    """
    if unsafe and (shared or not is_loopback(host)):
        where = "a share link" if shared else f"the address {host}"
        raise SandboxError(
            f"{UNSAFE_FLAG} lets code run unconfined, and this server can be reached by others through {where}; "
            f"leave out {UNSAFE_FLAG}, or listen on 127.0.0.1 without a share link"
        )


def decide(
    rehearsals: Sequence[Rehearsal], *, host: str = "127.0.0.1", shared: bool = False, unsafe: bool = False
) -> Decision:
    """The best tier that passed its rehearsal; without one, off, or unconfined where the owner asked for it.

    `host` is what the server listens on, `shared` that it is reachable in another way (a share link, a proxy),
    `unsafe` that the owner gave the flag. Raises `SandboxError` as `check_unsafe` does.
    """
    check_unsafe(host=host, shared=shared, unsafe=unsafe)
    for tier in ("bwrap", "landlock"):
        for rehearsal in rehearsals:
            if rehearsal.tier == tier and rehearsal.works:
                return Decision(rehearsal.tier)
    if unsafe and any(rehearsal.tier == "unsafe" and rehearsal.works for rehearsal in rehearsals):
        return Decision("unsafe", notice=UNSAFE_NOTICE, asks_each_run=True)
    failed = [rehearsal for rehearsal in rehearsals if not rehearsal.works]
    reasons = " ".join(f"{_NAMES[rehearsal.tier]}: {rehearsal.reason}." for rehearsal in failed)
    mend = next((rehearsal.mend for rehearsal in failed if rehearsal.mend), "")
    notice = f"Code is shown but not run: it cannot be confined here. {reasons}"
    return Decision("none", notice=notice.strip(), mend=mend)
