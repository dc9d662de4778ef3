// The chart of the clients' rates.
import uPlot from 'uplot';
import { defineComponent, h, onBeforeUnmount, onMounted, ref } from 'vue';
import { element } from '../../../demo/playground/page/element.ts';
import { type Colour, HiddenTable, plotIn } from '../../../demo/playground/page/plot.ts';
import figures from '../../../docs/benchmark.json';

const { title, series, groups } = figures;

/** The height of a bar, where those of a group and the space after them are 1. */
const BAR = 0.8 / series.length;

/** The width below which the names of loads are broken. */
const NARROW = 520;

/** The chart; a screen reader gets a table. */
export const BenchmarkChart = defineComponent(() => {
  const figure = ref<HTMLElement>();
  let plot: uPlot | null = null;
  onMounted(() => {
    if (figure.value !== undefined) plot = draw(figure.value);
  });
  onBeforeUnmount(() => plot?.destroy());
  return () => h('figure', { ref: figure, class: 'benchmark' });
});

function draw(figure: HTMLElement): uPlot {
  const keys = series.map((name, index) => element('span', `key client-${index}`, name));
  const box = element('div', 'plot');
  const tip = element('div', 'tip');
  const table = new HiddenTable(title, ['Load', ...series]);
  table.show(groups.map(({ name, values }) => [name, ...values.map(show)]));
  figure.replaceChildren(element('figcaption', '', ...keys), box, tip, table.element);
  const data: uPlot.AlignedData = [
    groups.map((_, index) => index),
    ...series.map((_, client) => groups.map(({ values }) => values[client] ?? null)),
  ];
  return plotIn(box, title, (colour) => layout(colour, tip), data);
}

function layout(colour: Colour, tip: HTMLElement): Omit<uPlot.Options, 'width' | 'height'> {
  const most = Math.max(...groups.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const axis: uPlot.Axis = {
    stroke: () => colour('vp-c-text-2'),
    font: '13px system-ui, sans-serif',
    ticks: { show: false },
  };
  return {
    legend: { show: false },
    scales: {
      x: { time: false, ori: 1, dir: -1, range: [-0.5, groups.length - 0.5] },
      // The number of the longest bar needs room.
      y: { ori: 0, dir: 1, range: ({ width }) => [0, most * (width < NARROW ? 1.3 : 1.12)] },
    },
    series: [
      {},
      ...series.map((_, client) => ({
        fill: () => colour(`client-${client}`),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars!({ disp: placeOf(client) }),
      })),
    ],
    axes: [
      {
        ...axis,
        side: 3,
        size: ({ width }) => (width < NARROW ? 104 : 190),
        grid: { show: false },
        splits: () => groups.map((_, index) => index),
        values: ({ width }, places) => places.map((place) => nameOf(place, width)),
      },
      {
        ...axis,
        side: 2,
        size: 32,
        incrs: [1, 2, 5, 10, 20, 50, 100],
        grid: { stroke: () => colour('vp-c-divider'), width: 1 },
        values: (_, values) => values.map((value) => `${value}×`),
      },
    ],
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    padding: [4, 8, 0, 0],
    hooks: {
      draw: [(plot) => drawNumbers(plot, colour)],
      setCursor: [(plot) => read(plot, tip)],
    },
  };
}

/** Where the bars of a client are among those of their groups. */
function placeOf(client: number): uPlot.Series.BarsPathBuilderDisplay {
  const first = -BAR * series.length / 2;
  return {
    x0: { unit: 1, values: () => groups.map((_, index) => index + first + client * BAR) },
    size: { unit: 1, values: () => groups.map(() => BAR * 0.9) },
  };
}

function nameOf(group: number, width: number): string {
  const name = groups[group]?.name ?? '';
  return width < NARROW ? name.replaceAll(/(.{4,12}) /g, '$1\n') : name;
}

/** The line at 1, and the number of the first bar of each group. */
function drawNumbers(plot: uPlot, colour: Colour): void {
  const { ctx, bbox } = plot;
  const across = (value: number): number => plot.valToPos(value, 'y', true);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour('vp-c-text-2');
  ctx.setLineDash([4 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  ctx.beginPath();
  ctx.moveTo(across(1), bbox.top);
  ctx.lineTo(across(1), bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = `600 ${12 * uPlot.pxRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  for (const [index, { values }] of groups.entries()) {
    const middle = index - BAR * (series.length - 1) / 2;
    // Beside the line at 1, not on it.
    const left = across(Math.max(values[0] ?? 0, 1)) + 6 * uPlot.pxRatio;
    ctx.fillText(show(values[0]), left, plot.valToPos(middle, 'x', true));
  }
  ctx.restore();
}

/** Shows the values of the group under the pointer. */
function read(plot: uPlot, tip: HTMLElement): void {
  const { idx, left = 0, top = 0 } = plot.cursor;
  const group = groups[idx ?? -1];
  tip.hidden = group === undefined || left < 0;
  if (group === undefined || tip.hidden) return;
  const rows = series.map((name, client) =>
    element(
      'div',
      '',
      element('span', `key client-${client}`, name),
      element('b', '', show(group.values[client])),
    )
  );
  tip.replaceChildren(element('strong', '', group.name), ...rows);
  // It is beside the pointer, where there is more room, and stays in the picture.
  const figure = tip.parentElement!.getBoundingClientRect();
  const over = plot.over.getBoundingClientRect();
  const side = left > over.width / 2 ? -tip.offsetWidth - 12 : 12;
  const most = figure.width - tip.offsetWidth;
  tip.style.left = `${Math.max(0, Math.min(most, over.left - figure.left + left + side))}px`;
  const below = Math.min(top, over.height - tip.offsetHeight);
  tip.style.top = `${over.top - figure.top + below}px`;
}

function show(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : `${value.toFixed(2)}×`;
}
