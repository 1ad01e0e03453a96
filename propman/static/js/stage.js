/* The stage: space or right arrow deals, P pauses. The server holds the count; the page only presses its buttons. */
(function () {
  'use strict';
  document.addEventListener('keydown', (e) => {
    if (e.repeat || e.ctrlKey || e.metaKey || e.altKey || e.target.matches('input, textarea, select')) return;
    try { if (localStorage.getItem('pm-keys') === 'off') return; } catch { /* private window */ }
    const wanted = { ' ': '[data-deal]', ArrowRight: '[data-deal]', p: '[data-pause]', P: '[data-pause]' }[e.key];
    const button = wanted && document.querySelector(wanted);
    if (!button || (e.key === ' ' && e.target.matches('button, a'))) return;
    e.preventDefault();
    button.click();
  });
}());
