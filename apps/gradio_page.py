"""The widgets of the Gradio chat and the texts on them. What they do is wired in `apps.gradio_chat`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from apps import gradio_style as style
from apps import texts
from glm.settings import RANGES, GenerationSettings

SETTINGS = ("max_new_tokens", "temperature", "top_p", "top_k", "repetition_penalty")
"""Settings with a slider, in the order of `Page.sliders`."""
LOADING_SECONDS, WATCH_SECONDS = 0.4, 2.0
"""How often a page asks how far loading is, and later whether its conversation was changed elsewhere."""
LONGEST_BEFORE_LOADING = 8192
_ON_CLICK = "element.addEventListener('click', (event) => glm.list(event, (order) => trigger('click', order)))"
_DELIMITERS = [
    {"left": r"\[", "right": r"\]", "display": True},
    {"left": r"\(", "right": r"\)", "display": False},
]


class Page:
    """The widgets. Attributes are components; `labels` says which text each one carries.

    `inputs` are what every answer goes by: system prompt, sliders, seed. `elsewhere`: the model is, or some visitors
    are, on another computer.
    """

    def __init__(self, *, elsewhere: bool = False) -> None:
        self._where = "_elsewhere" if elsewhere else ""
        self.i18n = gr.I18n(**texts.translations())
        self.labels: list[tuple[Any, dict[str, str]]] = []
        with gr.Blocks(
            title="GLM Chat", fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600)
        ) as self.demo:
            with gr.Row(elem_id="shell"):
                with gr.Column(elem_id="panel", scale=0, min_width=0):
                    self._panel()
                with gr.Column(elem_id="main", scale=1, min_width=0):
                    self._main()
            self.place, self.payload = self._hidden(), self._hidden()
            self.boot_place, self.boot_lang, self.boot_draft = self._hidden(), self._hidden(), self._hidden()
            self.signal, self.redraw = self._number("signal"), self._number("redraw")
            self.timer = gr.Timer(LOADING_SECONDS)
        self.inputs = [self.system, *self.sliders, self.seed]

    def _put(self, kind: Callable[..., Any], labels: dict[str, str], **options: Any) -> Any:
        """A component whose properties `labels` (property -> key) follow the language."""
        made = kind(**{name: self.i18n(key) for name, key in labels.items()}, **options)
        self.labels.append((made, labels))
        return made

    @staticmethod
    def _hidden() -> Any:
        return gr.Textbox(visible="hidden", container=False, show_label=False, elem_classes="hidden-data")

    @staticmethod
    def _number(name: str) -> Any:
        return gr.Number(visible="hidden", container=False, elem_id=name, elem_classes="hidden-data")

    def _panel(self) -> None:
        with gr.Row(elem_id="brand-row"):
            gr.HTML(
                f'<div class="brand">{style.LOGO}<div><b>{_both("title")}</b>'
                f"<p>{_both('tagline' + self._where)}</p></div></div>",
                elem_id="brand", padding=False,
            )  # fmt: skip
            self.close_panel = self._icon("close_panel", "close-panel")
        self.new_chat = self._put(gr.Button, {"value": "new_chat"}, elem_id="new-chat")
        gr.HTML(f'<div class="section">{_both("conversations")}</div>', padding=False)
        self.search = self._put(
            gr.Textbox,
            {"label": "search", "placeholder": "search"},
            show_label=False, container=False, lines=1, max_lines=1, visible=False, elem_id="search",
        )  # fmt: skip
        self.conversations = gr.HTML(elem_id="conversations", padding=False, js_on_load=_ON_CLICK)
        with self._section("section_system"):
            self.system = self._put(
                gr.Textbox,
                {"label": "system", "placeholder": "system_placeholder"},
                show_label=False, container=False, lines=3, max_lines=8, elem_id="system",
            )  # fmt: skip
        with self._section("section_sampling"):
            self.sliders = [self._slider(name) for name in SETTINGS]
            self.seed = self._put(
                gr.Number,
                {"label": "seed", "info": "seed_hint", "placeholder": "seed_placeholder"},
                value=None, precision=0, minimum=RANGES["seed"].low, elem_id="seed",
            )  # fmt: skip
            self.defaults = self._put(gr.Button, {"value": "defaults"}, elem_id="defaults", size="sm")
        with self._section("section_files"):
            with gr.Row(elem_id="export-row"):
                self.exports = {
                    kind: self._put(
                        gr.Button, {"value": key}, elem_id=f"export-{kind}", elem_classes="quiet", min_width=0
                    )
                    for kind, key in (("md", "export_markdown"), ("json", "export_json"), ("html", "export_html"))
                }
            self.importer = self._put(
                gr.UploadButton, {"label": "import_json"}, file_types=[".json"], elem_id="import", elem_classes="quiet"
            )

    def _section(self, key: str) -> Any:
        return self._put(gr.Accordion, {"label": key}, open=False, elem_id=key.replace("_", "-"))

    def _slider(self, name: str) -> Any:
        limits, default = RANGES[name], getattr(GenerationSettings(), name)
        labels = {"label": name}
        if f"{name}_hint" in texts.TEXTS:
            labels["info"] = f"{name}_hint"
        high = min(limits.high, LONGEST_BEFORE_LOADING) if name == "max_new_tokens" else limits.high
        return self._put(
            gr.Slider, labels, minimum=limits.low, maximum=high, step=limits.step, value=default,
            elem_id=name.replace("_", "-"), buttons=[],
        )  # fmt: skip

    def _icon(self, key: str, name: str, classes: str = "icon-only") -> Any:
        return self._put(gr.Button, {"value": key}, elem_id=name, elem_classes=classes.split(), min_width=0)

    def _main(self) -> None:
        with gr.Row(elem_id="top"):
            self.open_panel = self._icon("panel", "open-panel")
            self.title = gr.HTML("<h1>GLM Chat</h1>", elem_id="top-title", padding=False)
            self.language = self._icon("switch_language", "language", "icon-only worded")
            self.theme = self._icon("switch_theme", "theme")
            self.top_new = self._icon("new_chat", "top-new")
        with gr.Column(elem_id="hero", visible=False) as self.hero:
            words = _both("hero_text" + self._where)
            gr.HTML(f'<div class="hero">{style.LOGO}<h2>{_both("hero_title")}</h2><p>{words}</p></div>')
            with gr.Row(elem_id="examples"):
                self.examples = [
                    self._put(gr.Button, {"value": key}, elem_id=key.replace("_", "-")) for key in texts.EXAMPLES
                ]
        self.chat = self._put(
            gr.Chatbot,
            {"label": "chat"},
            elem_id="chat", show_label=False, container=False, height=None, layout="bubble", editable="user",
            latex_delimiters=_DELIMITERS, sanitize_html=True, allow_tags=False, buttons=["copy"],
            group_consecutive_messages=False, feedback_options=("Like", "Dislike"), visible="hidden",
        )  # fmt: skip
        with gr.Column(elem_id="composer"):
            self.alert = gr.HTML(visible=False, elem_id="alert")
            self.attached = gr.HTML(visible=False, elem_id="attached", padding=False, js_on_load=_ON_CLICK)
            with gr.Row(elem_id="entry"):
                self.attach = self._put(
                    gr.UploadButton, {"label": "attach"}, file_count="multiple", elem_id="attach",
                    elem_classes="icon-only", min_width=0,
                )  # fmt: skip
                self.box = self._put(
                    gr.Textbox,
                    {"label": "message", "placeholder": "message_placeholder"},
                    show_label=False, container=False, lines=1, max_lines=9, submit_btn=True, autofocus=True,
                    elem_id="box",
                )  # fmt: skip
            self.status = gr.HTML(elem_id="status", padding=False)
            gr.HTML(f'<div class="fineprint">{_both("message_keys")}</div>', elem_id="fineprint", padding=False)


def _both(key: str) -> str:
    """A text in both languages, of which the style sheet shows the page's."""
    english, chinese = texts.TEXTS[key]
    return f'<span class="in-en">{english}</span><span class="in-zh">{chinese}</span>'
