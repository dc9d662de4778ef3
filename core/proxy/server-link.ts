import type { Transport, TransportEvents } from '../io/transport.ts';
import type { Command } from '../wire/command.ts';
import { MemcacheError, ServerReplyError, UsageError } from '../wire/errors.ts';
import { clientError, type ErrorReply, type Reply, serverError } from '../wire/reply.ts';
import { ServerConnection, type ServerConnectionOptions } from '../wire/server-connection.ts';

/** The options of a `ServerLink`. */
export interface ServerLinkOptions extends Partial<ServerConnectionOptions> {
  /**
   * Answers a command; commands that follow need not wait for it. What it rejects with is answered
   * with an error line: the server's own for a `ServerReplyError`, else one that says no more than
   * the error's code.
   */
  readonly answer: (command: Command) => Promise<Reply>;
  /** How many bytes of values may wait for answers before no more commands are read; 8 MiB. */
  readonly maxHeld?: number;
  /** Called once, when the peer has gone. What is answered later is dropped. */
  readonly onClosed?: (cause: Error | null) => void;
}

/**
 * One client of a proxy: a `ServerConnection` over a transport, for handlers that answer
 * asynchronously. Answers leave in the order of their commands, those of one turn together. A client that does not read is
 * not read from.
 */
export class ServerLink implements TransportEvents {
  readonly #transport: Transport;
  readonly #options: ServerLinkOptions;
  readonly #maxHeld: number;
  readonly #connection: ServerConnection;
  #held = 0;
  #runDue = false;
  #blocked = false;
  #paused = false;
  // Reads no more, and closes when all that is owed has been taken.
  #ending = false;
  #closed = false;

  constructor(transport: Transport, options: ServerLinkOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#maxHeld = options.maxHeld ?? 8 * 1024 * 1024;
    this.#connection = new ServerConnection(options);
  }

  onData(chunk: Uint8Array): void {
    if (this.#ending) return;
    this.#connection.receive(chunk);
    this.#run();
  }

  onDrain(): void {
    this.#blocked = false;
    this.#run();
  }

  /** What was asked is answered first: `printf 'get a\r\n' | nc -N` waits for that. */
  onEnd(): void {
    this.#connection.receiveEnd();
    this.#run();
  }

  onClosed(cause: Error | null): void {
    this.#ending = this.#closed = true;
    this.#options.onClosed?.(cause);
  }

  #run(): void {
    for (;;) {
      this.#execute();
      const held = this.#connection.congested;
      this.#flush();
      // What was held back for want of room may have been given some.
      if (!held || this.#connection.congested) break;
    }
    if (!this.#closed) this.#regulate();
  }

  #execute(): void {
    while (!this.#ending && this.#held < this.#maxHeld) {
      const event = this.#connection.next();
      if (event === null) return;
      if (event.type === 'closed') this.#ending = true;
      else void this.#serve(event.id, event.command);
    }
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
    if (this.#closed) return;
    try {
      this.#connection.reply(id, reply);
    } catch {
      // A reply that cannot be written leaves its command without one: what follows would be taken
      // for it.
      this.#ending = this.#closed = true;
      return this.#transport.abort();
    }
    if (this.#runDue) return;
    this.#runDue = true;
    void Promise.resolve().then(() => {
      this.#runDue = false;
      this.#run();
    });
  }

  #flush(): void {
    while (!this.#blocked && !this.#closed) {
      const bytes = this.#connection.transmit();
      if (bytes === null) {
        if (!this.#ending) return;
        this.#closed = true;
        return this.#transport.close();
      }
      const taken = this.#transport.send(bytes);
      this.#connection.sent(taken);
      this.#blocked = taken < bytes.length;
    }
  }

  #regulate(): void {
    const full = this.#connection.congested || this.#held >= this.#maxHeld;
    // Once it ends, what still comes is thrown away: left unread it would make the system reset the
    // connection, and the peer lose the last replies.
    const paused = full && !this.#ending;
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#transport.pause();
    else this.#transport.resume();
  }
}

function toErrorReply(error: unknown): ErrorReply {
  if (error instanceof ServerReplyError) return { type: error.kind, message: error.serverMessage };
  if (error instanceof UsageError) return clientError('bad command');
  return serverError(`upstream ${error instanceof MemcacheError ? error.code : 'failed'}`);
}
