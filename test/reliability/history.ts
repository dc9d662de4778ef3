/**
 * Checks histories of calls against what one memcached item may do.
 *
 * A history is linearizable when its calls can be put in an order in which each takes effect at one
 * moment between its start and its end, and each result is what an item would have given. The method
 * is that of Wing and Gong, with Lowe's memory of the states that were seen, as Porcupine has it:
 * keys are independent, so each is checked alone; a call of unknown outcome may take effect at any
 * time after its start, or never. What it costs grows with the calls that are side by side on one
 * key: a handful is cheap, twenty are not.
 */

/** A call to one item, and what it was answered. `undefined` is a miss, or no such key. */
export type Call =
  | { readonly type: 'get'; readonly result: string | undefined }
  | { readonly type: 'gets'; readonly result: Version | undefined }
  | { readonly type: 'set'; readonly value: string; readonly expire?: number }
  | { readonly type: 'add'; readonly value: string; readonly result: boolean }
  | { readonly type: 'replace'; readonly value: string; readonly result: boolean }
  | { readonly type: 'append'; readonly value: string; readonly result: boolean }
  | { readonly type: 'prepend'; readonly value: string; readonly result: boolean }
  | {
    readonly type: 'cas';
    readonly value: string;
    readonly cas: bigint;
    readonly result: 'stored' | 'exists' | 'not-found';
  }
  /** Without a result it is not known whether there was an item. */
  | { readonly type: 'delete'; readonly result: boolean | undefined }
  | { readonly type: 'touch'; readonly expire: number; readonly result: boolean }
  | { readonly type: 'incr'; readonly delta: bigint; readonly result: bigint | undefined }
  | { readonly type: 'decr'; readonly delta: bigint; readonly result: bigint | undefined }
  /** Not a call: the server may have lost the item once in this time, by eviction or a crash. */
  | { readonly type: 'lose' };

/** A value and the cas that it was read with. */
export interface Version {
  readonly value: string;
  readonly cas: bigint;
}

/** One call of a history. Times are milliseconds on one clock. */
export interface Operation {
  readonly key: string;
  readonly call: Call;
  readonly start: number;
  /** When its result was known; Infinity for a call of unknown outcome, whose result says nothing. */
  readonly end: number;
}

/** What is wrong with a history. */
export interface Violation {
  readonly key: string;
  /** The call that no order explains, after as many others as any order could. */
  readonly operation: Operation;
  /** The longest order that was found, and the states in which it ends. */
  readonly explained: readonly Operation[];
  readonly states: readonly Item[];
}

/** The state of an item; null where there is none. */
export type Item = {
  readonly value: string;
  /** Null until a call has shown it. */
  readonly cas: bigint | null;
  /** When it expires; Infinity for never. */
  readonly expire: number;
} | null;

/** A history of so many calls side by side, or of unknown outcome, that no answer can be had. */
export class TooWide extends Error {
  override readonly name = 'TooWide';

  /** @param operations Those of one key. */
  constructor(operations: readonly Operation[]) {
    const key = JSON.stringify(operations[0]?.key);
    super(`${key}: ${operations.length} calls have more orders than can be tried`);
  }
}

/** Some hundred megabytes, and seconds. */
const MOST_STATES = 500_000;

/** memcached counts in seconds, by a clock that is up to one behind: milliseconds either way. */
const EXPIRE_SLACK = 2000;
const MAX = 2n ** 64n;

/**
 * Checks each key of a history; gives the first violation of each.
 *
 * @param mostStates How many are remembered of a key.
 * @throws TooWide
 */
export function checkHistory(
  history: readonly Operation[],
  mostStates: number = MOST_STATES,
): Violation[] {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    const operations = keys.get(operation.key);
    if (operations === undefined) keys.set(operation.key, [operation]);
    else operations.push(operation);
  }
  return [...keys.values()]
    .map((operations) => checkKey(operations, mostStates))
    .filter((violation) => violation !== null);
}

/** The start of a call, or its end, in a list that calls are taken from and put back into. */
interface Entry {
  readonly index: number;
  /** Its place in the order of time. */
  rank: number;
  /** Null for an end. */
  end: Entry | null;
  readonly isEnd: boolean;
  previous: Entry | null;
  next: Entry | null;
}

function checkKey(operations: readonly Operation[], mostStates: number): Violation | null {
  const { known, unknown } = toEntries(operations);
  const chosen: Choice[] = [];
  // Null until a choice is taken back: before that nothing can come twice, and most histories do not.
  let seen: Set<string> | null = null;
  // Values may be long: numbers stand for them.
  const ids = new Map<string, number>();
  const shortName = (item: Item): string => {
    if (item === null) return '-';
    const { value, cas, expire } = item;
    if (!ids.has(value)) ids.set(value, ids.size);
    return `${ids.get(value)}:${cas}:${expire}`;
  };
  let states: readonly Item[] = [null];
  let owed = operations.filter(({ end }) => end < Infinity).length;
  let best: { explained: Operation[]; states: readonly Item[]; stuck: number } | null = null;
  let entry = known.next;
  // Calls of unknown outcome are tried where no other goes on: most of them explain nothing.
  let isStuck = false;
  while (owed > 0) {
    if (
      entry === null || entry.isEnd || (isStuck && entry.rank > firstEnd(known).rank)
    ) {
      if (!isStuck) {
        isStuck = true;
        entry = unknown.next;
        continue;
      }
      // The call that ends first must have taken effect, and did in no order that begins like this.
      if (best === null || chosen.length > best.explained.length) {
        const explained = chosen.map((one) => operations[one.entry.index]!);
        best = { explained, states, stuck: firstEnd(known).index };
      }
      const last = chosen.pop();
      if (last === undefined) break;
      seen ??= new Set();
      states = last.before;
      isStuck = last.wasStuck;
      if (putBack(last.entry)) owed++;
      entry = last.entry.next;
      continue;
    }
    const after = stepAll(states, operations[entry.index]!);
    if (after.length > 0 && !(isStuck && haveSame(after, states))) {
      const latest = Math.max(entry.rank, chosen.at(-1)?.latest ?? 0);
      const name = seen === null ? '' : [
        latest,
        skipped(known, entry, latest),
        skipped(unknown, entry, latest),
        after.map(shortName).sort().join(),
      ].join(' ');
      if (seen?.has(name) !== true) {
        seen?.add(name);
        if ((seen?.size ?? 0) > mostStates) throw new TooWide(operations);
        chosen.push({ entry, latest, before: states, wasStuck: isStuck });
        states = after;
        isStuck = false;
        if (takeOut(entry)) owed--;
        entry = known.next;
        continue;
      }
    }
    entry = entry.next;
  }
  if (owed === 0) return null;
  const { stuck, explained, states: end } = best!;
  const operation = operations[stuck]!;
  return { key: operation.key, operation, explained, states: end };
}

// There is one, as long as a call is left whose outcome is known.
function firstEnd(known: Entry): Entry {
  let entry = known.next!;
  while (!entry.isEnd) entry = entry.next!;
  return entry;
}

/** A call that was put next in the order. */
interface Choice {
  readonly entry: Entry;
  /** The latest start of all that were chosen, by its rank. */
  readonly latest: number;
  /** The states before it. */
  readonly before: readonly Item[];
  readonly wasStuck: boolean;
}

// The calls that were passed over, two characters each: with the latest that was chosen they say which were.
function skipped(head: Entry, chosen: Entry, latest: number): string {
  let ranks = '';
  for (let entry = head.next; entry !== null && entry.rank < latest; entry = entry.next) {
    if (entry.isEnd || entry === chosen) continue;
    ranks += String.fromCharCode(entry.rank & 0x7fff, entry.rank >> 15);
  }
  return ranks;
}

// The starts and ends of calls whose outcome is known, and the starts of others, each in the order of
// time; of one moment starts come first, as such calls may be in either order.
function toEntries(operations: readonly Operation[]): { known: Entry; unknown: Entry } {
  const entries: { at: number; entry: Entry }[] = [];
  operations.forEach(({ call, start, end }, index) => {
    // A read whose result nobody knows says nothing, and does nothing.
    if (end === Infinity && (call.type === 'get' || call.type === 'gets')) return;
    const links = { rank: 0, previous: null, next: null };
    const endEntry = end === Infinity ? null : { index, end: null, isEnd: true, ...links };
    entries.push({ at: start, entry: { index, end: endEntry, isEnd: false, ...links } });
    if (endEntry !== null) entries.push({ at: end, entry: endEntry });
  });
  entries.sort((a, b) => a.at - b.at || Number(a.entry.isEnd) - Number(b.entry.isEnd));
  const newHead = (): Entry => (
    { index: -1, rank: 0, end: null, isEnd: false, previous: null, next: null }
  );
  const [known, unknown] = [newHead(), newHead()];
  const last = { known, unknown };
  for (const [i, { entry }] of entries.entries()) {
    entry.rank = i + 1;
    const list = entry.isEnd || entry.end !== null ? 'known' : 'unknown';
    last[list].next = entry;
    entry.previous = last[list];
    last[list] = entry;
  }
  return { known, unknown };
}

function takeOut(start: Entry): boolean {
  for (const entry of start.end === null ? [start] : [start, start.end]) {
    entry.previous!.next = entry.next;
    if (entry.next !== null) entry.next.previous = entry.previous;
  }
  return start.end !== null;
}

function putBack(start: Entry): boolean {
  for (const entry of start.end === null ? [start] : [start.end, start]) {
    entry.previous!.next = entry;
    if (entry.next !== null) entry.next.previous = entry;
  }
  return start.end !== null;
}

/** The states that are possible after a call, from any of those before it; none: it is impossible. */
function stepAll(states: readonly Item[], operation: Operation): Item[] {
  const after: Item[] = [];
  const add = (item: Item): void => {
    if (!after.some((other) => isSame(item, other))) after.push(item);
  };
  for (const state of states) {
    for (const seen of views(state, operation)) {
      const next = step(seen, operation);
      if (next !== IMPOSSIBLE) add(next);
      if (operation.call.type === 'lose') add(seen);
    }
  }
  return after;
}

/** Whether two lists, each without doubles, have the same items. */
function haveSame(some: readonly Item[], others: readonly Item[]): boolean {
  return some.length === others.length &&
    some.every((item) => others.some((other) => isSame(item, other)));
}

function isSame(one: Item, other: Item): boolean {
  if (one === null || other === null) return one === other;
  return one.value === other.value && one.cas === other.cas && one.expire === other.expire;
}

// What a call may find, as the item may have expired by then.
function views(item: Item, { start, end }: Operation): Item[] {
  if (item === null) return [null];
  const found: Item[] = [];
  if (start < item.expire + EXPIRE_SLACK) found.push(item);
  if (end >= item.expire - EXPIRE_SLACK && item.expire < Infinity) found.push(null);
  return found;
}

const IMPOSSIBLE = Symbol('impossible');

// What an item is after a call, if the call can have had its result. Nobody knows the result of a
// call of unknown outcome: it does what it does.
function step(item: Item, { call, start, end }: Operation): Item | typeof IMPOSSIBLE {
  const isKnown = end < Infinity;
  const are = (result: unknown, expected: unknown, next: Item): Item | typeof IMPOSSIBLE =>
    isKnown && result !== expected ? IMPOSSIBLE : next;
  const stored = (value: string, expire = Infinity): Item => ({ value, cas: null, expire });
  switch (call.type) {
    case 'get':
      return are(call.result, item?.value, item);
    case 'gets': {
      if (!isKnown) return item;
      if (item === null || call.result === undefined) {
        return are(call.result, item ?? undefined, item);
      }
      const { value, cas } = call.result;
      if (value !== item.value || (item.cas !== null && item.cas !== cas)) return IMPOSSIBLE;
      return { ...item, cas };
    }
    case 'set':
      return stored(
        call.value,
        call.expire === undefined ? Infinity : expireAt(call.expire, start),
      );
    case 'add':
      return are(call.result, item === null, item ?? stored(call.value));
    case 'replace':
      return are(call.result, item !== null, item === null ? null : stored(call.value));
    case 'append':
    case 'prepend': {
      if (item === null) return are(call.result, false, null);
      const value = call.type === 'append' ? item.value + call.value : call.value + item.value;
      return are(call.result, true, stored(value, item.expire));
    }
    case 'cas': {
      if (item === null) return are(call.result, 'not-found', null);
      // A cas is seen before it is sent, so one that was not seen yet is another.
      const isSame = item.cas === call.cas;
      return are(call.result, isSame ? 'stored' : 'exists', isSame ? stored(call.value) : item);
    }
    case 'delete':
      return call.result === undefined ? null : are(call.result, item !== null, null);
    case 'touch': {
      if (item === null) return are(call.result, false, null);
      return are(call.result, true, { ...item, expire: expireAt(call.expire, start) });
    }
    case 'incr':
    case 'decr': {
      if (item === null) return are(call.result, undefined, null);
      const before = BigInt(item.value);
      const delta = call.type === 'incr' ? call.delta : -call.delta;
      const after = before + delta < 0n ? 0n : (before + delta) % MAX;
      return are(call.result, after, stored(String(after), item.expire));
    }
    case 'lose':
      return null;
  }
}

// By the start of the call: what it took is within the slack, or has no part in it.
function expireAt(seconds: number, start: number): number {
  return seconds === 0 ? Infinity : start + seconds * 1000;
}

function nameOf(item: Item): string {
  return item === null ? '-' : `${JSON.stringify(item.value)}:${item.cas}:${item.expire}`;
}

/** A violation for people: the call, what was possible, and the calls before it. */
export function describe({ key, operation, explained, states }: Violation): string {
  const show = ({ call, start, end }: Operation): string =>
    `${start}..${end} ${
      JSON.stringify(
        call,
        (_name, value: unknown) => typeof value === 'bigint' ? `${value}n` : value,
      )
    }`;
  return [
    `${JSON.stringify(key)}: no order explains ${show(operation)}`,
    `the item was ${states.map(nameOf).join(' or ')} after`,
    ...explained.slice(-10).map(show),
  ].join('\n  ');
}
