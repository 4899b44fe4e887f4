"""How the Streamlit pages look beyond the theme in ``.streamlit/config.toml``, and the script in their head.

Colours are those of the Gradio chat. `light-dark()` follows the theme that the page shows.
"""

from __future__ import annotations

import base64

from apps.gradio_style import LOGO, icon_mask

_LOGO_DATA = base64.b64encode(LOGO.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).encode()).decode()
LOGO_IMAGE = f'<img class="logo" alt="" src="data:image/svg+xml;base64,{_LOGO_DATA}">'
"""The logo for `st.html`, which takes inline SVG out."""

CSS = """
<style>
:root{--accent:light-dark(#4f46e5,#818cf8);--soft:light-dark(#5f687b,#98a1b3);--line:light-dark(#e6e8ee,#262b38);
--you:light-dark(#eef0ff,#262b4d);--ink:light-dark(#1b1f2a,#e7e9f0);--panel:light-dark(#f6f7fa,#171a23)}
.stApp{--accent:light-dark(#4f46e5,#818cf8);--soft:light-dark(#5f687b,#98a1b3);--line:light-dark(#e6e8ee,#262b38);
--you:light-dark(#eef0ff,#262b4d);--ink:light-dark(#1b1f2a,#e7e9f0);--panel:light-dark(#f6f7fa,#171a23)}
[data-testid=stStatusWidget],[data-testid=stDecoration],[data-testid=stHeaderActionElements]{display:none!important}
[data-testid=stMainBlockContainer]{max-width:880px;padding-top:3.6rem;padding-bottom:2rem}
[data-testid=stBottomBlockContainer]{max-width:880px;padding-top:.4rem;padding-bottom:.7rem}
[data-testid=stElementContainer][data-stale=true],[data-stale=true]{opacity:1!important}
[data-testid=stMarkdownContainer] :is(p,li,td,th,h1,h2,h3,h4)>code{font-size:.88em!important;color:inherit!important;background:light-dark(#f1f2f6,#1d212c)!important;padding:2px 6px!important}
.katex{font-size:1.06em!important}.katex-display{overflow-x:auto;overflow-y:hidden;padding:6px 2px}
[data-testid=stMarkdownContainer] table{display:block;width:fit-content;max-width:100%;overflow-x:auto;border-collapse:separate;
border-spacing:0;border:1px solid var(--line);border-radius:12px;font-size:15px}
[data-testid=stMarkdownContainer] :is(th,td){border:0!important;border-bottom:1px solid var(--line)!important;padding:9px 18px!important}
[data-testid=stMarkdownContainer] tbody tr:last-child td{border-bottom:0!important}
[data-testid=stMarkdownContainer] th{background:var(--panel);font-weight:600;color:inherit}
pre .token.token{color:light-dark(#475467,#c0c7d4)}
pre .token:is(.keyword,.boolean,.atrule,.tag){color:light-dark(#4338ca,#a5b4fc)!important}
pre .token:is(.function,.property,.attr-name){color:light-dark(#1d4ed8,#93c5fd)!important}
pre .token:is(.string,.char,.inserted,.attr-value){color:light-dark(#047857,#6ee7b7)!important}
pre .token:is(.number,.constant,.symbol){color:light-dark(#a8430c,#fcd34d)!important}
pre .token:is(.comment,.prolog,.doctype){color:light-dark(#5f687b,#98a1b3)!important}
pre .token:is(.operator,.punctuation){color:light-dark(#475467,#c0c7d4)!important}
pre .token:is(.builtin,.class-name,.decorator,.annotation){color:light-dark(#0e6b85,#67e8f9)!important}

/* messages */
[data-testid=stChatMessage]{background:none;padding:0;gap:.9rem}
[data-testid=stChatMessage] [data-testid^=stChatMessageAvatar]{display:none}
[class*=st-key-question-]{align-self:flex-end;max-width:85%;width:auto!important}
[class*=st-key-question-] [data-testid=stChatMessage]{background:var(--you);border-radius:20px;padding:.6rem 1.15rem}
[class*=st-key-question-] [data-testid=stMarkdownContainer]{margin-bottom:0}
[class*=st-key-question-] [data-testid=stMarkdownContainer] p:last-child{margin-bottom:0}
.badge{display:inline-flex;align-items:center;gap:7px;padding:2px 11px;border-radius:99px;border:1px solid var(--line);
font-size:12.5px;line-height:1.6;color:var(--soft);background:var(--panel)}
.badge::before{content:"";width:7px;height:7px;border-radius:2px;background:currentColor}
.waiting{display:inline-flex;align-items:center;gap:10px;color:var(--soft);font-size:15px;min-height:28px}
.waiting::before{content:"";flex:none;width:9px;height:9px;border-radius:50%;background:var(--accent);animation:glm-pulse 1.1s ease-in-out infinite}
@keyframes glm-pulse{50%{transform:scale(.55);opacity:.45}}
[class*=st-key-actions-]{gap:.1rem!important;margin-top:-.55rem;min-height:32px}
[class*=st-key-actions-] button{color:var(--soft)!important;min-height:32px;padding:4px 7px!important;border:0!important;background:none!important}
[class*=st-key-actions-] button:hover{color:var(--ink)!important;background:color-mix(in srgb,var(--soft) 14%,transparent)!important}
[class*=st-key-actions-] [data-testid=stButtonGroup] button{padding:4px 6px!important}
.bare button [data-testid=stMarkdownContainer],[class*=st-key-actions-] button [data-testid=stMarkdownContainer],
.st-key-stop button [data-testid=stMarkdownContainer],[class*=st-key-current-] [data-testid=stPopover] button [data-testid=stMarkdownContainer]{
position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[class*=st-key-current-] [data-testid=stPopover] button [data-testid=stIconMaterial]+*{margin:0}
button.copy{border:0;background:none;color:var(--soft);width:32px;height:32px;border-radius:8px;padding:7px;cursor:pointer;display:block}
button.copy::before{content:"";display:block;width:18px;height:18px;background:currentColor;-webkit-mask:COPYMASK center/contain no-repeat;mask:COPYMASK center/contain no-repeat}
button.copy:hover{color:var(--ink);background:color-mix(in srgb,var(--soft) 14%,transparent)}
button.copy:focus-visible{outline:2px solid var(--accent)}
button.copy.done{color:#16a34a}
[class*=st-key-actions-q]{opacity:0;transition:opacity .15s}
[data-testid=stLayoutWrapper]:has(>[class*=st-key-question-]):hover+*>[class*=st-key-actions-q],[class*=st-key-actions-q]:is(:hover,:focus-within){opacity:1}
@media(hover:none){[class*=st-key-actions-q]{opacity:1}}

/* calls and cells */
.cell-heading{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 10px;font-size:13px;color:var(--soft)}
.cell-heading b{font-weight:600;color:var(--ink);font-size:14px}.cell-heading em{font-style:normal;color:light-dark(#b45309,#fbbf24)}
.state{display:inline-flex;align-items:center;gap:6px;margin-left:auto}.state::before{content:"";width:8px;height:8px;border-radius:50%;background:var(--soft)}
.state.done::before{background:#16a34a}.state.failed::before{background:#dc2626}.state.busy::before{background:var(--accent);animation:glm-pulse 1.1s ease-in-out infinite}
[class*=st-key-warned-] pre,[class*=st-key-warned-] code{background:light-dark(#fff8eb,#2a2113)!important}
[class*=st-key-trace-] pre,[class*=st-key-trace-] code{background:light-dark(#fff5f3,#2a1816)!important}
.error{border-left:3px solid #dc2626;background:light-dark(#fff5f3,#2a1816);color:light-dark(#8a2418,#ffb4a8);border-radius:0 10px 10px 0;
padding:8px 14px;font-size:14px;line-height:1.5;overflow-wrap:anywhere;white-space:pre-wrap}.error b{margin-right:8px}
.given{border-left:3px solid #16a34a;background:var(--panel);border-radius:0 10px 10px 0;padding:8px 14px;font-size:14.5px;line-height:1.5;overflow-wrap:anywhere}
img.figure{max-width:100%;height:auto;border-radius:8px;background:#fff}
dl.arguments{display:grid;grid-template-columns:max-content 1fr;gap:3px 14px;margin:0;font-size:14px}
dl.arguments :is(dt,dd){margin:0;padding:0;font-size:14px}dl.arguments dt{color:var(--soft)}dl.arguments dd{overflow-wrap:anywhere;white-space:pre-wrap;font-family:ui-monospace,Menlo,Consolas,monospace}
.arguments i{color:var(--soft);font-size:13.5px}
.st-key-tool-list button,.st-key-file-list button{justify-content:flex-start;min-height:34px;padding:4px 10px;border:0}
.st-key-tool-list button>div,.st-key-file-list button>div{width:100%;justify-content:flex-start}
.st-key-tool-list button>div>:first-child,.st-key-file-list button>div>:first-child{flex:1;justify-content:flex-start;text-align:left}
.kernel{display:flex;align-items:center;gap:8px;font-size:13.5px;color:var(--soft)}.kernel .dot{width:8px;height:8px;border-radius:50%;background:var(--soft);flex:none}
.kernel .dot.idle{background:#16a34a}.kernel .dot.busy,.kernel .dot.starting{background:var(--accent);animation:glm-pulse 1.1s ease-in-out infinite}
.kernel .dot.lost{background:#dc2626}

/* welcome */
.hero{text-align:center;padding:7vh 0 10px}.hero .logo{width:60px;height:60px;margin-bottom:18px}
.hero h1{font-size:30px;font-weight:650;letter-spacing:-.02em;margin:0 0 8px;padding:0}.hero p{color:var(--soft);font-size:16px;margin:0}
.st-key-examples button{min-height:64px;text-align:left;border-radius:14px;padding:12px 18px}
.st-key-examples button>div,.st-key-conversations button>div{width:100%}
.st-key-examples button>div>span,.st-key-conversations button>div>span{width:100%;justify-content:flex-start;text-align:left}
.st-key-examples [data-testid=stIconMaterial]{color:var(--accent)}

/* side panel */
.brand{display:flex;align-items:center;gap:10px}.brand .logo{width:34px;height:34px;flex:none}
.brand b{display:block;font-size:16px;font-weight:650;line-height:1.3}.brand span{font-size:12.5px;color:var(--soft)}
[data-testid=stSidebarHeader]{height:2.6rem;margin-bottom:0}
[data-testid=stSidebarUserContent]{padding-top:0}
.section{font-size:12.5px;font-weight:600;color:var(--soft);margin:.5rem 0 -.3rem}
.st-key-conversations button{justify-content:flex-start;min-height:34px;padding:4px 10px;border:0;background:none}
.st-key-conversations button p{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:14px}
.st-key-conversations button:hover{background:color-mix(in srgb,var(--soft) 12%,transparent)}
.st-key-conversations [class*=st-key-current-]{flex-wrap:nowrap}.st-key-conversations [class*=st-key-current-]>:first-child{min-width:0;flex:1 1 0}
.st-key-conversations [class*=st-key-current-]>:last-child{flex:0 0 auto}
.st-key-conversations [class*=st-key-current-] button{background:color-mix(in srgb,var(--accent) 14%,transparent)}

[data-testid=stBaseButton-primary],[data-testid=stBaseButton-primaryFormSubmit]{background:#4f46e5!important;border-color:#4f46e5!important;color:#fff!important}
[data-testid=stBaseButton-primary]:hover,[data-testid=stBaseButton-primaryFormSubmit]:hover{background:#4338ca!important}
button.theme{display:inline-flex;align-items:center;gap:8px;border:0;background:none;color:inherit;font:inherit;font-size:14px;padding:8px 0;cursor:pointer}
button.theme::before{content:"";width:17px;height:17px;background:currentColor;-webkit-mask:THEMEMASK center/contain no-repeat;mask:THEMEMASK center/contain no-repeat}
button.theme:hover{color:var(--accent)}button.theme:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:6px}
html:lang(zh) [data-testid=stFileUploaderDropzone] button [data-testid=stMarkdownContainer] p{font-size:0}
html:lang(zh) [data-testid=stFileUploaderDropzone] button [data-testid=stMarkdownContainer] p::after{content:"选择文件";font-size:14px}
html:lang(zh) [data-testid=stFileUploaderDropzoneInstructions]{display:none}

/* composer and status line */
[data-testid=stBottomBlockContainer]>[data-testid=stVerticalBlock]{position:relative;gap:.55rem}
[data-testid=stLayoutWrapper]:has(>.st-key-stop){position:absolute;right:11px;bottom:40px;width:auto;z-index:5}
.st-key-stop button{width:36px;height:36px;min-height:36px;padding:0;border:0;border-radius:50%;background:var(--ink)!important;color:light-dark(#fff,#0f1117)!important}
[data-testid=stLayoutWrapper]:has(>.st-key-attach){position:absolute;left:10px;bottom:40px;width:auto;z-index:5}
.st-key-attach button{width:36px;height:36px;min-height:36px;padding:0;border:0;border-radius:50%;background:none;color:var(--soft)}
.st-key-attach button:hover{background:color-mix(in srgb,var(--soft) 14%,transparent)}
.st-key-attach [data-testid=stPopover] button [data-testid=stMarkdownContainer]{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.st-key-attach [data-testid=stPopover] button>div>[aria-hidden=true],.st-key-conversations [data-testid=stPopover] button>div>[aria-hidden=true]{display:none}
[data-testid=stVerticalBlock]:has(>[data-testid=stLayoutWrapper]>.st-key-attach) [data-testid=stChatInput] textarea{padding-left:2.6rem}
.chips{display:flex;flex-wrap:wrap;gap:8px}.chip{display:inline-flex;gap:6px;align-items:center;border:1px solid var(--line);border-radius:10px;padding:3px 10px;font-size:13px;color:var(--soft);background:var(--panel)}
[data-testid=stChatInput]>div{border-radius:24px;background:light-dark(#fff,#171a23);box-shadow:0 1px 2px rgba(16,24,40,.05),0 8px 24px -12px rgba(16,24,40,.16)}
[data-testid=stChatInput] textarea{font-size:16px}
[data-testid=stChatInputSubmitButton]{border-radius:50%!important;width:36px!important;height:36px!important}
[data-testid=stChatInputSubmitButton]:not(:disabled){background:light-dark(#4f46e5,#4f46e5)!important;color:#fff!important}
.status,.status *{color:var(--soft)}.status{display:flex;flex-wrap:wrap;align-items:center;justify-content:center;gap:3px 9px;
font-size:12.5px;line-height:1.5;min-height:20px;font-variant-numeric:tabular-nums}
.status b{font-weight:600;color:var(--ink)}.status i{font-style:normal;opacity:.5}
.status .dot{width:8px;height:8px;border-radius:50%;background:#16a34a;flex:none}
.status .dot.loading{background:#d97706;animation:glm-pulse 1.1s ease-in-out infinite}.status .dot.failed{background:#dc2626}
.status .meter{display:inline-block;vertical-align:2px;margin-right:9px;width:64px;height:5px;border-radius:9px;background:var(--line);overflow:hidden}
.status .meter.wide{width:130px}.status .meter span{display:block;height:100%;border-radius:9px;background:var(--accent)}
.alert{border:1px solid light-dark(#f0c3bd,#5b2a26);background:light-dark(#fff5f3,#2a1816);color:light-dark(#8a2418,#ffb4a8);
border-radius:16px;padding:13px 18px;font-size:14.5px;line-height:1.6;overflow-wrap:anywhere}
.alert b{display:block}.alert small{display:block;margin-top:4px;font-size:13px;opacity:.85}
@media(max-width:640px){
[data-testid=stMainBlockContainer]{padding-left:1rem;padding-right:1rem;padding-top:4.25rem;padding-bottom:1rem}[data-testid=stBottomBlockContainer]{padding-left:.7rem;padding-right:.7rem}
.hero{padding-top:1vh}.hero .logo{width:48px;height:48px;margin-bottom:12px}.hero h1{font-size:25px}
.st-key-examples button{min-height:50px;padding:8px 16px}.st-key-examples [data-testid=stVerticalBlock],.st-key-examples [data-testid=stHorizontalBlock]{gap:.6rem}
.status .meter:not(.wide),.status .extra,.status .extra+i,.status i:has(+.extra){display:none}
[class*=st-key-question-]{max-width:92%}
}
@media(max-width:640px) and (max-height:740px){.hero .logo{display:none}}
@media(prefers-reduced-motion:reduce){*,*::before,*::after{animation:none!important;transition:none!important}}
</style>
""".replace("COPYMASK", icon_mask("copy")).replace("THEMEMASK", icon_mask("theme"))

HEAD = """
<script>
(() => {
  const speak = () => {
    const tag = new URLSearchParams(location.search).get('lang') || navigator.language || 'en';
    const lang = tag.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
    if (document.documentElement.lang !== lang) document.documentElement.lang = lang;
  };
  speak();
  const write = async (text) => {
    const box = document.createElement('textarea');
    box.value = text; box.style.position = 'fixed'; box.style.opacity = '0';
    document.body.append(box); box.select();
    const copied = document.execCommand('copy');
    box.remove();
    if (!copied) throw new Error('the browser does not allow copying');
  };
  // Without https a browser has no clipboard; the buttons on code blocks expect one.
  if (!navigator.clipboard) Object.defineProperty(navigator, 'clipboard', {value: {writeText: write}});
  // Streamlit stays at the end of a growing page most of the time; this does it always, until someone scrolls up.
  const SCROLLER = '[data-testid=stAppScrollToBottomContainer]', QUESTIONS = '[class*="st-key-question-"]';
  let follow = true, questions = 0, planned = false;
  document.addEventListener('scroll', ({target}) => {
    if (target.matches && target.matches(SCROLLER))
      follow = target.scrollHeight - target.scrollTop - target.clientHeight < 80;
  }, true);
  const keepUp = () => {
    planned = false;
    speak();
    const now = document.querySelectorAll(QUESTIONS).length;
    const asked = now > questions;
    questions = now;
    const page = document.querySelector(SCROLLER);
    if (page && (asked || (follow && document.querySelector('.st-key-stop')))) page.scrollTop = page.scrollHeight;
  };
  new MutationObserver(() => { if (!planned) { planned = true; requestAnimationFrame(keepUp); } })
    .observe(document.documentElement, {childList: true, subtree: true, characterData: true});
  // What can be scrolled has to be reachable by keyboard; Streamlit's code blocks are not.
  setInterval(() => document.querySelectorAll('pre:not([tabindex])').forEach((block) => {
    if (block.scrollWidth > block.clientWidth || block.scrollHeight > block.clientHeight) block.tabIndex = 0;
  }), 1500);
  document.addEventListener('click', (event) => {
    if (event.target.closest && event.target.closest('button.theme')) {
      const app = document.querySelector('.stApp');
      const dark = getComputedStyle(app).colorScheme.includes('dark');
      const key = Object.keys(localStorage).find((name) => name.startsWith('stActiveTheme-'))
        || `stActiveTheme-${location.pathname}-v2`;
      localStorage.setItem(key, JSON.stringify(dark ? 'Light' : 'Dark'));
      location.reload();
      return;
    }
    const button = event.target.closest && event.target.closest('button.copy');
    if (!button) return;
    navigator.clipboard.writeText(button.dataset.text).catch(() => write(button.dataset.text)).then(() => {
      button.classList.add('done');
      setTimeout(() => button.classList.remove('done'), 1200);
    });
  });
})();
</script>
"""
