// Bundles the command line for tests that start it as a program.
import { join } from 'node:path';
import { build } from 'esbuild';
import { temporaryDirectory } from './temporary.ts';

/** Bundles the command line into one file, which starts faster; returns the command to start it. */
export async function buildMemwire(): Promise<readonly [node: string, bin: string]> {
  const outfile = join(temporaryDirectory(), 'memwire.mjs');
  await build({
    entryPoints: ['cli/bin.ts'],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outfile,
  });
  return [process.execPath, outfile];
}
