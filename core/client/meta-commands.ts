// The meta commands with all of their flags by name.
import { checkEntry, checkKnown, checkObject, checkU32, optionNames } from '../wire/check.ts';
import type { Key, Value } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';
import { isMeta, metaFlags } from '../wire/meta-flags.ts';
import type { Reply } from '../wire/reply.ts';
import { executeOptions, type OperationContext, toU64 } from './operation-context.ts';
import type { Reader } from './connection/executor.ts';
import { READ, storeFlags } from './dialect.ts';
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
  toTtl,
  toUnsigned,
  unexpected,
} from './results.ts';
import { serialize } from './values/serde.ts';

const setModes = { set: 'S', add: 'E', replace: 'R', append: 'A', prepend: 'P' } as const;
const arithmeticModes = { incr: '+', decr: '-' } as const;

/** The flags of the options, in the order in which they are sent. */
type FlagTable = readonly (readonly [option: string, letter: string])[];

function flagTable<Options>(letters: { readonly [Name in keyof Options]?: string }): FlagTable {
  return Object.entries(letters as Readonly<Record<string, string>>);
}

const getFlags: FlagTable = /* @__PURE__ */ flagTable<MetaGetOptions>({
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
const setFlags: FlagTable = /* @__PURE__ */ flagTable<MetaSetOptions>({
  expire: 'T',
  vivify: 'N',
  ifCas: 'C',
  newCas: 'E',
  invalidate: 'I',
  cas: 'c',
  size: 's',
});
const deleteFlags: FlagTable = /* @__PURE__ */ flagTable<MetaDeleteOptions>({
  expire: 'T',
  ifCas: 'C',
  newCas: 'E',
  invalidate: 'I',
  clear: 'x',
});
const arithmeticFlags: FlagTable = /* @__PURE__ */ flagTable<MetaArithmeticOptions>({
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
 * memcached's meta commands with all of their flags, for features that the plain operations lack:
 * leases, stale values, and metadata of an item together with its value. `client.meta` is one.
 *
 * If the connection speaks only classic commands, each rejects with a `UsageError` whose `argument` is
 * `dialect`.
 */
export class MetaCommands {
  readonly #context: OperationContext;

  /** @internal */
  constructor(context: OperationContext) {
    this.#context = context;
  }

  /**
   * `mg`: the item; undefined for a miss.
   *
   * @example
   * ```ts
   * const item = await client.meta.get('user:1', { ttl: true, vivify: 30 });
   * ```
   */
  get<T = unknown>(
    key: ItemKey,
    options: MetaGetOptions = {},
  ): Promise<MetaItem<T> | undefined> {
    return this.#context.read(undefined, () => this.#get<T>(key, options));
  }

  // Without `await`, as `Memcache.get`.
  #get<T>(key: ItemKey, options: MetaGetOptions): Promise<MetaItem<T> | undefined> {
    try {
      checkMetaOptions('mg', options);
      let flags: readonly string[] = this.#flags(getFlags, options);
      // Mostly nothing else is asked for, and then the command is a plain one.
      if (options.value !== false) flags = flags.length === 0 ? READ : [...flags, 'v', 'f'];
      const wire = this.#context.dependencies.keys.toWire(key);
      const command = { verb: 'mg', key: wire.key, base64: wire.base64, flags } as const;
      const reader = this.#itemReader as Reader<MetaItem<T> | undefined>;
      return this.#context.executeWith(wire, command, options, reader, key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  readonly #itemReader: Reader<MetaItem<unknown> | undefined> = {
    ofReply: (reply, { key }) => {
      if (reply.type === 'EN') return undefined;
      if (reply.type !== 'VA' && reply.type !== 'HD') return unexpected(reply);
      const clientFlags = reply.flags.find((flag) => flag[0] === 'f');
      const flags = clientFlags === undefined ? undefined : toCount(clientFlags);
      const found = reply.type === 'VA' ? toFound(reply) : undefined;
      const value = found === undefined ? undefined : this.#context.value(key, found);
      const { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque } = toFacts(
        reply.flags,
      );
      return {
        cas,
        ttl,
        lastAccess,
        hitBefore,
        size,
        won,
        stale,
        alreadyWon,
        opaque,
        flags,
        value,
      };
    },
    ofItem: (item, { key }) => {
      const value = this.#context.itemValue(key, item);
      // Field by field: to spread an object would take three times as long as the rest of the call.
      return {
        cas: undefined,
        ttl: undefined,
        lastAccess: undefined,
        hitBefore: undefined,
        size: undefined,
        won: false,
        stale: false,
        alreadyWon: false,
        opaque: undefined,
        flags: item.flags,
        value,
      };
    },
  };

  /**
   * `ms`: stores a value.
   *
   * @example
   * ```ts
   * const { status } = await client.meta.set('user:1', 'Ada', { expire: 60 });
   * ```
   */
  async set(key: ItemKey, value: unknown, options: MetaSetOptions = {}): Promise<MetaResult> {
    checkMetaOptions('ms', options);
    if (isEmpty(options)) return this.#setPlain(key, value);
    const { serde } = this.#context.dependencies;
    const { value: data, flags: ownFlags } = serialize(serde, ownKey(key), value);
    const mode = checkEntry('mode', setModes, options.mode ?? 'set');
    const flags = this.#flags(setFlags, options);
    const { flags: clientFlags = ownFlags } = options;
    if (mode !== 'S') flags.push(`M${mode}`);
    flags.push(`F${checkU32('flags', clientFlags)}`);
    return toResult(await this.#write(key, { verb: 'ms', value: data, flags }, options));
  }

  #setPlain(key: ItemKey, value: unknown): Promise<MetaResult> {
    const { wire, data, fields } = this.#context.prepare(key, value, undefined, true);
    const flags = storeFlags('set', fields);
    const command = { verb: 'ms', key: wire.key, base64: wire.base64, value: data, flags } as const;
    const options = executeOptions(fields.quiet, undefined);
    return this.#context.executeWith(wire, command, options, resultReader, key);
  }

  /**
   * `md`: deletes an item, or marks it stale.
   *
   * @example
   * ```ts
   * const { status } = await client.meta.delete('user:1');
   * ```
   */
  async delete(key: ItemKey, options: MetaDeleteOptions = {}): Promise<MetaResult> {
    checkMetaOptions('md', options);
    const flags = this.#flags(deleteFlags, options);
    return toResult(await this.#write(key, { verb: 'md', flags }, options));
  }

  /**
   * `ma`: adds to a number or subtracts from it, and creates it with `vivify` if there is none.
   *
   * @example
   * ```ts
   * const { value } = await client.meta.arithmetic('visits', { initial: 1n, vivify: 60 });
   * ```
   */
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
   * `me`: the server's metadata of an item; undefined for a miss. Its times are computed with the
   * client's clock, to the second.
   *
   * @example
   * ```ts
   * const info = await client.meta.debug('user:1'); // undefined if it does not exist
   * ```
   */
  async debug(key: ItemKey, options?: CallOptions): Promise<ItemInfo | undefined> {
    checkCallOptions(options);
    const wire = this.#context.dependencies.keys.toWire(key);
    const reply = await this.#context.execute(wire, { verb: 'me', ...keyFields(wire) }, options);
    if (reply.type === 'EN') return undefined;
    if (reply.type !== 'ME') return unexpected(reply);
    return toItemInfo(reply, this.#context.dependencies.clock.now());
  }

  /**
   * `mn`: a round trip to the server and back.
   *
   * @example
   * ```ts
   * await client.meta.noop(); // all quiet commands before it are done
   * ```
   */
  async noop(options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    const reply = await this.#context.dependencies.executor.execute({ verb: 'mn' }, options);
    if (reply.type !== 'MN') unexpected(reply);
  }

  #flags(table: FlagTable, options: MetaOptions): string[] {
    const flags: string[] = [];
    if (options.opaque !== undefined) flags.push(`O${options.opaque}`);
    for (const hint of options.hints ?? []) {
      if (!/^[PL]/.test(hint)) throw new UsageError('hints', 'must start with P or L');
      flags.push(hint);
    }
    const given = options as Readonly<Record<string, unknown>>;
    // Most calls have few options, of a table with many.
    if (isEmpty(given)) return flags;
    for (const [name, letter] of table) {
      const value = given[name];
      if (value === undefined) continue;
      if (metaFlags.get(letter) === 'none') {
        if (value === true) flags.push(letter);
      } else if (letter === 'T' || letter === 'N') {
        flags.push(`${letter}${toExptime(value, this.#context.dependencies.clock.now(), name)}`);
      } else if (letter === 'R') {
        // The server reads it like an expiry: above 30 days no reader would ever win.
        flags.push(`R${toDelay(value, this.#context.dependencies.clock.now(), name)}`);
      } else flags.push(`${letter}${toU64(name, value)}`);
    }
    return flags;
  }

  // A command without its key. If it is quiet and succeeds, it has no reply.
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

// The fields of a key in a command.
function keyFields({ key, base64 }: WireKey): { readonly key: Key; readonly base64: boolean } {
  return { key, base64 };
}

function isEmpty(options: object): boolean {
  for (const _ in options) return false;
  return true;
}

function toResult(reply: Reply): MetaResult {
  const facts = toFacts(isMeta(reply) ? reply.flags : []);
  return { ...facts, status: reply.type === 'VA' ? 'done' : toStatus(reply) };
}

const resultReader: Reader<MetaResult> = { ofReply: toResult };

function toFacts(flags: readonly string[]): MetaFacts {
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

/** The result of `meta.get`. */
export interface MetaItem<T> extends MetaFacts {
  /** Undefined if it was not requested, or `unlessCas` left it out. */
  readonly value: T | undefined;
  /** The client flags with which it was stored. */
  readonly flags: number | undefined;
}

/** The result of `meta.set` and `meta.delete`. */
export interface MetaResult extends MetaFacts {
  /** What became of it. */
  readonly status: 'done' | 'not-stored' | 'exists' | 'not-found';
}

/** The result of `meta.arithmetic`. */
export interface MetaNumber extends MetaResult {
  /** The new number; undefined on failure, and with `noreply`. */
  readonly value: bigint | undefined;
}
