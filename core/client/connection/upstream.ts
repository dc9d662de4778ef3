// One server and the connections to it.
import type { Endpoint } from '../../io/transport.ts';
import type { Command } from '../../wire/command.ts';
import { ConnectionError, TimeoutError, UsageError } from '../../wire/errors.ts';
import { checkCredential } from '../../wire/line.ts';
import type { Reply } from '../../wire/reply.ts';
import { verbs } from '../../wire/verbs.ts';
import { overloaded, withoutStack } from '../../wire/without-stack.ts';
import { clientConnectionOptions } from '../../wire/client-connection-options.ts';
import { Alarm, backoff, Pace } from './timing.ts';
import { endpointName } from './endpoint.ts';
import {
  closedError,
  type ExecuteOptions,
  type Executor,
  type Reader,
  refuse,
  refused,
  wholeReply,
} from './executor.ts';
import type { ItemKey } from '../keys.ts';
import {
  type ClientSettings,
  clientTable,
  type PoolOptions,
  poolTable,
  type WithDial,
} from '../options.ts';
import { Link, type LinkOptions } from './link.ts';
import { ServerStatus } from './server-status.ts';
import { textFlagsOf } from '../values/serde.ts';
import type { Optional } from '../../wire/options.ts';

/** The options of an `Upstream`. */
export interface UpstreamOptions
  extends Omit<LinkOptions, 'onClosed' | 'onLate'>, Optional<PoolOptions> {
  /** Milliseconds after which an unused connection is closed; Infinity by default. */
  readonly idleTimeout?: number | undefined;
  /**
   * Milliseconds to wait before the second dial after a failed one, doubled after each further
   * failure.
   */
  readonly reconnectDelay: number;
  /** The longest such wait, in milliseconds. */
  readonly maxReconnectDelay: number;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  /**
   * Called when a dial failed, or the server sent no reply on a new connection. The loss of a
   * connection on which the server had replied does not count: servers close idle connections, and
   * firewalls drop them.
   */
  readonly onFailure?: ((cause: ConnectionError | TimeoutError) => void) | undefined;
}

/** Pending bytes on a connection without a reply yet, from which on another one is opened. */
const SPREAD = 64 * 1024;

/** The share of the timeout after which calls leave a connection where the server has not answered. */
const PATIENCE = 1 / 4;

/**
 * How many connections in a row a server closes at the first meta command that has none. One may be
 * lost there by chance, and caches that speak classic commands do not see the marks of others.
 */
const CLOSINGS = 3;

/**
 * Milliseconds until a server that closed at meta commands is asked a second time whether it still
 * does; the wait doubles each time.
 */
const FIRST_ASK = 1000;
/** The longest wait. */
const LAST_ASK = 60_000;

const speaksMeta = ({ dialect }: Link): boolean => dialect === 'meta';

/**
 * One server. Connects with the first command, keeps the connection, and dials again with the first
 * command after it was lost. After a failed dial it backs off: meanwhile commands are refused at
 * once (code `down`).
 *
 * A connection on which a command is late, and that has been silent for the client's timeout, takes
 * no more: the next command goes over a new one.
 *
 * With several connections (`maxPoolSize`) a command goes over the least busy one. While all are
 * busy another is opened: at once if the server has answered on none of them yet, else in the
 * background, so that no call waits for a dial while there is a connection.
 */
export class Upstream implements Executor {
  /** @internal */
  readonly status: ServerStatus;
  readonly #options: UpstreamOptions & PoolOptions & { readonly idleTimeout: number };
  // In the order of opening. The last ones get the fewest commands, and become idle first.
  #links: Link[] = [];
  // Being opened in the background, while the others are busy.
  readonly #opening: Set<Link> = new Set();
  // Those that were retired; each closes when its pending commands have ended.
  readonly #leaving: Set<Link> = new Set();
  // How many connections in a row were closed at the first meta command.
  #closings = 0;
  // Those that speak classic commands since the server closed, or failed, at the first meta command.
  // Both may pass, so another connection asks now and then whether it still does.
  readonly #classic: Set<Link> = new Set();
  // When one may ask again, by the clock's `elapsed`, and how long after it the next one.
  #askAt = 0;
  #askAfter = FIRST_ASK;
  // Each is dedicated to one dump or watch.
  readonly #apart: Set<Link> = new Set();
  #failures = 0;
  // Not to dial before this time, by the clock's `elapsed`.
  #dialAt = 0;
  #cause: Error | null = null;
  // When to look where the server has answered, after calls were spread before it had anywhere.
  #gatherAt = Infinity;
  #closed = false;
  #isPaused = false;
  readonly #alarm: Alarm;

  /**
   * Makes the connections to a server, which dial with the first command.
   *
   * @throws UsageError when the credentials break a rule.
   */
  constructor(options: UpstreamOptions) {
    const { pace = new Pace(options.clock) } = options;
    const { maxPoolSize = poolTable.maxPoolSize[1] } = options;
    const { idleTimeout = clientTable.idleTimeout[1] } = options;
    this.#options = { ...options, pace, maxPoolSize, idleTimeout };
    this.#alarm = new Alarm(options.clock, () => this.#tend(), true);
    this.status = options.status ?? new ServerStatus(endpointName(options.endpoint));
    this.status.countPending = () => this.#used().reduce((sum, { pending }) => sum + pending, 0);
    if (options.auth === undefined) return;
    checkCredential('username', options.auth.username);
    checkCredential('password', options.auth.password);
  }

  /** Sends a command: see `Executor.execute`. */
  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    if (options?.onItem !== undefined && !this.#closed && verbs[command.verb]?.exclusive) {
      return this.#executeApart(command, options);
    }
    return this.executeWith(command, options, wholeReply, '');
  }

  /** @internal */
  executeWith<Result>(
    command: Command,
    options: ExecuteOptions | undefined,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    if (this.#closed) return refused(reader, closedError());
    this.status.calls++;
    try {
      return this.#pick().executeWith(command, options, reader, key);
    } catch (error) {
      this.status.failed(error);
      return refuse(command, options, error, reader);
    }
  }

  /** Pauses every connection, and those that are made until `resume`. See `Link.pause`. */
  pause(): void {
    this.#isPaused = true;
    for (const link of this.#all()) link.pause();
  }

  /** Reads again, and lets deadlines go on. */
  resume(): void {
    this.#isPaused = false;
    for (const link of this.#all()) link.resume();
  }

  /** A dump or a watch in progress ends with an error, since its consumer may have stopped. */
  async close(): Promise<void> {
    this.#closed = true;
    this.status.close();
    this.#alarm.stop();
    for (const link of this.#apart) link.abort(closedError());
    for (;;) {
      const links = this.#all();
      if (links.length === 0) return;
      // A connection that was closed at the probe may have been replaced meanwhile.
      await Promise.all(links.map((link) => link.close()));
    }
  }

  #all(): Link[] {
    return [...this.#used(), ...this.#opening];
  }

  // Those that have calls. One that is being opened only asks whether the server is well.
  #used(): Link[] {
    return [...this.#leaving, ...this.#links, ...this.#apart];
  }

  // Allocates nothing, since it runs for every command.
  #pick(): Link {
    const { maxPoolSize, clock, timeout } = this.#options;
    if (this.#classic.size > 0) this.#askAgain();
    let best = this.#links[0];
    if (best === undefined) {
      if (this.#failures > 0 && clock.elapsed() < this.#dialAt) throw this.#isDown();
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
    const closesAtProbe = this.#classic.size > 0;
    if (hasAnswered) {
      this.#openAnother(closesAtProbe);
      return best;
    }
    // A few calls of one turn stay on one connection, and in order.
    if (best.pendingBytes < SPREAD) return best;
    const link = this.#connect(closesAtProbe);
    this.#add(link);
    this.#gatherAt = clock.elapsed() + timeout * PATIENCE;
    this.#alarm.set(this.#gatherAt);
    return link;
  }

  #openAnother(closesAtProbe = false): void {
    const link = this.#connect(closesAtProbe);
    this.#opening.add(link);
    link.check().then(() => {
      // It may have been lost meanwhile.
      if (this.#opening.delete(link)) this.#add(link);
    }, () => link.abort());
  }

  // Asks a server that closed at meta commands whether it still does: after a restart, or behind a
  // proxy that has its servers again, it may not. As soon as one connection speaks them, classic
  // ones take no more commands.
  #askAgain(): void {
    if (this.#links.some(speaksMeta)) {
      for (const link of this.#classic) {
        if (this.#opening.has(link)) link.abort();
        else this.#retire(link);
      }
      this.#classic.clear();
      return;
    }
    const now = this.#options.clock.elapsed();
    if (now < this.#askAt || this.#opening.size > 0) return;
    this.#askAt = now + this.#askAfter;
    this.#askAfter = Math.min(2 * this.#askAfter, LAST_ASK);
    this.#openAnother();
  }

  // The connection takes no more commands, and closes when those that are pending have ended. False
  // where it took none.
  #retire(link: Link): boolean {
    if (!this.#links.includes(link)) return false;
    this.#links = this.#links.filter((other) => other !== link);
    this.#leaving.add(link);
    void link.close();
    return true;
  }

  #add(link: Link): void {
    const { clock, idleTimeout } = this.#options;
    this.#links.push(link);
    if (idleTimeout < Infinity) this.#alarm.set(clock.elapsed() + idleTimeout);
  }

  #tend(): void {
    this.#gather();
    this.#closeIdle();
  }

  // Where the server answers on some of the connections over which calls were spread, and not on others,
  // those of the others go there, as far as nothing but a probe was sent for them.
  #gather(): void {
    const { clock, timeout } = this.#options;
    const now = clock.elapsed();
    if (now >= this.#gatherAt) {
      const silent = this.#links.filter(({ dialect, hasAnswered }) =>
        dialect === 'unproven' && !hasAnswered
      );
      const isAnswered = this.#links.some(({ hasAnswered }) => hasAnswered);
      this.#gatherAt = silent.length === 0 || isAnswered ? Infinity : now + timeout * PATIENCE;
      if (isAnswered) { for (const link of silent) link.abort(); }
    }
    this.#alarm.set(this.#gatherAt);
  }

  #closeIdle(): void {
    const { clock, idleTimeout } = this.#options;
    const now = clock.elapsed();
    const isIdle = (link: Link): boolean => link.pending === 0 && link.usedAt + idleTimeout <= now;
    const idle = this.#links.filter(isIdle);
    this.#links = this.#links.filter((link) => !isIdle(link));
    for (const link of idle) void link.close();
    for (const { pending, usedAt } of this.#links) {
      this.#alarm.set((pending > 0 ? now : usedAt) + idleTimeout);
    }
  }

  // A dump is slow and a watch never ends, and neither shares its connection.
  async #executeApart(command: Command, options: ExecuteOptions): Promise<Reply> {
    const link = this.#connect();
    this.#apart.add(link);
    try {
      this.status.calls++;
      return await link.executeWith(command, options, wholeReply, '');
    } finally {
      link.abort();
    }
  }

  #connect(closesAtProbe = false): Link {
    if (this.#all().length === 0) this.status.connecting();
    const link = new Link({
      ...this.#options,
      status: this.status,
      closesAtProbe,
      onLate: (late, error) => this.#leave(late, error),
      onClosed: (ended, { cause, atProbe }) =>
        this.#finish(ended, cause, atProbe && !closesAtProbe),
    });
    if (this.#isPaused) link.pause();
    if (!closesAtProbe) return link;
    if (this.#classic.size === 0) {
      this.#askAt = 0;
      this.#askAfter = FIRST_ASK;
    }
    this.#classic.add(link);
    return link;
  }

  // A connection on which a command timed out.
  #leave(link: Link, error: TimeoutError): void {
    if (this.#retire(link) && !link.hasAnswered) this.#fail(link, error);
  }

  // Returns the connection that takes over its pending commands, or null.
  #finish(link: Link, cause: Error | null, atProbe: boolean): Link | null {
    const wasOpening = this.#opening.delete(link);
    const wasLate = this.#leaving.delete(link);
    this.#apart.delete(link);
    this.#classic.delete(link);
    this.#links = this.#links.filter((other) => other !== link);
    // Beside one that speaks meta commands it was lost there by chance.
    const meta = this.#links.find(speaksMeta);
    this.#closings = atProbe && meta === undefined ? this.#closings + 1 : 0;
    if (this.#closed && (!atProbe || wasOpening)) return null;
    if (atProbe) {
      const closesAtProbe = this.#closings >= CLOSINGS;
      if (wasOpening) {
        if (meta === undefined && this.#classic.size === 0) this.#openAnother(closesAtProbe);
        return null;
      }
      if (meta !== undefined && !this.#closed) return meta;
      const next = this.#connect(closesAtProbe);
      if (this.#closed) this.#links.push(next);
      else this.#add(next);
      return next;
    }
    // A server that accepts connections and drops them counts as one that refuses them.
    const isVain = !link.isSound && !wasLate && cause !== null;
    if (link.isSound && !wasLate) this.#failures = 0;
    if (this.#links.length > 0) {
      if (wasOpening) return null;
      return this.#links.find(({ hasAnswered }) => hasAnswered) ?? this.#links[0]!;
    }
    if (isVain) this.#fail(link, cause);
    else if (this.#all().length === 0) this.status.rest();
    return null;
  }

  // A dial failed, or a connection was lost before the server had replied on it.
  #fail({ wasConnected }: Link, cause: Error | null): void {
    const { clock, reconnectDelay, maxReconnectDelay, random } = this.#options;
    this.#failures++;
    this.#cause = cause;
    const delay = backoff(this.#failures, reconnectDelay, maxReconnectDelay, random);
    // The first time, a connection that was made and lost is replaced without a wait.
    this.#dialAt = wasConnected && this.#failures === 1 ? 0 : clock.elapsed() + delay;
    if (this.#links.length > 0) return;
    this.status.fail(cause);
    const failed = cause instanceof TimeoutError || cause instanceof ConnectionError;
    if (failed) this.#options.onFailure?.(cause);
  }

  #isDown(): ConnectionError | UsageError {
    // If the options do not fit the server, each call rejects with that error, not only the first.
    if (this.#cause instanceof UsageError) {
      return new UsageError(this.#cause.argument, this.#cause.rule);
    }
    const cause = this.#cause ?? undefined;
    const name = endpointName(this.#options.endpoint);
    const why = cause === undefined ? '' : `: ${cause.message}`;
    return withoutStack(() =>
      new ConnectionError(`${name} is down${why}`, 'not-sent', cause, 'down')
    );
  }
}

/** The executor for one server. */
export function upstreamFor(
  endpoint: Endpoint,
  settings:
    & ClientSettings
    & Optional<PoolOptions>
    & WithDial
    & Pick<UpstreamOptions, 'onFailure' | 'pace' | 'status'>,
): Upstream {
  const status = settings.status ?? new ServerStatus(endpointName(endpoint), settings.onServer);
  return new Upstream({
    ...settings,
    status,
    textFlags: textFlagsOf(settings.serde),
    endpoint: withSocketOptions(endpoint, settings),
  });
}

function withSocketOptions(
  endpoint: Endpoint,
  { noDelay, keepAlive, unref }: Pick<ClientSettings, 'noDelay' | 'keepAlive' | 'unref'>,
): Endpoint {
  const kept = unref ? { unref } : {};
  if ('path' in endpoint) return { ...endpoint, ...kept };
  return {
    ...endpoint,
    ...kept,
    ...(noDelay === undefined ? {} : { noDelay }),
    ...(keepAlive === undefined ? {} : { keepAlive }),
  };
}
