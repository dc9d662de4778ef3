// Calls of the loaders: one by one, or all of a turn of the event loop at once.
import type { Clock } from '../../io/clock.ts';
import { newAborter, type RuntimeSignal } from '../../io/transport.ts';
import { ConnectionError, UsageError } from '../../wire/errors.ts';
import { withoutStack } from '../../wire/without-stack.ts';
import type { CachePolicy, LoadContext } from './policy.ts';

/** The loaders of a policy. */
export type Loaders<Value, Id> = Pick<CachePolicy<Value, Id>, 'load' | 'loadMany'>;

interface Job<Value, Id> {
  readonly id: Id;
  readonly context: LoadContext<Value>;
  readonly resolve: (value: Value | undefined | Promise<Value | undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** The longest that a load waits for calls that were made with it, in milliseconds. */
const PATIENCE = 50;

/** Loads the value of an id. */
export interface Loading<Id> {
  load(id: Id, context: LoadContext<unknown>): Promise<unknown>;
  /** Called when a call that may load has found out whether it does; it then does at once. */
  decided?(): void;
}

/** Calls the loaders of a policy. Those of one turn of the event loop share a call of `loadMany`. */
export class Loads<Value, Id> implements Loading<Id> {
  readonly #loaders: Loaders<Value, Id>;
  readonly #clock: Clock;
  #jobs: Job<Value, Id>[] = [];

  constructor(loaders: Loaders<Value, Id>, clock: Clock) {
    this.#loaders = loaders;
    this.#clock = clock;
  }

  load(id: Id, context: LoadContext<unknown>): Promise<unknown> {
    const { load, loadMany } = this.#loaders;
    if (loadMany === undefined) {
      return new Promise((resolve) => resolve(load!(id, context as LoadContext<Value>)));
    }
    if (this.#jobs.length === 0) this.#clock.yield(() => this.#start(this.#jobs.splice(0)));
    return queued(this.#jobs, id, context);
  }

  /**
   * The loads of calls that were made together: those that are needed once all calls have found out
   * share a call of `loadMany`.
   *
   * @param count How many calls.
   */
  together(count: number): Loading<Id> {
    if (this.#loaders.loadMany === undefined) return this;
    let undecided = count;
    let isOver = false;
    let cancel: () => void = () => {};
    const jobs: Job<Value, Id>[] = [];
    const start = (): void => {
      cancel();
      isOver = true;
      if (jobs.length > 0) this.#start(jobs.splice(0));
    };
    return {
      load: (id, context) => {
        // What is needed later goes its own way.
        if (isOver) return this.load(id, context);
        if (jobs.length === 0) cancel = this.#clock.after(PATIENCE, start);
        return queued(jobs, id, context);
      },
      decided: () => {
        // The last ones load in this turn.
        if (--undecided === 0 && !isOver) this.#clock.yield(start);
      },
    };
  }

  #start(jobs: readonly Job<Value, Id>[]): void {
    const { load, loadMany } = this.#loaders;
    const [{ id, context, resolve, reject }] = jobs as readonly [Job<Value, Id>];
    if (jobs.length === 1 && load !== undefined) {
      try {
        return resolve(load(id, context));
      } catch (error) {
        return reject(error);
      }
    }
    const ids = [...new Set(jobs.map((job) => job.id))];
    const signal = signalOfAll(jobs.map((job) => job.context.signal));
    const loaded = new Promise<ReadonlyMap<Id, Value>>((done) => done(loadMany!(ids, { signal })));
    loaded.then((values) => {
      if (!(values instanceof Map)) throw new UsageError('loadMany', 'must return a Map');
      for (const job of jobs) job.resolve(values.get(job.id));
    }).catch((error: unknown) => jobs.forEach((job) => job.reject(error)));
  }
}

// The type of what was read is not checked, as with `get`.
function queued<Value, Id>(
  jobs: Job<Value, Id>[],
  id: Id,
  context: LoadContext<unknown>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    jobs.push({ id, context: context as LoadContext<Value>, resolve, reject });
  });
}

// Aborted when all of them are.
function signalOfAll(signals: readonly RuntimeSignal[]): RuntimeSignal {
  const aborter = newAborter();
  let left = signals.length;
  const onAbort = (): void => {
    if (--left === 0) aborter.abort(undefined);
  };
  for (const signal of signals) {
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  }
  return aborter.signal;
}

/** Limits the loads whose value is not stored. */
export class Gate {
  #running = 0;

  /** @throws ConnectionError with the code `overloaded` when so many are running. */
  enter(most: number): void {
    if (this.#running >= most) throw withoutStack(() => overloaded(most));
    this.#running++;
  }

  leave(): void {
    this.#running--;
  }
}

function overloaded(most: number): ConnectionError {
  const full = `the cache does not answer, and ${most} loads are running without it`;
  return new ConnectionError(full, 'not-sent', undefined, 'overloaded');
}
