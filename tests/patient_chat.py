"""A chat whose scripted engine takes its time: ``web_demo2.py``, or what the environment's PATIENT names.

A program for tests that look on while it speaks.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import glm  # noqa: E402 - found through the line above
from glm.scripted_engine import ScriptedEngine  # noqa: E402


def _load_patiently(model: str | None, **options: Any) -> ScriptedEngine:
    return ScriptedEngine(delay=0.08)


glm.load_engine = _load_patiently  # type: ignore[assignment]
sys.argv[0] = str(ROOT / os.environ.get("PATIENT", "web_demo2.py"))
runpy.run_path(sys.argv[0], run_name="__main__")
