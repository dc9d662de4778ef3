import * as assert from 'uvu/assert';
import { FlagError } from './console/flags.ts';
import { suite } from '../test/runner/suite.ts';
import { parseServeFlags } from './serve-flags.ts';

const flags = suite('memwire serve: suboptions');

// The command lines of memcached's own tests, t/*.t of 1.6.45, and what their harness adds.
const taken = [
  '-o relaxed_privileges',
  '-m 60 -o watcher_logbuf_size=8',
  '-o no_modern',
  '-o no_modern,slab_chunk_max=4',
  '-o no_lru_crawler,slab_reassign,slab_automove=0,slab_chunk_max=16 -m 12',
  '-o drop_privileges',
  '-m 60 -o slab_reassign,slab_automove,lru_crawler,lru_maintainer,slab_chunk_max=4',
  '-m 60 -o slab_reassign,slab_automove,lru_crawler,lru_maintainer,slab_automove_window=3',
  '-m 48 -o slab_chunk_max=16',
  '-I 512k -o slab_chunk_max=16',
  '-I 1024 -o slab_chunk_max=1,no_lru_crawler,no_lru_maintainer',
  '-m 2 -o lru_maintainer,lru_crawler,temporary_ttl=61',
  '-o read_buf_mem_limit=1 -t 32 -R 500',
  '-o slab_reassign,no_slab_automove -m 8',
  '-m 3 -o modern,slab_automove_window=3',
  '-o ssl_session_cache -o ssl_wbuf_size=64 -o ssl_min_version=2',
  '-o idle_timeout=3 -l 127.0.0.1',
  '-b 8675',
  '-M -m 2',
  '-R 1',
  '-B auto',
  '-vv -B ascii',
  '-l 0.0.0.0',
  '-m 4098 -M',
  '-A -C -F -W',
];

for (const line of taken) {
  flags(`serve ${line} is taken`, () => {
    assert.equal(parseServeFlags(line.split(' ')).notices, []);
  });
}

const refused: readonly (readonly [list: string, because: RegExp])[] = [
  ['frobnicate=1', /^-o: illegal suboption "frobnicate"$/],
  ['constructor', /^-o: illegal suboption "constructor"$/],
  ['idle_timeout=soon', /^-o idle_timeout: "soon" is not a whole number/],
  ['idle_timeout', /^-o idle_timeout: its value is missing$/],
  ['modern=1', /^-o modern: takes no value$/],
  ['slab_chunk_max', /^-o slab_chunk_max: its value is missing$/],
  ['slab_chunk_max=0', /^-o slab_chunk_max: "0" is not a whole number from 1 to 1024$/],
  ['slab_chunk_max=2048', /^-o slab_chunk_max: "2048" is not/],
  ['slab_chunk_max=3', /^-o slab_chunk_max: must divide -I evenly$/],
  ['slab_automove=3', /^-o slab_automove: "3" is not/],
  ['slab_automove=', /^-o slab_automove: its value is missing$/],
  ['slab_automove_ratio=2', /^-o slab_automove_ratio: "2" is not a number that is more than 0/],
  ['hashpower=5', /^-o hashpower: "5" is not a whole number from 12 to 32$/],
  ['hash_algorithm=md5', /^-o hash_algorithm: "md5" is not one of jenkins, murmur3, xxh3$/],
  ['ssl_min_version=3', /^-o ssl_min_version: "3" is not/],
  ['ssl_ciphers=NULL', /^-o ssl_ciphers: the runtime's own ciphers/],
  ['ext_path=/tmp/x:64m', /^-o ext_path: there is no extstore here/],
  ['proxy_config=x.lua', /^-o proxy_config: there is no proxy mode here/],
];

for (const [list, because] of refused) {
  flags(`serve -o ${list} is refused`, () => {
    assert.throws(
      () => parseServeFlags(['-o', list]),
      (error: unknown) => error instanceof FlagError && because.test(error.message),
    );
  });
}

flags('chunks are held against the largest item', () => {
  const line = (max: string) => () => parseServeFlags(['-I', max, '-o', 'slab_chunk_max=512']);
  assert.throws(line('256k'), /-o slab_chunk_max: cannot be larger than -I/);
  assert.throws(line('768k'), /-o slab_chunk_max: must divide -I evenly/);
  assert.not.throws(line('2m'));
});

flags.run();
