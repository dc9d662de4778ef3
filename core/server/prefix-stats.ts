// The counters of `stats detail`.
import { latin1 } from '../wire/bytes.ts';
import type { StatLine } from '../wire/reply.ts';
import { fitsLine } from './meta-reply.ts';

/** The counters of `stats detail` for the keys of one prefix. */
type PrefixCounts = { get: number; hit: number; set: number; del: number };

/** Counts by the prefix of a key, up to the first delimiter; a key without one is not counted. */
export class PrefixStats {
  readonly #delimiter: number;
  readonly #counts: Map<string, PrefixCounts> = new Map();

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  record(key: Uint8Array, what: 'get' | 'set' | 'del', hit = false): void {
    const end = key.indexOf(this.#delimiter);
    if (end < 0 || !fitsLine(key.subarray(0, end))) return;
    const prefix = latin1(key, 0, end);
    let counts = this.#counts.get(prefix);
    if (counts === undefined) {
      counts = { get: 0, hit: 0, set: 0, del: 0 };
      this.#counts.set(prefix, counts);
    }
    counts[what]++;
    if (hit) counts.hit++;
  }

  clear(): void {
    this.#counts.clear();
  }

  lines(): StatLine[] {
    return [...this.#counts].map(([name, { get, hit, set, del }]) => ({
      type: 'PREFIX',
      name,
      value: `get ${get} hit ${hit} set ${set} del ${del}`,
    }));
  }
}
