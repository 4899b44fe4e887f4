"""matplotlib's list of this computer's fonts, made once and given to every kernel: making it takes a second or more.

It is kept in the cache folder and made anew, in the background, when fonts or packages were installed or removed.
Until it is there, each kernel makes its own when it first plots.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/X11R6/lib/X11/fonts/TTF")
_MOST_FOLDERS = 2000
_MOST_BYTES = 8 * 2**20
_MAKING_SECONDS = 120
_MAKE = "import matplotlib, matplotlib.font_manager; print(matplotlib.get_cachedir())"

_tried: set[Path] = set()
_lock = threading.Lock()


def font_list(python: Path) -> dict[str, bytes]:
    """The list for kernels of this interpreter, as support file by name; empty while there is none. Takes a few ms.

    Raises nothing: where it cannot be made or kept (no matplotlib, no place), kernels go without.
    """
    if not sys.platform.startswith("linux"):
        return {}
    from glm.tiny.cache import cache_folder

    kept = cache_folder() / f"fonts-{hashlib.sha256(os.fsencode(os.path.abspath(python))).hexdigest()[:16]}.json"
    state = _state(python)
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found["state"] == state and len(found["list"]) < _MOST_BYTES:
            return {found["name"]: found["list"].encode()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # none yet, or one of another version of this program
    with _lock:
        if kept not in _tried:
            _tried.add(kept)
            threading.Thread(target=_make, args=(python, kept, state), name="font-list", daemon=True).start()
    return {}


def _state(python: Path) -> str:
    """Changes whenever fonts or packages come or go, as far as the times of their folders tell."""
    times = []
    for folder in _watched(python):
        try:
            times.append((folder, os.stat(folder).st_mtime_ns))
        except OSError:
            continue
    return hashlib.sha256(json.dumps(times).encode()).hexdigest()


def _watched(python: Path) -> Iterator[str]:
    prefix = Path(os.path.abspath(python)).parent.parent
    yield from sorted(map(str, prefix.glob("lib*/python*/*-packages")))
    count = 0
    for top in _FONT_FOLDERS:
        for folder, names, _ in os.walk(top):
            names.sort()
            yield folder
            count += 1
            if count > _MOST_FOLDERS:
                return


def _make(python: Path, kept: Path, state: str) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="glm-fonts-") as home:
            # A home of its own: fonts in the user's are not to be read by the code, and so not to be listed.
            environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"}
            command = [os.path.abspath(python), "-I", "-B", "-c", _MAKE]
            done = subprocess.run(
                command, env=environment, cwd=home, capture_output=True, text=True, timeout=_MAKING_SECONDS, check=True
            )
            (made,) = Path(done.stdout.splitlines()[-1]).glob("fontlist-*.json")
            content = {"state": state, "name": made.name, "list": made.read_text(encoding="utf-8")}
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_name(f"{kept.name}.{os.getpid()}.part")
            part.write_text(json.dumps(content), encoding="utf-8")
            part.replace(kept)
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return  # kernels make their own
