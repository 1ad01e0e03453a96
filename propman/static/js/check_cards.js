/* Check my cards: what is typed is hashed and compared here with the published lists; nothing of it is sent. */
(function () {
  'use strict';
  const box = document.querySelector('[data-check-cards]');
  if (!box || !window.crypto || !crypto.subtle) return;
  const button = box.querySelector('button'), text = box.querySelector('textarea'), says = box.querySelector('[role=status]');
  const [company, committee, blue, yellow, red] = box.dataset.names.split('|');
  const words = { company, committee, blue, yellow, red };
  let lists;
  const load = (url) => fetch(url, { credentials: 'omit' }).then((r) => { if (!r.ok) throw new Error(r.status); return r.text(); })
    .then((t) => t.split('\n').filter(Boolean));
  const hash = async (number) => {
    const bytes = new Uint8Array(number.match(/../g).map((pair) => parseInt(pair, 16)));
    return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (b) => b.toString(16).padStart(2, '0')).join('');
  };
  /* the lists are sorted: the first line that is not below the beginning */
  const find = (lines, start) => {
    let low = 0, high = lines.length;
    while (low < high) { const mid = (low + high) >> 1; if (lines[mid] < start) low = mid + 1; else high = mid; }
    return lines[low] && lines[low].startsWith(start) ? lines[low] : null;
  };
  const named = (line) => { const [, subject, colour] = line.split(','); return words[subject] + ', ' + words[colour]; };
  const judge = async (typed) => {
    const code = typed.toLowerCase().replace(/\s/g, '');
    if (!/^[0-9a-f]+$/.test(code) || (code.length !== 16 && code.length !== 64)) return box.dataset.wrong;
    const starts = code.length === 16 ? [code] : [await hash(code), code];
    for (const start of starts) {
      const cast = find(lists[0], start), dead = find(lists[1], start);
      if (cast) return box.dataset.counted + ' ' + named(cast);
      if (dead) return box.dataset.dead + ' ' + named(dead);
    }
    return box.dataset.missing;
  };
  button.hidden = false;
  button.addEventListener('click', async () => {
    const list = document.createElement('ul');
    list.className = 'pm-list';
    try {
      lists = lists || await Promise.all([load(box.dataset.cast), load(box.dataset.void)]);
      for (const typed of text.value.split('\n').map((line) => line.trim()).filter(Boolean)) {
        const row = document.createElement('li'), start = document.createElement('code');
        start.textContent = typed.slice(0, 19);
        row.append(start, ' ' + await judge(typed));
        list.append(row);
      }
      says.replaceChildren(list);
    } catch { lists = null; says.textContent = box.dataset.failed; }
  });
}());
