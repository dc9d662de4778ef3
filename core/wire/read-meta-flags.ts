import { fromBase64 } from './base64.ts';
import { EMPTY, latin1 } from './bytes.ts';
import { MAX_OPAQUE, metaFlags } from './meta-flags.ts';
import { int32, uint32, uint64 } from './numbers.ts';
import type { Tokens } from './tokens.ts';

/** The key and the flags of a meta request, as memcached reads them. */
export interface KeyAndFlags {
  /** The second word, or what it spells in base64. */
  readonly key: Uint8Array;
  readonly base64: boolean;
  /** All but `b`, in order. */
  readonly flags: readonly string[];
  /** Why the server refuses them, as its `CLIENT_ERROR` says, or null. */
  readonly fault: string | null;
}

// One-letter flags are the rule: each of these strings exists once.
const letters: readonly string[] = /* @__PURE__ */ Array.from(
  { length: 127 },
  (_, code) => String.fromCharCode(code),
);
const flagArguments: readonly (string | undefined)[] = /* @__PURE__ */ letters.map(
  (letter) => metaFlags.get(letter),
);
const NONE: readonly string[] = [];

/** What the server says of an argument it cannot read, where it has words for just that. */
const faults: ReadonlyMap<string, string> = new Map([
  ['J', 'invalid numeric initial value'],
  ['D', 'invalid numeric delta value'],
  ['M', 'incorrect length for M token'],
]);

/**
 * Reads the key, and the flags from word `first` on.
 *
 * A repeated or unknown flag ends the reading; of several bad arguments the last one is reported.
 * Both is what memcached does.
 */
export function readMetaFlags(tokens: Tokens, first: number): KeyAndFlags {
  let key = tokens.view(1);
  if (tokens.count <= first) return { key, base64: false, flags: NONE, fault: null };
  const flags: string[] = [];
  let base64 = false;
  let fault: string | null = null;
  let seenLow = 0;
  let seenHigh = 0;
  for (let i = first; i < tokens.count; i++) {
    const start = tokens.start(i);
    const length = tokens.length(i);
    const code = tokens.bytes[start]!;
    if (code >= 127) return refused('duplicate flag');
    const argument = flagArguments[code];
    if (argument === undefined) return refused('invalid flag');
    // Known letters lie from 0x41 to 0x7a: two masks of 32 bits tell which were seen.
    const bit = 1 << (code & 31);
    if (((code < 0x60 ? seenLow : seenHigh) & bit) !== 0) return refused('duplicate flag');
    if (code < 0x60) seenLow |= bit;
    else seenHigh |= bit;
    const flag = length === 1 ? letters[code]! : latin1(tokens.bytes, start, start + length);
    if (flag[0] === 'b') {
      base64 = true;
      const decoded = decodeKey(tokens);
      if (decoded === null) fault = 'error decoding key';
      else key = decoded;
      continue;
    }
    flags.push(flag);
    if (readable(argument, flag)) continue;
    // The server has no words for bad client flags, and keeps what it would say of another flag.
    if (flag[0] === 'F') fault ??= 'bad command line format';
    else fault = faults.get(flag[0]!) ?? 'bad token in command line format';
  }
  return { key, base64, flags, fault };
}

/** The key of a request that spells it in base64, or null when it spells none. */
export function decodeKey(tokens: Tokens): Uint8Array | null {
  return fromBase64(tokens.view(1));
}

function refused(fault: string): KeyAndFlags {
  return { key: EMPTY, base64: false, flags: NONE, fault };
}

function readable(argument: string, flag: string): boolean {
  switch (argument) {
    case 'seconds':
      return int32(flag.slice(1)) !== null;
    case 'u32':
      return uint32(flag.slice(1)) !== null;
    case 'u64':
      return uint64(flag.slice(1)) !== null;
    case 'mode':
      return flag.length === 2;
    default:
      return true;
  }
}

/** Whether an opaque is longer than servers take. */
export function hasLongOpaque(flags: readonly string[]): boolean {
  return flags.some((flag) => flag[0] === 'O' && flag.length > MAX_OPAQUE + 1);
}
