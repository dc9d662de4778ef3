// Draws what happened between two processes and a server as an SVG.
import type { Mark } from './cache-scenes.ts';

// A picture is shown in a column of text, also on a phone: it is narrow, and its text is large.
const WIDTH = 470;
const MARGIN = 54;
/** Where the lines of the processes are, and that of the server. */
const LINES = [MARGIN, WIDTH - MARGIN] as const;
const SERVER = WIDTH / 2;
const TOP = 66;
/** The width of a letter. */
const LETTER = 6.3;
/** The letters that fit above an arrow. */
const LONGEST = 25;
/** The least time, in milliseconds, that is worth a line. */
const GAP = 30;

// The card has a background of its own, so that it can be read wherever it is put.
const STYLE = `
svg { --paper: #fff; --ink: #1f2328; --soft: #59636e; --rule: #d1d9e0; --a: #0969da; --b: #8250df;
  --good: #1a7f37; --bad: #cf222e; --pill: #f6f8fa }
@media (prefers-color-scheme: dark) {
  svg { --paper: #151b23; --ink: #f0f6fc; --soft: #9198a1; --rule: #3d444d; --a: #58a6ff;
    --b: #bc8cff; --good: #3fb950; --bad: #ff7b72; --pill: #21262d }
}
text { font: 12px system-ui, sans-serif; fill: var(--ink); text-anchor: middle }
.title { font-weight: 600; font-size: 13px }
.head { font-weight: 600 }
.wire { font: 11px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace }
.time { fill: var(--soft); font-size: 11px }
.right { text-anchor: start }
.left { text-anchor: end }
.p0 { --own: var(--a) }
.p1 { --own: var(--b) }
.life { stroke: var(--rule); stroke-width: 1.5; fill: none }
.dead { stroke-dasharray: 2 5 }
.gap { stroke: var(--rule); stroke-dasharray: 1 4 }
.arrow { stroke: var(--own); stroke-width: 1.5; fill: none }
.reply { stroke-dasharray: 5 3 }
.tip { fill: var(--own) }
.pill { fill: var(--pill); stroke: var(--own) }
.answer { fill: var(--own); stroke: var(--own) }
.said { fill: var(--paper); font-weight: 600 }
.load { fill: var(--own); fill-opacity: 0.25; stroke: var(--own) }
.own { fill: var(--own); font-weight: 600 }
.kill { stroke: var(--bad); stroke-width: 3; stroke-linecap: round }
.bad { fill: var(--bad); font-weight: 600 }
.bare { fill: var(--paper) }
.paper { fill: var(--paper); stroke: var(--rule) }`;

/** What happened as an SVG document. */
export function drawSequence(title: string, marks: readonly Mark[]): string {
  return new Drawing().draw(title, marks);
}

class Drawing {
  readonly #parts: string[] = [];
  // Behind the parts.
  readonly #bars: string[] = [];
  #y = TOP;
  #last = 0;
  readonly #loads: [number | null, number | null] = [null, null];
  readonly #asked: [string, string] = ['', ''];
  readonly #deaths: [number | null, number | null] = [null, null];

  draw(title: string, marks: readonly Mark[]): string {
    for (let i = 0; i < marks.length; i++) {
      const polls = countPolls(marks, i);
      if (polls > 1) {
        // The first one and the last are drawn, and those between them counted.
        this.#passTo(marks[i]!.at);
        this.#polls(marks[i]!, polls, marks[i + 2 * polls - 1]!.at);
        i += 2 * polls - 1;
      } else this.#mark(marks[i]!);
    }
    const bottom = this.#y + 8;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${
        bottom + 10
      }" width="${WIDTH}" role="img">`,
      `<title>${escape(title)}</title>`,
      `<style>${STYLE}\n</style>`,
      `<rect class="paper" x="0.5" y="0.5" width="${WIDTH - 1}" height="${bottom + 9}" rx="8"/>`,
      text(SERVER, 24, title, 'title'),
      text(LINES[0], 50, 'process A', 'head own', 'p0'),
      text(SERVER, 50, 'memcached', 'head'),
      text(LINES[1], 50, 'process B', 'head own', 'p1'),
      ...LINES.flatMap((x, process) => {
        const end = this.#deaths[process] ?? bottom;
        const rest = end < bottom ? [`<path class="life dead" d="M${x} ${end}V${bottom}"/>`] : [];
        return [`<path class="life" d="M${x} 58V${end}"/>`, ...rest];
      }),
      `<path class="life" d="M${SERVER} 58V${bottom}"/>`,
      ...this.#bars,
      ...this.#parts,
      '</svg>\n',
    ].join('\n');
  }

  #mark({ at, process, kind, text: said }: Mark): void {
    this.#passTo(at);
    const x = LINES[process]!;
    switch (kind) {
      case 'request':
      case 'reply':
        return this.#arrow(process, kind, said);
      case 'call':
      case 'answer':
        return this.#pill(process, kind, said);
      case 'load':
        this.#loads[process] = this.#y;
        return this.#label(process, 'load', 14);
      case 'loaded':
        this.#label(process, said, 14);
        return this.#endLoad(process);
      case 'death': {
        this.#y += 12;
        this.#endLoad(process);
        this.#deaths[process] = this.#y;
        const [left, right, top, bottom] = [x - 7, x + 7, this.#y - 7, this.#y + 7];
        this.#parts.push(
          `<path class="kill" d="M${left} ${top}L${right} ${bottom}M${right} ${top}L${left} ${bottom}"/>`,
          text(x, this.#y + 22, said, 'bad'),
        );
        this.#y += 30;
      }
    }
  }

  // Time that goes by is a line, not a distance.
  #passTo(at: number): void {
    if (at - this.#last >= GAP) {
      this.#y += 16;
      const words = at >= 1000 ? `${at / 1000} s` : `${at} ms`;
      const half = words.length * LETTER / 2 + 6;
      this.#parts.push(
        `<path class="gap" d="M14 ${this.#y}H${SERVER - half}M${SERVER + half} ${this.#y}H${
          WIDTH - 14
        }"/>`,
        box(SERVER, this.#y, half, 8, 'bare'),
        text(SERVER, this.#y + 4, words, 'time'),
      );
      this.#y += 16;
    }
    this.#last = at;
  }

  #arrow(process: number, kind: 'request' | 'reply', said: string): void {
    const [own, server] = [LINES[process]!, SERVER];
    const [from, to] = kind === 'request' ? [own, server] : [server, own];
    const side = Math.sign(to - from);
    const [start, tip] = [from + 6 * side, to - 6 * side];
    // The data of a long line is below it.
    for (const line of said.length > LONGEST ? said.split(/ (?=↵)/) : [said]) {
      this.#y += 14;
      this.#parts.push(text((own + server) / 2, this.#y, line, 'wire'));
    }
    this.#y += 6;
    if (kind === 'request') this.#asked[process] = said;
    else this.#explain(process, said);
    const dashes = kind === 'reply' ? ' reply' : '';
    this.#parts.push(
      `<g class="p${process}">` +
        `<path class="arrow${dashes}" d="M${start} ${this.#y}H${tip - 5 * side}"/>` +
        `<path class="tip" d="M${tip} ${this.#y}l${-8 * side} -4v8z"/></g>`,
    );
    this.#y += 4;
  }

  // On the side of the other process, where nothing happens meanwhile.
  #explain(process: number, reply: string): void {
    const words = meaning(this.#asked[process] ?? '', reply);
    const [x, side] = process === 0 ? [SERVER + 10, 'right'] : [SERVER - 10, 'left'];
    this.#parts.push(text(x, this.#y, words, 'time', side));
  }

  #pill(process: number, kind: 'call' | 'answer', said: string): void {
    this.#y += 16;
    const half = said.length * LETTER / 2 + 9;
    // Within the picture.
    const x = Math.min(Math.max(LINES[process]!, half + 8), WIDTH - half - 8);
    const shape = kind === 'call' ? 'pill' : 'answer';
    this.#parts.push(
      `<g class="p${process}">${box(x, this.#y, half, 10, shape)}</g>`,
      text(x, this.#y + 4, said, kind === 'call' ? '' : 'said'),
    );
    this.#y += 14;
  }

  #label(process: number, said: string, height: number): void {
    const side = process === 0 ? -1 : 1;
    const x = LINES[process]! + side * (said.length * LETTER / 2 + 10);
    this.#parts.push(text(x, this.#y + height, said, 'own', `p${process}`));
    this.#y += height + 6;
  }

  #endLoad(process: number): void {
    const from = this.#loads[process];
    if (from === null || from === undefined) return;
    this.#loads[process] = null;
    const height = this.#y - from;
    const x = LINES[process]! - 5;
    this.#bars.push(
      `<g class="p${process}"><rect class="load" x="${x}" y="${
        from + 2
      }" width="10" height="${height}" rx="3"/></g>`,
    );
  }

  #polls({ process, text: said }: Mark, count: number, until: number): void {
    this.#y += 18;
    const x = (LINES[process]! + SERVER) / 2;
    this.#parts.push(
      text(x, this.#y, `${said.split(' ')[0]} again, ${count} times`, 'time'),
      text(x, this.#y + 14, `until ${until} ms`, 'time'),
    );
    this.#y += 20;
    this.#last = until;
  }
}

/** What a reply says. */
function meaning(request: string, reply: string): string {
  if (request.startsWith('md')) return / C\d/.test(request) ? 'the lease is over' : 'marked as old';
  if (reply === 'EX') return 'changed since: not stored';
  if (reply === 'HD') return 'stored';
  const isEmpty = reply.startsWith('VA 0 ');
  const [, flags = ''] = / t-?\d+((?: [A-Z])*)/.exec(reply) ?? [];
  if (flags.includes('W')) return isEmpty ? 'no value: load it' : 'load it again';
  if (flags.includes('Z')) return isEmpty ? 'no value: another loads' : 'another loads';
  return 'fresh';
}

/** How many times a process asks the same, and is told the same, as just before. */
function countPolls(marks: readonly Mark[], from: number): number {
  const [request, reply] = [marks[from - 2], marks[from - 1]];
  if (request?.kind !== 'request' || reply?.kind !== 'reply') return 0;
  let count = 0;
  const isSame = (mark: Mark | undefined, { kind, process, text: said }: Mark): boolean =>
    mark?.kind === kind && mark.process === process && mark.text === said;
  for (;;) {
    const at = from + 2 * count;
    if (!isSame(marks[at], request) || !isSame(marks[at + 1], reply)) return count;
    count++;
  }
}

function text(x: number, y: number, said: string, ...classes: readonly string[]): string {
  const names = classes.filter((name) => name !== '').join(' ');
  const attribute = names === '' ? '' : ` class="${names}"`;
  return `<text${attribute} x="${round(x)}" y="${y}">${escape(said)}</text>`;
}

function box(x: number, y: number, half: number, height: number, name: string): string {
  return `<rect class="${name}" x="${round(x - half)}" y="${y - height}" width="${
    round(2 * half)
  }" height="${2 * height}" rx="${height}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(said: string): string {
  return said.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
