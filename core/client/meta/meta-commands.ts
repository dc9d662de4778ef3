// The meta commands with all of their flags by name.
import { checkBoolean, checkEmpty, checkEntry, checkObject, checkU32 } from '../../wire/check.ts';
import type { Command, Key, Value } from '../../wire/command.ts';
import { isMeta } from '../../wire/meta-flags.ts';
import type { Reply } from '../../wire/reply.ts';
import { executeOptions, type OperationContext } from '../operation-context.ts';
import type { Reader } from '../connection/executor.ts';
import { READ, RecentFlags, storeFlags } from '../dialect.ts';
import { type ItemKey, ownKey, type WireKey } from '../keys.ts';
import { type CallOptions, checkCallOptions, type WriteOptions } from '../options.ts';
import { type MetaFacts, plainFacts, toFacts } from './meta-facts.ts';
import {
  arithmeticFlags,
  checkMetaOptions,
  deleteFlags,
  getFlags,
  isEmpty,
  type MetaArithmeticOptions,
  type MetaDeleteOptions,
  type MetaGetOptions,
  type MetaOptions,
  type MetaSetOptions,
  setFlags,
  toFlags,
} from './meta-options.ts';
import {
  type ItemInfo,
  toCount,
  toFound,
  toItemInfo,
  toNumber,
  toPlainNumber,
  toStatus,
  unexpected,
} from '../results.ts';
import { serialize } from '../values/serde.ts';

const setModes = { set: 'S', add: 'E', replace: 'R', append: 'A', prepend: 'P' } as const;
const arithmeticModes = { incr: '+', decr: '-' } as const;

/**
 * memcached's meta commands with all of their flags, for features that the plain operations lack:
 * leases, stale values, and metadata of an item together with its value. `client.meta` is one.
 *
 * If the connection speaks only classic commands, each rejects with a `UsageError` whose `argument` is
 * `dialect`.
 */
export class MetaCommands {
  readonly #context: OperationContext;
  readonly #recent: RecentFlags = new RecentFlags();

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
      const flags = this.#recent.list('mg', options, 0, () => {
        checkMetaOptions('mg', options);
        const own = toFlags(getFlags, options, this.#context.dependencies.clock.now());
        const { value = true } = options;
        if (!checkBoolean('value', value)) return own;
        return own.length === 0 ? READ : [...own, 'v', 'f'];
      });
      const wire = this.#context.dependencies.keys.toWire(key);
      const command = metaCommand(wire, { verb: 'mg', flags });
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
      return metaItem(toFacts(reply.flags), flags, value);
    },
    ofItem: (item, { key }) => {
      const value = item.isPlaceholder ? undefined : this.#context.itemValue(key, item);
      return metaItem(plainFacts(item), item.flags, value);
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
  set(key: ItemKey, value: unknown, options: MetaSetOptions = {}): Promise<MetaResult> {
    try {
      checkObject('options', options);
      if (isEmpty(options)) {
        checkEmpty('options', options);
        return this.#setPlain(key, value);
      }
      const { serde } = this.#context.dependencies;
      const { value: data, flags: ownFlags } = serialize(serde, ownKey(key), value);
      const quiet = this.#context.isQuiet(options);
      const flags = this.#recent.list('ms', options, ownFlags * 2 + Number(quiet), () => {
        checkMetaOptions('ms', options);
        const mode = checkEntry('mode', setModes, options.mode ?? 'set');
        const own = toFlags(setFlags, options, this.#context.dependencies.clock.now());
        const { flags: clientFlags = ownFlags } = options;
        if (mode !== 'S') own.push(`M${mode}`);
        own.push(`F${checkU32('flags', clientFlags)}`);
        if (quiet) own.push('q');
        return own;
      });
      return this.#write(key, { verb: 'ms', value: data, flags }, quiet, options, resultReader);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #setPlain(key: ItemKey, value: unknown): Promise<MetaResult> {
    const { wire, data, fields } = this.#context.prepare(key, value, undefined, true);
    const flags = storeFlags('set', fields);
    const command = metaCommand(wire, { verb: 'ms', value: data, flags });
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
  delete(key: ItemKey, options: MetaDeleteOptions = {}): Promise<MetaResult> {
    try {
      const quiet = this.#context.isQuiet(options);
      const flags = this.#recent.list('md', options, Number(quiet), () => {
        checkMetaOptions('md', options);
        const own = toFlags(deleteFlags, options, this.#context.dependencies.clock.now());
        return quiet ? [...own, 'q'] : own;
      });
      return this.#write(key, { verb: 'md', flags }, quiet, options, resultReader);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `ma`: adds to a number or subtracts from it, and creates it with `vivify` if there is none.
   *
   * @example
   * ```ts
   * const { value } = await client.meta.arithmetic('visits', { initial: 1n, vivify: 60 });
   * ```
   */
  arithmetic(key: ItemKey, options: MetaArithmeticOptions = {}): Promise<MetaNumber> {
    try {
      const quiet = this.#context.isQuiet(options);
      const flags = this.#recent.list('ma', options, Number(quiet), () => {
        checkMetaOptions('ma', options);
        const mode = checkEntry('mode', arithmeticModes, options.mode ?? 'incr');
        const own = toFlags(arithmeticFlags, options, this.#context.dependencies.clock.now());
        own.push('v');
        if (mode !== '+') own.push(`M${mode}`);
        if (quiet) own.push('q');
        return own;
      });
      return this.#write(key, { verb: 'ma', flags }, quiet, options, numberResultReader);
    } catch (error) {
      return Promise.reject(error);
    }
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

  // If it is quiet and succeeds, it has no reply.
  #write<Result>(
    key: ItemKey,
    part: Keyless,
    quiet: boolean,
    options: WriteOptions & MetaOptions,
    reader: Reader<Result>,
  ): Promise<Result> {
    const wire = this.#context.dependencies.keys.toWire(key);
    const command = metaCommand(wire, part);
    return this.#context.executeWith(wire, command, executeOptions(quiet, options), reader, key);
  }
}

/** A command without its key. */
type Keyless =
  | { readonly verb: 'ms'; readonly value: Value; readonly flags: readonly string[] }
  | { readonly verb: 'mg' | 'md' | 'ma'; readonly flags: readonly string[] };

// The same fields in the same order as in the commands of `dialect.ts`: code that sees objects of
// two shapes only is faster.
function metaCommand({ key, base64 }: WireKey, part: Keyless): Command {
  const { verb, flags } = part;
  return verb === 'ms'
    ? { verb, key, base64, value: part.value, flags, orText: false }
    : { verb, key, base64, flags, orText: false };
}

// The fields of a key in a command.
function keyFields({ key, base64 }: WireKey): { readonly key: Key; readonly base64: boolean } {
  return { key, base64 };
}

function toResult(reply: Reply): MetaResult {
  const { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque } = toFacts(
    isMeta(reply) ? reply.flags : [],
  );
  const status = reply.type === 'VA' ? 'done' : toStatus(reply);
  return { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque, status };
}

const resultReader: Reader<MetaResult> = { ofReply: toResult };

const numberResultReader: Reader<MetaNumber> = {
  ofReply: (reply) => {
    const result = toResult(reply);
    return metaNumber(result, result.status, reply.type === 'VA' ? toNumber(reply) : undefined);
  },
  ofItem: (item) => metaNumber(plainFacts(item), 'done', toPlainNumber(item)),
};

// Field by field: to spread an object would take three times as long as the rest of a call.

function metaItem(facts: MetaFacts, flags: number | undefined, value: unknown): MetaItem<unknown> {
  const { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque } = facts;
  return { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque, flags, value };
}

function metaNumber(
  facts: MetaFacts,
  status: MetaResult['status'],
  value: bigint | undefined,
): MetaNumber {
  const { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque } = facts;
  return { cas, ttl, lastAccess, hitBefore, size, won, stale, alreadyWon, opaque, status, value };
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
