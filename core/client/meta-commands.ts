import { checkEntry, checkU32 } from '../wire/check.ts';
import type { Key, Value } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';
import { isMeta, metaFlags } from '../wire/meta-flags.ts';
import type { ItemFacts, Reply } from '../wire/reply.ts';
import { type OperationContext, toU64 } from './operation-context.ts';
import { toDelay, toExptime } from './expire.ts';
import { type ItemKey, ownKey, type WireKey } from './keys.ts';
import { type CallOptions, checkCallOptions, type WriteOptions } from './memcache-options.ts';
import {
  checkMetaOptions,
  type MetaArithmeticOptions,
  type MetaDeleteOptions,
  type MetaFacts,
  type MetaGetOptions,
  type MetaItem,
  type MetaNumber,
  type MetaOptions,
  type MetaResult,
  type MetaSetOptions,
} from './meta-options.ts';
import { toCount, toFound, toNumber, toStatus, toUnsigned, unexpected } from './results.ts';
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

  /** `me`: what the server holds of an item besides its value; undefined for a miss. */
  async debug(key: ItemKey, options?: CallOptions): Promise<ItemFacts | undefined> {
    checkCallOptions(options);
    const wire = this.#context.dependencies.keys.toWire(key);
    const reply = await this.#context.execute(wire, { verb: 'me', ...keyFields(wire) }, options);
    if (reply.type === 'EN') return undefined;
    if (reply.type !== 'ME') return unexpected(reply);
    const { type: _type, base64: _base64, ...facts } = reply;
    return facts;
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
        // The server reads it as it reads an expiry: past 30 days nobody would ever win.
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
