// The page that plays a seed of the simulated fleets.
import { type Bug, bugs, type Plan } from '../../../test/reliability/fleet/fleet.ts';
import { replayLine } from '../../../test/reliability/fleet/shrink.ts';
import { faultKinds, swarmOf } from '../../../test/reliability/fleet/swarm.ts';
import { byId, element } from '../page/element.ts';
import { readAddress, type Shown, writeAddress } from './address.ts';
import { Diagram } from './diagram.ts';
import { ItemHistory } from './item-history.ts';
import { MomentList } from './moment-list.ts';
import { drawOverview } from './overview.ts';
import { Player } from './player.ts';
import { type FaultSpan, record, type Recording } from './recording.ts';
import { showTime } from './results.ts';
import { showFault, tell } from './words.ts';

const SPEEDS = [3, 12, 40, 150, 600];
const ZOOMS = [0.35, 0.6, 1, 1.6, 2.6, 4];
/** How many seeds are looked at for one with a fault or a broken law. */
const SEARCHED = 400;
/** How many moments are past when a recording is opened. */
const AT_LEAST = 60;

const seed = byId('seed', HTMLInputElement);
const calls = byId('calls', HTMLInputElement);
const bug = byId('bug', HTMLSelectElement);
const wanted = byId('wanted', HTMLSelectElement);
const speed = byId('speed', HTMLSelectElement);
const slider = byId('moment', HTMLInputElement);
const status = byId('status', HTMLElement);
const play = byId('play', HTMLButtonElement);

const diagram = new Diagram(byId('diagram', HTMLElement), (call) => {
  player.pause();
  follow(call.items[0]?.register ?? null);
}, seek);
const list = new MomentList(seek);
const history = new ItemHistory(follow, seek);
const player = new Player(showPosition, (isPlaying) => {
  play.textContent = isPlaying ? 'Pause' : 'Play';
  // Steps are read out, and what plays is not.
  byId('now', HTMLElement).setAttribute('aria-live', isPlaying ? 'off' : 'polite');
  if (!isPlaying) share();
});
let recording: Recording | null = null;
let item: string | null = null;
let sharing: ReturnType<typeof setTimeout> | undefined;
// Counts the runs that were begun: only the last one is shown.
let runs = 0;

/** Runs what the page is to show, and shows it. */
async function open(shown: Shown): Promise<void> {
  seed.value = String(shown.seed);
  calls.value = String(shown.calls);
  bug.value = shown.bug ?? '';
  await run(toPlan(shown), shown.moment, shown.item);
}

async function run(
  plan: Plan,
  moment: number | null = null,
  register: string | null = null,
): Promise<void> {
  const own = ++runs;
  player.pause();
  status.textContent = 'Running …';
  const next = await record(plan);
  if (own !== runs) return;
  recording = next;
  slider.max = String(Math.max(0, next.moments.length - 1));
  diagram.open(next);
  const { clients, servers } = next.swarm;
  diagram.describe(
    `Time line of ${count(clients.length, 'client')} and ${count(servers, 'server')}; ` +
      'its moments are listed under What happens',
  );
  list.open(next);
  history.open(next);
  drawOverview(next);
  showReport(next);
  player.open(next.moments.length);
  const isThere = next.calls.some(({ items }) => items.some((one) => one.register === register));
  follow(isThere ? register : brokenItem(next));
  player.seek(moment ?? firstMoment(next));
  share();
}

function toPlan({ seed, calls, bug }: Shown): Plan {
  return { seed, calls, ...(bug === null ? {} : { bug }) };
}

function brokenItem({ verdicts }: Recording): string | null {
  return [...verdicts].find(([, violation]) => violation !== null)?.[0] ?? null;
}

// Where there is something to see: a broken law, or the first fault, and something before it.
function firstMoment({ moments, calls, verdicts }: Recording): number {
  const broken = moments.findIndex(({ type }) => type === 'violation');
  if (broken !== -1) return broken;
  const violation = [...verdicts.values()].find((one) => one !== null);
  if (violation !== undefined) {
    const start = Math.round(violation.operation.start * 1000);
    const call = calls.find(({ begin }) => moments[begin]?.at === start);
    if (call !== undefined) return call.end;
  }
  const least = Math.min(AT_LEAST, moments.length - 1);
  return Math.max(least, moments.findIndex(({ type }) => type === 'fault'));
}

function showReport({ report, moments }: Recording): void {
  const { commands, failures, faults, violations, plan, digest } = report;
  const closing = moments.find(({ type }) => type === 'closing') ?? moments.at(-1);
  const isRight = violations.length === 0;
  status.textContent = `${count(commands, 'key')} asked for or written to in ${
    showTime(closing?.at ?? 0)
  }, ${count(failures, 'call')} failed, ${count(faults, 'fault')}. ${
    isRight ? 'No law is broken.' : 'A law is broken.'
  }`;
  status.className = isRight ? '' : 'wrong';
  status.dataset['digest'] = String(digest);
  byId('line', HTMLElement).textContent = replayLine(plan);
  byId('broken', HTMLDetailsElement).hidden = isRight;
  byId('laws', HTMLElement).textContent = violations.join('\n');
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

function showPosition(position: number): void {
  const index = Math.floor(position);
  const moment = recording?.moments[index];
  if (moment === undefined) return;
  diagram.show(position);
  list.show(index);
  history.at(index);
  const text = tell(moment);
  const when = showTime(moment.at);
  byId('when', HTMLElement).textContent = when;
  byId('what', HTMLElement).textContent = text;
  byId('active', HTMLElement).textContent = showActive(recording?.faults ?? [], index);
  if (Number(slider.value) !== index) slider.value = String(index);
  slider.setAttribute('aria-valuetext', `${when}: ${text}`);
}

function showActive(faults: readonly FaultSpan[], index: number): string {
  const active = faults.filter(({ begin, end }) => begin <= index && index <= end);
  const shown = active.slice(0, 3).map(showFault);
  if (active.length > 3) shown.push(`${active.length - 3} more`);
  return shown.length === 0 ? '' : `Now: ${shown.join('; ')}`;
}

function seek(index: number): void {
  player.pause();
  player.seek(index);
  share();
}

function follow(register: string | null): void {
  item = register;
  diagram.follow(register);
  history.show(register);
  history.at(player.index);
  share();
}

// The address of what is shown; not while it moves, as browsers limit how often it may change.
function share(): void {
  clearTimeout(sharing);
  sharing = setTimeout(() => {
    if (recording === null || player.isPlaying) return;
    const { plan } = recording.report;
    const shown = { ...plan, bug: plan.bug ?? null, moment: player.index, item };
    globalThis.history.replaceState(null, '', writeAddress(shown));
  }, 250);
}

/** Goes on to the next moment of a kind, if there is one. */
function goOn(isSought: (moment: Recording['moments'][number]) => boolean): void {
  const from = player.index + 1;
  const next = recording?.moments.slice(from).findIndex(isSought) ?? -1;
  if (next !== -1) seek(from + next);
}

// Seeds say what may go wrong in them; whether it does, or breaks a law, only a run shows.
async function find(): Promise<void> {
  const kind = wanted.value;
  const own = ++runs;
  const shown = readForm();
  for (let next = shown.seed + 1; next <= shown.seed + SEARCHED; next++) {
    if (kind !== 'law' && !swarmOf(next).faults.some((fault) => fault === kind)) continue;
    status.textContent = `Looking at seed ${next} …`;
    const { report, faults } = await record(toPlan({ ...shown, seed: next }));
    if (own !== runs) return;
    const isFound = kind === 'law'
      ? report.violations.length > 0
      : faults.some((fault) => fault.kind === kind);
    if (isFound) return open({ ...shown, seed: next });
  }
  status.textContent = `None of the next ${SEARCHED} seeds has it.`;
}

function readForm(): Shown {
  const address = `#seed=${seed.value}&calls=${calls.value}&bug=${bug.value}`;
  return { ...readAddress(address), moment: null, item: null };
}

function zoom(by: number): void {
  const at = ZOOMS.indexOf(diagram.zoom) + by;
  diagram.zoom = ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at))]!;
}

function togglePlay(): void {
  if (player.isPlaying) player.pause();
  else player.play();
}

function onKey(event: KeyboardEvent): void {
  const { target, key } = event;
  const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const isButton = target instanceof HTMLButtonElement;
  // Regions that scroll sideways have the arrows for themselves.
  const scrolls = target instanceof HTMLElement && target.tabIndex === 0 && !isButton;
  const act: (() => void) | undefined = {
    ' ': isButton ? undefined : togglePlay,
    ArrowLeft: scrolls ? undefined : (): void => player.step(-1),
    ArrowRight: scrolls ? undefined : (): void => player.step(1),
    Home: (): void => player.seek(0),
    End: (): void => player.seek(Infinity),
    '+': (): void => zoom(1),
    '-': (): void => zoom(-1),
  }[key];
  if (act === undefined) return;
  event.preventDefault();
  act();
  share();
}

function click(id: string, act: () => void): void {
  byId(id, HTMLButtonElement).addEventListener('click', () => {
    act();
    share();
  });
}

function options(select: HTMLSelectElement, values: readonly (readonly [string, string])[]): void {
  select.replaceChildren(...values.map(([value, text]) => {
    const made = element('option', '', text);
    made.setAttribute('value', value);
    return made;
  }));
}

const bugTexts: Readonly<Record<Bug, string>> = {
  deaf: 'caches do not hear of changes',
  forget: 'servers forget items',
  late: 'timers are late',
  lie: '“may have been done” passes for “not sent”',
  repeat: 'some bytes arrive twice',
};

options(bug, [['', 'none'], ...bugs.map((name) => [name, bugTexts[name]] as const)]);
options(wanted, [
  ...faultKinds.map((kind) => [kind, kind] as const),
  ['law', 'a broken law'],
]);
wanted.value = 'partition';
options(speed, SPEEDS.map((value) => [String(value), `${value} moments a second`]));
speed.value = String(player.speed);

byId('plan', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void open(readForm());
});
bug.addEventListener('change', () => {
  if (bug.value !== '') wanted.value = 'law';
});
speed.addEventListener('change', () => {
  player.speed = Number(speed.value);
});
slider.addEventListener('input', () => seek(Number(slider.value)));
click('find', () => void find());
click('play', togglePlay);
click('step', () => player.step(1));
click('back', () => player.step(-1));
click('first', () => player.seek(0));
click('next-fault', () => goOn(({ type }) => type === 'fault'));
click(
  'next-failure',
  () =>
    goOn((moment) =>
      moment.type === 'ended' && moment.call.outcome !== 'ok' && moment.call.outcome !== 'abandoned'
    ),
);
click('narrower', () => zoom(-1));
click('wider', () => zoom(1));
click('copy', () => {
  const copy = byId('copy', HTMLButtonElement);
  void navigator.clipboard.writeText(byId('line', HTMLElement).textContent ?? '').then(() => {
    copy.textContent = 'Copied';
    setTimeout(() => copy.textContent = 'Copy', 1500);
  });
});
document.addEventListener('keydown', onKey);
addEventListener('hashchange', () => void open(readAddress(location.hash)));
await open(readAddress(location.hash));
