// Server cases: administration.
import { equal, ok } from '../assert.ts';
import { type Case, needing } from '../case.ts';
import type { RawConnection } from './raw-connection.ts';
import { dumpCases } from './dump-cases.ts';
import { open, type ServerContext, talk, talkSince, withConnection } from './server-case.ts';

/** The STAT lines of a reply, by name. */
async function stats(connection: RawConnection, words = ''): Promise<Map<string, string>> {
  connection.send(`stats${words}\r\n`);
  // A value may have any bytes: memcached shows those that follow the path of a unix socket.
  const [all] = await connection.match(/(?:STAT [^]*?\r\n)?END\r\n/);
  return new Map(
    [...all.matchAll(/STAT (\S+) ?([^\r]*)\r\n/g)].map((
      [, name = '', value = ''],
    ) => [name, value]),
  );
}

const counted = [
  ['get {k}no\r\n', 'END\r\n', ['cmd_get', 'get_misses']],
  ['set {k} 0 0 1\r\n5\r\n', 'STORED\r\n', ['cmd_set', 'total_items']],
  ['get {k}\r\n', 'VALUE {k} 0 1\r\n5\r\nEND\r\n', ['cmd_get', 'get_hits']],
  ['ms {k} 1\r\n5\r\n', 'HD\r\n', ['cmd_set', 'total_items']],
  ['mg {k} v\r\n', 'VA 1\r\n5\r\n', ['cmd_get', 'get_hits']],
  ['mg {k}no v\r\n', 'EN\r\n', ['cmd_get', 'get_misses']],
  ['touch {k} 0\r\n', 'TOUCHED\r\n', ['cmd_touch', 'touch_hits']],
  ['touch {k}no 0\r\n', 'NOT_FOUND\r\n', ['cmd_touch', 'touch_misses']],
  ['gat 0 {k}\r\n', 'VALUE {k} 0 1\r\n5\r\nEND\r\n', ['cmd_touch', 'touch_hits']],
  ['incr {k} 1\r\n', '6\r\n', ['incr_hits']],
  ['incr {k}no 1\r\n', 'NOT_FOUND\r\n', ['incr_misses']],
  ['decr {k} 1\r\n', '5\r\n', ['decr_hits']],
  ['decr {k}no 1\r\n', 'NOT_FOUND\r\n', ['decr_misses']],
  ['cas {k}no 0 0 1 1\r\nx\r\n', 'NOT_FOUND\r\n', ['cas_misses', 'cmd_set']],
  ['cas {k} 0 0 1 9999999999\r\nx\r\n', 'EXISTS\r\n', ['cas_badval', 'cmd_set']],
  ['delete {k}\r\n', 'DELETED\r\n', ['delete_hits']],
  ['delete {k}\r\n', 'NOT_FOUND\r\n', ['delete_misses']],
  ['me {k}\r\n', 'EN\r\n', ['cmd_meta']],
] as const;

const statsCases: readonly Case<ServerContext>[] = [
  ...counted.flatMap(([send, expected, names]): Case<ServerContext>[] =>
    needing(
      send.startsWith('m') ? ['meta'] : [],
      withConnection(
        `stats counts ${send.split('\r')[0]?.replace('{k}', 'k')} as ${names.join(', ')}`,
        async (connection, context) => {
          const key = context.unique();
          if (!/no|^set|^m[es]/.test(send)) {
            connection.send(`set ${key} 0 0 1\r\n5\r\n`);
            await connection.expect('STORED\r\n');
            if (expected === 'NOT_FOUND\r\n') {
              connection.send(`delete ${key}\r\n`);
              await connection.expect('DELETED\r\n');
            }
            if (expected === '5\r\n') {
              connection.send(`incr ${key} 1\r\n`);
              await connection.expect('6\r\n');
            }
          }
          const before = await stats(connection);
          connection.send(send.replaceAll('{k}', key));
          await connection.expect(expected.replaceAll('{k}', key));
          const after = await stats(connection);
          for (const name of names) {
            equal(Number(after.get(name)) - Number(before.get(name)), 1, `the change of ${name}`);
          }
        },
      ),
    )
  ),
  withConnection('stats tells what there is of it', async (connection) => {
    const found = await stats(connection);
    const names = ['pid', 'uptime', 'time', 'version', 'pointer_size', 'curr_connections']
      .concat('total_connections', 'bytes_read', 'bytes_written', 'limit_maxbytes', 'threads')
      .concat('bytes', 'curr_items', 'total_items', 'evictions', 'reclaimed', 'cmd_flush')
      .concat('get_expired', 'get_flushed', 'store_too_large', 'auth_cmds', 'auth_errors');
    for (const name of names) ok(found.has(name), `stats must have ${name}`);
    ok(Number(found.get('curr_connections')) >= 1, 'this connection is counted');
    ok(Number(found.get('bytes_read')) > 0, 'what was read is counted');
  }),
  withConnection('stats counts items and their bytes', async (connection, context) => {
    const key = context.unique();
    const before = await stats(connection);
    connection.send(`set ${key} 0 0 100\r\n${'x'.repeat(100)}\r\n`);
    await connection.expect('STORED\r\n');
    const after = await stats(connection);
    const change = (name: string): number => Number(after.get(name)) - Number(before.get(name));
    equal(change('curr_items'), 1, 'the change of curr_items');
    // memcached's header of 48 bytes, 8 of cas, the key and a NUL, the value and CR LF.
    equal(change('bytes'), 48 + 8 + key.length + 1 + 102, 'the change of bytes');
    connection.send(`delete ${key}\r\n`);
    await connection.expect('DELETED\r\n');
    equal((await stats(connection)).get('bytes'), before.get('bytes'), 'bytes after the delete');
  }),
  withConnection('stats settings', async (connection) => {
    const found = await stats(connection, ' settings');
    for (const name of ['maxbytes', 'maxconns', 'item_size_max', 'cas_enabled', 'evictions']) {
      ok(found.has(name), `stats settings must have ${name}`);
    }
    equal(found.get('cas_enabled'), 'yes');
  }),
  ...needing(
    ['meta'],
    withConnection('stats counts how often others went first', async (connection) => {
      const share = Number((await stats(connection, ' settings')).get('reqs_per_event'));
      const before = Number((await stats(connection)).get('conn_yields'));
      connection.send('mn\r\n'.repeat(3 * share));
      await connection.expect('MN\r\n'.repeat(3 * share));
      const after = Number((await stats(connection)).get('conn_yields'));
      ok(after > before, `conn_yields was ${before} and is ${after}`);
    }),
  ),
  withConnection('stats items', async (connection, context) => {
    connection.send(`set ${context.unique()} 0 0 1\r\nx\r\n`);
    await connection.expect('STORED\r\n');
    const found = await stats(connection, ' items');
    ok(Number(found.get('items:1:number')) >= 1, 'class 1 must have an item');
    for (const name of ['age', 'evicted', 'outofmemory', 'reclaimed', 'mem_requested']) {
      ok(found.has(`items:1:${name}`), `stats items must have ${name}`);
    }
  }),
  withConnection('stats slabs', async (connection, context) => {
    connection.send(`set ${context.unique()} 0 0 1\r\nx\r\n`);
    await connection.expect('STORED\r\n');
    const found = await stats(connection, ' slabs');
    equal(found.get('1:chunk_size'), '96');
    ok(Number(found.get('1:used_chunks')) >= 1, 'class 1 must have a used chunk');
    ok(found.has('active_slabs') && found.has('total_malloced'), 'the totals');
  }),
  withConnection('stats conns', async (connection) => {
    const found = await stats(connection, ' conns');
    ok([...found.keys()].some((name) => /^\d+:addr$/.test(name)), 'an address');
  }),
  talk('stats sizes', ['stats sizes\r\n', /STAT sizes_status disabled\r\nEND\r\n/]),
  talk('stats of what there is not', ['stats foo\r\n', 'ERROR\r\n']),
  withConnection('watch tells of reads, writes and removals as they happen', async (
    connection,
    context,
  ) => {
    const key = context.unique();
    const watcher = await open(context);
    watcher.send('watch fetchers mutations\r\n');
    await watcher.expect('OK\r\n');
    connection.send(`get ${key}\r\nset ${key} 0 0 3\r\nabc\r\nget ${key}\r\n`);
    await connection.expect(`END\r\nSTORED\r\nVALUE ${key} 0 3\r\nabc\r\nEND\r\n`);
    const start = 'ts=\\d+\\.\\d+ gid=\\d+';
    const lines = [
      `type=item_get key=${key} status=not_found clsid=0 cfd=\\d+ size=0`,
      `type=item_store key=${key} status=stored cmd=set ttl=0 clsid=1 cfd=\\d+ size=3`,
      `type=item_get key=${key} status=found clsid=1 cfd=\\d+ size=3`,
    ];
    for (const line of lines) {
      await watcher.match(new RegExp(`(${start} [^\\n]*\\n)*?${start} ${line}\\n`));
    }
    watcher.close();
  }),
  talk('watch of what there is not', ['watch foo\r\n', 'ERROR\r\n']),
];

const flushCases: readonly Case<ServerContext>[] = [
  talk('flush_all empties it', ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'], [
    'flush_all\r\n',
    'OK\r\n',
  ], [
    'get {k}\r\n',
    'END\r\n',
  ], ['set {k} 0 0 1\r\ny\r\nget {k}\r\n', 'STORED\r\nVALUE {k} 0 1\r\ny\r\nEND\r\n']),
  talk(
    'flush_all, its arguments',
    ['flush_all 0\r\nflush_all -1\r\n', 'OK\r\nOK\r\n'],
    ['flush_all noreply\r\nflush_all 0 noreply\r\n', ''],
    ['flush_all x\r\n', 'CLIENT_ERROR invalid exptime argument\r\n'],
  ),
  ...needing(
    ['meta'],
    talkSince(
      'new-cas',
      'what is stored after a flush_all is there, whatever cas it is given',
      [
        ['set {k} 0 0 1\r\nx\r\nflush_all\r\n', 'STORED\r\nOK\r\n'],
        ['ms {k} 1 E5\r\ny\r\nmg {k} v c\r\n', 'HD\r\nVA 1 c5\r\ny\r\n'],
        ['ma {k}n N0 J5 E3\r\nmg {k}n v c\r\n', 'HD\r\nVA 1 c3\r\n5\r\n'],
        ['mg {k}v N0 E2\r\nmg {k}v c\r\n', 'HD W\r\nHD c2 Z\r\n'],
      ],
      [['set {k} 0 0 1\r\nx\r\nflush_all\r\nget {k}\r\n', 'STORED\r\nOK\r\nEND\r\n']],
    ),
  ),
  talk('flush_all with a Unix time that is past drops nothing', [
    'set {k} 0 0 1\r\nx\r\nflush_all 2592001\r\nget {k}\r\n',
    'STORED\r\nOK\r\nVALUE {k} 0 1\r\nx\r\nEND\r\n',
  ]),
];

const settingsCases: readonly Case<ServerContext>[] = [
  talk('stats reset', ['stats reset\r\n', 'RESET\r\n']),
  talk(
    'stats detail counts by prefix',
    ['stats detail\r\n', 'CLIENT_ERROR usage: stats detail on|off|dump\r\n'],
    ['stats detail on\r\n', 'OK\r\n'],
    ['set {k}:a 0 0 1\r\nx\r\n', 'STORED\r\n'],
    ['get {k}:a\r\nget {k}:b\r\ndelete {k}:a\r\n', /VALUE [^]*DELETED\r\n/],
    [
      'stats detail dump\r\n',
      /(PREFIX [^\r]*\r\n)*PREFIX {k} get 2 hit 1 set 1 del 1\r\n(PREFIX [^\r]*\r\n)*END\r\n/,
    ],
    ['stats detail off\r\n', 'OK\r\n'],
  ),
  talk(
    'cache_memlimit',
    ['cache_memlimit 64\r\n', 'OK\r\n'],
    ['cache_memlimit 64 noreply\r\n', ''],
    ['cache_memlimit 7\r\n', 'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n'],
    [
      'cache_memlimit 2000000000\r\n',
      'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n',
    ],
    ['cache_memlimit x\r\n', /(CLIENT_)?ERROR[^\r]*\r\n/],
  ),
  talk('shutdown is refused unless it is allowed', [
    'shutdown\r\n',
    /(SERVER_)?ERROR: shutdown not enabled\r\n/,
  ]),
  withConnection('refresh_certs is for TLS', async (connection, { endpoint }) => {
    connection.send('refresh_certs\r\n');
    // A TLS proxy may stand in front of the server.
    if (endpoint.tls !== undefined && await connection.skips(/OK\r\n/)) return;
    // It may have been built without it.
    await connection.match(/Error TLS not enabled\r\n|ERROR\r\n/);
  }),
  talk('config get is what only managed services have', ['config get cluster\r\n', 'ERROR\r\n']),
  talk(
    'slabs',
    ['slabs\r\n', 'ERROR\r\n'],
    ['slabs reassign 1 1\r\n', 'SAME src and dst class are identical\r\n'],
    ['slabs reassign x 1\r\n', 'CLIENT_ERROR bad command line format\r\n'],
    ['slabs reassign 1 99\r\n', /BADCLASS [^\r]*\r\n|NOSPARE [^\r]*\r\n/],
    ['slabs automove 1\r\n', 'OK\r\n'],
    ['slabs automove 9\r\n', 'ERROR\r\n'],
    ['slabs automove ratio 0.8\r\n', 'OK\r\n'],
    ['slabs automove x\r\n', 'CLIENT_ERROR bad command line format\r\n'],
  ),
  talk(
    'lru',
    ['lru tune 10 25 0.1 2.0\r\n', 'OK\r\n'],
    ['lru tune 50 50 0.1 2.0\r\n', 'ERROR hot and warm pcts must not exceed 80\r\n'],
    ['lru tune 10 25 0 2.0\r\n', 'ERROR hot/warm age factors must be greater than 0\r\n'],
    ['lru mode flat\r\nlru mode segmented\r\n', 'OK\r\nOK\r\n'],
    ['lru mode x\r\n', 'ERROR\r\n'],
    ['lru temp_ttl 30\r\nlru temp_ttl -1\r\n', 'OK\r\nOK\r\n'],
    ['lru temp_ttl x\r\n', 'ERROR\r\n'],
    ['lru foo bar\r\n', 'ERROR\r\n'],
  ),
  talkSince(
    'automove-window',
    'slabs automove window and freeratio',
    [
      ['slabs automove window 10\r\nslabs automove freeratio 0.1\r\n', 'OK\r\nOK\r\n'],
      ['slabs automove window\r\n', 'CLIENT_ERROR bad command line format\r\n'],
      ['slabs automove freeratio\r\n', /(CLIENT_)?ERROR[^\r]*\r\n/],
    ],
    [['slabs automove window 10\r\n', 'CLIENT_ERROR bad command line format\r\n']],
  ),
  talk('extstore without its arguments', ['extstore x\r\n', /(CLIENT_)?ERROR[^\r]*\r\n/]),
  talk(
    'lru_crawler',
    ['lru_crawler\r\n', 'ERROR\r\n'],
    ['lru_crawler foo\r\n', 'ERROR\r\n'],
    ['lru_crawler crawl x\r\n', 'BADCLASS invalid class id\r\n'],
    ['lru_crawler crawl 0\r\n', 'BADCLASS invalid class id\r\n'],
    ['lru_crawler crawl all\r\n', /OK\r\n|BUSY [^\r]*\r\n/],
    ['lru_crawler sleep 100\r\n', 'OK\r\n'],
    ['lru_crawler sleep 5000000\r\n', 'CLIENT_ERROR sleep must be one second or less\r\n'],
    ['lru_crawler tocrawl 0\r\n', 'OK\r\n'],
    ['lru_crawler tocrawl x\r\n', 'CLIENT_ERROR bad command line format\r\n'],
  ),
];

/** Requirements on a server: statistics, limits, dumps, logs and the commands that tune it. */
export const adminCases: readonly Case<ServerContext>[] = [
  ...needing(['stats'], ...statsCases),
  ...needing(['stats', 'empty'], ...dumpCases),
  ...needing(['empty'], ...flushCases),
  ...needing(['admin'], ...settingsCases),
];
