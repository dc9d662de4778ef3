// The commands of a cache: reads with a lease, and the stores that use the lease up.
//
// A read creates a placeholder where there is no item (`N`), and marks an old one (`R`): one reader
// wins the right to load, the others are told so. The winner's store compares the cas that it has
// read, so it fails if anybody has changed, invalidated or deleted the item since. It never has the
// flag `I`, with which an older value would overwrite a newer one.
//
// Without meta commands the placeholder is an `add`, and a second item, the marker, stands for as
// long as the value needs no load.
import { joined, latin1, utf8 } from '../../wire/bytes.ts';
import type { Command } from '../../wire/command.ts';
import { UsageError } from '../../wire/errors.ts';
import { MAX_KEY } from '../../wire/key.ts';
import { plainFlags, type PlainReply } from '../../wire/plain.ts';
import type { Reply } from '../../wire/reply.ts';
import type { ExecuteOptions, Executor, Reader } from '../connection/executor.ts';
import { Deadline } from '../connection/timing.ts';
import { LONG_PAST, MONTH, secondsToExptime } from '../expire.ts';
import { casCommand, deleteCommand, getCommand, storeCommand } from '../dialect.ts';
import { murmur3Digest } from '../hashing/digests/murmur3.ts';
import { type ItemKey, ownKey, type WireKey } from '../keys.ts';
import type { OperationContext, Version } from '../operation-context.ts';
import { isPlaceholder, toCas, toDone, toItem, toStatus } from '../results.ts';
import { CLAIM, EMPTY_VALUE, NONE, serialize } from '../values/serde.ts';
import { readItem, readPlainItem, readValue, Seen } from './item.ts';

/** The end of the marker's key. */
const MARKER = '~fresh';
/** What it says: the value needs no load, or a caller is loading it. */
const FRESH = 'fresh';
const LEASED = 'leased';

/** The seconds of a policy that its commands need. */
export interface LeaseSeconds {
  readonly grace: number;
  readonly refreshAhead: number;
  readonly lease: number;
}

/** A value as it is stored. */
export interface Stored {
  readonly data: string | Uint8Array;
  readonly flags: number;
}

/** An item as `peek` finds it. */
export interface PeekedItem {
  /** Null for a placeholder, or what the serde cannot read. */
  readonly found: { readonly value: unknown } | null;
  /** To replace it with, over the same connection: see `Seen`. */
  readonly cas: bigint;
  readonly connection: Executor | undefined;
  readonly isInvalid: boolean;
  /** Any read of an invalidated item wins its lease: it must be used, or reopened. */
  readonly isWon: boolean;
}

/** The commands of one policy, for keys of any client. */
export class Leases {
  readonly context: OperationContext;
  readonly #seconds: LeaseSeconds;
  readonly #readFlags: readonly string[];

  constructor(context: OperationContext, seconds: LeaseSeconds) {
    const { grace, refreshAhead, lease } = seconds;
    this.context = context;
    this.#seconds = seconds;
    // The server lets a reader win below the number.
    const recache = grace + refreshAhead === 0 ? [] : [`R${grace + refreshAhead + 1}`];
    this.#readFlags = plainFlags('mg', ['v', 'f', 'c', 't', `N${longer(lease)}`, ...recache]);
  }

  /** The read of a key; a server without meta commands gets a `gets`. */
  command({ key, base64 }: WireKey): Command {
    return { verb: 'mg', key, base64, flags: this.#readFlags, orText: true };
  }

  /** What the reply to `command` says: a fresh value as it is, or a `Seen`. */
  read(
    reply: Reply,
    key: ItemKey,
    wire: WireKey,
    connection: Executor | undefined,
  ): unknown {
    if (reply.type !== 'values') {
      return readItem(this.context, key, reply, this.#seconds.grace, connection);
    }
    return connection?.dialect === 'text'
      ? this.#readText(reply, key, wire, connection)
      : this.#readAgain(reply, key, wire, connection);
  }

  /** The same for a reply that was read in one pass. */
  readPlain(item: PlainReply, key: ItemKey, connection: Executor | undefined): unknown {
    return readPlainItem(this.context, key, item, this.#seconds.grace, connection);
  }

  /** Reads a key: a fresh value as it is, or a `Seen`. */
  look(key: ItemKey, wire: WireKey): Promise<unknown> {
    return this.#execute(wire, this.command(wire), undefined, (reply, connection) => {
      return this.read(reply, key, wire, connection);
    });
  }

  /** Makes a placeholder where the server could not: with `add`. */
  async claim(wire: WireKey, options: ExecuteOptions | undefined): Promise<Seen | null> {
    const token = this.context.token();
    const left = this.#timeLeft(options);
    const expire = this.#leaseEnd;
    const fields = { expire, flags: CLAIM, quiet: false };
    const added = await this.context.execute(
      wire,
      storeCommand('add', wire, token, fields),
      options,
    );
    if (!toDone(added)) return null;
    return await this.#execute(wire, getCommand(wire, true), left(), (reply, connection) => {
      const isText = added.type === 'STORED';
      return toClaim(reply, token, connection, isText);
    });
  }

  /** A value in the form in which it is stored; undefined for none. */
  toStored(key: ItemKey, value: unknown): Stored {
    if (value === undefined) return { data: '', flags: NONE };
    const { value: data, flags } = serialize(this.context.dependencies.serde, ownKey(key), value);
    return { data, flags: data.length === 0 && flags === 0 ? EMPTY_VALUE : flags };
  }

  /**
   * Stores the value that was loaded under a lease, unless the item has changed since.
   *
   * @param fresh Seconds for which it is fresh.
   * @returns Whether the item had not changed.
   */
  async fill(wire: WireKey, seen: Seen, stored: Stored, fresh: number): Promise<boolean> {
    if (seen.isText) await this.#mark(wire, fresh);
    const fields = { expire: this.#lifetime(fresh), flags: stored.flags, quiet: false };
    const command = casCommand(wire, stored.data, seen.cas, fields);
    return toStatus(await this.context.executeOn(seen, wire, command, undefined)) === 'done';
  }

  /**
   * Deletes the item, unless it has changed since: another caller can load at once.
   *
   * @returns Whether it had not.
   */
  async giveUp(wire: WireKey, seen: Seen): Promise<boolean> {
    const { key, base64 } = wire;
    const gone = { expire: LONG_PAST, flags: 0, quiet: false };
    const command: Command = seen.isText
      ? casCommand(wire, '', seen.cas, gone)
      : { verb: 'md', key, base64, flags: [`C${seen.cas}`] };
    return toStatus(await this.context.executeOn(seen, wire, command, undefined)) === 'done';
  }

  /**
   * Lets the next reader win, if nobody has changed the item since it was seen.
   *
   * @param isEmpty It is a placeholder, which is then kept for another lease: its own would end while
   * the next reader loads, and let one more win.
   * @returns Whether it was unchanged.
   */
  async reopen(
    wire: WireKey,
    seen: Version,
    isEmpty: boolean,
    options: ExecuteOptions | undefined,
  ): Promise<boolean> {
    const { key, base64 } = wire;
    const lifetime = isEmpty ? [`T${this.#leaseEnd}`] : [];
    const command = { verb: 'md', key, base64, flags: ['I', `C${seen.cas}`, ...lifetime] } as const;
    return toStatus(await this.context.executeOn(seen, wire, command, options)) === 'done';
  }

  /** Serves the old value for so many seconds before another load; only without meta commands. */
  async rest(wire: WireKey, seconds: number): Promise<void> {
    await this.#setMarker(wire, Math.max(1, Math.ceil(seconds)));
  }

  /** Stores a value, whatever there is. */
  async put(
    wire: WireKey,
    stored: Stored,
    fresh: number,
    options: ExecuteOptions | undefined,
  ): Promise<void> {
    const fields = { expire: this.#lifetime(fresh), flags: stored.flags, quiet: false };
    const command = storeCommand('set', wire, stored.data, fields);
    const left = this.#timeLeft(options);
    const reply = await this.context.execute(wire, command, options);
    toDone(reply);
    if (reply.type === 'STORED') await this.#tryMark(wire, fresh, left());
  }

  /** Stores a value if there is none still, or if the item is as it was seen. */
  async swap(
    wire: WireKey,
    seen: Version | undefined,
    stored: Stored,
    fresh: number,
    options: ExecuteOptions | undefined,
  ): Promise<boolean> {
    const fields = { expire: this.#lifetime(fresh), flags: stored.flags, quiet: false };
    const left = this.#timeLeft(options);
    const reply = seen === undefined
      ? await this.context.execute(wire, storeCommand('add', wire, stored.data, fields), options)
      : await this.context.executeOn(
        seen,
        wire,
        casCommand(wire, stored.data, seen.cas, fields),
        options,
      );
    if (toStatus(reply) !== 'done') return false;
    if (reply.type === 'STORED') await this.#tryMark(wire, fresh, left());
    return true;
  }

  /** The item as it is; undefined if there is none. */
  async peek(
    key: ItemKey,
    wire: WireKey,
    options: ExecuteOptions | undefined,
  ): Promise<PeekedItem | undefined> {
    const flags = ['v', 'f', 'c'];
    const command = {
      verb: 'mg',
      key: wire.key,
      base64: wire.base64,
      flags,
      orText: true,
    } as const;
    return await this.#execute(wire, command, options, (reply, connection) => {
      const item = toItem(reply);
      if (item === undefined) return undefined;
      const isEmpty = item.flags === CLAIM || isPlaceholder(item);
      const found = isEmpty ? null : readValue(this.context, key, item.value, item.flags);
      const marks = reply.type === 'VA' ? reply.flags : [];
      return {
        found,
        cas: toCas(item.cas),
        connection,
        isInvalid: marks.includes('X'),
        isWon: marks.includes('W'),
      };
    });
  }

  /** Marks an item as old, for the seconds of the grace; deletes it where there is none. */
  async invalidate(wire: WireKey, options: ExecuteOptions | undefined): Promise<void> {
    const { grace } = this.#seconds;
    if (grace === 0) return await this.remove(wire, options);
    const { key, base64 } = wire;
    const command = { verb: 'md', key, base64, flags: ['I', `T${grace}`] } as const;
    const left = this.#timeLeft(options);
    try {
      toStatus(await this.context.execute(wire, command, options));
    } catch (error) {
      if (!isTextOnly(error)) throw error;
      await this.remove(wire, left());
    }
  }

  async remove(wire: WireKey, options: ExecuteOptions | undefined): Promise<void> {
    toDone(await this.context.execute(wire, deleteCommand(wire, false), options));
  }

  // A connection that is not proved yet says the read in classic words, and one that speaks text
  // always does: a read that insists on meta commands tells which it is.
  async #readAgain(
    reply: Reply,
    key: ItemKey,
    wire: WireKey,
    connection: Executor | undefined,
  ): Promise<unknown> {
    const command = {
      verb: 'mg',
      key: wire.key,
      base64: wire.base64,
      flags: this.#readFlags,
    } as const;
    try {
      return await this.#execute(wire, command, undefined, (again, other) => {
        return readItem(this.context, key, again, this.#seconds.grace, other);
      });
    } catch (error) {
      if (!isTextOnly(error)) throw error;
      return await this.#readText(reply, key, wire, connection);
    }
  }

  async #readText(
    reply: Reply,
    key: ItemKey,
    wire: WireKey,
    connection: Executor | undefined,
  ): Promise<unknown> {
    const item = toItem(reply);
    if (item === undefined) return new Seen('missing', null, 0n, connection, true);
    const { value, flags } = item;
    const cas = toCas(item.cas);
    // An empty item without flags may be the placeholder of a client with meta commands.
    if (flags === CLAIM || isPlaceholder(item)) {
      return new Seen('waiting', null, cas, connection, true);
    }
    const found = readValue(this.context, key, value, flags);
    // One that cannot be read is replaced.
    const state = found === null ? 'stale' : await this.#stateOf(wire);
    return state === 'fresh' ? found!.value : new Seen(state, found, cas, connection, true);
  }

  // What the marker says. Where it has gone, and this caller has set it again, the value is stale.
  async #stateOf(wire: WireKey): Promise<'fresh' | 'held' | 'stale'> {
    const { grace, refreshAhead } = this.#seconds;
    if (grace + refreshAhead === 0) return 'fresh';
    const marker = toMarker(wire);
    const found = toItem(await this.context.execute(marker, getCommand(marker, true), undefined));
    if (found !== undefined) return latin1(found.value) === LEASED ? 'held' : 'fresh';
    const fields = { expire: this.#leaseEnd, flags: 0, quiet: false };
    const command = storeCommand('add', marker, LEASED, fields);
    return toDone(await this.context.execute(marker, command, undefined)) ? 'stale' : 'held';
  }

  // The value is stored by now: without its marker it is an old one.
  async #tryMark(wire: WireKey, fresh: number, options: ExecuteOptions): Promise<void> {
    try {
      await this.#mark(wire, fresh, options);
    } catch {
      // The next reader loads it again.
    }
  }

  async #mark(wire: WireKey, fresh: number, options?: ExecuteOptions): Promise<void> {
    const { grace, refreshAhead } = this.#seconds;
    if (grace + refreshAhead === 0) return;
    // Infinity stays what it is.
    await this.#setMarker(wire, Math.max(1, fresh - refreshAhead), options);
  }

  async #setMarker(wire: WireKey, seconds: number, options?: ExecuteOptions): Promise<void> {
    const marker = toMarker(wire);
    const fields = { expire: this.#exptime(seconds), flags: 0, quiet: false };
    await this.context.execute(marker, storeCommand('set', marker, FRESH, fields), options);
  }

  // The options of the next command of a call: all have no more time together than one of them has.
  #timeLeft(options: ExecuteOptions = {}): () => ExecuteOptions {
    const { clock, timeout = Infinity } = this.context.dependencies;
    const deadline = new Deadline(clock, options.timeout ?? timeout);
    return () => deadline.within(options);
  }

  get #leaseEnd(): number {
    return this.#exptime(longer(this.#seconds.lease));
  }

  #lifetime(fresh: number): number {
    return this.#exptime(fresh + this.#seconds.grace);
  }

  #exptime(seconds: number): number {
    return secondsToExptime(seconds, this.context.dependencies.clock.now());
  }

  #execute<Result>(
    wire: WireKey,
    command: Command,
    options: ExecuteOptions | undefined,
    ofReply: (reply: Reply, connection: Executor | undefined) => Result | Promise<Result>,
  ): Promise<Result> {
    const reader: Reader<Result> = {
      ofReply: (reply, _, connection) => ofReply(reply, connection),
    };
    return this.context.executeWith(wire, command, options, reader, wire.key);
  }
}

/**
 * The seconds of a placeholder for a lease: the clock of memcached ticks in whole seconds, so that an
 * item lives up to a second less than it is told.
 */
function longer(lease: number): number {
  return Math.min(lease + 1, MONTH);
}

/** The lease of a placeholder, if it is the caller's: its value is the caller's token. */
function toClaim(
  reply: Reply,
  token: string,
  connection: Executor | undefined,
  isText: boolean,
): Seen | null {
  const item = toItem(reply);
  if (item === undefined || item.flags !== CLAIM || latin1(item.value) !== token) return null;
  return new Seen('cold', null, toCas(item.cas), connection, isText);
}

/** The marker of an item, on the same server. */
function toMarker({ key, base64, route }: WireKey): WireKey {
  if (typeof key === 'string' && key.length + MARKER.length <= MAX_KEY) {
    return { key: key + MARKER, base64, route };
  }
  const bytes = typeof key === 'string' ? utf8(key) : key;
  const isLong = bytes.length + MARKER.length > MAX_KEY;
  const head = isLong ? joined(bytes.subarray(0, HEAD), utf8(`~${digest(bytes)}`)) : bytes;
  return { key: joined(head, utf8(MARKER)), base64, route };
}

/** How much of a key that is too long its marker has, before a digest. */
const HEAD = 200;

/** Twice 32 bits. */
function digest(bytes: Uint8Array): string {
  return [0, 1].map((seed) => murmur3Digest(bytes, bytes.length, seed).toString(16)).join('.');
}

/**
 * Whether a command has failed since the connection speaks only classic commands. It may have been
 * sent before that was known, but then to a server that is given the classic ones now.
 */
function isTextOnly(error: unknown): boolean {
  return error instanceof UsageError && error.argument === 'dialect';
}
