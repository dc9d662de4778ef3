// What `memwire top` draws in a terminal, and prints in a pipe.
import { oneLine } from './console/flags.ts';
import { toJson } from './console/part.ts';
import { printable } from './console/quote.ts';
import type { MemcacheError } from '../core/wire/errors.ts';
import { type Rates, sparkline, totalRates } from './rates.ts';
import { type Paint, painter, print, type Terminal } from './terminal.ts';

/** The activity of a server; its error while it is down, null until it was read twice. */
export type Activity = Rates | MemcacheError | null;

/** A line of pieces that may have a colour. */
type Line = readonly (string | readonly [colour: Parameters<Paint>[0], text: string])[];

/** How many intervals are remembered, which is as wide as a history can be. */
const REMEMBERED = 60;

/** The widest and the narrowest history of a table, which has two in each row. */
const WIDE = 30;
const NARROW = 4;

/** Shows the servers: in a terminal each time over the last, else a line for each. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #servers: readonly string[];
  readonly #json: boolean;
  readonly #paint: Paint;
  // The past of each server, and of all together.
  readonly #pasts: readonly (Rates | null)[][];
  #drawn = 0;
  #isFirst = true;

  constructor(terminal: Terminal, servers: readonly string[], json: boolean) {
    this.#terminal = terminal;
    this.#servers = servers;
    this.#json = json;
    this.#paint = painter(terminal.stdout, terminal);
    this.#pasts = Array.from({ length: servers.length + 1 }, () => []);
  }

  /** Shows the activity of each server, in their order. */
  async show(activities: readonly Activity[]): Promise<void> {
    const known = activities.filter((activity) => isRates(activity));
    const total = known.length === 0 ? null : totalRates(known);
    for (const [index, past] of this.#pasts.entries()) {
      const now = index < activities.length ? activities[index] : total;
      past.push(isRates(now) ? now : null);
      if (past.length > REMEMBERED) past.shift();
    }
    if (this.#terminal.stdout.isTTY !== true || this.#json) {
      return await this.#print(activities, total);
    }
    const [first = null] = activities;
    if (activities.length > 1) await this.#draw(this.#table(activities, total));
    else if (first !== null) await this.#draw(this.#block(first));
  }

  async #print(activities: readonly Activity[], total: Rates | null): Promise<void> {
    const { stdout, stderr } = this.#terminal;
    const isAlone = activities.length === 1;
    const rows: (readonly [server: string, rates: Rates])[] = [];
    for (const [index, activity] of activities.entries()) {
      if (isRates(activity)) rows.push([this.#servers[index] ?? '', activity]);
      else if (activity !== null) await print(stderr, `memwire top: ${why(activity)}\n`);
    }
    if (!isAlone && total !== null) rows.push(['total', total]);
    const width = isAlone ? 0 : this.#nameWidth();
    for (const [server, rates] of rows) {
      const head = this.#isFirst
        ? `${''.padEnd(width)}${
          columns.map(([name]) => cell(name))
            .join('')
        }\n`
        : '';
      const text = columns.map(([, of]) => cell(of(rates))).join('');
      const json = isAlone ? rates : { server, ...rates };
      const row = `${head}${server.padEnd(width).slice(0, width)}${text}\n`;
      await print(stdout, this.#json ? `${toJson(json)}\n` : row);
      this.#isFirst = false;
    }
  }

  async #draw(lines: readonly Line[]): Promise<void> {
    // Moves to the first line of the last drawing, and clears from there on.
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}A\x1b[J` : '';
    this.#drawn = lines.length;
    const text = lines.map((line) => `${this.#clip(line)}\n`).join('');
    await print(this.#terminal.stdout, `${back}${text}`);
  }

  #clip(line: Line): string {
    let left = this.#width();
    return line.map((piece) => {
      const [colour, whole] = typeof piece === 'string' ? [null, piece] : piece;
      const text = whole.slice(0, left);
      left -= text.length;
      return colour === null || text === '' ? text : this.#paint(colour, text);
    }).join('');
  }

  // Some terminals report a width of 0.
  #width(): number {
    const { columns = 0 } = this.#terminal.stdout;
    return columns < 1 ? Infinity : columns;
  }

  #nameWidth(): number {
    return Math.max(...[...this.#servers, 'server'].map((name) => name.length));
  }

  #block(activity: Rates | MemcacheError): Line[] {
    const title: Line = [['bold', this.#servers[0] ?? ''], '    q ends'];
    if (activity instanceof Error) return [title, [['red', why(activity)]]];
    const { memory, memoryLimit } = activity;
    const full = memoryLimit === 0 ? '' : ` (${percent(memory / memoryLimit)})`;
    const room = Math.min(REMEMBERED, this.#width() - LABEL - FIGURE);
    const line = (
      label: string,
      figure: string,
      of?: (rates: Rates) => number | null,
      most?: number,
    ): Line => {
      const past = of === undefined ? '' : this.#past(0, of, room, most);
      return [label.padEnd(LABEL), past === '' ? figure : figure.padEnd(FIGURE), ['blue', past]];
    };
    return [
      title,
      line('hit rate', percent(activity.hitRate), (rates) => rates.hitRate, 1),
      line('operations', perSecond(activity.operations), (rates) => rates.operations),
      line('  gets', perSecond(activity.gets), (rates) => rates.gets),
      line('  sets', perSecond(activity.sets), (rates) => rates.sets),
      line('evictions', perSecond(activity.evictions), (rates) => rates.evictions),
      line('memory', `${bytes(memory)} of ${bytes(memoryLimit)}${full}`),
      line('items', String(activity.items)),
      line('connections', String(activity.connections)),
      line('network', `${bytes(activity.bytesIn)}/s in, ${bytes(activity.bytesOut)}/s out`),
    ];
  }

  // A row for each server, and one for all. A history stands behind each of the first two figures.
  #table(activities: readonly Activity[], total: Rates | null): Line[] {
    const name = this.#nameWidth();
    const figures = columns.length * CELL;
    const room = Math.floor((this.#width() - name - figures) / 2) - 2;
    const width = Math.max(NARROW, Math.min(WIDE, room));
    const rows = [...activities, total].map((activity, index): Line => {
      const server = (this.#servers[index] ?? 'total').padEnd(name);
      const title: Line[number] = index < activities.length ? server : ['bold', server];
      if (activity instanceof Error) return [title, '  ', ['red', why(activity)]];
      if (activity === null) return [title];
      return [
        title,
        ...columns.flatMap(([, of, past, most]): Line => {
          const text = cell(of(activity));
          if (past === undefined) return [text];
          const drawn = this.#past(index, past, width, most).padStart(width);
          return [text, '  ', ['blue', drawn]];
        }),
      ];
    });
    const heads = columns.map(([head, , past]) =>
      past === undefined ? cell(head) : `${cell(head)}${''.padEnd(width + 2)}`
    );
    return [
      [['bold', `${activities.length} servers`], '    q ends'],
      [['faint', `${'server'.padEnd(name)}${heads.join('')}`.trimEnd()]],
      ...rows,
    ];
  }

  #past(
    server: number,
    of: (rates: Rates) => number | null,
    width: number,
    most?: number,
  ): string {
    const past = this.#pasts[server] ?? [];
    return sparkline(past.map((rates) => rates === null ? null : of(rates)), width, most);
  }
}

const LABEL = 13;
const FIGURE = 12;
const CELL = 10;

/** The figures of a row, and those that have a history: its values, and that of a full bar. */
const columns: readonly (readonly [
  name: string,
  of: (rates: Rates) => string,
  past?: (rates: Rates) => number | null,
  most?: number,
])[] = [
  ['hits', ({ hitRate }) => percent(hitRate), ({ hitRate }) => hitRate, 1],
  ['ops/s', ({ operations }) => operations.toFixed(0), ({ operations }) => operations],
  ['gets/s', ({ gets }) => gets.toFixed(0)],
  ['sets/s', ({ sets }) => sets.toFixed(0)],
  ['evict/s', ({ evictions }) => evictions.toFixed(0)],
  ['memory', ({ memory }) => bytes(memory)],
  ['items', ({ items }) => String(items)],
  ['conns', ({ connections }) => String(connections)],
];

function isRates(activity: Activity | undefined): activity is Rates {
  return activity !== null && activity !== undefined && !(activity instanceof Error);
}

function why(error: MemcacheError): string {
  return printable(oneLine(error));
}

function cell(text: string): string {
  return text.padStart(CELL);
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(1)}%`;
}

function perSecond(rate: number): string {
  return `${rate.toFixed(1)}/s`;
}

function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = count;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}
