// What the flags of a meta reply say about an item.
import type { PlainReply } from '../../wire/plain.ts';
import { toCount, toTtl, toUnsigned } from '../results.ts';

/** The metadata of an item in a meta reply; undefined for each field that was not requested. */
export interface MetaFacts {
  /** The version of the item. */
  readonly cas: bigint | undefined;
  /** Seconds; `Infinity` if it never expires. */
  readonly ttl: number | undefined;
  /** Seconds. */
  readonly lastAccess: number | undefined;
  /** Whether it was read before, since it was stored. */
  readonly hitBefore: boolean | undefined;
  /** Bytes. */
  readonly size: number | undefined;
  /** This caller is to compute the value again (flag `W`). */
  readonly won: boolean;
  /** The item was marked stale (flag `X`). */
  readonly stale: boolean;
  /** Another caller has won (flag `Z`). */
  readonly alreadyWon: boolean;
  /** What the reply was asked to carry. */
  readonly opaque: string | undefined;
}

/** The facts that are among the flags of a reply. */
export function toFacts(flags: readonly string[]): MetaFacts {
  let cas: bigint | undefined;
  let ttl: number | undefined;
  let lastAccess: number | undefined;
  let hitBefore: boolean | undefined;
  let size: number | undefined;
  let won = false;
  let stale = false;
  let alreadyWon = false;
  let opaque: string | undefined;
  for (const flag of flags) {
    switch (flag.charAt(0)) {
      case 'c':
        cas = toUnsigned(flag);
        break;
      case 't':
        ttl = toTtl(flag);
        break;
      case 'l':
        lastAccess = toCount(flag);
        break;
      case 'h':
        hitBefore = flag === 'h1';
        break;
      case 's':
        size = toCount(flag);
        break;
      case 'W':
        won ||= flag === 'W';
        break;
      case 'X':
        stale ||= flag === 'X';
        break;
      case 'Z':
        alreadyWon ||= flag === 'Z';
        break;
      case 'O':
        opaque ??= flag.slice(1);
        break;
      default:
    }
  }
  return { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque };
}

/** The facts of a plain reply, which never has an opaque of the caller's. */
export function plainFacts(reply: PlainReply): MetaFacts {
  const { cas, ttl, lastAccess, hitBefore, valueSize: size, won, stale, alreadyWon } = reply;
  return { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque: undefined };
}
