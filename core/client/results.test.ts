import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { ProtocolError } from '../wire/errors.ts';
import type { ItemFacts } from '../wire/reply.ts';
import { toDumpedInfo, toItemInfo, toStats } from './results.ts';

const results = suite('results');

for (
  const [name, value, typed] of [
    ['curr_items', '5', 5],
    ['cmd_get', '9007199254740993', 9007199254740993n],
    ['rusage_user', '0.012345', 0.012345],
    ['growth_factor', '1.25', 1.25],
    ['umask', '700', 0o700],
    ['version', '1.6.39', '1.6.39'],
    ['hash_algorithm', 'murmur3', 'murmur3'],
    ['memory_file', '42', '42'],
    ['stat_key_prefix', '0', '0'],
    ['ssl_ca_cert', 'no', 'no'],
    ['evictions', '7', 7],
    ['evictions', '1', 1],
    ['evictions', 'on', true],
    ['evictions', 'off', false],
    ['slab_automove', '1', 1],
    ['accepting_conns', '1', 1],
    ['hash_is_expanding', '0', false],
    ['slab_reassign_running', '1', true],
    ['shutdown_command', 'no', false],
    ['auth_enabled_ascii', 'no', false],
    ['lru_maintainer_thread', 'yes', true],
    ['temp_lru', 'no', false],
    ['inline_ascii_response', 'no', false],
    ['ext_drop_unread', 'no', false],
    ['ssl_session_cache', 'no', false],
    ['ssl_kernel_tls', 'no', false],
    ['a_switch_of_a_later_version', 'no', false],
  ] as const
) {
  results(
    `stats: ${name} ${value} is ${typeof typed === 'string' ? 'text' : String(typed)}`,
    () => {
      const stats = toStats({ type: 'stats', lines: [{ type: 'STAT', name, value }] });
      assert.is(stats.get(name), typed);
    },
  );
}

const facts: ItemFacts = {
  key: 'k',
  exp: 90,
  la: 10,
  cas: 7n,
  fetch: true,
  cls: 2,
  size: 70,
  flags: undefined,
};
const now = 1_000_000_500;
const info = { key: 'k', cas: 7n, fetched: true, slabClass: 2, size: 70 };

results('me: seconds are reckoned from now, to an expiry and since an access', () => {
  const at = { expire: new Date(now + 90_000), lastAccess: new Date(now - 10_000) };
  assert.equal(toItemInfo(facts, now), { ...info, ...at });
  assert.equal(toItemInfo({ ...facts, exp: -90 }, now), { ...info, ...at }, 'before 1.6.24');
  assert.is(toItemInfo({ ...facts, exp: -1 }, now).expire, null);
});

results('metadump: times are Unix times', () => {
  const dumped = toDumpedInfo({ ...facts, exp: 1_700_000_090, la: 1_700_000_000, flags: 5 });
  const at = { expire: new Date(1_700_000_090_000), lastAccess: new Date(1_700_000_000_000) };
  assert.equal(dumped, { ...info, ...at, flags: 5 });
  assert.is(toDumpedInfo({ ...facts, exp: -1 }).expire, null);
});

results('a time that is no date breaks the protocol', () => {
  const wrong = { ...facts, exp: 1e15 - 1 };
  assert.throws(() => toItemInfo(wrong, now), (error: unknown) => error instanceof ProtocolError);
  assert.throws(() => toDumpedInfo(wrong), (error: unknown) => error instanceof ProtocolError);
});

results.run();
