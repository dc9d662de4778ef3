import { UsageError } from '../wire/errors.ts';
import { Memcache } from './memcache.ts';
import { OneServer } from './one-server.ts';
import type { RetryOptions } from './retry-options.ts';
import { Retrying } from './retrying.ts';

class RetryingOneServer extends OneServer {
  constructor(client: Memcache, options: RetryOptions = {}) {
    if (!(client instanceof Memcache)) throw new UsageError('client', 'must be a client');
    const { clock, random = Math.random } = client.parts;
    const executor = new Retrying(client.parts.executor, { clock, random, ...options });
    super({ ...client.parts, executor });
  }
}

/**
 * Any client, with its keys, values and dialect, whose commands are tried again when they fail, as
 * far as that can do no harm: see `RetryOptions`. Closing it closes the client.
 *
 * Over a client of one server it has the methods of `OneServer`, over one of many those of
 * `Memcache`.
 */
export const RetryingClient: {
  /** @throws UsageError when an option breaks a rule. */
  new (client: OneServer, options?: RetryOptions): OneServer;
  /** @throws UsageError when an option breaks a rule. */
  new (client: Memcache, options?: RetryOptions): Memcache;
} = RetryingOneServer;
