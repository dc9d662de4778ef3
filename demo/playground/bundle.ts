// Bundles the page of the playground, for the package, for tests and for npm run playground.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

const FOLDER = join(import.meta.dirname, 'page');
const STYLES = [
  createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'),
  ...['page.css', 'console.css', 'live.css', 'steps.css'].map((name) => join(FOLDER, name)),
];

/** The contents of the files of the page, by their names. */
export async function bundlePage(): Promise<ReadonlyMap<string, string>> {
  const { outputFiles: [script] } = await build({
    entryPoints: [join(FOLDER, 'page.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    write: false,
  });
  const read = (file: string): Promise<string> => readFile(file, 'utf8');
  return new Map([
    ['index.html', await read(join(FOLDER, 'index.html'))],
    ['page.css', (await Promise.all(STYLES.map(read))).join('\n')],
    ['page.js', script?.text ?? ''],
    ['icon.svg', await read(join(FOLDER, 'icon.svg'))],
  ]);
}
