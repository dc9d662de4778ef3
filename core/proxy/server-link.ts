// One client of a proxy.
import { CONGESTED, Pump } from '../io/pump.ts';
import type { Transport, TransportEvents } from '../io/transport.ts';
import type { Command } from '../wire/command.ts';
import { MemcacheError, ServerReplyError, UsageError } from '../wire/errors.ts';
import { clientError, type ErrorReply, type Reply, serverError } from '../wire/reply.ts';
import { ServerConnection, type ServerConnectionOptions } from '../wire/server-connection.ts';
import type { Optional } from '../wire/options.ts';

/** The options of a `ServerLink`. */
export interface ServerLinkOptions extends Optional<ServerConnectionOptions> {
  /**
   * Answers a command; commands that follow need not wait for it. A rejection is answered with an
   * error line: the server's own for a `ServerReplyError`, else one that only contains the error's
   * code.
   */
  readonly answer: (command: Command) => Promise<Reply>;
  /** The bytes of values that may wait for answers before no more commands are read; 8 MiB. */
  readonly maxHeld?: number | undefined;
  /** Called once, when the connection has ended. Later answers are dropped. */
  readonly onClosed?: ((cause: Error | null) => void) | undefined;
}

/**
 * One client of a proxy: a `ServerConnection` over a transport, for handlers that answer
 * asynchronously. Answers leave in the order of their commands, those of one turn together. While a
 * client does not read, it is not read from (backpressure).
 */
export class ServerLink implements TransportEvents {
  readonly #options: ServerLinkOptions;
  readonly #maxHeld: number;
  readonly #connection: ServerConnection;
  readonly #pump: Pump;
  // The bytes of values that wait for answers.
  #held = 0;

  /**
   * Serves a connection.
   *
   * @param transport The connection, which nothing else may use.
   * @param options Those of `ServerConnection`, and what to do with each command.
   */
  constructor(transport: Transport, options: ServerLinkOptions) {
    this.#options = options;
    this.#maxHeld = options.maxHeld ?? 8 * 1024 * 1024;
    this.#connection = new ServerConnection(options);
    this.#pump = new Pump(this.#connection, {
      onTurn: () => this.#run(),
      take: () => this.#execute(),
    });
    this.#pump.attach(transport);
  }

  /** Takes bytes that arrived; the transport calls it. */
  onData(chunk: Uint8Array): void {
    if (this.#pump.isEnding) return;
    this.#connection.receive(chunk);
    this.#run();
  }

  /** Goes on sending; the transport calls it. */
  onDrain(): void {
    this.#pump.drained();
    this.#run();
  }

  /** Half-close: pending commands are answered first, as `printf 'get a\r\n' | nc -N` expects. */
  onEnd(): void {
    this.#connection.receiveEnd();
    this.#run();
  }

  /** Ends what is left; the transport calls it. */
  onClosed(cause: Error | null): void {
    this.#pump.detach();
    this.#pump.end();
    this.#options.onClosed?.(cause);
  }

  #run(): void {
    this.#pump.run();
    const isFull = this.#connection.congested || this.#held >= this.#maxHeld;
    // Once it ends, input is read and discarded: unread bytes would make the system reset the
    // connection, and the peer lose the last replies.
    this.#pump.hold(CONGESTED, isFull && !this.#pump.isEnding);
  }

  #execute(): boolean {
    while (!this.#pump.isEnding && this.#held < this.#maxHeld) {
      const event = this.#connection.next();
      if (event === null) break;
      if (event.type === 'closed') this.#pump.end();
      else void this.#serve(event.id, event.command);
    }
    return true;
  }

  async #serve(id: number, command: Command): Promise<void> {
    const size = 'value' in command ? command.value?.length ?? 0 : 0;
    this.#held += size;
    let reply: Reply;
    try {
      reply = await this.#options.answer(command);
    } catch (error) {
      reply = toErrorReply(error);
    }
    this.#held -= size;
    if (!this.#pump.isOpen) return;
    try {
      this.#connection.reply(id, reply);
    } catch {
      // A reply that cannot be encoded would leave its command without one, and the next reply would be
      // taken for it.
      return this.#pump.abort();
    }
    this.#pump.schedule();
  }
}

function toErrorReply(error: unknown): ErrorReply {
  if (error instanceof ServerReplyError) return { type: error.kind, message: error.serverMessage };
  if (error instanceof UsageError) return clientError('bad command');
  return serverError(`upstream ${error instanceof MemcacheError ? error.code : 'failed'}`);
}
