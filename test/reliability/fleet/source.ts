// What caches stand before: values with versions, and the laws that a cache in front of them keeps.
//
// 1. While an item and its server are there, nobody loads under the lease of another.
// 2. Once an invalidation, a deletion or a `put` has resolved, no fetch that begins later gets a
//    value of before as a fresh one; after a deletion or a `put` not as an old one either.
// 3. Each value was the source's, of that key.
import type { AbortSignalLike } from '../../../core/io/transport.ts';
import type { Judge } from './judge.ts';
import { registerOf } from './register.ts';
import type { CachePlan } from './swarm.ts';
import type { Process } from './timeline.ts';

/** How somebody tells the cache that a value has changed. */
export type ChangeKind = 'invalidate' | 'put' | 'remove';

/** The versions that a value must have at least: a fresh one, and an old one. */
export interface Floor {
  readonly fresh: number;
  readonly old: number;
}

/** What a loader was granted. Times are in microseconds. */
interface Lease {
  readonly process: Process;
  /** Once it is aborted the lease is given up. */
  readonly signal: AbortSignalLike;
  readonly start: number;
  readonly frozenFor: number;
}

/** A value of the source, which a cache keeps on a server. */
export class Original {
  /** `c1@0`: the key, and the index of the server. */
  readonly name: string;
  /** Whether somebody is changing it: changes that are side by side have no order. */
  isChanging = false;
  readonly #judge: Judge;
  #version = 0;
  #fresh = 0;
  #old = 0;
  // The version of a `put` of unknown outcome, which may be done at any time.
  #late = Infinity;
  #lease: Lease | null = null;
  // When it was last changed or lost: a lease of before may still be on its way to its loader.
  #endedAt = -Infinity;
  // An empty item that was invalidated ends with the grace, and with it the lease of who fills it.
  #graceEnd = -Infinity;
  // Changes of unknown outcome may end a lease at any time.
  #hasDoubts = false;

  constructor(name: string, judge: Judge) {
    this.name = name;
    this.#judge = judge;
  }

  /** What it is now. */
  get text(): string {
    return `${this.name}=${this.#version}`;
  }

  get floor(): Floor {
    return { fresh: Math.min(this.#fresh, this.#late), old: Math.min(this.#old, this.#late) };
  }

  /** It changes, and the cache is going to be told. @returns Its version. */
  change(): number {
    this.isChanging = true;
    this.#lease = null;
    return ++this.#version;
  }

  /** The cache has been told. @param grace In seconds. */
  told(kind: ChangeKind, version: number, now: number, grace: number): void {
    this.isChanging = false;
    this.lost(now);
    // The clock of a server ticks in seconds.
    if (kind === 'invalidate') this.#graceEnd = now + (grace + 1) * 1_000_000;
    this.#fresh = version;
    if (kind !== 'invalidate') this.#old = version;
  }

  /** The cache may have been told, or may be told yet. */
  doubt(kind: ChangeKind, version: number): void {
    this.isChanging = false;
    this.#hasDoubts = true;
    if (kind === 'put') this.#late = Math.min(this.#late, version);
  }

  /** The item has gone, and its lease with it. */
  lost(now: number): void {
    this.#lease = null;
    this.#endedAt = now;
  }

  /** A load begins. @param least Microseconds that a lease is held at least. */
  load(process: Process, signal: AbortSignalLike, isCold: boolean, least: number): void {
    const { timeline, frozenFor } = process;
    const before = this.#lease;
    const isNew = timeline.now - Math.max(this.#endedAt, this.#graceEnd) > ON_ITS_WAY + frozenFor;
    // The lease of an old value ends with the item, whenever that is.
    this.#lease = isCold && isNew ? { process, signal, start: timeline.now, frozenFor } : null;
    if (before === null || before.signal.aborted || this.#hasDoubts || this.isChanging) return;
    const stopped = before.process.frozenFor - before.frozenFor;
    if (timeline.now >= before.start + least - stopped) return;
    const names = `${process.name} and ${before.process.name}, since ${before.start / 1000}`;
    this.#judge.fail(`${this.name} is loaded by ${names}, under one lease`);
  }

  /** A load has ended, well or not. */
  loaded(signal: AbortSignalLike): void {
    if (this.#lease?.signal === signal) this.#lease = null;
  }

  /** A fetch has ended with a value. */
  fetched(value: unknown, isFresh: boolean, floor: Floor, what: string): void {
    const found = typeof value === 'string' ? /^(.*)=(\d+)$/.exec(value) : null;
    const version = Number(found?.[2]);
    if (found?.[1] !== this.name || version > this.#version) {
      this.#judge.fail(`${what} ended with ${JSON.stringify(value)}`);
      return;
    }
    const least = isFresh ? floor.fresh : floor.old;
    if (version >= least) return;
    this.#judge.fail(`${what} ended with version ${version}, ${least} at least was due`);
  }
}

/** Microseconds that a reply is on its way at most, to a process that is not stopped. */
const ON_ITS_WAY = 2_000_000;

/** The source of all caches of a run. */
export class Source {
  readonly plan: CachePlan;
  readonly #judge: Judge;
  readonly #originals: Map<string, Original> = new Map();

  constructor(plan: CachePlan, judge: Judge) {
    this.plan = plan;
    this.#judge = judge;
  }

  /** The original of an item. */
  of(key: string, server: number): Original {
    const name = registerOf(key, server);
    let original = this.#originals.get(name);
    if (original === undefined) {
      this.#originals.set(name, original = new Original(name, this.#judge));
    }
    return original;
  }

  /** A server has lost an item; null: all. */
  onLost(key: string | null, server: number, now: number): void {
    if (key !== null) return this.#originals.get(registerOf(baseOf(key), server))?.lost(now);
    const end = registerOf('', server);
    for (const [name, original] of this.#originals) if (name.endsWith(end)) original.lost(now);
  }
}

// Without meta commands there is a second item, which says whether the first is fresh.
function baseOf(key: string): string {
  return key.replace(/~fresh$/, '');
}
