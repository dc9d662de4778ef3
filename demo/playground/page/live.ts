// The live figures and charts of the page.
import type { CommandEnd } from '../../../transport-web/mod.ts';
import { Chart } from './chart.ts';
import { byId } from './element.ts';
import { showMilliseconds, showPercent } from './format.ts';
import { decades, parts } from './scale.ts';
import { Series, type Summary } from './series.ts';

const SECONDS = 60;

/** The milliseconds of a slot, and between two drawings. */
const SLOT = 1000;

/** The figures and charts of the commands of the last minute. */
export class Live {
  // The last slot is incomplete and not drawn: a few commands make no rate.
  readonly #series: Series = new Series(SLOT, SECONDS * 1000 / SLOT + 1);
  readonly #latency: Chart = new Chart(byId('latency', HTMLElement), {
    title: 'Latency',
    // The median lies on top.
    lines: [{ name: 'slowest', label: 'p99' }, { name: 'median', label: 'median' }],
    scale: decades,
    format: showMilliseconds,
    seconds: SECONDS,
  });
  readonly #hits: Chart = new Chart(byId('hits', HTMLElement), {
    title: 'Hit rate',
    lines: [{ name: 'hits', label: null }],
    scale: () => parts,
    format: showPercent,
    seconds: SECONDS,
  });

  constructor() {
    this.#draw();
    setInterval(() => this.#draw(), SLOT);
  }

  /** A command has ended. */
  onEnd({ error, duration, hits, misses }: CommandEnd): void {
    if (error === null) this.#series.add(performance.now(), { duration, hits, misses });
  }

  #draw(): void {
    const now = performance.now();
    const slots = this.#series.slots(now).slice(0, -1);
    const { commands, ...total } = this.#series.total(now);
    const median = show(total.median, showMilliseconds);
    const slowest = show(total.slowest, showMilliseconds);
    const hitRate = show(total.hitRate, showPercent);
    const figures = { commands: String(commands), 'hit-rate': hitRate, median, slowest };
    for (const [id, text] of Object.entries(figures)) byId(id, HTMLElement).textContent = text;
    const of = (name: keyof Summary): (number | null)[] => slots.map((slot) => slot[name]);
    this.#latency.draw(
      [of('slowest'), of('median')],
      `Latency of the last minute: median ${median}, p99 ${slowest}`,
    );
    this.#hits.draw([of('hitRate')], `Hit rate of the last minute: ${hitRate}`);
  }
}

function show(value: number | null, format: (value: number) => string): string {
  return value === null ? '–' : format(value);
}
