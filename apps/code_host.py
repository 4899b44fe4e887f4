"""CodeHost: the process's sandboxes. What this computer can confine is found out once, in the background.

A conversation has a sandbox of its own, so that its variables and files are its own too; how many kernels a
visitor may have at a time is the manager's affair. No widgets.
"""

from __future__ import annotations

import threading
from pathlib import Path

from glm.errors import GlmError, SandboxError
from glm.sandbox import policy, probe
from glm.sandbox.manager import SandboxManager
from glm.sandbox.policy import Decision
from glm.sandbox.session import JupyterSandbox


class CodeHost:
    """Decides once how code runs in this process and hands out sandboxes.

    `host` is what the server listens on; `unsafe` that the owner gave the flag for code without confinement.
    Raises `SandboxError` at once when both cannot be. `python` is the interpreter for code, by default this one.
    """

    def __init__(self, *, host: str = "127.0.0.1", unsafe: bool = False, python: Path | None = None) -> None:
        policy.check_unsafe(host=host, unsafe=unsafe)
        self._host = host
        self._unsafe = unsafe
        self._python = python
        self._decision: Decision | None = None
        self._manager: SandboxManager | None = None
        self._sandboxes: dict[str, JupyterSandbox] = {}
        self._decided = threading.Event()
        self._guard = threading.Lock()
        self._closed = False

    def start(self) -> CodeHost:
        """Begin to find out, in a thread of its own; returns itself."""
        threading.Thread(target=self._find_out, name="sandbox-rehearsal", daemon=True).start()
        return self

    @property
    def decision(self) -> Decision | None:
        """How code runs here; None while that is still being found out."""
        return self._decision

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the decision; False after `timeout` seconds."""
        return self._decided.wait(timeout)

    def sandbox(self, owner: str, key: str, *, goes_on: bool = False) -> JupyterSandbox:
        """The sandbox of the conversation `key`; its kernel starts with the first cell. Raises `SandboxError`.

        `goes_on` says that the conversation has cells already: a sandbox made anew tells that their work is gone.
        """
        self._decided.wait()
        with self._guard:
            if self._manager is None:
                raise SandboxError(self._decision.notice if self._decision else "the sandboxes are shut down")
            sandbox = self._sandboxes.get(key)
            if sandbox is None or sandbox.closed:
                self._sandboxes = {name: kept for name, kept in self._sandboxes.items() if not kept.closed}
                sandbox = self._sandboxes[key] = self._manager.open(owner, goes_on=goes_on)
            return sandbox

    def existing(self, key: str) -> JupyterSandbox | None:
        """The sandbox of the conversation `key` if it has a kernel or had one; looking at it starts none."""
        with self._guard:
            sandbox = self._sandboxes.get(key)
        return sandbox if sandbox is not None and sandbox.state.kernel != "none" else None

    def forget(self, key: str) -> None:
        """End the kernel of the conversation `key` and drop its files."""
        with self._guard:
            sandbox = self._sandboxes.pop(key, None)
        if sandbox is not None:
            sandbox.close()

    def close(self) -> None:
        """End all kernels. Idempotent."""
        with self._guard:
            self._closed = True
            manager, self._manager = self._manager, None
            self._sandboxes.clear()
        if manager is not None:
            manager.close()

    def _find_out(self) -> None:
        try:
            decision = policy.decide(probe.probe(self._python), host=self._host, unsafe=self._unsafe)
            manager = SandboxManager(decision.tier, python=self._python) if decision.runs else None
        except GlmError as error:
            decision, manager = Decision("none", notice=str(error)), None
        with self._guard:
            self._decision = decision
            if not self._closed:
                self._manager, manager = manager, None
        self._decided.set()
        if manager is not None:
            manager.close()
