"""The join page's and the owner's page's templates and style sheet, and the policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

PAGES = Path(__file__).resolve().parent.parent / "resources" / "pages"
CSS = (PAGES / "page.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""The Content-Security-Policy of a page that has this style sheet and nothing else."""
