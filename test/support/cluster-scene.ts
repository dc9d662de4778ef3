// A scene of a cluster with three servers.
import { Cluster, type ClusterOptions } from '../../core/client/cluster/cluster.ts';
import { resolveServer } from '../../core/client/cluster/cluster-server.ts';
import type { ExecuteOptions } from '../../core/client/connection/executor.ts';
import { Upstream } from '../../core/client/connection/upstream.ts';
import type { Endpoint } from '../../core/io/transport.ts';
import type { Command } from '../../core/wire/command.ts';
import {
  CountingClock,
  type ScriptedDial,
  ScriptedNetwork,
  type ScriptedTransport,
  settled,
  Watched,
} from './scripted.ts';

/**
 * A cluster of three servers, `a`, `b` and `c`, on a scripted network and a virtual clock. The
 * first letter of a key names its server; if that is not in the list, the key is on the next one.
 */
export class ClusterScene {
  readonly clock = new CountingClock();
  readonly network = new ScriptedNetwork();
  readonly cluster: Cluster;

  readonly #dialect: 'meta' | 'text';

  constructor(options: Partial<ClusterOptions> = {}, dialect: 'meta' | 'text' = 'text') {
    this.#dialect = dialect;
    const servers = ['a', 'b', 'c'].map((name) => resolveServer({ server: `${name}:1`, name }));
    this.cluster = new Cluster(servers, {
      // The scheme depends on the order of the list, so a server at another index changes each result.
      scheme: (nodes) => (key) => {
        const names = nodes.map(({ name }) => name);
        const own = names.findIndex((name) => name >= String(key).charAt(0));
        return own < 0 ? 0 : own;
      },
      clock: this.clock,
      random: () => 0,
      retryAttempts: 2,
      retryTimeout: 1000,
      deadTimeout: 60_000,
      connect: (endpoint, onFailure) => this.#connect(endpoint, onFailure),
      ...options,
    });
  }

  do(command: Command, options?: ExecuteOptions): Watched<unknown> {
    return new Watched(this.cluster.execute(command, options));
  }

  async pass(milliseconds: number): Promise<void> {
    await settled();
    this.clock.advance(milliseconds);
    await settled();
  }

  /** The newest dial to a server. */
  dialTo(name: string): ScriptedDial {
    const found = this.dialsTo(name).at(-1);
    if (found === undefined) throw new Error(`nobody has dialed ${name}`);
    return found;
  }

  dialsTo(name: string): ScriptedDial[] {
    return this.network.dials.filter(({ to }) => 'host' in to && to.host === name);
  }

  /** Accepts the newest dial to a server. */
  accept(name: string): Promise<ScriptedTransport> {
    return this.dialTo(name).accept();
  }

  /** Waits until a server may be tried again, makes a call to it, and refuses the dial. */
  async fail(name: string): Promise<Watched<unknown>> {
    await this.pass(1000);
    const call = this.do({ verb: 'get', keys: [name] });
    await settled();
    await this.dialTo(name).refuse();
    return call;
  }

  /** Fails a server, and each retry, until it is dead. */
  async kill(name: string): Promise<void> {
    for (let i = 0; i < 3; i++) await this.fail(name);
  }

  #connect(endpoint: Endpoint, onFailure: (cause: Error) => void): Upstream {
    return new Upstream({
      dial: this.network.dial,
      endpoint,
      dialect: this.#dialect,
      clock: this.clock,
      timeout: 5000,
      connectTimeout: 5000,
      stallAfter: 10_000,
      reconnectDelay: 25,
      maxReconnectDelay: 1000,
      random: () => 1,
      onFailure,
    });
  }
}

export const get = (...keys: string[]): Command => ({ verb: 'get', keys });
