"""Chinese in figures without any configuration, and the list of fonts that saves each kernel a second."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from glm.sandbox import font_list, kernel
from glm.sandbox.kernel_plots import NO_CHINESE_FONT
from glm.sandbox.manager import SandboxManager
from glm.sandbox.session import JupyterSandbox
from glm.sandbox.values import CellDone, ImageOutput, TextOutput
from tests.sandbox_cells import run, text, tier_here

TIER = tier_here()


@pytest.fixture(scope="module")
def manager() -> Iterator[SandboxManager]:
    with SandboxManager(TIER, warm=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def chinese(manager: SandboxManager) -> JupyterSandbox:
    """A kernel on a computer that has a Chinese font."""
    sandbox = manager.open("chinese")
    names = "from matplotlib import font_manager\nprint([f.name for f in font_manager.fontManager.ttflist])"
    if not any(mark in text(run(sandbox, names)) for mark in ("CJK", "WenQuanYi", "SimHei", "PingFang")):
        pytest.skip("no font with Chinese characters is installed: apt install fonts-noto-cjk")
    return sandbox


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A cache folder with the list of fonts in it, and the list."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLM_CACHE", str(cache))
        assert font_list.font_list(Path(sys.executable)) == {}
        until = time.monotonic() + 60
        while not (found := font_list.font_list(Path(sys.executable))) and time.monotonic() < until:
            time.sleep(0.05)
    return cache, found


def pixels(done: CellDone) -> bytes:
    """The colours of the only output, a figure with something on it."""
    (output,) = done.outputs
    assert isinstance(output, ImageOutput), output
    grey = Image.open(io.BytesIO(output.data)).convert("L")
    lightest, darkest = grey.getextrema()[::-1]
    assert int(lightest) - int(darkest) > 100, "the figure is empty"
    return grey.tobytes()


WAYS = {
    "nothing set": ("", ""),
    "family SimHei": ("", ", family='SimHei'"),
    "fontproperties": ("", ", fontproperties='Microsoft YaHei'"),
    "a font file of Windows": (
        "from matplotlib.font_manager import FontProperties\n",
        ", fontproperties=FontProperties(fname='C:/Windows/Fonts/simhei.ttf')",
    ),
    "sans-serif list": ("plt.rcParams['font.sans-serif'] = ['SimHei', 'Arial']\n", ""),
    "font.family": ("plt.rcParams['font.family'] = 'SimHei'\n", ""),
    "a style": ("plt.style.use('ggplot')\n", ""),
    "serif": ("", ", family='serif'"),
    "monospace bold": ("", ", family='monospace', weight='bold'"),
    "a font that has no Chinese": ("plt.rcParams['font.sans-serif'] = ['DejaVu Sans']\n", ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_two_chinese_characters_look_different(chinese: JupyterSandbox, way: str) -> None:
    """Boxes in the place of missing glyphs all look the same, and warnings would be further outputs."""
    before, argument = WAYS[way]
    drawn = []
    for character in "销额":
        code = (
            f"import matplotlib.pyplot as plt\nplt.rcdefaults()\n{before}"
            f"fig, axes = plt.subplots(figsize=(1, 1)); t = axes.text(0, 0, {character!r}, size=50{argument})"
        )
        drawn.append(pixels(run(chinese, code)))
    assert drawn[0] != drawn[1]


def test_negative_numbers_keep_their_sign_with_a_chinese_font(chinese: JupyterSandbox) -> None:
    code = "plt.rcdefaults(); plt.rcParams['font.sans-serif'] = ['SimHei']\nplt.plot([-5, 5]); plt.title('负数');"
    assert [type(output) for output in run(chinese, code).outputs] == [ImageOutput]


def test_a_kernel_uses_the_list_that_was_made(
    manager: SandboxManager, made: tuple[Path, dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, _ = made
    (kept,) = cache.glob("fonts-*.json")
    content = json.loads(kept.read_text())
    listed = json.loads(content["list"])
    listed["ttflist"] = [font for font in listed["ttflist"] if font["name"] != "DejaVu Serif"]
    other = tmp_path / kept.name
    other.write_text(json.dumps({**content, "list": json.dumps(listed)}))
    monkeypatch.setenv("GLM_CACHE", str(tmp_path))
    sandbox = manager.open("list")
    names = "from matplotlib import font_manager\n{f.name for f in font_manager.fontManager.ttflist} & "
    assert text(run(sandbox, f"{names} {{'DejaVu Sans', 'DejaVu Serif'}}")) == "{'DejaVu Sans'}"
    sandbox.close()


def test_the_list_is_made_anew_when_fonts_come(
    made: tuple[Path, dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, found = made
    asked: list[Path] = []
    monkeypatch.setenv("GLM_CACHE", str(cache))
    monkeypatch.setattr(font_list, "_make", lambda python, kept, state: asked.append(kept))
    assert font_list.font_list(Path(sys.executable)) == found
    monkeypatch.setattr(font_list, "_FONT_FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(font_list, "_tried", set())
    assert font_list.font_list(Path(sys.executable)) == {}
    until = time.monotonic() + 5
    while not asked and time.monotonic() < until:
        time.sleep(0.01)
    assert len(asked) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"state": 1, "name": 2, "list": 3}', "\x00"])
def test_a_broken_list_is_no_list(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLM_CACHE", str(tmp_path))
    monkeypatch.setattr(font_list, "_state", lambda python: 1)
    monkeypatch.setattr(font_list, "_make", lambda python, kept, state: kept.write_text(content))
    font_list.font_list(Path(sys.executable))
    until = time.monotonic() + 5
    while not os.listdir(tmp_path) and time.monotonic() < until:
        time.sleep(0.01)
    assert font_list.font_list(Path(sys.executable)) == {}


def test_without_a_chinese_font_it_is_said_once_and_what_to_install(
    manager: SandboxManager, made: tuple[Path, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ((name, data),) = made[1].items()
    listed = json.loads(data)
    listed["ttflist"] = [font for font in listed["ttflist"] if "CJK" not in font["name"]]
    monkeypatch.setattr(kernel, "font_list", lambda python: {name: json.dumps(listed).encode()})
    sandbox = manager.open("no font")
    done = run(sandbox, "import matplotlib.pyplot as plt\nplt.plot([1]); plt.title('销售额'); plt.xlabel('月份');")
    assert [type(output) for output in done.outputs] == [TextOutput, ImageOutput]
    assert text(done) == NO_CHINESE_FONT + "\n"
    assert "fonts-noto-cjk" in NO_CHINESE_FONT
    assert [type(output) for output in run(sandbox, "plt.plot([1]); plt.title('再来');").outputs] == [ImageOutput]
    sandbox.close()
