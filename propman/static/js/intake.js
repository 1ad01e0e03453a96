/* Phone intake by keyboard alone: arrows and Enter choose who calls, Alt and a digit the category, Ctrl+Enter logs the call. */
(function () {
  'use strict';
  const form = document.querySelector('[data-intake]');
  if (!form) return;
  const $ = (s) => form.querySelector(s), $$ = (s) => Array.from(form.querySelectorAll(s));
  const who = $('#who'), said = $('#id_said'), steps = $$('.pm-steps li');
  const step = (n) => steps.forEach((li, i) => { if (i === n) li.setAttribute('aria-current', 'step'); else li.removeAttribute('aria-current'); li.classList.toggle('is-done', i < n); });
  const unknown = () => { $('#unknown').hidden = !!form.elements.caller.value; };
  const choose = (row) => {
    $$('[data-caller]').forEach((one) => { one.classList.toggle('is-on', one === row); if (one === row) one.setAttribute('aria-current', 'true'); else one.removeAttribute('aria-current'); });
    form.elements.caller.value = row.dataset.caller;
    form.elements.means.value = '';
    if (row.dataset.phone) form.elements.phone.value = row.dataset.phone;
    unknown();
    step(1);
    said.focus();
    // asked for here: a fast hand presses Enter before htmx has seen the new row
    window.htmx.ajax('GET', row.dataset.home, '#home');
  };
  form.addEventListener('click', (e) => {
    const row = e.target.closest('[data-caller]'), means = e.target.closest('[data-means]');
    if (row) choose(row);
    if (!means) return;
    const on = means.getAttribute('aria-pressed') !== 'true';
    $$('[data-means]').forEach((b) => b.setAttribute('aria-pressed', String(on && b === means)));
    form.elements.means.value = on ? means.dataset.means : '';
  });
  // A search that answers after somebody was chosen would take the chosen row away.
  form.addEventListener('htmx:beforeSwap', (e) => { if (e.detail.target.id === 'callers' && form.elements.caller.value) e.detail.shouldSwap = false; });
  who.addEventListener('input', () => { form.elements.caller.value = ''; unknown(); step(0); });
  form.addEventListener('keydown', (e) => {
    const rows = $$('[data-caller]');
    if (e.target === who && e.key === 'Enter' && !e.ctrlKey) {
      e.preventDefault();
      if (rows[0]) rows[0].click(); else $('#id_name').focus();
    }
    if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && (e.target === who || rows.includes(e.target))) {
      e.preventDefault();
      const to = rows.indexOf(e.target) + (e.key === 'ArrowDown' ? 1 : -1);
      (rows[to] || who).focus();
    }
    if (e.altKey && /^[1-9]$/.test(e.key)) {
      const pick = $('[data-alt="' + e.key + '"]');
      if (pick) { e.preventDefault(); pick.checked = true; pick.dispatchEvent(new Event('change', { bubbles: true })); }
    }
  });
  const solution = () => { const solved = form.elements.next.value === 'solved'; $('.pm-intake__solution').hidden = !solved; $('#id_solution').required = solved; };
  form.addEventListener('change', solution);
  said.addEventListener('focus', () => step(1));
  solution();
  unknown();
  step(form.elements.caller.value ? 1 : 0);
  const first = $('[autofocus]');
  if (first) first.focus();
}());
