"""Where the program keeps what it builds: the platform's cache folder, or `GLM_CACHE`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = "glm-demo-suite"


def cache_folder() -> Path:
    """The cache folder, which need not exist yet. The environment variable `GLM_CACHE` overrides it."""
    chosen = os.environ.get("GLM_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return _platform_cache() / FOLDER


def _platform_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
