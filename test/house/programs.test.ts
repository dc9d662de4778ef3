import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { peers } from '../support/fleet.ts';
import { suite } from '../runner/suite.ts';
import { ROOT } from './source.ts';

// What the tests start beside Node and npm. A program that another package happens to bring is gone
// when that package changes its mind, and its tests are skipped on a new machine.

/** Debian's package that has a program. */
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
};

/** What comes with Node, or is on every Debian, as it is essential there. */
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
    // A list of words that run one another, or the one word that comes first.
    const [list] = /^\s*\[[^\]]*\]/.exec(argument) ?? /^\s*'[^']*'/.exec(argument) ?? [''];
    for (const [, name = ''] of list.matchAll(/'([^']+)'/g)) found.push(name);
  }
  return found;
}

/** The files that a file imports, and those that they import, of the tests alone. */
function importsOf(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, from = ''] of read(file).matchAll(/ from '(\.[^']+\.ts)'/g)) {
    const path = join(file, '..', from);
    // What is in the text of a program that a test writes is not there.
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

house('the library of each peer is named, beside its language', () => {
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

house('there are some', () => {
  const all = new Set(files.flatMap(programsOf));
  for (const name of ['memcached', 'openssl', 'chromium', 'python3', 'php', 'ruby', 'bash']) {
    assert.ok(all.has(name), `${name} was found among the sources`);
  }
});

house.run();
