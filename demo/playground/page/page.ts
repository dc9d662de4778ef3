// The page of the playground.
import { type Client, MemcacheError, type OnCommand } from '../../../transport-web/mod.ts';
import { byId, element } from './element.ts';
import { Entries } from './entries.ts';
import { Live } from './live.ts';
import { runLoad } from './load.ts';
import { Prompt } from './prompt.ts';
import { type Again, Runner } from './runner.ts';
import { type Clients, readSettings, Servers, type Where } from './servers.ts';
import { StepList } from './step-list.ts';

const EXAMPLES = [
  ...['set greeting hello', 'get greeting nobody', 'set visits 41', 'incr visits'],
  ...['gets greeting', 'mg greeting v f t s'],
];

const servers = new Servers(await readSettings());
const live = new Live();
const log = byId('log', HTMLElement);
const entries = new Entries(log);
const runner = new Runner(entries, (again) => void runElsewhere(again));
const prompt = new Prompt(byId('line', HTMLInputElement), byId('hint', HTMLElement), runner.keys);
const run = byId('run', HTMLButtonElement);
const load = byId('load', HTMLButtonElement);
let clients: Clients | null = null;
let loading: AbortController | null = null;
// Lines are run one after the other.
let busy = false;

async function goTo(where: Where): Promise<void> {
  const before = clients;
  const onLoad: OnCommand = () => (end) => live.onEnd(end);
  const onTyped: OnCommand = () => (end) => {
    // What greets the server is no command of the user.
    if (!busy) return;
    live.onEnd(end);
    runner.onEnd(end);
  };
  clients = servers.connect(where, { onLine: (line) => runner.onLine(line), onTyped, onLoad });
  runner.stop();
  if (loading !== null) startLoad();
  const { typed, steps, load } = before ?? {};
  await Promise.all([typed?.close(), steps?.close(), load?.close(), greet(where, clients.steps)]);
}

async function greet(where: Where, client: Client): Promise<void> {
  const upstream = servers.settings?.upstream ?? 'an embedded server';
  const place = where === 'page'
    ? 'An embedded server in the memory of this page'
    : `The bridge at ${servers.settings?.bridge}, before ${upstream}`;
  const status = byId('status', HTMLElement);
  status.textContent = place;
  try {
    const version = await client.version();
    // The first key of a connection finds out what the server speaks, which no step shows then.
    await client.get('greeting');
    if (clients?.steps === client) status.textContent = `${place}: memcached ${version}`;
  } catch (error) {
    if (!(error instanceof MemcacheError)) throw error;
    if (clients?.steps === client) status.textContent = `${place}: ${error.message}`;
  }
}

/** Runs a line or a step; false if another one is running. */
async function runNow(what: Again): Promise<boolean> {
  if (busy || clients === null) return false;
  setBusy(true);
  try {
    if (typeof what === 'string') await runner.run(clients, what);
    else await runner.runStep(clients, what);
  } finally {
    setBusy(false);
  }
  return true;
}

async function runElsewhere(what: Again): Promise<void> {
  if (busy) return;
  choose('page');
  await runNow(what);
}

function setBusy(is: boolean): void {
  busy = is;
  run.textContent = is ? 'Stop' : 'Run';
  // Enter is for the next line and must not stop this one.
  run.type = is ? 'button' : 'submit';
}

function startLoad(): void {
  loading?.abort();
  loading = new AbortController();
  if (clients !== null) void runLoad(clients.load, loading.signal);
}

byId('prompt', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const line = busy ? null : prompt.take();
  if (line !== null) void runNow(line);
});

run.addEventListener('click', () => {
  if (busy) runner.stop();
});

document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') runner.stop();
});

for (const line of EXAMPLES) {
  const button = element('button', '', line);
  button.setAttribute('type', 'button');
  button.addEventListener('click', () => {
    prompt.remember(line);
    void runNow(line);
  });
  byId('examples', HTMLElement).append(button);
}

load.addEventListener('click', () => {
  const on = loading === null;
  if (on) startLoad();
  else loading?.abort();
  if (!on) loading = null;
  load.textContent = on ? 'Stop the load' : 'Run a small load';
});

byId('clear', HTMLButtonElement).addEventListener('click', () => entries.clear());
for (const what of ['wire', 'typed']) {
  const box = byId(`show-${what}`, HTMLInputElement);
  const show = (): boolean => log.classList.toggle(`no-${what}`, !box.checked);
  box.addEventListener('change', show);
  show();
}

function choose(where: Where): void {
  for (const choice of choices) choice.checked = choice.value === where;
  entries.note(where === 'page' ? 'On the server in this page' : 'Through the bridge');
  void goTo(where);
}

new StepList(byId('steps', HTMLElement), byId('next-step', HTMLButtonElement), runNow);

const bridged = servers.settings !== null;
byId('where', HTMLElement).hidden = !bridged;
const choices = [...document.querySelectorAll<HTMLInputElement>('input[name=where]')];
for (const choice of choices) {
  const where: Where = choice.value === 'bridge' ? 'bridge' : 'page';
  choice.checked = bridged === (where === 'bridge');
  choice.addEventListener('change', () => choose(where));
}
// An on-screen keyboard would hide the page.
if (matchMedia('(pointer: fine)').matches) byId('line', HTMLInputElement).focus();
await goTo(bridged ? 'bridge' : 'page');
