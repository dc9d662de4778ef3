// A caller of a cache: fetches values, and changes them in the source.
import type { Random } from '../../../conformance/random.ts';
import type { Cache } from '../../../core/client/cache/cache.ts';
import type { FetchEnd } from '../../../core/client/cache/fetch-end.ts';
import type { LoadContext } from '../../../core/client/cache/policy.ts';
import type { ItemKey } from '../../../core/client/keys.ts';
import type { Memcache } from '../../../core/client/memcache.ts';
import type { MemcacheError } from '../../../core/wire/errors.ts';
import { freshOutcomes } from '../../support/cache-outcomes.ts';
import { Calls, type OpenCall, show, type Stage } from './calls.ts';
import type { ChangeKind, Floor, Original, Source } from './source.ts';
import type { ClientPlan } from './swarm.ts';
import type { Process } from './timeline.ts';

/** What a loader throws. */
class SourceError extends Error {}

/** The callers of a process share its cache. */
export class SharedCache {
  readonly source: Source;
  readonly cache: Cache<string, string>;
  /** How the fetches of the call that begins now have ended, by their keys. */
  outcomes: Map<string, FetchEnd['outcome']> = new Map();
  readonly #process: Process;
  readonly #random: Random;
  readonly #serverOf: (key: string) => number;

  constructor(
    source: Source,
    process: Process,
    client: Memcache,
    serverOf: (key: string) => number,
    random: Random,
  ) {
    this.source = source;
    this.#process = process;
    this.#random = random;
    this.#serverOf = serverOf;
    const { ttl, grace, refreshAhead, lease, wait, softTimeout } = source.plan;
    this.cache = client.cache({
      key: (id: string) => id,
      load: (id: string, context: LoadContext<string>) => this.#load(id, context),
      ...{ ttl, grace, refreshAhead, lease, wait, softTimeout },
    });
  }

  /** The option of the client that tells how a fetch has ended. */
  onFetch(key: ItemKey): (end: FetchEnd) => void {
    const { outcomes } = this;
    return ({ outcome }) => void outcomes.set(String(key), outcome);
  }

  original(key: string): Original {
    return this.source.of(key, this.#serverOf(key));
  }

  #load(id: string, { reason, signal }: LoadContext<string>): Promise<string> {
    const original = this.original(id);
    const { lease, loading, failing } = this.source.plan;
    const { timeline } = this.#process;
    timeline.note(3, () => `${this.#process.name} loads ${original.text}: ${reason}`);
    // Without a lease anybody may. The server's clock ticks in seconds, and the reply was late.
    if (reason !== 'error') {
      original.load(this.#process, signal, reason === 'cold', (lease - 3) * 1_000_000);
    }
    const value = original.text;
    const fails = this.#random.chance(failing);
    return new Promise((resolve, reject) => {
      timeline.at(timeline.now + this.#random.below(loading), this.#process, () => {
        if (reason !== 'error') original.loaded(signal);
        if (fails) reject(new SourceError('the source fails'));
        else resolve(value);
      });
    });
  }
}

/** A call to a cache. */
interface CacheCall extends OpenCall {
  readonly kind: 'fetch' | 'fetchMany' | 'peek' | ChangeKind;
  readonly originals: readonly Original[];
  readonly floors: readonly Floor[];
  readonly outcomes: Map<string, FetchEnd['outcome']>;
  /** Of a change. */
  readonly version: number;
}

/** Makes calls to a cache. */
export class CacheCaller extends Calls<CacheCall> {
  readonly #shared: SharedCache;

  constructor(
    stage: Stage,
    process: Process,
    plan: ClientPlan,
    shared: SharedCache,
    random: Random,
  ) {
    super(stage, process, plan, random);
    this.#shared = shared;
  }

  protected prepare(): CacheCall {
    const { plan } = this.#shared.source;
    const { random } = this;
    const wished = random.chance(plan.changes)
      ? random.pick(plan.puts ? changeKinds : changeKinds.slice(1))
      : random.pick(readKinds);
    const count = wished === 'fetchMany' ? 1 + random.below(8) : 1;
    const keys = [...new Set(Array.from({ length: count }, () => `c${random.below(plan.keys)}`))];
    const originals = keys.map((key) => this.#shared.original(key));
    const kind = isChange(wished) && originals[0]!.isChanging ? 'fetch' : wished;
    const version = isChange(kind) ? originals[0]!.change() : 0;
    const isFetch = kind === 'fetch' || kind === 'fetchMany';
    const { number, start, timeout, frozenFor } = this.begin(
      isFetch ? plan.timeout : this.plan.timeout,
    );
    return {
      number,
      start,
      timeout,
      frozenFor,
      kind,
      originals,
      version,
      items: keys.map((key, i) => ({ key, register: originals[i]!.name, id: version })),
      floors: originals.map(({ floor }) => floor),
      outcomes: new Map(),
    };
  }

  protected run({ kind, items, originals, timeout, outcomes }: CacheCall): Promise<unknown> {
    const { cache } = this.#shared;
    const options = { timeout: timeout / 1000, ...this.signal() };
    const { key } = items[0]!;
    this.#shared.outcomes = outcomes;
    if (this.stage.isDeaf && isChange(kind)) return Promise.resolve();
    switch (kind) {
      case 'fetch':
        return cache.fetch(key, options);
      case 'fetchMany':
        return cache.fetchMany(items.map((item) => item.key), options);
      case 'peek':
        return cache.peek(key, options);
      case 'put':
        return cache.put(key, originals[0]!.text, options);
      case 'invalidate':
      case 'remove':
        return cache[kind](key, options);
    }
  }

  protected succeeded(open: CacheCall, result: unknown): void {
    const { kind, items, originals, floors, outcomes, version } = open;
    if (isChange(kind)) {
      const { grace } = this.#shared.source.plan;
      return originals[0]!.told(kind, version, this.process.timeline.now, grace);
    }
    // Of a value that was peeked at nobody says whether it is fresh.
    if (kind === 'peek' && result === undefined) return;
    items.forEach(({ key }, i) => {
      const value: unknown = result instanceof Map ? result.get(key) : result;
      const isFresh = freshOutcomes.has(outcomes.get(key));
      originals[i]!.fetched(value, isFresh, floors[i]!, show(open));
    });
  }

  protected failed(open: CacheCall, error: MemcacheError): void {
    if (error.outcome !== 'not-sent') this.doubt(open);
    else if (isChange(open.kind)) open.originals[0]!.isChanging = false;
  }

  protected doubt({ kind, originals, version }: CacheCall): void {
    if (isChange(kind)) originals[0]!.doubt(kind, version);
  }

  protected override isExpected(error: unknown): boolean {
    return error instanceof SourceError || super.isExpected(error);
  }
}

const readKinds = ['fetch', 'fetch', 'fetch', 'fetchMany', 'peek'] as const;
const changeKinds = ['put', 'invalidate', 'remove'] as const;

function isChange(kind: CacheCall['kind']): kind is ChangeKind {
  return (changeKinds as readonly string[]).includes(kind);
}
