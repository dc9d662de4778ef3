// The package in the tools of its users: CommonJS, Jest, older versions of TypeScript.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { ROOT } from './source.ts';
import { tarball, UserProject } from './user-project.ts';

const USERS = join(ROOT, 'package/users');
const hasTools = existsSync(join(USERS, 'node_modules'));

const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Readonly<Record<string, unknown>>;
};
const names = Object.keys(exports).filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'memwire'));

const house = suite('house: the package in other tools', 120_000);

/** A test that needs the tools of package/users. */
const withTools = (name: string, run: () => void): void => {
  if (hasTools) house(name, run);
  else house.skip(`${name} (needs npm ci --prefix package/users)`);
};

// Everything that is exported under one name is one thing, whichever entry and loader it comes from.
const SAME = `
const all = new Map();
function add(entry, exported) {
  for (const [name, value] of Object.entries(exported)) {
    if (!name.startsWith('module.') && name !== 'default') {
      all.set(name, [...all.get(name) ?? [], [entry, value]]);
    }
  }
}
// Each runtime has its own of these.
const own = ['Client', 'HashClient', 'PooledClient', 'DnsDiscovery', 'dial', 'listen', 'listenBridge'];
function different() {
  const found = [];
  for (const [name, values] of all) {
    if (own.includes(name)) continue;
    for (const [entry, value] of values) if (value !== values[0][1]) found.push(entry + ' ' + name);
  }
  return found;
}
`;
const required = names.map((name) => `add('${name}', require('${name}'));`).join('\n');

house('Node requires the files that it imports', () => {
  const project = new UserProject();
  project.write(
    'same.cjs',
    `${SAME}${required}
(async () => {
  const { MemcacheError, Client } = await import('memwire');
  for (const name of ${JSON.stringify(names)}) add(name, await import(name));
  const { Client: Required } = require('memwire');
  const error = new (require('memwire/core').UsageError)('');
  const one = new Required('localhost');
  console.log(different().length, all.size > 100, error instanceof MemcacheError,
    one instanceof Client, one instanceof (await import('memwire/client')).Client);
})();`,
  );
  assert.is(project.run('node', 'same.cjs'), '0 true true true true\n');
});

house('a loader that knows CommonJS alone has one of each class, too', () => {
  const project = new UserProject();
  project.write(
    'same.cjs',
    `${SAME}${required}
const { Client } = require('memwire');
const client = new Client('localhost');
console.log(different().length, all.size > 100, Client.name,
  client instanceof require('memwire/client').Client);`,
  );
  const old = project.run('node', '--no-experimental-require-module', 'same.cjs');
  assert.is(old, '0 true Client true\n');
});

withTools('the types of every entry resolve in each mode, and name what is there', () => {
  const attw = join(USERS, 'node_modules/.bin/attw');
  const { stdout } = spawnSync(attw, [tarball().file, '--format', 'json'], { encoding: 'utf8' });
  const { analysis, problems } = JSON.parse(stdout) as {
    analysis: { entrypoints: Readonly<Record<string, unknown>> };
    problems?: Readonly<Record<string, unknown>>;
  };
  assert.equal(problems, {});
  assert.equal(Object.keys(analysis.entrypoints).length, Object.keys(exports).length);
});

const use = `${names.map((name, i) => `import * as m${i} from '${name}';`).join('\n')}
import { Client, type ClientOptions } from 'memwire';
import { createTestClient } from 'memwire/testing';
export const all = [${names.map((_, i) => `m${i}`).join(', ')}];
export const options: ClientOptions = { timeout: undefined, tls: undefined };
export const client = new Client('localhost', options);
export const { server } = createTestClient();
export const found: Promise<string | undefined> = client.get<string>('key');
`;

/** The tools of TypeScript by their versions. */
const compilers: Readonly<Record<string, string>> = {
  '5.4': 'typescript-5.4',
  '5.9': 'typescript',
};

type Mode = readonly [version: string, module: string, resolution: string, hasTypes: boolean];

const modes: readonly Mode[] = [
  ['5.4', 'commonjs', 'node10', false],
  ['5.4', 'node16', 'node16', true],
  ['5.9', 'commonjs', 'node10', true],
  ['5.9', 'esnext', 'bundler', false],
];

for (const [version, module, moduleResolution, hasTypes] of modes) {
  const types = hasTypes ? 'with' : 'without';
  withTools(
    `TypeScript ${version} compiles it, ${module}, ${moduleResolution}, ${types} @types/node`,
    () => {
      const project = new UserProject();
      if (hasTypes) { for (const name of ['@types/node', 'undici-types']) project.link(name); }
      const options = { module, moduleResolution, target: 'es2022', lib: ['es2022'] };
      const compilerOptions = {
        ...options,
        strict: true,
        exactOptionalPropertyTypes: true,
        declaration: true,
        outDir: 'out',
      };
      project.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.*ts'] }));
      project.write('use.ts', use);
      if (module.startsWith('node')) {
        // What is imported and what is required have one type.
        project.write('required.cts', use);
        project.write(
          'imported.mts',
          `import { Client } from 'memwire';
import * as required from './required.cjs';
export const client: Client = required.client;
`,
        );
      }
      project.run('node', join(USERS, 'node_modules', compilers[version]!, 'bin/tsc'), '-p', '.');
    },
  );
}

withTools('the stores are what the types of their libraries ask for', () => {
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  const { stdout } = spawnSync(compiler, ['-p', join(USERS, 'hosts')], { encoding: 'utf8' });
  assert.is(stdout, '');
});

withTools('"go to definition" of an editor leads to the source', () => {
  const project = new UserProject();
  const file = project.path('use.ts');
  const text = `import { Client } from 'memwire';\nnew Client('localhost').get('key');\n`;
  project.write('use.ts', text);
  const requests = [
    { command: 'open', arguments: { file } },
    { command: 'definition', arguments: { file, line: 2, offset: 7 } },
    { command: 'definition', arguments: { file, line: 2, offset: 26 } },
  ];
  const tsserver = join(USERS, 'node_modules/typescript/lib/tsserver.js');
  const { stdout } = spawnSync('node', [tsserver], {
    input: requests.map((one, seq) => `${JSON.stringify({ seq, type: 'request', ...one })}\n`)
      .join(''),
    encoding: 'utf8',
  });
  const found = [...stdout.matchAll(/"body":\[\{"file":"([^"]*)"/g)].map(([, name]) => name);
  const source = (name: string): string => project.path(`node_modules/memwire/${name}`);
  assert.equal(found, [source('transport-node/mod.ts'), source('core/client/items.ts')]);
});

for (const version of ['29', '30']) {
  withTools(`Jest ${version} runs tests with it, as it comes`, () => {
    const project = new UserProject();
    project.write('package.json', '{ "private": true }');
    project.write(
      'cache.test.js',
      `const { createTestClient } = require('memwire/testing');
const { Client, MemcacheError } = require('memwire');
const { UsageError } = require('memwire/core');
test('it is the client, on a server in memory', async () => {
  const { client, server } = createTestClient();
  await client.set('greeting', 'hello');
  expect(await client.get('greeting')).toBe('hello');
  expect([...server.items.keys()]).toEqual(['greeting']);
  expect(new UsageError('')).toBeInstanceOf(MemcacheError);
  await expect(client.get('a key')).rejects.toThrow(UsageError);
  await client.close();
  expect(Client.name).toBe('Client');
});
`,
    );
    project.run('node', join(USERS, `node_modules/jest-${version}/bin/jest.js`));
  });
}

withTools('ts-jest runs tests with it', () => {
  const project = new UserProject();
  for (const name of ['ts-jest', 'typescript']) project.link(name, USERS);
  project.write('package.json', '{ "private": true, "jest": { "preset": "ts-jest" } }');
  const compilerOptions = { module: 'commonjs', target: 'es2022', strict: true, types: [] };
  project.write('tsconfig.json', JSON.stringify({ compilerOptions }));
  project.write('jest.d.ts', 'declare const test: any, expect: any;');
  project.write(
    'cache.test.ts',
    `/// <reference path="./jest.d.ts" />
import { createTestClient } from 'memwire/testing';
import { Client } from 'memwire/client';
test('it has types', async () => {
  const { client } = createTestClient();
  const base: Client = client;
  await base.set('n', 41);
  const n: bigint | undefined = await client.incr('n');
  expect(n).toBe(42n);
  expect(client).toBeInstanceOf(Client);
  await client.close();
});
`,
  );
  project.run('node', join(USERS, 'node_modules/jest-30/bin/jest.js'));
});

house.run();
