// The options of an embedded memcached, with their defaults.
import type { ClusterConfig } from '../wire/cluster-config.ts';
import { type CacheOptions, cacheOptions } from './store.ts';

/** The options of an embedded memcached; the letters are those of memcached's command line. */
export interface ServerOptions extends CacheOptions {
  /** `-c`: the maximum number of connections; further ones get an error and are closed. */
  readonly maxConnections: number;
  /**
   * `-R`: how many requests of one connection are executed before others have their turn, 1 or more.
   * memcached's default is 20; here a turn costs as much as dozens of requests.
   */
  readonly requestsPerEvent: number;
  /** `-F` turns it off. */
  readonly allowFlush: boolean;
  /** `-A` turns it on. */
  readonly allowShutdown: boolean;
  /** `-X` turns it off: `stats cachedump` and the dumps of the LRU crawler. */
  readonly allowDump: boolean;
  /** `-W` turns it off. */
  readonly allowWatch: boolean;
  /** `-Y`: user names and their passwords; with them every client must log in first. */
  readonly credentials: ReadonlyMap<string, string> | null;
  /** `-o idle_timeout`: seconds without a request after which a connection is closed; 0 for never. */
  readonly idleTimeout: number;
  /** `-o track_sizes`: count the sizes of items for `stats sizes`. */
  readonly trackSizes: boolean;
  /** `-D`: the character that ends the prefix of a key in `stats detail`. */
  readonly prefixDelimiter: string;
  /** The answer to `version`. */
  readonly version: string;
  /** More settings for `stats settings`, by its names: `tcpport`, `domain_socket`. */
  readonly settings: Readonly<Record<string, string>>;
  /** The process for `stats`: its id, and the seconds of CPU that it has used. */
  readonly processFacts: () => {
    readonly pid: number;
    readonly user: number;
    readonly system: number;
  };
  /**
   * Called for `refresh_certs`; returns null when it worked, else the error to answer. Null without
   * TLS.
   */
  readonly refreshCertificates: (() => string | null) | null;
  /**
   * Returns the answer to `config get cluster`, and is called each time. It makes the server the
   * configuration endpoint of a managed cluster. Null: `ERROR`, as in memcached.
   */
  readonly cluster: (() => ClusterConfig) | null;
}

/**
 * The version of memcached that the embedded server follows, in every byte that the protocol fixes.
 * From later versions it has the flag C of mg, and discards the value of a refused line. It has no
 * suffix, since some clients only parse digits here.
 */
export const SERVER_VERSION = '1.6.39';

/** The options of a `Server` by default. */
export const serverOptions: ServerOptions = {
  ...cacheOptions,
  maxConnections: 1024,
  requestsPerEvent: 1024,
  allowFlush: true,
  allowShutdown: false,
  allowDump: true,
  allowWatch: true,
  credentials: null,
  idleTimeout: 0,
  trackSizes: false,
  prefixDelimiter: ':',
  version: SERVER_VERSION,
  settings: {},
  processFacts: () => ({ pid: 0, user: 0, system: 0 }),
  refreshCertificates: null,
  cluster: null,
};
