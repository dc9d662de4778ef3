// The laws of a cache, judged while a stage is played.
//
// 1. At most one load begins under each lease, for as long as its server is up.
// 2. After an invalidation, a deletion or a `put` has resolved, no fetch that began later gets a
//    value of before as a fresh one, and none is stored; after a deletion or a `put` it does not get
//    one as an old one either.
// 3. Every call ends, with a value of the source or an error that it may have; no placeholder is
//    ever a value; nothing is left when all has ended.
import type { Reply } from '../../../core/wire/reply.ts';
import type { Host } from '../../support/cache-host.ts';
import { freshOutcomes } from '../../support/cache-outcomes.ts';
import {
  type Held,
  type Load,
  type Stage,
  type StageCall,
  type StageListener,
} from '../../support/cache-stage.ts';

/** The versions that a value must have at least: a fresh one, and an old one. */
interface Floor {
  readonly fresh: number;
  readonly old: number;
}

/** The load under the lease of now. */
interface Leased {
  readonly load: Load;
  readonly start: number;
  readonly end: number;
  readonly host: Host;
}

export class Laws implements StageListener {
  readonly violations: string[] = [];
  readonly #stage: Stage;
  #floor: Floor = { fresh: 0, old: 0 };
  readonly #floors: Map<StageCall, Floor> = new Map();
  #leased: Leased | null = null;
  // The server that has replied last: it has granted the lease of a load that begins now.
  #granting: Host | null = null;

  constructor(stage: Stage) {
    this.#stage = stage;
    stage.listener = this;
  }

  /** What of the past can still matter, in words. */
  get text(): string {
    const leased = this.#leased === null ? '' : `${this.#leased.start}`;
    const floors = [this.#floor, ...this.#floors.values()];
    return `${leased} ${floors.map(({ fresh, old }) => `${fresh}.${old}`).join(' ')}`;
  }

  /** To be called with each call that has begun. */
  began(call: StageCall): void {
    if (!call.isOver) this.#floors.set(call, this.#floor);
  }

  onLoad(load: Load): void {
    // Without a lease.
    if (load.context.reason === 'error') return;
    const { lease = 10 } = this.#stage.options.policy;
    const before = this.#leased;
    const host = this.#granting ?? this.#stage.hosts[0]!;
    const { start } = load;
    if (before?.host === host && start < before.end) {
      const times = `${before.start % 1e6} and ${start % 1e6}`;
      this.violations.push(`law 1: two loads under one lease, at ${times}`);
    }
    // The lease of an old value ends with the item.
    const isOld = host.hasValue || host.isStale;
    const end = Math.min(start + lease * 1000, isOld ? host.end : Infinity);
    this.#leased = { load, start, end, host };
  }

  onLoadEnd(load: Load): void {
    if (this.#leased?.load === load) this.#leased = null;
  }

  onLoss(): void {
    this.#leased = null;
  }

  onMove(): void {
    this.#leased = null;
  }

  onServed(held: Held, reply: Reply): void {
    const { text } = held;
    const isDone = ['HD', 'STORED', 'DELETED'].includes(reply.type);
    // A change of the item ends the lease, but not that of a takeover.
    const isTakeover = /^md I C\d+ /.test(text);
    if (isDone && /^(md|ms|set|delete|cas)/.test(text) && !isTakeover) this.#leased = null;
    this.#lowerFloor(text);
    const { host } = held.line;
    this.#granting = host;
    const version = versionOf(host.fresh);
    if (version < this.#floor.fresh && host === this.#stage.hosts[this.#stage.owner]) {
      this.violations.push(
        `law 2: v${version} is stored as fresh after v${this.#floor.fresh}: ${text}`,
      );
    }
  }

  onEnd(call: StageCall): void {
    const floor = this.#floors.get(call) ?? this.#floor;
    this.#floors.delete(call);
    if (call.kind !== 'fetch') {
      if (call.error === null) this.#raise(call);
      return;
    }
    const outcome = call.end?.outcome ?? 'none';
    if (call.error !== null) {
      const isOwn = /the source fails|no value within|aborted/.test(call.error.message);
      if (!isOwn) this.violations.push(`law 3: a fetch ended with ${String(call.error)}`);
      return;
    }
    const version = versionOf(call.value);
    if (Number.isNaN(version)) {
      this.violations.push(`law 3: a fetch ended with ${JSON.stringify(call.value)}`);
    } else {
      const least = freshOutcomes.has(outcome) ? floor.fresh : floor.old;
      if (version >= least) return;
      this.violations.push(`law 2: v${version} is returned as ${outcome} after v${least}`);
    }
  }

  /** After `Stage.finish`. */
  onFinish(): void {
    for (const call of this.#stage.calls) {
      if (!call.isOver && call.member.isAlive) {
        this.violations.push(`law 3: a call does not end: ${call.kind}`);
      }
    }
    for (const { clock, index } of this.#stage.members) {
      if (clock.timers.length > 0) this.violations.push(`law 3: client ${index} has left timers`);
    }
  }

  #raise({ kind, version }: StageCall): void {
    const { fresh, old } = this.#floor;
    this.#floor = {
      fresh: Math.max(fresh, version),
      old: kind === 'invalidate' ? old : Math.max(old, version),
    };
  }

  // Of two `put` side by side the last to arrive wins, whichever began first.
  #lowerFloor(text: string): void {
    const version = versionOf(/^(?:ms [^C]*|set \d+) (v\d+) k$/.exec(text)?.[1]);
    const isPut = this.#stage.calls.some((call) => call.kind === 'put' && call.version === version);
    if (!isPut || version >= this.#floor.fresh) return;
    const lower = ({ fresh, old }: Floor): Floor => ({
      fresh: Math.min(fresh, version),
      old: Math.min(old, version),
    });
    this.#floor = lower(this.#floor);
    for (const [call, floor] of this.#floors) this.#floors.set(call, lower(floor));
  }
}

/** Infinity for none. */
function versionOf(value: unknown): number {
  if (value === undefined) return Infinity;
  const found = typeof value === 'string' ? /^v(\d+)$/.exec(value) : null;
  return found === null ? NaN : Number(found[1]);
}
