import { bigDigits } from '../wire/numbers.ts';
import { ProtocolError } from '../wire/errors.ts';
import type { Reply } from '../wire/reply.ts';

/** A value as it came from the server. */
export interface Found {
  readonly value: Uint8Array;
  readonly flags: number;
  /** Undefined when it was not asked for. */
  readonly cas: bigint | undefined;
}

// What a reply means. Replies of the classic and the meta commands differ in type, so one reader
// serves both dialects; a reply that no reader expects cannot come from a sound server.

/** Of a read: the value, or undefined for a miss. */
export function toFound(reply: Reply): Found | undefined {
  switch (reply.type) {
    case 'VA': {
      const { value, flags } = reply;
      let clientFlags = 0;
      let cas: bigint | undefined;
      for (const flag of flags) {
        const letter = flag.charCodeAt(0);
        // Past 32 bits, flags may be rounded: see `wideDigits`.
        if (letter === 0x66) clientFlags = Number(toUnsigned(flag));
        else if (letter === 0x63) cas = toUnsigned(flag);
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

/** Of a write: whether it was done. */
export function toDone(reply: Reply): boolean {
  switch (reply.type) {
    case 'HD':
    case 'STORED':
    case 'DELETED':
    case 'TOUCHED':
    case 'silent':
      return true;
    case 'NS':
    case 'NF':
    case 'EN':
    case 'NOT_STORED':
    case 'NOT_FOUND':
      return false;
    default:
      return unexpected(reply);
  }
}

/** What became of a compare-and-swap. */
export type CasResult = 'stored' | 'exists' | 'not-found';

export function toCasResult(reply: Reply): CasResult {
  switch (reply.type) {
    case 'HD':
    case 'STORED':
    case 'silent':
      return 'stored';
    case 'EX':
    case 'EXISTS':
      return 'exists';
    case 'NF':
    case 'NOT_FOUND':
      return 'not-found';
    default:
      return unexpected(reply);
  }
}

/** Of incr and decr: the new number, or undefined when there is no such key. */
export function toNumber(reply: Reply): bigint | undefined {
  switch (reply.type) {
    case 'number':
      return reply.value;
    case 'VA':
      return bigDigits(reply.value, 0, reply.value.length) ?? unexpected(reply);
    case 'NF':
    case 'NOT_FOUND':
    case 'silent':
      return undefined;
    default:
      return unexpected(reply);
  }
}

export function toVersion(reply: Reply): string {
  return reply.type === 'VERSION' ? reply.version : unexpected(reply);
}

/** Of stats: names and values. `stats reset` and its like give none. */
export function toStats(reply: Reply): Map<string, string> {
  if (reply.type === 'RESET' || reply.type === 'OK') return new Map();
  if (reply.type !== 'stats') return unexpected(reply);
  return new Map(reply.lines.map(({ name, value }) => [name, value]));
}

function toUnsigned(flag: string): bigint {
  if (/^.\d{1,20}$/.test(flag)) return BigInt(flag.slice(1));
  throw new ProtocolError(
    `the server answered with the flag ${JSON.stringify(flag)}: not a number`,
  );
}

function unexpected(reply: Reply): never {
  throw new ProtocolError(`the server answered ${reply.type}, which this command has no use for`);
}
