import { checkKnown, checkObject, optionNames } from '../wire/check.ts';
import type { Expire } from './expire.ts';
import type { CallOptions, WriteOptions } from './memcache-options.ts';

/** What every meta command with a key takes. */
export interface MetaOptions extends CallOptions {
  /** Flag `O`, 1 to 31 bytes of ASCII: comes back in the result. */
  readonly opaque?: string;
  /** Flags `P` and `L`: hints for proxies, with their letter: `Ppath`. */
  readonly hints?: readonly string[];
}

export interface MetaGetOptions extends MetaOptions {
  /** Flags `v` and `f`: fetch the value; true by default. */
  readonly value?: boolean;
  /** Flag `c`: ask for the version. */
  readonly cas?: boolean;
  /** Flag `t`: ask for the seconds that it has left. */
  readonly ttl?: boolean;
  /** Flag `l`: ask for the seconds since it was last read. */
  readonly lastAccess?: boolean;
  /** Flag `h`: ask whether it was read since it was stored. */
  readonly hitBefore?: boolean;
  /** Flag `s`: ask for the size of the value, in bytes. */
  readonly size?: boolean;
  /** Flag `u`: do not count this as use, so that the item is evicted no later for it. */
  readonly noBump?: boolean;
  /** Flag `T`: set when it expires. */
  readonly touch?: Expire;
  /** Flag `N`: make an empty item that expires then where there is none; who does has `won`. */
  readonly vivify?: Expire;
  /** Flag `R`: one reader has `won` when fewer seconds than these are left. */
  readonly recache?: number;
  /** Flag `C`: leave the value out where it has this version still (memcached 1.6.40). */
  readonly unlessCas?: bigint;
  /** Flag `E`: the version to give it where this changes it (memcached 1.6.27). */
  readonly newCas?: bigint;
}

export interface MetaSetOptions extends MetaOptions, Pick<WriteOptions, 'noreply'> {
  /** Flag `M`; `set` by default. */
  readonly mode?: 'set' | 'add' | 'replace' | 'append' | 'prepend';
  /** Flag `T`; never by default. */
  readonly expire?: Expire;
  /** Flag `F`: client flags instead of those of the serde. */
  readonly flags?: number;
  /** Flag `C`: store only where it has this version. */
  readonly ifCas?: bigint;
  /** Flag `I`: where it has a newer version than `ifCas`, store it, marked stale. */
  readonly invalidate?: boolean;
  /** Flag `N`: append and prepend make an item that expires then where there is none (1.6.20). */
  readonly vivify?: Expire;
  /** Flag `E`: the version to give it (memcached 1.6.27). */
  readonly newCas?: bigint;
  /** Flag `c`: ask for the new version. */
  readonly cas?: boolean;
  /** Flag `s`: ask for the size of the value, in bytes (memcached 1.6.21). */
  readonly size?: boolean;
}

export interface MetaDeleteOptions extends MetaOptions, Pick<WriteOptions, 'noreply'> {
  /** Flag `C`: only where it has this version. */
  readonly ifCas?: bigint;
  /** Flag `I`: mark it stale instead, and let one reader win. */
  readonly invalidate?: boolean;
  /** Flag `T`: with `invalidate`, when it expires. */
  readonly expire?: Expire;
  /** Flag `x`: empty the value and keep the item (memcached 1.6.27). */
  readonly clear?: boolean;
  /** Flag `E`: the version to give it where it stays (memcached 1.6.27). */
  readonly newCas?: bigint;
}

export interface MetaArithmeticOptions extends MetaOptions, Pick<WriteOptions, 'noreply'> {
  /** Flag `M`; `incr` by default. */
  readonly mode?: 'incr' | 'decr';
  /** Flag `D`; 1 by default. */
  readonly delta?: bigint | number;
  /** Flag `N`: make the number where there is none, to expire then. */
  readonly vivify?: Expire;
  /** Flag `J`: the number that `vivify` makes; 0 by default. */
  readonly initial?: bigint | number;
  /** Flag `T`: set when it expires. */
  readonly expire?: Expire;
  /** Flag `C`: only where it has this version. */
  readonly ifCas?: bigint;
  /** Flag `E`: the version to give it (memcached 1.6.27). */
  readonly newCas?: bigint;
  /** Flag `c`: ask for the new version. */
  readonly cas?: boolean;
  /** Flag `t`: ask for the seconds that it has left. */
  readonly ttl?: boolean;
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

/** @throws UsageError naming an option that the meta command has not. */
export function checkMetaOptions(verb: keyof typeof metaNames, options: MetaOptions): void {
  checkObject('options', options);
  checkKnown('options', options, metaNames[verb]);
}

/** What a meta reply says of an item; what was not asked for is undefined. */
export interface MetaFacts {
  readonly cas: bigint | undefined;
  /** Seconds; `Infinity` where it never expires. */
  readonly ttl: number | undefined;
  /** Seconds. */
  readonly lastAccess: number | undefined;
  readonly hitBefore: boolean | undefined;
  /** Bytes. */
  readonly size: number | undefined;
  /** This caller is the one who is to make the value anew (flag `W`). */
  readonly won: boolean;
  /** The item was marked stale (flag `X`). */
  readonly stale: boolean;
  /** Somebody else has won (flag `Z`). */
  readonly alreadyWon: boolean;
  readonly opaque: string | undefined;
}

export interface MetaItem<T> extends MetaFacts {
  /** Undefined where it was not asked for, and where `unlessCas` left it out. */
  readonly value: T | undefined;
  /** The client flags it was stored with. */
  readonly flags: number | undefined;
}

export interface MetaResult extends MetaFacts {
  readonly status: 'done' | 'not-stored' | 'exists' | 'not-found';
}

export interface MetaNumber extends MetaResult {
  /** The new number; undefined where it was not done, and with `noreply`. */
  readonly value: bigint | undefined;
}
