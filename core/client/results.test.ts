import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { toStats } from './results.ts';

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

results.run();
