import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import * as assert from 'uvu/assert';
import { VERSION } from '../../core/version.ts';
import { suite } from '../suite.ts';
import { ROOT } from './source.ts';
import { UserProject } from './user-project.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
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
  const built = subpaths.map((path) => [path, target(manifest.exports[path])]);
  const sourced = Object.entries(denoManifest.exports).map(([path, file]) => [
    path,
    String(file).replace('./', './dist/').replace(/\.ts$/, '.js'),
  ]);
  assert.equal(built, sourced);
});

house('it has no dependencies', () => {
  assert.is(manifest.dependencies, undefined);
});

house('publint has nothing to say', async () => {
  const { messages, pkg } = await publint({ pkgDir: ROOT, strict: true, pack: 'npm' });
  assert.equal(messages.map((message) => formatMessage(message, pkg)), []);
});

house('the tarball is imported, required and type-checked in an empty project', () => {
  const project = new UserProject();
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json']) {
    assert.ok(project.packed.includes(name), `${name} is packed`);
  }
  assert.equal(project.packed.filter((name) => /\.test\.|tsbuildinfo$/.test(name)), []);
  const entries = subpaths.map((path) => path.replace('.', manifest.name));
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
  project.compile();
  assert.is(project.run('node', 'out/use.js'), `hello ${entries.length}\n`);
  project.write('use.cjs', `console.log(typeof require('memwire').Client);`);
  assert.is(project.run('node', 'use.cjs'), 'function\n');
  assert.is(project.run('npx', '--offline', 'memwire', '-V'), `memwire ${manifest.version}\n`);
});

house('a bundle for browsers has the client of the web', () => {
  const project = new UserProject();
  project.write('page.js', `export { Client } from 'memwire';`);
  const esbuild = join(ROOT, 'node_modules/.bin/esbuild');
  const bundled = project.run(esbuild, 'page.js', '--bundle', '--platform=browser', '--format=esm');
  assert.match(bundled, /WebSocketTransport/);
  assert.not.match(bundled, /node:/);
});

/** The file that an export names where no condition is met. */
function target(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'default' in value ? value.default : value;
}

house.run();
