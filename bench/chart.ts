// The picture of a benchmark as an SVG file, for pages that run no script: GitHub's and npm's.

/** Horizontal bars from zero, in groups with one for each series; the first is the subject. */
export interface Chart {
  readonly title: string;
  readonly series: readonly string[];
  readonly groups: readonly Group[];
}

interface Group {
  readonly name: string;
  /** For each series; NaN where it has no bar, the first always has one. */
  readonly values: readonly number[];
}

// Colours that can be told from white and from black, since a page may be either.
const COLORS = ['#2f81f7', '#d29922', '#3fb950', '#a371f7', '#8b949e'];
const INK = '#7d8590';

const WIDTH = 840;
const LEFT = 190;
const RIGHT = 60;
const TOP = 64;
const BAR = 10;
const GAP = 14;

/** What the chart shows, as JSON; null where there is no bar. */
export function chartFigures(chart: Chart): string {
  const short = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(3)) : value;
  return `${JSON.stringify(chart, short, 2)}\n`;
}

/** A chart of its figures. */
export function readFigures(text: string): Chart {
  return JSON.parse(text, (_, value: unknown) => value ?? NaN) as Chart;
}

/** The chart as an SVG document. */
export function drawChart({ title, series, groups }: Chart): string {
  const most = Math.max(...groups.flatMap(({ values }) => values.filter(Number.isFinite)));
  const x = (value: number): number => round(LEFT + value * (WIDTH - LEFT - RIGHT) / most);
  const pitch = series.length * BAR + GAP;
  const bottom = TOP + groups.length * pitch;
  const height = bottom + 24;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}"`,
    `  font-family="system-ui, sans-serif" font-size="12" fill="${INK}" role="img">`,
    `<title>${title}</title>`,
    text(LEFT, 18, title, 'font-size="14" font-weight="600"'),
    ...legend(series),
    ...scale(most, x, bottom),
    ...groups.flatMap((group, i) => bars(group, TOP + GAP / 2 + i * pitch, x)),
    '</svg>\n',
  ].join('\n');
}

function legend(series: readonly string[]): string[] {
  let left = LEFT;
  return series.flatMap((name, i) => {
    const [mark, label] = [rect(left, 32, BAR, BAR, i), text(left + BAR + 5, 41, name)];
    left += BAR + 5 + name.length * 7 + 24;
    return [mark, label];
  });
}

// A line at each whole number, or at each second, fifth and so on; that at 1 is what is compared to.
function scale(most: number, x: (value: number) => number, bottom: number): string[] {
  const step = [1, 2, 5, 10, 20, 50, 100].find((size) => most / size <= 10) ?? most;
  const marks = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return [...new Set([...marks, 1])].flatMap((mark) => {
    const weight = mark === 1 ? 'stroke-dasharray="4 3"' : 'stroke-opacity="0.3"';
    return [
      `<path d="M${x(mark)} ${TOP}V${bottom}" stroke="${INK}" ${weight}/>`,
      text(x(mark), bottom + 16, `${mark}x`, 'text-anchor="middle"'),
    ];
  });
}

// Only the first bar has its number beside it: with all of them nobody would read any.
function bars({ name, values }: Group, top: number, x: (value: number) => number): string[] {
  const [first = NaN] = values;
  const middle = top + values.length * BAR / 2 + 4;
  return [
    text(LEFT - 10, middle, name, 'text-anchor="end"'),
    ...values.flatMap((value, i) =>
      Number.isNaN(value) ? [] : [rect(LEFT, top + i * BAR, round(x(value) - LEFT), BAR - 1, i)]
    ),
    // Beside the line at 1, not on it.
    text(x(Math.max(first, 1)) + 5, top + BAR - 1, first.toFixed(2), 'font-weight="600"'),
  ];
}

function rect(x: number, y: number, width: number, height: number, series: number): string {
  const fill = COLORS[series % COLORS.length];
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

function text(x: number, y: number, words: string, attributes = ''): string {
  return `<text x="${x}" y="${y}" ${attributes}>${words}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
