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
// They mostly wait for time to go by, so they run side by side.
const running = new Map<string, Promise<{ readonly stdout: string }>>();
let bridge: RunningBridge;

web.before(async () => {
  bridge = await listenBridge({ host: '127.0.0.1', port: 0 }, {
    upstream: 'localhost',
    dial: memoryDialer(new Server()),
    tokens: new Map([['test', token]]),
    prefix: 'app1:',
    rate: 100_000,
    upstreamTimeout: 10_000,
  });
  const url = `ws://127.0.0.1:${bridge.endpoint.port}/`;
  for (const [name, ...args] of runtimes) {
    const words = [...args, program, url, token, name.charAt(0)];
    if (existsSync(pathOf(name))) running.set(name, promisify(execFile)(pathOf(name), words));
  }
});

web.after(() => bridge.close());

for (const [name] of runtimes) {
  const title = `${name}: ${bridgedCases.length} cases of the client`;
  if (!existsSync(pathOf(name))) {
    web.skip(`${title} (needs ${name})`);
    continue;
  }
  web(title, async () => {
    const stdout = (await running.get(name))?.stdout ?? '';
    const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      readonly passed: number;
      readonly failures: readonly string[];
    };
    assert.equal(report, { passed: bridgedCases.length, failures: [] });
  });
}

function pathOf(name: string): string {
  return join(ROOT, 'node_modules/.bin', name);
}

web.run();
