// Turns replies of either dialect into results.
import type { Key } from '../wire/command.ts';
import { bigDecimal, bigDigits, flagNumber, wholeNumber } from '../wire/numbers.ts';
import { ProtocolError, ServerReplyError } from '../wire/errors.ts';
import type { PlainReply } from '../wire/plain.ts';
import type { Reader } from './connection/executor.ts';
import type { ItemFacts, MetaValueReply, Reply, ValueItem } from '../wire/reply.ts';

/** A value as it came from the server. */
export interface Found {
  readonly value: Uint8Array;
  readonly flags: number;
  /** Undefined when it was not asked for. */
  readonly cas: bigint | undefined;
}

// Replies of classic and of meta commands differ in type, so one function reads both dialects. A
// reply that it does not expect is a fault of the server.

/** Of a read: the value, or undefined for a miss. The empty placeholder of an `mg` with N is one. */
export function toFound(reply: Reply): Found | undefined {
  const found = toItem(reply);
  return reply.type === 'VA' && isLeased(reply) ? undefined : found;
}

/** Whether a meta read has found the empty placeholder that an `mg` with N has made. */
export function isLeased({ value, flags }: MetaValueReply): boolean {
  return value.length === 0 && flags.some((flag) => flag === 'W' || flag === 'Z') &&
    !flags.some((flag) => flag.startsWith('f') && flag !== 'f0');
}

/** Of a read: the item as it is, or undefined for a miss. */
export function toItem(reply: Reply): Found | undefined {
  switch (reply.type) {
    case 'VA': {
      const { value, flags } = reply;
      let clientFlags = -1;
      let cas: bigint | undefined;
      for (const flag of flags) {
        const letter = flag.charCodeAt(0);
        if (letter === 0x66) clientFlags = toCount(flag);
        else if (letter === 0x63) cas = toUnsigned(flag);
      }
      if (clientFlags < 0) {
        throw new ProtocolError('the server left out the client flags that it was asked for');
      }
      return { value, flags: clientFlags, cas };
    }
    case 'EN':
    case 'silent':
      return undefined;
    case 'values': {
      const item = reply.items[0];
      if (item === undefined) return undefined;
      return { value: item.value, flags: item.flags, cas: item.cas };
    }
    default:
      return unexpected(reply);
  }
}

/**
 * Whether a classic read may have found the placeholder that an `mg` with N has made: an empty item
 * may be one.
 */
export function isPlaceholder({ value, flags }: Pick<ValueItem, 'value' | 'flags'>): boolean {
  return value.length === 0 && flags === 0;
}

/**
 * Whether a read of one key, sent as a classic command before the connection was proved, may have
 * found a placeholder. The same read as a meta command distinguishes them.
 */
export function isUnclear(reply: Reply): boolean {
  if (reply.type !== 'values') return false;
  const item = reply.items[0];
  return item !== undefined && isPlaceholder(item);
}

/**
 * Of a read of many keys: calls `take` with each item and the index of its key.
 *
 * @param isTaken Whether the item of a key has come before the reply.
 */
export function eachItem(
  keys: readonly Key[],
  reply: Reply,
  take: (item: ValueItem, index: number) => void,
  isTaken: (index: number) => boolean = () => false,
): void {
  if (reply.type !== 'values') return unexpected(reply);
  // Items arrive in the order of the request, with gaps; through some proxies, in any order.
  let index = 0;
  for (const item of reply.items) {
    while (index < keys.length && (keys[index] !== item.key || isTaken(index))) index++;
    if (index === keys.length) return eachUnordered(keys, reply.items, take, isTaken);
    take(item, index++);
  }
}

function eachUnordered(
  keys: readonly Key[],
  items: readonly ValueItem[],
  take: (item: ValueItem, index: number) => void,
  isTaken: (index: number) => boolean,
): void {
  const places = new Map<Key, number[]>();
  keys.forEach((key, index) => {
    if (isTaken(index)) return;
    const same = places.get(key);
    if (same === undefined) places.set(key, [index]);
    else same.push(index);
  });
  for (const item of items) {
    const index = places.get(item.key)?.shift();
    if (index !== undefined) take(item, index);
  }
}

/** The result of a write. */
export type Status = 'done' | 'not-stored' | 'exists' | 'not-found';

const statuses: Readonly<Partial<Record<Reply['type'], Status>>> = {
  HD: 'done',
  STORED: 'done',
  DELETED: 'done',
  TOUCHED: 'done',
  silent: 'done',
  NS: 'not-stored',
  NOT_STORED: 'not-stored',
  EX: 'exists',
  EXISTS: 'exists',
  NF: 'not-found',
  NOT_FOUND: 'not-found',
};

/** Of a write: its result. */
export function toStatus(reply: Reply): Status {
  return statuses[reply.type] ?? unexpected(reply);
}

/** Of a write that compares nothing: whether it was done. */
export function toDone(reply: Reply): boolean {
  // Of a touch, which is an `mg`.
  if (reply.type === 'EN') return false;
  const status = toStatus(reply);
  return status === 'exists' ? unexpected(reply) : status === 'done';
}

export const doneReader: Reader<boolean> = { ofReply: toDone };

/** The result of a compare-and-swap. */
export type CasResult = 'stored' | 'exists' | 'not-found';

export function toCasResult(reply: Reply): CasResult {
  const status = toStatus(reply);
  if (status === 'not-stored') return unexpected(reply);
  return status === 'done' ? 'stored' : status;
}

export const casReader: Reader<CasResult> = { ofReply: toCasResult };

/** Of incr and decr: the new number, or undefined when there is no such key. */
export function toNumber(reply: Reply): bigint | undefined {
  if (reply.type === 'number') return reply.value;
  if (reply.type === 'VA') {
    return bigDigits(reply.value, 0, reply.value.length) ?? unexpected(reply);
  }
  if (reply.type === 'silent' || toStatus(reply) === 'not-found') return undefined;
  return unexpected(reply);
}

/** The same of a plain reply. */
export function toPlainNumber(item: PlainReply): bigint | undefined {
  return bigDigits(item.bytes, item.from, item.to) ?? toNumber(item.toReply());
}

export const numberReader: Reader<bigint | undefined> = {
  ofReply: toNumber,
  ofItem: toPlainNumber,
};

export function toVersion(reply: Reply): string {
  return reply.type === 'VERSION' ? reply.version : unexpected(reply);
}

/** Of commands that reply with OK or with a reason. */
export function toOk(reply: Reply): void {
  if (reply.type === 'OK' || reply.type === 'RESET' || reply.type === 'silent') return;
  checkRefusal(reply);
  unexpected(reply);
}

/**
 * @throws ServerReplyError for the reason with which a server refuses an administrative command.
 */
export function checkRefusal(reply: Reply): void {
  if (reply.type === 'refused') throw new ServerReplyError('SERVER_ERROR', reply.message);
}

/** Of stats: names and values. Commands like `stats reset` have none. */
export function toStats(reply: Reply): Map<string, StatValue> {
  if (reply.type === 'RESET' || reply.type === 'OK') return new Map();
  if (reply.type !== 'stats') return unexpected(reply);
  return new Map(reply.lines.map(({ name, value }) => [name, toStat(name, value)]));
}

/** Numbers as numbers, or bigint past 2^53; switches as booleans; others as text. */
export type StatValue = string | number | bigint | boolean;

// Texts that could be mistaken for numbers or switches: names of files and networks, delimiters.
const texts = new Set([
  ...['version', 'libevent', 'inter', 'stat_key_prefix', 'domain_socket', 'memory_file'],
  ...['ssl_chain_cert', 'ssl_key', 'ssl_ca_cert', 'ssl_ciphers'],
]);
// Switches that are, or were, written as 0 and 1: pymemcache's list. The others are yes or no.
const switches = new Set([
  ...['hash_is_expanding', 'slab_reassign_running', 'detail_enabled', 'cas_enabled'],
  ...['auth_enabled_sasl', 'maxconns_fast', 'slab_reassign'],
]);

function toStat(name: string, value: string): StatValue {
  if (texts.has(name)) return value;
  if (name === 'umask') return Number.parseInt(value, 8);
  if (value === 'yes' || value === 'no') return value === 'yes';
  // A counter among the general statistics, a switch among the settings.
  if (name === 'evictions' && (value === 'on' || value === 'off')) return value === 'on';
  if (switches.has(name) && (value === '0' || value === '1')) return value === '1';
  return wholeNumber(value) ?? (/^-?\d+\.\d+$/.test(value) ? Number(value) : value);
}

/** The metadata of an item. */
export interface ItemInfo {
  /** The key as the server has it, prefix and all. Text where it is printable ASCII, else bytes. */
  readonly key: Key;
  /** When it expires; null for never. */
  readonly expire: Date | null;
  /** When it was stored, read or touched last. */
  readonly lastAccess: Date;
  /** The version of the value, to be given to `cas`. */
  readonly cas: bigint;
  /** Whether it was read since it was stored. */
  readonly fetched: boolean;
  /** The number of its slab class. */
  readonly slabClass: number;
  /** Its bytes in the server's memory, including the key and the header. */
  readonly size: number;
  /** Client flags; only in a metadump, of memcached 1.6.24 and newer. */
  readonly flags?: number | undefined;
}

/** Of `me`, whose times are seconds from now; before 1.6.24 those until the expiry are negative. */
export function toItemInfo(facts: ItemFacts, now: number): ItemInfo {
  const { exp, la } = facts;
  return itemInfo(facts, now + Math.abs(exp) * 1000, now - la * 1000);
}

/** Of a line of a metadump. Its times are Unix times, by the server's clock. */
export function toDumpedInfo(facts: ItemFacts): ItemInfo {
  return itemInfo(facts, facts.exp * 1000, facts.la * 1000);
}

function itemInfo(facts: ItemFacts, expire: number, lastAccess: number): ItemInfo {
  const { key, exp, cas, fetch, cls, size, flags } = facts;
  return {
    key,
    expire: exp === -1 ? null : toDate(expire),
    lastAccess: toDate(lastAccess),
    cas,
    fetched: fetch,
    slabClass: cls,
    size,
    ...(flags === undefined ? {} : { flags }),
  };
}

function toDate(time: number): Date {
  const date = new Date(time);
  if (!Number.isNaN(date.getTime())) return date;
  throw new ProtocolError(
    `the server answered with a time that is no date: ${time / 1000} seconds`,
  );
}

/** The number after a reply flag's letter: a count, rounded past 2^53. */
export function toCount(flag: string): number {
  const count = flagNumber(flag);
  return Number.isNaN(count) ? notANumber(flag) : count;
}

/** @throws ProtocolError when a reply lacks the cas that was asked for. */
export function toCas(cas: bigint | undefined): bigint {
  if (cas !== undefined) return cas;
  throw new ProtocolError('the server left out the cas that it was asked for');
}

/** The seconds that an item has left, of the flag `t`; Infinity if it does not expire. */
export function toTtl(flag: string): number {
  return flag === 't-1' ? Infinity : toCount(flag);
}

/** The number after a reply flag's letter, to the last of its 64 bits. */
export function toUnsigned(flag: string): bigint {
  return bigDecimal(flag.slice(1)) ?? notANumber(flag);
}

function notANumber(flag: string): never {
  throw new ProtocolError(
    `the server answered with the flag ${JSON.stringify(flag)}: not a number`,
  );
}

/** @throws ProtocolError for a reply that no server sends to this command. */
export function unexpected(reply: Reply): never {
  throw new ProtocolError(`the server answered ${reply.type}, which this command has no use for`);
}
