// The law: a reply at a limit is read, and the first beyond it ends the connection; nothing of one
// reply is left in the next; what a reply may not hold is not written.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { drain as drainAll, proven, receive } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import type { Command } from './command.ts';
import { ReplyDecoder, type ReplyLimits } from './decode-reply.ts';
import { encodeReply, putReply } from './encode-reply.ts';
import { ProtocolError, UsageError } from './errors.ts';
import { fromUriKey, readWords, toFacts, uriKey } from './item-lines.ts';
import { drain, Output } from './output.ts';
import { plainFlags, type PlainReply } from './plain.ts';
import type { Reply } from './reply.ts';
import { readDebug, readMetadump, readMgdump, readStat } from './reply-lines.ts';

const edges = suite('replies: edges');

const get = (...keys: string[]): Command => ({ verb: 'get', keys });
const mg = (...flags: string[]): Command => ({ verb: 'mg', key: 'k', base64: false, flags });
const raw = (reply: 'line' | 'lines' | 'values'): Command => ({
  verb: 'raw',
  line: 'x',
  value: null,
  reply,
});
const stats: Command = { verb: 'stats', words: [] };

/** What comes of some bytes for each request: replies and items, or the error. */
function read(
  requests: readonly Command[],
  data: string,
  limits: Partial<ReplyLimits> = {},
): unknown[] {
  const decoder = new ReplyDecoder(limits);
  decoder.push(bytes(data));
  const found: unknown[] = [];
  try {
    for (const request of requests) found.push(decoder.next(request));
  } catch (error) {
    assert.instance(error, ProtocolError);
    found.push((error as Error).message);
  }
  return found;
}

const over = (what: string, limit: number): string => `${what} is longer than ${limit} bytes`;

edges('a line may be as long as the limit, by default 8 KiB', () => {
  const line = 'x'.repeat(8192);
  assert.equal(read([raw('line')], `${line}\r\n`), [{ type: 'line', line }]);
  assert.equal(read([raw('line')], `${line}x\r\n`), [over('a line', 8192)]);
  assert.equal(read([raw('line')], line), [null]);
  assert.equal(read([raw('line')], `${line}\r`), [null]);
  assert.equal(read([raw('line')], `${line}x`), [over('a line', 8192)]);
});

edges('a value may be as long as the limit, by default 64 MiB', () => {
  const most = 64 * 1024 * 1024;
  assert.equal(read([get('k')], `VALUE k 0 ${most}\r\n`), [null]);
  assert.equal(read([get('k')], `VALUE k 0 ${most + 1}\r\n`), [over('a value', most)]);
  assert.equal(read([mg('v')], `VA ${most + 1}\r\n`), [over('a value', most)]);
  const config: Command = { verb: 'config get', words: ['cluster'] };
  const line = `CONFIG cluster 0 ${most + 1}\r\n`;
  assert.equal(read([config], line), [over('a value', most)]);
});

edges('the lines of a reply may take as much memory as the limit, by default 16 MiB', () => {
  const most = 16 * 1024 * 1024;
  // Each line is reckoned at its length and 64 bytes.
  const line = `STAT a ${'x'.repeat(8192 - 64 - 'STAT a '.length)}\r\n`;
  const decoder = new ReplyDecoder();
  decoder.push(bytes(line.repeat(most / 8192)));
  assert.is(decoder.next(stats), null);
  decoder.push(bytes('STAT a b\r\n'));
  const error = over('a reply in parts', most);
  assert.throws(() => decoder.next(stats), (thrown: unknown) => {
    return thrown instanceof ProtocolError && thrown.message === error;
  });
});

edges('each line of a reply is reckoned at its length and 64 bytes', () => {
  for (const [request, part] of [[stats, 'STAT a b'], [raw('lines'), 'any line']] as const) {
    const limits = { maxLines: 2 * (part.length + 64) };
    const lines = `${part}\r\n`.repeat(2);
    assert.equal(read([request], lines, limits), [null]);
    // Counted anew for the next one.
    assert.is(read([request, request], `${lines}END\r\n${lines}`, limits)[1], null);
    assert.is(read([request, request], `SERVER_ERROR x\r\n${lines}`, limits)[1], null);
    assert.equal(read([request], `${part}\r\n`.repeat(3), limits), [
      over('a reply in parts', limits.maxLines),
    ]);
  }
});

edges('values that nobody asked for by key are reckoned as lines are', () => {
  const values = 'VALUE k 0 1\r\nx\r\n'.repeat(2);
  const limits = { maxValue: 2 * (1 + 64) };
  const request = raw('values');
  assert.is(read([request, request], `${values}END\r\n${values}`, limits)[1], null);
  assert.equal(read([request], `${values}VALUE k 0 0\r\n\r\n`, limits), [
    over('a reply in parts', 130),
  ]);
});

edges('a line is measured from where it begins', () => {
  const command: Command = { verb: 'version' };
  const line = 'VERSION 1.6.39';
  const found = read(Array.from({ length: 30 }, () => command), `${line}\r\n`.repeat(30), {
    maxLine: line.length,
  });
  assert.equal(found, Array.from({ length: 30 }, () => ({ type: 'VERSION', version: '1.6.39' })));
});

edges('nothing of a reply is left in the next', () => {
  const line = 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n';
  const config: Command = { verb: 'config get', words: ['cluster'] };
  const dump: Command = { verb: 'lru_crawler metadump', words: ['all'] };
  const cases: readonly (readonly [Command, string, number])[] = [
    [stats, 'STAT a b\r\nEND\r\n', 1],
    [raw('lines'), 'a line\r\nEND\r\n', 1],
    [config, 'CONFIG cluster 0 2\r\n1\n\r\nEND\r\n', 1],
    [dump, `OK\r\n${line}END\r\n`, 2],
    [get('k', 'l'), 'VALUE k 0 1\r\nx\r\nVALUE l 0 1\r\ny\r\nEND\r\n', 1],
    // Out of order, as a proxy answers.
    [get('k', 'l'), 'VALUE l 0 1\r\ny\r\nVALUE k 0 1\r\nx\r\nEND\r\n', 1],
    [raw('values'), 'VALUE k 0 1\r\nx\r\nEND\r\n', 1],
  ];
  for (const [request, data, parts] of cases) {
    const once = read(Array.from({ length: parts }, () => request), data);
    const limits = { maxLines: 100, maxValue: 100 };
    const requests = Array.from({ length: 3 * parts }, () => request);
    assert.equal(read(requests, data.repeat(3), limits), [...once, ...once, ...once]);
    // Nor of one that an error has ended.
    const error = 'SERVER_ERROR busy\r\n';
    const begun = data.slice(0, data.lastIndexOf('END'));
    const items = once.slice(0, parts - 1);
    const after = read(
      [...items.map(() => request), request, ...requests.slice(0, parts)],
      begun + error + data,
    );
    assert.equal(after, [...items, { type: 'SERVER_ERROR', message: 'busy' }, ...once]);
  }
});

edges('the items of a get that were read as they came do not count in the next', () => {
  const connection = proven();
  connection.send(get('k'), 'a');
  connection.send(get('l', 'k', 'k'), 'b');
  drainAll(connection);
  const taken: number[] = [];
  connection.receive(bytes('VALUE k 0 1\r\nx\r\nEND\r\nMN\r\n'), 0);
  const event = connection.next({
    takesItems: () => true,
    onPlainItem: (_tag: string, _item: PlainReply, index: number) => taken.push(index),
    onPlain: () => assert.unreachable(),
  });
  assert.equal(taken, [0]);
  assert.ok(event?.type === 'reply');
  const value = (key: string): string => `VALUE ${key} 0 1\r\n${key}\r\n`;
  const [reply] = receive(connection, `${value('k')}${value('l')}${value('k')}END\r\nMN\r\n`);
  assert.ok(reply?.type === 'reply' && reply.reply.type === 'values');
  assert.equal(reply.reply.items.map((item) => item.key), ['k', 'l', 'k']);
});

edges('the items of a get that an error has ended do not count in the next', () => {
  const connection = proven();
  connection.send(get('k'), 'a');
  connection.send(get('l', 'k', 'k'), 'b');
  drainAll(connection);
  const sink = { takesItems: () => true, onPlainItem: () => {}, onPlain: () => {} };
  connection.receive(bytes('VALUE k 0 1\r\nx\r\nSERVER_ERROR busy\r\nMN\r\n'), 0);
  assert.is(connection.next(sink)?.type, 'reply');
  const value = (key: string): string => `VALUE ${key} 0 1\r\n${key}\r\n`;
  const [reply] = receive(connection, `${value('k')}${value('l')}${value('k')}END\r\nMN\r\n`);
  assert.ok(reply?.type === 'reply' && reply.reply.type === 'values');
  assert.is(reply.reply.items.length, 3);
});

edges('an item of a proxy comes once, in whichever chunk', () => {
  const connection = proven();
  connection.send(get('k', 'l', 'm'), 'a');
  drainAll(connection);
  const sink = { takesItems: () => true, onPlainItem: () => {}, onPlain: () => {} };
  const value = (key: string): string => `VALUE ${key} 0 1\r\n${key}\r\n`;
  connection.receive(bytes(`${value('l')}${value('k')}`), 0);
  assert.is(connection.next(sink), null);
  connection.receive(bytes(`${value('m')}${value('m')}`), 0);
  assert.is(connection.next(sink)?.type, 'closed');
});

edges('a blank line may come behind an error, and nowhere else', () => {
  const ends = (data: string, command: Command): string | null => {
    const connection = proven();
    for (const tag of ['a', 'b', 'c']) connection.send(tag === 'a' ? mg('v') : command, tag);
    drainAll(connection);
    connection.receive(bytes(`SERVER_ERROR busy\r\n${data}`), 0);
    const sink = { takesItems: () => true, onPlainItem: () => {}, onPlain: () => {} };
    let last: string | null = null;
    for (let event = connection.next(sink); event !== null; event = connection.next(sink)) {
      last = event.type;
    }
    return last;
  };
  const plain: Command = {
    verb: 'mg',
    key: 'k',
    base64: false,
    flags: plainFlags('mg', ['v', 'f']),
  };
  assert.is(ends('EN O2\r\nEN O3\r\n', plain), 'reply');
  assert.is(ends('\r\nEN O2\r\nEN O3\r\n', plain), 'reply');
  assert.is(ends('EN O2\r\n\r\nEN O3\r\n', plain), 'closed');
  assert.is(ends('\r\n\r\nEN O2\r\n', plain), 'closed');
  const item = 'VALUE k 0 1\r\nx\r\n';
  assert.is(ends(`${item}END\r\nMN\r\n`, get('k')), 'reply');
  assert.is(ends(`\r\n${item}END\r\nMN\r\n`, get('k')), 'reply');
  assert.is(ends(`${item}\r\nEND\r\nMN\r\n`, get('k')), 'closed');
});

edges('a value is a view of its chunk, unless that is lent', () => {
  for (const isLent of [undefined, false, true]) {
    const decoder = new ReplyDecoder();
    const chunk = bytes('VA 1\r\nx\r\n');
    if (isLent === undefined) decoder.push(chunk);
    else decoder.push(chunk, isLent);
    const reply = decoder.next(mg('v'));
    assert.ok(reply?.type === 'VA');
    assert.is(reply.value.buffer === chunk.buffer, isLent !== true);
  }
});

edges('an error before plain replies does not hide them, nor make any', () => {
  const connection = proven();
  for (const tag of ['a', 'b', 'c']) connection.send(mg('v'), tag);
  drainAll(connection);
  connection.receive(bytes('SERVER_ERROR busy\r\nEN O2\r\nSERVER_ERROR busy\r\n\r\n'), 0);
  const found: string[] = [];
  const sink = {
    takesItems: () => false,
    onPlainItem: () => assert.unreachable(),
    onPlain: (tag: string, reply: PlainReply) => found.push(`${tag} ${reply.type}`),
  };
  for (let event = connection.next(sink); event !== null; event = connection.next(sink)) {
    found.push(event.type === 'reply' ? `${event.tag} ${event.reply.type}` : event.type);
  }
  assert.equal(found, ['a SERVER_ERROR', 'b EN', 'c SERVER_ERROR']);
});

edges('flags are those of the reply, whatever the one before had', () => {
  const command = mg('k', 'f', 's');
  const lines = [
    'HD f1 s2 kk',
    'HD f1',
    'HD f1 s2',
    'HD f1 s3 kk',
    'HD',
    'HD s2',
    'HD f1 s2 kk t-1',
  ];
  const data = lines.map((line) => `${line}\r\n`).join('');
  const found = read(lines.map(() => command), data);
  assert.equal(
    found.map((reply) => (reply as { flags: string[] }).flags.join(' ')),
    lines.map((line) => line.slice(3)),
  );
});

edges('an opaque that is a number is told, and none before the first reply or without one', () => {
  const decoder = new ReplyDecoder();
  assert.is(decoder.opaque, -1);
  decoder.push(bytes('EN O7\r\nEN\r\n'));
  for (const opaque of [7, -1]) {
    decoder.next(mg());
    assert.is(decoder.opaque, opaque);
  }
});

edges('a reply has one opaque, and each flag once', () => {
  const why = (line: string): unknown => read([mg('v', 'f')], `${line}\r\n`)[0];
  assert.is(why('EN O0 O0'), 'a reply carries two opaques');
  assert.is(why('EN O1 O2'), 'a reply carries two opaques');
  assert.is(why('EN a1 a2'), 'a reply carries the flag a twice');
  assert.is(why('EN z1 z2'), 'a reply carries the flag z twice');
  assert.is(why('EN fx'), 'a reply carries client flags that are no number');
  assert.equal(why('EN a1 z1'), { type: 'EN', flags: ['a1', 'z1'] });
  assert.equal(why('EN W W'), { type: 'EN', flags: ['W', 'W'] });
  assert.equal(why('EN Ox'), { type: 'EN', flags: ['Ox'] });
  assert.is(why('HD'), 'HD answers mg v f');
  assert.equal(read([mg('v', 'C5')], 'HD\r\n'), [{ type: 'HD', flags: [] }]);
  assert.is(read([mg('f')], 'VA 1\r\nx\r\n')[0], 'VA answers mg f');
});

edges('a value ends where its length says, with CR LF', () => {
  for (const end of ['\rx', 'x\n', '\n\r', 'xx']) {
    for (const cut of [0, 1, 2]) {
      const decoder = new ReplyDecoder();
      const data = `VA 1\r\nv${end}`;
      decoder.push(bytes(data.slice(0, data.length - cut)));
      if (cut > 0) assert.is(decoder.next(mg('v')), null);
      decoder.push(bytes(data.slice(data.length - cut)));
      assert.throws(() => decoder.next(mg('v')), /does not end where its length says/);
    }
  }
});

edges('what answers nothing that was asked is told by its first word', () => {
  assert.equal(read([get('k')], 'STORED\r\n'), ['a line that starts with "STORED" answers get']);
  assert.equal(read([get('k')], `${'x'.repeat(40)} y\r\n`), [
    `a line that starts with "${'x'.repeat(32)}" answers get`,
  ]);
  const decoder = new ReplyDecoder();
  decoder.push(bytes('STORED\r\nSTORED\r\n'));
  assert.throws(() => decoder.next(null), /answers a run of quiet commands/);
  assert.throws(() => decoder.unasked(), /answers nothing/);
});

edges('a VALUE has its key and its numbers, and its cas where it is asked for', () => {
  const numbers = 'a VALUE line without its numbers';
  const value = (verb: 'get' | 'gets' | 'gat' | 'gats', line: string): unknown => {
    const command = { verb, expire: 0, keys: ['k'] } as Command;
    const reply = read([command], `VALUE ${line}\r\nx\r\nEND\r\n`)[0];
    return typeof reply === 'string'
      ? reply
      : (reply as { items: { cas: unknown }[] }).items[0]?.cas;
  };
  for (const verb of ['get', 'gat', 'gets', 'gats'] as const) {
    assert.is(value(verb, 'k 0 1 7'), 7n);
    assert.is(value(verb, 'k 0 1'), verb.endsWith('s') ? numbers : undefined);
    assert.is(value(verb, 'k 0 1 x'), numbers);
    assert.is(value(verb, 'k x 1'), numbers);
    assert.is(value(verb, 'k 0 x'), 'the length of a value is not a number');
    assert.is(value(verb, 'l 0 1'), 'a VALUE for a key that was not asked for');
  }
  const [reply] = read([raw('values')], 'VALUE  0 1\r\nx\r\nEND\r\n');
  assert.equal((reply as { items: unknown }).items, [
    { key: '', flags: 0, value: bytes('x'), cas: undefined },
  ]);
});

edges('lines about items and statistics are read in their parts', () => {
  assert.equal(readStat('STAT a b c'), { type: 'STAT', name: 'a', value: 'b c' });
  assert.equal(readStat('STAT a'), { type: 'STAT', name: 'a', value: '' });
  assert.equal(readStat('STAT '), { type: 'STAT', name: '', value: '' });
  assert.equal(readStat('ITEM  b'), { type: 'ITEM', name: '', value: 'b' });
  assert.is(readStat('STATS a b'), null);
  assert.equal(readMgdump('mg k'), { type: 'mgdump', key: 'k' });
  assert.equal(readMgdump('mg \xff'), { type: 'mgdump', key: bytes('\xff') });
  assert.equal(readMgdump('mg AA== b'), { type: 'mgdump', key: bytes('\0') });
  for (const line of ['mg ', 'mg  b', 'mg', 'mg k c', 'mx k']) {
    assert.is(readMgdump(line), null, line);
  }
  const words = 'exp=1 la=2 cas=3 fetch=no cls=4 size=5';
  const facts = { exp: 1, la: 2, cas: 3n, fetch: false, cls: 4, size: 5, flags: undefined };
  assert.equal(toFacts(readWords(words), 'k'), { key: 'k', ...facts });
  assert.equal(toFacts(readWords(`${words} flags=0`), 'k'), { key: 'k', ...facts, flags: 0 });
  for (const name of ['exp', 'la', 'cas', 'fetch', 'cls', 'size']) {
    const without = words.split(' ').filter((word) => !word.startsWith(`${name}=`)).join(' ');
    assert.is(toFacts(readWords(without), 'k'), null, name);
    assert.is(
      toFacts(readWords(words.replace(new RegExp(`${name}=\\w+`), `${name}=x`)), 'k'),
      null,
    );
  }
  assert.is(readWords('a=1 =2'), null);
  assert.is(readWords('a=1 b'), null);
  assert.equal([...readWords('  a=1  b=  ')!], [['a', '1'], ['b', '']]);
  assert.equal(readMetadump(`key=a%20b ${words}`), {
    type: 'metadump',
    key: bytes('a b'),
    ...facts,
  });
  assert.is(readMetadump(words), null);
  assert.is(readMetadump(`key=a% ${words}`), null);
  assert.is(uriKey('a b/\x7f\xff~'), 'a%20b%2F%7F%FF~');
  assert.is(fromUriKey('a%2fb'), 'a/b');
  assert.is(fromUriKey('a%2'), null);
  const me: Command = { verb: 'me', key: 'k', base64: false };
  assert.equal(readDebug(`ME k ${words}`, me), { type: 'ME', base64: false, key: 'k', ...facts });
  assert.equal(readDebug(`ME aw== ${words}`, me), { type: 'ME', base64: true, key: 'k', ...facts });
  assert.is(readDebug(`ME k ${words}`, null), null);
  assert.is(readDebug(`ME k ${words}`, stats), null);
  assert.is(readDebug('MX k', me), null);
  assert.is(readDebug('ME k', me), null);
  assert.throws(() => readDebug(`ME l ${words}`, me), /that was not asked for/);
  assert.throws(() => readDebug(`ME !! ${words}`, me), /that was not asked for/);
});

/** The reason why a reply is not written, of which then nothing is. */
function refusal(reply: Reply): string {
  const output = new Output();
  try {
    putReply(output, reply);
    return '';
  } catch (error) {
    assert.instance(error, UsageError);
    return (error as UsageError).rule;
  }
}

edges('the words of a reply hold no byte that would end them', () => {
  const value = (key: string | Uint8Array): Reply => ({
    type: 'values',
    items: [{ key, flags: 0, value: bytes(''), cas: undefined }],
  });
  for (const word of ['!', '\x01', '\x1f', '\x7f', '\xff', '\r']) {
    assert.is(refusal({ type: 'HD', flags: [`k${word}`] }), '');
    assert.is(refusal(value(word)), '');
    assert.is(refusal(value(bytes(word))), '');
  }
  for (const word of [' ', '\n', '\0', '\u0100']) {
    const rule = 'must hold bytes other than a space, LF and NUL in a word';
    assert.is(refusal({ type: 'HD', flags: [`k${word}`] }), rule);
    assert.is(refusal(value(`a${word}`)), rule);
  }
  for (const message of ['a\nb', 'a\rb', 'a\0b', '\u0100']) {
    assert.match(refusal({ type: 'SERVER_ERROR', message }), /no CR, LF or NUL/);
  }
});

edges('client flags are written to 64 bits', () => {
  const line = (flags: number): string =>
    text(
      encodeReply({
        type: 'values',
        items: [{ key: 'k', flags, value: bytes(''), cas: undefined }],
      }),
    ).split('\r\n')[0] ?? '';
  assert.is(line(0), 'VALUE k 0 0');
  assert.is(line(2 ** 32), 'VALUE k 4294967296 0');
  assert.is(line(2 ** 53), 'VALUE k 9007199254740992 0');
  assert.is(line(2 ** 63), 'VALUE k 9223372036854775808 0');
  assert.is(line(2 ** 64), 'VALUE k 18446744073709551615 0');
  for (const flags of [-1, -(2 ** 53), 2 ** 64 + 4096, 0.5, NaN, Infinity]) {
    assert.throws(() => line(flags), /flags from 0 to 18446744073709551615/);
  }
});

edges('replies that fill one piece of memory after another are whole', () => {
  const reply = (key: string, length = 0): Reply[] => [
    {
      type: 'VA',
      flags: [`k${key}`, 'f4294967295', 'c18446744073709551615'],
      value: bytes('v'.repeat(length)),
    },
    { type: 'HD', flags: [`k${key}`] },
    {
      type: 'values',
      items: [{ key, flags: 2 ** 64, value: bytes('v'.repeat(length)), cas: 2n ** 64n - 1n }],
    },
  ];
  const sizes = [0, 1, 500, 1023, 1024, 1025];
  for (let shift = 0; shift < 200; shift += 29) {
    const output = new Output();
    let expected = `${'x'.repeat(shift)}\r\n`;
    putReply(output, { type: 'line', line: 'x'.repeat(shift) });
    for (let i = 0; i < 12; i++) {
      for (const one of reply('k'.repeat(i % 2 === 0 ? 250 : 1), sizes[i % sizes.length])) {
        putReply(output, one);
        expected += text(encodeReply(one));
      }
    }
    assert.ok(text(drain(output)) === expected);
  }
  assert.equal(
    text(encodeReply({ type: 'VA', flags: ['f1'], value: bytes('v'.repeat(1024)) })),
    `VA 1024 f1\r\n${'v'.repeat(1024)}\r\n`,
  );
  for (const length of [32_767, 32_768]) {
    for (const one of reply('k', length)) {
      const output = new Output();
      putReply(output, { type: 'MN' });
      putReply(output, one);
      assert.ok(text(drain(output)) === `MN\r\n${text(encodeReply(one))}`);
    }
  }
  assert.is(encodeReply({ type: 'closed' }).length, 0);
  assert.is(encodeReply({ type: 'silent', errors: [] }).length, 0);
});

edges.run();
