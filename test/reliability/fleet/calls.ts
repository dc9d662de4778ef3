// What all callers have in common: one call after the other, with pauses, each with a deadline.
import type { Random } from '../../../conformance/random.ts';
import type { AbortSignalLike } from '../../../core/io/transport.ts';
import { MemcacheError, ProtocolError, UsageError } from '../../../core/wire/errors.ts';
import type { Judge } from './judge.ts';
import type { ClientPlan, Swarm } from './swarm.ts';
import type { Process } from './timeline.ts';
import type { TracedItem } from './trace.ts';

/** What the callers of a run share. */
export interface Stage {
  readonly swarm: Swarm;
  readonly judge: Judge;
  /** How many calls may begin yet. */
  callsLeft: number;
  /** The number of the last write. */
  lastId: number;
  /** The number of the last call. */
  lastCall: number;
  /** Takes `unknown` for `not-sent`: for a test that this is noticed. */
  readonly lies: boolean;
  /** Caches are told nothing: likewise. */
  readonly isDeaf: boolean;
}

/** A call that has not ended. */
export interface OpenCall {
  readonly number: number;
  readonly kind: string;
  readonly items: readonly TracedItem[];
  /** Microseconds, as the others. */
  readonly start: number;
  readonly timeout: number;
  /** For how long its process had been stopped. */
  readonly frozenFor: number;
}

/** Microseconds by which a call may end after its deadline: what timers round up. */
const TOLERANCE = 1000;
/** Microseconds. */
const AFTER_FAILURE = 20_000;

/** Makes calls, one after the other, with pauses. */
export abstract class Calls<Open extends OpenCall> {
  protected readonly stage: Stage;
  protected readonly process: Process;
  protected readonly plan: ClientPlan;
  protected readonly random: Random;
  #open: Open | null = null;

  constructor(stage: Stage, process: Process, plan: ClientPlan, random: Random) {
    this.stage = stage;
    this.process = process;
    this.plan = plan;
    this.random = random;
  }

  /** Chooses a call. */
  protected abstract prepare(): Open;
  protected abstract run(open: Open): Promise<unknown>;
  protected abstract succeeded(open: Open, result: unknown): void;
  protected abstract failed(open: Open, error: MemcacheError): void;
  /** What it has done, or will do, nobody learns. */
  protected abstract doubt(open: Open): void;
  /** Whether an exception may be the result of a call. */
  protected isExpected(error: unknown): boolean {
    return error instanceof MemcacheError &&
      !(error instanceof ProtocolError || error instanceof UsageError);
  }

  /** Whether a call has not ended. */
  get isCalling(): boolean {
    return this.#open !== null;
  }

  /** Microseconds since the open call should have ended; less than 0 before. */
  get lateness(): number {
    const open = this.#open;
    if (open === null || this.process.isFrozen) return -Infinity;
    const { timeline, frozenFor } = this.process;
    return timeline.now - open.start - open.timeout - (frozenFor - open.frozenFor);
  }

  /**
   * Makes the next call after a pause: a longer one where the last was refused, as those that a
   * server that is down refuses at once would soon be all that a run has.
   */
  rest(hasFailed = false): void {
    const { timeline } = this.process;
    const pause = this.plan.pause + (hasFailed ? AFTER_FAILURE : 0);
    const wait = pause === 0 ? 0 : this.random.below(pause);
    timeline.at(timeline.now + wait, this.process, () => this.#next());
  }

  /** Its process was killed. */
  abandon(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    this.#tell(open, undefined, null, true);
    this.doubt(open);
  }

  protected checkError(open: Open, error: unknown): void {
    if (this.isExpected(error)) return;
    this.stage.judge.fail(`${show(open)} ended with ${nameOf(error)}`);
  }

  /** What each call has. @param timeout Milliseconds. */
  protected begin(timeout: number): Pick<Open, 'number' | 'start' | 'timeout' | 'frozenFor'> {
    const { timeline, frozenFor } = this.process;
    const number = ++this.stage.lastCall;
    return { number, start: timeline.now, timeout: timeout * 1000, frozenFor };
  }

  /** A signal that is aborted at some time, for some of the calls. */
  protected signal(): { signal?: AbortSignalLike } {
    if (!this.random.chance(this.plan.aborts)) return {};
    const { timeline } = this.process;
    const signal = new Signal();
    const wait = this.random.below(2 * this.stage.swarm.conditions.latency + 1000);
    timeline.at(timeline.now + wait, this.process, () => signal.abort());
    return { signal };
  }

  #next(): void {
    const { stage, process } = this;
    if (stage.callsLeft <= 0) return;
    const open = this.prepare();
    const { number, kind, items } = open;
    stage.callsLeft--;
    stage.judge.commands += items.length;
    this.#open = open;
    const { timeline } = process;
    timeline.note(items[0]!.id, () => `${process.name} calls ${show(open)}`);
    timeline.onEvent?.({ type: 'call', call: { number, client: process.name, kind, items } });
    this.run(open).then(
      (result) => this.#end(open, result, null),
      (error: unknown) => this.#end(open, undefined, error),
    );
  }

  #end(open: Open, result: unknown, error: unknown): void {
    const { judge } = this.stage;
    // Killed, and only its promises go on.
    if (this.#open !== open) return;
    const { timeline } = this.process;
    timeline.note(error === null ? 1 : 2, () => `${show(open)} ended with ${shown(result, error)}`);
    this.#tell(open, result, error, false);
    if (this.lateness > TOLERANCE) {
      judge.fail(`${show(open)} ended ${this.lateness / 1000} ms after its deadline`);
    }
    this.#open = null;
    if (error === null) this.succeeded(open, result);
    else {
      judge.failures++;
      this.checkError(open, error);
      if (error instanceof MemcacheError) this.failed(open, error);
    }
    this.rest(error !== null);
  }

  #tell({ number }: Open, result: unknown, error: unknown, isAbandoned: boolean): void {
    this.process.timeline.onEvent?.({ type: 'ended', call: number, result, error, isAbandoned });
  }
}

/** A call, for people. */
export function show({ kind, items, start }: OpenCall): string {
  const names = items.map(({ register, id }) => id === 0 ? register : `${register} #${id}`);
  return `${kind} ${names.join(' ')} of ${start / 1000}`;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'what is no error';
}

function shown(result: unknown, error: unknown): string {
  if (error instanceof MemcacheError) return `${error.name} ${error.code} ${error.outcome}`;
  return error instanceof Error ? error.message : String(result);
}

/** A signal without the cost of the runtime's. */
class Signal implements AbortSignalLike {
  aborted = false;
  readonly reason: Error = new Error('the caller gave up');
  readonly #listeners: Set<() => void> = new Set();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }
}
