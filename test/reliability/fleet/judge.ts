// What a run must not do: the laws of the client, and the histories of items.
import type { Outcome } from '../../../core/wire/errors.ts';
import {
  type Call,
  checkHistory,
  describe,
  type Operation,
  TooWide,
  type Violation,
} from '../history.ts';
import { OLD_VALUE, registerOf } from './register.ts';
import type { ServerLog } from './server.ts';
import type { Timeline } from './timeline.ts';

/** What is known of a write, by its number: whether it was done. */
type Knowledge = 'yes' | 'no' | 'maybe';

/** Collects what callers and servers saw, and finds what cannot have been. */
export class Judge implements ServerLog {
  readonly violations: string[] = [];
  /** Bytes that fill up a value, by the number of its write. */
  readonly padding: Map<number, number> = new Map();
  /** The writes for which a server had no memory. */
  readonly refused: Set<number> = new Set();
  /** How many keys were asked for, or written to. */
  commands = 0;
  /** How many calls have failed. */
  failures = 0;
  /** How many items have a history that is too wide to check. */
  undecided = 0;
  /** Told of items that are lost; null: all of a server. */
  onLoss: ((key: string | null, server: number) => void) | null = null;
  readonly #timeline: Timeline;
  readonly #histories: Map<string, Operation[]> = new Map();
  readonly #knowledge: Map<number, Knowledge> = new Map();
  readonly #applied: Map<number, Applied[]> = new Map();
  // Writes that may have been done, or be done yet: the servers know.
  readonly #doubts: Map<number, Doubt> = new Map();
  readonly #deleted: Map<string, Tally> = new Map();
  readonly #emptied: Map<string, Tally> = new Map();
  readonly #touched: Map<string, Tally> = new Map();
  /** When each item was lost. */
  readonly #losses: Map<string, number[]> = new Map();
  /** When each server has lost all items. */
  readonly #crashes: Map<number, number[]> = new Map();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** A law is broken. */
  fail(law: string): void {
    this.#timeline.onEvent?.({ type: 'violation', law });
    this.violations.push(`${(this.#timeline.now / 1000).toFixed(3)} ms: ${law}`);
  }

  /** A call to an item of a server. Without an end it may have been done, or be done yet, or not. */
  record(register: string, call: Call, start: number, end: number = Infinity): void {
    const operation = { key: register, call, start: start / 1000, end: end / 1000 };
    const operations = this.#histories.get(register);
    if (operations === undefined) this.#histories.set(register, [operation]);
    else operations.push(operation);
  }

  /** What the client has said of a write: whether it was done. */
  learn(id: number, knowledge: Knowledge): void {
    this.#knowledge.set(id, knowledge);
  }

  /** The same, as errors say it. */
  learnOutcome(id: number, outcome: Outcome): void {
    // A server that has answered with an error has done nothing.
    this.learn(id, outcome === 'unknown' ? 'maybe' : 'no');
  }

  /**
   * A write may have been done, or may be done yet: when it was, and what the server answered, is
   * what the server says.
   */
  doubt(register: string, id: number, toCall: (result: unknown) => Call): void {
    this.#doubts.set(id, { register, toCall });
    this.learn(id, 'maybe');
  }

  /**
   * What a client has said of a write without a number: a delete, a touch, or a store of an empty
   * value.
   *
   * @param isSure It was done, and there was something to do; else it may have been.
   */
  count(type: 'delete' | 'empty' | 'touch', register: string, isSure: boolean): void {
    const tallies = { delete: this.#deleted, empty: this.#emptied, touch: this.#touched };
    const tally = tallyOf(tallies[type], register);
    if (isSure) tally.sure++;
    else tally.maybe++;
  }

  onApplied(id: number, result: bigint | true): void {
    this.#timeline.onEvent?.({ type: 'applied', id });
    const applied = { at: this.#timeline.now / 1000, result };
    const times = this.#applied.get(id);
    if (times === undefined) this.#applied.set(id, [applied]);
    else times.push(applied);
  }

  onRefused(id: number): void {
    this.refused.add(id);
  }

  onEmptied(key: string, server: number): void {
    tallyOf(this.#emptied, registerOf(key, server)).times.push(this.#timeline.now / 1000);
  }

  onCopied(key: string, server: number): void {
    const { now } = this.#timeline;
    this.record(registerOf(key, server), COPY, now, now);
  }

  onDeleted(key: string, server: number): void {
    tallyOf(this.#deleted, registerOf(key, server)).times.push(this.#timeline.now / 1000);
  }

  onTouched(key: string, server: number, seconds: number | null): void {
    const register = registerOf(key, server);
    const { now } = this.#timeline;
    tallyOf(this.#touched, register).times.push(now / 1000);
    // What was not known to callers is known here, to the moment.
    if (seconds === null) return;
    this.record(register, { type: 'touch', expire: seconds, result: true }, now, now);
  }

  onLost(key: string | null, server: number): void {
    this.#timeline.onEvent?.({ type: 'lost', key, server });
    this.onLoss?.(key, server);
    const now = this.#timeline.now / 1000;
    if (key !== null) {
      const register = registerOf(key, server);
      const losses = this.#losses.get(register);
      if (losses === undefined) this.#losses.set(register, [now]);
      else losses.push(now);
      return;
    }
    const crashes = this.#crashes.get(server);
    if (crashes === undefined) this.#crashes.set(server, [now]);
    else crashes.push(now);
  }

  onSmuggled(server: number): void {
    this.fail(`server ${server} was sent a value in a command that it does not know`);
  }

  /** Checks all that can be checked only when the run is over. */
  finish(): void {
    this.#checkOutcomes();
    this.#checkCounts(this.#deleted, 'deleted');
    this.#checkCounts(this.#emptied, 'emptied');
    // A read that finds an empty value asks again, and touches twice.
    for (const tally of this.#touched.values()) tally.maybe = Infinity;
    this.#checkCounts(this.#touched, 'touched');
    this.#addTruth();
    for (const [register, operations] of this.#histories) {
      const server = Number(register.slice(register.lastIndexOf('@') + 1));
      const losses = [...this.#crashes.get(server) ?? [], ...this.#losses.get(register) ?? []];
      for (const at of losses) {
        operations.push({ key: register, call: LOSE, start: at, end: at });
      }
      const violation = this.#check(operations);
      if (violation !== null) this.violations.push(describe(violation));
      this.#timeline.onEvent?.({ type: 'history', register, operations, violation });
    }
  }

  #check(operations: readonly Operation[]): Violation | null {
    try {
      return checkHistory(operations)[0] ?? null;
    } catch (error) {
      if (!(error instanceof TooWide)) throw error;
      this.undecided++;
      return null;
    }
  }

  // What was not known to callers is known to servers, to the moment: so no call is left open, of
  // which many would cost more than can be had.
  #addTruth(): void {
    for (const [id, { register, toCall }] of this.#doubts) {
      for (const { at, result } of this.#applied.get(id) ?? []) {
        this.record(register, toCall(result), at * 1000, at * 1000);
      }
    }
    for (const [register, { times }] of this.#emptied) {
      for (const at of times) this.record(register, EMPTY, at * 1000, at * 1000);
    }
    for (const [register, { times, maybe }] of this.#deleted) {
      if (maybe === 0) continue;
      for (const at of times) this.record(register, LOSE, at * 1000, at * 1000);
    }
  }

  #checkOutcomes(): void {
    for (const [id, knowledge] of this.#knowledge) {
      const times = this.#applied.get(id)?.length ?? 0;
      if (knowledge === 'yes' && times !== 1) {
        this.fail(`write ${id} was done ${times} times, and its call says that it was done`);
      }
      if (knowledge === 'no' && times > 0) {
        this.fail(`write ${id} was done ${times} times, and its call says that it was not`);
      }
    }
  }

  // Of each item as many are done as calls say, and no more than may be.
  #checkCounts(tallies: ReadonlyMap<string, Tally>, done: string): void {
    for (const [register, { sure, maybe, times }] of tallies) {
      if (times.length >= sure && times.length <= sure + maybe) continue;
      const said = `calls say ${sure} to ${sure + maybe}`;
      this.fail(`${register} was ${done} ${times.length} times, and ${said}`);
    }
  }
}

interface Doubt {
  readonly register: string;
  readonly toCall: (result: unknown) => Call;
}

/** A write as its server did it. */
interface Applied {
  /** Milliseconds. */
  readonly at: number;
  readonly result: bigint | true;
}

/** Writes to an item that have no number. */
interface Tally {
  /** How many were done, and how many more may have been, as calls say. */
  sure: number;
  maybe: number;
  /** When they were done, in milliseconds. */
  readonly times: number[];
}

function tallyOf(tallies: Map<string, Tally>, register: string): Tally {
  let tally = tallies.get(register);
  if (tally === undefined) tallies.set(register, tally = { sure: 0, maybe: 0, times: [] });
  return tally;
}

const EMPTY: Call = { type: 'set', value: '' };
const COPY: Call = { type: 'add', value: OLD_VALUE, result: true };
const LOSE: Call = { type: 'lose' };
