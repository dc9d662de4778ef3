// The table of meta flags, and lookups in lists of flags.
import type { MetaReply, MetaValueReply, Reply } from './reply.ts';

/**
 * What follows a meta flag's letter in a request.
 *
 * - `none`: nothing (servers ignore anything that does follow).
 * - `seconds`: a signed 32-bit number; negative means already expired.
 * - `u32`, `u64`: an unsigned number.
 * - `mode`: one letter.
 * - `opaque`: 1 to 31 bytes, sent back as they are.
 * - `free`: anything; a hint for proxies.
 */
export type FlagArgument = 'none' | 'seconds' | 'u32' | 'u64' | 'mode' | 'opaque' | 'free';

/**
 * The flags of meta requests, and the argument of each. Servers know one set for all verbs and ignore
 * flags that a verb has no use for, so this table has no column for the verb.
 */
export const metaFlags: ReadonlyMap<string, FlagArgument> = new Map<string, FlagArgument>([
  ['b', 'none'], // the key is base64 of its bytes
  ['c', 'none'], // return the cas
  ['f', 'none'], // return the client flags
  ['h', 'none'], // return whether it was hit before (0 or 1)
  ['k', 'none'], // return the key
  ['l', 'none'], // return the seconds since it was last accessed
  ['q', 'none'], // leave out the nominal reply
  ['s', 'none'], // return the size of the value
  ['t', 'none'], // return the remaining seconds to live, -1 for ever
  ['u', 'none'], // do not bump it in the LRU
  ['v', 'none'], // return the value
  ['x', 'none'], // md: empty the value, keep the item (since 1.6.27)
  ['I', 'none'], // ms: an older cas stores as stale; md: mark stale
  ['C', 'u64'], // compare the cas; mg: no value if equal (since 1.6.40)
  ['D', 'u64'], // ma: the delta, 1 by default
  ['E', 'u64'], // the new cas (since 1.6.27)
  ['F', 'u32'], // ms: the client flags
  ['J', 'u64'], // ma: the value that autovivify creates
  ['L', 'free'], // a hint for proxies
  ['M', 'mode'], // ms: E A P R S; ma: I + D -
  ['N', 'seconds'], // autovivify with this time to live
  ['O', 'opaque'], // sent back in the reply
  ['P', 'free'], // a hint for proxies
  ['R', 'seconds'], // mg: win the recache if less time to live is left
  ['T', 'seconds'], // set the time to live
]);

/** The longest opaque, in bytes after its letter; servers refuse one more. */
export const MAX_OPAQUE = 31;

/** The most words in a meta request line, verb and key included, that memcached accepts. */
export const MAX_META_WORDS = 19;

/** Whether a list of flags has `q`. */
export function hasQuiet(flags: readonly string[]): boolean {
  for (const flag of flags) if (flag.charCodeAt(0) === 0x71) return true;
  return false;
}

/**
 * The argument of the flag with this letter: `''` for a flag without one, undefined when the flag
 * is not there. Works on the flags of requests and of replies.
 */
export function flagArgument(flags: readonly string[], letter: string): string | undefined {
  for (const flag of flags) if (flag[0] === letter) return flag.slice(1);
  return undefined;
}

/** Whether this is the reply to a meta command, with flags. */
export function isMeta(reply: Reply): reply is MetaReply | MetaValueReply {
  return 'flags' in reply && typeof reply.flags === 'object';
}
