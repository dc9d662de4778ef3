import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { Server } from '../core/server/mod.ts';
import { memoryDialer } from '../core/server/memory.ts';
import { bridgedCases } from '../test/browser/cases.ts';
import { suite } from '../test/suite.ts';
import { listenBridge, type RunningBridge } from '../transport-node/bridge.ts';

const ROOT = join(import.meta.dirname, '..');
const program = join(ROOT, 'test/browser/program.ts');
const token = 'a-token-for-a-test';
const runtimes: readonly (readonly [name: string, ...args: string[]])[] = [
  ['deno', 'run', '--allow-net=127.0.0.1'],
  ['bun', 'run'],
];

const web = suite('web: the WebSocket of other runtimes, through a bridge', 120_000);
let bridge: RunningBridge;

web.before(async () => {
  bridge = await listenBridge({ host: '127.0.0.1', port: 0 }, {
    upstream: 'localhost',
    dial: memoryDialer(new Server()),
    tokens: new Map([['test', token]]),
    prefix: 'app1:',
    rate: 100_000,
  });
});

web.after(() => bridge.close());

for (const [name, ...args] of runtimes) {
  const path = join(ROOT, 'node_modules/.bin', name);
  const title = `${name}: ${bridgedCases.length} cases of the client`;
  if (!existsSync(path)) {
    web.skip(`${title} (needs ${name})`);
    continue;
  }
  web(title, async () => {
    const url = `ws://127.0.0.1:${bridge.endpoint.port}/`;
    const words = [...args, program, url, token, name.charAt(0)];
    const { stdout } = await promisify(execFile)(path, words);
    const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      readonly passed: number;
      readonly failures: readonly string[];
    };
    assert.equal(report, { passed: bridgedCases.length, failures: [] });
  });
}

web.run();
