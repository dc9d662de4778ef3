// The server's side of a connection: a state machine that turns bytes into commands, and replies into
// bytes. It does no I/O and needs no clock.
//
// Order of calls. Pass what arrives to `receive`, then call `next` until null: it returns commands,
// each with an id. Answer each id once with `reply`, in any order; replies leave in the order of the
// commands. Hand the bytes of `transmit` to the transport and report to `sent` how many it took,
// until null. A reply, and bytes taken, may make room for more commands: call `next` again.
//
// Outputs. Every request is answered, by the caller or here: one that is no command gets its error
// here. What a command asked to have left out (`noreply`, `q`) is left out by the table of verbs.
// `closed` is the last event; after it, send what `transmit` has left and close the transport.
//
// Backpressure. `next` returns null, and `congested` is true, while too many replies are pending, too
// many bytes wait for the peer, or an exclusive command (a dump, a watch, a login) is pending or waits
// until it is the only one. Stop reading from the transport then.
//
// States. Pending commands are in a ring, from the first id to before the next one; replies that are
// given out of order wait in `#early`. Beside that, a connection may be before its login
// (`authenticating`), inside an open watch, whose peer is no longer read, or ended: the peer sends
// no more, and the connection closes once nothing is pending. `server-connection.test.ts` has a table of
// every state and every input.
import type { Command } from './command.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { BadRequest, CommandDecoder, type RequestOptions } from './decode-command.ts';
import { putReply } from './encode-reply.ts';
import { assertInvariant } from './invariant.ts';
import type { Output } from './output.ts';
import { isSilenced } from './command-facts.ts';
import type { PlainRequest } from './plain-request.ts';
import { type ErrorReply, isError, isItem, type Reply, type ReplyItem } from './reply.ts';
import { verbs } from './verbs.ts';
import type { Optional } from './options.ts';

/** The options of a `ServerConnection`. */
export interface ServerConnectionOptions extends RequestOptions {
  /** Accept only the login of memcached's `-Y` until it has succeeded. */
  readonly auth: boolean;
  /**
   * Close after a malformed request, instead of reading on as memcached does: the bytes that follow
   * may be a value. A request that `admit` refuses is not malformed.
   */
  readonly strict: boolean;
  /** The number of pending commands from which on no more are read; 1024 by default. */
  readonly maxOwed: number;
  /** The encoded bytes that may wait for the transport before no more commands are read; 1 MiB. */
  readonly maxOutput: number;
}

/** The defaults of a `ServerConnection`. */
export const serverConnectionOptions: Omit<ServerConnectionOptions, keyof RequestOptions> = {
  auth: false,
  strict: false,
  maxOwed: 1024,
  maxOutput: 1024 * 1024,
};

/** What `ServerConnection.next` gives. */
export type ServerEvent =
  | { readonly type: 'command'; readonly id: number; readonly command: Command }
  /** Send what `transmit` has left and close. `reason` is the peer's mistake, or null. */
  | { readonly type: 'closed'; readonly reason: string | null };

/** Executes plain requests, from bytes to bytes. See `ServerConnection.executePlain`. */
export interface PlainExecutor {
  /** The parsed request is stored here. */
  readonly request: PlainRequest;
  /**
   * Executes the request and writes its whole reply to `output`; or returns false, with nothing done,
   * and the request comes out of `next`.
   */
  execute(output: Output): boolean;
}

/** The server's side of a connection. The top of this file describes how it works. */
export class ServerConnection {
  readonly #decoder: CommandDecoder;
  readonly #memory: ConnectionMemory;
  // What waits for the transport; null where nothing does.
  #output: Output | null = null;
  readonly #strict: boolean;
  readonly #maxOwed: number;
  readonly #maxOutput: number;
  // The pending commands, from #firstId to before #nextId, each at the index of the low bits of its id;
  // the length is a power of two, 1 at first, as a server that replies at once needs no more. Null for
  // a request that is no command.
  #owed: (Command | null)[] = [null];
  #firstId = 0;
  #nextId = 0;
  // Replies to commands whose turn has not come, by id; null before the first of them.
  #early: Map<number, (Reply | ReplyItem)[]> | null = null;
  // An exclusive command was handed out and is not answered.
  #exclusive = false;
  // An exclusive command that was read and waits until no other is pending.
  #waiting: Command | null = null;
  #authError: ErrorReply | null = null;
  // A watch is open. It lasts as long as the connection, and what the peer sends is not read.
  #watching = false;
  #ended = false;
  #closed = false;
  // `next` has nothing until more bytes arrive.
  #isDry = false;

  /**
   * Makes the server's side of a connection.
   *
   * @param memory What the connections of one server share; each has its own by default.
   */
  constructor(
    options: Optional<ServerConnectionOptions> = {},
    memory: ConnectionMemory = new ConnectionMemory(),
  ) {
    this.#memory = memory;
    this.#decoder = new CommandDecoder(options, memory);
    this.#decoder.authenticating = options.auth ?? serverConnectionOptions.auth;
    this.#strict = options.strict ?? serverConnectionOptions.strict;
    this.#maxOwed = options.maxOwed ?? serverConnectionOptions.maxOwed;
    this.#maxOutput = options.maxOutput ?? serverConnectionOptions.maxOutput;
  }

  /** How many encoded bytes the transport has not taken yet. */
  get backlog(): number {
    return this.#output === null ? 0 : this.#output.length;
  }

  /**
   * Whether backpressure applies: `next` returns no command until replies are given, or are taken by
   * the transport. Stop reading from the transport meanwhile.
   */
  get congested(): boolean {
    return this.#waiting !== null || this.#isFull();
  }

  /** How many bytes of the chunk that is being read are left. */
  get unread(): number {
    return this.#decoder.unread?.left ?? 0;
  }

  /** Whether the peer is in the middle of a value. */
  get receiving(): boolean {
    return this.#decoder.receiving;
  }

  /** Takes bytes that arrived, which must not be written to any more; lent ones until `keep`. */
  receive(chunk: Uint8Array, isLent = false): void {
    if (this.#closed || this.#ended || this.#watching) return;
    this.#decoder.push(chunk, isLent);
    this.#isDry = false;
  }

  /**
   * Copies what has not been read of a lent chunk.
   *
   * @returns Memory for the next bytes, if all of them belong to a large value; otherwise null. What is
   * read into it is received as the next chunk. See `TransportEvents.onLent`.
   */
  keep(): Uint8Array | null {
    return this.#decoder.keep();
  }

  /** The peer will send no more. */
  receiveEnd(): void {
    this.#ended = true;
    this.#isDry = false;
  }

  /** The next command, or the end; null when more bytes, or more replies, are needed first. */
  next(): ServerEvent | null {
    if (this.#closed || this.#isDry) return null;
    while (!this.#isFull()) {
      const request = this.#waiting ?? this.#decoder.next();
      this.#waiting = null;
      if (request === null) {
        this.#isDry = this.#decoder.dead === null && !this.#ended;
        break;
      }
      if (request instanceof BadRequest) {
        this.#answer(request.reply);
        if (this.#strict && !request.refused) this.#decoder.dead = 'a request is no command';
        continue;
      }
      if (verbs[request.verb].exclusive) {
        if (this.#firstId < this.#nextId) {
          this.#waiting = request;
          return null;
        }
        this.#exclusive = true;
      }
      // What follows is not read.
      if (verbs[request.verb].final) this.#decoder.dead = '';
      return { type: 'command', id: this.#owe(request), command: request };
    }
    if (this.#authError !== null) this.#flushAuthError(this.#authError);
    // A watch never ends by itself; the end of its peer ends it.
    if (this.#ended && this.#watching) return this.#close();
    const over = this.#decoder.dead !== null || (this.#ended && !this.congested);
    return over && this.#firstId === this.#nextId ? this.#close() : null;
  }

  /**
   * Has plain requests executed without a command or a reply object, while that makes no difference:
   * no other reply is pending, and no request is held back. The bytes after the last one come out of
   * `next`, where every rule applies. The embedded server calls it before each `next`.
   *
   * @param most The maximum number of requests.
   * @returns The number of requests that were executed.
   *
   * @internal
   */
  executePlain(executor: PlainExecutor, most: number): number {
    if (this.#closed || this.#waiting !== null || this.#firstId !== this.#nextId) return 0;
    const input = this.#decoder.unread;
    if (input === null) return 0;
    const { chunk } = input;
    const { request } = executor;
    const output = this.#opened();
    let count = 0;
    while (
      count < most && output.length < this.#maxOutput &&
      request.read(chunk, input.position, chunk.length) && executor.execute(output)
    ) {
      input.position = request.end;
      count++;
    }
    return count;
  }

  /**
   * Answers the command with this id: any number of items, where its verb has them, then one reply.
   * A `closed` reply closes the connection and drops later replies. Answers may be given in any order;
   * they leave in the order of the commands. An answer to a command that is not pending is dropped.
   */
  reply(id: number, reply: Reply | ReplyItem): void {
    if (id < this.#firstId || id >= this.#nextId) return;
    if (id !== this.#firstId) {
      this.#early ??= new Map();
      const early = this.#early.get(id);
      if (early === undefined) this.#early.set(id, [reply]);
      else early.push(reply);
      return;
    }
    if (!this.#emit(reply)) return;
    while (this.#early !== null) {
      const early = this.#early.get(this.#firstId);
      if (early === undefined) return;
      this.#early.delete(this.#firstId);
      let done = false;
      for (const one of early) done = this.#emit(one);
      if (!done) return;
    }
  }

  /** The next bytes for the transport, or null. */
  transmit(): Uint8Array | null {
    const output = this.#output;
    if (output === null) return null;
    const bytes = output.peek();
    if (bytes === null) {
      this.#memory.restore(output);
      this.#output = null;
    }
    return bytes;
  }

  /** The transport took `count` of the bytes that `transmit` gave. */
  sent(count: number): void {
    this.#output?.consume(count);
  }

  /** Checks what must hold between calls. For tests, simulators and fuzzers: it takes its time. */
  assertInvariants(): void {
    const places = this.#owed.length;
    const owed = this.#nextId - this.#firstId;
    assertInvariant(owed >= 0 && owed <= places, 'each command that is owed has a place');
    for (let id = this.#nextId; id < this.#firstId + places; id++) {
      assertInvariant(this.#owed[id & (places - 1)] === null, 'free places hold nothing');
    }
    for (const id of this.#early?.keys() ?? []) {
      assertInvariant(id > this.#firstId && id < this.#nextId, 'an early reply is owed');
    }
    assertInvariant(!this.#exclusive || owed > 0, 'an exclusive command is owed');
    this.#output?.assertInvariants();
  }

  #isFull(): boolean {
    return this.#exclusive || this.#nextId - this.#firstId >= this.#maxOwed ||
      this.backlog >= this.#maxOutput;
  }

  #opened(): Output {
    this.#output ??= this.#memory.lend();
    return this.#output;
  }

  #owe(command: Command | null): number {
    if (this.#nextId - this.#firstId === this.#owed.length) this.#grow();
    this.#owed[this.#nextId & (this.#owed.length - 1)] = command;
    return this.#nextId++;
  }

  #grow(): void {
    const from = this.#owed;
    const to = Array.from({ length: from.length * 2 }, (): Command | null => null);
    for (let id = this.#firstId; id < this.#nextId; id++) {
      to[id & (to.length - 1)] = from[id & (from.length - 1)]!;
    }
    this.#owed = to;
  }

  #answer(reply: ErrorReply | null): void {
    if (reply === null) return;
    if (this.#decoder.authenticating) this.#authError = reply;
    else if (this.#firstId === this.#nextId) putReply(this.#opened(), reply);
    else this.reply(this.#owe(null), reply);
  }

  // Writes an item of, or the reply to, the first pending command; returns true for its reply.
  #emit(reply: Reply | ReplyItem): boolean {
    if (this.#firstId === this.#nextId) return false;
    const command = this.#owed[this.#firstId & (this.#owed.length - 1)]!;
    if (isItem(reply)) {
      if (reply.type === 'opened') this.#watching = true;
      putReply(this.#opened(), reply);
      return false;
    }
    this.#settle();
    this.#exclusive = this.#watching = false;
    if (command !== null && verbs[command.verb].login) {
      if (isError(reply)) {
        this.#authError = reply;
        return true;
      }
      this.#authError = null;
      this.#decoder.authenticating = false;
    }
    if (reply.type === 'closed') {
      this.#decoder.dead ??= '';
      this.#isDry = false;
      this.#waiting = null;
      this.#early = null;
      while (this.#firstId < this.#nextId) this.#settle();
    } else if (command === null || 'unasked' in reply || !isSilenced(command, reply)) {
      putReply(this.#opened(), reply);
    }
    return true;
  }

  // The first command has its reply.
  #settle(): void {
    this.#owed[this.#firstId++ & (this.#owed.length - 1)] = null;
  }

  // memcached answers an unauthenticated peer once for all it sent in one go, with the last error.
  #flushAuthError(error: ErrorReply): void {
    putReply(this.#opened(), error);
    this.#authError = null;
  }

  #close(): ServerEvent {
    this.#closed = true;
    const reason = this.#decoder.dead;
    return { type: 'closed', reason: reason === '' ? null : reason };
  }
}
