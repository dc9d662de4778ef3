// The meta commands with all of their flags by name.
import { checkEntry, checkKnown, checkObject, checkU32, optionNames } from '../wire/check.ts';
import type { Key, Value } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';
import { isMeta, metaFlags } from '../wire/meta-flags.ts';
import type { Reply } from '../wire/reply.ts';
import { type OperationContext, toU64 } from './operation-context.ts';
import { type Expire, toDelay, toExptime } from './expire.ts';
import { type ItemKey, ownKey, type WireKey } from './keys.ts';
import { type CallOptions, checkCallOptions, type WriteOptions } from './options.ts';
import {
  type ItemInfo,
  toCount,
  toFound,
  toItemInfo,
  toNumber,
  toStatus,
  toUnsigned,
  unexpected,
} from './results.ts';
import { serialize } from './values/serde.ts';

const setModes = { set: 'S', add: 'E', replace: 'R', append: 'A', prepend: 'P' } as const;
const arithmeticModes = { incr: '+', decr: '-' } as const;

/** The flags that options stand for, in the order in which they are sent. */
type FlagTable<Options> = { readonly [Name in keyof Options]?: string };

const getFlags: FlagTable<MetaGetOptions> = {
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
};
const setFlags: FlagTable<MetaSetOptions> = {
  expire: 'T',
  vivify: 'N',
  ifCas: 'C',
  newCas: 'E',
  invalidate: 'I',
  cas: 'c',
  size: 's',
};
const deleteFlags: FlagTable<MetaDeleteOptions> = {
  expire: 'T',
  ifCas: 'C',
  newCas: 'E',
  invalidate: 'I',
  clear: 'x',
};
const arithmeticFlags: FlagTable<MetaArithmeticOptions> = {
  delta: 'D',
  vivify: 'N',
  initial: 'J',
  expire: 'T',
  ifCas: 'C',
  newCas: 'E',
  cas: 'c',
  ttl: 't',
};

/**
 * memcached's meta commands with all of their flags, for what the plain operations do not offer:
 * leases, stale values, and facts about an item in the reply that brings it. `client.meta` is one.
 *
 * Where the connection speaks the classic commands only, each rejects with a `UsageError` whose
 * `argument` is `dialect`.
 */
export class MetaCommands {
  readonly #context: OperationContext;

  /** @internal */
  constructor(context: OperationContext) {
    this.#context = context;
  }

  /** `mg`: the item; undefined for a miss. */
  get<T = unknown>(
    key: ItemKey,
    options: MetaGetOptions = {},
  ): Promise<MetaItem<T> | undefined> {
    return this.#context.read(undefined, () => this.#get<T>(key, options));
  }

  async #get<T>(key: ItemKey, options: MetaGetOptions): Promise<MetaItem<T> | undefined> {
    checkMetaOptions('mg', options);
    const flags = this.#flags(getFlags, options);
    if (options.value !== false) flags.push('v', 'f');
    const wire = this.#context.dependencies.keys.toWire(key);
    const command = { verb: 'mg', ...keyFields(wire), flags } as const;
    const reply = await this.#context.execute(wire, command, options);
    if (reply.type === 'EN') return undefined;
    if (reply.type !== 'VA' && reply.type !== 'HD') return unexpected(reply);
    const facts = toFacts(reply.flags);
    const clientFlags = reply.flags.find((flag) => flag[0] === 'f');
    const stored = clientFlags === undefined ? undefined : toCount(clientFlags);
    const found = reply.type === 'VA' ? toFound(reply) : undefined;
    const value = found === undefined ? undefined : this.#context.value<T>(key, found);
    return { ...facts, flags: stored, value };
  }

  /** `ms`: stores a value. */
  async set(key: ItemKey, value: unknown, options: MetaSetOptions = {}): Promise<MetaResult> {
    checkMetaOptions('ms', options);
    const { serde } = this.#context.dependencies;
    const { value: data, flags: ownFlags } = serialize(serde, ownKey(key), value);
    const mode = checkEntry('mode', setModes, options.mode ?? 'set');
    const flags = this.#flags(setFlags, options);
    const { flags: clientFlags = ownFlags } = options;
    if (mode !== 'S') flags.push(`M${mode}`);
    flags.push(`F${checkU32('flags', clientFlags)}`);
    return toResult(await this.#write(key, { verb: 'ms', value: data, flags }, options));
  }

  /** `md`: deletes an item, or marks it stale. */
  async delete(key: ItemKey, options: MetaDeleteOptions = {}): Promise<MetaResult> {
    checkMetaOptions('md', options);
    const flags = this.#flags(deleteFlags, options);
    return toResult(await this.#write(key, { verb: 'md', flags }, options));
  }

  /** `ma`: adds to a number or subtracts from it, and makes it where there is none. */
  async arithmetic(key: ItemKey, options: MetaArithmeticOptions = {}): Promise<MetaNumber> {
    checkMetaOptions('ma', options);
    const mode = checkEntry('mode', arithmeticModes, options.mode ?? 'incr');
    const flags = this.#flags(arithmeticFlags, options);
    flags.push('v');
    if (mode !== '+') flags.push(`M${mode}`);
    const reply = await this.#write(key, { verb: 'ma', flags }, options);
    return { ...toResult(reply), value: reply.type === 'VA' ? toNumber(reply) : undefined };
  }

  /**
   * `me`: what the server holds of an item besides its value; undefined for a miss. Its times are
   * reckoned from the client's clock, to the second.
   */
  async debug(key: ItemKey, options?: CallOptions): Promise<ItemInfo | undefined> {
    checkCallOptions(options);
    const wire = this.#context.dependencies.keys.toWire(key);
    const reply = await this.#context.execute(wire, { verb: 'me', ...keyFields(wire) }, options);
    if (reply.type === 'EN') return undefined;
    if (reply.type !== 'ME') return unexpected(reply);
    return toItemInfo(reply, this.#context.dependencies.clock.now());
  }

  /** `mn`: a round trip to the server and back. */
  async noop(options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    const reply = await this.#context.dependencies.executor.execute({ verb: 'mn' }, options);
    if (reply.type !== 'MN') unexpected(reply);
  }

  #flags(table: Readonly<Record<string, string>>, options: MetaOptions): string[] {
    const flags: string[] = [];
    if (options.opaque !== undefined) flags.push(`O${options.opaque}`);
    for (const hint of options.hints ?? []) {
      if (!/^[PL]/.test(hint)) throw new UsageError('hints', 'must start with P or L');
      flags.push(hint);
    }
    const given = options as Readonly<Record<string, unknown>>;
    for (const [name, letter] of Object.entries(table)) {
      const value = given[name];
      if (value === undefined) continue;
      if (metaFlags.get(letter) === 'none') {
        if (value === true) flags.push(letter);
      } else if (letter === 'T' || letter === 'N') {
        flags.push(`${letter}${toExptime(value, this.#context.dependencies.clock.now(), name)}`);
      } else if (letter === 'R') {
        // The server reads it as it reads an expiry: past 30 days no reader would ever win.
        flags.push(`R${toDelay(value, this.#context.dependencies.clock.now(), name)}`);
      } else flags.push(`${letter}${toU64(name, value)}`);
    }
    return flags;
  }

  // A command without its key; it has no reply to give when it is quiet and all is well.
  #write(key: ItemKey, part: Keyless, options: WriteOptions): Promise<Reply> {
    const wire = this.#context.dependencies.keys.toWire(key);
    const quiet = this.#context.isQuiet(options);
    if (quiet) part.flags.push('q');
    return this.#context.write(wire, { ...keyFields(wire), ...part }, quiet, options);
  }
}

type Keyless =
  | { readonly verb: 'ms'; readonly value: Value; readonly flags: string[] }
  | { readonly verb: 'md' | 'ma'; readonly flags: string[] };

// What of a key is in a command.
function keyFields({ key, base64 }: WireKey): { readonly key: Key; readonly base64: boolean } {
  return { key, base64 };
}

function toResult(reply: Reply): MetaResult {
  const facts = toFacts(isMeta(reply) ? reply.flags : []);
  return { ...facts, status: reply.type === 'VA' ? 'done' : toStatus(reply) };
}

function toFacts(flags: readonly string[]): MetaFacts {
  const of = (letter: string): string | undefined => flags.find((flag) => flag[0] === letter);
  const count = (letter: string): number | undefined => {
    const flag = of(letter);
    return flag === undefined ? undefined : toCount(flag);
  };
  const cas = of('c');
  const hitBefore = of('h');
  return {
    cas: cas === undefined ? undefined : toUnsigned(cas),
    ttl: of('t') === 't-1' ? Infinity : count('t'),
    lastAccess: count('l'),
    hitBefore: hitBefore === undefined ? undefined : hitBefore === 'h1',
    size: count('s'),
    won: flags.includes('W'),
    stale: flags.includes('X'),
    alreadyWon: flags.includes('Z'),
    opaque: of('O')?.slice(1),
  };
}

/** What every meta command with a key takes. */
export interface MetaOptions extends CallOptions {
  /** Flag `O`, 1 to 31 bytes of ASCII: comes back in the result. */
  readonly opaque?: string;
  /** Flags `P` and `L`: hints for proxies, with their letter: `Ppath`. */
  readonly hints?: readonly string[];
}

/** The options of `meta.get`. */
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
  /** Flag `N`: on a miss make an empty item that expires then; the caller that does has `won`. */
  readonly vivify?: Expire;
  /** Flag `R`: one reader has `won` when fewer seconds than these are left. */
  readonly recache?: number;
  /** Flag `C`: leave the value out where it has this version still (memcached 1.6.40). */
  readonly unlessCas?: bigint;
  /** Flag `E`: the version to give it where this changes it (memcached 1.6.27). */
  readonly newCas?: bigint;
}

/** The options of `meta.set`. */
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

/** The options of `meta.delete`. */
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

/** The options of `meta.arithmetic`. */
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

/** What a meta reply says of an item; undefined for each fact that was not asked for. */
export interface MetaFacts {
  /** The version of the item. */
  readonly cas: bigint | undefined;
  /** Seconds; `Infinity` where it never expires. */
  readonly ttl: number | undefined;
  /** Seconds. */
  readonly lastAccess: number | undefined;
  /** Whether it was read before, since it was stored. */
  readonly hitBefore: boolean | undefined;
  /** Bytes. */
  readonly size: number | undefined;
  /** This caller is to make the value again (flag `W`). */
  readonly won: boolean;
  /** The item was marked stale (flag `X`). */
  readonly stale: boolean;
  /** Another caller has won (flag `Z`). */
  readonly alreadyWon: boolean;
  /** What the reply was asked to carry. */
  readonly opaque: string | undefined;
}

/** The result of `meta.get`. */
export interface MetaItem<T> extends MetaFacts {
  /** Undefined where it was not asked for, and where `unlessCas` left it out. */
  readonly value: T | undefined;
  /** The client flags it was stored with. */
  readonly flags: number | undefined;
}

/** The result of `meta.set` and `meta.delete`. */
export interface MetaResult extends MetaFacts {
  /** What became of it. */
  readonly status: 'done' | 'not-stored' | 'exists' | 'not-found';
}

/** The result of `meta.arithmetic`. */
export interface MetaNumber extends MetaResult {
  /** The new number; undefined where it was not done, and with `noreply`. */
  readonly value: bigint | undefined;
}
