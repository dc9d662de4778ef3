// The samples in the docs, compiled and run.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { Server } from '../../core/server/mod.ts';
import type { Listener } from '../../core/io/transport.ts';
import { listen } from '../../transport-node/mod.ts';
import { suite } from '../runner/suite.ts';
import { ROOT } from './source.ts';
import { UserProject } from './user-project.ts';

const house = suite('house: samples in the docs');
const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`)]
  .filter((file) => file.endsWith('.md'));
const server = new Server();
let listener: Listener;
let project: UserProject;
const samples: { readonly name: string; code: string }[] = [];

for (const page of pages) {
  const text = readFileSync(join(ROOT, page), 'utf8');
  // A sample marked `continued` belongs to the program of the previous sample on its page.
  for (const [, continued, code = ''] of text.matchAll(/```ts( continued)?\n([^]*?)```/g)) {
    const name = `${page.replaceAll(/\W/g, '-')}-${samples.length}`;
    if (continued === undefined) samples.push({ name, code });
    else samples.at(-1)!.code += code;
  }
}

house.before(async () => {
  listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  project = new UserProject(['es2023', 'esnext.disposable', 'dom'], ['node']);
  for (const name of ['ws', 'memcache', '@types/node', 'undici-types']) project.link(name);
  for (const { name, code } of samples) {
    project.write(`${name}.ts`, code.replaceAll('localhost:11211', `127.0.0.1:${port}`));
  }
  project.compile();
});

house.after(async () => {
  await listener.close();
  server.close();
});

for (const { name } of samples) {
  house(`${name} compiles and runs`, async () => {
    const printed = await project.start('node', `out/${name}.js`);
    // The output of the README's programs is the reader's first impression.
    if (name.startsWith('README')) assert.not.match(printed, /undefined/);
  });
}

house('samples were found', () => {
  assert.ok(samples.length >= 4);
});

house.run();
