"""The local network: under which addresses this computer can be reached, whether it can, and what stands in the way.

Nothing here asks the outside. The address is found by asking the operating system for a route, which sends no packet.
"""

from __future__ import annotations

import contextlib
import ipaddress
import platform
import re
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

from apps.gate_rules import is_loopback, plain_name

# Addresses set aside for documentation: never in use, so that asking for a route to them gives the default one.
_ROUTES = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_VIRTUAL = re.compile(
    r"(docker|br-|veth|virbr|vmnet|vboxnet|lxc|lxd|cni|podman|flannel|cali|kube|vnet|bridge1\d\d|vEthernet|utun|awdl|llw)"
)
_SELF_TEST_SECONDS = 5.0
_UFW = Path("/etc/ufw/ufw.conf")


@dataclass(frozen=True, slots=True)
class Address:
    """An address of this computer and the interface that has it."""

    ip: str
    interface: str

    @property
    def is_link_local(self) -> bool:
        """Whether it is good on one wire only, as without a router."""
        return ipaddress.ip_address(self.ip).is_link_local

    @property
    def is_virtual(self) -> bool:
        """Whether the interface leads to containers and virtual machines of this computer."""
        return _VIRTUAL.match(self.interface) is not None


def addresses() -> list[Address]:
    """This computer's addresses as others may use them, the likeliest first; loopback is not among them.

    One IPv6 address for each interface; link-local ones only of IPv4, as a browser cannot open the others.
    """
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [
        Address(plain_name(entry.address), interface)
        for interface, entries in psutil.net_if_addrs().items()
        for entry in entries
        if interface in up and entry.family in (socket.AF_INET, socket.AF_INET6)
    ]
    return ranked(found, [_routed(family, goal) for family, goal in _ROUTES])


def ranked(found: list[Address], routed: list[str]) -> list[Address]:
    """`found` without what nobody else can use: those with a default route first, virtual and link-local ones last."""

    def place(address: Address) -> tuple[bool, bool, bool, bool]:
        is_v6 = ":" in address.ip
        return (address.is_virtual, address.is_link_local, address.ip not in routed, is_v6)

    kept: list[Address] = []
    for address in sorted(found, key=place):
        is_v6 = ":" in address.ip
        if is_loopback(address.ip) or (is_v6 and address.is_link_local) or address in kept:
            continue
        if not (is_v6 and any(":" in other.ip and other.interface == address.interface for other in kept)):
            kept.append(address)
    return kept


def own_names() -> list[str]:
    """The names this computer goes by in its network, with and without ".local"."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return list(dict.fromkeys([name, short, f"{short}.local"])) if re.fullmatch(r"[a-z0-9._-]+", name) else []


def server_url(scheme: str, host: str, port: int) -> str:
    """The address to open; the port is left out where it goes without saying."""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if port == {"http": 80, "https": 443}[scheme] else f"{scheme}://{shown}:{port}"


def self_test(url: str) -> str:
    """Fetch `url` as another computer would, without any proxy; "" when it answers, else why not."""
    context = ssl.create_default_context()
    # It is our own server that is asked whether it can be reached; who it is, the certificate need not prove.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(url, timeout=_SELF_TEST_SECONDS) as answer:
            return "" if answer.read(10) == b"ok\n" else "another program answers there"
    except OSError as error:
        reason = getattr(error, "reason", error)
        return str(reason) or type(reason).__name__


def is_wsl() -> bool:
    """Whether this is Linux inside Windows, whose network is behind that of Windows."""
    return sys.platform == "linux" and "microsoft" in platform.release().lower()


def active_firewalls() -> list[str]:
    """Firewalls that are known to be on, by name; there may be others."""
    found = []
    with contextlib.suppress(OSError):
        if re.search(r"^ENABLED=yes", _UFW.read_text(encoding="utf-8"), re.MULTILINE | re.IGNORECASE):
            found.append("ufw")
    if shutil.which("firewall-cmd"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            asked = subprocess.run(["firewall-cmd", "--state"], capture_output=True, text=True, timeout=5, check=False)
            if asked.stdout.strip() == "running":
                found.append("firewalld")
    return found


def firewall_advice(port: int, *, failed: bool) -> list[str]:
    """What lets other computers through to `port` here, in lines for the terminal.

    When the self-test `failed`, everything that may be the reason; else what is known to stand in the way although the
    test cannot see it, because a computer's own requests seldom pass its firewall.
    """
    if is_wsl():
        return [
            "This is WSL: others reach Windows, not Linux. Either set networkingMode=mirrored under [wsl2] in",
            "%USERPROFILE%\\.wslconfig, or run in PowerShell as administrator:",
            f"  netsh interface portproxy add v4tov4 listenport={port} connectport={port} connectaddress={_first()}",
            f"  New-NetFirewallRule -DisplayName GLM -Direction Inbound -LocalPort {port} -Protocol TCP -Action Allow",
            "and start with --lan-name and the address of Windows, which ipconfig shows.",
        ]
    if sys.platform == "win32":
        return [
            "Windows asks at the first start whether others may connect: allow it for private networks.",
            "Was it refused, or is the network a public one? In PowerShell as administrator:",
            f"  New-NetFirewallRule -DisplayName GLM -Direction Inbound -LocalPort {port} -Protocol TCP -Action Allow",
        ]
    if sys.platform == "darwin":
        way = "macOS: in System Settings > Network > Firewall > Options allow incoming connections for Python."
        return [way] if failed else []
    ways = {
        "ufw": f"  ufw:        sudo ufw allow {port}/tcp",
        "firewalld": f"  firewalld:  sudo firewall-cmd --add-port={port}/tcp",
    }
    active = active_firewalls()
    shown = active if active or not failed else list(ways)
    if not shown:
        return []
    found = f"is on here ({' and '.join(active)})" if active else "may be in the way"
    return [f"A firewall {found}; it lets others through after:", *(ways[name] for name in shown)]


def _routed(family: socket.AddressFamily, goal: str) -> str:
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.connect((goal, 9))
        return plain_name(str(asking.getsockname()[0]))
    return ""


def _first() -> str:
    found = addresses()
    return found[0].ip if found else "127.0.0.1"
