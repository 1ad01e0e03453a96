/* What a reader would stumble over on the page as it stands: contrast, cut or overflowing text, small targets, nameless
   controls, doubled ids, inline code. Returns one line per finding. Evaluated by tests/browser/checks.py. */
() => {
  const found = new Set(), width = document.documentElement.clientWidth;
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true }), memo = {};
  const rgba = (s) => {
    if (memo[s]) return memo[s];
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = s; canvas.fillRect(0, 0, 1, 1);
    const d = canvas.getImageData(0, 0, 1, 1).data;
    return memo[s] = [d[0], d[1], d[2], d[3] / 255];
  };
  const luminance = (c) => { const a = c.slice(0, 3).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * a[0] + .7152 * a[1] + .0722 * a[2]; };
  const over = (top, base) => base.map((v, i) => (i < 3 ? v * (1 - top[3]) + top[i] * top[3] : 1));
  const grounds = (e) => { /* every ground the text may stand on: a gradient gives all its stops */
    const veils = []; let base = null;
    for (; e; e = e.parentElement) {
      const cs = getComputedStyle(e), image = cs.backgroundImage;
      if (image.includes('gradient') && !cs.backgroundSize.includes('px')) {
        const stops = [...image.matchAll(/(?:rgba?|color|oklab|oklch)\([^()]*\)/g)].map((m) => rgba(m[0])).filter((c) => c[3] >= .99);
        if (stops.length) { base = stops; break; }
      }
      const c = rgba(cs.backgroundColor);
      if (c[3] >= .99) { base = [c]; break; }
      if (c[3] > 0) veils.unshift(c);
    }
    return (base || [[255, 255, 255, 1]]).map((b) => veils.reduce((r, c) => over(c, r), b));
  };
  const name = (e) => (e.className && e.className.baseVal !== undefined ? e.className.baseVal : e.className) || e.tagName;
  const shown = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const stage = !!document.querySelector('.pm-stage, .pm-wall');

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode, e = node.parentElement, text = node.textContent.trim().slice(0, 28);
    if (!text || !shown(e) || e.closest('script, noscript, .visually-hidden, .pm-skip, .pm-sprite')) continue;
    const box = e.getBoundingClientRect(); if (box.width < 2 || box.height < 2) continue;
    const cs = getComputedStyle(e), svg = e.closest('svg'), colour = rgba(svg && e.tagName.toLowerCase() === 'text' ? cs.fill : cs.color), px = parseFloat(cs.fontSize);
    if (!(svg && e.closest('.pm-box'))) {
      const ratio = Math.min(...grounds(svg || e).map((b) => { const c = over(colour, b), x = luminance(c), y = luminance(b); return (Math.max(x, y) + .05) / (Math.min(x, y) + .05); }));
      const need = px >= 24 || (px >= 18.6 && +cs.fontWeight >= 700) || stage ? 3 : 4.5;
      if (ratio < need - .005) found.add(`contrast ${ratio.toFixed(2)} ${name(e)} "${text}"`);
      if (px < 10.9 && !stage && !svg) found.add(`type of ${px} px ${name(e)} "${text}"`);
    }
    if (stage && width < 1280) continue;
    const range = document.createRange(); range.selectNodeContents(node);
    const t = range.getBoundingClientRect(); let inside = false;
    for (let c = e; c && c !== document.body; c = c.parentElement) {
      const o = getComputedStyle(c);
      if (o.overflowX === 'visible') continue;
      if (/auto|scroll/.test(o.overflowX)) { inside = true; break; }
      const cut = t.right > c.getBoundingClientRect().right + 1.5;
      if (cut && o.textOverflow !== 'ellipsis' && !c.matches('.pm-vote__face, .pm-vote__back, caption, legend')) found.add(`cut ${name(c)} "${text}"`);
      if (cut && o.textOverflow === 'ellipsis') inside = true;
    }
    if (!inside && t.right > width + 1) found.add(`off the page ${name(e)} "${text}"`);
  }
  if (document.documentElement.scrollWidth > width + 1 && !stage) found.add(`the page is ${document.documentElement.scrollWidth} px wide`);

  if (!stage) for (const e of document.querySelectorAll('a[href], button, summary, select, textarea, input, .pm-seg label, .pm-vote__turn')) {
    if (!shown(e) || e.closest('.pm-skip, dialog:not([open]), .visually-hidden') || e.matches('.visually-hidden, [type=hidden]')) continue;
    if (e.matches('input[type=radio], input[type=checkbox]') && !e.closest('.pm-pick') && !e.matches('.form-check-input')) continue;
    const box = (e.matches('.form-check-input') ? e.closest('label') || e : e).getBoundingClientRect(); if (box.width < 2) continue;
    let height = box.height; const after = getComputedStyle(e, '::after');
    if (e.matches('a.pm-chip') && after.content !== 'none') height -= 2 * parseFloat(after.top);
    const target = parseFloat(getComputedStyle(e).getPropertyValue('--pm-target')) || 44;
    if (height < target - .7 || box.width < Math.min(target, 32) - .7) found.add(`target ${box.width.toFixed(0)}x${height.toFixed(0)} of ${target} ${name(e)} "${e.textContent.trim().slice(0, 20)}"`);
  }
  for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    const says = (e.getAttribute('aria-label') || e.textContent || '').trim() || (e.labels && e.labels.length) || e.placeholder;
    if (!says && e.type !== 'hidden' && !(e.querySelector && e.querySelector('img[alt]:not([alt=""])'))) found.add(`no name ${e.outerHTML.slice(0, 70)}`);
  }
  const ids = {};
  for (const e of document.querySelectorAll('[id]')) ids[e.id] = (ids[e.id] || 0) + 1;
  for (const id in ids) if (ids[id] > 1) found.add(`id twice ${id}`);
  for (const e of document.querySelectorAll('label[for]')) if (!document.getElementById(e.htmlFor)) found.add(`label for nothing ${e.htmlFor}`);
  for (const e of document.querySelectorAll('*')) for (const a of e.attributes) if (/^on[a-z]+$/.test(a.name)) found.add(`inline handler ${a.name} ${name(e)}`);
  for (const e of document.querySelectorAll('style, script:not([src]):not([type="application/json"])')) found.add(`inline ${e.tagName.toLowerCase()}`);
  if (document.querySelectorAll('h1').length !== 1 && !stage) found.add(`${document.querySelectorAll('h1').length} first headings`);
  return [...found];
}
