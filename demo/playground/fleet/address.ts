// What is shown, in the address of the page, so that a moment can be shared.
import { type Bug, bugs } from '../../../test/reliability/fleet/fleet.ts';

/** What is shown. */
export interface Shown {
  readonly seed: number;
  readonly calls: number;
  readonly bug: Bug | null;
  /** The index of a moment; null for the one that the page chooses. */
  readonly moment: number | null;
  /** The item whose history is shown, `k1@0`; null for none. */
  readonly item: string | null;
}

/** The seed that is played first: a few clients, and faults of several kinds. */
const FIRST = { seed: 1148, calls: 400 };

/** More calls would take long to simulate and to draw. */
export const MAX_CALLS = 5000;

/** What an address asks for; the first seed if it asks for nothing. @param hash `#seed=1&calls=50`. */
export function readAddress(hash: string): Shown {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const number = (name: string): number | null => {
    const text = fields.get(name);
    return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
  };
  const bug = bugs.find((name) => name === fields.get('bug')) ?? null;
  return {
    seed: number('seed') ?? FIRST.seed,
    calls: Math.max(1, Math.min(MAX_CALLS, number('calls') ?? FIRST.calls)),
    bug,
    moment: number('moment'),
    item: fields.get('item'),
  };
}

/** The address of what is shown. */
export function writeAddress({ seed, calls, bug, moment, item }: Shown): string {
  const fields = [`seed=${seed}`, `calls=${calls}`];
  if (bug !== null) fields.push(`bug=${bug}`);
  if (moment !== null) fields.push(`moment=${moment}`);
  if (item !== null) fields.push(`item=${encodeURIComponent(item)}`);
  return `#${fields.join('&')}`;
}
