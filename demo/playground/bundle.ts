// Bundles the pages of the playground, for the package, for tests, for the site and for npm run playground.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { build } from 'esbuild';

/** The place of the link to the other page. */
const LINK = '<!-- the simulated fleets -->';

/** The contents of the files of the page, by their names, as they are in the package. */
export async function bundlePage(): Promise<ReadonlyMap<string, string>> {
  const html = await read('page/index.html');
  const uplot = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css');
  const styles = ['page.css', 'console.css', 'live.css', 'steps.css'].map((name) => `page/${name}`);
  return new Map([
    ['index.html', html.replace(LINK, '')],
    ['page.css', (await Promise.all([uplot, ...styles].map(read))).join('\n')],
    ['page.js', await bundle('page/page.ts')],
    ['icon.svg', await read('page/icon.svg')],
  ]);
}

/**
 * The same with the page that plays simulated fleets, and a link to it. The simulation is a part of
 * the tests, and so not of the package.
 */
export async function bundlePages(): Promise<ReadonlyMap<string, string>> {
  const html = await read('page/index.html');
  const names = [
    'page/page.css',
    ...['fleet', 'diagram', 'lists'].map((name) => `fleet/${name}.css`),
  ];
  const styles = await Promise.all(names.map(read));
  return new Map([
    ...await bundlePage(),
    ['index.html', html.replace(LINK, '<a href="fleet.html" target="_top">Simulated fleets</a>')],
    ['fleet.html', await read('fleet/fleet.html')],
    ['fleet.css', styles.join('\n')],
    ['fleet.js', await bundle('fleet/fleet.ts')],
  ]);
}

/** @param file In this folder, or anywhere. */
function read(file: string): Promise<string> {
  return readFile(resolve(import.meta.dirname, file), 'utf8');
}

async function bundle(file: string): Promise<string> {
  const { outputFiles: [script] } = await build({
    entryPoints: [resolve(import.meta.dirname, file)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    write: false,
  });
  return script?.text ?? '';
}
