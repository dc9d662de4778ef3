// The law: a plain request has the same consequences on the fast path and on the long way, in every
// byte of every reply, every counter and every field of every item, however it is cut.
import * as assert from 'uvu/assert';
import { cuttings } from '../../conformance/chunks.ts';
import { bytes, show } from '../../conformance/assert.ts';
import { plainSequence, RandomRequests } from '../../conformance/random-requests.ts';
import { Random } from '../../conformance/random.ts';
import { settled } from '../../test/support/scripted.ts';
import { Peer, serve } from '../../test/support/server-peer.ts';
import { suite } from '../../test/runner/suite.ts';
import { latin1 } from '../wire/bytes.ts';
import { ACTIVE, BASE64, FETCHED, STALE, TOKEN_SENT } from './items.ts';
import type { ServerOptions } from './options.ts';
import type { Store } from './store.ts';

const law = suite('plain requests: both ways are the same');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261127);
const sequences = Number(process.env['MEMWIRE_SEQUENCES'] ?? 25);

// As of no importance here, and soon made.
const MEMORY = 1024 * 1024;

/** A server that takes, or does not take, the fast path; and a connection to it. */
class Way {
  readonly server;
  readonly clock;
  readonly peer: Peer;
  /** Watches, or asks for statistics. */
  readonly other: Peer;

  constructor(isFast: boolean, options: Partial<ServerOptions>) {
    const random = new Random(1);
    const { server, clock } = serve({ memory: MEMORY, ...options, random: () => random.next() });
    this.server = server;
    this.clock = clock;
    server.engine.plain.request.enabled = isFast;
    this.peer = new Peer(server);
    this.other = new Peer(server);
  }

  async send(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.peer.events?.onData(chunk);
    await settled();
  }

  /** All there is to tell of it. */
  async tell(): Promise<Record<string, unknown>> {
    this.other.say('stats\r\nstats items\r\nstats sizes\r\nstats detail dump\r\nstats conns\r\n');
    await settled();
    return {
      received: this.peer.received,
      statistics: this.other.received,
      closed: this.peer.closed,
      items: contents(this.server.engine.store),
    };
  }
}

/** Each item in the order of the LRU, with every field. */
function contents({ items }: Store): unknown[] {
  const found: unknown[] = [];
  for (let item = items.newest; item !== 0; item = items.olderThan(item)) {
    const marks = [ACTIVE, BASE64, FETCHED, STALE, TOKEN_SENT].map((mark) => items.has(item, mark));
    found.push([
      latin1(items.key(item)),
      latin1(items.value(item, false)),
      items.flags(item),
      items.expire(item),
      items.time(item),
      items.cas(item),
      ...marks,
    ]);
  }
  return found;
}

const settings: Readonly<Record<string, readonly [Partial<ServerOptions>, before: string]>> = {
  'as it is': [{}, ''],
  'in small turns': [{ requestsPerEvent: 3 }, ''],
  'with memory for few items': [{ memory: 64 * 40 }, ''],
  'with memory for few items, without eviction': [{ memory: 64 * 40, evict: false }, ''],
  'with small items': [{ maxItem: 200 }, ''],
  'without cas': [{ useCas: false }, ''],
  'counting sizes': [{ trackSizes: true }, ''],
  'counting prefixes': [{ prefixDelimiter: 'a' }, 'stats detail on\r\n'],
  'while somebody watches': [{}, 'watch fetchers mutations evictions deletions\r\n'],
  'behind a login': [
    { credentials: new Map([['u', 'p']]) },
    'set x 0 0 3\r\nu p\r\nstats\r\n',
  ],
};

for (const [name, [options, before]] of Object.entries(settings)) {
  law(`${name}, random requests that are cut at random`, async () => {
    const random = new Random(seed);
    const requests = new RandomRequests(random);
    const ways = [new Way(true, options), new Way(false, options)] as const;
    for (const way of ways) {
      way.other.say(before);
      if (options.credentials !== undefined) await way.send([bytes('set x 0 0 3\r\nu p\r\n')]);
    }
    for (let round = 0; round < sequences; round++) {
      const sequence = random.chance(0.8) ? plainSequence(random, 30) : requests.sequence(10);
      const chunks = cut(bytes(sequence), random);
      for (const way of ways) await way.send(chunks);
      const [fast, long] = [await ways[0].tell(), await ways[1].tell()];
      assert.equal(fast, long, `seed ${seed}, round ${round}`);
      const passing = random.pick([0, 300, 1000, 40_000]);
      for (const way of ways) {
        way.peer.received = way.other.received = '';
        way.clock.advance(passing);
      }
    }
    const { taken } = ways[0].server.engine.plain;
    const isWatched = before.startsWith('watch') || before.startsWith('stats detail');
    assert.ok(isWatched ? taken === 0 : taken > sequences, `${taken} were taken`);
    assert.is(ways[1].server.engine.plain.taken, 0);
  });
}

function cut(whole: Uint8Array, random: Random): Uint8Array[] {
  const most = random.pick([3, 50, 1000, whole.length]);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < whole.length;) {
    const end = at + 1 + random.below(most);
    chunks.push(whole.slice(at, end));
    at = end;
  }
  return chunks;
}

law('cut at every place', async () => {
  const random = new Random(seed);
  const sequence = bytes(plainSequence(random, 12));
  for (const { name, chunks } of cuttings(sequence)) {
    const ways = [new Way(true, {}), new Way(false, {})] as const;
    for (const way of ways) await way.send(chunks);
    const [fast, long] = [await ways[0].tell(), await ways[1].tell()];
    assert.equal(fast, long, name);
  }
});

law.run();

const forms = suite('plain requests: which go which way');

const stored = 'set k 3 0 2\r\nab\r\n';
const opaque = 'o'.repeat(31);
const longest = 'k'.repeat(250);

const plain: Readonly<Record<string, string>> = {
  'get k\r\n': 'VALUE k 3 2\r\nab\r\nEND\r\n',
  'get x\r\n': 'END\r\n',
  [`get ${longest}\r\n`]: 'END\r\n',
  'mg k\r\n': 'HD\r\n',
  'mg k v\r\n': 'VA 2\r\nab\r\n',
  [`mg k v f O${opaque}\r\n`]: `VA 2 f3 O${opaque}\r\nab\r\n`,
  'mg k f O1 v\r\n': 'VA 2 f3 O1\r\nab\r\n',
  'mg x v f O1\r\n': 'EN O1\r\n',
  'set k 4294967295 2147483647 1\r\nc\r\n': 'STORED\r\n',
  'set k 0 0 0 noreply\r\n\r\n': '',
  'ms k 2\r\ncd\r\n': 'HD\r\n',
  'ms k 2 T30 O1 F7\r\ncd\r\n': 'HD O1\r\n',
};

const others: readonly string[] = [
  'get  k\r\n',
  'get k \r\n',
  'get k\n',
  'get k k\r\n',
  'get k\0\r\n',
  `get ${longest}k\r\n`,
  'gets k\r\n',
  'mg k O1 f v\r\n',
  'mg k v v\r\n',
  'mg k vv\r\n',
  `mg k O${opaque}o\r\n`,
  'mg k k\r\n',
  'mg k O1 O2\r\n',
  'set k -1 0 1\r\nc\r\n',
  'set k 4294967296 0 1\r\nc\r\n',
  'set k 0 2147483648 1\r\nc\r\n',
  'set k 0 -1 1\r\nc\r\n',
  'set k 0 0 1\r\nccc\r\n',
  'set k 0 0 1 norepl\r\nc\r\n',
  'add k 0 0 1\r\nc\r\n',
  'ms k 1 T-1\r\nc\r\n',
  'ms k 1 T1 T1\r\nc\r\n',
  'ms k 1 I\r\nc\r\n',
  `set k 0 0 2000000\r\n${'c'.repeat(2_000_000)}\r\n`,
];

for (const [request, reply] of Object.entries(plain)) {
  forms(`${show(request)} is plain`, () => {
    const { server } = serve();
    const peer = new Peer(server);
    peer.say(stored);
    peer.received = '';
    peer.say(request);
    assert.is(peer.received, reply);
    assert.is(server.engine.plain.taken, 2);
  });
}

for (const request of others) {
  forms(`${show(request.slice(0, 60))} is not`, () => {
    const { server } = serve();
    const peer = new Peer(server);
    peer.say(stored);
    peer.say(request);
    assert.is(server.engine.plain.taken, 1);
    // What comes behind it is.
    peer.say('mn\r\nget x\r\n');
    assert.is(server.engine.plain.taken, 2);
  });
}

forms('one that is cut goes the long way, and those behind it do not', () => {
  const { server } = serve();
  const peer = new Peer(server);
  peer.say('set k 0 0 2\r\na');
  peer.say('b\r\nget k\r\nget');
  peer.say(' k\r\nget k\r\n');
  assert.is(server.engine.plain.taken, 2);
  assert.is(peer.received, `STORED\r\n${'VALUE k 0 2\r\nab\r\nEND\r\n'.repeat(3)}`);
});

forms('an item of which more is to be told goes the long way', () => {
  const { server, clock } = serve();
  const peer = new Peer(server);
  peer.say(`${stored}md k I\r\nset s 0 1 1\r\nx\r\nset l 0 0 40000\r\n${'l'.repeat(40_000)}\r\n`);
  const { plain } = server.engine;
  assert.is(plain.taken, 3);
  clock.advance(2000);
  peer.received = '';
  peer.say('mg k v\r\nget s\r\nmg l\r\nget l\r\n');
  assert.match(peer.received, /^VA 2 X W\r\nab\r\nEND\r\nHD\r\nVALUE l 0 40000\r\n/);
  assert.is(plain.taken, 3);
});

forms.run();
