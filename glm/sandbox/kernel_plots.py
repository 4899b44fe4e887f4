"""Runs inside the sandbox with `kernel_main`: figures on the page as people expect them, with Chinese text in them.

Plotting code asks for windows, for fonts of other computers, and forgets `plt.show()`; models write all of that.
Nothing of it needs to be configured. It runs alone: standard library, and what the code itself has loaded.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import logging
import os
import shutil
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

INLINE = "module://matplotlib_inline.backend_inline"


CHINESE_FONTS = (
    "Noto Sans CJK SC|Noto Sans SC|Source Han Sans SC|Source Han Sans CN|Noto Sans CJK JP|Noto Sans CJK TC"
    "|WenQuanYi Micro Hei|WenQuanYi Zen Hei|Microsoft YaHei|SimHei|PingFang SC|Hiragino Sans GB|Heiti SC"
    "|Droid Sans Fallback|Noto Serif CJK SC|Noto Serif CJK JP|SimSun|Arial Unicode MS"
).split("|")
"""Fonts with Chinese glyphs, the best for plots first."""

WISHED_FONTS = frozenset(
    "simhei simsun kaiti fangsong lisu youyuan dengxian stsong stheiti stkaiti stfangsong stxihei heiti"
    " microsoftyahei microsoftyaheiui microsoftjhenghei msyh pingfangsc hiraginosansgb heitisc heititc songtisc"
    " notosanscjksc notosanssc sourcehansanssc sourcehansanscn sourcehanserifsc notoserifcjksc wenquanyimicrohei"
    " wenquanyizenhei arialunicodems adobeheitistd adobesongstd nsimsun mingliu pmingliu".split()
)
"""Names, squeezed, that code written for other computers asks for. They are answered with the font that is here."""

NO_CHINESE_FONT = (
    "This computer has no font with Chinese characters; figures show boxes in their place. "
    "Fonts come with the package fonts-noto-cjk (Debian, Ubuntu), google-noto-sans-cjk-fonts (Fedora) "
    "or noto-fonts-cjk (Arch)."
)


def adjust() -> None:
    """Prepare this process, before IPython is set up. Costs nothing until matplotlib is imported."""
    os.environ.setdefault("MPLBACKEND", INLINE)
    _place_font_list()
    adjustments = {
        "matplotlib": _adjust_matplotlib,
        "matplotlib.pyplot": _adjust_pyplot,
        "matplotlib.font_manager": _adjust_fonts,
    }
    sys.meta_path.insert(0, _AfterImport(adjustments))


def _place_font_list() -> None:
    """Where matplotlib looks for its list of fonts, which takes it a second to make."""
    support = os.environ.get("GLM_SUPPORT", "")
    names = [name for name in os.listdir(support) if name.startswith("fontlist-")] if support else []
    if names and sys.platform.startswith("linux"):
        folder = os.path.expanduser("~/.cache/matplotlib")
        os.makedirs(folder, exist_ok=True)
        for name in names:
            shutil.copyfile(os.path.join(support, name), os.path.join(folder, name))


class _AfterImport(importlib.abc.MetaPathFinder):
    """Calls a function once after a module was imported: plotting is adjusted without the cost of loading it first."""

    def __init__(self, then: Mapping[str, Callable[[Any], None]]) -> None:
        self._then = dict(then)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        then = self._then.pop(name, None)
        if then is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def run_and_adjust(module: types.ModuleType) -> None:
            run(module)
            try:
                then(module)
            except Exception as error:  # another matplotlib than the ones tried: plots work, less prettily
                print(f"{name} could not be adjusted: {error!r}", file=sys.stderr)

        spec.loader.exec_module = run_and_adjust  # type: ignore[method-assign]
        return spec


def _adjust_matplotlib(matplotlib: Any) -> None:
    """Plots go to the page whatever window system the code asks for: there is no screen here."""
    use = matplotlib.use

    @functools.wraps(use)
    def use_inline(backend: str, *, force: bool = True) -> None:
        known = str(backend).lower()
        use(backend if known in {"pdf", "svg", "ps", "cairo", "template"} else INLINE, force=force)

    matplotlib.use = use_inline


def _adjust_pyplot(pyplot: Any) -> None:
    switch = pyplot.switch_backend

    @functools.wraps(switch)
    def switch_inline(backend: Any) -> Any:
        screens = ("agg", "tk", "qt", "gtk", "wx", "macosx", "web", "nbagg", "notebook", "widget", "ipympl")
        return switch(INLINE if str(backend).lower().startswith(screens) else backend)

    pyplot.switch_backend = switch_inline


def _adjust_fonts(font_manager: Any) -> None:
    """Chinese glyphs for every font list, and an answer to SimHei and its like."""
    manager = font_manager.fontManager
    find = type(manager)._find_fonts_by_props
    find_one = type(manager).findfont
    # The list may have been made outside, where more fonts can be read.
    manager.ttflist[:] = [font for font in manager.ttflist if os.path.exists(font.fname)]
    names = {font.name for font in manager.ttflist}
    chinese = next((name for name in CHINESE_FONTS if name in names), None)
    if chinese is None:
        _say_that_no_font_is_chinese()
        return
    # With a font for every glyph, a missing family is no news; the warning would come once per label.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

    def here(family: str) -> bool:
        return family in names or "".join(family.lower().split()) not in WISHED_FONTS

    def substituted(prop: Any) -> Any:
        prop = font_manager.FontProperties._from_any(prop).copy()
        file = prop.get_file()
        if file and not os.path.exists(file):
            prop.set_file(None)
            prop.set_family([chinese])
        families = [family if here(family) else chinese for family in prop.get_family()]
        prop.set_family(families)
        return prop

    def find_with_chinese(self: Any, prop: Any, fontext: str = "ttf", *args: Any, **kwargs: Any) -> Any:
        prop = substituted(prop)
        if fontext == "ttf":
            prop.set_family(list(dict.fromkeys([*prop.get_family(), chinese, "DejaVu Sans"])))
        return find(self, prop, fontext, *args, **kwargs)

    def find_one_with_chinese(self: Any, prop: Any, *args: Any, **kwargs: Any) -> Any:
        return find_one(self, substituted(prop), *args, **kwargs)

    type(manager)._find_fonts_by_props = find_with_chinese
    type(manager).findfont = find_one_with_chinese
    font_manager.findfont = manager.findfont


def _say_that_no_font_is_chinese() -> None:
    """One warning, which tells what to install, in place of one for each Chinese character."""
    from matplotlib import _text_helpers

    warn = _text_helpers.warn_on_missing_glyph

    def warn_once(codepoint: Any, *args: Any, **kwargs: Any) -> None:
        if not 0x2E80 <= int(codepoint) <= 0xFFEF:
            warn(codepoint, *args, **kwargs)
        elif NO_CHINESE_FONT not in said:
            said.add(NO_CHINESE_FONT)
            print(NO_CHINESE_FONT, file=sys.stderr)

    said: set[str] = set()
    _text_helpers.warn_on_missing_glyph = warn_once


def show_figures() -> None:
    """Show and close what a cell drew and left open, also with a backend that shows nothing."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    managers = helpers.Gcf.get_all_fig_managers() if helpers else []
    if not managers:
        return
    from IPython.display import display

    try:
        for manager in managers:
            display(manager.canvas.figure)
    finally:
        sys.modules["matplotlib.pyplot"].close("all")
