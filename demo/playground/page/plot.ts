// What the charts of the playground and of the documentation share around uPlot.
import uPlot from 'uplot';
import { element } from './element.ts';

/** The colour of a variable of the style sheet, as it is in the present scheme. */
export type Colour = (name: string) => string;

/**
 * Draws a plot in a box, whose size it follows.
 *
 * @param box An element with a height of its own.
 * @param summary A description for screen readers; `table` has the values.
 * @param options The options of the plot, made with the colours of the page.
 */
export function plotIn(
  box: HTMLElement,
  summary: string,
  options: (colour: Colour) => Omit<uPlot.Options, 'width' | 'height'>,
  data: uPlot.AlignedData,
): uPlot {
  // A canvas knows no style sheet, and a variable may hold a colour for each scheme.
  const probe = element('i', '');
  probe.hidden = true;
  box.append(probe);
  const colour: Colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const size = (): { width: number; height: number } => ({
    width: box.clientWidth,
    height: box.clientHeight,
  });
  const plot = new uPlot({ ...options(colour), ...size() }, data, box);
  // The table is for those who do not see the picture.
  plot.root.setAttribute('role', 'img');
  plot.root.setAttribute('aria-label', summary);
  new ResizeObserver(() => plot.setSize(size())).observe(box);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw());
  return plot;
}

/** A table for screen readers. */
export class HiddenTable {
  /** The table, in a box, because tables do not become smaller than their content. */
  readonly element: HTMLElement;
  readonly #table: HTMLElement;
  readonly #head: readonly string[];
  #cells: readonly HTMLElement[] = [];

  /** @param head The names of the columns. */
  constructor(title: string, head: readonly string[]) {
    this.#head = head;
    this.#table = element('table', '', element('caption', '', title));
    this.element = element('div', 'hidden', this.#table);
  }

  /** Shows these rows. As long as there are as many, those who read it keep their place. */
  show(rows: readonly (readonly string[])[]): void {
    const texts = rows.flat();
    if (this.#cells.length !== texts.length) this.#make(rows);
    for (const [index, cell] of this.#cells.entries()) {
      if (cell.textContent !== texts[index]) cell.textContent = texts[index] ?? '';
    }
  }

  #make(rows: readonly (readonly string[])[]): void {
    const row = (name: string, cells: readonly HTMLElement[]): HTMLElement => {
      const [first] = cells;
      first?.setAttribute('scope', name);
      return element('tr', '', ...cells);
    };
    const head = this.#head.map((text) => {
      const cell = element('th', '', text);
      cell.setAttribute('scope', 'col');
      return cell;
    });
    const body = rows.map((cells) =>
      cells.map((_, index) => element(index === 0 ? 'th' : 'td', ''))
    );
    this.#cells = body.flat();
    this.#table.querySelectorAll('thead, tbody').forEach((part) => part.remove());
    this.#table.append(
      element('thead', '', row('col', head)),
      element('tbody', '', ...body.map((cells) => row('row', cells))),
    );
  }
}
