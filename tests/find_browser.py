"""Find a Chromium or Chrome for the browser tests, or install one.

`python -m tests.find_browser` prints where the browser is; with ``--install`` it gets one where
there is none: Debian's package when root on Debian, otherwise Playwright's. Standard library only,
Playwright being asked in a process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PROGRAM_FILES = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
MAC_APPLICATIONS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
DEBIAN_PACKAGES = ("chromium", "fonts-noto-cjk", "fonts-noto-color-emoji")
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as start\nwith start() as p: print(p.chromium.executable_path)"
)
ADVICE = (
    "no Chromium or Chrome was found for the browser tests; install one (Debian: apt install chromium; "
    "anywhere: python -m playwright install chromium) or name one with GLM_TEST_BROWSER=/path/to/browser"
)


def _installed_paths() -> list[Path]:
    windows = [os.environ.get(name) for name in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA")]
    paths = [Path(folder) / program for folder in windows if folder for program in PROGRAM_FILES]
    mac = (Path("/Applications"), Path.home() / "Applications")
    return paths + [folder / app for folder in mac for app in MAC_APPLICATIONS]


def _playwright_path() -> Path | None:
    """Where Playwright keeps, or would keep, its own Chromium."""
    asked = subprocess.run([sys.executable, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True, check=False)
    return Path(asked.stdout.strip()) if asked.returncode == 0 and asked.stdout.strip() else None


def find_browser() -> Path | None:
    """The browser to test with, or None. GLM_TEST_BROWSER, if set, is taken as it is."""
    named = os.environ.get("GLM_TEST_BROWSER")
    if named:
        return Path(named)
    for command in COMMANDS:
        found = shutil.which(command)
        if found:
            return Path(found)
    for path in _installed_paths():
        if path.is_file():
            return path
    own = _playwright_path()
    return own if own is not None and own.is_file() else None


def install_browser() -> None:
    """Get a browser, quietly doing nothing where neither way is open: the tests report that."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update"], ["install", "-y", "--no-install-recommends", *DEBIAN_PACKAGES]):
            subprocess.run(["apt-get", *step], check=False, stdin=subprocess.DEVNULL, env=environment)
    if find_browser() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    if find_browser() is None and "--install" in sys.argv[1:]:
        install_browser()
    browser = find_browser()
    print(browser or ADVICE)
    return 0 if browser else 1


if __name__ == "__main__":
    sys.exit(main())
