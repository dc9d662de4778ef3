// Line charts, drawn as SVG.
import { element } from './element.ts';
import type { Scale } from './scale.ts';

/** A line of a chart. */
export interface Line {
  /** Its class, which gives it its colour. */
  readonly name: string;
  /** Its name in the legend; null if the title is enough. */
  readonly label: string | null;
}

/** The options of a chart. */
export interface ChartOptions {
  readonly title: string;
  readonly lines: readonly Line[];
  /** The scale for the values that are drawn. */
  readonly scale: (values: readonly number[]) => Scale;
  readonly format: (value: number) => string;
  /** How long ago the first values are. */
  readonly seconds: number;
}

/** The values of a line, the oldest first; null for a gap. */
export type Values = readonly (number | null)[];

/** The size of the drawing. It is scaled to its place, so only proportions count. */
const WIDTH = 600;
const HEIGHT = 100;

/** A chart of a few lines over the same time, with a reading under the pointer. */
export class Chart {
  readonly #options: ChartOptions;
  readonly #svg: SVGSVGElement;
  readonly #labels: HTMLElement = element('div', 'labels');
  readonly #reading: HTMLElement = element('span', 'reading');
  #values: readonly Values[] = [];
  // The slot under the pointer.
  #pointed: number | null = null;

  /** @param figure The element that it is drawn in. */
  constructor(figure: HTMLElement, options: ChartOptions) {
    this.#options = options;
    const { title, lines, seconds } = options;
    const caption = element('figcaption', '', element('b', '', title));
    for (const { name, label } of lines) {
      if (label !== null) caption.append(element('span', `key ${name}`, label));
    }
    caption.append(this.#reading);
    this.#svg = draw('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none' });
    this.#svg.setAttribute('role', 'img');
    this.#svg.addEventListener('pointermove', ({ offsetX }) => this.#point(offsetX));
    this.#svg.addEventListener('pointerleave', () => this.#point(null));
    const times = element('div', 'times');
    times.append(element('span', '', `${seconds} s ago`), element('span', '', 'now'));
    figure.classList.add('chart');
    figure.replaceChildren(caption, this.#labels, this.#svg, times);
  }

  /**
   * @param values The values of each line.
   * @param summary A description for screen readers.
   */
  draw(values: readonly Values[], summary: string): void {
    const { lines, scale: scaleOf, format } = this.#options;
    this.#values = values;
    this.#svg.setAttribute('aria-label', summary);
    const scale = scaleOf(values.flat().filter((value) => value !== null));
    const labels = scale.ticks.map((tick) => {
      const label = element('span', '', format(tick));
      label.style.top = `${(1 - scale.place(tick)) * 100}%`;
      return label;
    });
    this.#labels.replaceChildren(...labels);
    const rules = scale.ticks.map((tick) => {
      const y = height(scale, tick);
      return draw('line', { class: 'rule', x1: 0, x2: WIDTH, y1: y, y2: y });
    });
    const paths = lines.map(({ name }, index) =>
      draw('path', { class: `line ${name}`, d: outline(values[index] ?? [], scale) })
    );
    this.#svg.replaceChildren(...rules, ...paths);
    this.#read();
  }

  #point(offset: number | null): void {
    const last = this.#slots() - 1;
    const slot = offset === null ? null : Math.round(offset / this.#svg.clientWidth * last);
    this.#pointed = slot === null ? null : Math.min(last, Math.max(0, slot));
    this.#read();
  }

  #read(): void {
    this.#svg.querySelector('.pointer')?.remove();
    const slot = this.#pointed;
    if (slot === null) {
      this.#reading.textContent = '';
      return;
    }
    const { format, seconds } = this.#options;
    const x = across(slot, this.#slots());
    this.#svg.append(draw('line', { class: 'pointer', x1: x, x2: x, y1: 0, y2: HEIGHT }));
    const shown = this.#values.map((values) => {
      const value = values[slot] ?? null;
      return value === null ? '–' : format(value);
    });
    const ago = Math.round(seconds * (1 - (slot + 1) / this.#slots()));
    this.#reading.textContent = `${shown.join(' / ')}, ${ago === 0 ? 'now' : `${ago} s ago`}`;
  }

  #slots(): number {
    return this.#values[0]?.length ?? 0;
  }
}

/** The path of a line, with gaps, and a dot for a single value. */
function outline(values: Values, scale: Scale): string {
  let path = '';
  let drawing = false;
  for (const [slot, value] of values.entries()) {
    if (value !== null) {
      path += `${drawing ? 'L' : 'M'}${across(slot, values.length)} ${height(scale, value)}`;
      if (!drawing) path += 'h0';
    }
    drawing = value !== null;
  }
  return path;
}

function across(slot: number, slots: number): number {
  return round(slot / Math.max(1, slots - 1) * WIDTH);
}

function height(scale: Scale, value: number): number {
  return round((1 - scale.place(value)) * HEIGHT);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function draw<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
