"""What to do about a confinement that does not work here: from what it said to the command that mends it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from glm.sandbox.policy import Tier

_INSTALL = {
    "debian": "sudo apt install bubblewrap",
    "ubuntu": "sudo apt install bubblewrap",
    "fedora": "sudo dnf install bubblewrap",
    "rhel": "sudo dnf install bubblewrap",
    "suse": "sudo zypper install bubblewrap",
    "arch": "sudo pacman -S bubblewrap",
    "alpine": "sudo apk add bubblewrap",
}
APPARMOR_PROFILE = """\
sudo tee /etc/apparmor.d/bwrap <<'END'
abi <abi/4.0>,
include <tunables/global>
profile bwrap /usr/bin/bwrap flags=(unconfined) {
  userns,
  include if exists <local/bwrap>
}
END
sudo apparmor_parser -r /etc/apparmor.d/bwrap"""


def advice(tier: Tier, problem: str, python: Path) -> str:
    """Commands or steps for a person, "" when nothing better than the reason itself is known."""
    if sys.platform == "win32":
        return "Install WSL2 (wsl --install) and start this program inside it."
    if sys.platform == "darwin":
        return "Start this program in a Linux virtual machine; on macOS itself code cannot be confined."
    if "lacks" in problem:
        return f"{python} -m pip install -r requirements.txt"
    if "starting /" in problem and "Permission" in problem:
        return (
            f"Kernels run under a user id of their own and cannot read {python}. Use a Python that everybody may "
            "read, for instance: /usr/bin/python3 -m venv .venv"
        )
    if tier == "landlock":
        return "Install bubblewrap, or use Linux 6.12 or later with Landlock on (see /sys/kernel/security/lsm)."
    return _about_bubblewrap(problem)


def _about_bubblewrap(problem: str) -> str:
    if "not installed" in problem or "0.7 or later" in problem:
        return _INSTALL.get(_distribution(), "Install the package bubblewrap, version 0.7 or later.")
    if "uid map" in problem or _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return APPARMOR_PROFILE
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _setting("user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        return (
            "Containers forbid namespaces. Start this program outside of the container, or on a computer with "
            "Linux 6.12 or later, where Landlock works in containers too."
        )
    return ""


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _distribution() -> str:
    """The name of the distribution, or of one it is derived from, that `_INSTALL` knows."""
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    names = f"{said.get('ID', '')} {said.get('ID_LIKE', '')}".replace('"', " ").split()
    return next((name for name in names if name in _INSTALL), "")
