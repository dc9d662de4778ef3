import { type Items, MANY } from '../script.ts';

/** What all clients are asked to do, so many at a time on one connection. */
export interface Load {
  readonly name: string;
  /** The name for `--only` and for targets. */
  readonly id: string;
  /**
   * `mix` is nine gets and one set, `getMany` asks for many keys at once, `quiet set` is a set
   * without a reply, `meta get` is `client.meta.get`.
   */
  readonly operation: 'get' | 'set' | 'mix' | 'getMany' | 'quiet set' | 'meta get';
  readonly items: Items;
  readonly inFlight: number;
  /** How many keys `getMany` asks for; 100 by default. */
  readonly many?: number;
  /**
   * Values are stored as this, and only clients that return it as this take part. Without it values
   * are stored as text, and returned as each client likes.
   */
  readonly type?: ValueType;
}

export type ValueType = 'text' | 'bytes';

const small: Items = { keys: 1000, valueLength: 100 };
const medium: Items = { keys: 1, valueLength: 10_000 };
const large: Items = { keys: 1, valueLength: 1_000_000 };

function load(
  id: string,
  name: string,
  operation: Load['operation'],
  items: Items,
  inFlight: number,
): Load {
  return { id, name, operation, items, inFlight };
}

/** For all clients. */
export const loads: readonly Load[] = [
  load('get1', 'get, one by one', 'get', small, 1),
  load('get64', 'get, 64 in flight', 'get', small, 64),
  load('get256', 'get, 256 in flight', 'get', small, 256),
  load('set64', 'set, 64 in flight', 'set', small, 64),
  load('mix256', '90/10, 256 in flight', 'mix', small, 256),
  load('many', 'getMany of 100', 'getMany', small, 1),
  load('meta64', 'meta.get, 64 in flight', 'meta get', small, 64),
  load('get10k', 'get of 10 kB, 64 in flight', 'get', medium, 64),
  load('set10k', 'set of 10 kB, 64 in flight', 'set', medium, 64),
  { ...load('get1m-bytes', 'get of 1 MB, bytes', 'get', large, 1), type: 'bytes' },
  { ...load('get1m-text', 'get of 1 MB, text', 'get', large, 1), type: 'text' },
  { ...load('set1m-bytes', 'set of 1 MB, bytes', 'set', large, 1), type: 'bytes' },
  { ...load('set1m-text', 'set of 1 MB, text', 'set', large, 1), type: 'text' },
];

/** What a client without concurrency does, too. */
export const lonely: readonly Load[] = [
  loads[0]!,
  load('set1', 'set, one by one', 'set', small, 1),
  load('quiet1', 'set without a reply, one by one', 'quiet set', small, 1),
];

/** The loads with these ids, in this order; all those for all clients without ids. */
export function loadsOf(ids: readonly string[]): readonly Load[] {
  if (ids.length === 0) return loads;
  const all = new Map([...loads, ...lonely].map((one) => [one.id, one]));
  return ids.map((id) => {
    const found = all.get(id);
    if (found === undefined) throw new Error(`no load ${id}, only ${[...all.keys()].join(', ')}`);
    return found;
  });
}

/** One by one, a value of so many megabytes. */
export function getOf(megabytes: number): Load {
  const items = { keys: 1, valueLength: megabytes * 1_000_000 };
  return load(`get${megabytes}m`, `get of ${megabytes} MB`, 'get', items, 1);
}

/** How many keys one operation of a load is about: rates and costs are given for a key. */
export function keysEach({ operation, many = MANY }: Load): number {
  return operation === 'getMany' ? many : 1;
}
