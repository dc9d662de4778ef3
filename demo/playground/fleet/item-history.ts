// The history of an item: the calls to it, beside each other, and what the checker says of them.
import type { TracedItem } from '../../../test/reliability/fleet/trace.ts';
import type { Item, Violation } from '../../../test/reliability/history.ts';
import { byId, element } from '../page/element.ts';
import { CACHED, type CallSpan, packRows, type Recording } from './recording.ts';
import { showItem, showTime } from './results.ts';
import { fitted, svg } from './svg.ts';

/** A call, as far as it is about one item. */
interface Use {
  readonly call: CallSpan;
  readonly item: TracedItem;
  readonly result: string;
  /** The checker finds no order that explains it. */
  readonly isBroken: boolean;
  begin: number;
  end: number;
  row: number;
}

/** Something that a server did to an item: the index of its moment, and which write it was. */
interface Deed {
  readonly index: number;
  /** Null where it lost the item. */
  readonly id: number | null;
}

/** The part of the page with the history of an item. */
export class ItemHistory {
  readonly #choice: HTMLSelectElement = byId('item', HTMLSelectElement);
  readonly #verdict: HTMLElement = byId('verdict', HTMLElement);
  readonly #drawing: HTMLElement = byId('uses', HTMLElement);
  readonly #list: HTMLElement = byId('list', HTMLElement);
  readonly #onSeek: (index: number) => void;
  #recording: Recording | null = null;
  #bars: (readonly [begin: number, bar: Element])[] = [];

  /**
   * @param onChosen Called with the item that was chosen, `k1@0`; null for none.
   * @param onSeek Called with the index of a moment that was clicked.
   */
  constructor(onChosen: (register: string | null) => void, onSeek: (index: number) => void) {
    this.#onSeek = onSeek;
    this.#choice.addEventListener('change', () => onChosen(this.#choice.value || null));
  }

  /** Offers the items of another recording: those with a broken law first, then the busiest. */
  open(recording: Recording): void {
    this.#recording = recording;
    const counts = new Map<string, number>();
    for (const { items } of recording.calls) {
      for (const { register } of items) counts.set(register, (counts.get(register) ?? 0) + 1);
    }
    const isBroken = (register: string): number =>
      Number((recording.verdicts.get(register) ?? null) !== null);
    const sorted = [...counts].toSorted(([one, ones], [other, others]) =>
      isBroken(other) - isBroken(one) || others - ones
    );
    this.#choice.replaceChildren(
      option('', 'none'),
      ...sorted.map(([register, count]) =>
        option(
          register,
          `${showRegister(register)}: ${count === 1 ? '1 call' : `${count} calls`}${
            isBroken(register) === 1 ? ', a law is broken' : ''
          }`,
        )
      ),
    );
  }

  /** Shows the history of an item; null: of none. */
  show(register: string | null): void {
    const recording = this.#recording;
    if (recording === null) return;
    this.#choice.value = register ?? '';
    this.#bars = [];
    if (register === null || this.#choice.value === '') {
      this.#verdict.textContent =
        'Click a call on the time line, or choose an item: what a key has ' +
        'on one server.';
      this.#verdict.className = '';
      this.#drawing.replaceChildren();
      this.#list.replaceChildren();
      return;
    }
    const violation = recording.verdicts.get(register) ?? null;
    const uses = usesOf(recording, register, violation);
    this.#verdict.textContent = recording.verdicts.has(register)
      ? showVerdict(violation, uses)
      : uses.some(({ call }) => CACHED.includes(call.kind))
      ? 'A value of a cache: its laws are checked during the run, and shown where one is broken.'
      : 'No call to it had a result, so there is nothing to check.';
    this.#verdict.className = violation === null ? 'right' : 'wrong';
    this.#drawing.replaceChildren(this.#draw(uses, deedsOf(recording, register)));
    this.#list.replaceChildren(this.#table(uses));
  }

  /** Marks what has happened up to a moment, by its index. */
  at(index: number): void {
    for (const [begin, bar] of this.#bars) bar.classList.toggle('coming', begin > index);
  }

  // The order of the moments matters here, not how far apart they are: only calls get more room.
  #draw(uses: Use[], deeds: readonly Deed[]): SVGElement {
    const indexes = [
      ...uses.flatMap(({ call }) => [call.begin, call.end]),
      ...deeds.map(({ index }) => index),
    ];
    const begins = new Set(uses.map(({ call }) => call.begin));
    const places = new Map<number, number>();
    let width = EDGE;
    for (const index of [...new Set(indexes)].toSorted((a, b) => a - b)) {
      places.set(index, width);
      width += begins.has(index) ? CALL : STEP;
    }
    const place = (index: number): number => places.get(index) ?? EDGE;
    const rows = packRows(uses);
    const height = 40 + rows * ROW;
    const bars = uses.map((use) => {
      const { call, item, result, isBroken, row } = use;
      const x = place(call.begin);
      const length = Math.max(12, place(call.end) - x - 3);
      const y = 6 + row * ROW;
      // Without the key, which is the same in all of them.
      const text = `${call.kind}${item.id === 0 ? '' : ` ${item.id}`} → ${result}`;
      const kind = call.isWrite ? 'write' : 'read';
      const bar = svg(
        'g',
        { class: `call ${call.outcome} ${kind}${isBroken ? ' wrong' : ''}` },
        svg('title', {}, `${call.client}: ${text}`),
        svg('rect', { x, y, width: length, height: ROW - 4, rx: 3 }),
        svg('text', { x: x + 5, y: y + ROW - 9 }, fitted(text, length)),
      );
      bar.addEventListener('click', () => this.#onSeek(call.begin));
      this.#bars.push([call.begin, bar]);
      return bar;
    });
    const line = height - 26;
    const marks = deeds.map(({ index, id }) => {
      const x = place(index);
      const mark = svg(
        'g',
        { class: id === null ? 'lost' : 'applied' },
        svg('line', { x1: x, x2: x, y1: 2, y2: line }),
        svg('circle', { cx: x, cy: line, r: 4 }),
        svg('text', { x: x - 4, y: height - 6 }, id === null ? 'lost' : `${id}`),
      );
      this.#bars.push([index, mark]);
      return mark;
    });
    return svg(
      'svg',
      { width, height, role: 'img', 'aria-label': 'The calls to the item, beside each other' },
      svg('line', { class: 'server', x1: 0, x2: width, y1: line, y2: line }),
      ...bars,
      ...marks,
    );
  }

  #table(uses: readonly Use[]): HTMLElement {
    const { moments = [] } = this.#recording ?? {};
    const head = ['Began', 'Ended', 'Call', 'Result', 'Client'].map((text) => {
      const cell = element('th', '', text);
      cell.setAttribute('scope', 'col');
      return cell;
    });
    const rows = uses.map(({ call, item, result, isBroken }) => {
      const began = element('button', '', showTime(moments[call.begin]?.at ?? 0));
      began.setAttribute('type', 'button');
      began.addEventListener('click', () => this.#onSeek(call.begin));
      const ended = call.outcome === 'abandoned' ? '–' : showTime(moments[call.end]?.at ?? 0);
      const row = element(
        'tr',
        `${call.outcome}${isBroken ? ' wrong' : ''}`,
        element('td', '', began),
        element('td', '', ended),
        element('td', '', showItem(call.kind, item)),
        element('td', '', result),
        element('td', '', call.client),
      );
      this.#bars.push([call.begin, row]);
      return row;
    });
    return element(
      'table',
      '',
      element('thead', '', element('tr', '', ...head)),
      element('tbody', '', ...rows),
    );
  }
}

/** Pixels: at both sides; to the next moment; to the one after the begin of a call; a row. */
const EDGE = 14;
const STEP = 34;
const CALL = 104;
const ROW = 22;

function option(value: string, text: string): HTMLElement {
  const made = element('option', '', text);
  made.setAttribute('value', value);
  return made;
}

/** `k1@0` for people. */
function showRegister(register: string): string {
  const at = register.lastIndexOf('@');
  const server = register.slice(at + 1);
  return `${register.slice(0, at)} ${server === '-1' ? 'with no server' : `on server${server}`}`;
}

function usesOf(recording: Recording, register: string, violation: Violation | null): Use[] {
  const { moments, calls } = recording;
  const isBroken = (call: CallSpan): boolean =>
    violation !== null &&
    Math.round(violation.operation.start * 1000) === moments[call.begin]?.at &&
    Math.round(violation.operation.end * 1000) === moments[call.end]?.at;
  return calls.flatMap((call) =>
    call.items.flatMap((item, i) => {
      if (item.register !== register) return [];
      const { begin, end } = call;
      const result = call.results[i] ?? '';
      return [{ call, item, result, isBroken: isBroken(call), begin, end, row: 0 }];
    })
  );
}

function deedsOf({ moments }: Recording, register: string): Deed[] {
  const at = register.lastIndexOf('@');
  const [key, server] = [register.slice(0, at), `server${register.slice(at + 1)}`];
  return moments.flatMap((moment, index): Deed[] => {
    if (moment.type === 'applied' && moment.item.register === register) {
      return [{ index, id: moment.item.id }];
    }
    const isLost = moment.type === 'lost' && moment.server === server &&
      (moment.key === null || moment.key === key);
    return isLost ? [{ index, id: null }] : [];
  });
}

/** What the checker says, for people. */
function showVerdict(violation: Violation | null, uses: readonly Use[]): string {
  if (violation === null) {
    return 'Linearizable: there is an order of these calls in which each result is right.';
  }
  const broken = uses.find(({ isBroken }) => isBroken);
  const what = broken === undefined
    ? JSON.stringify(violation.operation.call.type)
    : `“${showItem(broken.call.kind, broken.item)} → ${broken.result}”`;
  const { explained, states } = violation;
  const after = `${explained.length} ${explained.length === 1 ? 'step' : 'steps'}`;
  return `Not linearizable: no order explains ${what}. After the longest order that was found, ` +
    `of ${after}, the item is ${states.map(showState).join(' or ')}.`;
}

function showState(item: Item): string {
  return item === null ? 'not there' : `“${item.value}”`;
}
