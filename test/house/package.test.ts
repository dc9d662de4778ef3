// The package as it is published: its exports, its types, and each runtime that imports it.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { VERSION } from '../../core/version.ts';
import { entries as built } from '../../package/entries.ts';
import { suite } from '../runner/suite.ts';
import { differences } from './package-contents.ts';
import { ROOT } from './source.ts';
import { tarball, UserProject } from './user-project.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly author: string;
  readonly license: string;
  readonly main: string;
  readonly types: string;
  readonly typesVersions: Readonly<Record<'*', Readonly<Record<string, readonly string[]>>>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

const read = (file: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Manifest;
const manifest = read('package.json');
const denoManifest = read('deno.json');
const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json');

const house = suite('house: the package');

house('package.json, deno.json and the code name one version', () => {
  assert.is(denoManifest.version, manifest.version);
  assert.is(VERSION, manifest.version);
});

house('package.json and deno.json export the same modules', () => {
  // What deno.json names is for Deno.
  const named = subpaths.map((path) => [path, sourceOf(manifest.exports[path], 'deno')]);
  assert.equal(named, Object.entries(denoManifest.exports));
});

house('tsconfig.paths.json names the source of each export on Node', () => {
  const { compilerOptions: { paths } } = JSON.parse(
    readFileSync(join(ROOT, 'tsconfig.paths.json'), 'utf8'),
  ) as { compilerOptions: { paths: Readonly<Record<string, readonly string[]>> } };
  const named = subpaths.map((path) => [
    path.replace('.', manifest.name),
    [sourceOf(manifest.exports[path])],
  ]);
  assert.equal(paths, Object.fromEntries(named));
});

house('resolvers that do not know `exports` are led to the same files', () => {
  const { main, types, typesVersions: { '*': known } } = manifest;
  const named: Readonly<Record<string, readonly string[]>> = { ...known, '.': [types] };
  for (const path of subpaths) {
    const file = target(manifest.exports[path], 'require', 'types');
    assert.equal(named[path.replace('./', '')], [file], path);
  }
  assert.is(Object.keys(named).length, subpaths.length);
  assert.is(main, target(manifest.exports['.'], 'require'));
});

house('it says what it is, who made it, and under which license', () => {
  assert.ok(manifest.keywords.length > 5);
  for (const field of ['description', 'author', 'license'] as const) {
    assert.ok(manifest[field].length > 2, field);
  }
});

const packed = tarball();

house('it has no dependencies, and runs nothing when it is installed', () => {
  const installed = JSON.parse(
    readFileSync(join(packed.project, 'node_modules', manifest.name, 'package.json'), 'utf8'),
  ) as Record<string, unknown>;
  for (const field of ['dependencies', 'optionalDependencies', 'bundleDependencies']) {
    assert.is(installed[field], undefined, field);
  }
  assert.is(installed['bundledDependencies'], undefined);
  const scripts = Object.keys(installed['scripts'] as object);
  assert.equal(scripts.filter((name) => /^(pre|post)?(install|uninstall|prepare)$/.test(name)), []);
  // npm compiles what has this file, without a script.
  assert.not(packed.paths.includes('binding.gyp'));
});

house('it has the files of package/contents.txt, which npm run contents writes', () => {
  const found = differences(packed.paths);
  assert.ok(found.length === 0, `npm run contents\n${found.join('\n')}`);
});

house('a file that comes or goes is named', () => {
  const paths = packed.paths.filter((path) => path !== 'LICENSE');
  assert.equal(differences([...paths, '.env']), ['+ .env', '- LICENSE']);
});

house('publint finds no problem', async () => {
  const { buffer } = new Uint8Array(readFileSync(packed.file));
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: buffer } });
  assert.equal(messages.map((message) => formatMessage(message, pkg)), []);
});

house('it has at most 600 files', () => {
  assert.ok(packed.paths.length < 600, `${packed.paths.length} files`);
});

house('it contains the sources that its maps name', () => {
  const maps = packed.paths.filter((name) => name.endsWith('.map'));
  assert.ok(maps.length > 10);
  for (const name of maps) {
    // Code has no map, which would have to carry the sources for tools that cannot read the disk.
    assert.match(name, /\.d\.cts\.map$/);
    const { sources } = JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as { sources: string[] };
    for (const source of sources) {
      const path = join(name, '..', source);
      assert.ok(packed.paths.includes(path), `${name} names ${path}`);
    }
  }
  for (const name of packed.paths.filter((path) => /\.c?js$/.test(path))) {
    assert.not.match(readFileSync(join(ROOT, name), 'utf8'), /sourceMappingURL/);
  }
});

house('it contains the files that its users read, and no tests', () => {
  const files = ['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json', 'docs/guide.md'];
  for (const name of files) {
    assert.ok(packed.paths.includes(name), `${name} is packed`);
  }
  assert.equal(
    packed.paths.filter((name) =>
      /\.(test|check)\.|tsconfig|tsbuildinfo$|^dist\/modules/.test(name)
    ),
    [],
  );
});

// The subpath of a runtime's transport, and the command that runs a program on that runtime.
const runtimes: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['node', ['node']],
  ['deno', [tool('deno'), 'run', '--no-prompt', '--allow-net=127.0.0.1']],
  ['bun', [tool('bun')]],
];
const entries = subpaths.map((path) => path.replace('.', manifest.name));
const project = new UserProject();

project.write('console.d.ts', 'declare const console: { log(...words: unknown[]): void };');
project.write(
  'use.ts',
  `import { Client } from 'memwire';
import { MemoryServer } from 'memwire/server';
${entries.map((entry, i) => `import * as m${i} from '${entry}';`).join('\n')}
const { dial } = new MemoryServer();
const client = new Client('localhost', { dial });
await client.set('greeting', 'hello');
const greeting: string | undefined = await client.get<string>('greeting');
await client.close();
console.log(greeting, [${entries.map((_, i) => `m${i}`).join(', ')}].length);
`,
);
for (const [name] of runtimes) {
  project.write(
    `serve-${name}.ts`,
    `import { Client, compressedSerde, dial, listen, zlibCodec } from 'memwire';
import { Server } from 'memwire/server';
import * as own from 'memwire/${name}';
const server = new Server();
const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
const serde = compressedSerde({ codec: zlibCodec });
const client = new Client(listener.endpoint, { serde, timeout: 10_000 });
await client.setMany(new Map([['a', 'x'.repeat(1000)], ['b', '7']]));
const found = await client.getMany<string>(['a', 'b', 'c']);
const sum = await client.incr('b', 3n);
await client.close();
await listener.close();
console.log(dial === own.dial, found.get('a')?.length, found.size, sum);
`,
  );
  project.write(
    `bridge-${name}.ts`,
    `import { listenBridge } from 'memwire/bridge';
import { Server } from 'memwire/server';
import { Client } from 'memwire/web';
import { listen } from 'memwire/${name}';
const server = new Server();
const upstream = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
const token = 'a-long-random-secret';
const bridge = await listenBridge({ host: '127.0.0.1', port: 0 }, {
  upstream: upstream.endpoint,
  tokens: new Map([['app', token]]),
});
const client = new Client(bridge.endpoint, { token, timeout: 10_000 });
await client.set('greeting', 'hello');
console.log(await client.get('greeting'));
await client.close();
await bridge.close();
await upstream.close();
`,
  );
}

house('the tarball is type-checked, imported and required in an empty project', () => {
  project.compile();
  assert.is(project.run('node', 'out/use.js'), `hello ${entries.length}\n`);
  project.write('use.cjs', `console.log(typeof require('memwire').Client);`);
  assert.is(project.run('node', 'use.cjs'), 'function\n');
  assert.is(project.run('npx', '--offline', 'memwire', '-V'), `memwire ${manifest.version}\n`);
});

house('classes have the names by which they are exported, which a console shows', () => {
  project.write(
    'names.cjs',
    `const names = ${JSON.stringify(entries)}.flatMap((entry) => Object.entries(require(entry)));
const classes = names.filter(([name, value]) => typeof value === 'function' && /^[A-Z]/.test(name));
console.log(classes.length > 50, classes.filter(([name, value]) => name !== value.name));
`,
  );
  assert.is(project.run('node', 'names.cjs'), 'true []\n');
});

house('its playground needs no checkout: the page, and a bridge for this page alone', async () => {
  const child = project.spawn('node', 'node_modules/memwire/dist/cli.js', 'playground', '--json');
  const [chunk] = await once(child.stdout!, 'data') as [Buffer];
  const { url, server } = JSON.parse(chunk.toString()) as { url: string; server: string | null };
  assert.is(server, null);
  const get = async (path: string): Promise<Response> => await fetch(new URL(path, url));
  for (const path of ['', 'page.js', 'page.css', 'icon.svg']) {
    const response = await get(path);
    assert.is(response.status, 200);
    assert.ok((await response.text()).length > 200);
  }
  const { bridge, token } = await (await get('settings.json')).json() as Record<string, string>;
  const socket = new WebSocket(bridge ?? '', ['memcached', `bearer.${token}`], {
    origin: new URL(url).origin,
  });
  await once(socket, 'open');
  socket.send(Buffer.from('version\r\n'));
  const [answer] = await once(socket, 'message') as [Buffer];
  assert.match(answer.toString(), /^VERSION 1\.6\./);
  const stranger = new WebSocket(bridge ?? '', ['memcached', `bearer.${token}`], {
    origin: 'https://example.org',
  });
  const [{ message }] = await once(stranger, 'error') as [Error];
  assert.match(message, /403/);
  socket.terminate();
  child.kill('SIGINT');
  await once(child, 'close');
});

house('a bundle for browsers contains the web client', () => {
  project.write('page.js', `export { Client } from 'memwire';`);
  const esbuild = join(ROOT, 'node_modules/.bin/esbuild');
  const bundled = project.run(esbuild, 'page.js', '--bundle', '--platform=browser', '--format=esm');
  assert.match(bundled, /WebSocketTransport/);
  assert.not.match(bundled, /node:/);
});

for (const condition of ['workerd', 'edge-light']) {
  house(`a bundle for ${condition} has the client of Workers`, () => {
    project.write('worker.js', `export { Client } from 'memwire';`);
    const esbuild = join(ROOT, 'node_modules/.bin/esbuild');
    // With the other conditions that the tools of these runtimes set.
    const conditions = `--conditions=${condition},worker,browser`;
    const bundled = project.run(esbuild, 'worker.js', '--bundle', conditions, '--format=esm');
    assert.match(bundled, /cloudflare:sockets/);
    assert.not.match(bundled, /node:/);
  });
}

for (const [name, [program = '', ...args]] of runtimes) {
  house(`memwire is memwire/${name} there: it listens, connects and stores`, () => {
    assert.is(project.run(program, ...args, `out/serve-${name}.js`), 'true 1000 2 10n\n');
  });
}

// Node 20 has no WebSocket for this client; the tests of the samples in the docs run it.
for (const [name, [program = '', ...args]] of runtimes.slice(1)) {
  house(`memwire/bridge is that of memwire/${name} there, and connects a page to a server`, () => {
    assert.is(project.run(program, ...args, `out/bridge-${name}.js`), 'hello\n');
  });
}

function tool(name: string): string {
  return join(ROOT, 'node_modules/.bin', name);
}

/** The source of the file of an export under these conditions. */
function sourceOf(value: unknown, ...conditions: string[]): string {
  const name = String(target(value, ...conditions)).replace(/^\.\/dist\/|\.js$/g, '');
  return `./${built[name]}`;
}

/** The file of an export under these conditions. */
function target(value: unknown, ...conditions: string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = new Map<string, unknown>(Object.entries(value));
  const met = [...conditions, 'default'].find((condition) => entries.has(condition)) ?? '';
  return target(entries.get(met), ...conditions);
}

house.run();
