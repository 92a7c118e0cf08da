// The report's own script: filter, search, permalinks, copy buttons, theme. The page is complete without it, up to
// the findings that only stand in the data. What the data holds is put into the page as text, never as markup.
'use strict';

const pageSize = 100;
const openUpTo = 50;
const longCommands = 5000;
const marks = [
  ['\u0001', 'name'],
  ['\u0002', 'namespace'],
  ['\u0003', 'container'],
];
const one = (selector, parent = document) => parent.querySelector(selector);
const all = (selector, parent = document) => [...parent.querySelectorAll(selector)];
const number = new Intl.NumberFormat('en');
const data = JSON.parse(one('#data').textContent);
const rowTemplate = one('#finding-row').content.firstElementChild;
const column = Object.fromEntries(data.columns.map((name, i) => [name, i + 1]));
const indexOf = new Map(data.strings.map((text, i) => [text, i]));

document.documentElement.classList.add('js');
for (const note of all('.hidden-rows')) note.hidden = true;

// One panel per check: the rows of its data, those of them that match, and the page of them that shows.
const panels = all('.check').map((element) => {
  const entry = data.checks.find(({ id }) => id === element.dataset.check);
  const body = one('tbody', element);
  const panel = { element, body, rows: entry ? entry.rows : [], page: 0, stale: false, sort: null };
  panel.matching = panel.rows;
  // Where the page has left commands out of rows, the script makes the rows anew.
  panel.served = body && !one('[data-left-out]', body) ? [...body.rows] : [];
  panel.tally = one('.count', element).textContent;
  return panel;
});

// ---- Rows

const stringAt = (row, name) => data.strings[row[column[name]]];

/** A cell's text; the marks of a shape stand for the names of its own row. */
const textOf = (row, name) =>
  marks.reduce((text, [mark, part]) => text.replaceAll(mark, () => stringAt(row, part)), stringAt(row, name));

function rowElement(row) {
  const element = rowTemplate.cloneNode(true);
  element.id = `finding-${row[0]}`;
  element.dataset.state = textOf(row, 'state');
  one('[data-severity]', element).dataset.severity = textOf(row, 'severity');
  one('.permalink', element).href = `#finding-${row[0]}`;
  for (const part of all('[data-if]', element)) part.hidden = stringAt(row, part.dataset.if) === '';
  const fill = (slots) => {
    for (const slot of slots) slot.textContent = textOf(row, slot.dataset.slot);
  };
  const commands = one('.commands', element);
  const slots = all('[data-slot]', element);
  const lengths = ['test', 'implementation', 'backout'].map((part) => stringAt(row, part).length);
  if (Math.max(...lengths) <= longCommands) {
    fill(slots);
    return element;
  }
  // Long commands wait until they are opened: a hundred rows may have the same.
  const inCommands = slots.filter((slot) => commands.contains(slot));
  fill(slots.filter((slot) => !inCommands.includes(slot)));
  commands.addEventListener('toggle', () => fill(inCommands), { once: true });
  return element;
}

/** Fills an open panel; a closed one waits until it is opened. */
function show(panel) {
  panel.stale = !panel.element.open;
  if (panel.stale || !panel.body) return;
  const { matching, page } = panel;
  const untouched = matching === panel.rows && page === 0 && panel.served.length === panel.rows.length;
  const rows = untouched
    ? panel.served
    : matching.slice(page * pageSize, (page + 1) * pageSize).map(rowElement);
  panel.body.replaceChildren(...rows);
  const pager = one('.pager', panel.element);
  pager.hidden = untouched || matching.length <= pageSize;
  const [back, forth] = all('button', pager);
  back.disabled = page === 0;
  forth.disabled = (page + 1) * pageSize >= matching.length;
  const first = page * pageSize + 1;
  const last = Math.min((page + 1) * pageSize, matching.length);
  one('span', pager).textContent =
    `${number.format(first)} to ${number.format(last)} of ${number.format(matching.length)}`;
}

// ---- Filter; its state is the fragment of the address: #?q=web&severity=high

const form = one('.filter');
const result = one('.result');
const platformNames = new Set(
  all('option[data-platform]', form).map((option) => indexOf.get(option.value) ?? -1),
);

/** What a row is about, each its kind, its namespace and its name: one object, or the several that are alike. */
const objectsOf = (row) =>
  row[column.objects] ?? [[row[column.kind], row[column.namespace], row[column.name]]];

const namespaceKind = indexOf.get('Namespace');
/** The namespace that an object lies in, or is. */
const placeOf = ([kind, namespace, name]) => (kind === namespaceKind && namespace === 0 ? name : namespace);

function rowTest() {
  const chosen = new FormData(form);
  const tests = [];
  // One of the objects must pass all of these.
  const objectTests = [];
  const severities = new Set(chosen.getAll('severity').map((name) => indexOf.get(name) ?? -1));
  if (severities.size > 0) tests.push((row) => severities.has(row[column.severity]));
  const state = chosen.get('state');
  if (state === 'drift') tests.push((row) => row[column.drift] !== 0);
  else if (state) tests.push((row) => row[column.state] === indexOf.get(state));
  const namespace = chosen.get('namespace');
  if (namespace === '!platform') objectTests.push((object) => !platformNames.has(placeOf(object)));
  else if (namespace) {
    const wanted = indexOf.get(namespace);
    objectTests.push((object) => placeOf(object) === wanted);
  }
  if (chosen.get('kind')) objectTests.push(([kind]) => kind === indexOf.get(chosen.get('kind')));
  if (objectTests.length > 0)
    tests.push((row) => objectsOf(row).some((object) => objectTests.every((test) => test(object))));
  for (const word of chosen.get('q').toLowerCase().split(/\s+/).filter(Boolean)) {
    // Every different string is looked at once, however many rows have it.
    const hits = data.strings.map((text) => text.toLowerCase().includes(word));
    const cells = ['kind', 'namespace', 'name', 'container', 'path', 'message'].map((name) => column[name]);
    const isNamed = (row) => row[column.objects]?.some((object) => object.some((part) => hits[part]));
    tests.push((row) => row[0].startsWith(word) || cells.some((cell) => hits[row[cell]]) || isNamed(row));
  }
  return tests.length === 0 ? null : (row) => tests.every((test) => test(row));
}

function filter() {
  const test = rowTest();
  let found = 0;
  let checks = 0;
  for (const panel of panels) {
    panel.page = 0;
    panel.matching = test ? panel.rows.filter(test) : panel.rows;
    if (panel.sort) sortRows(panel);
    const count = panel.matching.length;
    found += count;
    checks += count > 0 ? 1 : 0;
    panel.element.hidden = test !== null && count === 0;
    one('.count', panel.element).textContent = test
      ? `${number.format(count)} of ${number.format(panel.rows.length)} match`
      : panel.tally;
  }
  for (const panel of panels) {
    if (test && found <= openUpTo && panel.matching.length > 0) panel.element.open = true;
    show(panel);
  }
  const words = [found === 1 ? 'finding matches' : 'findings match', checks === 1 ? 'check' : 'checks'];
  result.textContent = test ? `${number.format(found)} ${words[0]}, in ${checks} ${words[1]}.` : '';
}

function writeAddress() {
  const state = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''));
  const fragment = state.size > 0 ? `#?${state}` : location.pathname;
  try {
    history.replaceState(null, '', fragment);
  } catch {
    // Some viewers allow no history; the filter works without.
  }
}

function readAddress() {
  let fragment = location.hash.slice(1);
  if (fragment.startsWith('?')) {
    const state = new URLSearchParams(fragment.slice(1));
    for (const field of form.elements) {
      if (field.type === 'checkbox') field.checked = state.getAll(field.name).includes(field.value);
      else if (field.name) field.value = state.get(field.name) ?? '';
    }
    filter();
    one('#checks').scrollIntoView();
    return;
  }
  try {
    fragment = decodeURIComponent(fragment);
  } catch {
    return;
  }
  if (fragment.startsWith('check-')) openCheck(fragment.slice('check-'.length));
  if (fragment.startsWith('finding-')) openFinding(fragment.slice('finding-'.length));
}

function openCheck(id) {
  const panel = panels.find(({ element }) => element.dataset.check === id);
  if (!panel) return;
  panel.element.hidden = false;
  panel.element.open = true;
  panel.element.scrollIntoView();
}

function openFinding(id) {
  const panel = panels.find(({ rows }) => rows.some((row) => row[0] === id));
  if (!panel) return;
  if (!panel.matching.some((row) => row[0] === id)) {
    form.reset();
    filter();
  }
  panel.page = Math.floor(panel.matching.findIndex((row) => row[0] === id) / pageSize);
  panel.element.open = true;
  show(panel);
  for (const old of all('tr.target')) old.classList.remove('target');
  const row = document.getElementById(`finding-${id}`);
  row?.classList.add('target');
  row?.scrollIntoView({ block: 'center' });
}

// ---- Sorting: by the words of a column, or back to the order of the report, worst first

const sortKeys = {
  Severity: (row) => ['critical', 'high', 'medium', 'low'].indexOf(textOf(row, 'severity')),
  Object: (row) => ['namespace', 'name', 'kind'].map((name) => textOf(row, name)).join('\u0000'),
  Finding: (row) => textOf(row, 'message'),
};

function sortRows(panel) {
  const { name, direction } = panel.sort;
  panel.matching = panel.matching
    .map((row) => ({ row, key: sortKeys[name](row) }))
    .toSorted((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -direction : direction))
    .map(({ row }) => row);
}

for (const panel of panels) {
  for (const head of all('.findings th', panel.element)) {
    const name = head.textContent;
    if (!sortKeys[name]) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = name;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const direction = panel.sort?.name === name ? -panel.sort.direction : 1;
      panel.sort = { name, direction };
      panel.page = 0;
      sortRows(panel);
      for (const other of all('.findings th', panel.element)) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
      show(panel);
    });
  }
  panel.element.addEventListener('toggle', () => {
    if (panel.element.open && (panel.stale || panel.served.length < panel.rows.length)) show(panel);
  });
}

// ---- Copy

async function copy(button) {
  const code = one('code', button.parentElement);
  let done = true;
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    done = document.execCommand('copy');
  }
  button.textContent = done ? 'Copied' : 'Selected';
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 1500);
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if ('copy' in button.dataset) void copy(button);
  if (button.dataset.page) {
    const panel = panels.find(({ element }) => element.contains(button));
    panel.page += Number(button.dataset.page);
    show(panel);
    panel.element.scrollIntoView();
  }
});

// ---- Theme

const theme = one('#theme');
const themes = ['auto', 'light', 'dark'];
function setTheme(name) {
  theme.textContent = `Theme: ${name}`;
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}
function storedTheme(name) {
  try {
    if (name) localStorage.setItem('passmuster-theme', name);
    return localStorage.getItem('passmuster-theme');
  } catch {
    return name;
  }
}
let current = themes.includes(storedTheme()) ? storedTheme() : 'auto';
theme.addEventListener('click', () => {
  current = themes[(themes.indexOf(current) + 1) % themes.length];
  storedTheme(current);
  setTheme(current);
});
setTheme(current);
theme.hidden = false;

// ---- Wiring

let waiting = 0;
const changed = () => {
  filter();
  writeAddress();
};
form.addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(changed, 80);
});
form.addEventListener('reset', () => setTimeout(changed));
form.addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input, select, textarea');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    form.elements.q.focus();
  }
  if (event.key === 'Escape' && rowTest()) form.reset();
});
addEventListener('hashchange', readAddress);
form.hidden = false;
readAddress();
