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
const pages = ['README.md', 'site/index.md']
  .concat(readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`))
  // Those of docs/stores.md need other packages: package/users/hosts runs them.
  .filter((file) => file.endsWith('.md') && file !== 'docs/stores.md');
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

/** The classes whose methods have an example, by their files, and how a program makes one. */
const clients: Readonly<Record<string, string>> = {
  'core/client/items.ts': `new Client('localhost', { dial })`,
  'core/client/memcache.ts': `new Client('localhost', { dial })`,
  'core/client/server-client.ts': `new Client('localhost', { dial })`,
  'core/client/meta/meta-commands.ts': `new Client('localhost', { dial })`,
  'core/client/cluster/cluster-client.ts': `new HashClient(['a:11211', 'b:11211'], { dial })`,
};
const METHOD =
  /^  (?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n  )?(?:async )?(\[?[\w.]+\]?)(?:<.*>)?\((?!.*\);$)/gm;
const examples = Object.entries(clients).flatMap(([file, client]) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const [body = ''] = /^export class \w+ [^]*?^}$/m.exec(text) ?? [];
  return [...body.matchAll(METHOD)].filter(([, , name]) => name !== 'constructor')
    .map(([, comment = '', method = '']) => ({
      file,
      method,
      client,
      code: exampleIn(comment),
    }));
});

/** The examples of `fromEnv`, by their classes. */
const fromEnv = ['core/client/server-client.ts', 'core/client/cluster/hash-client.ts']
  .flatMap((file) => readFileSync(join(ROOT, file), 'utf8').split(/^(?=export class )/m))
  .flatMap((text) => {
    const [, name = ''] = /^export class (\w+)/.exec(text) ?? [];
    const [comment = ''] = /\/\*\*(?:(?!\*\/)[^])*\*\/\n {2}static fromEnv/.exec(text) ?? [];
    return comment === '' ? [] : [{ name, code: exampleIn(comment) }];
  });

/** A program that runs the examples of a file, each with a client and a server of its own. */
function programOf(file: string): string {
  const runs = examples.filter((one) => one.file === file).map(({ method, client, code }) =>
    `await run(${JSON.stringify(method)}, async (dial) => {
  const client = ${client};
  ${code}
  await client.close();
});`
  );
  return `import { Client, type Dialer, HashClient } from 'memwire';
import { MemoryServer } from 'memwire/server';
async function run(name: string, example: (dial: Dialer) => Promise<void>): Promise<void> {
  await example(new MemoryServer({ allowShutdown: true }).dial);
  console.log('done:', name);
}
${runs.join('\n')}
`;
}

house.before(async () => {
  listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  project = new UserProject(['es2023', 'esnext.disposable', 'dom'], ['node']);
  for (const name of ['ws', 'memcache', '@types/node', 'undici-types']) project.link(name);
  for (const { name, code } of samples) {
    project.write(`${name}.ts`, code.replaceAll('localhost:11211', `127.0.0.1:${port}`));
  }
  for (const file of Object.keys(clients)) project.write(`${nameOf(file)}.ts`, programOf(file));
  project.write(
    'from-env.ts',
    `import { Client, HashClient, PooledClient } from 'memwire';
process.env['MEMCACHED_URL'] = 'memcached://127.0.0.1:${port}';
${fromEnv.map(({ name, code }) => `{\n${code}console.log('done: ${name}');\n}`).join('\n')}
`,
  );
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

// Their runtimes differ in what keeps a process alive.
const runtimes = { deno: ['run', '-A'], bun: [] };
for (const [runtime, words] of Object.entries(runtimes)) {
  for (const { name } of samples.filter(({ code }) => code.includes("'node:http'"))) {
    house(`${name}, which has a server, ends on ${runtime}`, async () => {
      const program = join(ROOT, 'node_modules/.bin', runtime);
      await project.start(program, ...words, `out/${name}.js`);
    });
  }
}

for (const file of Object.keys(clients)) {
  house(`every method in ${file} has an example, which runs`, async () => {
    const methods = examples.filter((one) => one.file === file);
    assert.ok(methods.length > 5);
    assert.equal(methods.filter(({ code }) => code === '').map(({ method }) => method), []);
    const printed = await project.start('node', `out/${nameOf(file)}.js`);
    for (const { method } of methods) assert.ok(printed.includes(`done: ${method}\n`), method);
  });
}

house('fromEnv of each client has an example, which runs', async () => {
  const printed = await project.start('node', 'out/from-env.js');
  assert.equal(fromEnv.map(({ name }) => name), ['Client', 'PooledClient', 'HashClient']);
  for (const { name, code } of fromEnv) {
    assert.ok(code.includes(`${name}.fromEnv(`), name);
    assert.ok(printed.includes(`done: ${name}\n`), name);
  }
});

/** The code of the example in a comment; empty without one. */
function exampleIn(comment: string): string {
  const [, code = ''] = /@example\n +\* ```ts\n([^]*?) +\* ```/.exec(comment) ?? [];
  return code.replaceAll(/^ +\* ?/gm, '');
}

function nameOf(file: string): string {
  return file.replaceAll(/\W/g, '-');
}

house('samples were found', () => {
  assert.ok(samples.length >= 4);
});

house.run();
