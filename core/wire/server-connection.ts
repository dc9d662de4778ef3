import type { Command } from './command.ts';
import { BadRequest, CommandDecoder, type RequestOptions } from './decode-command.ts';
import { putReply } from './encode-reply.ts';
import { Output } from './output.ts';
import { isSilenced } from './quiet.ts';
import { type ErrorReply, isError, isItem, type Reply, type ReplyItem } from './reply.ts';
import { verbs } from './verbs.ts';

export interface ServerConnectionOptions extends RequestOptions {
  /** Take nothing but the authentication of `-Y` until it has succeeded. */
  readonly auth: boolean;
  /** How many commands may wait for their reply before no more are read. */
  readonly maxOwed: number;
  /** How many bytes may wait for the peer to read them before no more commands are read. */
  readonly maxOutput: number;
}

export const serverConnectionOptions: Omit<ServerConnectionOptions, keyof RequestOptions> = {
  auth: false,
  maxOwed: 1024,
  maxOutput: 1024 * 1024,
};

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
  readonly #maxOwed: number;
  readonly #maxOutput: number;
  // The commands that are owed a reply; the first has the id #firstId.
  #owed: (Command | null)[] = [];
  #head = 0;
  #firstId = 0;
  // What was said for commands whose turn has not come.
  readonly #early: Map<number, (Reply | ReplyItem)[]> = new Map();
  // A command that must not share the connection was handed out and is not answered.
  #alone = false;
  // One that was read and has to wait until it is alone.
  #waiting: Command | null = null;
  #authError: ErrorReply | null = null;
  #ended = false;
  #closed = false;

  constructor(options: Partial<ServerConnectionOptions> = {}) {
    this.#decoder = new CommandDecoder(options);
    this.#decoder.authenticating = options.auth ?? serverConnectionOptions.auth;
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
    return this.#alone || this.#owedCount >= this.#maxOwed ||
      this.#output.length >= this.#maxOutput;
  }

  /** Takes bytes that arrived. They must not be written to from now on. */
  receive(chunk: Uint8Array): void {
    if (!this.#closed) this.#decoder.push(chunk);
  }

  /** The peer will send no more. */
  receiveEnd(): void {
    this.#ended = true;
  }

  /** The next command, or the end; null when more bytes, or more replies, are needed first. */
  next(): ServerEvent | null {
    if (this.#closed) return null;
    while (!this.congested) {
      const request = this.#waiting ?? this.#decoder.next();
      this.#waiting = null;
      if (request === null) break;
      if (request instanceof BadRequest) {
        this.#answer(request.reply);
        continue;
      }
      if (verbs[request.verb].alone) {
        if (this.#owedCount > 0) {
          this.#waiting = request;
          return null;
        }
        this.#alone = true;
      }
      return { type: 'command', id: this.#owe(request), command: request };
    }
    this.#flushAuthError();
    // A watch never ends by itself; the end of its peer ends it.
    if (this.#ended && this.#owed[this.#head]?.verb === 'watch') return this.#close();
    const over = this.#decoder.dead !== null || (this.#ended && !this.congested);
    return over && this.#owedCount === 0 ? this.#close() : null;
  }

  /**
   * Answers the command with this id: any number of items, where its verb has them, then one reply.
   * A `closed` reply closes the connection. Answers may come in any order, they leave in the order
   * of the commands.
   */
  reply(id: number, reply: Reply | ReplyItem): void {
    if (id !== this.#firstId || this.#owedCount === 0) {
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

  get #owedCount(): number {
    return this.#owed.length - this.#head;
  }

  #owe(command: Command | null): number {
    this.#owed.push(command);
    return this.#firstId + this.#owedCount - 1;
  }

  #answer(reply: ErrorReply | null): void {
    if (reply === null) return;
    if (this.#decoder.authenticating) this.#authError = reply;
    else if (this.#owedCount === 0) putReply(this.#output, reply);
    else this.reply(this.#owe(null), reply);
  }

  // Writes what is said for the first command that is owed a reply; true when that was its reply.
  #emit(reply: Reply | ReplyItem): boolean {
    const command = this.#owed[this.#head];
    if (command === undefined) return false;
    if (isItem(reply)) {
      putReply(this.#output, reply);
      return false;
    }
    this.#firstId++;
    this.#owed[this.#head++] = null;
    if (this.#head === this.#owed.length) {
      this.#owed.length = 0;
      this.#head = 0;
    }
    this.#alone = false;
    if (command?.verb === 'auth') {
      if (isError(reply)) {
        this.#authError = reply;
        return true;
      }
      this.#authError = null;
      this.#decoder.authenticating = false;
    }
    if (reply.type === 'closed') this.#decoder.dead ??= '';
    else if (command === null || !isSilenced(command, reply)) putReply(this.#output, reply);
    return true;
  }

  // memcached answers an unauthenticated peer once for all it sent in one go, with the last error
  // (protocol.md, toolchain.md section 5).
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
