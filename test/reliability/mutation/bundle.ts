// Tests and what they test as one script, which can be run again and again in one process.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { MutableFile } from './mutants.ts';

/** The root of the repository. */
export const ROOT: string = join(import.meta.dirname, '../../..');

/**
 * The script, as the body of a function of `require`. It sets `globalThis.runTests`, with a function
 * for each of the test files.
 *
 * @param file What is mutated, from the root.
 */
export async function bundleTests(
  file: string,
  { text }: MutableFile,
  tests: readonly string[],
): Promise<string> {
  const path = resolve(ROOT, file);
  const mutated: Plugin = {
    name: 'mutated',
    setup(run) {
      run.onLoad({ filter: /\.ts$/ }, (args) => ({
        contents: args.path === path ? text : withPlace(args.path),
        loader: 'ts',
      }));
    },
  };
  const entry = [
    `import { runFile } from './test/runner/driver.ts';`,
    'globalThis.runTests = [',
    ...tests.map((test) =>
      `(limit) => runFile(${JSON.stringify(test)}, () => import(${
        JSON.stringify(`./${test}`)
      }), limit),`
    ),
    '];',
  ].join('\n');
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    // uvu must begin with an empty queue each time.
    external: ['fast-check', 'typescript', 'esbuild'],
    plugins: [mutated],
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    supported: { 'dynamic-import': false },
  });
  return outputFiles[0]!.text;
}

// In a script there is no `import.meta`.
function withPlace(path: string): string {
  const source = readFileSync(path, 'utf8');
  if (!source.includes('import.meta')) return source;
  const url = JSON.stringify(`file://${path}`);
  return source.replaceAll('import.meta.url', url)
    .replaceAll('import.meta.dirname', JSON.stringify(join(path, '..')));
}
