import type { CommandEnd } from '../../../transport-web/mod.ts';
import { Chart } from './chart.ts';
import { byId } from './by-id.ts';
import { showMilliseconds } from './runner.ts';
import { Series, type Summary } from './series.ts';

const SECONDS = 60;

/** Milliseconds of a slot, and between two drawings: often enough to be live, and calm. */
const SLOT = 1000;

/** The figures and charts of what commands came to in the last minute. */
export class Live {
  readonly #series: Series = new Series(SLOT, SECONDS * 1000 / SLOT);
  readonly #latency: Chart = new Chart(
    byId('latency', HTMLElement),
    'Latency',
    ['median', 'slowest'],
    SECONDS,
    showMilliseconds,
  );
  readonly #hits: Chart = new Chart(
    byId('hits', HTMLElement),
    'Hit rate',
    ['hits'],
    SECONDS,
    showPercent,
    1,
  );

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
    const slots = this.#series.slots(now);
    const { commands, median, slowest, hitRate } = this.#series.total(now);
    const of = (name: keyof Summary): (number | null)[] => slots.map((slot) => slot[name]);
    const figures = {
      commands: String(commands),
      'hit-rate': hitRate === null ? '–' : showPercent(hitRate),
      median: median === null ? '–' : showMilliseconds(median),
      slowest: slowest === null ? '–' : showMilliseconds(slowest),
    };
    for (const [id, text] of Object.entries(figures)) byId(id, HTMLElement).textContent = text;
    this.#latency.draw(
      [{ name: 'slowest', values: of('slowest') }, { name: 'median', values: of('median') }],
      `Latency of the last minute: median ${figures.median}, 99 % within ${figures.slowest}`,
    );
    this.#hits.draw(
      [{ name: 'hits', values: of('hitRate') }],
      `Hit rate of the last minute: ${figures['hit-rate']}`,
    );
  }
}

function showPercent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
