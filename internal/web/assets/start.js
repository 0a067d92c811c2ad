(() => {
'use strict';
// Nodes and texts only: names of files and verdicts may hold anything.
document.documentElement.classList.add('js');
const $ = (s, r) => (r || document).querySelector(s), $$ = (s, r) => [...(r || document).querySelectorAll(s)];
const box = $('.drop'), form = $('form.drop'), file = $('#file'), body = $('tbody'), live = $('#live');
function h(tag, at, ...kids) { const e = document.createElement(tag); for (const k in at || {}) e.setAttribute(k, at[k]); e.append(...kids); return e; }

// A file dropped anywhere on the page is taken; the browser must not open it itself.
let depth = 0;
for (const t of ['dragenter', 'dragover', 'dragleave', 'drop']) addEventListener(t, ev => {
  if (![...(ev.dataTransfer ? ev.dataTransfer.types : [])].includes('Files')) return;
  ev.preventDefault();
  if (t === 'dragenter') depth++; else if (t === 'dragleave') depth--; else if (t === 'drop') depth = 0;
  box.classList.toggle('over', t !== 'drop' && depth > 0);
  if (t === 'drop') [...ev.dataTransfer.files].forEach(send);
});
file.addEventListener('change', () => { [...file.files].forEach(send); file.value = ''; });
$('#choose').addEventListener('click', () => file.click());
$('#keylog').addEventListener('change', ev => { $('#keyname').textContent = ev.target.files.length ? ev.target.files[0].name : 'Choose'; });
addEventListener('paste', ev => [...(ev.clipboardData ? ev.clipboardData.files : [])].forEach(send));

const size = n => n < 1024 ? n + ' B' : n < 1048576 ? (n / 1024).toFixed(1) + ' KiB' : (n / 1048576).toFixed(1) + ' MiB';
let sending = 0;
function send(f) {
  const p = h('progress', { max: '1', value: '0', 'aria-label': 'Progress of ' + f.name }), note = h('span', {}, 'sending, ' + size(f.size)), g = h('td', { class: 'g' }, p, note);
  const row = h('tr', {}, h('td', { class: 'st' }, h('span', { class: 's' }, 'sending')), h('td', { class: 'n' }, f.name), g);
  for (const c of ['r hm', 'r hm', 'r hm', 'r z', 'd hm', 'a']) row.append(h('td', { class: c }, c === 'r z' ? size(f.size) : ''));
  body.prepend(row); live.textContent = f.name + ' is being sent'; count(); sending++;
  const d = new FormData();
  d.set('token', form.elements.token.value); if (form.elements.keep.checked) d.set('keep', 'on');
  const key = $('#keylog').files[0]; if (key) d.set('keylog', key);
  d.set('file', f); // last: the server reads the options before it
  const x = new XMLHttpRequest();
  x.upload.onprogress = ev => { if (ev.lengthComputable) { p.value = ev.loaded / ev.total; note.textContent = ev.loaded < ev.total ? `sending, ${Math.round(100 * ev.loaded / ev.total)} %` : 'analysing'; } };
  x.onload = () => { sending--; if (x.status === 201) { row.dataset.id = JSON.parse(x.responseText).id; $('.s', row).textContent = 'running'; poll(); } else { note.textContent = x.responseText.slice(0, 200); p.remove(); } };
  x.onerror = () => { sending--; note.textContent = 'The server did not answer. Is it still running?'; p.remove(); };
  x.open('POST', '/captures'); x.setRequestHeader('Accept', 'application/json'); x.send(d);
}

// What is at work is asked for until it is done; then the page shows it.
let timer = 0;
async function poll() {
  clearTimeout(timer);
  let list;
  try { list = await (await fetch('/captures')).json(); } catch (_) { timer = setTimeout(poll, 2000); return; }
  let running = false;
  for (const c of list) {
    const row = $(`tr[data-id="${c.id}"]`); if (!row) continue;
    if (c.running) { running = true; const p = $('progress', row); if (p) p.value = c.share; $('.g', row).lastChild.textContent = c.verdict; }
    else if ($('progress', row)) { if (!sending) { location.reload(); return; } }
  }
  if (running || sending) timer = setTimeout(poll, 400);
}
if ($('progress')) poll();

const count = () => { const l = $$('tbody tr'), n = l.filter(r => !r.hidden).length; $('#n').textContent = n === l.length ? n : `${n} of ${l.length}`; $('#no').hidden = n > 0; if (l.length) $('#no').textContent = 'No capture matches.'; };
$('#q').addEventListener('input', ev => { const w = ev.target.value.toLowerCase().split(/\s+/).filter(Boolean); for (const r of $$('tbody tr')) { const t = r.textContent.toLowerCase(); r.hidden = !w.every(x => t.includes(x)); } count(); });
$('#q').addEventListener('keydown', ev => { if (ev.key === 'Escape') { ev.target.value = ''; ev.target.dispatchEvent(new Event('input')); } });
document.addEventListener('keydown', ev => { if (ev.ctrlKey || ev.metaKey || ev.altKey || ev.target.tagName === 'INPUT') return; if (ev.key === '/') { $('#q').focus(); ev.preventDefault(); } else if (ev.key === 'o') { file.click(); ev.preventDefault(); } });
$$('th button').forEach(b => b.addEventListener('click', () => {
  const th = b.parentNode, i = th.cellIndex, up = th.getAttribute('aria-sort') !== 'ascending';
  $$('th').forEach(t => t.removeAttribute('aria-sort')); th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  const v = r => { const c = r.cells[i]; return c.dataset.v != null ? +c.dataset.v : c.textContent.trim().toLowerCase(); };
  body.append(...$$('tr', body).sort((a, c) => { const x = v(a), y = v(c); return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1); }));
}));
// Deleting asks once more, in place.
body.addEventListener('click', ev => { const b = ev.target.closest('.del'); if (!b || b.dataset.sure) return; ev.preventDefault(); const was = b.textContent; b.dataset.sure = '1'; b.textContent = 'Really?'; setTimeout(() => { delete b.dataset.sure; b.textContent = was; }, 3000); });
})();
