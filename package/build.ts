// Makes dist, the files that are published, of what tsc has written into dist/modules: `npm run
// build`. docs/design.md, "The package", says why they are as they are.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { type OutputOptions, type Plugin, rollup, type RollupLog } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { entries } from './entries.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
/** What is imported from elsewhere: Node's modules, and an optional peer. */
const OTHERS = /^node:|^@opentelemetry\/api$/;
const MODULES = join(DIST, 'modules');

/** Rollup keeps comments, which the sources have for those who read them. */
const withoutComments: Plugin = {
  name: 'without-comments',
  renderChunk: async (code) => (await transform(code, { legalComments: 'none' })).code,
};

/** The command line is a program, which nobody requires. */
const withoutProgram: Plugin = {
  name: 'without-program',
  generateBundle(_, bundle) {
    for (const [file, chunk] of Object.entries(bundle)) {
      const from = chunk.type === 'chunk' ? chunk.facadeModuleId : null;
      if (from?.startsWith(join(MODULES, 'cli'))) delete bundle[file];
    }
  },
};

for (const name of readdirSync(DIST)) {
  if (name !== 'modules') rmSync(join(DIST, name), { recursive: true });
}
await writeCode();
await writeTypes();

async function writeCode(): Promise<void> {
  const code = await rollup({
    input: inputs('.js', { ...entries, cli: 'cli/bin.ts' }),
    external: OTHERS,
    plugins: [withoutComments],
    onwarn: fail,
  });
  await code.write({ ...files('.js'), format: 'es' });
  await code.write({
    ...files('.cjs'),
    format: 'cjs',
    plugins: [withoutProgram],
    // Jest has no `import()` unless Node is started with a flag.
    dynamicImportInCjs: false,
    // Nothing that Node exports is ever assigned anew.
    externalLiveBindings: false,
  });
}

/**
 * Writes the declarations once, for CommonJS. Those for ESM pass them on, so that a class which one
 * file of a program imports and another one requires has one type.
 */
async function writeTypes(): Promise<void> {
  const types = await rollup({
    input: inputs('.d.ts', entries),
    external: OTHERS,
    plugins: [dts({ sourcemap: true })],
    onwarn: fail,
  });
  await types.write({
    ...files('.d.cts'),
    format: 'es',
    sourcemap: true,
    // `await using` is newer than es2022, which a program may be compiled with.
    banner: '/// <reference lib="esnext.disposable" />',
  });
  for (const name of Object.keys(entries)) {
    writeFileSync(join(DIST, `${name}.d.ts`), `export * from './${name}.cjs';\n`);
  }
}

function inputs(extension: string, all: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).map((
      [name, source],
    ) => [name, join(MODULES, source.replace(/\.ts$/, extension))]),
  );
}

/** Code that several entries share is in `chunks`, named after one of its modules. */
function files(extension: string): OutputOptions {
  return {
    dir: DIST,
    entryFileNames: `[name]${extension}`,
    chunkFileNames: ({ name }) => `chunks/${name.replace(/\.d$/, '')}${extension}`,
    // An entry imports what it names, and not what that imports.
    hoistTransitiveImports: false,
  };
}

/** Every warning is an error but two. */
function fail({ code, message }: RollupLog): void {
  // A helper of tsc's asks for it.
  if (code === 'THIS_IS_UNDEFINED') return;
  // A type that no entry exports, which nobody can write down: those of members marked @internal.
  if (message.includes('private shared type')) return;
  throw new Error(message);
}
