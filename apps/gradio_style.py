"""How the Gradio chat looks: theme, style sheet and icons.

No behaviour of the chat is here. The style sheet is long because it is data: one block per part of
the page, in the order in which the eye meets them. Fonts are the visitor's own; nothing is fetched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

FONTS = [
    "Inter", "system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei",
    "Noto Sans CJK SC", "sans-serif",
]  # fmt: skip
MONO = ["ui-monospace", "Cascadia Code", "SF Mono", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace"]


def theme() -> Any:
    """The Gradio theme: calm greys, one accent."""
    import gradio as gr

    base = gr.themes.Base(primary_hue="indigo", secondary_hue="indigo", neutral_hue="slate", font=FONTS, font_mono=MONO)
    return base.set(
        body_background_fill="#ffffff",
        body_background_fill_dark="#0f1117",
        body_text_color="#1b1f2a",
        body_text_color_dark="#e7e9f0",
        body_text_color_subdued="#5f687b",
        body_text_color_subdued_dark="#98a1b3",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#0f1117",
        background_fill_secondary="#f6f7fa",
        background_fill_secondary_dark="#171a23",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        border_color_primary="#e6e8ee",
        border_color_primary_dark="#262b38",
        input_background_fill="#ffffff",
        input_background_fill_dark="#171a23",
        input_border_color="#dfe2ea",
        input_border_color_dark="#2b3140",
        input_border_color_focus="#818cf8",
        input_border_color_focus_dark="#818cf8",
        input_radius="12px",
        button_large_radius="12px",
        button_small_radius="10px",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#1b1f2a",
        button_secondary_background_fill_hover="#f3f4f8",
        button_secondary_background_fill_hover_dark="#242937",
        button_secondary_border_color="#dfe2ea",
        button_secondary_border_color_dark="#2b3140",
        slider_color="#4f46e5",
        slider_color_dark="#818cf8",
        link_text_color="#4f46e5",
        link_text_color_dark="#a5b4fc",
        code_background_fill="#f1f2f6",
        code_background_fill_dark="#1d212c",
    )


_STROKE = 'fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
_SHAPES = {
    "menu": '<path d="M4 7h10M18 7h2M4 17h2M10 17h10"/><circle cx="16" cy="7" r="2"/><circle cx="8" cy="17" r="2"/>',
    "plus": '<path d="M12 20h9"/><path d="M16.5 3.5a2.1 2.1 0 0 1 3 3L7 19l-4 1 1-4Z"/>',
    "theme": '<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17Z" fill="currentColor"/>',
    "language": '<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c2.5 2.6 3.8 5.6 3.8 9s-1.3 6.4-3.8 9'
    'c-2.5-2.6-3.8-5.6-3.8-9S9.500 5.600 12 3Z"/>',
    "close": '<path d="M6 6l12 12M18 6 6 18"/>',
    "moon": '<path d="M20 14.500A8.500 8.500 0 1 1 9.500 4a6.800 6.800 0 0 0 10.500 10.500Z"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.500 20.500c.8-4 3.800-6 7.500-6s6.700 2 7.500 6"/>',
    "pen": '<path d="M16.500 3.500a2.100 2.100 0 0 1 3 3L7 19l-4 1 1-4Z"/><path d="M14 6l4 4"/>',
    "bulb": '<path d="M9 18h6M10 21h4M12 3a6 6 0 0 0-3.600 10.800c.6.5 1 1.200 1 2.200h5.200c0-1 .4-1.700 1-2.200A6 6 0 0 0 12 3Z"/>',
    "download": '<path d="M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14"/>',
    "upload": '<path d="M12 16V5M7.500 9 12 4.500 16.500 9M5 20h14"/>',
    "copy": '<rect x="9" y="9" width="11" height="11" rx="2.500"/><path d="M15 5.500A2 2 0 0 0 13 4H6a2 2 0 0 0-2 2v7a2 2 0 0 0 1.500 2"/>',
    "down": '<path d="m6 9.500 6 6 6-6"/>',
    "search": '<circle cx="11" cy="11" r="6.500"/><path d="m16 16 4.500 4.500"/>',
    "bin": '<path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13M10.200 11v5.500M13.800 11v5.500"/>',
    "clip": '<path d="m19.500 11.500-7.800 7.800a4.700 4.700 0 0 1-6.700-6.700l8.300-8.300a3.100 3.100 0 0 1 4.500 4.500l-8.200 8.100a1.600 1.600 0 0 1-2.200-2.200l7.200-7.200"/>',
    "send": '<path d="M12 19V5M5.500 11.500 12 5l6.500 6.500"/>',
}


def icon(name: str, *, size: int = 20) -> str:
    """A line icon as inline SVG."""
    return f'<svg viewBox="0 0 24 24" width="{size}" height="{size}" aria-hidden="true" {_STROKE}>{_SHAPES[name]}</svg>'


def icon_mask(name: str) -> str:
    """A line icon as a CSS mask, to be tinted with background-color."""
    shape = _SHAPES[name].replace('"', "'").replace("currentColor", "black")
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' {_STROKE}>{shape}</svg>"
    return (
        'url("data:image/svg+xml,'
        + svg.replace('"', "'")
        .replace("currentColor", "black")
        .replace("<", "%3C")
        .replace(">", "%3E")
        .replace("#", "%23")
        + '")'
    )


LOGO = (Path(__file__).resolve().parent.parent / "resources/pages/logo.svg").read_text(encoding="utf-8").strip()

_ICON_BUTTONS = {
    "open-panel": "menu", "close-panel": "close", "top-new": "plus", "new-chat": "plus", "theme": "theme",
    "language": "language", "attach": "clip", "export-md": "download", "export-json": "download", "export-html": "download",
    "import": "upload", "example-0": "moon", "example-1": "person", "example-2": "pen", "example-3": "bulb",
}  # fmt: skip

CSS = (
    """
:root{--accent:#4f46e5;--accent-strong:#4338ca;--panel:#f7f8fb;--line:#e6e8ee;--soft:#5f687b;--you:#eef0ff;
--lift:0 1px 2px rgba(16,24,40,.05),0 8px 24px -12px rgba(16,24,40,.16);--panel-width:312px}
.dark{--accent:#818cf8;--accent-strong:#a5b4fc;--panel:#141720;--line:#262b38;--soft:#98a1b3;--you:#262b4d;
--lift:0 1px 2px rgba(0,0,0,.4),0 12px 28px -14px rgba(0,0,0,.7)}
html,body,gradio-app{height:100%;overflow:hidden}
gradio-app{background:var(--body-background-fill)!important}
.gradio-container{max-width:none!important;height:100dvh!important;min-height:0!important;padding:0!important}
.gradio-container>.main,.gradio-container>.main>.wrap,.gradio-container main{padding:0!important;margin:0!important;
max-width:none!important;height:100dvh;min-height:0;overflow:hidden}
.gradio-container main>.column{gap:0!important;height:100%}
.gradio-container footer{display:none!important}
.gradio-container *{scrollbar-width:thin;scrollbar-color:color-mix(in srgb,var(--soft) 35%,transparent) transparent}
.gradio-container button:focus-visible,.gradio-container a:focus-visible,.gradio-container input:focus-visible{
outline:2px solid var(--accent)!important;outline-offset:2px}
.hidden-data{display:none!important}
html .in-en,html .in-zh{color:inherit!important}
html:lang(zh) .in-en,html:not(:lang(zh)) .in-zh{display:none!important}
#shell{height:100dvh;gap:0!important;flex-wrap:nowrap!important;align-items:stretch}

/* side panel */
#panel{flex:0 0 var(--panel-width)!important;width:var(--panel-width);min-width:0!important;height:100dvh;overflow-y:auto;
background:var(--panel);border-right:1px solid var(--line);padding:16px 16px 14px;gap:10px!important;
transition:margin .22s ease,transform .22s ease,visibility .22s;flex-wrap:nowrap!important}
#panel>*{flex-shrink:0}
#panel .html-container,#top .html-container,#composer .html-container,#hero .html-container{padding:0!important}
#panel .block{padding:0!important;overflow:visible!important}
#panel .form{background:none!important;border:0!important;box-shadow:none!important;gap:14px!important;overflow:visible!important}
#brand-row{align-items:center;gap:4px!important;flex-wrap:nowrap!important;margin-bottom:4px}
#brand{min-width:0!important}
.brand{display:flex;align-items:center;gap:10px}.brand .logo{width:34px;height:34px;flex:none}
.brand b{display:block;font-size:16px;font-weight:650;line-height:1.3;letter-spacing:-.01em;color:var(--body-text-color)!important}
.brand p{font-size:12.5px;line-height:1.35;color:var(--soft)!important;margin:0}
#new-chat{background:var(--accent)!important;color:#fff!important;border:0!important;font-weight:600;font-size:14.5px;
box-shadow:0 6px 16px -8px var(--accent)!important;padding:10px!important;min-height:42px}
#new-chat:hover{background:var(--accent-strong)!important}
.dark #new-chat{background:#4f46e5!important}.dark #new-chat:hover{background:#6366f1!important}
#panel .section{font-size:12px;font-weight:650;letter-spacing:.04em;color:var(--soft)!important;margin:8px 0 0;text-transform:uppercase}
#search{flex:none!important}
#search input{height:36px;padding:6px 12px 6px 34px!important;font-size:14px!important;border-radius:10px!important;border:1px solid var(--line)!important;background:var(--body-background-fill)!important;box-shadow:none!important}
#search .input-container{position:relative}
#search .input-container::before{content:"";position:absolute;left:11px;top:10px;width:16px;height:16px;z-index:99;background:var(--soft);-webkit-mask:SEARCHMASK center/contain no-repeat;mask:SEARCHMASK center/contain no-repeat}
#panel #conversations{flex:1 1 0!important;min-height:150px;overflow-y:auto!important;margin:0 -8px;width:calc(100% + 16px)!important}
#conversations ul{list-style:none;margin:0;padding:2px}
#conversations li{position:relative;display:flex;margin:0 0 1px;min-height:36px;border-radius:9px}
#conversations li:is(:hover,:focus-within){background:color-mix(in srgb,var(--soft) 11%,transparent)}
#conversations li:has([aria-current]){background:color-mix(in srgb,var(--accent) 13%,transparent)}
#conversations button{border:0;background:none;color:inherit;font:inherit;cursor:pointer;border-radius:8px}
#conversations .open{flex:1 1 0;min-width:0;text-align:left;padding:6px 4px 6px 10px;font-size:14px;line-height:1.45;color:var(--body-text-color)}
#conversations .open span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:inherit!important}
#conversations .open[aria-current] span{font-weight:550}
#conversations .open~button{position:absolute;padding:0;top:1px;right:36px;width:34px;height:34px;opacity:0;color:var(--soft);display:flex;align-items:center;justify-content:center}
#conversations .open~.delete{right:2px}
#conversations li:is(:hover,:focus-within,:has([aria-current])) :is(.rename,.delete){opacity:1}
#conversations li:is(:hover,:focus-within,:has([aria-current])) .open{padding-right:72px}
@media(hover:none){#conversations li :is(.rename,.delete){opacity:1}#conversations li .open{padding-right:72px}}
#conversations :is(.rename,.delete)::before{content:"";display:block;flex:none;width:16px;height:16px;background:currentColor}
#conversations .rename::before{-webkit-mask:PENMASK center/contain no-repeat;mask:PENMASK center/contain no-repeat}
#conversations .delete::before{-webkit-mask:BINMASK center/contain no-repeat;mask:BINMASK center/contain no-repeat}
#conversations :is(.rename,.delete):hover{background:color-mix(in srgb,var(--soft) 18%,transparent);color:var(--body-text-color)}
#conversations .more{padding:7px 10px;font-size:13px;color:var(--accent-strong)}
#conversations .nothing{margin:4px 10px;font-size:13.5px;line-height:1.5;color:var(--soft)!important}
:is(#section-system,#section-sampling,#section-files){flex:none!important;border-top:1px solid var(--line)!important;border-radius:0!important;padding-top:10px!important}
:is(#section-system,#section-sampling,#section-files) .label-wrap{padding:0 2px!important;margin:0;font-size:14px;font-weight:550;color:var(--body-text-color)}
:is(#section-system,#section-sampling,#section-files) .label-wrap.open{margin-bottom:12px!important}
#panel .label-wrap .icon{font-size:0;transform:none!important}#panel .label-wrap .icon::before{content:"";display:block;width:17px;height:17px;background:var(--soft);transition:transform .15s;-webkit-mask:DOWNMASK center/contain no-repeat;mask:DOWNMASK center/contain no-repeat}
#panel .label-wrap.open .icon::before{transform:rotate(180deg)}
.glm-dialog{border:1px solid var(--line);border-radius:18px;padding:22px 24px;width:min(400px,calc(100vw - 40px));background:var(--background-fill-primary);color:var(--body-text-color);box-shadow:0 24px 60px -20px rgba(0,0,0,.45);font-family:var(--font)}
.glm-dialog::backdrop{background:rgba(10,12,20,.45)}
.glm-dialog h2{font-size:17px;font-weight:650;margin:0 0 10px}.glm-dialog p{margin:0;font-size:14.5px;line-height:1.5;color:var(--soft);overflow-wrap:anywhere}
.glm-dialog,.glm-dialog *{box-sizing:border-box}
.glm-dialog input{width:100%;height:42px;padding:0 12px;font:inherit;font-size:15px;border:1px solid var(--input-border-color);border-radius:11px;background:var(--background-fill-primary);color:inherit}
.glm-dialog form>div{display:flex;justify-content:flex-end;gap:10px;margin-top:20px}
.glm-dialog button{border:1px solid var(--line);background:none;color:inherit;font:inherit;font-size:14.5px;font-weight:550;border-radius:11px;padding:9px 16px;cursor:pointer}
.glm-dialog button[value=yes]{background:#4f46e5;border-color:#4f46e5;color:#fff}.glm-dialog button.danger{background:#c42b1c!important;border-color:#c42b1c!important}
.glm-dialog button:hover{filter:brightness(1.08)}.glm-dialog :focus-visible{outline:2px solid var(--accent);outline-offset:2px}
#panel label>span,#panel .block [data-testid=block-info]{font-size:13.5px!important;font-weight:500;color:var(--body-text-color)!important;
background:none!important;padding:0!important;margin-bottom:4px}
#panel .block .prose,#panel .block .info,#panel [class*=info] p{font-size:12px!important;color:var(--soft)!important;line-height:1.45}
#panel textarea,#seed input{font-size:14px!important;border-radius:10px!important;border:1px solid var(--line)!important;background:var(--body-background-fill)!important;box-shadow:none!important}
#panel textarea:focus,#panel input:focus{border-color:var(--accent)!important}
#panel textarea::placeholder,#panel input::placeholder{color:var(--soft);opacity:.8}
#seed input{padding:7px 12px!important;height:38px}
#seed label{gap:0}
#panel .info-text{font-size:12px!important;color:var(--soft)!important;line-height:1.4}
#panel input[type=range]{height:5px!important}
.dark #panel input[type=range]{background:none!important}
.dark #panel input[type=range]::-webkit-slider-runnable-track{background:linear-gradient(to right,var(--accent) var(--range_progress),#343b4c var(--range_progress))!important}
.dark #panel input[type=range]::-moz-range-track{background:#343b4c!important}
#system textarea{padding:10px 12px!important;line-height:1.55!important}
#panel .head{align-items:center!important;flex-wrap:nowrap!important;gap:8px;margin-bottom:6px!important}
#panel .head label{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 8px;min-width:0}
#panel .head .info-text{margin:0!important}
#panel .head .tab-like-container{border:0!important;background:none!important;box-shadow:none!important;width:auto!important;height:auto!important;overflow:visible!important;flex:none;margin:0!important}
#panel .head input[type=number]{width:66px!important;min-width:0!important;height:30px!important;text-align:right!important;padding:0 9px!important;border-radius:8px!important;font-size:13px!important;
font-variant-numeric:tabular-nums;border:1px solid var(--line)!important;background:var(--body-background-fill)!important;appearance:textfield;-moz-appearance:textfield;box-shadow:none!important}
#panel input[type=number]::-webkit-inner-spin-button,#panel input[type=number]::-webkit-outer-spin-button{appearance:none;margin:0}
#panel .head button.reset-button{opacity:.55;border:0!important}
#panel .slider_input_container span.min_value,#panel .slider_input_container span.max_value{display:none}
#panel input[type=range]{margin:4px 0 0!important;width:100%}
#defaults{align-self:flex-start;width:auto!important;min-width:0!important;font-size:12.5px!important;font-weight:500;
color:var(--accent-strong)!important;background:none!important;border:0!important;box-shadow:none!important;padding:2px!important}
#defaults:hover{text-decoration:underline}
.quiet{background:var(--body-background-fill)!important;border:1px solid var(--line)!important;box-shadow:none!important;
font-size:13.5px!important;font-weight:500!important;min-height:38px;padding:6px 10px!important;min-width:0!important;
color:var(--body-text-color)!important}
.quiet:hover{border-color:color-mix(in srgb,var(--accent) 45%,var(--line))!important;color:var(--accent-strong)!important}
#export-row{gap:8px!important;flex-wrap:nowrap!important}
#export-row button{flex:1 1 auto;padding:6px 8px!important;font-size:12.5px!important}
#panel button,#examples button{flex-wrap:nowrap!important;gap:7px!important}

/* main column */
#main{flex:1 1 0!important;min-width:0!important;height:100dvh;gap:0!important;position:relative;flex-wrap:nowrap!important;overflow:hidden}
#top>*{flex-shrink:0}
#top{flex:none;height:56px;align-items:center;gap:6px!important;padding:0 14px;flex-wrap:nowrap!important;flex-grow:0!important}
#top-title{flex:1;min-width:0!important;text-align:left}
#top-title .html-container,#top-title{padding:0!important}
#top-title h1{font-size:15.5px;font-weight:600;margin:0;color:var(--body-text-color);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.icon-only{flex:none!important;width:40px!important;min-width:40px!important;height:40px;padding:0!important;border:0!important;
background:none!important;box-shadow:none!important;color:var(--soft)!important;font-size:0!important;border-radius:10px!important}
.icon-only.worded{width:auto!important;font-size:13.5px!important;font-weight:500!important;padding:0 12px!important;gap:7px!important;flex-wrap:nowrap!important;white-space:nowrap}
.icon-only:hover{background:color-mix(in srgb,var(--soft) 14%,transparent)!important;color:var(--body-text-color)!important}

/* empty chat */
#hero{flex:1 1 auto;min-height:0;width:100%;max-width:760px;margin:0 auto;padding:0 24px 4vh;justify-content:center;
gap:22px!important;overflow-y:auto;flex-wrap:nowrap!important}
#hero>*{flex:none!important}
.hero{text-align:center}.hero .logo{width:56px;height:56px;margin:0 auto 18px;display:block;filter:drop-shadow(0 10px 22px rgba(99,102,241,.35))}
.hero h2{font-size:30px;line-height:1.25;font-weight:650;letter-spacing:-.02em;margin:0 0 8px;color:var(--body-text-color)}
.hero p{font-size:15.5px;line-height:1.6;color:var(--soft)!important;margin:0 auto;max-width:440px}
#examples{display:grid!important;grid-template-columns:1fr 1fr;gap:12px!important}
#examples{align-items:stretch!important}
#examples button{display:flex!important;justify-content:flex-start;align-items:center;gap:14px!important;text-align:left;white-space:normal;min-width:0!important;width:100%;
height:100%;min-height:76px;padding:14px 18px!important;font-size:14.5px!important;font-weight:450!important;line-height:1.5;border-radius:16px!important;
background:var(--background-fill-primary)!important;border:1px solid var(--line)!important;box-shadow:none!important;color:var(--body-text-color)!important;
transition:border-color .15s,box-shadow .15s,transform .15s}
.dark #examples button{background:#151923!important}
#examples button:hover{border-color:color-mix(in srgb,var(--accent) 55%,var(--line))!important;box-shadow:var(--lift)!important;transform:translateY(-1px)}

/* conversation */
#chat{flex:1 1 0!important;min-height:0!important;height:auto!important;border:0!important;background:none!important;padding:0!important}
#chat .wrapper,#chat .bubble-wrap{height:100%;background:none!important;border:0!important;padding:0!important}
#chat .message-wrap{max-width:880px;margin:0 auto!important;padding:8px 24px 28px!important;gap:0}
#chat .bubble-gap{gap:0!important}
#chat .message-row{margin:0!important;max-width:100%!important}
#chat .user-row{max-width:min(86%,680px)!important;margin:18px 0 0 auto!important}
#chat .bot-row{width:100%;margin:0!important}
#chat .message-buttons-right{align-self:flex-end}
#chat .message{box-shadow:none!important;border:0!important;font-size:16px;line-height:1.7}
#chat .user .message-content,#chat .bot .message-content{padding:0}
#chat .user.message,#chat .message.user{background:var(--you)!important;color:var(--body-text-color);border-radius:20px 20px 6px 20px!important;padding:10px 18px!important}
#chat .bot.message,#chat .message.bot{background:none!important;padding:2px 0!important;width:100%;max-width:100%}
#chat .bot.message:has(table){padding:2px 0!important}
#chat .prose,#chat .md{font-size:16px!important;line-height:1.7!important;color:var(--body-text-color)}
#chat .prose>:first-child{margin-top:0}#chat .prose>:last-child{margin-bottom:0}
#chat .prose *:not(.token):not(.badge):not(.waiting):not(.trouble):not(a):not(.trouble *){color:inherit}
#chat .message{color:var(--body-text-color)!important}
#chat .message,#chat .message-content,#chat .md,#chat .prose{opacity:1!important}
#chat .prose p{margin:0 0 12px}#chat .prose li{margin:4px 0}
#chat .prose h1{font-size:22px}#chat .prose h2{font-size:19px}#chat .prose h3{font-size:17px}
#chat .prose h1,#chat .prose h2,#chat .prose h3{margin:22px 0 8px;font-weight:650;letter-spacing:-.01em}
#chat .prose pre,#chat .code_wrap pre,#chat pre{border-radius:14px!important;border:1px solid var(--line)!important;
background:#f8f9fc!important;padding:14px 16px!important;margin:0!important;overflow-x:auto;font-size:14px!important;line-height:1.6!important}
.dark #chat pre{background:#151923!important}
#chat .code_wrap{margin:14px 0!important;border:0!important}
#chat pre code{background:none!important;padding:0!important;border:0!important;font-size:14px!important;line-height:1.6!important}
#chat .token:is(.comment,.prolog,.cdata){color:#5c6773}#chat .token:is(.punctuation){color:#5f687b}
#chat .token:is(.selector,.attr-name,.string,.char,.builtin,.inserted){color:#486b00}#chat .token:is(.operator,.entity,.url){color:#80561f;background:none}
#chat .token:is(.keyword,.atrule,.attr-value){color:#0a6593}#chat .token:is(.function,.class-name){color:#b3294a}#chat .token:is(.regex,.important,.variable){color:#9a5b00}
.dark #chat .token:is(.comment,.prolog,.cdata,.punctuation){color:#98a1b3}.dark #chat .token:is(.selector,.attr-name,.string,.char,.builtin,.inserted){color:#a5d68a}
.dark #chat .token:is(.operator,.entity,.url){color:#d7ba7d}.dark #chat .token:is(.keyword,.atrule,.attr-value){color:#c4a5f5}
.dark #chat .token:is(.function,.class-name){color:#7cc4fa}.dark #chat .token:is(.regex,.important,.variable){color:#eebd6d}
#chat :not(pre)>code{font-size:.88em!important;padding:2px 6px!important;border-radius:6px!important;background:var(--code-background-fill)!important;border:0!important}
#chat .code_wrap button{background:color-mix(in srgb,var(--background-fill-primary) 80%,transparent)!important;top:8px!important;right:8px!important;opacity:.8;border-radius:8px!important}
#chat table{border-collapse:separate!important;border-spacing:0!important;border:1px solid var(--line)!important;border-radius:12px!important;padding:0!important;margin:14px 0!important;font-size:15px;
max-width:100%;display:block;overflow-x:auto;width:fit-content!important}
#chat th,#chat td{border:0!important;border-bottom:1px solid var(--line)!important;padding:9px 18px!important;background:none!important}
#chat tbody tr:last-child td{border-bottom:0!important}
#chat th{background:var(--background-fill-secondary)!important;font-weight:600!important;text-align:left}
#chat td[align=right],#chat th[align=right],#chat [style*="text-align:right"]{text-align:right}
#chat .scroll-down-button-container{bottom:14px}
#chat .scroll-down-button-container .icon-button{width:36px!important;height:36px!important;border-radius:50%!important;background:var(--background-fill-primary)!important;border:1px solid var(--line)!important;box-shadow:var(--lift)!important;color:var(--body-text-color)!important;padding:9px!important}
.dark #chat .scroll-down-button-container .icon-button{background:#1d212c!important}
#chat .katex{font-size:1.06em}#chat .katex-display{overflow-x:auto;overflow-y:hidden;padding:6px 2px;margin:12px 0}
#chat blockquote{border-left:3px solid var(--line)!important;color:var(--soft);padding-left:16px;margin:12px 0}
#chat .user img,#chat .bot .prose img{display:none}
#chat .badge{display:inline-flex;align-items:center;gap:7px;margin-top:4px;padding:2px 11px;border-radius:99px;border:1px solid var(--line);
font-size:12.5px;line-height:1.6;color:var(--soft);background:var(--background-fill-secondary)}
#chat .badge::before{content:"";width:7px;height:7px;border-radius:2px;background:currentColor}
#chat details.thought{margin-bottom:14px;font-size:15px}#chat details.thought :is(summary,p,li,ol,ul,.katex){color:var(--soft)!important;font-size:15px}
#chat details.thought summary{cursor:pointer;width:fit-content;border-radius:8px}
#chat details.thought[open]{border-left:3px solid var(--line);padding-left:16px}#chat details.thought[open] summary{margin-bottom:6px}
#chat details.file summary{cursor:pointer;font-size:14.5px;font-weight:550}#chat details.file[open]{width:min(520px,70vw)}#chat details.file pre{max-height:320px;overflow:auto}
#chat .user-row:has(details.file)+.message-buttons{display:none}
#chat .thought-group{border:1px solid var(--line)!important;border-radius:14px!important;background:var(--background-fill-primary)!important;margin:4px 0!important;padding:4px 6px!important}
#chat .thought-group .title{font-size:14.5px!important;color:var(--soft)!important}#chat .thought-group .title p{color:var(--soft)!important;font-size:14.5px!important}
#chat .bot-row:has(.thought-group)+.message-buttons:has(+.bot-row){display:none}
#chat .waiting{display:inline-flex;align-items:center;gap:10px;color:var(--soft);font-size:15px}
#chat .waiting::before{content:"";flex:none;width:9px;height:9px;border-radius:50%;background:var(--accent);animation:glm-pulse 1.1s ease-in-out infinite}
#chat .trouble{display:block;border:1px solid #f0c3bd;background:#fff5f3;color:#8a2418;border-radius:14px;padding:12px 16px;font-size:14.5px;line-height:1.6}
.dark #chat .trouble{border-color:#5b2a26;background:#2a1816;color:#ffb4a8}
#chat .message-buttons-left{transform:translateX(-6px)}
#chat .message-buttons,#chat .message-buttons-left,#chat .message-buttons-right{margin:2px 0 0!important}
#chat .message-buttons .icon-button-wrapper,#chat .icon-button-wrapper{border:0!important;background:none!important;box-shadow:none!important;margin:0!important;padding:0!important;gap:2px!important}
#chat .icon-button-wrapper button{width:30px!important;height:30px!important;border:0!important;border-radius:8px!important;color:var(--soft)!important;background:none!important;
display:inline-flex;align-items:center;justify-content:center;padding:6px!important}
#chat .icon-button-wrapper>*{border:0!important;box-shadow:none!important}#chat .icon-button-wrapper>*::before,#chat .icon-button-wrapper>*::after{display:none!important}
#chat .icon-button-wrapper button:hover{background:color-mix(in srgb,var(--soft) 14%,transparent)!important;color:var(--body-text-color)!important}
#chat .message-buttons-right{opacity:0;transition:opacity .15s}#chat .user-row:hover+*,#chat .message-buttons-right:hover,#chat .message-buttons-right:focus-within{opacity:1}
#chat>.icon-button-wrapper,#chat .icon-button-wrapper.top-panel{display:none!important}
#chat .pending,#chat .message.pending{background:none!important;border:0!important;box-shadow:none!important}
#chat button[aria-label=Share]{display:none!important}
#chat .user-row:has(textarea),#chat .user-row:has(textarea) *{width:100%}
#chat .user-row textarea{width:100%!important;max-width:none!important;font-size:16px!important;line-height:1.6!important;min-height:84px;border-radius:12px!important;padding:10px 14px!important;background:var(--background-fill-primary)!important;color:var(--body-text-color)!important}
#chat .bot-row:has(.waiting)+.message-buttons{display:none}
#chat .bot-row:has(.trouble)+.message-buttons :is([aria-label*=like i],[aria-label*=赞],[aria-label*=踩]){display:none!important}
.toast-body{border-radius:14px!important;overflow:hidden;box-shadow:var(--lift)!important}
@keyframes glm-pulse{50%{transform:scale(.55);opacity:.45}}

/* composer and status line */
#composer{flex:none;width:100%;max-width:880px;margin:auto auto 0;padding:4px 24px 12px;gap:6px!important;flex-grow:0!important}
#composer .form{background:none!important;border:0!important;box-shadow:none!important;overflow:visible}
#entry{position:relative;gap:0!important;flex-wrap:nowrap!important}
#attach{position:absolute!important;left:8px;bottom:8px;z-index:2;border-radius:50%!important}
#attached{padding:0!important}#attached>div,#attached .prose{display:flex;flex-wrap:wrap;gap:8px}
.chip{display:inline-flex;gap:4px;align-items:center;border:1px solid var(--line);border-radius:10px;padding:3px 4px 3px 11px;font-size:13px;line-height:1.5;color:var(--soft)!important;background:var(--panel);overflow-wrap:anywhere}
.chip button{flex:none;border:0;background:none;color:inherit;width:24px;height:24px;padding:5px;border-radius:7px;cursor:pointer}
.chip button:hover{background:color-mix(in srgb,var(--soft) 18%,transparent);color:var(--body-text-color)}
.chip button::before{content:"";display:block;width:14px;height:14px;background:currentColor;-webkit-mask:CLOSEMASK center/contain no-repeat;mask:CLOSEMASK center/contain no-repeat}
#box{padding:0!important;background:none!important;border:0!important;overflow:visible!important}
#box .input-container{background:var(--background-fill-primary);border:1px solid var(--input-border-color);border-radius:24px;box-shadow:var(--lift);padding:7px 7px 7px 48px;align-items:flex-end;
transition:border-color .15s}
.dark #box .input-container{background:#171a23;border-color:#2b3140}
#box .input-container:focus-within{border-color:color-mix(in srgb,var(--accent) 65%,transparent)}
#box textarea{background:none!important;border:0!important;box-shadow:none!important;font-size:16px!important;line-height:1.5!important;padding:8px 8px!important;min-height:40px}
#box textarea::placeholder{color:var(--soft);opacity:.85}
#box button{width:40px!important;height:40px!important;min-width:40px!important;border-radius:50%!important;margin:0!important;padding:0!important;border:0!important;display:flex;align-items:center;justify-content:center;
background:var(--accent)!important;color:#fff!important;align-self:flex-end;transition:background .15s}
#box button.submit-button svg{display:none}
#box button.submit-button::before{content:"";width:21px;height:21px;background:#fff;-webkit-mask:SENDMASK center/contain no-repeat;mask:SENDMASK center/contain no-repeat}
#box button:hover{background:var(--accent-strong)!important}
.dark #box button{background:#4f46e5!important}.dark #box button:hover{background:#6366f1!important}
#box button.stop-button{background:var(--body-text-color)!important}
#box button.stop-button svg{display:none}
#box button.stop-button::before{content:"";width:13px;height:13px;border-radius:3px;background:var(--body-background-fill)}
#status{padding:0!important;min-height:20px}#fineprint{padding:0!important}
.status,.status *{color:var(--soft)}.status{display:flex;flex-wrap:wrap;align-items:center;justify-content:center;gap:3px 9px;font-size:12.5px;line-height:1.5;color:var(--soft);font-variant-numeric:tabular-nums}
.status b{font-weight:600;color:var(--body-text-color)!important}
.status i{font-style:normal;opacity:.5}
.status .dot{width:8px;height:8px;border-radius:50%;background:#16a34a;flex:none}
.status .dot.loading{background:#d97706;animation:glm-pulse 1.1s ease-in-out infinite}
.status .dot.failed{background:#dc2626}
.status .meter{display:inline-block;vertical-align:2px;margin-right:9px;width:64px;height:5px;border-radius:9px;background:var(--line);overflow:hidden}
.status .meter.wide{width:130px}
.status .meter span{display:block;height:100%;border-radius:9px;background:var(--accent)}
.fineprint{text-align:center;font-size:12px;line-height:1.4;color:var(--soft);margin-top:3px}
.alert{border:1px solid #f0c3bd;background:#fff5f3;color:#8a2418;border-radius:16px;padding:13px 18px;font-size:14.5px;line-height:1.6;overflow-wrap:anywhere}
.alert b{display:block;color:inherit}.alert small{display:block;margin-top:4px;font-size:13px;opacity:.85}
.alert.mild{border-color:#ecd9a4;background:#fffaeb;color:#7a5200}.dark .alert.mild{border-color:#55451c;background:#241f12;color:#f3d48a}
.dark .alert{border-color:#5b2a26;background:#2a1816;color:#ffb4a8}
#alert{padding:0!important}

/* panel folded away, and small screens */
#shade{display:none}
body.panel-closed #panel{margin-left:calc(-1*var(--panel-width));visibility:hidden}
#close-panel{margin-left:auto}
body:not(.panel-closed) #open-panel,body:not(.panel-closed) #top-new{display:none!important}
@media(max-width:900px){
#panel{position:fixed;z-index:60;left:0;top:0;bottom:0;width:min(340px,88vw);--panel-width:min(340px,88vw);box-shadow:0 0 60px rgba(0,0,0,.3)}
body.panel-closed #panel{margin-left:0;transform:translateX(-105%)}
body:not(.panel-closed) #shade{display:block;position:fixed;inset:0;z-index:50;background:rgba(10,12,20,.45)}
body:not(.panel-closed) #open-panel,body:not(.panel-closed) #top-new{display:inline-flex!important}
#language{padding:0 8px!important}#language::before{display:none}
#top{padding:0 6px;border-bottom:1px solid var(--line);height:52px}
#top-title{text-align:left}
#hero{padding:0 16px 8px;gap:18px!important}
.hero h2{font-size:25px}.hero .logo{width:48px;height:48px;margin-bottom:14px}.hero p{font-size:15px}
#examples{gap:10px!important}#examples button{padding:13px!important;font-size:14px!important;min-height:92px;flex-direction:column;align-items:flex-start!important;justify-content:flex-start!important;gap:8px!important}
#status .meter:not(.wide){display:none}
.status .extra,.status .extra+i,.status i:has(+.extra){display:none}
#composer{padding:4px 10px 8px}
#chat .message-wrap{padding:4px 16px 20px!important}
#chat .message-buttons-right{opacity:1}
#fineprint{display:none}
}
@media(max-height:620px){.hero .logo{display:none}#hero{padding-bottom:0}}
@media(prefers-reduced-motion:reduce){*,*::before,*::after{animation:none!important;transition:none!important}}
""".replace("SENDMASK", icon_mask("send"))
    .replace("DOWNMASK", icon_mask("down"))
    .replace("SEARCHMASK", icon_mask("search"))
    .replace("PENMASK", icon_mask("pen"))
    .replace("BINMASK", icon_mask("bin"))
    .replace("CLOSEMASK", icon_mask("close"))
    + "\n".join(
        f"#{name}::before{{content:'';flex:none;width:19px;height:19px;background:currentColor;"
        f"-webkit-mask:{icon_mask(shape)} center/contain no-repeat;mask:{icon_mask(shape)} center/contain no-repeat}}"
        for name, shape in _ICON_BUTTONS.items()
    )
    + "\n#examples button::before{background:var(--accent)!important;width:22px!important;height:22px!important}"
)
