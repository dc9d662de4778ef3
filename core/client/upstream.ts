import type { Command } from '../wire/command.ts';
import { ConnectionError, TimeoutError } from '../wire/errors.ts';
import { checkCredential } from '../wire/line.ts';
import type { Reply } from '../wire/reply.ts';
import { verbs } from '../wire/verbs.ts';
import { Alarm } from './alarm.ts';
import { backoff } from './backoff.ts';
import { closedError, type ExecuteOptions, type Executor } from './executor.ts';
import { Link } from './link.ts';
import type { LinkOptions } from './link-options.ts';

export interface UpstreamOptions extends Omit<LinkOptions, 'onClosed'> {
  /** Milliseconds to wait before the second dial after one that led to nothing; it doubles with each more. */
  readonly reconnectDelay: number;
  /** The longest such wait, in milliseconds. */
  readonly maxReconnectDelay: number;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  /** The most connections that commands are shared among; 1 by default. */
  readonly maxPoolSize?: number;
  /** Milliseconds without a command after which a connection is closed; Infinity by default. */
  readonly idleTimeout?: number;
  /**
   * Hears that there is no connection and none could be had, or that the server fell silent: that
   * it closed one it had answered on says nothing, as many servers do so when one is idle.
   */
  readonly onFailure?: (cause: ConnectionError | TimeoutError) => void;
}

/**
 * One server. Connects when the first command comes, keeps the connection, and dials again with
 * the first command after it was lost; after a failed dial not before a while.
 *
 * Where it may have several connections, a command goes over the least busy one. While all are busy
 * another is opened, one at a time, and takes commands once the server has answered on it: no call
 * waits for a dial while there is a connection.
 */
export class Upstream implements Executor {
  readonly #options: UpstreamOptions;
  // In the order they were opened; those behind get the fewest commands, and fall idle first.
  #links: Link[] = [];
  // The one that is being opened while the others are busy.
  #opening: Link | null = null;
  // Links that were made for one command each.
  readonly #apart: Set<Link> = new Set();
  #failures = 0;
  // Not to dial before this time, by the clock's `elapsed`.
  #dialAt = 0;
  #closed = false;
  readonly #alarm: Alarm;

  /** @throws UsageError when the credentials break a rule. */
  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#closeIdle());
    if (options.auth === undefined) return;
    checkCredential('username', options.auth.username);
    checkCredential('password', options.auth.password);
  }

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    if (this.#closed) return Promise.reject(closedError());
    if (options?.onItem !== undefined && verbs[command.verb]?.alone) {
      return this.#executeApart(command, options);
    }
    return this.#pick().execute(command, options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#alarm.stop();
    const links = [...this.#apart, ...this.#links];
    if (this.#opening !== null) links.push(this.#opening);
    await Promise.all(links.map((link) => link.close()));
  }

  // Allocates nothing: every command comes by here.
  #pick(): Link {
    const { maxPoolSize = 1 } = this.#options;
    let best = this.#links[0];
    if (best === undefined) {
      best = this.#connect();
      this.#add(best);
      return best;
    }
    if (maxPoolSize === 1 || best.pending === 0) return best;
    for (let i = 1; i < this.#links.length; i++) {
      const link = this.#links[i]!;
      if (link.pending < best.pending) best = link;
    }
    if (best.pending > 0 && this.#links.length < maxPoolSize) this.#openAnother();
    return best;
  }

  // Not while it is open whether there is a server at all.
  #openAnother(): void {
    if (this.#opening !== null || this.#links[0]?.proven !== true) return;
    const link = this.#connect();
    this.#opening = link;
    link.execute({ verb: 'version' }).then(() => {
      // It may have been lost since.
      if (this.#opening !== link) return;
      this.#opening = null;
      this.#add(link);
    }, () => link.abort());
  }

  #add(link: Link): void {
    const { clock, idleTimeout = Infinity } = this.#options;
    this.#links.push(link);
    if (idleTimeout < Infinity) this.#alarm.set(clock.elapsed() + idleTimeout);
  }

  #closeIdle(): void {
    const { clock, idleTimeout = Infinity } = this.#options;
    const now = clock.elapsed();
    const isIdle = (link: Link): boolean => link.pending === 0 && link.usedAt + idleTimeout <= now;
    const idle = this.#links.filter(isIdle);
    this.#links = this.#links.filter((link) => !isIdle(link));
    for (const link of idle) void link.close();
    for (const { pending, usedAt } of this.#links) {
      this.#alarm.set((pending > 0 ? now : usedAt) + idleTimeout);
    }
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
    const onClosed = (link: Link, cause: Error | null, proven: boolean): void => {
      const isApart = this.#apart.delete(link);
      this.#links = this.#links.filter((other) => other !== link);
      if (this.#opening === link) this.#opening = null;
      // A server that takes connections and drops them is as good as one that takes none.
      this.#failures = proven ? 0 : this.#failures + 1;
      this.#dialAt = clock.elapsed() + this.#delay();
      const failed = cause instanceof TimeoutError ||
        (cause instanceof ConnectionError && (!proven || cause.code === 'stalled'));
      if (failed && !isApart && this.#links.length === 0) this.#options.onFailure?.(cause);
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
