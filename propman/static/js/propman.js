/* Small comforts, all pages. Every page works without this file, apart from single-key shortcuts. No inline handlers.
   Words that a script shows stand in data-* attributes of the page, so that they are translated with it. */
(function () {
  'use strict';
  const $ = (s, r) => (r || document).querySelector(s);
  const $$ = (s, r) => Array.from((r || document).querySelectorAll(s));
  const remember = (name, value) => { try { if (value === undefined) return localStorage.getItem(name); localStorage.setItem(name, value); } catch { /* private window */ } return null; };
  const keysOff = () => remember('pm-keys') === 'off';
  const typing = (e) => e.ctrlKey || e.metaKey || e.altKey || e.target.matches('input, textarea, select, [contenteditable]');

  const narrow = (unit) => {
    const name = unit.value && unit.selectedOptions[0].label;
    $$('[data-of-unit]', unit.closest('[data-row]')).forEach((select) => {
      const groups = $$('optgroup', select);
      groups.forEach((group) => { group.hidden = group.disabled = !!name && group.label !== name; });
      $$('option:checked', select).forEach((option) => { if (option.closest('optgroup[disabled]')) option.selected = false; });
      const own = name && !select.multiple && !select.value && groups.find((group) => !group.disabled);
      if (own) own.children[0].selected = true;
    });
  };
  document.addEventListener('change', (e) => { if (e.target.matches('[data-unit]')) narrow(e.target); });

  /* what a page and every fragment that htmx brings needs */
  const wake = (root) => {
    /* copy buttons appear only where copying is possible */
    $$('[data-copy]', root).forEach((b) => {
      if (!navigator.clipboard) return;
      b.hidden = false;
      b.addEventListener('click', () => navigator.clipboard.writeText($(b.dataset.copy).textContent.trim()).then(() => { $('span', b).textContent = b.dataset.copied; }));
    });
    /* the summary of errors is read out and reached first */
    const errors = $('[data-focus]', root);
    if (errors) errors.focus();
    /* a drop field names what was chosen */
    $$(':is(.pm-drop, .pm-add) input[type=file]', root).forEach((input) => input.addEventListener('change', () => {
      const says = $('[data-files]', input.closest('label'));
      if (!says || !input.files.length) return;
      says.textContent = Array.from(input.files, (f) => f.name).join(', ');
      says.classList.add('is-chosen');
    }));
    /* beside a department only its own people and budget lines */
    $$('[data-unit]', root).forEach(narrow);
    /* a filter of a list acts at once */
    $$('.pm-filters select', root).forEach((s) => s.addEventListener('change', () => s.form.requestSubmit()));
  };
  wake(document);
  document.addEventListener('htmx:load', (e) => { if (e.detail.elt !== document.body) wake(e.detail.elt); });

  /* a button pressed twice sends once */
  document.addEventListener('submit', (e) => {
    const form = e.target;
    if (form.method !== 'post' || e.defaultPrevented) return;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = '1';
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });
  addEventListener('pageshow', () => $$('form[data-sent]').forEach((f) => { delete f.dataset.sent; }));

  /* a menu closes when one looks elsewhere */
  document.addEventListener('click', (e) => $$('.pm-menu[open]').forEach((m) => { if (!m.contains(e.target)) m.open = false; }));
  document.addEventListener('keydown', (e) => { if (e.key === 'Escape') $$('.pm-menu[open]').forEach((m) => { m.open = false; $('summary', m).focus(); }); });

  /* a dialog opens where its button says so */
  document.addEventListener('click', (e) => {
    const opens = e.target.closest('[data-opens]'), closes = e.target.closest('[data-close]');
    if (opens) { e.preventDefault(); $(opens.dataset.opens).showModal(); }
    if (closes) closes.closest('dialog').close();
  });

  /* single keys: whatever on the page wears data-key (N, A, R, /, ?) is pressed or focused */
  const rows = () => $$('[data-rows] .pm-row');
  let goes = false;
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && e.target.form) { e.preventDefault(); e.target.form.requestSubmit(); return; }
    if (typing(e) || keysOff() || $('dialog[open]')) return;
    if (goes && /^[1-9]$/.test(e.key)) { const view = $$('[data-view]')[e.key - 1]; if (view) view.click(); }
    goes = e.key === 'g';
    if (e.key === 'j' || e.key === 'k') {
      const all = rows(), at = all.findIndex((a) => a.hasAttribute('aria-current')), to = all[at + (e.key === 'j' ? 1 : -1)];
      if (!to) return;
      if (all[at]) { all[at].removeAttribute('aria-current'); all[at].classList.remove('is-on'); }
      to.setAttribute('aria-current', 'true'); to.classList.add('is-on'); to.focus(); to.click();
      return;
    }
    const hits = $$('[data-key]').filter((b) => b.dataset.key.toLowerCase() === e.key.toLowerCase() && b.checkVisibility());
    const hit = hits.find((b) => b.matches('input, textarea')) || hits[0]; /* a field of the page before a link to another */
    if (!hit) return;
    e.preventDefault();
    if (hit.matches('input, textarea')) { hit.focus(); return; }
    if (window.htmx) htmx.process(hit); /* a key may be quicker than the settling of what was just swapped in */
    hit.click();
  });
  const off = $('[data-keys-off]');
  if (off) { off.checked = keysOff(); off.addEventListener('change', () => remember('pm-keys', off.checked ? 'off' : 'on')); }

  /* a reply that was begun is kept on this device until it is sent */
  $$('[data-draft]').forEach((text) => {
    const name = 'pm-draft ' + text.dataset.draft, kept = remember(name);
    if (kept && !text.value) text.value = kept;
    text.addEventListener('input', () => remember(name, text.value));
    text.form.addEventListener('submit', () => remember(name, ''));
  });

  /* cards: let the chosen one fall before the form is sent; the phone remembers that it hides what was cast */
  const cast = $('.pm-cast');
  if (cast) {
    const hide = $('#hide', cast);
    if (hide) { hide.checked = remember('pm-hide') === '1'; hide.addEventListener('change', () => remember('pm-hide', hide.checked ? '1' : '0')); }
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) cast.addEventListener('submit', (e) => {
      if (cast.classList.contains('is-dropping')) return;
      e.preventDefault();
      cast.classList.add('is-dropping');
      setTimeout(() => cast.submit(), 750);
    });
  }

  /* score sheet: a tap scores the item and opens the next one without a score */
  const scores = $('[data-scores]');
  if (scores) scores.addEventListener('change', (e) => {
    const item = e.target.closest('details'), v = e.target.value;
    if (!item || e.target.type !== 'radio') return;
    $('.pm-score__value', item).textContent = v === 'skip' ? scores.dataset.skipped : v;
    const rated = $$('input:checked', scores), nums = rated.map((r) => +r.value).filter((n) => !isNaN(n)), all = $$('details', scores).length;
    $('[data-done]').textContent = rated.length;
    $('[data-mean]').textContent = nums.length ? (nums.reduce((a, b) => a + b, 0) / nums.length).toFixed(1) : '–';
    $('[data-fill]').setAttribute('width', rated.length / all * 100 + '%');
    setTimeout(() => {
      const next = $$('details', scores).find((d) => !$('input:checked', d));
      item.open = false;
      if (next) { next.open = true; next.scrollIntoView({ block: 'center', behavior: 'smooth' }); }
    }, 220);
  });

  /* appraisal sheet: live totals and order, ties 1, 2, 2, 4; a missing score is never zero */
  const emps = $$('[data-emp]');
  if (emps.length) {
    const order = $('[data-order]');
    const draw = () => {
      const sheet = emps.filter((e) => !e.hasAttribute('data-off')).map((e) => {
        const v = $$('fieldset', e).map((s) => { const c = $('input:checked', s); s.classList.toggle('is-missing', !c); return c ? +c.value : null; });
        return { e, name: e.dataset.emp, total: v.includes(null) ? null : v.reduce((a, b) => a + b, 0) };
      });
      const done = sheet.filter((r) => r.total !== null);
      sheet.forEach((r) => {
        r.rank = r.total === null ? null : 1 + done.filter((d) => d.total > r.total).length;
        r.tie = r.rank !== null && done.filter((d) => d.total === r.total).length > 1;
        $('[data-total]', r.e).textContent = r.total === null ? '–' : r.total;
        $('[data-rank]', r.e).textContent = r.rank === null ? '–' : r.rank;
        $('[data-tie]', r.e).textContent = r.tie ? order.dataset.tie : '';
      });
      order.replaceChildren(...done.sort((a, b) => a.rank - b.rank).map((r) => {
        const li = document.createElement('li'), b = document.createElement('b');
        b.textContent = r.rank; li.append(b, r.name); if (r.tie) li.className = 'is-tie'; return li;
      }));
    };
    document.addEventListener('change', (e) => { if (e.target.closest('[data-emp]')) draw(); });
    draw();
  }

  /* intake: running call time */
  const call = $('[data-call-seconds]');
  if (call) {
    const t0 = Date.now() - call.dataset.callSeconds * 1000, two = (n) => String(n).padStart(2, '0');
    setInterval(() => { const s = Math.floor((Date.now() - t0) / 1000); call.textContent = two(Math.floor(s / 60)) + ':' + two(s % 60); }, 1000);
  }
}());
