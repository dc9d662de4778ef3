// The charts of the last minute.
import uPlot from 'uplot';
import { element } from './element.ts';
import { type Colour, HiddenTable, plotIn } from './plot.ts';

/** A line of a chart. */
export interface Line {
  /** Its class, and the variable of the style sheet with its colour. */
  readonly name: string;
  /** Its name in the legend. */
  readonly label: string;
}

/** The options of a chart. */
export interface ChartOptions {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly scale: uPlot.Scale;
  /** The values with a grid line and a label, between these two. */
  readonly ticks: (low: number, high: number) => number[];
  readonly format: (value: number) => string;
  /** How long ago the first values are. */
  readonly seconds: number;
}

/** The values of a line, the oldest first; null for a gap. */
export type Values = readonly (number | null)[];

const FONT = '12px system-ui, sans-serif';

/** A chart of a few lines over the same time, with a reading under the pointer. */
export class Chart {
  readonly #options: ChartOptions;
  readonly #plot: uPlot;
  readonly #table: HiddenTable;
  readonly #reading: HTMLElement = element('span', 'reading');

  /** @param figure The element that it is drawn in. */
  constructor(figure: HTMLElement, options: ChartOptions) {
    this.#options = options;
    const { title, lines } = options;
    const keys = lines.map(({ name, label }) => element('span', `key ${name}`, label));
    const caption = element('figcaption', '', element('b', '', title), ...keys, this.#reading);
    const box = element('div', 'plot');
    this.#table = new HiddenTable(title, ['Time', ...lines.map(({ label }) => label)]);
    figure.classList.add('chart');
    figure.replaceChildren(caption, box, this.#table.element);
    this.#plot = plotIn(box, title, (colour) => this.#layout(colour), [[], ...lines.map(() => [])]);
  }

  /**
   * @param values The values of each line.
   * @param summary A description for screen readers.
   */
  draw(values: readonly Values[], summary: string): void {
    const { seconds, format } = this.#options;
    const slots = values[0]?.length ?? 0;
    const times = Array.from(
      { length: slots },
      (_, slot) => (slot + 1) * seconds / slots - seconds,
    );
    this.#plot.setData([times, ...values.map((line) => [...line])]);
    this.#plot.root.setAttribute('aria-label', summary);
    this.#table.show(times.map((time, slot) => [
      showTime(time),
      ...values.map((line) => show(line[slot], format)),
    ]));
    this.#read();
  }

  #layout(colour: Colour): Omit<uPlot.Options, 'width' | 'height'> {
    const { lines, scale, ticks, format, seconds } = this.#options;
    const stroke = (): string => colour('muted');
    const ruled = { stroke: () => colour('edge'), width: 1 };
    const axis: uPlot.Axis = { stroke, font: FONT, ticks: { show: false }, grid: ruled };
    return {
      legend: { show: false },
      scales: { x: { time: false, range: [-seconds, 0] }, y: scale },
      series: [
        {},
        ...lines.map(({ name }) => ({
          stroke: () => colour(name),
          width: 2,
          points: { size: 4, fill: () => colour(name) },
        })),
      ],
      axes: [
        {
          ...axis,
          size: 28,
          gap: 8,
          grid: { show: false },
          splits: () => [-seconds, -seconds / 2, 0],
          values: (_, times) => times.map(showTime),
        },
        {
          ...axis,
          size: 60,
          splits: (_plot, _axis, low, high) => ticks(low, high),
          // By itself, uPlot labels some of the ticks of a logarithmic scale.
          filter: (_, splits) => splits,
          values: (_, values) => values.map(format),
        },
      ],
      // One pointer for all charts of the page.
      cursor: {
        sync: { key: 'minute' },
        drag: { x: false, y: false },
        points: { size: 8, width: 0, fill: (_, line) => colour(lines[line - 1]?.name ?? 'ink') },
      },
      padding: [8, 24, 0, 0],
      hooks: { setCursor: [() => this.#read()] },
    };
  }

  #read(): void {
    const slot = this.#plot?.cursor.idx ?? null;
    if (slot === null) {
      this.#reading.textContent = '';
      return;
    }
    const [times, ...lines] = this.#plot.data;
    const shown = lines.map((values) => show(values[slot], this.#options.format));
    this.#reading.textContent = `${shown.join(' / ')}, ${showTime(times[slot] ?? 0)}`;
  }
}

function show(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

function showTime(seconds: number): string {
  return Math.round(seconds) === 0 ? 'now' : `${Math.round(-seconds)} s ago`;
}
