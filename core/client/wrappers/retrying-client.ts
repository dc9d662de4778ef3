import { checkObject } from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';
import { FallbackClient } from './fallback-client.ts';
import { type FaceOf, keepFace } from './hash-face.ts';
import { Memcache } from '../memcache.ts';
import { ServerClient } from '../server-client.ts';
import type { RetryOptions } from './retry-options.ts';
import { Retrying } from './retrying.ts';

class Retried extends ServerClient {
  constructor(client: Memcache, options: RetryOptions = {}) {
    if (!(client instanceof Memcache)) throw new UsageError('client', 'must be a client');
    // Its reads are more than commands that could be repeated.
    if (client instanceof FallbackClient) {
      throw new UsageError('client', 'must not be a FallbackClient: wrap each of its caches');
    }
    checkObject('options', options);
    const { clock, random = Math.random, executor, ready } = client.dependencies;
    const retrying = new Retrying(executor, { clock, random, ...options });
    super({
      ...client.dependencies,
      executor: retrying,
      ready: ready && ((options) => retrying.ready(ready, options)),
    });
    keepFace(this, client, (executor) => retrying.around(executor));
  }
}

/**
 * Any client, with its keys, values and dialect, whose commands are tried again when they fail, as
 * far as that can do no harm: see `RetryOptions`. Closing it closes the client.
 *
 * It has the methods of the client: over one of one server those of `ServerClient`, over a `HashClient`
 * all of its own, and `server(name)` is tried again likewise. As a type, `RetryingClient` is what
 * all of them have, `RetryingClient<Client>` and `RetryingClient<HashClient>` what those have.
 */
export type RetryingClient<Over extends Memcache = Memcache> = FaceOf<Over>;

interface RetryingConstructor {
  /**
   * @param client Any client but a `FallbackClient`, whose caches may each be retried.
   * @throws UsageError when an option breaks a rule.
   */
  new <Over extends Memcache>(client: Over, options?: RetryOptions): RetryingClient<Over>;
}

// The face that `keepFace` gives it is known by the type of the client alone.
export const RetryingClient: RetryingConstructor = Retried as RetryingConstructor;
