// Tests and what they test as one script, which can be run again and again in one process.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** The root of the repository. */
export const ROOT: string = join(import.meta.dirname, '../../..');

const SUITES = join(ROOT, 'test/runner/suite.ts');
const COLLECT = join(import.meta.dirname, 'collect.ts');

/**
 * The script, as the body of a function of `require`. It sets `globalThis.loadTests`, which imports
 * the test files, and `globalThis.activate`.
 *
 * @param texts What is to stand for the files that are mutated, by their places from the root.
 */
export async function bundleTests(
  texts: ReadonlyMap<string, string>,
  tests: readonly string[],
): Promise<string> {
  const paths = new Map([...texts].map(([file, text]) => [resolve(ROOT, file), text]));
  const mutated: Plugin = {
    name: 'mutated',
    setup(run) {
      run.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        contents: path === SUITES
          ? `export * from ${JSON.stringify(COLLECT)};`
          : paths.get(path) ?? withPlace(path),
        loader: 'ts',
      }));
    },
  };
  const entry = [
    'globalThis.loadTests = async () => {',
    ...tests.flatMap((test) => [
      `globalThis.testFile = ${JSON.stringify(test)};`,
      `await import(${JSON.stringify(`./${test}`)});`,
    ]),
    '};',
  ].join('\n');
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    external: ['fast-check', 'typescript', 'esbuild'],
    plugins: [mutated],
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    // Consoles show the names of classes.
    keepNames: true,
    // Some tests use `await using`, which older versions of Node lack.
    supported: { 'dynamic-import': false, using: false },
    // Variables of the script are faster than properties of the global object.
    banner: {
      js: `let activeMutant = globalThis.firstMutant, loopsLeft = Infinity;
globalThis.activate = (id, loops) => { activeMutant = id; loopsLeft = loops; };
globalThis.loopsAfter = () => loopsLeft;
function endlessLoop() { throw new Error('a loop without an end'); }`,
    },
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
