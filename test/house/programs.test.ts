// The lists of programs that the tests need, compared with the programs that they start.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { peers } from '../support/fleet.ts';
import { suite } from '../runner/suite.ts';
import { ROOT } from './source.ts';

// The programs that the tests start besides Node and npm. Each needs a package of its own in the list:
// if a program came as a dependency of another package, and that dependency were dropped, its tests
// would be skipped on a new machine.

/** The Debian package of each program. */
const packageOf: Readonly<Record<string, string>> = {
  memcached: 'memcached',
  memcapable: 'libmemcached-tools',
  memccapable: 'libmemcached-tools',
  memccat: 'libmemcached-tools',
  memccp: 'libmemcached-tools',
  openssl: 'openssl',
  chromium: 'chromium',
  python3: 'python3',
  '/usr/bin/python3': 'python3',
  php: 'php-cli',
  ruby: 'ruby',
  fish: 'fish',
  zsh: 'zsh',
};

/** Programs that come with Node, or with Debian's essential packages. */
const given = ['node', 'npm', 'npx', 'sh', 'bash', 'script'];

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const files = [
  'cli',
  'core',
  'conformance',
  'demo',
  'examples',
  'test',
  'transport-deno',
  'transport-bun',
]
  .concat('transport-node', 'transport-web')
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file}`)
  );

/** The programs that a file starts, or looks for, by their names. */
function programsOf(file: string): string[] {
  const found: string[] = [];
  const calls = /\b(?:findProgram|interpreter|spawn|spawnSync|execFile|execFileSync)\(([^()]*)/g;
  for (const [, argument = ''] of read(file).matchAll(calls)) {
    // A list of words, each of which runs the next, or only the first word.
    const [list] = /^\s*\[[^\]]*\]/.exec(argument) ?? /^\s*'[^']*'/.exec(argument) ?? [''];
    for (const [, name = ''] of list.matchAll(/'([^']+)'/g)) found.push(name);
  }
  return found;
}

/** The files in `test` that a file imports, directly or through others. */
function importsOf(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, from = ''] of read(file).matchAll(/ from '(\.[^']+\.ts)'/g)) {
    const path = join(file, '..', from);
    // The text of a program that a test writes does not count.
    if (/^(test|conformance)\//.test(path) && files.includes(path)) importsOf(path, seen);
  }
  return seen;
}

const [, line = ''] = /apt-get install -y ((?:[^&]|\n)*?)\s*&& npm ci/.exec(read('README.md')) ??
  [];
const named = line.split(/[\s\\]+/).filter((word) => word !== '').sort();

const house = suite('house: programs that tests need');

house('the README, CONTRIBUTING.md and .ci/run name the same packages, each once', () => {
  assert.ok(named.length > 5);
  assert.is(new Set(named).size, named.length);
  const [, listed = ''] = /\nDebian's (`[^]*?) complete\s+the/.exec(read('CONTRIBUTING.md')) ?? [];
  const list = [...listed.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  assert.equal(list.sort(), named);
  const [, run = ''] = /apt-get install -y ((?:[^&]|\n)*?)\s*&& npm ci/.exec(read('.ci/run')) ?? [];
  assert.is(run, line);
});

house('each package that is named brings something', () => {
  const used = new Set([...Object.values(packageOf), ...peers.map(({ name }) => name)]);
  assert.equal(named.filter((name) => !used.has(name)), []);
});

house('the library of each peer is listed, with its language', () => {
  assert.equal(
    [...new Set(peers.map(({ name }) => name))].filter((name) => !named.includes(name)),
    [],
  );
});

for (const file of files.filter((file) => file.endsWith('.test.ts'))) {
  const programs = [...new Set([...importsOf(file)].flatMap(programsOf))]
    .filter((name) => !given.includes(name)).sort();
  if (programs.length === 0) continue;
  house(`${file} needs ${programs.join(', ')}`, () => {
    for (const program of programs) {
      assert.ok(named.includes(packageOf[program] ?? ''), `${program}: no package is named for it`);
    }
  });
}

house('there are files that need programs', () => {
  const all = new Set(files.flatMap(programsOf));
  for (const name of ['memcached', 'openssl', 'chromium', 'python3', 'php', 'ruby', 'bash']) {
    assert.ok(all.has(name), `${name} was found among the sources`);
  }
});

house.run();
