// Bundles the page of the playground, for the package, for tests and for npm run playground.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const FOLDER = join(import.meta.dirname, 'page');
const STYLES = ['page.css', 'console.css', 'live.css', 'steps.css'];

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
  const read = (name: string): Promise<string> => readFile(join(FOLDER, name), 'utf8');
  return new Map([
    ['index.html', await read('index.html')],
    ['page.css', (await Promise.all(STYLES.map(read))).join('\n')],
    ['page.js', script?.text ?? ''],
    ['icon.svg', await read('icon.svg')],
  ]);
}
