import type { Command } from './command.ts';
import { BadRequest, CommandDecoder, type RequestOptions } from './decode-command.ts';
import { putReply } from './encode-reply.ts';
import { Output } from './output.ts';
import { isSilenced } from './command-facts.ts';
import { type ErrorReply, isError, isItem, type Reply, type ReplyItem } from './reply.ts';
import { verbs } from './verbs.ts';

/** The options of a `ServerConnection`. */
export interface ServerConnectionOptions extends RequestOptions {
  /** Take nothing but the authentication of `-Y` until it has succeeded. */
  readonly auth: boolean;
  /**
   * Close after a request that is no command, instead of reading on as memcached does: what follows
   * it may be a value. One that `admit` refuses is no such request.
   */
  readonly strict: boolean;
  /** How many commands may wait for their reply before no more are read. */
  readonly maxOwed: number;
  /** How many bytes may wait for the peer to read them before no more commands are read. */
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
  /** Send what `transmit` has left and close. `reason` says what the peer did wrong, if it did. */
  | { readonly type: 'closed'; readonly reason: string | null };

/**
 * The server's side of a connection: bytes in, commands out; replies in, bytes out.
 *
 * Give it what arrives (`receive`), take commands until `next` is null, answer each once
 * (`reply`), and hand the transport what `transmit` has, telling `sent` how much it took. Requests
 * that are no commands are answered here.
 */
export class ServerConnection {
  readonly #decoder: CommandDecoder;
  readonly #output: Output = new Output();
  readonly #strict: boolean;
  readonly #maxOwed: number;
  readonly #maxOutput: number;
  // The commands that are owed a reply, from #firstId to before #nextId, each where the low bits of
  // its id say: a power of two of places. Null for a request that is no command.
  #owed: (Command | null)[] = Array.from({ length: 16 }, () => null);
  #firstId = 0;
  #nextId = 0;
  // What was said for commands whose turn has not come.
  readonly #early: Map<number, (Reply | ReplyItem)[]> = new Map();
  // A command that must not share the connection was handed out and is not answered.
  #exclusive = false;
  // One that was read and has to wait until it is alone.
  #waiting: Command | null = null;
  #authError: ErrorReply | null = null;
  // A watch is open: it lasts as long as the connection, and what the peer says is not read.
  #watching = false;
  #ended = false;
  #closed = false;

  constructor(options: Partial<ServerConnectionOptions> = {}) {
    this.#decoder = new CommandDecoder(options);
    this.#decoder.authenticating = options.auth ?? serverConnectionOptions.auth;
    this.#strict = options.strict ?? serverConnectionOptions.strict;
    this.#maxOwed = options.maxOwed ?? serverConnectionOptions.maxOwed;
    this.#maxOutput = options.maxOutput ?? serverConnectionOptions.maxOutput;
  }

  /** Bytes that wait for the peer to read them. */
  get backlog(): number {
    return this.#output.length;
  }

  /**
   * Whether `next` holds commands back until replies are given or read: time to stop reading from
   * the transport.
   */
  get congested(): boolean {
    return this.#waiting !== null || this.#isFull();
  }

  /** Whether the peer is in the middle of a value. */
  get receiving(): boolean {
    return this.#decoder.receiving;
  }

  /** Takes bytes that arrived. They must not be written to from now on. */
  receive(chunk: Uint8Array): void {
    if (!this.#closed && !this.#ended && !this.#watching) this.#decoder.push(chunk);
  }

  /** The peer will send no more. */
  receiveEnd(): void {
    this.#ended = true;
  }

  /** The next command, or the end; null when more bytes, or more replies, are needed first. */
  next(): ServerEvent | null {
    if (this.#closed) return null;
    while (!this.#isFull()) {
      const request = this.#waiting ?? this.#decoder.next();
      this.#waiting = null;
      if (request === null) break;
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
      // Nothing is done for a peer that has said goodbye.
      if (verbs[request.verb].final) this.#decoder.dead = '';
      return { type: 'command', id: this.#owe(request), command: request };
    }
    this.#flushAuthError();
    // A watch never ends by itself; the end of its peer ends it.
    if (this.#ended && this.#watching) return this.#close();
    const over = this.#decoder.dead !== null || (this.#ended && !this.congested);
    return over && this.#firstId === this.#nextId ? this.#close() : null;
  }

  /**
   * Answers the command with this id: any number of items, where its verb has them, then one reply.
   * A `closed` reply closes the connection, and what is owed behind it is left out. Answers may come
   * in any order, they leave in the order of the commands. One that is not owed, or not any more,
   * is dropped.
   */
  reply(id: number, reply: Reply | ReplyItem): void {
    if (id < this.#firstId || id >= this.#nextId) return;
    if (id !== this.#firstId) {
      const early = this.#early.get(id);
      if (early === undefined) this.#early.set(id, [reply]);
      else early.push(reply);
      return;
    }
    if (!this.#emit(reply)) return;
    while (this.#early.size > 0) {
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
    return this.#output.peek();
  }

  /** The transport took `count` of the bytes that `transmit` gave. */
  sent(count: number): void {
    this.#output.consume(count);
  }

  #isFull(): boolean {
    return this.#exclusive || this.#nextId - this.#firstId >= this.#maxOwed ||
      this.#output.length >= this.#maxOutput;
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
    else if (this.#firstId === this.#nextId) putReply(this.#output, reply);
    else this.reply(this.#owe(null), reply);
  }

  // Writes what is said for the first command that is owed a reply; true when that was its reply.
  #emit(reply: Reply | ReplyItem): boolean {
    if (this.#firstId === this.#nextId) return false;
    const command = this.#owed[this.#firstId & (this.#owed.length - 1)]!;
    if (isItem(reply)) {
      if (reply.type === 'opened') this.#watching = true;
      putReply(this.#output, reply);
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
      this.#waiting = null;
      this.#early.clear();
      while (this.#firstId < this.#nextId) this.#settle();
    } else if (command === null || 'unasked' in reply || !isSilenced(command, reply)) {
      putReply(this.#output, reply);
    }
    return true;
  }

  // Takes the first command off those that are owed a reply.
  #settle(): void {
    this.#owed[this.#firstId++ & (this.#owed.length - 1)] = null;
  }

  // memcached answers an unauthenticated peer once for all it sent in one go, with the last error.
  #flushAuthError(): void {
    if (this.#authError === null) return;
    putReply(this.#output, this.#authError);
    this.#authError = null;
  }

  #close(): ServerEvent {
    this.#closed = true;
    const reason = this.#decoder.dead;
    return { type: 'closed', reason: reason === '' ? null : reason };
  }
}
