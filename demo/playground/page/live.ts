// The live figures and charts of the page.
import type { CommandEnd } from '../../../transport-web/mod.ts';
import { Chart } from './chart.ts';
import { byId } from './element.ts';
import { decades, showMilliseconds, showPercent } from './format.ts';
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
    // On a linear scale a single slow command would flatten all others.
    scale: { distr: 3, range: (_, low, high) => span(decades(low, high)) },
    ticks: decades,
    format: showMilliseconds,
    seconds: SECONDS,
  });
  readonly #hits: Chart = new Chart(byId('hits', HTMLElement), {
    title: 'Hit rate',
    lines: [{ name: 'hits', label: 'hits' }],
    scale: { range: [0, 1] },
    ticks: () => [0, 0.5, 1],
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

/** The first and the last. */
function span(ticks: readonly number[]): [number, number] {
  return [ticks[0] ?? 0, ticks.at(-1) ?? 1];
}

function show(value: number | null, format: (value: number) => string): string {
  return value === null ? '–' : format(value);
}
