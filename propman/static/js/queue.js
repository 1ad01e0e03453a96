/* The queue: opens complaints beside the list, asks every two seconds what has changed, keeps drafts, never loses the place.
   The list moves only when asked. Without this file every link and form of the page still works. */
(function () {
  'use strict';
  const queue = document.querySelector('[data-queue]');
  if (!queue) return;
  const $ = (s, r) => (r || document).querySelector(s);
  const $$ = (s, r) => Array.from((r || document).querySelectorAll(s));
  const EVERY = 2000, TYPING_FOR = 6000, CLOCKS_EVERY = 60000;
  const openCase = () => $('#case[data-number]');
  const current = () => $('[data-rows] [aria-current]');
  let typedAt = 0, clocksAt = Date.now();

  /* ---- drafts: kept on this device until the server says that they were sent ---- */
  const store = (name, value) => { try { if (value) localStorage.setItem(name, value); else localStorage.removeItem(name); } catch { /* private window */ } };
  const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const draftOf = (field) => { const c = field.closest('[data-number]'); return c && 'pm-draft ' + c.dataset.number + ' ' + field.dataset.keep; };
  const restore = () => {
    const c = openCase();
    if (!c) return;
    $$('[data-sent]', c).forEach((said) => { if (said.dataset.sent) store('pm-draft ' + c.dataset.number + ' ' + said.dataset.sent, ''); });
    $$('[data-keep]', c).forEach((field) => { const kept = stored(draftOf(field)); if (kept && !field.value) field.value = kept; });
  };
  document.addEventListener('input', (e) => {
    if (!e.target.matches('[data-keep]')) return;
    typedAt = Date.now();
    const name = draftOf(e.target);
    if (name) store(name, e.target.value);
  });

  /* ---- the place: where the keyboard was stays where it is ---- */
  const mark = (number) => {
    const row = number && $('#row-' + CSS.escape(number)), was = current();
    if (was && was !== row) { was.removeAttribute('aria-current'); was.classList.remove('is-on'); }
    if (row) { row.setAttribute('aria-current', 'true'); row.classList.add('is-on'); }
    return row;
  };
  const home = () => current() || $('[data-rows] .pm-row') || $('#q');
  const keepFocus = () => { if (document.activeElement === document.body || !document.activeElement) { const to = home(); if (to) to.focus({ preventScroll: true }); } };
  const settle = (isFirst) => {
    const c = openCase();
    queue.classList.toggle('is-open', !!c);
    const row = mark(c && c.dataset.number);
    if (row) row.scrollIntoView({ block: 'nearest' });
    restore();
    const log = c && $('.pm-log.pm-scroll', c);
    if (log) log.scrollTop = log.scrollHeight;
    const errors = c && $('[data-focus]', c);
    /* what was sent is done: the keys are for the list again, not for the field that stood here */
    if (errors) errors.focus(); else if (c && $('[data-sent]', c)) home().focus({ preventScroll: true }); else if (!isFirst) keepFocus();
  };

  document.addEventListener('htmx:beforeSwap', (e) => {
    const { xhr, target } = e.detail;
    if ([403, 409, 422].includes(xhr.status)) { e.detail.shouldSwap = true; e.detail.isError = false; }
    /* signed out, or another page altogether: go there, the draft is kept */
    if (target.id === 'case' && e.detail.shouldSwap && !/id="case"/.test(xhr.responseText)) { e.detail.shouldSwap = false; location.assign(xhr.responseURL || location.href); }
  });
  document.addEventListener('htmx:afterSwap', (e) => {
    const target = e.detail.target;
    if (target.id === 'case' || e.detail.elt.id === 'case') { settle(); ask(true); }
    if (target.id === 'act') { const field = $('select, textarea, input:not([type=hidden])', target); if (field) field.focus(); restore(); }
    if (target.closest('.is-macros')) { const first = $('button, a', target); if (first) first.focus(); }
    if (target.id === 'rows') { const c = openCase(); mark(c && c.dataset.number); keepFocus(); ask(); }
  });
  ['htmx:sendError', 'htmx:timeout', 'htmx:responseError'].forEach((name) => document.addEventListener(name, (e) => {
    const form = e.detail.elt.closest('form');
    if (!form) return;
    delete form.dataset.sent;
    let says = $('.pm-case__unsent', form);
    if (!says) { says = document.createElement('p'); says.className = 'pm-case__unsent pm-small'; says.setAttribute('role', 'alert'); form.prepend(says); }
    says.textContent = queue.dataset.unsent;
  }));

  document.addEventListener('click', (e) => {
    const focuses = e.target.closest('[data-focuses]');
    if (focuses) {
      const act = $('#act');
      if (act && focuses.dataset.focuses === '#id_text') act.replaceChildren();
      const field = $(focuses.dataset.focuses);
      if (field) field.focus();
    }
    const macro = e.target.closest('[data-macro]');
    if (macro) insert(macro);
    if (e.target.closest('[data-choose-all]')) $$('.pm-queue__pick input').forEach((box) => { box.checked = true; });
    if (e.target.closest('[data-leave]')) { $('#act').replaceChildren(); keepFocus(); }
    if (e.target.closest('[data-show-new]')) showNew();
    if (e.target.closest('[data-read-on]')) readOn();
  });
  document.addEventListener('keydown', (e) => {
    const menu = e.target.closest('.is-macros');
    if (menu && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
      const all = $$('.pm-menu__list button, .pm-menu__list a', menu), to = all[all.indexOf(e.target) + (e.key === 'ArrowDown' ? 1 : -1)];
      e.preventDefault();
      if (to) to.focus();
      return;
    }
    if (e.key !== 'Escape' || $('dialog[open]') || !e.target.matches('input, textarea, select, button')) return;
    const act = e.target.closest('#act');
    if (act) act.replaceChildren();
    e.target.blur();
    const to = home();
    if (to) to.focus({ preventScroll: true });
  });

  /* ---- ready-made words go where the cursor stands, and are a draft like any other ---- */
  const insert = (macro) => {
    const field = $('#id_text');
    if (!field) return;
    macro.closest('details').open = false;
    const kind = $('.pm-reply [name=kind][value="' + macro.dataset.kind + '"]');
    if (kind) { kind.checked = true; kind.dispatchEvent(new Event('change', { bubbles: true })); }
    field.focus();
    field.setRangeText(macro.dataset.macro, field.selectionStart, field.selectionEnd, 'end');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  };

  /* ---- what is new moves the list only when asked ---- */
  const showNew = () => {
    const c = openCase(), query = $('[data-since]').dataset.query, at = queue.dataset.queue.replace(/live\/$/, '');
    htmx.ajax('GET', at + '?' + query + (c ? '&open=' + c.dataset.number : ''), { target: '#rows', swap: 'innerHTML' });
  };
  /* the thread is drawn anew, what is being typed is kept as a draft and put back */
  const readOn = () => { const c = openCase(); htmx.ajax('GET', location.pathname + location.search, { source: c, target: '#case', swap: 'outerHTML' }).then(() => { const f = $('#id_text'); if (f) f.focus(); }); };

  const place = (html) => {
    const got = new DOMParser().parseFromString(html, 'text/html');
    $$('[data-for]', got).forEach((part) => {
      const to = document.getElementById(part.dataset.for);
      if (!to || (to.id === 'arrived' && !part.innerHTML.trim())) return; /* what arrived stays until it is read */
      if (to.innerHTML !== part.innerHTML) to.replaceChildren(...part.cloneNode(true).childNodes);
      if (part.dataset.state) to.classList.toggle('is-unread', part.dataset.state === 'received');
    });
  };
  let busy = false;
  const ask = async (clocks) => {
    const drawn = $('[data-since]');
    if (busy || !drawn) return;
    busy = true;
    const c = openCase(), now = Date.now(), body = new FormData();
    body.set('since', drawn.dataset.since);
    body.set('drawn', drawn.dataset.drawn);
    body.set('query', drawn.dataset.query);
    body.set('rows', $$('[data-rows] .pm-row').map((row) => row.id.slice(4)).join(','));
    if (c) {
      body.set('open', c.dataset.number);
      body.set('version', c.dataset.version);
      if (now - typedAt < TYPING_FOR) body.set('is_typing', 'on');
    }
    if (clocks || now - clocksAt > CLOCKS_EVERY) { body.set('clocks', 'on'); clocksAt = now; }
    try {
      const answer = await fetch(queue.dataset.queue, { method: 'POST', body, headers: JSON.parse(document.body.getAttribute('hx-headers')), redirect: 'error' });
      if (answer.ok) place(await answer.text());
    } catch { /* asked again in two seconds */ }
    busy = false;
  };
  setInterval(() => { if (!document.hidden) ask(); }, EVERY);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(true); });

  settle(true);
  ask();
}());
