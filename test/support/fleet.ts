// The clients of other languages that share a cache with memwire in the tests.
import { spawnSync } from 'node:child_process';
import type { HashClientOptions } from '../../core/client/options.ts';
import type { ProfileName } from '../../core/client/values/profiles/profiles.ts';
import { findProgram } from './memcached.ts';

/** A client of another language, in Debian's version, and the options that make memwire compatible. */
export interface Peer {
  /** The Debian package. */
  readonly name: string;
  /** Its options that differ from its defaults. */
  readonly variant?: string;
  readonly profile: ProfileName;
  readonly scheme?: NonNullable<HashClientOptions['scheme']>;
  /** Whether it compresses: pymemcache does from 4.0, and Debian has 3.5. */
  readonly compresses: boolean;
  /** The flags of a value that only its own language can read, if it writes such values. */
  readonly foreign?: number;
  /**
   * The interpreter, with the arguments that make it run a program text; null if it is missing.
   */
  readonly command: readonly string[] | null;
  /**
   * A program. Its arguments are `store` or `read`, the servers separated by commas, values by key
   * in JSON, and the variant. It stores each value as `theirs.<key>`, or prints the values that it
   * finds as `ours.<key>`, by key. With `foreign`, it also stores an object of its language as
   * `theirs.foreign`, and prints `true` if `ours.foreign` is that object.
   */
  readonly script: string;
}

const PYTHON = `
foreign = {'a': [1, None]}
if mode == 'store':
    for key, value in [*values.items(), ('foreign', foreign)]:
        assert store('theirs.' + key, value)
else:
    found = {key: client.get('ours.' + key) for key in values}
    print(json.dumps({**found, 'foreign': client.get('ours.foreign') == foreign}))
`;

const PYMEMCACHE = `
import json, sys
from pymemcache.client.hash import HashClient
from pymemcache.serde import PickleSerde
mode, servers, values, variant = sys.argv[1], sys.argv[2].split(','), json.loads(sys.argv[3]), sys.argv[4]
client = HashClient(servers, serde=PickleSerde(), default_noreply=False)
store = client.set
${PYTHON}`;

const PYLIBMC = `
import json, sys, pylibmc
mode, servers, values, variant = sys.argv[1], sys.argv[2].split(','), json.loads(sys.argv[3]), sys.argv[4]
client = pylibmc.Client(servers, behaviors={variant: True} if variant else {})
store = lambda key, value: client.set(key, value, min_compress_len=400)
${PYTHON}`;

const PYTHON_MEMCACHED = `
import json, sys, memcache
mode, servers, values, variant = sys.argv[1], sys.argv[2].split(','), json.loads(sys.argv[3]), sys.argv[4]
client = memcache.Client(servers)
store = lambda key, value: client.set(key, value, min_compress_len=400)
${PYTHON}`;

const DALLI = `
require 'dalli'
require 'json'
mode, servers, values = ARGV
client = Dalli::Client.new(servers.split(','), serializer: JSON)
values = JSON.parse(values)
if mode == 'store'
  values.each { |key, value| client.set("theirs.#{key}", value) or abort(key) }
else
  puts JSON.generate(values.to_h { |key, _| [key, client.get("ours.#{key}")] })
end
`;

const PHP = `
[, $mode, $servers, $values, $variant] = $argv;
$values = json_decode($values, true);
$client = new Memcached();
$client->setOption(Memcached::OPT_SERIALIZER, Memcached::SERIALIZER_PHP);
if ($variant !== '') $client->setOption(constant("Memcached::$variant"), true);
foreach (explode(',', $servers) as $server) {
    [$host, $port] = explode(':', $server);
    $client->addServer($host, (int) $port);
}
$foreign = new ArrayObject(['a' => [1, null]]);
if ($mode === 'store') {
    foreach ($values + ['foreign' => $foreign] as $key => $value) {
        if (!$client->set("theirs.$key", $value)) exit($client->getResultMessage());
    }
} else {
    $found = [];
    foreach ($values as $key => $_) $found[$key] = $client->get("ours.$key");
    echo json_encode($found + ['foreign' => $client->get('ours.foreign') == $foreign]);
}
`;

const pylibmc = {
  name: 'python3-pylibmc',
  profile: 'pylibmc',
  compresses: true,
  foreign: 1,
  command: python('pylibmc'),
  script: PYLIBMC,
} as const;
const php = {
  name: 'php-memcached',
  profile: 'php-memcached',
  compresses: true,
  foreign: 4,
  command: interpreter(['php'], '-r', 'new Memcached();'),
  script: PHP,
} as const;

export const peers: readonly Peer[] = [
  {
    name: 'python3-pymemcache',
    profile: 'pymemcache',
    compresses: false,
    foreign: 1,
    command: python('pymemcache'),
    script: PYMEMCACHE,
  },
  {
    name: 'python3-memcache',
    profile: 'python-memcached',
    compresses: true,
    foreign: 1,
    command: python('memcache'),
    script: PYTHON_MEMCACHED,
  },
  {
    name: 'ruby-dalli',
    profile: 'dalli-json',
    compresses: true,
    command: interpreter(['ruby'], '-e', "require 'dalli'"),
    script: DALLI,
  },
  pylibmc,
  { ...pylibmc, variant: 'ketama', scheme: 'ketama' },
  { ...pylibmc, variant: 'ketama_weighted', scheme: 'weightedKetama' },
  php,
  { ...php, variant: 'OPT_LIBKETAMA_COMPATIBLE', scheme: 'weightedKetama' },
];

/** Runs a program; returns its output. */
export function runPeer(command: readonly string[], ...given: readonly string[]): string {
  const [name = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(name, [...args, ...given], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

// Another python3, without Debian's packages, may precede it in the path.
function python(module: string): readonly string[] | null {
  return interpreter(['python3', '/usr/bin/python3'], '-c', `import ${module}`);
}

/** The first of the programs that can run something, and its flag for that. */
function interpreter(
  programs: readonly string[],
  flag: string,
  something: string,
): readonly string[] | null {
  for (const name of programs) {
    const found = findProgram(name);
    if (found !== null && spawnSync(found, [flag, something]).status === 0) return [found, flag];
  }
  return null;
}
