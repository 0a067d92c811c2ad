(() => {
'use strict';
// No innerHTML anywhere: the policy in the head forbids it, and every string below may come from a packet.
const doc = document, $ = (s, r) => (r || doc).querySelector(s), $$ = (s, r) => [...(r || doc).querySelectorAll(s)];
// Control characters, bidi marks and other invisibles are shown, never obeyed. Done once, for every string.
const clean = s => s.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, c => '‹U+' + c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + '›');
const records = JSON.parse($('#data').textContent, (_, v) => typeof v === 'string' ? clean(v) : v);
const NS = 'http://www.w3.org/2000/svg';
doc.documentElement.classList.add('js');
const SERVED = 'served' in doc.documentElement.dataset; // by postmortem serve, not opened from disk
const START = location.hash; // what was asked for, before the page writes its own

// ---------- the data: records of the JSON form
const of = type => records.filter(r => r.type === type);
const sessions = new Map(of('session').map(s => [s.id, s]));
const rules = new Map(of('rule').map(r => [r.rule, r]));
const labels = of('texts')[0].texts;
const packetsOf = new Map();
for (const p of of('packet')) { if (!packetsOf.has(p.session)) packetsOf.set(p.session, []); packetsOf.get(p.session).push(p); }
const rows = (() => {
  const t = of('sessions')[0]; if (!t) return [];
  const at = Object.fromEntries(t.keys.map((k, i) => [k, i])), state = { ok: 'ok', degraded: 'warn', unknown: 'unk', failed: 'err' };
  return t.rows.map(r => ({ no: r[at.id], state: state[t.texts[r[at.outcome]]], label: t.texts[r[at.outcome]], client: r[at.client], server: t.texts[r[at.server]], start: r[at.start_us] / 1e6, dur: r[at.duration_us] / 1e3, frames: r[at.frames], bytes: r[at.bytes], what: t.texts[r[at.result]] }));
})();
const SEVERITY = { info: 'info', warning: 'warn', error: 'err' };

function h(tag, at, ...kids) {
  const e = doc.createElement(tag);
  for (const k in at || {}) {
    const v = at[k];
    if (v == null || (v === false && k[4] !== '-')) continue;
    if (k === 'on') for (const t in v) e.addEventListener(t, v[t]);
    else e.setAttribute(k, v === true && k[4] !== '-' ? '' : v);
  }
  for (const c of kids.flat()) if (c != null && c !== '') e.append(c);
  return e;
}
function ic(id, cls, label) {
  const s = doc.createElementNS(NS, 'svg'), u = doc.createElementNS(NS, 'use');
  s.setAttribute('class', 'ic ' + (cls || id)); s.setAttribute('viewBox', '0 0 16 16');
  if (label) { s.setAttribute('role', 'img'); s.setAttribute('aria-label', label); } else s.setAttribute('aria-hidden', 'true');
  u.setAttribute('href', '#i-' + id); s.append(u); return s;
}
const fill = (el, ...kids) => el.replaceChildren(...kids.flat().filter(x => x != null));
const fmt = n => n.toString().replace(/\B(?=(\d{3})+$)/g, ',');
const live = $('#live');
let liveT;
function say(t, quiet) {
  live.textContent = t;
  if (quiet) return;
  live.classList.add('on'); clearTimeout(liveT); liveT = setTimeout(() => live.classList.remove('on'), 1400);
}
function lit(text, q) {
  if (!q) return [text];
  const i = text.toLowerCase().indexOf(q.toLowerCase());
  return i < 0 ? [text] : [text.slice(0, i), h('mark', null, text.slice(i, i + q.length)), text.slice(i + q.length)];
}
function twist() {
  const s = doc.createElementNS(NS, 'svg'), p = doc.createElementNS(NS, 'path');
  s.setAttribute('viewBox', '0 0 10 10'); s.setAttribute('aria-hidden', 'true'); p.setAttribute('d', 'M3 1.5 7 5 3 8.5'); s.append(p); return s;
}
function frameLink(n, t) { return h('a', { href: '#f' + n, 'data-f': n, class: 'fl' }, t || 'frame ' + n); }
// What stands between backquotes is a command or a word of one.
const coded = s => { const l = s.split('`'); return l.map((x, i) => i % 2 && i < l.length - 1 ? h('code', null, x) : i % 2 ? '`' + x : x); };
const covers = (el, n) => { const a = +el.dataset.f, b = +(el.dataset.g || a); return n >= a && n <= b; };
const scrollBox = el => el.closest('.pb,.plist,.sess');
function near(el) {
  const b = scrollBox(el); if (!b) return;
  const r = el.getBoundingClientRect(), c = b.getBoundingClientRect(), top = c.top + (b.classList.contains('plist') ? 28 : 0);
  if (r.top < top) b.scrollTop -= top - r.top + 24; else if (r.bottom > c.bottom) b.scrollTop += r.bottom - c.bottom + 24;
}
const RANK = { info: 0, warn: 1, err: 2 }, NAME = { info: 'Information', warn: 'Warning', err: 'Error', ok: 'ok', unk: 'unknown', none: 'not reached' }, SN = ['info', 'warn', 'err'];

// ---------- the workspace of one session
// Its HTML is in the page already: that of the first one in place, that of the others in templates.
const work = $('#work');
let cur = null; // the workspace shown
const made = new Map(); // by session: its nodes and its workspace

// elsewhere shows a session that is in the table only: the server has its dialog.
function elsewhere(id) {
  if (SERVED) window.open(`session/${id}/dialog.txt`, '_blank', 'noopener');
  else say(`Session ${fmt(id)} is in the table only: postmortem follow FILE ${id}`);
}
function openSession(id, o) {
  o = o || {};
  const s = sessions.get(id); if (!s) return false;
  if (cur && cur.id !== id) {
    made.get(cur.id).nodes = [...work.childNodes];
    if (!made.has(id)) {
      const t = $(`template[data-session="${id}"]`); if (!t) return false;
      made.set(id, { nodes: [...t.content.cloneNode(true).childNodes] });
    }
    work.replaceChildren(...made.get(id).nodes);
    cur = made.get(id).space || null;
  } else if (!made.has(id)) made.set(id, { nodes: null });
  if (!cur || cur.id !== id) { cur = workspace(s); made.get(id).space = cur; cur.start(); }
  table.mark(id);
  if (o.event && cur.has(o.event)) cur.pick(o.event, !o.frame, false);
  if (o.frame) cur.goFrame(o.frame);
  return true;
}

function workspace(session) {
  const packets = packetsOf.get(session.id) || [], P = new Map(packets.map(p => [p.frame, p]));
  const events = session.events.map(e => {
    const r = rules.get(e.rule) || { meaning: '', advice: [], sources: [] };
    const proto = e.proto === 'SSL' ? 'TLS' : e.proto;
    return { id: e.id, up: e.parent, p: proto, v: SEVERITY[e.severity] || 'info', t: e.title, q: e.qualifier || '', f: e.frame || (e.frames || [])[0] || 0, fs: e.frames || [], d: e.description || '', m: r.meaning, a: r.advice, c: r.sources, raw: e };
  });
  const E = new Map(events.map(e => [e.id, e]));
  for (const e of events) if (!E.has(e.up)) e.up = 0;
  const kids = new Map();
  for (const e of events) { if (!kids.has(e.up)) kids.set(e.up, []); kids.get(e.up).push(e); }
  const worst = new Map();
  (function weigh(e) { let w = RANK[e.v]; for (const k of kids.get(e.id) || []) w = Math.max(w, weigh(k)); worst.set(e.id, w); return w; })({ id: 0, v: 'info' });
  const protos = [...new Set(events.map(e => e.p))];
  const st = { ev: 0, frame: 0, field: null, open: new Set(events.filter(e => kids.has(e.id)).map(e => e.id)), sev: new Set(SN), pro: new Set(protos), q: '', prop: true, view: 'ladder', time: 'rel', only: false, pq: '' };
  const chosen = events.find(e => e.raw.rule === session.verdict.cause) || events.slice().sort((a, b) => RANK[b.v] - RANK[a.v])[0];

  // ----- event tree
  const tree = $('#tree');
  fill($('#chips'), SN.slice().reverse().map(v => {
    const n = events.filter(e => e.v === v).length, name = { err: 'Errors', warn: 'Warnings', info: 'Information' }[v];
    return h('button', { class: 'chip', 'data-sev': v, 'aria-pressed': 'true', 'aria-label': `${name}: ${n}`, title: name }, ic(v), ` ${n}`);
  }), h('span', { class: 'sp' }), protos.map(p => { const n = events.filter(e => e.p === p).length; return h('button', { class: 'chip', 'data-pro': p, 'aria-pressed': 'true', 'aria-label': `Protocol ${p}: ${n}` }, `${p} ${n}`); }));
  function shown() {
    const q = st.q.toLowerCase(), keep = new Set(), hit = new Set();
    for (const e of events) {
      if (st.sev.has(e.v) && st.pro.has(e.p) && (!q || `${e.p} ${e.t} ${e.q} ${e.d} ${e.m} frame ${e.fs.join(' frame ')}`.toLowerCase().includes(q))) {
        hit.add(e.id);
        for (let x = e; x && !keep.has(x.id); x = E.get(x.up)) keep.add(x.id);
      }
    }
    return { keep, hit };
  }
  function drawTree(focus) {
    const { keep, hit } = shown(), out = [];
    (function walk(up, lv) {
      const list = (kids.get(up) || []).filter(e => keep.has(e.id));
      list.forEach((e, i) => {
        const sub = (kids.get(e.id) || []).some(k => keep.has(k.id)), open = st.open.has(e.id) || !!st.q;
        const own = RANK[e.v], w = st.prop ? worst.get(e.id) : own, v = SN[w];
        const fr = e.fs.length > 1 ? e.fs[0] + '–' + e.fs[e.fs.length - 1] : e.f ? String(e.f) : '';
        out.push(h('div', { role: 'treeitem', id: 'e' + e.id, class: `ti l${Math.min(lv, 5)} v-${v} ${own === 2 ? 'own' : ''} ${hit.has(e.id) ? '' : 'dim'} ${w > own ? 'inh' : ''}`, 'data-e': e.id, tabindex: -1,
          'aria-level': lv, 'aria-setsize': list.length, 'aria-posinset': i + 1, 'aria-selected': e.id === st.ev, 'aria-expanded': sub ? open : null },
          h('span', { class: 'tw' }, sub ? twist() : null), ic(w > own ? v + 'o' : v, v, NAME[v] + (w > own ? ' below' : '')), h('span', { class: 'pr p-' + ({ TLS: 'tls', SMTP: 'smtp', POP3: 'smtp', IMAP: 'smtp' }[e.p] || 'tcp') }, e.p),
          h('span', { class: 'tt', title: e.t }, lit(lv === 1 && up === 0 && sub ? e.t.replace(` (${session.flow})`, '') : e.q ? `${e.t} (${e.q})` : e.t, st.q), lv === 1 && up === 0 && sub ? h('span', { class: 'su' }, session.flow) : null), lv === 1 || !fr ? null : h('span', { class: 'fr' }, h('span', { class: 'sr' }, 'frame '), fr)));
        if (sub && open) walk(e.id, lv + 1);
      });
    })(0, 1);
    fill(tree, out.length ? out : h('p', { class: 'empty' }, 'No event matches. ', h('button', { class: 'btn q', on: { click: resetTree } }, 'Show all')));
    const now = $('[aria-selected=true]', tree) || $('.ti', tree);
    if (now) { now.tabIndex = 0; if (focus) { now.focus({ preventScroll: true }); near(now); } }
    const c = [0, 0, 0];
    for (const e of kids.get(0) || []) if (keep.has(e.id)) c[st.prop ? worst.get(e.id) : RANK[e.v]]++;
    $('#roots').textContent = `Root events: ${c[2]} ${c[2] === 1 ? 'error' : 'errors'}, ${c[1]} ${c[1] === 1 ? 'warning' : 'warnings'}, ${c[0]} information`;
    $('#nshown').textContent = hit.size === events.length ? fmt(hit.size) : `${fmt(hit.size)} of ${fmt(events.length)}`;
    related();
  }
  function resetTree() {
    st.q = ''; $('#q').value = ''; st.sev = new Set(SN); st.pro = new Set(protos);
    $$('.chip', work).forEach(b => b.setAttribute('aria-pressed', 'true')); drawTree();
  }
  function toggle(id) { st.open.has(id) ? st.open.delete(id) : st.open.add(id); drawTree(true); }
  tree.addEventListener('click', ev => {
    const t = ev.target.closest('.ti'); if (!t) return;
    const id = +t.dataset.e;
    if (ev.target.closest('.tw') && kids.has(id)) { toggle(id); return; }
    pick(id, true, true);
  });
  tree.addEventListener('dblclick', ev => { const t = ev.target.closest('.ti'); if (t && kids.has(+t.dataset.e)) toggle(+t.dataset.e); });
  tree.addEventListener('keydown', ev => {
    const items = $$('.ti', tree), i = items.findIndex(x => x.tabIndex === 0), t = items[i]; if (!t) return;
    const id = +t.dataset.e, go = j => { const x = items[Math.max(0, Math.min(items.length - 1, j))]; pick(+x.dataset.e, true, true); };
    switch (ev.key) {
      case 'ArrowDown': case 'j': go(i + 1); break;
      case 'ArrowUp': case 'k': go(i - 1); break;
      case 'Home': go(0); break;
      case 'End': go(items.length - 1); break;
      case 'ArrowRight': if (t.getAttribute('aria-expanded') === 'false') toggle(id); else if (kids.has(id)) go(i + 1); break;
      case 'ArrowLeft': if (t.getAttribute('aria-expanded') === 'true' && !st.q) toggle(id); else if (E.get(id).up) pick(E.get(id).up, true, true); break;
      case '*': for (const e of kids.get(E.get(id).up) || []) if (kids.has(e.id)) st.open.add(e.id); drawTree(true); break;
      case 'Enter': case ' ': pick(id, true, true); break;
      default: return;
    }
    ev.preventDefault(); ev.stopPropagation();
  });
  $('#q').addEventListener('input', ev => { st.q = ev.target.value.trim(); drawTree(); });
  $('#q').addEventListener('keydown', ev => {
    if (ev.key === 'Escape') { ev.target.value = st.q = ''; drawTree(); }
    if (ev.key === 'Enter' || ev.key === 'ArrowDown') { const m = $('.ti:not(.dim)', tree); if (m) pick(+m.dataset.e, true, true); ev.preventDefault(); }
  });
  $$('.chip', work).forEach(b => b.addEventListener('click', () => {
    const set = b.dataset.sev ? st.sev : st.pro, k = b.dataset.sev || b.dataset.pro;
    set.has(k) ? set.delete(k) : set.add(k); b.setAttribute('aria-pressed', set.has(k)); drawTree();
  }));
  function setProp(v) { st.prop = v; $('#prop').setAttribute('aria-checked', v); drawTree(); }
  const collapse = () => { st.open.clear(); drawTree(); }, expand = () => { for (const id of kids.keys()) if (id) st.open.add(id); drawTree(); };
  $('#prop').addEventListener('click', () => setProp(!st.prop));
  $('#call').addEventListener('click', collapse);
  $('#xall').addEventListener('click', expand);

  // ----- event detail
  const reason = n => { const p = P.get(n); return p ? p.info : ''; };
  function fieldsOf(e) {
    const r = e.raw, out = [['Description', e.d], ['Protocol', r.proto], ['Severity', r.severity], ['Flow', session.flow], ['TCP flow errors', r.tcp_flow_errors], ['Frame time', r.time], ['Frame number', r.frame], ['IP version', r.ip_version], ['IP source', r.src], ['IP destination', r.dst], ['TCP source port', r.src_port], ['TCP destination port', r.dst_port], ['Count', r.count], ['Explained by', r.explained_by], ['Superseded by', r.superseded_by], ['Rule', r.rule + (rules.has(r.rule) ? ', ' + rules.get(r.rule).number : '')]];
    for (const k in r.fields || {}) out.push([clean(k).replace(/_/g, ' '), r.fields[k]]);
    return out.filter(([, v]) => v != null && v !== '');
  }
  function drawEvent() {
    const e = E.get(st.ev), p = P.get(e.f);
    const blk = (t, ...c) => h('div', { class: 'blk' }, h('h4', null, t), ...c);
    const meta = [`${NAME[e.v]} · ${e.p}`];
    if (e.f) meta.push(' · ', frameLink(e.f));
    if (p) meta.push(` · ${(p.since_us / 1000).toFixed(3)} ms · from the ${p.from}`);
    fill($('#ins'),
      h('h3', null, ic(e.v, e.v, NAME[e.v]), e.q ? `${e.t} (${e.q})` : e.t),
      h('p', { class: 'meta' }, meta),
      e.d ? blk('What was seen', h('p', null, e.d)) : null,
      e.m && e.m !== e.d ? blk('Meaning', h('p', null, e.m)) : null,
      e.a.length ? blk('What to do', e.a.map(a => h('p', null, coded(a)))) : null,
      e.fs.length ? blk('Evidence', h('ul', { class: 'evl' }, e.fs.map(n => h('li', { class: n === e.f ? 'now' : null }, frameLink(n), h('span', null, reason(n)))))) : null,
      e.c.length ? blk('Source', h('ul', { class: 'evl src' }, e.c.map(c => h('li', null, h('span', null, c))))) : null,
      blk('All fields', h('dl', { class: 'kv' }, fieldsOf(e).map(([k, v]) => h('div', null, h('dt', null, k), h('dd', null, String(v)))))));
    $('#ins').parentNode.scrollTop = 0;
  }
  $('#cpe').addEventListener('click', async ev => {
    const e = E.get(st.ev), b = ev.currentTarget, t = [`${NAME[e.v]}: ${e.t} (${e.p}, frame ${e.f})`, '', e.d, e.m, ...e.a.map(a => 'What to do: ' + a), '', ...e.fs.map(n => `frame ${n}: ${reason(n)}`), '', ...fieldsOf(e).map(([k, v]) => k + ': ' + v)].join('\n');
    try { await navigator.clipboard.writeText(t); b.textContent = 'Copied'; } catch (_) { b.textContent = 'Not allowed here'; }
    setTimeout(() => { b.textContent = 'Copy as text'; }, 1600);
  });
  function step(d) {
    const i = events.findIndex(e => e.id === st.ev);
    for (let j = i + d, n = 0; n < events.length; n++, j += d) { const e = events[(j + events.length * 2) % events.length]; if (RANK[e.v] > 0) { pick(e.id, true, true); return; } }
  }
  $('#nextp').addEventListener('click', () => step(1)); $('#prevp').addEventListener('click', () => step(-1));

  // ----- selection and coupling
  const msgs = $$('.msg', work), lines = $$('.trs li[data-f]', work), trs = $$('#plist tbody tr');
  function pick(id, withFrame, focus) {
    if (!E.has(id)) return;
    st.ev = id;
    for (let x = E.get(E.get(id).up); x; x = E.get(x.up)) st.open.add(x.id);
    drawTree(focus); drawEvent();
    const row = $('.ti[data-e="' + id + '"]', tree); if (row) near(row);
    const e = E.get(id);
    for (const el of [...msgs, ...trs]) el.classList.toggle('ev', e.fs.includes(+el.dataset.f));
    if (st.only) filterPackets();
    if (withFrame && P.has(e.f)) pickFrame(e.f); else remember();
  }
  function pickFrame(n, o) {
    if (!P.has(n)) return;
    o = o || {};
    st.frame = n; st.field = null;
    for (const el of [...msgs, ...lines]) el.classList.toggle('sel', covers(el, n));
    for (const tr of trs) { const s = +tr.dataset.f === n; tr.setAttribute('aria-selected', s); tr.tabIndex = s ? 0 : -1; if (s) { near(tr); if (o.focus) tr.focus({ preventScroll: true }); } }
    const m = msgs.find(x => +x.dataset.f === n); if (m) { msgs.forEach(x => x.setAttribute('tabindex', x === m ? 0 : -1)); near(m); }
    drawPacket(n); related(); remember();
  }
  function related() { for (const t of $$('.ti', tree)) { const e = E.get(+t.dataset.e); t.classList.toggle('rel', e.up !== 0 && e.fs.includes(st.frame)); } }
  function hot(frames) {
    for (const el of [...msgs, ...lines, ...trs]) el.classList.toggle('hot', frames.some(n => covers(el, n)));
    for (const t of $$('.ti', tree)) { const e = E.get(+t.dataset.e); t.classList.toggle('hot', frames.length === 1 && e.up !== 0 && e.fs.includes(frames[0])); }
  }
  function remember() { try { history.replaceState(null, '', `#session=${session.id}&event=${st.ev}&frame=${st.frame}`); } catch (_) { /* not allowed here: no deep link */ } }
  function goFrame(n) {
    showTab('events'); showPackets(n); pickFrame(n);
    const r = doc.getElementById('f' + n); if (r) { r.scrollIntoView({ block: 'center' }); r.focus({ preventScroll: true }); }
  }
  function clickMsg(a, n) {
    pickFrame(n);
    const e = events.find(x => x.f === n && RANK[x.v]) || events.find(x => x.up && x.fs.includes(n));
    if (e) { pick(e.id, false); pickFrame(n); }
    a.focus({ preventScroll: true });
  }

  // ----- centre: ladder and transcript
  if (SERVED) { const a = h('a', { class: 'btn', href: `session/${session.id}/session.pcap`, download: `session-${session.id}.pcap` }, 'Save packets'); $('#only').before(h('a', { class: 'btn', href: `session/${session.id}/dialog.txt`, target: '_blank', rel: 'noopener' }, 'Whole dialog'), a); }
  function view(v) { st.view = v; for (const b of $$('#view button')) b.setAttribute('aria-pressed', b.dataset.v === v); $('#v-ladder').hidden = v !== 'ladder'; $('#v-trs').hidden = v !== 'trs'; }
  $$('#view button').forEach(b => b.addEventListener('click', () => view(b.dataset.v)));
  const lad = $('.ladder', work);
  if (lad) lad.addEventListener('keydown', ev => {
    if (ev.key !== 'ArrowDown' && ev.key !== 'ArrowUp') return;
    const i = msgs.findIndex(x => x.getAttribute('tabindex') === '0'), x = msgs[Math.max(0, Math.min(msgs.length - 1, i + (ev.key === 'ArrowDown' ? 1 : -1)))];
    pickFrame(+x.dataset.f); x.focus({ preventScroll: true }); ev.preventDefault();
  });
  lines.forEach(l => l.addEventListener('click', ev => { if (!ev.target.closest('a')) pickFrame(+l.dataset.f); }));

  // ----- packet list
  const plist = $('#plist');
  plist.setAttribute('role', 'grid'); // explicit, since narrow screens lay rows out as grids
  $$('tr', plist).forEach(r => r.setAttribute('role', 'row')); $$('td', plist).forEach(c => c.setAttribute('role', 'gridcell')); $$('th', plist).forEach(c => c.setAttribute('role', 'columnheader')); $$('thead,tbody', plist).forEach(g => g.setAttribute('role', 'rowgroup'));
  plist.tBodies[0].addEventListener('click', ev => { const tr = ev.target.closest('tr'); if (tr) pickFrame(+tr.dataset.f); });
  plist.tBodies[0].addEventListener('keydown', ev => {
    const tr = ev.target.closest('tr'); if (!tr) return;
    const list = trs.filter(x => !x.hidden), i = list.indexOf(tr);
    const j = { ArrowDown: i + 1, j: i + 1, ArrowUp: i - 1, k: i - 1, Home: 0, End: list.length - 1, PageDown: i + 12, PageUp: i - 12 }[ev.key];
    if (ev.key === 'Enter') { const e = events.find(x => x.up && x.f === +tr.dataset.f); if (e) pick(e.id, true, true); ev.preventDefault(); ev.stopPropagation(); return; }
    if (j == null) return;
    pickFrame(+list[Math.max(0, Math.min(list.length - 1, j))].dataset.f, { focus: true }); ev.preventDefault(); ev.stopPropagation();
  });
  function times() {
    let prev = packets.length ? packets[0].since_us : 0;
    packets.forEach((p, i) => {
      const t = st.time === 'rel' ? (p.since_us / 1e6).toFixed(6) : st.time === 'delta' ? ((p.since_us - prev) / 1e6).toFixed(6) : p.time.slice(11, 26);
      prev = p.since_us; const c = trs[i] && $('.ts', trs[i]); if (c) c.textContent = t;
    });
    $('#th-time').textContent = { rel: 'Time, s', delta: 'Since previous, s', clock: 'Time, UTC' }[st.time];
  }
  $$('#time button').forEach(b => b.addEventListener('click', () => { st.time = b.dataset.t; $$('#time button').forEach(x => x.setAttribute('aria-pressed', x === b)); times(); }));
  function filterPackets() {
    const q = st.pq.toLowerCase().split(/\s+/).filter(Boolean), e = E.get(st.ev), set = new Set(e ? e.fs : []);
    let n = 0;
    packets.forEach((p, i) => {
      const s = `#${p.frame} ${p.proto} ${p.src} ${p.dst} ${p.info} ${p.from}`.toLowerCase();
      const ok = (!st.only || set.has(p.frame)) && q.every(w => w[0] === '#' ? s.startsWith(w + ' ') : s.includes(w));
      trs[i].hidden = !ok; if (ok) n++;
    });
    $('#pcount').textContent = n === packets.length ? fmt(n) : `${fmt(n)} of ${fmt(packets.length)}`;
    $('#pnone').hidden = n > 0;
  }
  function showPackets(n) { const r = doc.getElementById('f' + n); if (r && r.hidden) { st.only = false; st.pq = ''; $('#pq').value = ''; $('#only').setAttribute('aria-pressed', 'false'); filterPackets(); } }
  $('#pq').addEventListener('input', ev => { st.pq = ev.target.value; filterPackets(); });
  $('#pq').addEventListener('keydown', ev => { if (ev.key === 'Escape') { ev.target.value = st.pq = ''; filterPackets(); } });
  $('#only').addEventListener('click', () => { st.only = !st.only; $('#only').setAttribute('aria-pressed', st.only); filterPackets(); });

  // ----- packet details and bytes
  const dt = $('#dt'), hx = $('#hex');
  let fields = [], bytes = new Uint8Array(0), dOpen = new Set();
  function drawPacket(n) {
    const p = P.get(n), x = p.detail;
    $('#dth').textContent = `Frame ${n}`; $('#dts').textContent = `${fmt(p.length)} bytes, ${p.proto}`;
    fields = []; dOpen = new Set();
    bytes = x ? Uint8Array.from(atob(x.bytes), c => c.charCodeAt(0)) : new Uint8Array(0);
    if (!x && SERVED && p.asked !== true) { // the server has it
      p.asked = true; fill(dt); fill(hx); $('#hxs').textContent = 'asking the server';
      fetch('frame/' + n).then(r => r.ok ? r.json() : null).then(d => { if (d) p.detail = JSON.parse(JSON.stringify(d), (_, v) => typeof v === 'string' ? clean(v) : v); if (st.frame === n && cur && cur.id === session.id) drawPacket(n); }).catch(() => { $('#hxs').textContent = 'the server does not answer'; });
      return;
    }
    if (!x) { fill(dt, h('p', { class: 'empty' }, 'The fields of this frame are not in this file. All: postmortem show FILE ' + n)); fill(hx); $('#hxs').textContent = ''; return; }
    (function walk(list, lv, up, path) {
      list.forEach((f, i) => { const id = path + '/' + i, o = { id, t: typeof f[0] === 'number' ? labels[f[0]] : f[0], o: f[1], n: f[1] < 0 ? 0 : f[2], lv, up, sub: !!f[3], i, of: list.length }; fields.push(o); if (o.sub) walk(f[3], lv + 1, o, id); });
    })(x.fields, 1, null, '');
    const last = fields.filter(f => f.lv === 1).pop(), f0 = fields[x.chosen] || last; // in the order of the tree, as they are counted
    if (last) dOpen.add(last.id);
    drawHex(); if (x.bytes_left_out) hx.append(h('span', { class: 'o' }, `${fmt(x.bytes_left_out)} more bytes are not in this file`));
    if (f0) pickField(f0, false); else fill(dt);
  }
  function drawDetails(focus) {
    const vis = fields.filter(f => { for (let u = f.up; u; u = u.up) if (!dOpen.has(u.id)) return false; return true; });
    fill(dt, vis.map(f => h('div', { role: 'treeitem', class: `ti l${Math.min(f.lv, 5)}`, 'data-p': f.id, tabindex: -1, 'aria-level': f.lv, 'aria-posinset': f.i + 1, 'aria-setsize': f.of, 'aria-selected': st.field === f, 'aria-expanded': f.sub ? dOpen.has(f.id) : null },
      h('span', { class: 'tw' }, f.sub ? twist() : null), h('span', { class: 'tt', title: f.t }, f.t))));
    const c = $('[aria-selected=true]', dt) || $('.ti', dt); if (c) { c.tabIndex = 0; if (focus) c.focus({ preventScroll: true }); near(c); }
  }
  const byId = id => fields.find(f => f.id === id);
  function pickField(f, focus) {
    st.field = f; if (!f) return;
    for (let u = f.up; u; u = u.up) dOpen.add(u.id);
    drawDetails(focus); paint();
  }
  dt.addEventListener('click', ev => { const t = ev.target.closest('.ti'); if (!t) return; const f = byId(t.dataset.p); if (f.sub && (ev.target.closest('.tw') || st.field === f)) dOpen.has(f.id) ? dOpen.delete(f.id) : dOpen.add(f.id); pickField(f, true); });
  dt.addEventListener('keydown', ev => {
    const it = $$('.ti', dt), i = it.findIndex(x => x.tabIndex === 0); if (i < 0) return; const f = byId(it[i].dataset.p);
    const go = j => pickField(byId(it[Math.max(0, Math.min(it.length - 1, j))].dataset.p), true);
    switch (ev.key) {
      case 'ArrowDown': case 'j': go(i + 1); break; case 'ArrowUp': case 'k': go(i - 1); break; case 'Home': go(0); break; case 'End': go(it.length - 1); break;
      case 'ArrowRight': if (f.sub && !dOpen.has(f.id)) { dOpen.add(f.id); drawDetails(true); } else if (f.sub) go(i + 1); break;
      case 'ArrowLeft': if (f.sub && dOpen.has(f.id)) { dOpen.delete(f.id); drawDetails(true); } else if (f.up) pickField(f.up, true); break;
      default: return;
    }
    ev.preventDefault(); ev.stopPropagation();
  });
  let per = 16;
  function drawHex() {
    per = hx.parentNode.clientWidth < 540 ? 8 : 16;
    const out = [], x = b => b.toString(16).padStart(2, '0');
    for (let o = 0; o < bytes.length; o += per) {
      out.push(h('span', { class: 'o' }, o.toString(16).padStart(4, '0') + '  '));
      for (let i = o; i < o + per; i++) {
        if (i < bytes.length) out.push(h('i', { 'data-b': i }, x(bytes[i])));
        else out.push('  ');
        const end = i === o + per - 1;
        if (!end) out.push(i < bytes.length - 1 ? h('i', { 'data-s': i }, i === o + 7 ? '  ' : ' ') : (i === o + 7 ? '  ' : ' '));
      }
      out.push('  ');
      for (let i = o; i < Math.min(o + per, bytes.length); i++) { const c = bytes[i], pr = c > 31 && c < 127; out.push(h('i', { 'data-a': i, class: pr ? null : 'np' }, pr ? String.fromCharCode(c) : '·')); }
      out.push('\n');
    }
    fill(hx, out);
  }
  function paint() {
    const f = st.field, p = f && f.up, on = (i, q) => q && q.n && i >= q.o && i < q.o + q.n;
    let first = null;
    for (const e of hx.children) {
      const b = e.dataset.b || e.dataset.a, s = e.dataset.s; if (b == null && s == null) continue;
      const i = +(b != null ? b : s), j = s != null ? i + 1 : i;
      e.classList.toggle('on', !!on(i, f) && on(j, f)); e.classList.toggle('par', !(on(i, f) && on(j, f)) && !!on(i, p) && on(j, p));
      if (!first && b != null && on(i, f)) first = e;
    }
    $('#hxs').textContent = f && f.n > 0 ? `offset ${f.o.toString(16).padStart(4, '0')}, ${fmt(f.n)} ${f.n === 1 ? 'byte' : 'bytes'}${f.n <= 8 ? ': ' + [...bytes.slice(f.o, f.o + f.n)].map(b => b.toString(16).padStart(2, '0')).join(' ') : ''}` : 'calculated, not in the bytes';
    if (first) { const b = hx.parentNode, r = first.getBoundingClientRect(), c = b.getBoundingClientRect(); if (r.top < c.top + 8 || r.bottom > c.bottom - 8) b.scrollTop += r.top - c.top - 60; }
  }
  hx.addEventListener('click', ev => {
    const e = ev.target.closest('[data-b],[data-a]'); if (!e) return; const i = +(e.dataset.b || e.dataset.a);
    let best = null; for (const f of fields) if (f.lv > 0 && f.n && i >= f.o && i < f.o + f.n && (!best || f.n <= best.n)) best = f;
    if (best) pickField(best);
  });

  return {
    id: session.id, st, has: id => E.has(id), hasFrame: n => P.has(n), pick, pickFrame, goFrame, clickMsg, hot, step, view, setProp, collapse, expand,
    framesOf: id => E.has(id) ? E.get(id).fs : [],
    resize() { const was = per; if ((hx.parentNode.clientWidth < 540 ? 8 : 16) !== was) { drawHex(); paint(); } },
    start() { view('ladder'); times(); if (chosen) { pick(chosen.id, true); if (!P.has(chosen.f) && packets.length) pickFrame(packets[0].frame); } else { drawTree(); if (packets.length) pickFrame(packets[0].frame); } },
  };
}

// ---------- what couples the whole page
let hotKey = '';
doc.addEventListener('pointerover', ev => {
  if (!cur) return;
  const t = ev.target.closest && ev.target.closest('.ti[data-e],.msg,.trs li[data-f],#plist tbody tr,a.fl');
  const k = t ? (t.dataset.e ? 'e' + t.dataset.e : 'f' + t.dataset.f) : '';
  if (k === hotKey) return; hotKey = k;
  cur.hot(!t ? [] : t.dataset.e ? cur.framesOf(+t.dataset.e) : [+t.dataset.f]);
});
// Links to frames, anywhere in the page
const sessionOfFrame = n => { for (const [id, list] of packetsOf) if (list.some(p => p.frame === n)) return id; return 0; };
doc.addEventListener('click', ev => {
  const a = ev.target.closest && ev.target.closest('a[href^="#f"]'); if (!a || ev.metaKey || ev.ctrlKey || ev.shiftKey) return;
  const n = +a.getAttribute('href').slice(2), id = cur && cur.hasFrame(n) ? cur.id : sessionOfFrame(n);
  ev.preventDefault();
  if (!id) { say(`Frame ${n} is not in this file`); return; }
  openSession(id);
  if (a.classList.contains('msg')) cur.clickMsg(a, n);
  else cur.goFrame(n);
});
let rw; addEventListener('resize', () => { clearTimeout(rw); rw = setTimeout(() => { if (cur) cur.resize(); }, 80); });

// ---------- sessions: a table of which only the visible rows exist
const COLS = [['state', 'State'], ['no', 'No.', 1], ['client', 'Client'], ['server', 'Server', 0, 1], ['start', 'Start, s', 1, 1], ['dur', 'Duration, ms', 1, 1], ['frames', 'Frames', 1, 1], ['bytes', 'Bytes', 1, 1], ['what', 'Result']];
function VTable(box, rows, cols, opt) {
  const RH = opt.rowHeight, tb = h('tbody'), over = 12;
  let idx = rows.map((_, i) => i), key = 'state', dir = -1, q = '', only = false, top = -1, end = -1, cur = -1;
  const hay = rows.map(r => `${r.client} ${r.server} ${r.what} ${NAME[r.state] || r.state} ${r.no}`.toLowerCase());
  const heads = cols.map(([k, t, num, hm]) => h('th', { scope: 'col', class: (num ? 'r ' : '') + (hm ? 'hm' : '') }, h('button', { on: { click: () => { dir = key === k ? -dir : (num || k === 'state' ? -1 : 1); key = k; apply(); } } }, t)));
  const table = h('table', { 'aria-label': 'Sessions', role: 'grid' }, h('thead', null, h('tr', null, heads)), tb);
  fill(box, table); box.classList.add('v');
  const rank = { err: 3, warn: 2, unk: 1, ok: 0, none: 0 }, made = new Map();
  // One number per row and column, made on first use: text columns by their place in the sorted set of distinct texts.
  function keysOf(k) {
    if (made.has(k)) return made.get(k);
    const ks = new Float64Array(rows.length);
    if (k === 'state') rows.forEach((r, i) => { ks[i] = rank[r.state]; });
    else if (rows.length && typeof rows[0][k] === 'number') rows.forEach((r, i) => { ks[i] = r[k]; });
    else { const at = new Map([...new Set(rows.map(r => r[k]))].sort().map((v, i) => [v, i])); rows.forEach((r, i) => { ks[i] = at.get(r[k]); }); }
    made.set(k, ks); return ks;
  }
  function apply() {
    const t0 = performance.now(), words = q.toLowerCase().split(/\s+/).filter(Boolean);
    idx = []; for (let i = 0; i < rows.length; i++) if ((!only || rows[i].state === 'err' || rows[i].state === 'warn') && words.every(w => hay[i].includes(w))) idx.push(i);
    const ks = keysOf(key);
    idx.sort((a, b) => (ks[a] - ks[b]) * dir || a - b);
    cols.forEach(([k], i) => k === key ? heads[i].setAttribute('aria-sort', dir > 0 ? 'ascending' : 'descending') : heads[i].removeAttribute('aria-sort'));
    table.setAttribute('aria-rowcount', idx.length + 1); top = end = -1; box.scrollTop = 0; draw();
    opt.count(idx.length, rows.length, performance.now() - t0);
  }
  function draw() {
    const vis = Math.ceil(box.clientHeight / RH), a = Math.max(0, Math.floor(box.scrollTop / RH) - over), b = Math.min(idx.length, a + vis + 2 * over);
    if (a === top && b === end) return; top = a; end = b;
    const out = [h('tr', { class: 'pad', 'aria-hidden': 'true' }, h('td', { colspan: cols.length }))];
    out[0].firstChild.style.height = a * RH + 'px';
    for (let i = a; i < b; i++) {
      const r = rows[idx[i]];
      out.push(h('tr', { 'aria-rowindex': i + 2, 'aria-selected': idx[i] === cur, 'data-i': i, tabindex: idx[i] === cur || (cur < 0 && i === a) ? 0 : -1 }, cols.map(([k, , num, hm]) =>
        k === 'state' ? h('td', null, h('span', { class: 's' }, ic(r.state, r.state), r.label)) : h('td', { class: (num ? 'r' : k === 'what' ? 'g' : 'mono') + (hm ? ' hm' : ''), title: k === 'what' ? r.what : null }, num ? ((k === 'frames' || k === 'bytes') && !r[k] ? '' : typeof r[k] === 'number' && k !== 'no' ? (k === 'start' || k === 'dur' ? r[k].toFixed(k === 'dur' ? 1 : 3).replace(/\B(?=(\d{3})+\.)/g, ',') : fmt(r[k])) : String(r[k])) : r[k]))));
    }
    const z = h('tr', { class: 'pad', 'aria-hidden': 'true' }, h('td', { colspan: cols.length })); z.firstChild.style.height = (idx.length - b) * RH + 'px'; out.push(z);
    fill(tb, out);
  }
  let raf = 0; box.addEventListener('scroll', () => { if (!raf) raf = requestAnimationFrame(() => { raf = 0; draw(); }); }, { passive: true });
  tb.addEventListener('click', ev => { const t = ev.target.closest('tr[data-i]'); if (t) sel(+t.dataset.i); });
  tb.addEventListener('keydown', ev => { const t = ev.target.closest('tr[data-i]'); if (!t) return; const i = +t.dataset.i, j = { ArrowDown: i + 1, j: i + 1, ArrowUp: i - 1, k: i - 1, PageDown: i + 12, PageUp: i - 12, Home: 0, End: idx.length - 1, Enter: i }[ev.key]; if (j == null) return; sel(Math.max(0, Math.min(idx.length - 1, j)), true, ev.key !== 'Enter'); ev.preventDefault(); ev.stopPropagation(); });
  function sel(i, focus, passing) {
    cur = idx[i]; const y = i * RH; if (y < box.scrollTop) box.scrollTop = y; else if (y + RH > box.scrollTop + box.clientHeight - RH) box.scrollTop = y + 2 * RH - box.clientHeight;
    top = end = -1; draw(); const t = $(`tr[data-i="${i}"]`, tb); if (t && focus) t.focus({ preventScroll: true }); opt.select(rows[cur], passing);
  }
  apply();
  return { filter(v) { q = v; apply(); }, only(v) { only = v; apply(); }, size: () => $$('tr', tb).length };
}

const table = (() => {
  const box = $('#sess'), none = { mark() {} };
  if (!box) return none;
  $('#stools').hidden = rows.length < 10;
  if (rows.length < 10) {
    const list = $$('tbody tr', box), mark = id => list.forEach(tr => { const on = +tr.dataset.s === id; tr.setAttribute('aria-selected', on); });
    if (rows.length > 1) list.forEach(tr => {
      tr.tabIndex = 0;
      const open = () => { if (!openSession(+tr.dataset.s)) elsewhere(+tr.dataset.s); };
      tr.addEventListener('click', open);
      tr.addEventListener('keydown', ev => { if (ev.key === 'Enter' || ev.key === ' ') { open(); ev.preventDefault(); } });
    });
    return { mark: rows.length > 1 ? mark : none.mark };
  }
  const vt = VTable(box, rows, COLS, { rowHeight: matchMedia('(max-width:639px)').matches ? 50 : 28, count: (n, all, ms) => { $('#scount').textContent = n === all ? fmt(all) : `${fmt(n)} of ${fmt(all)}`; doc.documentElement.dataset.ms = ms.toFixed(1); }, select: (r, passing) => { if (!openSession(r.no) && !passing) elsewhere(r.no); } });
  $('#sq').addEventListener('input', ev => vt.filter(ev.target.value));
  $('#sonly').addEventListener('click', ev => { const on = ev.currentTarget.getAttribute('aria-pressed') !== 'true'; ev.currentTarget.setAttribute('aria-pressed', on); vt.only(on); });
  return none;
})();

// ---------- tabs, copy, print, keys
function showTab(id) {
  for (const t of $$('.tab')) { const on = t.getAttribute('aria-controls') === id; t.setAttribute('aria-selected', on); t.tabIndex = on ? 0 : -1; }
  for (const p of $$('.panel')) p.hidden = p.id !== id;
}
$$('.tab').forEach(t => {
  t.setAttribute('role', 'tab');
  t.addEventListener('click', ev => { ev.preventDefault(); showTab(t.getAttribute('aria-controls')); const y = $('.tabs').getBoundingClientRect().top + scrollY; if (scrollY > y) scrollTo(0, y); });
  t.addEventListener('keydown', ev => { if (ev.key !== 'ArrowLeft' && ev.key !== 'ArrowRight') return; const l = $$('.tab'), x = l[(l.indexOf(t) + 1) % l.length]; showTab(x.getAttribute('aria-controls')); x.focus(); ev.preventDefault(); });
});
$('.tabs [data-list]').setAttribute('role', 'tablist');
$$('.panel').forEach(p => p.setAttribute('role', 'tabpanel'));
doc.addEventListener('click', async ev => {
  const b = ev.target.closest && ev.target.closest('.cmd button'); if (!b) return;
  const c = b.parentNode.querySelector('code'), t = c.textContent; let ok = false;
  try { await navigator.clipboard.writeText(t); ok = true; } catch (_) { const s = getSelection(); s.selectAllChildren(c); try { ok = doc.execCommand('copy'); } catch (_) { ok = false; } }
  b.textContent = ok ? 'Copied' : 'Press Ctrl+C'; say(ok ? 'Command copied' : 'Command selected: press Ctrl+C', true); setTimeout(() => { b.textContent = 'Copy'; }, 1600);
});
$('#b-print').addEventListener('click', () => print());
let closed = [];
addEventListener('beforeprint', () => { closed = $$('.stats details:not([open]),.rest:not([open])'); closed.forEach(d => { d.open = true; }); $$('.panel').forEach(p => { p.hidden = false; }); $$('#v-ladder,#v-trs').forEach(x => { x.hidden = false; }); });
addEventListener('afterprint', () => { closed.forEach(d => { d.open = false; }); showTab('events'); if (cur) cur.view(cur.st.view); });
const dlg = $('#keys');
$('#b-keys').addEventListener('click', () => dlg.showModal());
let keysOn = true;
$('#kon').addEventListener('click', ev => { keysOn = ev.currentTarget.getAttribute('aria-checked') !== 'true'; ev.currentTarget.setAttribute('aria-checked', keysOn); });
doc.addEventListener('keydown', ev => {
  if (ev.ctrlKey || ev.metaKey || ev.altKey || dlg.open || /^(INPUT|TEXTAREA|SELECT)$/.test(ev.target.tagName) || !keysOn) return;
  const k = ev.key;
  if (k === '1') showTab('events'); else if (k === '2') showTab('statistics');
  else if (k === '?') dlg.showModal();
  else if (!cur) return;
  else if (k === '/') { showTab('events'); $('#q').focus(); }
  else if (k === 'f') { showTab('events'); $('#pq').focus(); }
  else if (k === 'e') { showTab('events'); const c = $('#tree .ti[tabindex="0"]'); if (c) { c.focus(); c.scrollIntoView({ block: 'nearest' }); } }
  else if (k === 'p') { showTab('events'); const r = doc.getElementById('f' + cur.st.frame); if (r) { r.scrollIntoView({ block: 'center' }); r.focus({ preventScroll: true }); } }
  else if (k === 'd') { showTab('events'); const c = $('#dt .ti[tabindex="0"]'); if (c) { c.focus(); c.scrollIntoView({ block: 'center' }); } }
  else if (k === 'n') cur.step(1); else if (k === 'N') cur.step(-1);
  else if (k === 's') cur.setProp(!cur.st.prop);
  else if (k === 't') cur.view(cur.st.view === 'ladder' ? 'trs' : 'ladder');
  else if (k === '[') cur.collapse(); else if (k === ']') cur.expand();
  else return;
  ev.preventDefault();
});
new IntersectionObserver(([x]) => $('.ctx').classList.toggle('on', !x.isIntersecting), { rootMargin: '-48px 0px 0px' }).observe($('.verdict'));

// ---------- start
showTab('events');
const first = +work.dataset.session || 0;
if (first) {
  openSession(first);
  const go = hash => {
    const at = Object.fromEntries(new URLSearchParams(hash.slice(1))), f1 = /^#f(\d+)$/.exec(hash), frame = +at.frame || (f1 ? +f1[1] : 0);
    if (frame || at.session || at.event) openSession(+at.session || sessionOfFrame(frame) || cur.id, { event: +at.event || 0, frame });
  };
  go(START);
  addEventListener('hashchange', () => go(location.hash)); // typed into the address of the open page
}
})();
