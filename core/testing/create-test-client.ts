import type { ClientOptions } from '../client/options.ts';
import { Client } from '../client/server-client.ts';
import { assertArgument, checkObject } from '../wire/check.ts';
import type { VirtualClock } from '../io/clock.ts';
import { TestServer } from './test-server.ts';

/** The options of `createTestClient`. */
export interface TestClientOptions extends Omit<ClientOptions, 'dial' | 'clock'> {
  /** The server, if several clients are to share one; by default a new one. */
  readonly server?: TestServer | undefined;
}

/** A client, its server, and their clock. */
export interface TestClient {
  /** The client, connected with its first call. */
  readonly client: Client;
  /** The server, which can be made slow, full or unreachable. */
  readonly server: TestServer;
  /** The clock of both: items expire and calls time out only when it is advanced. */
  readonly clock: VirtualClock;
}

/**
 * The real client on a memcached in memory.
 *
 * @param options The options of `Client`. By default it reconnects at once after a failure, since the
 * clock does not advance by itself.
 * @throws UsageError when an option breaks a rule.
 */
export function createTestClient(options: TestClientOptions = {}): TestClient {
  checkObject('options', options);
  for (const name of ['clock', 'dial']) {
    assertArgument(
      !(name in options),
      name,
      'is that of the server: give new TestServer(options, clock)',
    );
  }
  const { server = new TestServer(), ...rest } = options;
  const { clock, dial } = server;
  // It must be positive, and is too short to advance a clock.
  const reconnectDelay = Number.MIN_VALUE;
  const client = new Client('localhost', {
    ...rest,
    reconnectDelay: rest.reconnectDelay ?? reconnectDelay,
    clock,
    dial,
  });
  return { client, server, clock };
}
