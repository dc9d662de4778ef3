// What could break here without a sound: a client that does nothing, and a target that nothing
// measures, which would be found at the end of a long run.
import * as assert from 'uvu/assert';
import { suite } from '../test/runner/suite.ts';
import { staleFills } from './cache-races.ts';
import { Runs } from './client-runs.ts';
import { firstTable } from './client-tables.ts';
import { FLOOR, OURS } from './clients/adapters.ts';
import { OURS as CACHE } from './clients/caches.ts';
import { judgeFault } from './faults.ts';
import { loads, loadsOf } from './clients/loads.ts';
import { startServer, stats } from './server-process.ts';
import { Subject } from './subject.ts';
import { targets, targetTable } from './targets.ts';

const test = suite('bench');

test('the client, the floor and a socket do the same work', async () => {
  const server = await startServer('memwire', 64, null);
  const names = [OURS, FLOOR, 'raw meta'];
  const [get] = loadsOf(['get64']);
  try {
    for (const [i, name] of names.entries()) {
      const subject = new Subject({ name, ports: [server.port], firstKey: i * 1000 }, null);
      try {
        assert.ok(await subject.load(get!, 0.02), `${name} can do it`);
        const { count, rate, cpu, user } = await subject.measure(0.02);
        assert.ok(count >= 64 && rate > 0 && cpu > 0 && user <= cpu, `${name} was measured`);
      } finally {
        await subject.close();
      }
    }
    const items = Number((await stats(server.port)).get('curr_items'));
    assert.is(items, names.length * get!.items.keys);
  } finally {
    await server.stop();
  }
});

test('a client at fault survives, or ends its own process alone', async () => {
  const server = await startServer('memwire', 64, null);
  const request = { name: 'gets: a reply is left out', port: server.port, timeout: 1000 };
  try {
    assert.equal(await judgeFault({ ...request, client: OURS }), {
      result: 'survived',
      detail: '',
    });
    assert.is((await judgeFault({ ...request, client: 'nobody' })).result, 'crashed');
  } finally {
    await server.stop();
  }
});

test('a client is not given a load that it cannot do', async () => {
  const server = await startServer('memwire', 64, null);
  const subject = new Subject({ name: FLOOR, ports: [server.port] }, null);
  try {
    assert.is(await subject.load(loadsOf(['many'])[0]!, 0.02), false);
  } finally {
    await subject.close();
    await server.stop();
  }
});

test('races leave old values where nothing prevents it, and none with our cache', async () => {
  const server = await startServer('memwire', 64, null);
  try {
    // One of five does.
    assert.ok(await staleFills('get, add', server.port, 100) > 0);
    assert.is(await staleFills(CACHE, server.port, 100), 0);
  } finally {
    await server.stop();
  }
});

test('each target of the clients is measured', () => {
  const cores = { name: 'none', server: null, load: null };
  const { figures = {} } = firstTable(new Runs(cores, loads));
  const missing = targets['clients']!.map(({ figure }) => figure).filter((name) =>
    !(name in figures)
  );
  // This one is from the sizes.
  assert.equal(missing, ['growth']);
});

test('a target is met, missed or not measured', () => {
  const figures = { quiet1: 1.5, get1: 0.5, set1: NaN };
  const { rows } = targetTable(new Map([['pymemcache', figures]]));
  assert.equal(rows.map(([, , measured, verdict]) => [measured, verdict]), [
    ['1.50', 'met'],
    ['0.50', 'missed by 50 %'],
    ['-', 'not measured'],
  ]);
  assert.throws(() => targetTable(new Map([['pymemcache', {}]])), /measures no quiet1/);
});

test.run();
