/**
 * What follows a meta flag's letter in a request.
 *
 * - `none`: nothing (what does follow is ignored by servers).
 * - `seconds`: a signed 32-bit number; negative means already expired.
 * - `u32`, `u64`: an unsigned number.
 * - `mode`: one letter.
 * - `opaque`: 1 to 31 bytes, sent back as they are.
 * - `free`: anything; a hint for proxies.
 */
export type FlagArgument = 'none' | 'seconds' | 'u32' | 'u64' | 'mode' | 'opaque' | 'free';

/**
 * The flags of meta requests. Servers know one set for all verbs and ignore what a verb has no use
 * for, so this table has no column for the verb.
 */
export const metaFlags: ReadonlyMap<string, { argument: FlagArgument; meaning: string }> = new Map([
  ['b', { argument: 'none', meaning: 'the key is base64 of its bytes' }],
  ['c', { argument: 'none', meaning: 'return the cas' }],
  ['f', { argument: 'none', meaning: 'return the client flags' }],
  ['h', { argument: 'none', meaning: 'return whether it was hit before (0 or 1)' }],
  ['k', { argument: 'none', meaning: 'return the key' }],
  ['l', { argument: 'none', meaning: 'return the seconds since it was last accessed' }],
  ['q', { argument: 'none', meaning: 'leave out the nominal reply' }],
  ['s', { argument: 'none', meaning: 'return the size of the value' }],
  ['t', { argument: 'none', meaning: 'return the remaining seconds to live, -1 for ever' }],
  ['u', { argument: 'none', meaning: 'do not bump it in the LRU' }],
  ['v', { argument: 'none', meaning: 'return the value' }],
  ['x', { argument: 'none', meaning: 'md: empty the value, keep the item (since 1.6.27)' }],
  ['I', { argument: 'none', meaning: 'ms: an older cas stores as stale; md: mark stale' }],
  ['C', { argument: 'u64', meaning: 'compare the cas; mg: no value if equal (since 1.6.40)' }],
  ['D', { argument: 'u64', meaning: 'ma: the delta, 1 by default' }],
  ['E', { argument: 'u64', meaning: 'the new cas (since 1.6.27)' }],
  ['F', { argument: 'u32', meaning: 'ms: the client flags' }],
  ['J', { argument: 'u64', meaning: 'ma: the value that autovivify creates' }],
  ['L', { argument: 'free', meaning: 'a hint for proxies' }],
  ['M', { argument: 'mode', meaning: 'ms: E A P R S; ma: I + D -' }],
  ['N', { argument: 'seconds', meaning: 'autovivify with this time to live' }],
  ['O', { argument: 'opaque', meaning: 'sent back in the reply' }],
  ['P', { argument: 'free', meaning: 'a hint for proxies' }],
  ['R', { argument: 'seconds', meaning: 'mg: win the recache if less time to live is left' }],
  ['T', { argument: 'seconds', meaning: 'set the time to live' }],
]);

/** The longest opaque, in bytes after its letter; servers refuse one more. */
export const MAX_OPAQUE = 31;

/** The most words in a meta request line, verb and key included, that 1.6.18 accepts. */
export const MAX_META_WORDS = 19;

/** Whether a list of flags asks for quietness. */
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
