import * as assert from 'uvu/assert';
import { createTestClient } from '../core/testing/mod.ts';
import { HashClient } from '../core/client/cluster/hash-client.ts';
import { MemoryServer } from '../core/server/memory.ts';
import { UsageError } from '../core/wire/errors.ts';
import { suite } from '../test/runner/suite.ts';
import { prometheusText } from './prometheus.ts';

const prometheus = suite('memwire/prometheus');

/** The values by name and labels. Each line is held against the rules of the text format 0.0.4. */
function parse(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const types = new Map<string, string>();
  let current = '';
  assert.ok(text.endsWith('\n'), 'the last line ends');
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ??
      [];
    if (word === 'HELP') {
      assert.not(types.has(name), `${name} is in one group`);
      current = name;
    } else if (word === 'TYPE') {
      assert.is(name, current);
      assert.ok(['counter', 'gauge'].includes(rest), rest);
      assert.is(name.endsWith('_total'), rest === 'counter');
      types.set(name, rest);
    } else {
      const label = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\\\|\\"|\\n)*"`;
      const sample = new RegExp(`^([a-zA-Z_:][\\w:]*)\\{(${label}(?:,${label})*)\\} (\\d+)$`);
      const [, metric = '', labels = '', value = ''] = sample.exec(line) ?? [];
      assert.is(metric, current, line);
      const key = `${metric}{${labels}}`;
      assert.not(found.has(key), `${key} is there once`);
      found.set(key, Number(value));
    }
  }
  return found;
}

prometheus('it has the counters of each server', async () => {
  const client = new HashClient(['a', 'b'], { dial: new MemoryServer().dial });
  await client.set('k', 'v');
  await client.getMany(['k', ...Array.from({ length: 20 }, (_, i) => `k${i}`)]);
  await client.incr('k').catch(() => {});
  const counters = client.counters();
  const found = parse(prometheusText(counters, { cache: 'x' }));
  assert.is(counters.servers.size, 2);
  for (const [name, server] of counters.servers) {
    const labels = `{server="${name}",cache="x"}`;
    const values = ['up', 'pending_commands', 'commands_total', 'hits_total', 'misses_total']
      .concat('reconnects_total', 'received_bytes_total', 'sent_bytes_total')
      .map((metric) => found.get(`memwire_${metric}${labels}`));
    const { calls, hits, misses, bytesIn, bytesOut } = server;
    assert.equal(values, [1, 0, calls, hits, misses, 0, bytesIn, bytesOut]);
  }
  const home = client.serverOf('k')!;
  const error = `memwire_errors_total{server="${home}",cache="x",code="non-numeric"}`;
  assert.is(found.get(error), 1);
  await client.close();
  assert.is(parse(prometheusText(client.counters())).get('memwire_up{server="a:11211"}'), 0);
});

prometheus('text of any kind is quoted', async () => {
  const { client } = createTestClient();
  const { servers, ...sum } = client.counters();
  const odd = 'a"b\\c\nd';
  const named = { ...sum, servers: new Map([[odd, servers.get('localhost:11211')!]]) };
  const found = parse(prometheusText(named, { label: odd }));
  assert.is(found.get(String.raw`memwire_hits_total{server="a\"b\\c\nd",label="a\"b\\c\nd"}`), 0);
  await client.close();
});

prometheus('a client without servers has no values', () => {
  const { client } = createTestClient();
  assert.is(parse(prometheusText({ ...client.counters(), servers: new Map() })).size, 0);
});

for (const name of ['', '1a', 'a-b', '__a', 'server', 'code', 'é']) {
  prometheus(`the label ${JSON.stringify(name)} is refused`, () => {
    const { client } = createTestClient();
    assert.throws(
      () => prometheusText(client.counters(), { [name]: 'x' }),
      (error: unknown) => error instanceof UsageError && error.argument === 'labels',
    );
  });
}

prometheus('arguments that are none are refused', () => {
  const { client } = createTestClient();
  const counters = client.counters();
  for (
    const [first, labels] of [[{}, {}], [null, {}], [counters, 5], [counters, { a: 5 }]] as const
  ) {
    assert.throws(
      () => prometheusText(first as never, labels as never),
      (error: unknown) => error instanceof UsageError,
    );
  }
});

prometheus.run();
