// A list of servers that is looked up regularly.
import { type Clock, systemClock } from '../../../io/clock.ts';
import type { Endpoint } from '../../../io/transport.ts';
import { checkKnown, checkMilliseconds, checkObject, optionNames } from '../../../wire/check.ts';
import { ConnectionError, UsageError } from '../../../wire/errors.ts';
import { backoff } from '../../connection/timing.ts';
import { endpointName } from '../../connection/endpoint.ts';
import { callListener } from '../../connection/observe.ts';
import type { Given } from '../../../wire/options.ts';

/** The options of every discovery. */
export interface DiscoveryOptions {
  /**
   * Milliseconds from one lookup to the next, shortened at random by up to half; 60 000 by default.
   */
  readonly interval?: number | undefined;
  /**
   * The permitted servers: hosts, domains with a leading dot (`.example.com`), or a function that
   * decides for each. A list with any other server is refused as a whole. By default all are
   * permitted.
   */
  readonly allow?: (readonly string[] | ((server: Endpoint) => boolean)) | undefined;
  /** Called with the error of each lookup in the background. The servers stay the same. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** A number from 0 to 1, for jitter; the client's `random`, or `Math.random`, by default. */
  readonly random?: (() => number) | undefined;
  /** The source of time. */
  readonly clock?: Clock | undefined;
}

const names = /* @__PURE__ */ optionNames<DiscoveryOptions>({
  interval: true,
  allow: true,
  onError: true,
  random: true,
  clock: true,
});

/**
 * @param more The name of an additional option of this discovery.
 * @throws UsageError naming an option that is unknown.
 */
export function checkDiscovery(options: DiscoveryOptions, more?: string): void {
  checkObject('options', options);
  checkKnown('options', options, more === undefined ? names : new Set([...names, more]));
}

/** The result of a lookup. */
export interface FoundServers {
  /** Where they are. */
  readonly servers: readonly Endpoint[];
  /** The version of the list: a lower one is older. Absent if lists have no versions. */
  readonly version?: number | undefined;
}

/**
 * How many lookups in a row have to find the same older list until it is believed: one more than a
 * lagging server is likely to give, and few enough for a cluster that was created again.
 */
const OLDER_LOOKS = 3;

/** Milliseconds until the next lookup after a failed one; doubled up to the interval. */
const RETRY_DELAY = 1000;

/**
 * The servers of a cluster, looked up regularly: from the first call of `servers` until `close`.
 */
export class Discovery {
  readonly #lookUp: () => Promise<FoundServers>;
  readonly #options: Given<Omit<DiscoveryOptions, 'onError'>> & Pick<DiscoveryOptions, 'onError'>;
  readonly #listeners: Set<(servers: readonly Endpoint[]) => void> = new Set();
  readonly #judges: Set<() => boolean> = new Set();
  #found: FoundServers | null = null;
  // A list with a lower version than that, and in how many lookups in a row it was found.
  #older: { readonly found: FoundServers; readonly looks: number } | null = null;
  #looking: Promise<readonly Endpoint[]> | null = null;
  #failures = 0;
  #cancel: () => void = () => {};
  #closed = false;

  /**
   * Looks up servers by a function.
   *
   * @throws UsageError naming the option that breaks a rule.
   */
  constructor(lookUp: () => Promise<FoundServers>, options: DiscoveryOptions = {}) {
    checkDiscovery(options);
    const { interval = 60_000, allow = () => true } = options;
    const { random = Math.random, clock = systemClock } = options;
    checkMilliseconds('interval', interval);
    const isList = Array.isArray(allow) && allow.every((host) => typeof host === 'string');
    if (!isList && typeof allow !== 'function') {
      throw new UsageError('allow', 'must be a list of hosts, or a function of an endpoint');
    }
    this.#lookUp = lookUp;
    this.#options = { ...options, interval, allow, random, clock };
  }

  /**
   * The servers of the latest list.
   *
   * @throws MemcacheError The error of the first lookup.
   */
  async servers(): Promise<readonly Endpoint[]> {
    return this.#found?.servers ?? await this.refresh();
  }

  /**
   * Starts a lookup at once, for instance because a server is unreachable. Concurrent calls share it.
   */
  refresh(): Promise<readonly Endpoint[]> {
    if (this.#closed) {
      const message = 'the discovery is closed';
      return Promise.reject(new ConnectionError(message, 'not-sent', undefined, 'closed'));
    }
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /**
   * Calls a function with the servers whenever they have changed, and with the first list.
   *
   * @returns A function that removes the callback.
   */
  onChange(listener: (servers: readonly Endpoint[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Registers a function that is called when a list has a lower version than the last one. If every
   * such function reports that the servers of the last list are all unreachable, the cluster was
   * recreated, and the list is accepted at once; else after three lookups in a row have found it.
   *
   * @param isLost Whether the caller can reach none of the servers.
   * @returns A function that removes the callback.
   */
  onOlder(isLost: () => boolean): () => void {
    this.#judges.add(isLost);
    return () => this.#judges.delete(isLost);
  }

  /** Ends the lookups; no callback is called any more. */
  close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    return Promise.resolve();
  }

  async #look(): Promise<readonly Endpoint[]> {
    const { interval, clock, random } = this.#options;
    this.#cancel();
    try {
      const servers = this.#take(await this.#lookUp());
      this.#failures = 0;
      return servers;
    } catch (error) {
      this.#failures++;
      throw error;
    } finally {
      const first = this.#failures === 0 ? interval : Math.min(RETRY_DELAY, interval);
      const wait = backoff(Math.max(1, this.#failures), first, interval, random);
      if (!this.#closed) this.#cancel = clock.after(wait, () => void this.#again());
    }
  }

  async #again(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      if (this.#closed) return;
      callListener(() => this.#options.onError?.(error as Error));
    }
  }

  #take(found: FoundServers): readonly Endpoint[] {
    const { servers } = found;
    const before = this.#found;
    if (before !== null && this.#lags(found, before)) return before.servers;
    for (const server of servers) {
      if (!this.#isAllowed(server)) {
        const name = endpointName(server);
        throw new ConnectionError(`the list names ${name}, which is not allowed`, 'done');
      }
    }
    this.#found = found;
    const isSame = before !== null && sameNames(before.servers, servers);
    if (isSame || this.#closed) return servers;
    for (const listener of this.#listeners) callListener(() => listener(servers));
    return servers;
  }

  // Whether a list comes from a server that has not learned of the last change.
  #lags(found: FoundServers, before: FoundServers): boolean {
    const { version = Infinity } = found;
    if (before.version === undefined || version >= before.version) {
      this.#older = null;
      return false;
    }
    const seen = this.#older;
    const again = seen !== null && seen.found.version === version &&
      sameNames(seen.found.servers, found.servers);
    const looks = again ? seen.looks + 1 : 1;
    this.#older = { found, looks };
    const judges = [...this.#judges];
    const isLost = judges.length > 0 && judges.every((judge) => judge());
    return looks < OLDER_LOOKS && !isLost;
  }

  #isAllowed(server: Endpoint): boolean {
    const { allow } = this.#options;
    if (typeof allow === 'function') return allow(server);
    if ('path' in server) return false;
    const host = server.host.toLowerCase();
    return allow.some((name) => {
      const wanted = name.toLowerCase();
      return wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted;
    });
  }
}

function sameNames(some: readonly Endpoint[], others: readonly Endpoint[]): boolean {
  const names = others.map(endpointName);
  return some.length === names.length && some.every((one, i) => endpointName(one) === names[i]);
}
