import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { type ProfileName, profiles } from '../core/client/profiles/mod.ts';
import { type HashScheme, hashSchemes, SchemeHasher } from '../core/mod.ts';
import { findProgram, type RunningMemcached, startMemcached } from '../test/memcached.ts';
import { suite } from '../test/suite.ts';
import { Client, zlibCodec } from './mod.ts';

// Clients of other languages, as Debian has them, read what we store and store what we read.

/** A program in the client's own language that answers in JSON. */
interface Fleet {
  /** Debian's package. */
  readonly name: string;
  readonly profile: ProfileName;
  readonly scheme: HashScheme;
  /** The interpreter, with the arguments that make it run what follows; null where it is not there. */
  readonly command: readonly string[] | null;
  /** Stores `theirs.<name>`, and prints what `ours.<name>` is, by name. */
  readonly values: string;
  /** Prints the port of each of the keys among three servers on ports 11211 to 11213. */
  readonly routes: string;
}

const values: readonly (readonly [name: string, value: unknown])[] = [
  ['text', 'héllo\r\n'],
  ['number', 42],
  ['negative', -7],
  ['large', 'abc'.repeat(2000)],
];
const names = values.map(([name]) => name).join(' ');
const keys = Array.from({ length: 200 }, (_, i) => `user:${i}:profile`);

const PYTHON_VALUES = `
for name, value in dict(text='héllo\\r\\n', number=42, negative=-7, large='abc' * 2000).items():
    client.set('theirs.' + name, value)
print(json.dumps({name: client.get('ours.' + name) for name in '${names}'.split()}))
`;

const fleets: readonly Fleet[] = [
  {
    name: 'python3-pymemcache',
    profile: 'pymemcache',
    scheme: hashSchemes.pymemcache,
    command: python('pymemcache'),
    values: `
import json, sys
from pymemcache.client.base import Client
from pymemcache.serde import PickleSerde
client = Client(('127.0.0.1', int(sys.argv[1])), serde=PickleSerde())
${PYTHON_VALUES}`,
    routes: `
import json, sys
from pymemcache.client.rendezvous import RendezvousHash
ring = RendezvousHash(['127.0.0.1:%d' % port for port in (11211, 11212, 11213)])
print(json.dumps([int(ring.get_node(key)[-5:]) for key in sys.argv[2].split()]))
`,
  },
  {
    name: 'php-memcached',
    profile: 'php-memcached',
    scheme: hashSchemes.weightedKetama,
    command: php(),
    values: `
$client = new Memcached();
$client->addServer('127.0.0.1', (int) $argv[1]);
$values = ['text' => "héllo\\r\\n", 'number' => 42, 'negative' => -7,
    'large' => str_repeat('abc', 2000)];
foreach ($values as $name => $value) $client->set("theirs.$name", $value);
$found = [];
foreach (explode(' ', '${names}') as $name) $found[$name] = $client->get("ours.$name");
echo json_encode($found);
`,
    routes: `
$client = new Memcached();
$client->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);
foreach ([11211, 11212, 11213] as $port) $client->addServer('127.0.0.1', $port);
$ports = [];
foreach (explode(' ', $argv[2]) as $key) $ports[] = $client->getServerByKey($key)['port'];
echo json_encode($ports);
`,
  },
];

const fleet = suite('fleet: clients of other languages');
const program = findProgram('memcached');
let memcached: RunningMemcached;
let port = '0';

fleet.before(async () => {
  if (program === null) return;
  memcached = await startMemcached(program);
  if ('port' in memcached.endpoint) port = String(memcached.endpoint.port);
});

fleet.after(async () => {
  if (program !== null) await memcached.stop();
});

for (const { name, profile, scheme, command, ...scripts } of fleets) {
  const share = `${name} and we read each other's values`;
  if (command === null || program === null) {
    fleet.skip(`${share} (needs memcached and ${name})`);
  } else {
    fleet(share, async () => {
      const serde = profiles[profile].serde({ codec: zlibCodec });
      const client = new Client(memcached.endpoint, { serde });
      try {
        for (const [key, value] of values) await client.set(`ours.${key}`, value);
        assert.equal(run(command, scripts.values, port), Object.fromEntries(values));
        for (const [key, value] of values) assert.equal(await client.get(`theirs.${key}`), value);
        await client.flushAll();
      } finally {
        await client.close();
      }
    });
  }

  const route = `${name} and we have the same server for a key`;
  if (command === null) {
    fleet.skip(`${route} (needs ${name})`);
  } else {
    fleet(route, () => {
      const nodes = [11211, 11212, 11213].map((at) => ({ name: `127.0.0.1:${at}` }));
      const hasher = new SchemeHasher(scheme, nodes);
      const ours = keys.map((key) => Number(hasher.nodeFor(key)?.name.slice(-5)));
      assert.equal(run(command, scripts.routes, port, keys.join(' ')), ours);
    });
  }
}

// Another python3 may stand before Debian's, without Debian's packages.
function python(module: string): readonly string[] | null {
  const found = [findProgram('python3'), '/usr/bin/python3'].find((name) =>
    name !== null && spawnSync(name, ['-c', `import ${module}`]).status === 0
  );
  return found === undefined || found === null ? null : [found, '-c'];
}

function php(): readonly string[] | null {
  const found = findProgram('php');
  if (found === null) return null;
  return spawnSync(found, ['-r', 'new Memcached();']).status === 0 ? [found, '-r'] : null;
}

function run(command: readonly string[], script: string, ...given: readonly string[]): unknown {
  const [name = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(name, [...args, script, ...given], {
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
  return JSON.parse(stdout);
}

fleet.run();
