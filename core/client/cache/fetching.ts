// One call of `fetch`: reads the item with a lease, and does what its state asks for.
//
// Each state of the table in `item.ts` either ends the call with an answer, or leads to another look at
// the item. What is shared is ordered, so that no answer is older than its call: a read answers only
// the calls that were made before it was sent, and a load that turns out to be outdated only those
// that were made before it began. Others look again.
import { TimeoutError } from '../../wire/errors.ts';
import type { PlainReply } from '../../wire/plain.ts';
import type { Reply } from '../../wire/reply.ts';
import type { Call, Executor, Reader } from '../connection/executor.ts';
import { callListener, endOf } from '../connection/observe.ts';
import type { ItemKey, WireKey } from '../keys.ts';
import { type Caller, LATE } from './caller.ts';
import type { FetchEnd } from './fetch-end.ts';
import { checkFetchOptions, type Fetcher, type FetchOptions } from './fetcher.ts';
import { Flight } from './flight.ts';
import { DOWN, Seen } from './item.ts';
import type { Loading } from './loads.ts';

type Outcome = FetchEnd['outcome'];

/** Look at the item again. */
const AGAIN: unique symbol = Symbol('again');

/** How often a key is claimed before its value is loaded without. */
const CLAIMS = 3;

/** What a call ends with. */
class Answer {
  readonly outcome: Outcome;
  readonly value: unknown;

  constructor(outcome: Outcome, value: unknown) {
    this.outcome = outcome;
    this.value = value;
  }
}

/** The value of a key: out of the cache, or loaded. */
export function fetchWith<Id>(
  fetcher: Fetcher,
  key: ItemKey,
  jobId: Id,
  loads: Loading<Id>,
  options: FetchOptions | undefined,
): Promise<unknown> {
  try {
    if (options !== undefined) checkFetchOptions(options);
    const wire = fetcher.leases.context.dependencies.keys.toWire(key);
    const { onFetch } = fetcher;
    const onEnd = onFetch === undefined ? undefined : endOf(callListener(() => onFetch(key)));
    const fetching = new Fetching(fetcher, key, wire, jobId, loads, options, onEnd !== undefined);
    return onEnd === undefined ? fetching.run() : fetching.runObserved(onEnd);
  } catch (error) {
    loads.decided?.();
    return Promise.reject(error);
  }
}

/** A call of `fetch`, and the reader of its first reply. */
class Fetching<Id> implements Reader<unknown> {
  readonly key: ItemKey;
  readonly wire: WireKey;
  readonly jobId: Id;
  readonly loads: Loading<Id>;
  readonly nodes: object | undefined;
  readonly #fetcher: Fetcher;
  readonly #options: FetchOptions | undefined;
  readonly #changes: number;
  // The number of the last load that had begun before.
  readonly #lastFlight: number;
  // By the clock's `elapsed`; -1 where nobody asks for it.
  readonly #start: number;
  #outcome: Outcome = 'failed';
  #hasReply = false;
  // Whether it has waited for another caller's load, or taken its lease over.
  #hasWaited = false;
  #waitsUntil = -1;
  #claims = 0;
  #hasDecided = false;

  constructor(
    fetcher: Fetcher,
    key: ItemKey,
    wire: WireKey,
    jobId: Id,
    loads: Loading<Id>,
    options: FetchOptions | undefined,
    isTimed: boolean,
  ) {
    this.#fetcher = fetcher;
    this.key = key;
    this.wire = wire;
    this.jobId = jobId;
    this.loads = loads;
    this.nodes = fetcher.nodes;
    this.#options = options;
    this.#changes = fetcher.state.changes;
    this.#lastFlight = fetcher.state.lastFlight;
    this.#start = isTimed || options !== undefined ? fetcher.clock.elapsed() : -1;
  }

  /** The key as text, the same for the same item. */
  get id(): string {
    return this.#fetcher.idOf(this.wire);
  }

  runObserved(onEnd: (end: FetchEnd) => void): Promise<unknown> {
    const tell = (error: Error | null): void => {
      const duration = this.#fetcher.clock.elapsed() - this.#start;
      callListener(() => onEnd({ outcome: this.#outcome, duration, error }));
    };
    return this.run().then((value) => {
      tell(null);
      return value;
    }, (error: Error) => {
      tell(error);
      throw error;
    });
  }

  run(): Promise<unknown> {
    const { state, leases } = this.#fetcher;
    if (this.#options?.fresh === true) return this.#reload();
    if (state.local !== null) {
      const entry = state.local.get(this.id);
      if (entry !== undefined) return Promise.resolve(this.#end('local', entry.value));
    }
    if (state.flights.size > 0) {
      const flight = state.flights.get(this.id);
      if (flight?.isOpen === true) return this.#resolve(flight);
    }
    if (this.#options !== undefined || this.#fetcher.isImpatient) {
      const caller = this.#caller();
      // It may leave before the reply comes.
      if (caller.options !== undefined) return this.#resolve(AGAIN, caller);
    }
    const command = leases.command(this.wire);
    return leases.context.executeWith(this.wire, command, undefined, this, this.key);
  }

  /** Reads the reply to the first read. */
  ofReply(reply: Reply, _call: Call, connection?: Executor): unknown {
    this.#hasReply = true;
    const { leases } = this.#fetcher;
    try {
      const found = leases.read(reply, this.key, this.wire, connection);
      if (!(found instanceof Promise)) return this.#take(found);
      return this.#resolve(found.catch((error: unknown) => this.#down(error)));
    } catch (error) {
      return this.#resolve(this.#down(error));
    }
  }

  /** The same, for a reply that was read in one pass. */
  ofItem(item: PlainReply, _call: Call, connection?: Executor): unknown {
    this.#hasReply = true;
    try {
      return this.#take(this.#fetcher.leases.readPlain(item, this.key, connection));
    } catch (error) {
      return this.#resolve(this.#down(error));
    }
  }

  /** The first read has failed: the value is loaded without the cache. */
  ofError(error: Error): unknown {
    // The read went well, and what came after it has failed.
    if (this.#hasReply) throw error;
    return this.#resolve(this.#down(error));
  }

  #take(found: unknown): unknown {
    return found instanceof Seen ? this.#resolve(found) : this.#hit(found);
  }

  async #reload(): Promise<unknown> {
    const caller = this.#caller();
    const { leases, state } = this.#fetcher;
    state.changed(this.id);
    let found: unknown = AGAIN;
    try {
      await leases.invalidate(this.wire, caller.options);
    } catch (error) {
      found = this.#fetcher.toDown(error);
    }
    state.changed(this.id);
    return await this.#resolve(found, caller);
  }

  async #resolve(first: unknown, caller: Caller = this.#caller()): Promise<unknown> {
    try {
      let found = first instanceof Promise ? await this.#waitFor(first, caller) : first;
      for (;;) {
        if (caller.isOver) throw caller.error;
        // One that is missing has to be claimed first.
        const isOpen = found === AGAIN || (found instanceof Seen && found.state === 'missing');
        if (!isOpen) this.#decide();
        if (found === AGAIN) found = await this.#waitFor(this.#fetcher.look(this), caller);
        else if (found === DOWN) found = await this.#loadWithout(caller);
        else if (found instanceof Seen) found = await this.#act(found, caller);
        else if (found instanceof Flight) found = await this.#join(found, caller, null);
        else if (found instanceof Answer) return this.#end(found.outcome, found.value);
        else return this.#hit(found);
      }
    } catch (error) {
      this.#decide();
      this.#fetcher.state.counts.outcomes.failed++;
      throw error;
    }
  }

  #decide(): void {
    if (this.#hasDecided) return;
    this.#hasDecided = true;
    this.loads.decided?.();
  }

  // The read is not aborted with the call: if it wins a lease that nobody uses, it gives it up.
  async #waitFor(found: Promise<unknown>, caller: Caller): Promise<unknown> {
    try {
      return await caller.wait(found);
    } catch (error) {
      found.then((late) => this.#fetcher.drop(this, late), () => {});
      throw error;
    }
  }

  // Returns an answer, or what is to be looked at next.
  async #act(seen: Seen, caller: Caller): Promise<unknown> {
    const old = seen.hasValue && this.#options?.fresh !== true ? seen : null;
    switch (seen.state) {
      case 'ahead':
        if (old === null) return await this.#load(seen, caller, null);
        (seen.flight ??= this.#fetcher.begin(this, seen)).keep();
        return new Answer('ahead', old.value);
      case 'stale':
      case 'cold':
        return await this.#load(seen, caller, old);
      case 'missing':
        return await this.#claim(caller);
      case 'fresh':
        return await this.#replace(seen, caller);
      case 'held':
      case 'waiting': {
        const flight = this.#fetcher.state.flights.get(this.id);
        if (old === null && flight?.isOpen === true) return flight;
        if (this.#fetcher.isOver(this, seen)) return await this.#takeOver(seen, caller);
        if (old === null) return await this.#wait(caller);
        return new Answer(old.isFresh ? 'hit' : 'stale', old.value);
      }
    }
  }

  // Its bytes are not what the serde expects.
  async #replace(seen: Seen, caller: Caller): Promise<unknown> {
    const reopened = await this.#fetcher.reopen(this, seen, caller.options);
    return reopened === DOWN ? reopened : AGAIN;
  }

  async #takeOver(seen: Seen, caller: Caller): Promise<unknown> {
    this.#hasWaited = true;
    const reopened = await this.#fetcher.reopen(this, seen, caller.options);
    if (reopened === true) this.#fetcher.state.counts.takeovers++;
    return reopened === DOWN ? reopened : AGAIN;
  }

  // Under a lease, which the call has won.
  async #load(seen: Seen, caller: Caller, old: Seen | null): Promise<unknown> {
    const isFirst = seen.flight === null;
    const flight = seen.flight ??= this.#fetcher.begin(this, seen);
    const outcome = !isFirst ? 'shared' : this.#hasWaited ? 'taken-over' : 'loaded';
    return await this.#join(flight, caller, old, outcome);
  }

  // Without a lease: the cache is down, or has no room, or the wait was too long.
  async #loadWithout(caller: Caller): Promise<unknown> {
    const { flights } = this.#fetcher.state;
    const flight = flights.get(this.id) ?? this.#fetcher.begin(this, null);
    return await this.#join(flight, caller, null, 'failed-open');
  }

  async #join(
    flight: Flight,
    caller: Caller,
    old: Seen | null,
    outcome: Outcome = 'shared',
  ): Promise<unknown> {
    const { softTimeout } = this.#fetcher.settings;
    flight.enter();
    const isLater = flight.number <= this.#lastFlight;
    try {
      const ending = isLater ? flight.landing : flight.arrival;
      const landing = await caller.wait(ending, old === null ? Infinity : softTimeout);
      if (landing === LATE) {
        flight.keep();
        return new Answer('stale', old!.value);
      }
      if (landing.type === 'aborted') return AGAIN;
      if (landing.type === 'loaded') {
        return landing.isOutdated && isLater ? AGAIN : new Answer(outcome, landing.value);
      }
      if (old === null) throw landing.error;
      return new Answer('stale', old.value);
    } finally {
      flight.leave();
    }
  }

  async #claim(caller: Caller): Promise<unknown> {
    if (this.#claims++ === CLAIMS) return DOWN;
    return await this.#fetcher.claim(this, caller.options) ?? AGAIN;
  }

  async #wait(caller: Caller): Promise<unknown> {
    const { clock, settings } = this.#fetcher;
    this.#hasWaited = true;
    if (this.#waitsUntil < 0) this.#waitsUntil = clock.elapsed() + settings.wait;
    const left = Math.max(0, this.#waitsUntil - clock.elapsed());
    const { found, leave } = this.#fetcher.pollerOf(this).next();
    try {
      const next = await caller.wait(found, left);
      if (next !== LATE) return next;
    } finally {
      leave();
    }
    if (settings.onWaited === 'load') return DOWN;
    throw new TimeoutError(`no value within the ${settings.wait} ms of wait`, 'done');
  }

  // Rejects with an error that is the caller's own.
  async #down(error: unknown): Promise<typeof DOWN> {
    return this.#fetcher.toDown(error);
  }

  #caller(): Caller {
    return this.#fetcher.newCaller(this.#start, this.#options);
  }

  #hit(value: unknown): unknown {
    return this.#end(this.#hasWaited ? 'waited' : 'hit', value);
  }

  #end(outcome: Outcome, value: unknown): unknown {
    const { state } = this.#fetcher;
    this.#decide();
    state.counts.outcomes[outcome]++;
    this.#outcome = outcome;
    // Not what a change in this process may have outdated.
    const isKept = outcome === 'hit' || outcome === 'waited' || outcome === 'ahead';
    if (isKept && state.local !== null && state.changes === this.#changes) {
      state.local.set(this.id, value);
    }
    return value;
  }
}
