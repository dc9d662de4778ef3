// The options of the meta commands, and the flags that they stand for.
import {
  assertArgument,
  checkBoolean,
  checkKnown,
  checkObject,
  optionNames,
} from '../../wire/check.ts';
import { metaFlags } from '../../wire/meta-flags.ts';
import { type Expire, toDelay, toExptime } from '../expire.ts';
import { toU64 } from '../operation-context.ts';
import type { CallOptions, WriteOptions } from '../options.ts';

/** The options of every meta command with a key. */
export interface MetaOptions extends CallOptions {
  /** Flag `O`, 1 to 31 bytes of ASCII: comes back in the result. */
  readonly opaque?: string | undefined;
  /** Flags `P` and `L`: hints for proxies, with their letter: `Ppath`. */
  readonly hints?: readonly string[] | undefined;
}

/** The options of `meta.get`. */
export interface MetaGetOptions extends MetaOptions {
  /** Flags `v` and `f`: fetch the value; true by default. */
  readonly value?: boolean | undefined;
  /** Flag `c`: ask for the version. */
  readonly cas?: boolean | undefined;
  /** Flag `t`: ask for the seconds that it has left. */
  readonly ttl?: boolean | undefined;
  /** Flag `l`: ask for the seconds since it was last read. */
  readonly lastAccess?: boolean | undefined;
  /** Flag `h`: ask whether it was read since it was stored. */
  readonly hitBefore?: boolean | undefined;
  /** Flag `s`: ask for the size of the value, in bytes. */
  readonly size?: boolean | undefined;
  /** Flag `u`: do not count this as an access, so that it does not delay the item's eviction. */
  readonly noBump?: boolean | undefined;
  /** Flag `T`: set when it expires. */
  readonly touch?: Expire | undefined;
  /** Flag `N`: on a miss create an empty item with this expiry; the caller has then `won`. */
  readonly vivify?: Expire | undefined;
  /** Flag `R`: one reader has `won` if less time than this is left, in seconds. */
  readonly recache?: number | undefined;
  /** Flag `C`: leave the value out if its version is still this one (memcached 1.6.40). */
  readonly unlessCas?: bigint | undefined;
  /** Flag `E`: its new version, if the command changes it (memcached 1.6.27). */
  readonly newCas?: bigint | undefined;
}

/** The options of `meta.set`. */
export interface MetaSetOptions extends MetaOptions, Pick<WriteOptions, 'noreply'> {
  /** Flag `M`; `set` by default. */
  readonly mode?: 'set' | 'add' | 'replace' | 'append' | 'prepend' | undefined;
  /** Flag `T`; never by default. */
  readonly expire?: Expire | undefined;
  /** Flag `F`: client flags instead of those of the serde. */
  readonly flags?: number | undefined;
  /** Flag `C`: store only if it has this version. */
  readonly ifCas?: bigint | undefined;
  /** Flag `I`: if its version is newer than `ifCas`, store the value marked stale. */
  readonly invalidate?: boolean | undefined;
  /** Flag `N`: on a miss, append and prepend create an item with this expiry (1.6.20). */
  readonly vivify?: Expire | undefined;
  /** Flag `E`: the version to give it (memcached 1.6.27). */
  readonly newCas?: bigint | undefined;
  /** Flag `c`: ask for the new version. */
  readonly cas?: boolean | undefined;
  /** Flag `s`: ask for the size of the value, in bytes (memcached 1.6.21). */
  readonly size?: boolean | undefined;
}

/** The options of `meta.delete`. */
export interface MetaDeleteOptions extends MetaOptions, Pick<WriteOptions, 'noreply'> {
  /** Flag `C`: only where it has this version. */
  readonly ifCas?: bigint | undefined;
  /** Flag `I`: mark it stale instead, and let one reader win. */
  readonly invalidate?: boolean | undefined;
  /** Flag `T`: with `invalidate`, when it expires. */
  readonly expire?: Expire | undefined;
  /** Flag `x`: empty the value and keep the item (memcached 1.6.27). */
  readonly clear?: boolean | undefined;
  /** Flag `E`: its new version, if the item stays (memcached 1.6.27). */
  readonly newCas?: bigint | undefined;
}

/** The options of `meta.arithmetic`. */
export interface MetaArithmeticOptions extends MetaOptions, Pick<WriteOptions, 'noreply'> {
  /** Flag `M`; `incr` by default. */
  readonly mode?: 'incr' | 'decr' | undefined;
  /** Flag `D`; 1 by default. */
  readonly delta?: bigint | number | undefined;
  /** Flag `N`: on a miss create the number with this expiry. */
  readonly vivify?: Expire | undefined;
  /** Flag `J`: the initial number with `vivify`; 0 by default. */
  readonly initial?: bigint | number | undefined;
  /** Flag `T`: set when it expires. */
  readonly expire?: Expire | undefined;
  /** Flag `C`: only where it has this version. */
  readonly ifCas?: bigint | undefined;
  /** Flag `E`: the version to give it (memcached 1.6.27). */
  readonly newCas?: bigint | undefined;
  /** Flag `c`: ask for the new version. */
  readonly cas?: boolean | undefined;
  /** Flag `t`: ask for the seconds that it has left. */
  readonly ttl?: boolean | undefined;
}

const common = {
  timeout: true,
  signal: true,
  opaque: true,
  hints: true,
} as const;

const metaNames: Readonly<Record<'mg' | 'ms' | 'md' | 'ma', ReadonlySet<string>>> = {
  mg: /* @__PURE__ */ optionNames<MetaGetOptions>({
    ...common,
    value: true,
    cas: true,
    ttl: true,
    lastAccess: true,
    hitBefore: true,
    size: true,
    noBump: true,
    touch: true,
    vivify: true,
    recache: true,
    unlessCas: true,
    newCas: true,
  }),
  ms: /* @__PURE__ */ optionNames<MetaSetOptions>({
    ...common,
    noreply: true,
    mode: true,
    expire: true,
    flags: true,
    ifCas: true,
    invalidate: true,
    vivify: true,
    newCas: true,
    cas: true,
    size: true,
  }),
  md: /* @__PURE__ */ optionNames<MetaDeleteOptions>({
    ...common,
    noreply: true,
    ifCas: true,
    invalidate: true,
    expire: true,
    clear: true,
    newCas: true,
  }),
  ma: /* @__PURE__ */ optionNames<MetaArithmeticOptions>({
    ...common,
    noreply: true,
    mode: true,
    delta: true,
    vivify: true,
    initial: true,
    expire: true,
    ifCas: true,
    newCas: true,
    cas: true,
    ttl: true,
  }),
};

/** @throws UsageError naming an option that the meta command does not have. */
export function checkMetaOptions(verb: keyof typeof metaNames, options: MetaOptions): void {
  checkObject('options', options);
  checkKnown('options', options, metaNames[verb]);
}

/** The flags of the options, in the order in which they are sent. */
export type FlagTable = readonly (readonly [option: string, letter: string])[];

function flagTable<Options>(letters: { readonly [Name in keyof Options]?: string }): FlagTable {
  return Object.entries(letters as Readonly<Record<string, string>>);
}

export const getFlags: FlagTable = /* @__PURE__ */ flagTable<MetaGetOptions>({
  touch: 'T',
  vivify: 'N',
  recache: 'R',
  unlessCas: 'C',
  newCas: 'E',
  cas: 'c',
  // After `T`: servers answer in order, and it is to be what `T` has set.
  ttl: 't',
  lastAccess: 'l',
  hitBefore: 'h',
  size: 's',
  noBump: 'u',
});
export const setFlags: FlagTable = /* @__PURE__ */ flagTable<MetaSetOptions>({
  expire: 'T',
  vivify: 'N',
  ifCas: 'C',
  newCas: 'E',
  invalidate: 'I',
  cas: 'c',
  size: 's',
});
export const deleteFlags: FlagTable = /* @__PURE__ */ flagTable<MetaDeleteOptions>({
  expire: 'T',
  ifCas: 'C',
  newCas: 'E',
  invalidate: 'I',
  clear: 'x',
});
export const arithmeticFlags: FlagTable = /* @__PURE__ */ flagTable<MetaArithmeticOptions>({
  delta: 'D',
  vivify: 'N',
  initial: 'J',
  expire: 'T',
  ifCas: 'C',
  newCas: 'E',
  cas: 'c',
  ttl: 't',
});

/**
 * The flags of the options.
 *
 * @param now Milliseconds since 1970.
 * @throws UsageError naming the option that breaks a rule.
 */
export function toFlags(table: FlagTable, options: MetaOptions, now: number): string[] {
  const flags: string[] = [];
  const { opaque, hints = [] } = options;
  assertArgument(opaque === undefined || typeof opaque === 'string', 'opaque', 'must be a string');
  if (opaque !== undefined) flags.push(`O${opaque}`);
  assertArgument(Array.isArray(hints), 'hints', 'must be an array');
  for (const hint of hints) {
    const isHint = typeof hint === 'string' && /^[PL]/.test(hint);
    assertArgument(isHint, 'hints', 'must be strings that start with P or L');
    flags.push(hint);
  }
  const given = options as Readonly<Record<string, unknown>>;
  // Most calls have few options, of a table with many.
  if (isEmpty(given)) return flags;
  for (const [name, letter] of table) {
    const value = given[name];
    if (value === undefined) continue;
    if (metaFlags.get(letter) === 'none') {
      if (checkBoolean(name, value as boolean)) flags.push(letter);
    } else if (letter === 'T' || letter === 'N') {
      flags.push(`${letter}${toExptime(value, now, name)}`);
    } else if (letter === 'R') {
      // The server reads it like an expiry: above 30 days no reader would ever win.
      flags.push(`R${toDelay(value, now, name)}`);
    } else flags.push(`${letter}${toU64(name, value)}`);
  }
  return flags;
}

export function isEmpty(options: object): boolean {
  for (const _ in options) return false;
  return true;
}
