// What the outcome of a fetch says of its value.
import type { FetchEnd } from '../../core/client/cache/fetch-end.ts';

/** The outcomes that say that a value is of now. */
export const freshOutcomes: ReadonlySet<unknown> = new Set<FetchEnd['outcome']>([
  ...['hit', 'ahead', 'loaded', 'shared', 'waited', 'taken-over', 'failed-open', 'local'] as const,
]);
