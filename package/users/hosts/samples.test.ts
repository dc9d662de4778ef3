// The samples of docs/stores.md, compiled and run with the libraries that they are for.
import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { ROOT } from '../../../test/house/source.ts';
import { temporaryDirectory } from '../../../test/support/temporary.ts';
import { hostSuite } from './host-suite.ts';

const page = readFileSync(join(ROOT, 'docs/stores.md'), 'utf8');
const samples = [...page.matchAll(/^## (.*)\n\n```ts\n([^]*?)```/gm)]
  .map(([, name = '', code = '']) => ({ name: name.replaceAll(/\W/g, '-'), code }));
const stores = [...page.matchAll(/^\| `memwire\/[\w-]+`/gm)];
const start = promisify(execFile);

await hostSuite('stores: samples in the docs', ({ add, port }) => {
  const directory = temporaryDirectory();
  const file = (name: string): string => join(directory, name);

  add('each store has one, and they compile', async () => {
    assert.is(samples.length, stores.length);
    symlinkSync(join(ROOT, 'package/users/node_modules'), file('node_modules'));
    writeFileSync(file('package.json'), '{ "type": "module" }');
    for (const { name, code } of samples) {
      const text = code.replaceAll('localhost:11211', `127.0.0.1:${port()}`);
      writeFileSync(file(`${name}.ts`), text);
    }
    const config = { extends: join(ROOT, 'package/users/hosts/tsconfig.json') };
    const compilerOptions = { rootDir: '/', typeRoots: [join(ROOT, 'node_modules/@types')] };
    const text = JSON.stringify({ ...config, compilerOptions, include: ['*.ts'] });
    writeFileSync(file('tsconfig.json'), text);
    await start(join(ROOT, 'node_modules/.bin/tsc'), ['-p', directory]);
  });

  add('each store has the types that its library asks for: types.check.ts', async () => {
    await start(join(ROOT, 'node_modules/.bin/tsc'), ['-p', import.meta.dirname]);
  });

  for (const { name, code } of samples) {
    add(`${name} prints what its comments say`, async () => {
      const tsx = ['--import', 'tsx', file(`${name}.ts`)];
      const environment = { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.paths.json') };
      const { stdout } = await start(process.execPath, tsx, { cwd: ROOT, env: environment });
      const said = [...code.matchAll(/console\.log\(.*; \/\/ (.*)$/gm)].map(([, text]) => text);
      assert.ok(said.length > 0);
      assert.equal(stdout.trimEnd().split('\n'), said);
    });
  }
  return Promise.resolve();
});
