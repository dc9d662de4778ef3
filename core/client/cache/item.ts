// What the item of a key says to a reader with a lease: the state table of a cache.
import type { Executor } from '../connection/executor.ts';
import type { PlainReply } from '../../wire/plain.ts';
import type { Reply } from '../../wire/reply.ts';
import { toFacts } from '../meta/meta-facts.ts';
import { toCas, toItem, unexpected } from '../results.ts';
import { SerdeError } from '../../wire/errors.ts';
import type { ItemKey } from '../keys.ts';
import type { OperationContext, Version } from '../operation-context.ts';
import { CLAIM, EMPTY_VALUE, NONE } from '../values/serde.ts';
import type { Flight } from './flight.ts';

/**
 * What is to be done about a key.
 *
 * - `fresh`: answer with the value.
 * - `ahead`: answer with the value, and load it again behind the answer.
 * - `stale`: load; the old value is at hand.
 * - `held`: another caller loads; answer with the old value.
 * - `cold`: load; there is no value.
 * - `waiting`: another caller loads; wait for it.
 * - `missing`: there is no item, and no lease either: claim the key.
 */
export type State = 'fresh' | 'ahead' | 'stale' | 'held' | 'cold' | 'waiting' | 'missing';

/** The facts of an item that decide. */
export interface ItemSigns {
  readonly size: number;
  readonly flags: number;
  /** Seconds until the item ends, by the server's clock. */
  readonly ttl: number;
  /** `W`: the reader has won the right to load. */
  readonly won: boolean;
  /** `Z`: another reader has won it. */
  readonly taken: boolean;
  /** `X`: the value was invalidated. */
  readonly invalid: boolean;
}

type Row = readonly [holds: (item: ItemSigns, grace: number) => boolean, state: State];

const isEmpty = ({ size, flags }: ItemSigns): boolean => size === 0 && flags === 0;

/** The first row that holds gives the state. An item lives for `ttl` and `grace` seconds. */
export const stateTable: readonly Row[] = [
  [({ flags }) => flags === CLAIM, 'waiting'],
  [(item) => isEmpty(item) && item.won, 'cold'],
  [(item) => isEmpty(item) && item.taken, 'waiting'],
  [({ won, invalid, ttl }, grace) => won && !invalid && ttl > grace, 'ahead'],
  [({ won }) => won, 'stale'],
  [({ taken }) => taken, 'held'],
  [() => true, 'fresh'],
];

export function stateOf(item: ItemSigns, grace: number): State {
  return stateTable.find(([holds]) => holds(item, grace))![1];
}

/** What a read has found, where it is not simply a fresh value. */
export class Seen implements Version {
  readonly state: State;
  /** The value; undefined if there is none, or if it cannot be read: see `hasValue`. */
  readonly value: unknown;
  readonly hasValue: boolean;
  readonly cas: bigint;
  readonly connection: Executor | undefined;
  /** Found without meta commands, by the value's cas and a marker. */
  readonly isText: boolean;
  /** Its value is fresh, although another caller loads it: ahead of its end. */
  isFresh = false;
  /** The load of its lease, once one of the callers that have seen it has begun. */
  flight: Flight | null = null;

  constructor(
    state: State,
    found: { readonly value: unknown } | null,
    cas: bigint,
    connection: Executor | undefined,
    isText = false,
  ) {
    this.state = state;
    this.value = found?.value;
    this.hasValue = found !== null;
    this.cas = cas;
    this.connection = connection;
    this.isText = isText;
  }
}

/** What a read has found where the cache gave no answer, or too late: the value is loaded without. */
export const DOWN: unique symbol = Symbol('down');

/** The value of an item; null if its serde cannot read it. */
export function readValue(
  context: OperationContext,
  key: ItemKey,
  bytes: Uint8Array,
  flags: number,
): { readonly value: unknown } | null {
  if (flags === NONE && bytes.length === 0) return { value: undefined };
  try {
    const ownFlags = flags === EMPTY_VALUE && bytes.length === 0 ? 0 : flags;
    return { value: context.value(key, { value: bytes, flags: ownFlags, cas: undefined }) };
  } catch (error) {
    if (error instanceof SerdeError) return null;
    throw error;
  }
}

/** The same as `readItem` does, for a reply that was read in one pass. */
export function readPlainItem(
  context: OperationContext,
  key: ItemKey,
  item: PlainReply,
  grace: number,
  connection: Executor | undefined,
): unknown {
  const { flags, from, to, won, alreadyWon } = item;
  // Almost always: the last row of the table.
  if (!won && !alreadyWon && flags < NONE) {
    try {
      return context.itemValue(key, item);
    } catch (error) {
      if (!(error instanceof SerdeError)) throw error;
      return new Seen('fresh', null, item.cas ?? 0n, connection);
    }
  }
  const { ttl = Infinity, stale: invalid, cas = 0n } = item;
  const signs = { size: to - from, flags, ttl, won, taken: alreadyWon, invalid };
  const { bytes, isLent } = item;
  return seeItem(context, key, isLent ? bytes.slice(from, to) : bytes.subarray(from, to), {
    ...{ signs, grace, cas, connection },
  });
}

interface Sight {
  readonly signs: ItemSigns;
  readonly grace: number;
  readonly cas: bigint;
  readonly connection: Executor | undefined;
}

function seeItem(
  context: OperationContext,
  key: ItemKey,
  bytes: Uint8Array,
  { signs, grace, cas, connection }: Sight,
): unknown {
  const state = stateOf(signs, grace);
  const hasValue = state !== 'cold' && state !== 'waiting';
  const found = hasValue ? readValue(context, key, bytes, signs.flags) : null;
  if (state === 'fresh' && found !== null) return found.value;
  const seen = new Seen(state, found, cas, connection);
  seen.isFresh = !signs.invalid && signs.ttl > grace;
  return seen;
}

/** What a meta read with `v`, `f`, `c` and `t` has found: a fresh value as it is, or a `Seen`. */
export function readItem(
  context: OperationContext,
  key: ItemKey,
  reply: Reply,
  grace: number,
  connection: Executor | undefined,
): unknown {
  if (reply.type === 'EN') return new Seen('missing', null, 0n, connection);
  if (reply.type !== 'VA') return unexpected(reply);
  const { value, flags, cas } = toItem(reply)!;
  const { ttl = Infinity, won, stale: invalid, alreadyWon: taken } = toFacts(reply.flags);
  const signs = { size: value.length, flags, ttl, won, taken, invalid };
  return seeItem(context, key, value, { signs, grace, cas: toCas(cas), connection });
}
