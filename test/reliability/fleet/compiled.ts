// The fleets as one script, for runs without end: what runs the tests gives each function its name
// again whenever it is made, which takes a fifth of the time.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const SCRIPT = join(import.meta.dirname, '../../../.test/fleet.mjs');

/** Compiles the fleets, and imports them. */
export async function compileFleet(): Promise<typeof import('./fleet.ts')> {
  await build({
    entryPoints: [join(import.meta.dirname, 'fleet.ts')],
    outfile: SCRIPT,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  return await import(pathToFileURL(SCRIPT).href) as typeof import('./fleet.ts');
}
