"""What all tests share: the browser fixtures, the order of the files, and which tests are left to the build server."""

from __future__ import annotations

import os

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before torch is loaded, and for the programs that tests start: several workers with a thread for each processor
    # wait for each other more than they compute.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ["tests.browser"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spread the files that drive a browser over the run, and leave the thorough tests out unless GLM_TESTS=all.

    A file runs on one worker: a slow one begun last keeps the others waiting, and several at once starve each other.
    The summary counts what is left out as deselected.
    """
    if os.environ.get("GLM_TESTS") != "all":
        left = [item for item in items if item.get_closest_marker("thorough")]
        if left:
            config.hook.pytest_deselected(items=left)
            items[:] = [item for item in items if not item.get_closest_marker("thorough")]
    paths = list(dict.fromkeys(item.path for item in items))
    slow = {item.path for item in items if "browser" in getattr(item, "fixturenames", ())}
    place = {path: float(number) for number, path in enumerate(path for path in paths if path not in slow)}
    # The last fifth has none: there the quick files even out what the workers still have to do.
    apart = 0.8 * len(place) / max(1, len(slow))
    place |= {path: number * apart - 0.5 for number, path in enumerate(path for path in paths if path in slow)}
    items.sort(key=lambda item: place[item.path])
