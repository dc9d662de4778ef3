import { checkU32 } from '../wire/check-command.ts';
import type { Command, Key } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';
import type { ItemFacts, Reply } from '../wire/reply.ts';
import { type Calls, toU64 } from './calls.ts';
import { type Expire, toExptime } from './expire.ts';
import { type ItemKey, ownKey, type WireKey } from './key-policy.ts';
import type { CallOptions, WriteOptions } from './memcache-options.ts';
import type {
  MetaArithmeticOptions,
  MetaDeleteOptions,
  MetaFacts,
  MetaGetOptions,
  MetaItem,
  MetaNumber,
  MetaOptions,
  MetaResult,
  MetaSetOptions,
} from './meta-options.ts';
import { toCount, toNumber, toUnsigned, unexpected } from './results.ts';

const setModes = { set: 'S', add: 'E', replace: 'R', append: 'A', prepend: 'P' } as const;
const arithmeticModes = { incr: '+', decr: '-' } as const;

/**
 * memcached's meta commands with all of their flags, for what the plain operations do not offer:
 * leases, stale values, and facts about an item in the reply that brings it. `client.meta` is one.
 */
export class MetaCommands {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** `mg`: the item; undefined for a miss. */
  async get<T = unknown>(
    key: ItemKey,
    options: MetaGetOptions = {},
  ): Promise<MetaItem<T> | undefined> {
    const flags = start(options);
    this.#expire(flags, 'T', 'touch', options.touch);
    this.#expire(flags, 'N', 'vivify', options.vivify);
    number(flags, 'R', 'recache', options.recache);
    number(flags, 'C', 'unlessCas', options.unlessCas);
    number(flags, 'E', 'newCas', options.newCas);
    const { value: withValue = true } = options;
    // After `T`: servers answer in order, and `t` is to be what `T` has set.
    letters(flags, { v: withValue, f: withValue, c: options.cas, t: options.ttl });
    letters(flags, {
      l: options.lastAccess,
      h: options.hitBefore,
      s: options.size,
      u: options.noBump,
    });
    const wire = this.#calls.parts.keys.toWire(key);
    const command = { verb: 'mg', ...bare(wire), flags } as const;
    const reply = await this.#calls.execute(wire, command, options);
    if (reply.type === 'EN') return undefined;
    if (reply.type !== 'VA' && reply.type !== 'HD') return unexpected(reply);
    const facts = toFacts(reply.flags);
    const clientFlags = reply.flags.find((flag) => flag[0] === 'f');
    const stored = clientFlags === undefined ? undefined : toCount(clientFlags);
    const value = reply.type === 'VA'
      ? this.#calls.value<T>(key, { value: reply.value, flags: stored ?? 0, cas: undefined })
      : undefined;
    return { ...facts, flags: stored, value };
  }

  /** `ms`: stores a value. */
  async set(key: ItemKey, value: unknown, options: MetaSetOptions = {}): Promise<MetaResult> {
    const { value: data, flags: ownFlags } = this.#calls.parts.serde.serialize(ownKey(key), value);
    const mode = oneOf('mode', setModes, options.mode ?? 'set');
    const flags = start(options);
    if (mode !== 'S') flags.push(`M${mode}`);
    const { flags: clientFlags = ownFlags } = options;
    checkU32('flags', clientFlags);
    flags.push(`F${clientFlags}`);
    this.#expire(flags, 'T', 'expire', options.expire);
    this.#expire(flags, 'N', 'vivify', options.vivify);
    number(flags, 'C', 'ifCas', options.ifCas);
    number(flags, 'E', 'newCas', options.newCas);
    letters(flags, { I: options.invalidate, c: options.cas, s: options.size });
    const wire = this.#calls.parts.keys.toWire(key);
    const command = { verb: 'ms', ...bare(wire), value: data, flags } as const;
    return toResult(await this.#write(wire, command, flags, options));
  }

  /** `md`: deletes an item, or marks it stale. */
  async delete(key: ItemKey, options: MetaDeleteOptions = {}): Promise<MetaResult> {
    const flags = start(options);
    this.#expire(flags, 'T', 'expire', options.expire);
    number(flags, 'C', 'ifCas', options.ifCas);
    number(flags, 'E', 'newCas', options.newCas);
    letters(flags, { I: options.invalidate, x: options.clear });
    const wire = this.#calls.parts.keys.toWire(key);
    const command = { verb: 'md', ...bare(wire), flags } as const;
    return toResult(await this.#write(wire, command, flags, options));
  }

  /** `ma`: adds to a number or subtracts from it, and makes it where there is none. */
  async arithmetic(key: ItemKey, options: MetaArithmeticOptions = {}): Promise<MetaNumber> {
    const mode = oneOf('mode', arithmeticModes, options.mode ?? 'incr');
    const flags = start(options);
    if (mode !== '+') flags.push(`M${mode}`);
    number(flags, 'D', 'delta', options.delta);
    this.#expire(flags, 'N', 'vivify', options.vivify);
    number(flags, 'J', 'initial', options.initial);
    this.#expire(flags, 'T', 'expire', options.expire);
    number(flags, 'C', 'ifCas', options.ifCas);
    number(flags, 'E', 'newCas', options.newCas);
    letters(flags, { v: true, c: options.cas, t: options.ttl });
    const wire = this.#calls.parts.keys.toWire(key);
    const command = { verb: 'ma', ...bare(wire), flags } as const;
    const reply = await this.#write(wire, command, flags, options);
    return { ...toResult(reply), value: reply.type === 'VA' ? toNumber(reply) : undefined };
  }

  /** `me`: what the server holds of an item besides its value; undefined for a miss. */
  async debug(key: ItemKey, options?: CallOptions): Promise<ItemFacts | undefined> {
    const wire = this.#calls.parts.keys.toWire(key);
    const reply = await this.#calls.execute(wire, { verb: 'me', ...bare(wire) }, options);
    if (reply.type === 'EN') return undefined;
    if (reply.type !== 'ME') return unexpected(reply);
    const { type: _type, base64: _base64, ...facts } = reply;
    return facts;
  }

  /** `mn`: a round trip to the server and back. */
  async noop(options?: CallOptions): Promise<void> {
    const reply = await this.#calls.parts.executor.execute({ verb: 'mn' }, options);
    if (reply.type !== 'MN') unexpected(reply);
  }

  #expire(flags: string[], letter: string, name: string, expire: Expire | undefined): void {
    if (expire === undefined) return;
    flags.push(`${letter}${toExptime(expire, this.#calls.parts.clock.now(), name)}`);
  }

  // `flags` are those of the command, which has no reply to give when all is well.
  #write(
    wire: WireKey,
    command: Command,
    flags: string[],
    options: WriteOptions,
  ): Promise<Reply> {
    const quiet = this.#calls.isQuiet(options);
    if (quiet) flags.push('q');
    return this.#calls.write(wire, command, quiet, options);
  }
}

// What of a key is in a command.
function bare({ key, base64 }: WireKey): { readonly key: Key; readonly base64: boolean } {
  return { key, base64 };
}

// The flags that every command may have.
function start(options: MetaOptions): string[] {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError('options', 'must be an object');
  }
  const flags: string[] = [];
  if (options.opaque !== undefined) flags.push(`O${options.opaque}`);
  for (const hint of options.hints ?? []) {
    if (!/^[PL]/.test(hint)) throw new UsageError('hints', 'must start with P or L');
    flags.push(hint);
  }
  return flags;
}

function letters(flags: string[], wanted: Readonly<Record<string, boolean | undefined>>): void {
  for (const [letter, is] of Object.entries(wanted)) if (is === true) flags.push(letter);
}

function number(
  flags: string[],
  letter: string,
  name: string,
  value: bigint | number | undefined,
): void {
  if (value !== undefined) flags.push(`${letter}${toU64(name, value)}`);
}

function oneOf<Name extends string, Letter>(
  argument: string,
  letters: Readonly<Record<Name, Letter>>,
  name: Name,
): Letter {
  if (Object.hasOwn(letters, name)) return letters[name];
  throw new UsageError(argument, `must be one of ${Object.keys(letters).join(', ')}`);
}

function toResult(reply: Reply): MetaResult {
  switch (reply.type) {
    case 'HD':
    case 'VA':
      return { ...toFacts(reply.flags), status: 'done' };
    case 'silent':
      return { ...toFacts([]), status: 'done' };
    case 'NS':
      return { ...toFacts(reply.flags), status: 'not-stored' };
    case 'EX':
      return { ...toFacts(reply.flags), status: 'exists' };
    case 'NF':
      return { ...toFacts(reply.flags), status: 'not-found' };
    default:
      return unexpected(reply);
  }
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
