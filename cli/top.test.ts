import * as assert from 'uvu/assert';
import { Server } from '../core/server/mod.ts';
import type { StatValue } from '../core/client/results.ts';
import { FakeTerminal, say } from '../test/support/fake-terminal.ts';
import { CountingClock } from '../test/support/scripted.ts';
import { suite } from '../test/runner/suite.ts';
import { Client, listen } from '../transport-node/mod.ts';
import { main } from './main.ts';
import { ratesBetween, type Reading, sparkline, totalRates } from './rates.ts';

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
    hits: 1.5,
    misses: 0.5,
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

arithmetic('servers together have the sum of all, and the hit rate of all reads', () => {
  const [busy, idle] = [
    ratesBetween(reading(1, {}), reading(2, { get_hits: 90, get_misses: 10, cmd_get: 100 })),
    ratesBetween(reading(1, {}), reading(2, { get_misses: 20, cmd_get: 20, curr_items: 4 })),
  ];
  const { hitRate, gets, items, memoryLimit } = totalRates([busy, idle]);
  assert.equal([hitRate, gets, items, memoryLimit], [0.75, 120, 4, 0]);
});

const pasts: readonly (readonly [drawn: string, ...rest: Parameters<typeof sparkline>])[] = [
  ['▁▂▅█', [0, 1, 4, 7], 10],
  ['▅█', [100, 4, 7], 2],
  ['▂ █', [1, null, 100], 9],
  ['▁▅█', [0, 0.5, 1], 9, 1],
  ['▁▁', [0, 0], 9],
  ['', [1, 2], 0],
  ['', [], 9],
];

for (const [drawn, ...rest] of pasts) {
  arithmetic(`the past of ${JSON.stringify(rest)} is "${drawn}"`, () => {
    assert.is(sparkline(...rest), drawn);
  });
}

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

top('of several servers a pipe gets a line each, and a total', async () => {
  await inTwo(async (place, other) => {
    const clock = new CountingClock();
    const terminal = new FakeTerminal({}, clock);
    const ended = main(['top', place, other, '--count', '1'], terminal);
    while (clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
    await store(place, 3);
    await store(other, 1);
    await pass(clock);
    assert.is(await ended, 0);
    const lines = terminal.stdout.text.split('\n').map((line) => line.trim().split(/\s+/));
    const [head, ...rows] = lines;
    assert.equal(head?.slice(0, 4), ['hits', 'ops/s', 'gets/s', 'sets/s']);
    assert.equal(rows.map(([server, , , , sets]) => [server, sets]), [
      [place, '3'],
      [other, '1'],
      ['total', '4'],
      ['', undefined],
    ]);
  });
});

top('--json of several servers names each', async () => {
  await inTwo(async (place, other) => {
    const clock = new CountingClock();
    const terminal = new FakeTerminal({}, clock);
    const ended = main(['top', place, other, '--count', '1', '--json'], terminal);
    while (clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
    await store(other, 2);
    await pass(clock);
    await ended;
    const rows = terminal.stdout.text.trim().split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    assert.equal(rows.map(({ server, sets, items }) => [server, sets, items]), [
      [place, 0, 0],
      [other, 2, 2],
      ['total', 2, 2],
    ]);
  });
});

top(
  'in a terminal each server has a row with its past, and one that is down its error',
  async () => {
    await inTwo(async (place, other) => {
      const clock = new CountingClock();
      const terminal = new FakeTerminal({ TERM: 'xterm' }, clock);
      terminal.stdin.isTTY = terminal.stdout.isTTY = true;
      const ended = main(['top', place, other, '/nowhere/socket'], terminal);
      while (clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
      for (const count of [7, 1]) {
        await store(place, count);
        await pass(clock);
        await terminal.stdout.says(count === 7 ? /total/ : /total[^]*total/);
      }
      terminal.stdout.columns = 60;
      await pass(clock);
      await terminal.stdout.says(/(total[^]*){3}/);
      terminal.stdin.write('q');
      assert.is(await ended, 0);
      const [, second = '', third = ''] = terminal.stdout.text.split(/\x1b\[6A\x1b\[J/);
      const rows = second.split('\n');
      assert.match(rows[0] ?? '', /^\x1b\[1m3 servers\x1b\[22m {4}q ends$/);
      const bars = '\\x1b\\[34m([ ▁-█]+)\\x1b\\[39m';
      const row = new RegExp(`^(\\S+) +\\S+ {2}${bars} +(\\d+) {2}${bars}( +\\S+)+$`);
      const found = rows.slice(2).map((line) => row.exec(line)?.slice(1, 5));
      assert.match(rows[4] ?? '', /^\/nowhere\/socket +\x1b\[31m[^\x1b]*cannot connect/);
      // Of seven sets and then one, besides the two reads that prove a connection.
      assert.is(found[0]?.[3]?.trim().length, 2);
      assert.match(found[0]?.[3] ?? '', /^ +█[▁-▄]$/);
      assert.match(found[1]?.[3] ?? '', /^ +▁▁$/);
      assert.match(rows[5] ?? '', /^\x1b\[1mtotal +\x1b\[22m/);
      // In a narrow terminal no line is wrapped.
      const shown = third.replaceAll(/\x1b\[\d+m/g, '').split('\n');
      assert.ok(shown.every((line) => line.length <= 60));
      assert.ok(shown.some((line) => line.length === 60));
    });
  },
);

top('several servers of which none ever was are an error', async () => {
  const { code, err } = await say(['top', '/nowhere/a', '/nowhere/b']);
  assert.is(code, 3);
  assert.match(err, /^memwire top: [^\n]*\/nowhere\/a[^\n]*\n$/);
});

/** Runs with the names of two new servers. */
async function inTwo(run: (place: string, other: string) => Promise<void>): Promise<void> {
  const servers = [new Server(), new Server()];
  const listeners = await Promise.all(
    servers.map((one) => listen({ host: '127.0.0.1', port: 0 }, one.accept)),
  );
  const [place = '', other = ''] = listeners.map(({ endpoint }) =>
    'port' in endpoint ? `127.0.0.1:${endpoint.port}` : ''
  );
  await run(place, other);
  for (const listener of listeners) await listener.close();
  for (const one of servers) one.close();
}

/** Stores so many items, on a connection of their own. */
async function store(place: string, count: number): Promise<void> {
  const client = new Client(place, { dialect: 'text' });
  for (let index = 0; index < count; index++) await client.set(`key${index}`, 'x');
  await client.close();
}

top('a server that never was is an error', async () => {
  const { code, err } = await say(['top', '/nowhere/socket']);
  assert.is(code, 3);
  assert.match(err, /^memwire top: cannot connect to [^\n]+\n$/);
});

top.run();
