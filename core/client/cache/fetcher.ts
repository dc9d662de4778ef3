// The fetches of one policy: loads under a lease, what they store, and what their callers share.
import type { Clock } from '../../io/clock.ts';
import { latin1 } from '../../wire/bytes.ts';
import { checkBoolean, checkKnown, checkObject, optionNames } from '../../wire/check.ts';
import { AbortError, ConnectionError, ServerReplyError, UsageError } from '../../wire/errors.ts';
import { checkExecuteOptions, type ExecuteOptions } from '../connection/executor.ts';
import type { ItemKey, WireKey } from '../keys.ts';
import type { OperationContext, Version } from '../operation-context.ts';
import type { CallOptions } from '../options.ts';
import { Caller } from './caller.ts';
import type { CacheState } from './cache-state.ts';
import type { OnFetch } from './fetch-end.ts';
import { Flight } from './flight.ts';
import { DOWN, Seen } from './item.ts';
import { Leases, type Stored } from './leases.ts';
import type { Loading } from './loads.ts';
import { checkTtl, freshSeconds, type LoadContext, type PolicySettings } from './policy.ts';
import { Poller } from './poller.ts';

/** The options of a `fetch`. */
export interface FetchOptions extends CallOptions {
  /**
   * Milliseconds until the call rejects with a TimeoutError; by default the policy's `lease` and
   * `wait` together.
   */
  readonly timeout?: number | undefined;
  /**
   * Invalidate the value, and answer with one that was loaded after the call.
   *
   * @default false
   */
  readonly fresh?: boolean | undefined;
}

const names = /* @__PURE__ */ optionNames<FetchOptions>({
  timeout: true,
  signal: true,
  fresh: true,
});

/** An item. */
interface Job {
  /** The key as text. */
  readonly id: string;
  readonly key: ItemKey;
  readonly wire: WireKey;
}

/** What is known of a load that has begun. */
interface Begun {
  readonly finish: () => void;
  /** The servers that had the keys before its lease was asked for. */
  readonly nodes: object | undefined;
  readonly ttl: () => number | undefined;
}

/** An item that can be loaded. */
interface LoadJob<Id> extends Job {
  /** The servers that had the keys when the call was made. */
  readonly nodes: object | undefined;
  readonly jobId: Id;
  readonly loads: Loading<Id>;
}

export class Fetcher {
  readonly leases: Leases;
  readonly settings: PolicySettings;
  readonly state: CacheState;
  readonly clock: Clock;
  readonly onFetch: OnFetch | undefined;
  /** Whether a call may end before a command would. */
  readonly isImpatient: boolean;
  readonly #random: () => number;
  readonly #commandTimeout: number;

  constructor(context: OperationContext, settings: PolicySettings, state: CacheState) {
    const { clock, random = Math.random, timeout = Infinity, onFetch } = context.dependencies;
    this.leases = new Leases(context, settings);
    this.settings = settings;
    this.state = state;
    this.clock = clock;
    this.onFetch = onFetch;
    this.#random = random;
    this.#commandTimeout = timeout;
    this.isImpatient = settings.lease * 1000 + settings.wait < timeout;
  }

  /** The key as text, the same for the same item. */
  idOf({ key, route }: WireKey): string {
    const id = typeof key === 'string' ? key : latin1(key);
    if (route === undefined || route === key) return id;
    return `${id} ${typeof route === 'string' ? route : latin1(route)}`;
  }

  newCaller(start: number, options: FetchOptions | undefined): Caller {
    const { lease, wait } = this.settings;
    const timeout = options?.timeout ?? lease * 1000 + wait;
    const spent = start < 0 ? 0 : this.clock.elapsed() - start;
    return new Caller(this.clock, this.state.signals, {
      timeout,
      left: Math.max(0, timeout - spent),
      signal: options?.signal,
      commandTimeout: this.#commandTimeout,
    });
  }

  /** A read with a lease that never rejects for a fault of the cache. */
  async look({ key, wire }: Job): Promise<unknown> {
    try {
      return await this.leases.look(key, wire);
    } catch (error) {
      return this.toDown(error);
    }
  }

  /** @throws the error, if it is the caller's: bad arguments, its signal. */
  toDown(error: unknown): typeof DOWN {
    const isOptions = error instanceof UsageError && error.argument !== 'dialect';
    // A program that goes on with a closed client has to know.
    const isClosed = error instanceof ConnectionError && error.code === 'closed';
    if (isOptions || isClosed || error instanceof AbortError) throw error;
    return DOWN;
  }

  /** Nobody waits for what a read has found: a lease that it has won is given up. */
  drop({ wire }: Job, found: unknown): void {
    if (!(found instanceof Seen)) return;
    if (found.state === 'cold' || found.state === 'stale') void this.#letGo(wire, found);
  }

  /**
   * Waits for the store of a value that a `fetch` of this process has loaded, and has answered with: the
   * next read may go over another connection, or take fewer steps.
   *
   * @returns The options with the time that is left.
   */
  async filled(
    wire: WireKey,
    options: CallOptions | undefined,
  ): Promise<CallOptions | undefined> {
    const filled = this.state.fills.get(this.idOf(wire));
    if (filled === undefined) return options;
    const { context } = this.leases;
    const commandTimeout = context.dependencies.timeout ?? Infinity;
    const { timeout = commandTimeout, signal } = options ?? {};
    const limits = { timeout, left: timeout, signal, commandTimeout };
    const caller = new Caller(this.clock, this.state.signals, limits);
    await caller.wait(filled);
    return caller.options;
  }

  /** Lets the next reader of an old item win, without waiting for it. */
  async letWin(wire: WireKey, seen: Version): Promise<void> {
    try {
      await this.leases.reopen(wire, seen, false, undefined);
    } catch {
      // The lease ends by itself.
    }
  }

  /** The lease of a placeholder that was made with `add`; undefined if there is an item now. */
  async claim(
    { wire }: Job,
    options: ExecuteOptions | undefined,
  ): Promise<Seen | typeof DOWN | undefined> {
    try {
      return await this.leases.claim(wire, options) ?? undefined;
    } catch (error) {
      return this.toDown(error);
    }
  }

  /** Whether the lease of another caller is over. */
  isOver({ id }: Job, seen: Seen): boolean {
    return !seen.isText && this.state.takeovers.isDue(id, seen, this.settings.lease * 1000);
  }

  /** Lets the next reader win, unless the item has changed; returns whether it had not. */
  async reopen(
    { wire, id }: Job,
    seen: Seen,
    options: ExecuteOptions | undefined,
  ): Promise<boolean | typeof DOWN> {
    this.state.takeovers.delete(id);
    try {
      const isEmpty = seen.state === 'waiting';
      return await this.leases.reopen(wire, seen, isEmpty, options);
    } catch (error) {
      const down: typeof DOWN = this.toDown(error);
      // The item may be on another server by now: the next read finds out.
      return error instanceof ConnectionError ? false : down;
    }
  }

  /** The reads of a key on which callers wait. */
  pollerOf(job: Job): Poller<unknown> {
    const { pollers } = this.state;
    const { id, key, wire } = job;
    let poller = pollers.get(id);
    if (poller === undefined) {
      const own: Poller<unknown> = new Poller(
        this.clock,
        this.#random,
        () => this.look({ id, key, wire }).catch(() => DOWN),
        (found) => this.drop({ id, key, wire }, found),
        () => {
          if (pollers.get(id) === own) pollers.delete(id);
        },
      );
      poller = own;
      pollers.set(id, poller);
    }
    return poller;
  }

  /**
   * Begins a load.
   *
   * @param seen The lease; null for a load without one, whose value is not stored.
   */
  begin<Id>({ id, key, wire, nodes, jobId, loads }: LoadJob<Id>, seen: Seen | null): Flight {
    const { state, settings } = this;
    const reason = reasonOf(seen);
    const flight = new Flight(++state.lastFlight, () => {
      finish();
      if (seen !== null) this.#release(id, wire, seen);
    });
    const { held } = this.leases.context;
    const letGo = async (): Promise<void> => {
      cancel();
      if (seen !== null) await this.#letGo(wire, seen);
    };
    const finish = (): void => {
      cancel();
      held.delete(letGo);
      state.close(id, flight);
      if (seen === null) state.gate.leave();
    };
    // After the lease others may load: new calls find out.
    const cancel = this.clock.after(settings.lease * 1000, () => state.close(id, flight));
    try {
      if (seen === null) state.gate.enter(settings.failOpen.concurrency);
    } catch (error) {
      cancel();
      flight.end({ type: 'failed', error });
      return flight;
    }
    held.add(letGo);
    // Calls may join it without asking the server where there is no old value to answer with.
    if (reason === 'cold' || reason === 'error') state.flights.set(id, flight);
    let ttl: number | undefined;
    const context = {
      key,
      old: seen?.value,
      signal: flight.signal,
      reason,
      ttl: (seconds: number): void => void (ttl = checkTtl(seconds)),
    };
    state.counts.loads++;
    const loaded = loads.load(jobId, context);
    const begun = { finish, nodes, ttl: () => ttl };
    void this.#land(flight, { id, key, wire }, seen, loaded, begun);
    return flight;
  }

  // Stores what was loaded, and ends the flight, unless it was aborted meanwhile.
  async #land(
    flight: Flight,
    { id, key, wire }: Job,
    seen: Seen | null,
    loaded: Promise<unknown>,
    { finish, nodes, ttl }: Begun,
  ): Promise<void> {
    try {
      const value = await loaded;
      if (flight.isOver) return;
      finish();
      // Without a lease nobody says whether it is.
      let isOutdated = true;
      if (seen !== null) {
        const { stored, fresh } = this.toStored(key, value, ttl());
        const { fills } = this.state;
        const filled = this.#fill(wire, seen, stored, fresh);
        fills.set(id, filled);
        flight.arrive(value);
        // A server that has lost the key since is not told of changes.
        isOutdated = !await filled || this.nodes !== nodes;
        if (fills.get(id) === filled) fills.delete(id);
      }
      flight.end({ type: 'loaded', value, isOutdated });
    } catch (error) {
      if (flight.isOver) return;
      finish();
      this.state.counts.loadFailures++;
      // Sent before the callers know, so that their next call finds it done.
      if (seen !== null) this.#release(id, wire, seen);
      flight.end({ type: 'failed', error });
    }
  }

  /**
   * A value as it is stored, and the seconds for which it is fresh; 0 if it is not to be stored.
   *
   * @param ttl Seconds, instead of those of the policy.
   */
  toStored(
    key: ItemKey,
    value: unknown,
    ttl: number | undefined,
  ): { readonly stored: Stored; readonly fresh: number } {
    const { negativeTtl, jitter, ttl: own } = this.settings;
    const stored = this.leases.toStored(key, value);
    const seconds = ttl ??
      (value === undefined
        ? negativeTtl
        : typeof own === 'number'
        ? own
        : (own as (value: unknown) => unknown)(value));
    return { stored, fresh: freshSeconds(seconds, jitter, this.#random) };
  }

  /** The servers that have the keys now; see `Servers.nodes`. */
  get nodes(): object | undefined {
    return this.leases.context.dependencies.servers?.nodes();
  }

  // Returns whether the item is known to be as it was when the load began.
  async #fill(wire: WireKey, seen: Seen, stored: Stored, fresh: number): Promise<boolean> {
    const { counts } = this.state;
    try {
      const isSame = fresh === 0
        ? await this.leases.giveUp(wire, seen)
        : await this.leases.fill(wire, seen, stored, fresh);
      if (!isSame) counts.outdated++;
      else if (fresh > 0) counts.stores++;
      return isSame;
    } catch (error) {
      counts.storeFailures++;
      // It has not taken the value: nobody is to wait for it.
      if (error instanceof ServerReplyError) void this.#giveUp(wire, seen);
      return false;
    }
  }

  // Nobody uses the lease: others may load at once.
  async #letGo(wire: WireKey, seen: Seen): Promise<void> {
    if (!seen.hasValue) await this.#giveUp(wire, seen);
    else if (!seen.isText) await this.letWin(wire, seen);
  }

  // After a load that failed or was aborted: others may load, at once or after the backoff.
  #release(id: string, wire: WireKey, seen: Seen): void {
    const { errorBackoff } = this.settings;
    if (!seen.hasValue) return void this.#giveUp(wire, seen);
    if (seen.isText) {
      this.leases.rest(wire, errorBackoff).catch(() => {});
      return;
    }
    this.state.takeovers.set(id, seen, errorBackoff * 1000);
  }

  async #giveUp(wire: WireKey, seen: Seen): Promise<void> {
    try {
      await this.leases.giveUp(wire, seen);
    } catch {
      // The lease ends by itself.
    }
  }
}

function reasonOf(seen: Seen | null): LoadContext<unknown>['reason'] {
  if (seen === null) return 'error';
  if (seen.state === 'ahead') return 'ahead';
  return seen.hasValue ? 'stale' : 'cold';
}

/** @throws UsageError naming the option that breaks a rule. */
export function checkFetchOptions(options: FetchOptions): void {
  checkObject('options', options);
  checkKnown('options', options, names);
  checkExecuteOptions(options);
  if (options.fresh !== undefined) checkBoolean('fresh', options.fresh);
}
