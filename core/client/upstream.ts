import type { Command } from '../wire/command.ts';
import { checkCredential } from '../wire/check-command.ts';
import { ConnectionError } from '../wire/errors.ts';
import type { Reply } from '../wire/reply.ts';
import { verbs } from '../wire/verbs.ts';
import { backoff } from './backoff.ts';
import type { ExecuteOptions, Executor } from './executor.ts';
import { Link } from './link.ts';
import type { LinkOptions } from './link-options.ts';

export interface UpstreamOptions extends Omit<LinkOptions, 'onClosed'> {
  /** Milliseconds to wait before the second dial after one that led to nothing; it doubles with each more. */
  readonly reconnectDelay: number;
  /** The longest such wait, in milliseconds. */
  readonly maxReconnectDelay: number;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
}

/**
 * One server. Connects when the first command comes, keeps the connection, and dials again with
 * the first command after it was lost; after a failed dial not before a while.
 */
export class Upstream implements Executor {
  readonly #options: UpstreamOptions;
  #link: Link | null = null;
  // Links that were made for one command each.
  readonly #apart: Set<Link> = new Set();
  #failures = 0;
  // Not to dial before this time, by the clock's `elapsed`.
  #dialAt = 0;
  #closed = false;

  /** @throws UsageError when the credentials break a rule. */
  constructor(options: UpstreamOptions) {
    this.#options = options;
    if (options.auth === undefined) return;
    checkCredential('username', options.auth.username);
    checkCredential('password', options.auth.password);
  }

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    if (this.#closed) {
      return Promise.reject(
        new ConnectionError('the client is closed', 'not-sent', undefined, 'closed'),
      );
    }
    if (options?.onItem !== undefined && verbs[command.verb]?.alone) {
      return this.#executeApart(command, options);
    }
    this.#link ??= this.#connect();
    return this.#link.execute(command, options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const links = [...this.#apart];
    if (this.#link !== null) links.push(this.#link);
    await Promise.all(links.map((link) => link.close()));
  }

  // A dump takes its time and a watch lasts for ever, and both want a connection for themselves.
  async #executeApart(command: Command, options: ExecuteOptions): Promise<Reply> {
    const link = this.#connect();
    this.#apart.add(link);
    try {
      return await link.execute(command, options);
    } finally {
      link.abort();
    }
  }

  #connect(): Link {
    const { clock } = this.#options;
    const onClosed = (link: Link, _cause: Error | null, proven: boolean): void => {
      if (this.#link === link) this.#link = null;
      this.#apart.delete(link);
      // A server that takes connections and drops them is as good as one that takes none.
      this.#failures = proven ? 0 : this.#failures + 1;
      this.#dialAt = clock.elapsed() + this.#delay();
    };
    const delay = Math.max(0, this.#dialAt - clock.elapsed());
    return new Link({ ...this.#options, onClosed }, delay);
  }

  #delay(): number {
    if (this.#failures === 0) return 0;
    const { reconnectDelay, maxReconnectDelay, random } = this.#options;
    return backoff(this.#failures, reconnectDelay, maxReconnectDelay, random);
  }
}
