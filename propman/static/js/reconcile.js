/* Reconciliation: J and K go from gap to gap, Y matches the one that is open. Without this file every gap is a link. */
(function () {
  'use strict';
  const table = document.querySelector('[data-gaps]');
  if (!table) return;
  const rows = Array.from(table.querySelectorAll('tr[data-entry]'));
  const compare = (row) => document.getElementById('compare-' + row.dataset.entry);
  const current = () => rows.findIndex((row) => row.hasAttribute('aria-current'));
  const choose = (to) => {
    rows.forEach((row) => {
      const on = row === to, fits = compare(row), match = row.querySelector('[data-match]');
      row.classList.toggle('is-on', on && !!fits);
      if (on) row.setAttribute('aria-current', 'true'); else row.removeAttribute('aria-current');
      if (fits) fits.hidden = !on;
      if (!match) return;
      match.classList.toggle('btn-primary', on);
      if (on) match.dataset.key = 'y'; else delete match.dataset.key;
      match.querySelector('kbd').hidden = !on;
    });
    to.querySelector('a').focus({ preventScroll: true });
    to.scrollIntoView({ block: 'nearest' });
  };
  const off = () => { try { return localStorage.getItem('pm-keys') === 'off'; } catch { return false; } };
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || off() || e.target.closest('input, textarea, select, dialog')) return;
    const step = { j: 1, k: -1 }[e.key], to = rows[current() + step];
    if (!step || !to) return;
    e.preventDefault();
    choose(to);
  });
  table.addEventListener('click', (e) => {
    const row = e.target.closest('tr[data-entry]');
    if (!row || e.target.closest('button, a:not([data-pick])')) return;
    e.preventDefault();
    choose(row);
  });
}());
