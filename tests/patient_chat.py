"""``web_demo2.py`` with a scripted engine that takes its time: a program for tests that look on while it speaks."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from apps import streamlit_app  # noqa: E402 - found through the line above
from glm.scripted_engine import ScriptedEngine  # noqa: E402


def _load_patiently(model: str | None, **options: Any) -> ScriptedEngine:
    return ScriptedEngine(delay=0.08)


streamlit_app.load_engine = _load_patiently  # type: ignore[assignment]
sys.argv[0] = str(ROOT / "web_demo2.py")
runpy.run_path(sys.argv[0], run_name="__main__")
