"""The small script in the head of the Gradio chat: language, colours, side panel, downloads, dialogs of the list."""

from __future__ import annotations

SCRIPT = """
<script>
(() => {
  // The address's ?lang= and what was chosen earlier come before the browser's own language; the page's
  // framework asks navigator.language once, after this.
  const asked = new URLSearchParams(location.search).get('lang');
  if (asked === 'zh' || asked === 'en') localStorage.setItem('glm-language', asked);
  const chosen = localStorage.getItem('glm-language');
  if (chosen) {
    const tag = chosen === 'zh' ? 'zh-CN' : 'en';
    for (const [name, value] of [['language', tag], ['languages', [tag]]])
      Object.defineProperty(navigator, name, {get: () => value, configurable: true});
  }
  const tagOf = (lang) => lang === 'zh' ? 'zh-CN' : 'en';
  const language = () => (navigator.language || '').toLowerCase().startsWith('zh') ? 'zh' : 'en';
  const dark = () => {
    const kept = localStorage.getItem('glm-theme');
    return kept ? kept === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  };
  const paint = () => document.body.classList.toggle('dark', dark());
  const narrow = () => innerWidth <= 900;

  // A dialog that renames a conversation or makes sure that it is to be deleted.
  const ask = (what, title, words, then) => {
    const dialog = document.createElement('dialog'), rename = what === 'rename';
    dialog.className = 'glm-dialog';
    dialog.innerHTML = '<form method="dialog"><h2></h2><p></p><input maxlength="80" autocomplete="off">'
      + '<div><button value=""></button><button value="yes"></button></div></form>';
    const [head, line, field] = ['h2', 'p', 'input'].map((name) => dialog.querySelector(name));
    const [no, yes] = dialog.querySelectorAll('button');
    head.textContent = rename ? words.rename : words.deleteQuestion;
    head.id = 'glm-dialog-title';
    dialog.setAttribute('aria-labelledby', head.id);
    line.textContent = field.value = title;
    (rename ? line : field).remove();
    field.setAttribute('aria-label', words.name);
    no.textContent = words.cancel;
    yes.textContent = rename ? words.save : words.deleteSure;
    yes.classList.toggle('danger', !rename);
    no.type = 'button';  // so that Enter in the field means yes
    no.onclick = () => dialog.close();
    dialog.onclick = ({target}) => { if (target === dialog) dialog.close(); };
    dialog.onclose = () => {
      dialog.remove();
      if (dialog.returnValue === 'yes') then(field.value);
    };
    document.body.append(dialog);
    dialog.showModal();
    if (rename) field.select();
  };
  // Gradio's client takes the pieces of an answer at once while a page is hidden and from a timer while it is not:
  // whoever looks away or comes back at the wrong moment would get them in the wrong order.
  Object.defineProperty(document, 'visibilityState', {get: () => 'visible'});
  window.glm = {
    // What the page goes on with after a reload or a lost connection: conversation, language, text not yet sent.
    boot() {
      document.documentElement.lang = tagOf(language());
      const place = new URLSearchParams(location.search).get('c'), draft = sessionStorage.getItem('glm-draft');
      return [place || '', language(), draft || ''];
    },
    address(key) {
      const address = new URL(location.href);
      if (key && key !== 'new') address.searchParams.set('c', key); else address.searchParams.delete('c');
      history.replaceState(history.state, '', address);
    },
    // A click into the list of conversations, or of attached files: `send` tells the program what is to be done.
    list(event, send) {
      const button = event.target.closest('button[data-do]');
      if (!button) return;
      const place = button.closest('[data-id]');
      const order = {do: button.dataset.do, id: place ? place.dataset.id : '', name: ''};
      if (order.do === 'rename' || order.do === 'delete') {
        const title = place.querySelector('.open').title, words = place.closest('nav').dataset;
        ask(order.do, title, words, (name) => send({...order, name}));
      } else {
        send(order);
        if (order.do === 'open') this.afterNew();
      }
    },
    download(json) {
      if (!json) return;
      const {name, mime, text} = JSON.parse(json);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], {type: mime}));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 5000);
    },
    panel(open) {
      document.body.classList.toggle('panel-closed', !open);
      if (!narrow()) localStorage.setItem('glm-panel', open ? 'open' : 'closed');
    },
    afterNew() { if (narrow()) this.panel(false); },
    theme() {
      localStorage.setItem('glm-theme', document.body.classList.contains('dark') ? 'light' : 'dark');
      paint();
    },
    language(lang) {
      localStorage.setItem('glm-language', lang);
      document.documentElement.lang = tagOf(lang);
    },
  };
  // In the head there is no body yet; the classes must be on it before the first paint.
  const whenBody = (task) => document.body ? task() : new MutationObserver((_, watcher) => {
    if (document.body) { watcher.disconnect(); task(); }
  }).observe(document.documentElement, {childList: true});
  document.documentElement.lang = tagOf(language());
  whenBody(() => {
    paint();
    document.body.classList.toggle('panel-closed', narrow() || localStorage.getItem('glm-panel') === 'closed');
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
    // The framework sets its own theme class while it starts.
    new MutationObserver(() => { if (document.body.classList.contains('dark') !== dark()) paint(); })
      .observe(document.body, {attributes: true, attributeFilter: ['class']});
    const shade = document.createElement('div');
    shade.id = 'shade';
    shade.onclick = () => window.glm.panel(false);
    document.body.append(shade);
  });
  addEventListener('input', ({target}) => {
    if (target.matches('#box textarea')) sessionStorage.setItem('glm-draft', target.value);
  });
  addEventListener('click', ({target}) => {
    if (target.closest('#box button.submit-button')) sessionStorage.removeItem('glm-draft');
  });
  addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && event.target.matches('#box textarea'))
      sessionStorage.removeItem('glm-draft');
    if (event.key === 'Escape' && !document.querySelector('dialog[open]')) {
      const stop = document.querySelector('#box button.stop-button');
      if (stop) stop.click(); else if (narrow()) window.glm.panel(false);
    }
  });
})();
</script>
"""
