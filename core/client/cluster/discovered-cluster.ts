// A cluster whose servers a discovery finds.
import type { Clock } from '../../io/clock.ts';
import type { Endpoint, TlsOptions } from '../../io/transport.ts';
import type { Command } from '../../wire/command.ts';
import {
  AbortError,
  ConnectionError,
  type MemcacheError,
  TimeoutError,
} from '../../wire/errors.ts';
import type { Reply } from '../../wire/reply.ts';
import { AbortListeners } from '../connection/abort-listeners.ts';
import { Alarm, Deadline } from '../connection/timing.ts';
import type { Cluster } from './cluster.ts';
import { resolveServer } from './cluster-server.ts';
import type { Discovery } from './discovery/discovery.ts';
import {
  checkExecuteOptions,
  closedError,
  type ExecuteOptions,
  type Executor,
  type Reader,
  refused,
} from '../connection/executor.ts';
import type { ItemKey } from '../keys.ts';
import type { CallOptions } from '../options.ts';

export interface DiscoveredClusterOptions {
  readonly clock: Clock;
  /** Milliseconds that a command without a `timeout` waits for the first list. */
  readonly timeout: number;
  /** The TLS options of servers for which the discovery has none. */
  readonly tls: TlsOptions | undefined;
}

/**
 * A cluster of the servers that a discovery finds. The first command starts the lookup, and waits for
 * the list within its timeout; from then on the cluster follows the latest list.
 */
export class DiscoveredCluster implements Executor {
  readonly #cluster: Cluster;
  readonly #discovery: Discovery;
  readonly #options: DiscoveredClusterOptions;
  // Calls that wait for the first list.
  readonly #waits: Set<Promise<void>> = new Set();
  readonly #aborts = new AbortListeners();
  #isKnown = false;
  #closed = false;

  /** @param cluster It has no servers yet. */
  constructor(cluster: Cluster, discovery: Discovery, options: DiscoveredClusterOptions) {
    this.#cluster = cluster;
    this.#discovery = discovery;
    this.#options = options;
    discovery.onChange((servers) => this.#take(servers));
    discovery.onOlder(() => this.#isLost());
  }

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    if (this.#isKnown) return this.#cluster.execute(command, options);
    const waiting = this.ready(options === undefined ? {} : options);
    return waiting.then((left) => this.#cluster.execute(command, left));
  }

  /** @internal */
  executeWith<Result>(
    command: Command,
    options: ExecuteOptions | undefined,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    if (this.#isKnown) return this.#cluster.executeWith(command, options, reader, key);
    const waiting = this.ready(options === undefined ? {} : options);
    return waiting.then(
      (left) => this.#cluster.executeWith(command, left, reader, key),
      (error) => refused(reader, error),
    );
  }

  /**
   * Waits until there is a list of servers.
   *
   * @returns The options of the call, with the time that is left.
   * @throws ConnectionError, TimeoutError or AbortError, each `not-sent`; the next call starts another
   * lookup.
   */
  async ready<Options extends CallOptions>(options: Options): Promise<Options> {
    if (this.#isKnown) return options;
    checkExecuteOptions(options);
    if (this.#closed) throw closedError();
    const { signal, timeout = this.#options.timeout } = options;
    if (signal?.aborted === true) throw new AbortError('not-sent', signal.reason);
    const deadline = new Deadline(this.#options.clock, timeout);
    await this.#first(timeout, signal);
    return deadline.within(options);
  }

  /** Closes the discovery too, once the calls that wait for its first list have it or are late. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#waits);
    await Promise.all([this.#discovery.close(), this.#cluster.close()]);
  }

  // Within the caller's timeout; the lookup continues for the next call.
  #first(timeout: number, signal: CallOptions['signal']): Promise<void> {
    const { clock } = this.#options;
    let end: (error: MemcacheError) => void = () => {};
    const ended = new Promise<never>((_resolve, reject) => {
      end = reject;
    });
    const alarm = new Alarm(clock, () => {
      end(new TimeoutError(`no servers were found within ${timeout} ms`, 'not-sent'));
    });
    alarm.set(clock.elapsed() + timeout);
    const unlisten = signal && this.#aborts.add(signal, () => {
      end(new AbortError('not-sent', signal.reason));
    });
    const wait = Promise.race([this.#look(), ended]).finally(() => {
      alarm.stop();
      unlisten?.();
      this.#waits.delete(wait);
    });
    this.#waits.add(wait);
    return wait;
  }

  async #look(): Promise<void> {
    try {
      const servers = await this.#discovery.servers();
      if (!this.#isKnown) this.#take(servers);
    } catch (error) {
      // Regardless of the lookup's error, nothing of the command was sent.
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectionError(`no servers were found: ${reason}`, 'not-sent', error, 'down');
    }
  }

  #isLost(): boolean {
    const members = [...this.#cluster.members.values()];
    return this.#isKnown && members.every(({ health }) => health.state !== 'up');
  }

  #take(servers: readonly Endpoint[]): void {
    const { tls } = this.#options;
    this.#cluster.arrange(servers.map((server) => resolveServer(server, server.tls ?? tls)));
    this.#isKnown = true;
  }
}
