// The size of each import, compared with the recorded one.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import * as assert from 'uvu/assert';
import { bundlePages } from '../../demo/playground/bundle.ts';
import { suite } from '../runner/suite.ts';
import { ROOT } from './source.ts';

// The recorded size of each import, minified and compressed. The test fails when one has grown by more
// than a twentieth; if the change is worth it, record the new size here.
const bundles: readonly (readonly [name: string, code: string, recorded: number])[] = [
  ['server side', `export { ServerConnection } from './core/wire/mod.ts'`, 11],
  ['client side', `export { ClientConnection } from './core/wire/mod.ts'`, 20.6],
  ['all of the wire', `export * from './core/wire/mod.ts'`, 29.4],
  ['web client', `export { Client } from './transport-web/mod.ts'`, 56],
  ['Worker client', `export { Client } from './transport-web/workers.ts'`, 57.4],
  ['Node client', `export { Client } from './transport-node/mod.ts'`, 56],
];

/** The same for the script of `memwire playground`, a fifth of which is the library of its charts. */
const PAGE = 114.6;

/** And for the page that plays simulated fleets, with the client, the server and the simulation. */
const FLEET = 117.5;

const ROOM = 1.05;

const imported = await Promise.all(bundles.map(async ([name, contents, recorded]) => {
  const { outputFiles: [file] } = await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: name === 'Node client' ? 'node' : 'browser',
    write: false,
  });
  return measured(name, file?.contents ?? '', recorded);
}));
const pages = await bundlePages();
const sizes = [
  ...imported,
  measured('page of the playground', pages.get('page.js') ?? '', PAGE),
  measured('page of the simulated fleets', pages.get('fleet.js') ?? '', FLEET),
];

function measured(
  name: string,
  code: Uint8Array | string,
  recorded: number,
): { name: string; size: number; most: number } {
  const size = gzipSync(code, { level: 9 }).length / 1000;
  return { name, size, most: recorded * ROOM };
}

const figures = sizes.map(({ name, size }) => `${name} ${size.toFixed(1)}`).join(', ');
const house = suite(`house: bundles in kB: ${figures}`);

for (const { name, size, most } of sizes) {
  house(`${name} is at most ${most.toFixed(1)} kB`, () => {
    assert.ok(size > 1 && size <= most, `it has ${size.toFixed(2)} kB`);
  });
}

house.run();
