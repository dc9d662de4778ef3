/** A line of a chart: its values, the oldest first; null where there is none. */
export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** The room of the drawing. It is stretched to its place, so that only proportions count. */
const WIDTH = 600;
const HEIGHT = 100;

/** A chart of a few lines over the same time, with a scale from 0, and a reading under the pointer. */
export class Chart {
  readonly #format: (value: number) => string;
  readonly #top: number | null;
  readonly #svg: SVGSVGElement;
  readonly #scale: readonly HTMLElement[];
  readonly #reading: HTMLElement;
  readonly #seconds: number;
  #lines: readonly Line[] = [];
  // Which slot the pointer is on.
  #pointed: number | null = null;

  /**
   * @param figure What it is drawn in.
   * @param names The names of its lines, which are their classes too.
   * @param seconds How long ago the first values are.
   * @param top The top of the scale; as the values demand by default.
   */
  constructor(
    figure: HTMLElement,
    title: string,
    names: readonly string[],
    seconds: number,
    format: (value: number) => string,
    top: number | null = null,
  ) {
    this.#format = format;
    this.#top = top;
    this.#seconds = seconds;
    this.#reading = element('span', 'reading');
    const caption = element('figcaption', '', element('b', '', title));
    for (const name of names) caption.append(element('span', `key ${name}`, name));
    caption.append(this.#reading);
    this.#svg = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none' });
    this.#svg.setAttribute('role', 'img');
    this.#svg.addEventListener('pointermove', ({ offsetX }) => this.#point(offsetX));
    this.#svg.addEventListener('pointerleave', () => this.#point(null));
    this.#scale = [1, 0.5, 0].map(() => element('span', ''));
    const times = element('div', 'times');
    times.append(element('span', '', `${seconds} s ago`), element('span', '', 'now'));
    const scale = element('div', 'scale');
    scale.append(...this.#scale);
    figure.replaceChildren(caption, scale, this.#svg, times);
    figure.classList.add('chart');
    this.#svg.setAttribute('aria-label', title);
  }

  /** @param summary What it shows, for those who do not see it. */
  draw(lines: readonly Line[], summary: string): void {
    this.#lines = lines;
    this.#svg.setAttribute('aria-label', summary);
    const largest = Math.max(
      0,
      ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)),
    );
    const top = this.#top ?? roundUp(largest);
    for (const [index, label] of this.#scale.entries()) {
      label.textContent = this.#format(top * (1 - index / 2));
    }
    const rules = [0, 0.5, 1].map((part) =>
      svg('line', { class: 'rule', x1: 0, x2: WIDTH, y1: part * HEIGHT, y2: part * HEIGHT })
    );
    const paths = lines.map(({ name, values }) =>
      svg('path', { class: `line ${name}`, d: outline(values, top) })
    );
    const pointer = this.#pointed === null ? [] : [this.#pointer(this.#pointed)];
    this.#svg.replaceChildren(...rules, ...paths, ...pointer);
    this.#read();
  }

  #pointer(slot: number): SVGElement {
    const x = place(slot, this.#slots());
    return svg('line', { class: 'pointer', x1: x, x2: x, y1: 0, y2: HEIGHT });
  }

  #slots(): number {
    return this.#lines[0]?.values.length ?? 0;
  }

  #point(offset: number | null): void {
    const last = this.#slots() - 1;
    const part = offset === null ? null : offset / this.#svg.clientWidth;
    this.#pointed = part === null ? null : Math.min(last, Math.max(0, Math.round(part * last)));
    this.#svg.querySelector('.pointer')?.remove();
    if (this.#pointed !== null) this.#svg.append(this.#pointer(this.#pointed));
    this.#read();
  }

  #read(): void {
    const slot = this.#pointed;
    if (slot === null) {
      this.#reading.textContent = '';
      return;
    }
    const values = this.#lines.map(({ values }) => values[slot] ?? null);
    const shown = values.map((value) => value === null ? '–' : this.#format(value)).join(' / ');
    const ago = Math.round(this.#seconds * (1 - slot / (this.#slots() - 1)));
    this.#reading.textContent = `${shown}, ${ago} s ago`;
  }
}

function place(slot: number, slots: number): number {
  return Math.round(slot / Math.max(1, slots - 1) * WIDTH * 10) / 10;
}

/** The path of a line: a gap where there is nothing, a dot where one value stands alone. */
function outline(values: readonly (number | null)[], top: number): string {
  let path = '';
  let drawing = false;
  for (const [slot, value] of values.entries()) {
    if (value !== null) {
      const y = Math.round((1 - Math.min(1, value / top)) * HEIGHT * 10) / 10;
      path += `${drawing ? 'L' : 'M'}${place(slot, values.length)} ${y}`;
      if (!drawing) path += 'h0';
    }
    drawing = value !== null;
  }
  return path;
}

/** The next of 1, 2, 5, 10, 20, … and their parts. */
function roundUp(value: number): number {
  if (value === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

/** A new element. */
export function element(
  name: string,
  className: string,
  ...content: (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.append(...content);
  return made;
}

function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
