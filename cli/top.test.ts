import * as assert from 'uvu/assert';
import { Server } from '../core/server/mod.ts';
import type { StatValue } from '../core/client/results.ts';
import { FakeTerminal, say } from '../test/support/fake-terminal.ts';
import { CountingClock } from '../test/support/scripted.ts';
import { suite } from '../test/runner/suite.ts';
import { Client, listen } from '../transport-node/mod.ts';
import { main } from './main.ts';
import { ratesBetween, type Reading } from './rates.ts';

const arithmetic = suite('memwire top: the difference of two readings');

function reading(seconds: number, stats: Readonly<Record<string, StatValue>>): Reading {
  return { at: seconds * 1000, stats: new Map(Object.entries(stats)) };
}

arithmetic('counters are a second, gauges are those of the second reading', () => {
  const before = { get_hits: 10, get_misses: 10, cmd_get: 20, cmd_set: 5, incr_hits: 1 };
  const after = { get_hits: 13, get_misses: 11, cmd_get: 24, cmd_set: 6, incr_hits: 6 };
  const rates = ratesBetween(
    reading(100, { ...before, evictions: 4, bytes_read: 0, bytes_written: 7, curr_items: 1 }),
    reading(102, {
      ...after,
      ...{ evictions: 5, bytes_read: 100, bytes_written: 7, curr_items: 3 },
      ...{ bytes: 640, limit_maxbytes: 6400, curr_connections: 2 },
    }),
  );
  assert.equal(rates, {
    hitRate: 0.75,
    operations: 5,
    gets: 2,
    sets: 0.5,
    evictions: 0.5,
    bytesIn: 50,
    bytesOut: 0,
    memory: 640,
    memoryLimit: 6400,
    items: 3,
    connections: 2,
  });
});

arithmetic('where nothing was read there is no hit rate', () => {
  const same = reading(1, { get_hits: 5, get_misses: 5 });
  assert.is(ratesBetween(same, { ...same, at: 2000 }).hitRate, null);
});

arithmetic('after a restart the counters themselves are what was counted', () => {
  const rates = ratesBetween(reading(1, { cmd_set: 1_000_000 }), reading(2, { cmd_set: 7 }));
  assert.is(rates.sets, 7);
});

arithmetic('counters past 2^53 do, and two readings at once divide by no zero', () => {
  const big = 2n ** 60n;
  assert.is(
    ratesBetween(reading(1, { bytes_read: big }), reading(2, { bytes_read: big + 2048n })).bytesIn,
    2048,
  );
  assert.is(ratesBetween(reading(1, {}), reading(1, { cmd_set: 1 })).sets, 1000);
});

arithmetic.run();

const top = suite('memwire top');
const server = new Server();
let stop = async (): Promise<void> => {};
let name = '';

top.before(async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  name = 'port' in listener.endpoint ? `127.0.0.1:${listener.endpoint.port}` : '';
  stop = () => listener.close();
});

top.after(async () => {
  await stop();
  server.close();
});

/** Advances the clock by the interval, as soon as a timer waits for it. */
async function pass(clock: CountingClock): Promise<void> {
  while (clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1000);
}

top('in a pipe it prints a line a second, as many as it is told to', async () => {
  const clock = new CountingClock();
  const terminal = new FakeTerminal({}, clock);
  const ended = main(['top', name, '--count', '2'], terminal);
  while (clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
  const client = new Client(name);
  await client.set('a', 'x');
  await Promise.all([client.get('a'), client.get('a'), client.get('a'), client.get('b')]);
  await client.close();
  await pass(clock);
  await pass(clock);
  assert.is(await ended, 0);
  const [head = '', first = '', second = '', end] = terminal.stdout.text.split('\n');
  assert.match(head, /^ +hits +ops\/s +gets\/s +sets\/s +evict\/s +memory +items +conns$/);
  // The probes of a connection are two reads that miss.
  assert.match(first, /^ +50\.0% +7 +6 +1 +0 +\d+ B +1 +\d$/);
  assert.match(second, /^ +- +0 +0 +0 +0 +\d+ B +1 +\d$/);
  assert.is(end, '');
});

top('--json prints an object a second', async () => {
  const clock = new CountingClock();
  const terminal = new FakeTerminal({}, clock);
  const ended = main(['top', name, '--count', '1', '--json'], terminal);
  await pass(clock);
  await ended;
  const rates = JSON.parse(terminal.stdout.text) as Record<string, unknown>;
  assert.is(rates['memoryLimit'], 64 * 1024 * 1024);
});

for (const key of ['q', '\x03']) {
  top(`in a terminal it draws again and again, until ${JSON.stringify(key)}`, async () => {
    const clock = new CountingClock();
    const terminal = new FakeTerminal({}, clock);
    terminal.stdin.isTTY = true;
    terminal.stdout.isTTY = true;
    const ended = main(['top', name], terminal);
    await pass(clock);
    await terminal.stdout.says(/network/);
    assert.ok(terminal.stdin.raw);
    await pass(clock);
    await terminal.stdout.says(/\x1b\[10A\x1b\[J[^]*hit rate {5}[^]*network/);
    terminal.stdin.write(key);
    assert.is(await ended, 0);
    assert.not(terminal.stdin.raw);
    assert.is(clock.timers, 0);
  });
}

for (const isTerminal of [false, true]) {
  const where = isTerminal ? 'in a terminal' : 'in a pipe';
  top(`${where} a server that goes away is said to have, and waited for`, async () => {
    const other = new Server();
    const listener = await listen({ host: '127.0.0.1', port: 0 }, other.accept);
    const place = 'port' in listener.endpoint ? `127.0.0.1:${listener.endpoint.port}` : '';
    const clock = new CountingClock();
    const terminal = new FakeTerminal({}, clock);
    terminal.stdin.isTTY = terminal.stdout.isTTY = isTerminal;
    const ended = main(['top', place], terminal);
    while (clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
    await listener.close();
    other.close();
    await pass(clock);
    if (isTerminal) await terminal.stdout.says(/^127\.0\.0\.1:\d+    q ends\n[^\n]+\n$/);
    else await terminal.stderr.says(/^memwire top: [^\n]+\n$/);
    terminal.stop();
    assert.is(await ended, 0);
  });
}

top('a server that never was is an error', async () => {
  const { code, err } = await say(['top', '/nowhere/socket']);
  assert.is(code, 3);
  assert.match(err, /^memwire top: cannot connect to [^\n]+\n$/);
});

top.run();
