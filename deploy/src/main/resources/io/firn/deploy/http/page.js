'use strict';
// The page asks the service that it came from, every few seconds, and shows what it says. Everything is written as
// text: no answer can become markup.

const LOOK_MILLIS = 2000;
const SVG = 'http://www.w3.org/2000/svg';
const COLOURS = 6;
const JOBS_SHOWN = 20;
const LOOKS_A_BACKFILL = 3;
// A value that is older than this is shown as old, and never as healthy.
const STALE_MILLIS = 10000;
const ANSWER_MILLIS = 5000;
const CHANGE_MILLIS = 60000;
const $ = id => document.getElementById(id);
const tables = new Map();
// What each path said last: data, when it came, why the last request failed, and whether one is under way.
const answers = {};
let history = [];
let backfills = [];
let ahead = 0;
let looks = 0;

function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'onclick') made.addEventListener('click', value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter(child => child !== undefined && child !== ''));
  return made;
}

function drawn(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const row = (...cells) => el('tr', {}, ...cells);
const cell = (content, kind) => el('td', { class: kind }, content === undefined ? '–' : content);
const number = value => cell(value === undefined ? '–' : count(value), 'n');
const count = value => Math.round(value).toLocaleString('en');

function short(value) {
  if (!Number.isFinite(value)) return '–';
  if (value >= 1e9) return (value / 1e9).toFixed(1) + 'G';
  if (value >= 1e6) return (value / 1e6).toFixed(1) + 'M';
  if (value >= 1e4) return (value / 1e3).toFixed(1) + 'k';
  return count(value);
}

function bytes(value) {
  if (value === undefined) return '–';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit++; }
  return (unit === 0 ? value : value.toFixed(1)) + ' ' + units[unit];
}

function age(time, now) {
  if (!time) return '–';
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 90) return Math.round(seconds) + ' s';
  return seconds < 5400 ? Math.round(seconds / 60) + ' min' : (seconds / 3600).toFixed(1) + ' h';
}

class Refused extends Error {
  constructor(status, problem) {
    super((problem.title || 'refused') + (problem.where ? ' (' + problem.where + ')' : '')
      + (problem.action ? '; ' + problem.action : ''));
    this.status = status;
  }
}

async function ask(path, method, body, ill) {
  const headers = {};
  const token = sessionStorage.getItem('firn-token');
  if (token) headers.Authorization = 'Bearer ' + token;
  if (method) headers['Idempotency-Key'] = key();
  if (body) headers['Content-Type'] = 'application/json';
  const answer = await fetch(path, {
    method: method || 'GET', headers, cache: 'no-store', body: body ? JSON.stringify(body) : undefined,
    signal: AbortSignal.timeout(method ? CHANGE_MILLIS : ANSWER_MILLIS),
  });
  const read = await answer.json();
  if (!answer.ok && answer.status !== ill) throw new Refused(answer.status, read);
  return read;
}

// Not crypto.randomUUID: a page from another machine without TLS does not have it.
const key = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), each => each.toString(16)).join('-');

function say(text, bad) {
  $('said').textContent = text;
  $('said').className = bad ? 'said bad' : 'said';
  $('said').hidden = !text;
}

async function change(path, body, done, method) {
  try {
    await ask(path, method || 'POST', body);
    say(done);
  } catch (failed) {
    say(failed.message, true);
  }
  looks = 0;
  await look();
}

// A rebuilt table must not take the focus from who is using it, nor close what is open.
function fill(id, rows, nothing) {
  const body = $(id);
  const open = new Set(Array.from(body.querySelectorAll('details[open]'), each => each.dataset.id));
  const focused = document.activeElement && body.contains(document.activeElement) ? document.activeElement.id : '';
  const width = body.parentElement.tHead.rows[0].cells.length;
  body.replaceChildren(...(rows.length ? rows : [row(el('td', { colspan: width, class: 'none' }, nothing))]));
  for (const each of body.querySelectorAll('details')) each.open = open.has(each.dataset.id);
  if (focused && $(focused)) $(focused).focus();
}

// The service's time: its values' ages must not depend on this machine's clock.
const now = () => Date.now() + ahead;
const isStale = answer => !answer.at || Date.now() - answer.at > STALE_MILLIS;
const asOf = answer => answer.at
  ? 'as of ' + clock(answer.at) + ', ' + age(new Date(answer.at).toISOString(), Date.now()) + ' old' : 'not read yet';

function health() {
  const all = Object.entries(answers);
  const refused = all.map(([, answer]) => answer.failed).find(failed => failed && failed.status === 401);
  const ready = answers['health/ready'] || {};
  const old = all.filter(([, answer]) => isStale(answer) && (answer.at || answer.failed));
  for (const section of document.querySelectorAll('[data-of]')) {
    const stale = section.dataset.of.split(' ').map(path => answers[path]).find(answer => answer && isStale(answer));
    section.classList.toggle('stale', !!stale);
    section.querySelector('.age').textContent = stale ? asOf(stale) : '';
  }
  if (refused) {
    $('signing').hidden = false;
    pill('red', 'token needed', [refused.message]);
  } else if (isStale(ready)) {
    if (ready.failed) {
      pill('red', 'no answer', ['The service does not answer: is it running? What is shown is ' + asOf(ready) + '.']);
    } else if (ready.at) {
      pill('amber', 'not current', ['What is shown is ' + asOf(ready) + '.']);
    }
  } else {
    const status = ready.data.status;
    const notes = old.map(([path, answer]) => path + ' does not answer; what is shown is ' + asOf(answer)
      + (answer.failed ? ': ' + answer.failed.message : ''));
    const words = { green: 'healthy', amber: 'look here', red: 'in trouble' };
    if (old.length && status === 'green') pill('amber', 'not current', notes);
    else pill(status, words[status], ready.data.reasons.concat(notes));
  }
}

function pill(status, text, why) {
  $('health').textContent = text;
  $('health').className = 'pill ' + status;
  reasons(why, status);
}

function reasons(all, status) {
  $('reasons').hidden = all.length === 0;
  $('reasons').className = 'reasons ' + status;
  $('reasons').replaceChildren(...all.map(each => el('li', {}, each)));
}

function rates() {
  const latest = new Map();
  for (const one of history) {
    const points = one.points;
    latest.set(one.pipeline, points.length ? points[points.length - 1].rate : undefined);
  }
  return latest;
}

function showPipelines(all) {
  const rate = rates();
  const known = all.every(pipeline => pipeline.lag !== undefined);
  const commits = all.map(pipeline => pipeline.lastCommit).filter(Boolean).sort();
  $('f-lag').textContent = known ? count(all.reduce((sum, each) => sum + each.lag, 0)) : '–';
  $('f-rate').textContent = short(Array.from(rate.values()).reduce((sum, each) => sum + (each || 0), 0));
  $('f-commit').textContent = age(commits[commits.length - 1], now());
  $('f-rows').textContent = short(all.reduce((sum, each) => sum + each.effective, 0));
  fill('pipelines', all.map(pipeline => {
    const paused = pipeline.state === 'paused';
    const path = 'v1/pipelines/' + encodeURIComponent(pipeline.name) + (paused ? '/resume' : '/pause');
    const worst = pipeline.failure || pipeline.troubles.some(trouble => trouble.level === 'outage');
    const state = worst ? 'bad' : pipeline.state === 'running' && !pipeline.troubles.length ? 'good' : 'warn';
    const name = el('td', {}, el('b', {}, pipeline.name));
    if (pipeline.failure) {
      const failure = pipeline.failure;
      name.append(el('div', { class: 'bad' }, failure.what + (failure.where ? ' (' + failure.where + ')' : '')),
        el('div', {}, failure.action), el('div', { class: 'quiet' }, failure.code + ', ' + age(failure.at, now())
          + ' ago'));
    }
    for (const trouble of pipeline.troubles) {
      name.append(el('div', { class: trouble.level === 'outage' ? 'bad' : 'warn' }, trouble.component + ': '
        + trouble.reason + ', for ' + age(trouble.since, now())));
    }
    return row(name, cell(pipeline.state, state), number(pipeline.lag), number(rate.get(pipeline.name)),
      number(pipeline.effective), cell(pipeline.lastCommit ? age(pipeline.lastCommit, now()) + ' ago' : undefined),
      cell(bytes(pipeline.bufferedBytes), 'n'),
      el('td', { class: 'n' }, el('button', {
        type: 'button', id: 'pause-' + pipeline.name,
        onclick: () => change(path, undefined, pipeline.name + (paused ? ' reads again' : ' is paused')),
      }, paused ? 'Resume' : 'Pause'), ' ', el('button', {
        type: 'button', id: 'restart-' + pipeline.name,
        onclick: () => change('v1/pipelines/' + encodeURIComponent(pipeline.name) + '/restart', undefined,
          pipeline.name + ' is started again'),
      }, 'Restart')));
  }), 'no pipeline');
  fill('partitions', all.flatMap(pipeline => pipeline.partitions.map(each => row(
    cell(pipeline.name), el('td', {}, each.topic + '-' + each.partition,
      each.here ? '' : el('div', { class: each.holder === '' ? 'bad' : 'quiet' },
        each.holder === undefined ? 'not here' : each.holder || 'nobody reads it')), number(each.committed), number(each.end),
    number(each.lag), el('td', {}, el('progress', {
      max: Math.max(1, each.end || 1), value: Math.min(each.committed || 0, each.end || 0),
      'aria-label': each.topic + '-' + each.partition,
    }))))), 'no partition is known yet');
  options('audit', 'pipeline', all.map(pipeline => pipeline.name));
  options('backfill', 'pipeline', all.map(pipeline => pipeline.name));
}

function showTables(all) {
  tables.clear();
  for (const table of all) tables.set(table.name, table.jobs);
  fill('tables', all.map(table => row(
    el('td', {}, el('b', {}, table.name), el('div', { class: 'quiet' }, table.role + readAgo(table)),
      ...failing(table)), rowsOf(table),
    number(table.files), cell(bytes(table.bytes), 'n'), number(table.snapshots), number(table.deleteFiles),
    lookedAt(table, table.smallFiles), lookedAt(table, table.unmergedRows), cell(table.watermark))), 'no table yet');
  options('compact', 'table', all.map(table => table.name));
  options('compact', 'job', tables.get($('compact').elements.table.value) || []);
}

// The service reads heads of tables in the background: while it cannot, it shows what it read last.
function readAgo(table) {
  if (!table.readAt) return ', not read yet';
  return now() - Date.parse(table.readAt) > 2 * STALE_MILLIS ? ', read ' + age(table.readAt, now()) + ' ago' : '';
}

// Maintenance looks at a table now and then: its figures are always shown with their age.
const lookedAt = (table, value) => value === undefined ? number(value)
  : el('td', { class: 'n' }, count(value), el('div', { class: 'quiet' }, age(table.lookedAt, now()) + ' ago'));

const failing = table => (table.standings || []).filter(each => each.failuresInARow > 0).map(each =>
  el('div', { class: 'bad' }, each.job + ' failed ' + each.failuresInARow + ' times in ' + age(each.failingSince, now())
    + ': ' + (each.error || 'see the log') + (each.lastSuccess
    ? '; last done ' + age(each.lastSuccess, now()) + ' ago' : '')));

const rowsOf = table => table.rows === undefined && table.rowsAtMost !== undefined
  ? cell('≤ ' + count(table.rowsAtMost), 'n') : number(table.rows);

function options(form, field, values) {
  const select = $(form).elements[field];
  const before = Array.from(select.options, each => each.value);
  if (before.join('\n') === values.join('\n')) return;
  const chosen = select.value;
  select.replaceChildren(...values.map(value => el('option', { selected: value === chosen }, value)));
}

function showJobs(jobs) {
  jobs.sort((left, right) => String(right.queuedAt || '').localeCompare(String(left.queuedAt || '')));
  fill('jobs', jobs.slice(0, JOBS_SHOWN).map(job => row(
    el('td', {}, el('b', {}, job.what)), cell(job.on), cell(job.state, stateClass(job)), progress(job),
    cell(job.by), result(job))), 'nothing was asked for');
}

function stateClass(job) {
  if (job.state === 'failed' || job.clean === false) return 'bad';
  return job.state === 'done' ? 'good' : 'warn';
}

function progress(job) {
  const over = job.endedAt || ['done', 'failed', 'stopped', 'cancelled'].includes(job.state);
  if (over) return cell(job.endedAt ? 'ended ' + age(job.endedAt, now()) + ' ago' : 'over', 'none');
  const bar = el('progress', { 'aria-label': job.what + ' ' + job.on });
  if (job.total > 0) {
    bar.max = job.total;
    bar.value = Math.min(job.done || 0, job.total);
  }
  const left = job.secondsLeft === undefined ? '' : ', ' + job.secondsLeft + ' s left';
  const of = job.total === undefined ? '' : ' of ' + count(job.total);
  const text = (job.phase ? job.phase + ': ' : '') + count(job.done || 0) + of + ' ' + (job.unit || '') + left;
  return el('td', {}, bar, el('div', { class: 'quiet' }, text));
}

function result(job) {
  if (job.problem) return cell(job.problem.title + '; ' + (job.problem.action || ''), 'bad');
  if (job.report) {
    return el('td', {}, el('details', { 'data-id': job.id },
      el('summary', { class: job.clean ? 'good' : 'bad' }, job.clean ? 'clean' : 'differences'),
      el('pre', {}, job.report)));
  }
  if (job.cancel) {
    const buttons = [];
    if (job.publish) {
      buttons.push(el('button', {
        type: 'button', id: 'publish-' + job.id,
        onclick: () => change(job.publish, undefined, job.what + ' of ' + job.on + ' is published'),
      }, 'Publish'), ' ');
    }
    buttons.push(el('button', {
      type: 'button', id: 'cancel-' + job.id,
      onclick: () => change(job.cancel, undefined, job.what + ' of ' + job.on + ' ends', 'DELETE'),
    }, job.branch ? 'Drop' : 'Cancel'));
    return el('td', {}, ...(job.state === 'failed' ? [job.text, ' '] : []), ...buttons);
  }
  const done = job.result;
  if (!done || !done.before) return cell(job.text);
  return cell(done.end + ': ' + count(done.before.files) + ' files became ' + count(done.after.files)
    + (done.reason ? '; ' + done.reason : ''));
}

function plot(id, field) {
  const width = Math.max(280, $(id).clientWidth), height = 180, left = 46, bottom = 20, top = 10;
  const times = history.flatMap(one => one.points.map(point => point.time));
  const box = $(id);
  if (times.length < 2) {
    box.replaceChildren(el('p', { class: 'quiet' }, 'nothing measured yet'));
    return;
  }
  const first = Math.min(...times), last = Math.max(...times, first + 1);
  const most = nice(Math.max(1, ...history.flatMap(one => one.points.map(point => point[field] || 0))));
  const x = time => left + (time - first) / (last - first) * (width - left - 6);
  const y = value => height - bottom - value / most * (height - bottom - top);
  const svg = drawn('svg', { viewBox: '0 0 ' + width + ' ' + height, role: 'img' });
  for (const part of [0, 0.5, 1]) {
    const at = y(most * part);
    svg.append(drawn('line', { x1: left, x2: width - 6, y1: at, y2: at, class: 'grid' }),
      drawn('text', { x: left - 6, y: at + 4, 'text-anchor': 'end' }, short(most * part)));
  }
  svg.append(drawn('text', { x: left, y: height - 4 }, clock(first)),
    drawn('text', { x: width - 6, y: height - 4, 'text-anchor': 'end' }, clock(last)));
  history.forEach((one, index) => {
    const seen = one.points.filter(point => point[field] !== undefined);
    if (seen.length < 2) return;
    const line = seen.map(point => x(point.time).toFixed(1) + ',' + y(point[field]).toFixed(1)).join(' L');
    const colour = index % COLOURS;
    const ends = [x(seen[0].time).toFixed(1), x(seen[seen.length - 1].time).toFixed(1)];
    svg.append(drawn('path', { d: 'M' + ends[0] + ',' + y(0) + ' L' + line + ' L' + ends[1] + ',' + y(0) + 'Z',
      class: 'area a' + colour }), drawn('path', { d: 'M' + line, class: 'line s' + colour }));
  });
  box.replaceChildren(svg);
  legend(box.parentElement);
}

function legend(figure) {
  let legend = figure.querySelector('.legend');
  if (!legend) figure.append(legend = el('div', { class: 'legend' }));
  legend.replaceChildren(...history.map((one, index) => {
    const mark = drawn('svg', { viewBox: '0 0 18 8' });
    mark.append(drawn('line', { x1: 0, x2: 18, y1: 4, y2: 4, 'stroke-width': 3, class: 's' + index % COLOURS }));
    return el('span', {}, mark, one.pipeline);
  }));
}

function nice(value) {
  const power = Math.pow(10, Math.floor(Math.log10(value)));
  return [1, 2, 5, 10].map(step => step * power).find(step => step >= value);
}

const clock = time => new Date(time).toLocaleTimeString('en-GB');

// They are read from the tables: less often, unless one is under way.
async function lookForBackfills() {
  const moving = each => ['running', 'publishing'].includes(each.state);
  const open = each => moving(each) || each.state === 'ready';
  if (looks++ % LOOKS_A_BACKFILL !== 0 && !backfills.some(moving)) return;
  await poll('v1/backfills', read => {
    $('backfill').hidden = false;
    backfills = read.backfills.map(each => Object.assign({}, each, {
      what: 'backfill', by: each.requestedBy, unit: 'offsets',
      on: each.pipeline + ', topic ' + each.topic + (each.branch ? ', branch ' + each.branch : ''),
      phase: each.mode, queuedAt: each.requestedAt, endedAt: open(each) ? undefined : each.updatedAt,
      text: each.error || count(each.added) + ' rows added, ' + count(each.replaced) + ' replaced, '
        + count(each.kept) + ' kept',
      cancel: open(each) || each.state === 'failed' && each.branch
        ? 'v1/backfills/' + encodeURIComponent(each.id) : undefined,
      publish: each.state === 'ready' ? 'v1/backfills/' + encodeURIComponent(each.id) + '/publish' : undefined,
    }));
    showAllJobs();
  });
  if (((answers['v1/backfills'] || {}).failed || {}).status === 404) {
    $('backfill').hidden = true;
    delete answers['v1/backfills'];
  }
}

// One request for each path at a time: a path that does not answer holds up none of the others.
async function poll(path, show, ill) {
  const answer = answers[path] = answers[path] || {};
  if (answer.busy) return;
  answer.busy = true;
  try {
    answer.data = await ask(path, undefined, undefined, ill);
    answer.at = Date.now();
    answer.failed = undefined;
    show(answer.data);
  } catch (failed) {
    answer.failed = failed;
  } finally {
    answer.busy = false;
    health();
  }
}

const known = (path, field) => ((answers[path] || {}).data || {})[field] || [];

async function showAllJobs() {
  showJobs([
    ...known('v1/compactions', 'compactions').map(job => Object.assign({}, job, {
      what: job.job, on: job.table, text: job.cancelledBy && !job.endedAt ? 'ending' : undefined,
      cancel: job.endedAt || job.cancelledBy ? undefined : 'v1/compactions/' + encodeURIComponent(job.id),
    })),
    ...known('v1/audits', 'audits').map(job => Object.assign({}, job, { what: 'audit', on: job.pipeline })),
    ...backfills]);
}

async function look() {
  await Promise.all([
    poll('health/ready', () => {}, 503),
    poll('v1/pipelines', read => {
      if (read.at) ahead = Date.parse(read.at) - Date.now();
      showPipelines(read.pipelines);
      $('updated').textContent = 'as of ' + clock(Date.now());
    }),
    poll('v1/history', past => {
      history = past.pipelines;
      plot('plot-lag', 'lag');
      plot('plot-rate', 'rate');
    }),
    poll('v1/compactions', showAllJobs),
    poll('v1/audits', showAllJobs),
    poll('v1/tables', read => showTables(read.tables)),
    lookForBackfills(),
  ]);
}

function forever() {
  if (!document.hidden) look();
  health();
  setTimeout(forever, LOOK_MILLIS);
}

function submitting(id, begin) {
  $(id).addEventListener('submit', event => {
    event.preventDefault();
    begin(Object.fromEntries(Array.from(new FormData($(id)), ([name, value]) => [name, value.trim()])));
  });
}

submitting('signing', () => {
  sessionStorage.setItem('firn-token', $('token').value.trim());
  $('token').value = '';
  $('signing').hidden = true;
  look();
});
submitting('compact', given => change('v1/tables/' + encodeURIComponent(given.table) + '/compactions',
  { job: given.job }, given.job + ' of ' + given.table + ' is asked for'));
submitting('audit', given => change('v1/audits', given, 'an audit of ' + given.pipeline + ' is asked for'));
submitting('backfill', given => {
  const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  for (const end of ['from', 'to']) if (/^\d+$/.test(body[end])) body[end] = Number(body[end]);
  if (body.partitions) body.partitions = body.partitions.split(/[ ,]+/).map(Number);
  change('v1/backfills', body, 'a backfill of ' + given.pipeline + ' is asked for');
});
$('compact').elements.table.addEventListener('change', event =>
  options('compact', 'job', tables.get(event.target.value) || []));
$('sign').addEventListener('click', () => { $('signing').hidden = !$('signing').hidden; });
const dark = localStorage.getItem('firn-dark');
document.documentElement.classList.toggle('dark',
  dark === null ? matchMedia('(prefers-color-scheme: dark)').matches : dark === 'true');
$('theme').addEventListener('click', () =>
  localStorage.setItem('firn-dark', String(document.documentElement.classList.toggle('dark'))));
document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
forever();
