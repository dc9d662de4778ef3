// A proxy in front of memcached servers. It shares the keys among them as libmemcached's ketama
// does, can keep them under a prefix and refuse writes, and tells `stats` what it was asked.
//   npm install memwire
//   npx tsx proxy.ts --upstream A --upstream B [--listen PORT] [--read-only] [--prefix P]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type Accept,
  checkKey,
  classOf,
  Client,
  clientError,
  CLOSED,
  type Command,
  endpointName,
  type GatCommand,
  type GetCommand,
  hashSchemes,
  type Key,
  keyBytes,
  listen,
  MN,
  prefixCommand,
  type Reply,
  SchemeHasher,
  ServerLink,
  unprefixReply,
  type ValueItem,
  type Verb,
} from 'memwire';

export interface ProxyOptions {
  /** The servers, as `host:port`. They are hashed by this name. */
  readonly upstreams: readonly string[];
  readonly readOnly: boolean;
  /** What each key starts with on the servers; may be empty. */
  readonly prefix: string;
  /** How long an upstream has for its answer, in milliseconds; 1000 by default. */
  readonly timeout?: number;
}

const NOT_ALLOWED = clientError('not allowed');

/** What all clients have in common. Give its `accept` to a listener. */
export class MemcachedProxy {
  readonly options: ProxyOptions;
  readonly prefix: Uint8Array;
  readonly hasher: SchemeHasher;
  /** How many commands came, by verb. */
  readonly counters: Map<Verb, number> = new Map();

  constructor(options: ProxyOptions) {
    this.options = options;
    if (options.prefix !== '') checkKey(options.prefix);
    this.prefix = keyBytes(options.prefix);
    this.hasher = new SchemeHasher(hashSchemes.ketama, options.upstreams.map((name) => ({ name })));
  }

  readonly accept: Accept = (transport) => {
    const client = new ProxyClient(this);
    return new ServerLink(transport, {
      // What follows a request that is no command may be a value: the connection ends there.
      strict: true,
      maxOwed: 256,
      answer: (command) => client.answer(command),
      onClosed: () => client.close(),
    });
  };
}

/** One client. Its connections are its own, so what goes wrong on them is nobody else's. */
class ProxyClient {
  readonly #proxy: MemcachedProxy;
  readonly #upstreams: ReadonlyMap<string, Client>;

  constructor(proxy: MemcachedProxy) {
    this.#proxy = proxy;
    const { upstreams, timeout = 1000 } = proxy.options;
    this.#upstreams = new Map(upstreams.map((name) => [name, new Client(name, { timeout })]));
  }

  async answer(command: Command): Promise<Reply> {
    const { counters, options } = this.#proxy;
    counters.set(command.verb, (counters.get(command.verb) ?? 0) + 1);
    if (command.verb === 'quit') return CLOSED;
    if (command.verb === 'mn') return MN;
    if (command.verb === 'stats' && command.words.length === 0) return statistics(counters);
    const kind = classOf(command);
    if (kind === 'admin' || (kind === 'write' && options.readOnly)) return NOT_ALLOWED;
    if (command.verb === 'version') return this.#upstreamOf('any').execute(command);
    if ('keys' in command) return this.#gather(command);
    // `me` would tell the key on the server.
    if (!('key' in command) || command.verb === 'me') return NOT_ALLOWED;
    return this.#ask(this.#upstreamOf(command.key), command);
  }

  /** What was sent is done; nobody hears of it. */
  close(): void {
    for (const upstream of this.#upstreams.values()) void upstream.close();
  }

  // One command for each server, side by side; what they find, in the order of the request.
  async #gather(command: GetCommand | GatCommand): Promise<Reply> {
    const places = command.keys.map((key) => this.#upstreamOf(key));
    const upstreams = [...new Set(places)];
    if (upstreams.length === 1) return this.#ask(places[0]!, command);
    const found = new Map<Client, ValueItem[]>();
    await Promise.all(upstreams.map(async (upstream) => {
      const keys = command.keys.filter((_key, i) => places[i] === upstream);
      const reply = await this.#ask(upstream, { ...command, keys });
      if (reply.type === 'values') found.set(upstream, [...reply.items]);
    }));
    const items: ValueItem[] = [];
    for (const [i, key] of command.keys.entries()) {
      const left = found.get(places[i]!) ?? [];
      if (Buffer.from(left[0]?.key ?? '').equals(keyBytes(key))) items.push(left.shift()!);
    }
    return { type: 'values', items };
  }

  async #ask(upstream: Client, command: Command): Promise<Reply> {
    const { prefix } = this.#proxy;
    return unprefixReply(await upstream.execute(prefixCommand(command, prefix)), command, prefix);
  }

  #upstreamOf(key: Key): Client {
    return this.#upstreams.get(this.#proxy.hasher.nodeFor(key)!.name)!;
  }
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
