import { type Items, MANY } from '../script.ts';

/** What all clients are asked to do, so many at a time on one connection. */
export interface Load {
  readonly name: string;
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
  { name: 'get, one by one', operation: 'get', items: small, inFlight: 1 },
  { name: 'get, 64 in flight', operation: 'get', items: small, inFlight: 64 },
  { name: 'get, 256 in flight', operation: 'get', items: small, inFlight: 256 },
  { name: 'set, 64 in flight', operation: 'set', items: small, inFlight: 64 },
  { name: 'set, 256 in flight', operation: 'set', items: small, inFlight: 256 },
  { name: '90/10, 64 in flight', operation: 'mix', items: small, inFlight: 64 },
  { name: '90/10, 256 in flight', operation: 'mix', items: small, inFlight: 256 },
  { name: 'getMany of 100', operation: 'getMany', items: small, inFlight: 1 },
  { name: 'get of 10 kB, 64 in flight', operation: 'get', items: medium, inFlight: 64 },
  { name: 'set of 10 kB, 64 in flight', operation: 'set', items: medium, inFlight: 64 },
  { name: 'get of 1 MB', operation: 'get', items: large, inFlight: 1 },
  { name: 'set of 1 MB', operation: 'set', items: large, inFlight: 1 },
] as const satisfies readonly Load[];

export type LoadName = (typeof loads)[number]['name'];

/** One by one, a value of so many megabytes. */
export function getOf(megabytes: number): Load {
  const items = { keys: 1, valueLength: megabytes * 1_000_000 };
  return { name: `get of ${megabytes} MB`, operation: 'get', items, inFlight: 1 };
}

/** How many keys one operation of a load is about: rates and costs are given for a key. */
export function keysEach({ operation, many = MANY }: Load): number {
  return operation === 'getMany' ? many : 1;
}
