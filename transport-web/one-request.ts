// Binds a client to the request that it is used in, as its connections are in a Worker.
import {
  executeThenRead,
  type Executor,
  refuse,
  wholeReply,
} from '../core/client/connection/executor.ts';
import type { MemcacheDependencies, Servers } from '../core/client/operation-context.ts';
import { UsageError } from '../core/wire/errors.ts';

/**
 * Binds what a client is made of to the first request that uses it: in any other, calls reject with
 * a UsageError and nothing is sent.
 *
 * In a Worker, sockets and timers belong to the request that made them. In another one a write to
 * the socket fails, and when the first one is over no timer fires any more: without this, a call
 * might wait for ever for a connection that a request of the past began to open.
 */
export function inOneRequest(dependencies: MemcacheDependencies): MemcacheDependencies {
  const owner = new RequestOwner();
  const { executor, servers } = dependencies;
  return {
    ...dependencies,
    executor: owner.around(executor),
    servers: servers && owner.aroundServers(servers),
  };
}

interface WebSocketPair {
  readonly 0: { readonly readyState: number };
}

declare const WebSocketPair: (new () => WebSocketPair) | undefined;

const RULE = 'belongs to the request that it was used in first, as connections do in a Worker: ' +
  'make a client in each request, and close it there (await using)';

class RequestOwner {
  // A Worker is not told which request it serves. But the state of a WebSocket can only be read in
  // the request that made it, and a pair of them costs nothing but memory.
  #witness: WebSocketPair[0] | null = null;

  around(executor: Executor): Executor {
    return {
      execute: (command, options) => {
        const error = this.#refusal();
        return error === null
          ? executor.execute(command, options)
          : refuse(command, options, error, wholeReply);
      },
      executeWith: (command, options, reader, key) => {
        const error = this.#refusal();
        if (error !== null) return refuse(command, options, error, reader);
        return executor.executeWith?.(command, options, reader, key) ??
          executeThenRead(executor, command, { key, options, deadline: Infinity }, reader);
      },
      close: () => this.#unlessForeign(() => executor.close()),
    };
  }

  aroundServers(servers: Servers): Servers {
    const { executorOf, ready, remove } = servers;
    return {
      ...servers,
      executorOf: (name) => this.around(executorOf(name)),
      remove: (name) => this.#unlessForeign(() => remove(name)),
      ready: ready && ((options) => this.#unlessForeign(() => ready(options))),
    };
  }

  async #unlessForeign<Result>(call: () => Promise<Result>): Promise<Result> {
    const error = this.#refusal();
    if (error !== null) throw error;
    return await call();
  }

  #refusal(): UsageError | null {
    // Only Workers have such pairs.
    if (typeof WebSocketPair === 'undefined') return null;
    try {
      this.#witness ??= new WebSocketPair()[0];
      return this.#witness.readyState >= 0 ? null : new UsageError('client', RULE);
    } catch (cause) {
      return new UsageError('client', RULE, cause);
    }
  }
}
