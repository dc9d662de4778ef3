// Suites in which the stores serve the libraries that they are for, on a real memcached.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../../../transport-node/mod.ts';
import { type Suite, suite } from '../../../test/runner/suite.ts';
import {
  findProgram,
  type RunningMemcached,
  startMemcached,
} from '../../../test/support/memcached.ts';

const program = findProgram('memcached');
const hasHosts = existsSync(join(import.meta.dirname, '../node_modules/keyv'));

/** What a suite runs on. */
export interface Host {
  /** Adds a test. */
  readonly add: Suite;
  /** A client of the memcached; to be called in tests. */
  readonly client: () => Client;
  /** The port of the memcached. */
  readonly port: () => number;
  /** A client of a server that is down. */
  readonly down: () => Client;
}

/**
 * Makes a suite on a memcached of its own, or one that says what is missing.
 *
 * @param register Imports the library, and adds the tests.
 */
export async function hostSuite(
  name: string,
  register: (host: Host) => Promise<void>,
): Promise<void> {
  const all = suite(name);
  if (program === null || !hasHosts) {
    all.skip(`${name} (needs ${hasHosts ? 'memcached' : 'npm ci --prefix package/users'})`);
    all.run();
    return;
  }
  let memcached: RunningMemcached;
  const clients: Client[] = [];
  const keep = (client: Client): Client => {
    clients.push(client);
    return client;
  };
  let shared: Client | undefined;
  all.before(async () => {
    memcached = await startMemcached(program);
  });
  all.after(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await memcached.stop();
  });
  await register({
    add: all,
    client: () => shared ??= keep(new Client(memcached.endpoint)),
    port: () => 'port' in memcached.endpoint ? memcached.endpoint.port : 0,
    down: () => keep(new Client({ host: '127.0.0.1', port: 1 })),
  });
  all.run();
}
