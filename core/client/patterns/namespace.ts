// Namespaces: keys that carry a generation, whose change drops all of them at once.
//
// The keys of a namespace have a mark where their generation belongs. It has the same length, so keys
// are checked before anything is sent; the executor puts the generation in its place.
import { keyBytes } from '../../wire/key.ts';
import { assertArgument, checkText, optionNames } from '../../wire/check.ts';
import { checkCommand } from '../../wire/check-command.ts';
import type { Command, Key } from '../../wire/command.ts';
import { ProtocolError, UsageError } from '../../wire/errors.ts';
import { bigDigits } from '../../wire/numbers.ts';
import type { Reply } from '../../wire/reply.ts';
import { checkExecuteOptions, type ExecuteOptions, type Executor } from '../connection/executor.ts';
import { count } from './counters.ts';
import { getCommand } from '../dialect.ts';
import { type ItemKey, Keys, type WireKey } from '../keys.ts';
import type { MemcacheDependencies, OperationContext } from '../operation-context.ts';
import { type CallOptions, checkCallOptions, checkNames } from '../options.ts';

/** The options of `namespace`. */
export interface NamespaceOptions {
  /**
   * Milliseconds for which a generation that was read is used again. Until then other processes may
   * still find what was invalidated. By default 0: each call reads it, those of one tick together.
   */
  readonly generationTtl?: number | undefined;
}

/** The methods of a namespace besides the operations on items. */
export interface Invalidation {
  /**
   * Drops all items of the namespace at once, for all clients. The server frees their memory as they
   * expire or are evicted.
   *
   * @example
   * ```ts
   * const users = client.namespace('users');
   * await users.invalidate(); // no user is in the cache any more
   * ```
   */
  invalidate(options?: CallOptions): Promise<void>;
}

const namespaceNames = /* @__PURE__ */ optionNames<NamespaceOptions>({ generationTtl: true });

/** In the place of a generation: as many digits, of base 36, as 64 bits need. */
const MARK = '0'.repeat(13);

/** The generation of a namespace, and the dependencies of a client whose keys carry it. */
export class Generation implements Executor, Invalidation {
  /** Those of a client of the namespace. */
  readonly dependencies: MemcacheDependencies;
  readonly #context: OperationContext;
  readonly #key: string;
  readonly #ttl: number;
  readonly #prefix: MarkedPrefix;
  // The read that the calls of this tick share.
  #shared: Promise<string> | null = null;
  #known: { readonly text: string; readonly until: number } | null = null;
  // Counts own invalidations: a read that began before one does not tell the generation after it.
  #invalidations = 0;

  /** @throws UsageError when the name or an option breaks a rule. */
  constructor(context: OperationContext, name: string, options: NamespaceOptions) {
    checkText('name', name);
    checkNames(options, namespaceNames);
    const { generationTtl = 0 } = options;
    assertArgument(
      typeof generationTtl === 'number' && generationTtl >= 0,
      'generationTtl',
      'must be a number of milliseconds, 0 or more',
    );
    const keys = context.dependencies.keys.withPrefix(`${name}:${MARK}:`, 'name');
    this.#context = context;
    this.#key = `${name}:generation`;
    this.#ttl = generationTtl;
    this.#prefix = new MarkedPrefix(keys);
    this.dependencies = {
      ...context.dependencies,
      keys: new MarkedKeys(keys, this.#prefix),
      executor: this,
      isBorrowed: true,
    };
  }

  /** Executes a command, whose keys get the generation if they are those of the namespace. */
  async execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    const { executor } = this.#context.dependencies;
    const keys: readonly Key[] = 'keys' in command
      ? command.keys
      : 'key' in command
      ? [command.key]
      : [];
    if (!keys.some((key) => this.#prefix.isIn(key))) return executor.execute(command, options);
    checkExecuteOptions(options);
    checkCommand(command);
    const left = this.#context.deadline(options);
    const generation = await this.#current(options ?? {});
    const names = new Map<Key, Key>();
    const sent = withKeys(command, (key) => {
      const own = this.#prefix.isIn(key) ? this.#prefix.marked(key, generation) : key;
      names.set(own, key);
      return own;
    });
    const reply = await executor.execute(sent, left.within(options ?? {}));
    if (reply.type !== 'values') return reply;
    const items = reply.items.map((item) => ({ ...item, key: names.get(item.key) ?? item.key }));
    return { ...reply, items };
  }

  /** Does nothing: the connections belong to the client. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async invalidate(options: CallOptions = {}): Promise<void> {
    checkCallOptions(options);
    this.#forget();
    const generation = await this.#count(1n, options);
    this.#forget();
    this.#learn(generation);
  }

  #current({ timeout, signal }: CallOptions): Promise<string> {
    const { clock } = this.#context.dependencies;
    if (this.#known !== null && clock.elapsed() < this.#known.until) {
      return Promise.resolve(this.#known.text);
    }
    // One that may end early has a read of its own.
    if (timeout !== undefined || signal !== undefined) return this.#read({ timeout, signal });
    if (this.#shared === null) {
      this.#shared = this.#read({});
      // Not for longer: a later call may follow an invalidation that this read did not see.
      void Promise.resolve().then(() => {
        this.#shared = null;
      });
    }
    return this.#shared;
  }

  async #read(options: CallOptions): Promise<string> {
    const invalidations = this.#invalidations;
    const left = this.#context.deadline(options);
    const wire = this.#context.dependencies.keys.toWire(this.#key);
    const found = await this.#context.find(wire, getCommand(wire, false), options);
    const generation = found === undefined
      ? await this.#count(0n, left.within(options))
      : bigDigits(found.value, 0, found.value.length);
    if (generation === null) {
      throw new ProtocolError(`the item ${this.#key} of a namespace must be a number`);
    }
    return this.#invalidations === invalidations ? this.#learn(generation) : textOf(generation);
  }

  async #count(delta: bigint, options: CallOptions): Promise<bigint> {
    const create = { ...options, initial: this.#first(), expire: 0 };
    const generation = await count(this.#context, this.#key, 'incr', delta, create);
    return generation!;
  }

  /**
   * The generation to begin with. An evicted one does not come back: it would have to be ahead of the
   * clock, by a million invalidations a millisecond; and what two clients make in one millisecond, or
   * with clocks that differ, is the same once in a million times.
   */
  #first(): bigint {
    const { clock, random = Math.random } = this.#context.dependencies;
    const chance = Math.min(Math.floor(random() * 2 ** 20), 2 ** 20 - 1);
    return (BigInt(Math.floor(clock.now())) << 20n) + BigInt(chance);
  }

  #forget(): void {
    this.#invalidations++;
    this.#known = null;
    this.#shared = null;
  }

  #learn(generation: bigint): string {
    const text = textOf(generation);
    const until = this.#context.dependencies.clock.elapsed() + this.#ttl;
    if (this.#ttl > 0) this.#known = { text, until };
    return text;
  }
}

function textOf(generation: bigint): string {
  return generation.toString(36).padStart(MARK.length, '0');
}

function withKeys(command: Command, rename: (key: Key) => Key): Command {
  if ('keys' in command) return { ...command, keys: command.keys.map(rename) };
  if ('key' in command) return { ...command, key: rename(command.key) };
  return command;
}

/** The prefix of the keys of a namespace as they are sent, with the mark at its end. */
class MarkedPrefix {
  readonly #bytes: Uint8Array;
  // Where keys that are text begin with it; if it is not ASCII, all keys are bytes.
  readonly #text: string | null;

  /** @throws UsageError when the keys lose their prefix. */
  constructor(keys: Keys) {
    const { key } = keys.toWire('k');
    const bytes = typeof key === 'string' ? keyBytes(key) : key;
    this.#bytes = bytes.subarray(0, -1);
    this.#text = typeof key === 'string' ? key.slice(0, -1) : null;
  }

  isIn(key: Key): boolean {
    if (typeof key === 'string') return this.#text !== null && key.startsWith(this.#text);
    return this.#bytes.every((byte, index) => key[index] === byte);
  }

  /** A key that has it, with a generation. */
  marked(key: Key, generation: string): Key {
    // Before the colon.
    const at = this.#bytes.length - 1 - MARK.length;
    if (typeof key === 'string') {
      return key.slice(0, at) + generation + key.slice(at + MARK.length);
    }
    const own = new Uint8Array(key);
    own.set(keyBytes(generation), at);
    return own;
  }
}

/** Translates the keys of a namespace, each of which has the mark. */
class MarkedKeys extends Keys {
  readonly #keys: Keys;
  readonly #prefix: MarkedPrefix;

  constructor(keys: Keys, prefix: MarkedPrefix) {
    super({ prefix: '', unicode: false, binary: false });
    this.#keys = keys;
    this.#prefix = prefix;
  }

  override withPrefix(prefix: string, argument?: string): Keys {
    return new MarkedKeys(this.#keys.withPrefix(prefix, argument), this.#prefix);
  }

  override toWire(key: ItemKey): WireKey {
    const wire = this.#keys.toWire(key);
    if (this.#prefix.isIn(wire.key)) return wire;
    throw new UsageError('key', 'is too long for a namespace: the profile would hash its prefix');
  }
}
