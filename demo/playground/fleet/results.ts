// Results and errors of calls, for people.
import { MemcacheError } from '../../../core/wire/errors.ts';
import type { TracedItem } from '../../../test/reliability/fleet/trace.ts';

/** What a call is shown by. */
export interface ShownCall {
  readonly kind: string;
  readonly items: readonly TracedItem[];
  readonly isWrite: boolean;
}

/** The result of each item of a call. */
export function showResults({ kind, items, isWrite }: ShownCall, result: unknown): string[] {
  return items.map(({ key }) => {
    const one: unknown = result instanceof Map ? result.get(key) : result;
    // A write of many keys tells of those that failed; only a counter is missed by a write.
    if (one === undefined && isWrite && kind !== 'incr' && kind !== 'decr') return 'done';
    return show(one);
  });
}

function show(result: unknown): string {
  if (result === undefined) return 'miss';
  if (result instanceof Error) return showError(result);
  if (typeof result === 'object' && result !== null && 'cas' in result && 'value' in result) {
    return `${shortened(String(result.value))}, cas ${String(result.cas)}`;
  }
  if (typeof result === 'boolean' || typeof result === 'bigint') return String(result);
  return typeof result === 'string' ? shortened(result) : 'done';
}

/** An error: its name, and what it says of the server. */
export function showError(error: unknown): string {
  if (!(error instanceof MemcacheError)) return String(error);
  // The name says that it timed out, and the code of a refused connection more than its name.
  return `${error.name}: ${outcomes[error.outcome]}`;
}

/** What each outcome of a failed call says. */
export const outcomes = {
  'not-sent': 'not sent',
  unknown: 'may have been done',
  done: 'answered with an error',
} as const;

/** A value without what fills it up, and not longer than a line. */
function shortened(value: string): string {
  const short = value.replaceAll(/x{2,}/g, 'x…').trimEnd();
  if (short === '') return 'empty';
  return short.length > 40 ? `${short.slice(0, 40)}…` : short;
}

/** A call without its result: `set k1 12`. A write has a number, which is its value. */
export function showCall({ kind, items }: ShownCall): string {
  const [first] = items;
  if (first === undefined) return kind;
  if (items.length > 1) return `${kind} of ${items.length} keys`;
  return showItem(kind, first);
}

/** What a call does to one item. */
export function showItem(kind: string, { key, id }: TracedItem): string {
  return id === 0 ? `${kind} ${key}` : `${kind} ${key} ${id}`;
}

/** A moment, by its microseconds of virtual time. */
export function showTime(at: number): string {
  if (at < 1_000_000) return `${(at / 1000).toFixed(at < 100_000 ? 2 : 1)} ms`;
  return `${(at / 1_000_000).toFixed(at < 10_000_000 ? 3 : 2)} s`;
}
