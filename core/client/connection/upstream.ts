import type { Command } from '../../wire/command.ts';
import { ConnectionError, TimeoutError } from '../../wire/errors.ts';
import { checkCredential } from '../../wire/line.ts';
import type { Reply } from '../../wire/reply.ts';
import { verbs } from '../../wire/verbs.ts';
import { overloaded, withoutStack } from '../../wire/without-stack.ts';
import { clientConnectionOptions } from '../../wire/client-connection.ts';
import { Alarm } from './alarm.ts';
import { endpointName } from './endpoint.ts';
import { backoff } from './backoff.ts';
import { closedError, type ExecuteOptions, type Executor, refuse } from './executor.ts';
import { Link } from './link.ts';
import type { LinkOptions } from './link-options.ts';
import { Pace } from './pace.ts';

export interface UpstreamOptions extends Omit<LinkOptions, 'onClosed' | 'onLate'> {
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
   * Hears that no connection could be had, or that a new one was not answered. That one which had
   * been answered was closed, or fell silent, says nothing: servers close idle connections, and
   * firewalls forget them.
   */
  readonly onFailure?: (cause: ConnectionError | TimeoutError) => void;
}

/** Bytes that are pending on a connection before calls are spread over others that are not there yet. */
const SPREAD = 64 * 1024;

/**
 * One server. Connects when the first command comes, keeps the connection, and dials again with
 * the first command after it was lost. After a dial that led to nothing it does not dial for a
 * while: commands that come meanwhile are refused at once (code `down`).
 *
 * A connection on which a command is late, without a reply since it was sent, takes no more: the
 * next command goes over a new one.
 *
 * Where it may have several connections, a command goes over the least busy one. While all are busy
 * others are opened: at once where none has been answered yet, else beside those that are there, so
 * that no call waits for a dial while there is a connection.
 */
export class Upstream implements Executor {
  readonly #options: UpstreamOptions;
  // In the order they were opened; those behind get the fewest commands, and fall idle first.
  #links: Link[] = [];
  // Those that are being opened while the others are busy.
  readonly #opening: Set<Link> = new Set();
  // Those that were late, and end once what is pending on them has.
  readonly #leaving: Set<Link> = new Set();
  // Those that were made for one dump or watch each.
  readonly #apart: Set<Link> = new Set();
  #failures = 0;
  // Not to dial before this time, by the clock's `elapsed`.
  #dialAt = 0;
  #cause: Error | null = null;
  #closed = false;
  readonly #alarm: Alarm;

  /** @throws UsageError when the credentials break a rule. */
  constructor(options: UpstreamOptions) {
    const { pace = new Pace(options.clock) } = options;
    this.#options = { ...options, pace };
    this.#alarm = new Alarm(options.clock, () => this.#closeIdle());
    if (options.auth === undefined) return;
    checkCredential('username', options.auth.username);
    checkCredential('password', options.auth.password);
  }

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    if (this.#closed) return Promise.reject(closedError());
    if (options?.onItem !== undefined && verbs[command.verb]?.exclusive) {
      return this.#executeApart(command, options);
    }
    try {
      return this.#pick().execute(command, options);
    } catch (error) {
      return refuse(command, options, error);
    }
  }

  /** A dump or a watch that is not over ends with an error: nobody knows if its reader goes on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#alarm.stop();
    for (const link of this.#apart) link.abort(closedError());
    for (;;) {
      const links = [...this.#leaving, ...this.#links, ...this.#opening];
      if (links.length === 0) return;
      // What a connection could not do that closed at the probe, another does before it ends.
      await Promise.all(links.map((link) => link.close()));
    }
  }

  // Allocates nothing: every command comes by here.
  #pick(): Link {
    const { maxPoolSize = 1 } = this.#options;
    let best = this.#links[0];
    if (best === undefined) {
      if (this.#failures > 0 && this.#options.clock.elapsed() < this.#dialAt) throw this.#isDown();
      best = this.#connect();
      this.#add(best);
      return best;
    }
    if (maxPoolSize === 1 || best.pending === 0) return best;
    let { pendingBytes, hasAnswered } = best;
    for (let i = 1; i < this.#links.length; i++) {
      const link = this.#links[i]!;
      pendingBytes += link.pendingBytes;
      hasAnswered ||= link.hasAnswered;
      if (link.pending < best.pending) best = link;
    }
    const { maxPendingBytes = clientConnectionOptions.maxPendingBytes } = this.#options;
    if (pendingBytes > maxPendingBytes) throw overloaded(best.pending, pendingBytes);
    if (best.pending === 0 || this.#links.length + this.#opening.size >= maxPoolSize) return best;
    if (hasAnswered) {
      this.#openAnother();
      return best;
    }
    // A few calls made at once are done in their order.
    if (best.pendingBytes < SPREAD) return best;
    const link = this.#connect();
    this.#add(link);
    return link;
  }

  #openAnother(closesAtProbe = false): void {
    const link = this.#connect(closesAtProbe);
    this.#opening.add(link);
    link.check().then(() => {
      // It may have been lost since.
      if (this.#opening.delete(link)) this.#add(link);
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

  #connect(closesAtProbe = false): Link {
    return new Link({
      ...this.#options,
      closesAtProbe,
      onLate: (link, error) => this.#leave(link, error),
      onClosed: (link, { cause, atProbe }) => this.#finish(link, cause, atProbe && !closesAtProbe),
    });
  }

  // A late connection keeps what is pending on it, and takes no more.
  #leave(link: Link, error: TimeoutError): void {
    if (!this.#links.includes(link)) return;
    this.#links = this.#links.filter((other) => other !== link);
    this.#leaving.add(link);
    void link.close();
    if (!link.hasAnswered) this.#fail(link, error);
  }

  // Returns the connection that is to do what this one did not do, or null.
  #finish(link: Link, cause: Error | null, atProbe: boolean): Link | null {
    const wasOpening = this.#opening.delete(link);
    const wasLate = this.#leaving.delete(link);
    this.#apart.delete(link);
    this.#links = this.#links.filter((other) => other !== link);
    if (this.#closed && (!atProbe || wasOpening)) return null;
    if (atProbe) {
      // It knows no meta commands, and takes the classic ones on a connection that has no other.
      if (wasOpening) {
        this.#openAnother(true);
        return null;
      }
      const next = this.#connect(true);
      if (this.#closed) this.#links.push(next);
      else this.#add(next);
      return next;
    }
    // A server that takes connections and drops them is as good as one that takes none.
    const isVain = !link.isSound && !wasLate && cause !== null;
    if (link.isSound && !wasLate) this.#failures = 0;
    if (this.#links.length > 0) {
      if (wasOpening) return null;
      return this.#links.find(({ hasAnswered }) => hasAnswered) ?? this.#links[0]!;
    }
    if (isVain) this.#fail(link, cause);
    return null;
  }

  // There is no connection, and none was to be had.
  #fail({ wasConnected }: Link, cause: Error | null): void {
    const { clock, reconnectDelay, maxReconnectDelay, random } = this.#options;
    this.#failures++;
    this.#cause = cause;
    const delay = backoff(this.#failures, reconnectDelay, maxReconnectDelay, random);
    // A connection that was made and lost is made again at once, the first time.
    this.#dialAt = wasConnected && this.#failures === 1 ? 0 : clock.elapsed() + delay;
    const failed = cause instanceof TimeoutError || cause instanceof ConnectionError;
    if (failed && this.#links.length === 0) this.#options.onFailure?.(cause);
  }

  #isDown(): ConnectionError {
    const cause = this.#cause ?? undefined;
    const name = endpointName(this.#options.endpoint);
    const why = cause === undefined ? '' : `: ${cause.message}`;
    return withoutStack(() =>
      new ConnectionError(`${name} is down${why}`, 'not-sent', cause, 'down')
    );
  }
}
