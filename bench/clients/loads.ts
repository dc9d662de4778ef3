import { type Items, MANY } from '../script.ts';

/** What all clients are asked to do, so many at a time on one connection. */
export interface Load {
  readonly name: string;
  /** The name for `--only`; loads of one part alone have none. */
  readonly id?: string;
  /** `mix` is nine gets and one set, `getMany` asks for many keys at once. */
  readonly operation: 'get' | 'set' | 'mix' | 'getMany';
  readonly items: Items;
  readonly inFlight: number;
  /** How many keys `getMany` asks for; 100 by default. */
  readonly many?: number;
}

const small: Items = { keys: 1000, valueLength: 100 };
const medium: Items = { keys: 1, valueLength: 10_000 };
const large: Items = { keys: 1, valueLength: 1_000_000 };

export const loads = [
  { id: 'get1', name: 'get, one by one', operation: 'get', items: small, inFlight: 1 },
  { id: 'get64', name: 'get, 64 in flight', operation: 'get', items: small, inFlight: 64 },
  { id: 'get256', name: 'get, 256 in flight', operation: 'get', items: small, inFlight: 256 },
  { id: 'set64', name: 'set, 64 in flight', operation: 'set', items: small, inFlight: 64 },
  { id: 'set256', name: 'set, 256 in flight', operation: 'set', items: small, inFlight: 256 },
  { id: 'mix64', name: '90/10, 64 in flight', operation: 'mix', items: small, inFlight: 64 },
  { id: 'mix256', name: '90/10, 256 in flight', operation: 'mix', items: small, inFlight: 256 },
  { id: 'many', name: 'getMany of 100', operation: 'getMany', items: small, inFlight: 1 },
  {
    id: 'get10k',
    name: 'get of 10 kB, 64 in flight',
    operation: 'get',
    items: medium,
    inFlight: 64,
  },
  {
    id: 'set10k',
    name: 'set of 10 kB, 64 in flight',
    operation: 'set',
    items: medium,
    inFlight: 64,
  },
  { id: 'get1m', name: 'get of 1 MB', operation: 'get', items: large, inFlight: 1 },
  { id: 'set1m', name: 'set of 1 MB', operation: 'set', items: large, inFlight: 1 },
] as const satisfies readonly Load[];

export type LoadName = (typeof loads)[number]['name'];

/** The loads with these ids, in this order; all of them without ids. */
export function loadsOf(ids: readonly string[]): readonly Load[] {
  const all: readonly Load[] = loads;
  if (ids.length === 0) return all;
  return ids.map((wanted) => {
    const load = all.find(({ id }) => id === wanted);
    if (load === undefined) {
      throw new Error(`no load ${wanted}, only ${all.map(({ id }) => id).join(', ')}`);
    }
    return load;
  });
}

/** One by one, a value of so many megabytes. */
export function getOf(megabytes: number): Load {
  const items = { keys: 1, valueLength: megabytes * 1_000_000 };
  return { name: `get of ${megabytes} MB`, operation: 'get', items, inFlight: 1 };
}

/** How many keys one operation of a load is about: rates and costs are given for a key. */
export function keysEach({ operation, many = MANY }: Load): number {
  return operation === 'getMany' ? many : 1;
}
