import { type ChildProcess, spawn } from 'node:child_process';
import * as assert from 'uvu/assert';
import { findProgram } from '../support/memcached.ts';
import { BINARY, PING, PONG, type RawPage } from '../support/raw-page.ts';
import { origin, Scene } from '../support/running-bridge.ts';
import { suite } from '../runner/suite.ts';

// What a flood may cost is counted on a virtual clock in core/bridge/page-socket.test.ts. Here it
// is measured, over sockets and with the flood in a process of its own. Before frames were counted,
// a call of another page took 72 to 800 ms meanwhile, or never ended.
const floods = suite('bridge: a page that floods');
const node = findProgram('node');

/** The number of measured calls. */
const CALLS = 100;

/** The limits of the median call and of the slowest but one, in milliseconds, on a busy machine. */
const NOISE = { middle: 10, slow: 100 };

/** A busy machine may spoil one measurement; a bridge that starves pages spoils all. */
const ATTEMPTS = 5;

floods.after(() => Scene.closeAll());

for (
  const [what, opcode, payload] of [
    ['empty messages', BINARY, ''],
    ['messages of one byte', BINARY, '\r'],
    ['messages of a command', BINARY, 'mn\r\n'],
    ['pings', PING, ''],
    ['pongs', PONG, 'x'],
  ] as const
) {
  const name = `one that sends ${what} makes nobody else wait`;
  if (node === null) {
    floods.skip(`${name} (needs node)`);
    continue;
  }
  floods(name, async () => {
    const scene = await Scene.start({ origins: [origin] });
    const page = await scene.open();
    const seen: string[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const quiet = await measure(page);
      const flood = spawn(
        node,
        [
          '--import',
          'tsx',
          'test/support/flood-main.ts',
          String(scene.port),
          String(opcode),
          payload,
        ],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      );
      await hears(flood, 'flooding');
      const flooded = await measure(page);
      flood.kill();
      seen.push(`${quiet.middle} and ${quiet.slow} ms, then ${flooded.middle} and ${flooded.slow}`);
      const isServed = flooded.middle <= 2 * quiet.middle + NOISE.middle &&
        flooded.slow <= 2 * quiet.slow + NOISE.slow;
      if (isServed) return;
    }
    assert.unreachable(`it made others wait: ${seen.join('; ')}`);
  });
}

/**
 * The duration of a page's calls in milliseconds: the median, and the slowest but one.
 */
async function measure(page: RawPage): Promise<{ middle: number; slow: number }> {
  const times: number[] = [];
  for (let i = 0; i < CALLS; i++) {
    const start = performance.now();
    page.send('mn\r\n');
    await page.hears();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (index: number): number => Math.round((times[index] ?? 0) * 10) / 10;
  return { middle: at(CALLS / 2), slow: at(CALLS - 2) };
}

/** Waits until a process has printed this. */
function hears({ stdout }: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => {
    stdout?.on('data', (chunk: Uint8Array) => {
      if (String(chunk).includes(word)) resolve();
    });
  });
}

floods.run();
