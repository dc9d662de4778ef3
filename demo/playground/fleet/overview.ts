// The whole run in one strip: faults, failed calls, servers that are down, and broken laws.
import { byId } from '../page/element.ts';
import type { Recording } from './recording.ts';
import { svg } from './svg.ts';

const HEIGHT = 26;
/** The strip is drawn this wide, and scaled to its place. */
const WIDTH = 1000;

/** Draws the strip. */
export function drawOverview({ moments, faults, calls, pauses }: Recording): void {
  const last = Math.max(1, moments.length - 1);
  const place = (index: number): number => index * WIDTH / last;
  const spans = [
    ...pauses.filter(({ process }) => process.startsWith('server')).map(({ begin, end, kind }) =>
      [kind, begin, end, 0, HEIGHT] as const
    ),
    ...faults.map(({ begin, end }) => ['fault', begin, end, 2, 8] as const),
    ...calls.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'abandoned').map((
      { end, outcome },
    ) => [outcome, end, end, 13, 9] as const),
    ...moments.flatMap(({ type }, index) =>
      type === 'violation' || type === 'closing' ? [[type, index, index, 0, HEIGHT] as const] : []
    ),
  ];
  byId('overview', HTMLElement).replaceChildren(svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      width: '100%',
      height: HEIGHT,
    },
    ...spans.map(([kind, begin, end, y, height]) =>
      svg('rect', {
        class: kind,
        x: place(begin),
        y,
        width: Math.max(1.5, place(end) - place(begin)),
        height,
      })
    ),
  ));
}
