// The state that the sessions of one server share.
import type { Clock } from '../io/clock.ts';
import { ConnectionMemory } from '../wire/connection-memory.ts';
import { assertArgument, checkKnown, checkObject } from '../wire/check.ts';
import { type ServerOptions, serverOptions } from './options.ts';
import { PlainRequests } from './plain-requests.ts';
import { PrefixStats } from './prefix-stats.ts';
import { Store } from './store.ts';
import { Watchers } from './watchers.ts';
import { type Optional, withDefaults } from '../wire/options.ts';

const names: ReadonlySet<string> = /* @__PURE__ */ new Set(Object.keys(serverOptions));

/** The facts that `stats conns` shows of a connection. */
export interface ConnectionFacts {
  readonly id: number;
  /** `tcp:127.0.0.1:40000`, `unix:/path`, `memory`. */
  readonly address: string;
  /** When its last request came, in monotonic milliseconds. */
  lastCommand: number;
}

/** The state that the sessions of one server share. */
export class Engine {
  readonly options: ServerOptions;
  readonly clock: Clock;
  readonly store: Store;
  readonly watchers: Watchers;
  readonly prefixes: PrefixStats;
  readonly plain: PlainRequests;
  readonly connectionMemory: ConnectionMemory = new ConnectionMemory();
  readonly connections: Set<ConnectionFacts> = new Set();
  /** The limit of memory in bytes, as `cache_memlimit` may have changed it. */
  memory: number;
  verbosity = 0;
  detail = false;
  crawler = true;
  crawlerSleep = 100;
  crawlerTocrawl = 0;
  /** Called for `shutdown`, where that is allowed. */
  onShutdown: (graceful: boolean) => void = () => {};

  constructor(options: Optional<ServerOptions>, clock: Clock) {
    checkObject('options', options);
    checkKnown('options', options, names);
    this.options = withDefaults(serverOptions, options);
    // With 0 a connection would wait for ever.
    assertArgument(this.options.requestsPerEvent >= 1, 'requestsPerEvent', 'must be 1 or more');
    this.clock = clock;
    this.memory = this.options.memory;
    this.store = new Store(this.options, clock.now(), clock.elapsed());
    this.store.trackSizes(this.options.trackSizes);
    this.watchers = new Watchers(this.store, () => clock.now());
    this.prefixes = new PrefixStats(this.options.prefixDelimiter);
    this.plain = new PlainRequests(this.connectionMemory.plain, this.store);
  }
}
