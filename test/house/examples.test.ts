// The examples, copied out of the repository into a project that has the packed package installed.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { Server } from '../../core/server/mod.ts';
import { Client, endpointName, listen } from '../../transport-node/mod.ts';
import { suite } from '../runner/suite.ts';
import { ROOT } from './source.ts';
import { UserProject } from './user-project.ts';

const files = readdirSync(join(ROOT, 'examples'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
const packages = ['memcache', '@types/node', 'undici-types']
  .concat('@opentelemetry/sdk-trace-base');
const TSX = join(ROOT, 'node_modules/.bin/tsx');

const house = suite('house: examples in a project of their own');
const project = new UserProject(['es2023', 'esnext.disposable', 'dom'], ['node']);

house('each imports the package by its name, says how to run it, and compiles', () => {
  for (const name of packages) project.link(name);
  for (const file of files) {
    const text = readFileSync(join(ROOT, 'examples', file), 'utf8');
    assert.match(text, /^\/\/ [^]*?\n\/\/ {3}npm install memwire/, `${file} says how to run it`);
    assert.match(text, / from 'memwire['/]/, file);
    assert.not.match(text, / from '\.\.\//, file);
    project.copy(`examples/${file}`);
  }
  project.copy('examples/stampede.html');
  project.compile();
});

house('opentelemetry.ts prints its spans', async () => {
  assert.match(await project.start(TSX, 'opentelemetry.ts'), /name: 'ms localhost:11211'/);
});

house('judge-memcache-npm.ts prints its verdict', async () => {
  assert.match(await project.start(TSX, 'judge-memcache-npm.ts'), /\n\d+ passed, \d+ failed/);
});

house('proxy.ts leads a client to a server', async () => {
  const server = new Server();
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const upstream = endpointName(listener.endpoint);
  const proxy = project.spawn(TSX, 'proxy.ts', '--upstream', upstream, '--listen', '0');
  try {
    const [line] = await once(proxy.stdout!, 'data') as [Buffer];
    const [, address = ''] = /^listening on (\S+)\n/.exec(line.toString()) ?? [];
    const client = new Client(address);
    await client.set('greeting', 'hello');
    assert.is(await client.get('greeting'), 'hello');
    await client.close();
  } finally {
    proxy.kill();
    await listener.close();
    server.close();
  }
});

house('stampede.ts serves its page, and a report', async () => {
  const program = project.spawn(TSX, 'stampede.ts', '--port', '0');
  try {
    const [line] = await once(program.stdout!, 'data') as [Buffer];
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\//.exec(line.toString()) ?? [];
    assert.match(await (await fetch(url)).text(), /<button id="delete">/);
    assert.match(await (await fetch(`${url}report`)).text(), /^made at /);
  } finally {
    program.kill();
  }
});

house('there are some', () => {
  for (
    const file of [
      'opentelemetry.ts',
      'judge-memcache-npm.ts',
      'proxy.ts',
      'stampede.ts',
      'worker.ts',
    ]
  ) {
    assert.ok(files.includes(file), file);
  }
});

house.run();
