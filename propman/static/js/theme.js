/* In the head, so that no page flashes white: without a remembered choice the device decides. */
(function () {
  'use strict';
  const root = document.documentElement, dark = matchMedia('(prefers-color-scheme: dark)');
  if (root.dataset.bsTheme) return;
  const follow = () => { if (dark.matches) root.dataset.bsTheme = 'dark'; else delete root.dataset.bsTheme; };
  follow();
  dark.addEventListener('change', follow);
}());
