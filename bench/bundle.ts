import { join } from 'node:path';
import { buildSync } from 'esbuild';

// Within this package, by whose name programs import its built code.
const FOLDER = join(import.meta.dirname, '../.test/bench');

const made = new Set<string>();

/**
 * A program as one file of JavaScript, made once; its packages stay outside. The loader that runs
 * the bench would slow down what it loads.
 *
 * @param entry The program.
 * @param folder Where the file is put: its packages are looked for from there. A folder of this
 * package by default.
 */
export function bundle(entry: string, folder: string = FOLDER): string {
  const outfile = join(folder, `${/([\w-]+)\.ts$/.exec(entry)?.[1]}.mjs`);
  if (made.has(outfile)) return outfile;
  made.add(outfile);
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    // Its paths would lead from `memwire` to the sources.
    tsconfigRaw: {},
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  return outfile;
}
