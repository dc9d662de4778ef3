// A proxy in front of memcached servers. It distributes the keys among them like libmemcached's ketama,
// can keep them under a prefix and refuse writes, and answers `stats` with counts of its commands.
//   npm install memwire
//   npx tsx proxy.ts --upstream A --upstream B [--listen PORT] [--read-only] [--prefix P]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { dial, listen } from 'memwire';
import {
  type Accept,
  checkKey,
  classOf,
  clientError,
  CLOSED,
  type Cluster,
  type Command,
  createCluster,
  endpointName,
  type Executor,
  keyBytes,
  MN,
  prefixCommand,
  type Reply,
  ServerLink,
  unprefixReply,
  type Verb,
} from 'memwire/core';

export interface ProxyOptions {
  /** The servers, as `host:port`. They are hashed by this name. */
  readonly upstreams: readonly string[];
  readonly readOnly: boolean;
  /** The prefix of each key on the servers; may be empty. */
  readonly prefix: string;
  /** The timeout of an upstream's reply, in milliseconds; 1000 by default. */
  readonly timeout?: number;
}

const NOT_ALLOWED = clientError('not allowed');

/** The state that all clients share. Pass its `accept` to a listener. */
export class MemcachedProxy {
  readonly options: ProxyOptions;
  readonly prefix: Uint8Array;
  /** The number of commands, by verb. */
  readonly counters: Map<Verb, number> = new Map();

  constructor(options: ProxyOptions) {
    this.options = options;
    if (options.prefix !== '') checkKey(options.prefix);
    this.prefix = keyBytes(options.prefix);
  }

  readonly accept: Accept = (transport) => {
    const client = new ProxyClient(this);
    return new ServerLink(transport, {
      // The bytes after a malformed request may be its value, so the connection ends there.
      strict: true,
      maxOwed: 256,
      answer: (command) => client.answer(command),
      onClosed: () => client.close(),
    });
  };
}

/** One client. It has its own connections, so an error on them affects no other client. */
class ProxyClient {
  readonly #proxy: MemcachedProxy;
  readonly #cluster: Cluster;

  constructor(proxy: MemcachedProxy) {
    this.#proxy = proxy;
    const { upstreams, timeout = 1000 } = proxy.options;
    // The keys of a server that is down do not move: another server might have old values of them.
    const options = { dial, timeout, scheme: 'ketama', retryAttempts: Infinity } as const;
    this.#cluster = createCluster(upstreams, options, (server) => prefixed(server, proxy.prefix));
  }

  async answer(command: Command): Promise<Reply> {
    const { counters, options } = this.#proxy;
    counters.set(command.verb, (counters.get(command.verb) ?? 0) + 1);
    if (command.verb === 'quit') return CLOSED;
    if (command.verb === 'mn') return MN;
    if (command.verb === 'stats' && command.words.length === 0) return statistics(counters);
    const kind = classOf(command);
    if (kind === 'admin' || (kind === 'write' && options.readOnly)) return NOT_ALLOWED;
    if (command.verb === 'version') return this.#cluster.execute(command, { route: 'any' });
    // `me` would reveal the key on the server.
    const isAboutItems = 'key' in command || 'keys' in command;
    return isAboutItems && command.verb !== 'me' ? this.#cluster.execute(command) : NOT_ALLOWED;
  }

  /** Commands that were sent are executed; their replies are dropped. */
  close(): void {
    void this.#cluster.close();
  }
}

/** A server whose keys all have a prefix, which its users do not see. */
function prefixed(server: Executor, prefix: Uint8Array): Executor {
  return {
    async execute(command, options) {
      const reply = await server.execute(prefixCommand(command, prefix), options);
      return unprefixReply(reply, command, prefix);
    },
    close: () => server.close(),
  };
}

function statistics(counters: ReadonlyMap<Verb, number>): Reply {
  const line = (name: string, value: string) => ({ type: 'STAT', name, value }) as const;
  const lines = [...counters].map(([verb, count]) => line(verb.replace(' ', '_'), String(count)));
  return { type: 'stats', lines };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      upstream: { type: 'string', multiple: true, default: ['localhost:11211'] },
      listen: { type: 'string', default: '11311' },
      'read-only': { type: 'boolean', default: false },
      prefix: { type: 'string', default: '' },
    },
  });
  const { upstream: upstreams, 'read-only': readOnly, prefix } = values;
  const proxy = new MemcachedProxy({ upstreams, readOnly, prefix });
  const at = { host: '127.0.0.1', port: Number(values.listen) };
  console.log(`listening on ${endpointName((await listen(at, proxy.accept)).endpoint)}`);
}
