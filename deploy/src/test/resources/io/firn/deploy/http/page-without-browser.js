// Runs the page's script without a browser: a document that only keeps what is written to it, a clock that stands still,
// and a service that answers, hangs or is away. Prints one line for each situation: the pill, the reasons, the sections
// that are marked as old. Usage: node page-without-browser.js page.js
'use strict';
const fs = require('fs');
const vm = require('vm');

class FakeElement {
  constructor(tag) {
    Object.assign(this, { tagName: tag, children: [], dataset: {}, listeners: {}, classes: new Set(), textContent: '',
      className: '', hidden: false, id: '', clientWidth: 600, options: [], value: '', parent: undefined });
    this.classList = { toggle: (name, on) => { this.classes[on ? 'add' : 'delete'](name); return on; } };
  }
  get elements() { return { table: new FakeElement('select'), job: new FakeElement('select'),
    pipeline: new FakeElement('select') }; }
  get parentElement() {
    this.parent = this.parent || Object.assign(new FakeElement('table'), { tHead: { rows: [{ cells: [] }] } });
    return this.parent;
  }
  get text() { return this.textContent + this.children.map(each => each.text === undefined ? each : each.text).join(' '); }
  append(...children) { this.children.push(...children); }
  replaceChildren(...children) { this.children = children; }
  setAttribute(name, value) { if (name === 'id') this.id = value; }
  addEventListener(name, listener) { this.listeners[name] = listener; }
  querySelector(query) { return query === '.age' ? this.age = this.age || new FakeElement('span') : null; }
  querySelectorAll() { return []; }
  contains() { return false; }
}

let time = 1700000000000;
let away = false;
const hanging = new Set();
const iso = seconds => new Date(time - seconds * 1000).toISOString();
const bodies = {
  'health/ready': () => ({ ready: true, status: 'green', reasons: [] }),
  'v1/pipelines': () => ({ at: iso(0), pipelines: [
    { name: 'a', state: 'failed', troubles: [], effective: 1, partitions: [], bufferedBytes: 0, failure: {
      code: 'bad-record', what: 'bad', where: 'topic-0-17', action: 'correct the producer', at: iso(5) } },
    { name: 'b', state: 'running', lag: 0, effective: 2, partitions: [], bufferedBytes: 0, troubles: [
      { component: 'catalog', level: 'outage', reason: 'away', since: iso(9) }] }] }),
  'v1/history': () => ({ pipelines: [] }),
  'v1/compactions': () => ({ compactions: [] }),
  'v1/audits': () => ({ audits: [] }),
  'v1/tables': () => ({ tables: [{ name: 't', role: 'keyed', jobs: [], readAt: iso(40), rowsAtMost: 5,
    lookedAt: iso(200), smallFiles: 7, standings: [{ job: 'merge', failuresInARow: 4, failingSince: iso(600),
      error: 'no space' }] }] }),
  'v1/backfills': () => ({ backfills: [] }),
};
const elements = {};
const sections = ['v1/pipelines', 'v1/history', 'v1/tables', 'v1/compactions v1/audits v1/backfills'].map(of =>
  Object.assign(new FakeElement('section'), { dataset: { of } }));

class FakeDate extends Date {
  constructor(...given) { if (given.length) super(...given); else super(time); }
  static now() { return time; }
}

const page = vm.createContext({
  document: { hidden: false, getElementById: id => elements[id] = elements[id] || new FakeElement(id),
    createElement: tag => new FakeElement(tag), createElementNS: (space, tag) => new FakeElement(tag),
    querySelectorAll: () => sections, addEventListener() {}, documentElement: new FakeElement('html') },
  fetch: async path => {
    if (away || hanging.has(path)) throw new Error(away ? 'refused' : 'timed out');
    return { ok: true, status: 200, json: async () => bodies[path]() };
  },
  sessionStorage: { getItem: () => null }, localStorage: { getItem: () => null, setItem() {} },
  matchMedia: () => ({ matches: false }), crypto: require('crypto').webcrypto,
  AbortSignal: { timeout: () => undefined }, setTimeout: () => 0, Date: FakeDate, FormData: class {},
});
vm.runInContext(fs.readFileSync(process.argv[2], 'utf8'), page);

function print(situation) {
  console.log([situation, elements.health.textContent, elements.reasons.text,
    sections.filter(each => each.classes.has('stale')).map(each => each.dataset.of).join(',')].join('|'));
}

async function run() {
  await page.look();
  await new Promise(setImmediate);
  await page.look();
  print('answers');
  console.log('pipelines|' + elements.pipelines.text);
  console.log('tables|' + elements.tables.text);
  hanging.add('v1/tables');
  time += 12000;
  for (let i = 0; i < 3; i++) await page.look();
  print('tables hang');
  hanging.clear();
  hanging.add('v1/backfills');
  time += 12000;
  for (let i = 0; i < 3; i++) await page.look();
  print('backfills hang');
  away = true;
  time += 12000;
  await page.look();
  print('away');
  away = false;
  hanging.clear();
  for (let i = 0; i < 3; i++) await page.look();
  print('back');
  time += 20000;
  page.health();
  print('not looked at');
}

run();
