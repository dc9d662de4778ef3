// The law: a request at a limit is a command, and the first beyond it has the error that memcached has
// for it; a decoder says what it is in the middle of, and why it ends.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { suite } from '../../test/runner/suite.ts';
import {
  BadRequest,
  CommandDecoder,
  type RequestOptions,
  requestOptions,
} from './decode-command.ts';
import type { Optional } from './options.ts';
import { serverError } from './reply.ts';

const edges = suite('requests: edges');

const anyLength: Optional<RequestOptions> = { admit: () => null };

/** A request as short text: its words, or its error; `-` for an error that is not told. */
function brief(request: ReturnType<CommandDecoder['next']>): string {
  if (request === null) return 'nothing';
  if (request instanceof BadRequest) {
    const { reply, refused } = request;
    const error = reply === null ? '-' : `${reply.type} ${reply.message}`.trim();
    return refused ? `${error} (refused)` : error;
  }
  return Object.values(request).map((part: unknown) => {
    const parts: readonly unknown[] = Array.isArray(part) ? part : [part];
    const show = (one: unknown): string => one instanceof Uint8Array ? text(one) : String(one);
    return parts.length === 0 ? '[]' : parts.map(show).join('+');
  }).join(' ');
}

/** What comes of some bytes: requests, then the reason why there are no more. */
function read(
  data: string,
  options: Optional<RequestOptions> = {},
  authenticating = false,
): string[] {
  const decoder = new CommandDecoder(options);
  decoder.authenticating = authenticating;
  decoder.push(bytes(data));
  const found: string[] = [];
  for (let next = decoder.next(); next !== null; next = decoder.next()) found.push(brief(next));
  return decoder.dead === null ? found : [...found, `dead: ${decoder.dead}`];
}

const k250 = 'x'.repeat(250);
const k251 = 'x'.repeat(251);
const format = 'CLIENT_ERROR bad command line format';
const words = (count: number): string => [...'abcdeghijklmopqrst'].slice(0, count).join(' ');

const rows: Readonly<Record<string, readonly string[]>> = {
  [`incr ${k250} 1\r\n`]: [`incr ${k250} 1 false`],
  [`incr ${k251} 1\r\n`]: [format],
  [`incr ${k251} 1 noreply\r\n`]: ['-'],
  'incr k x\r\n': ['CLIENT_ERROR invalid numeric delta argument'],
  [`touch ${k250} 1\r\n`]: [`touch ${k250} 1 false`],
  [`touch ${k251} 1\r\n`]: [format],
  'touch k x\r\n': ['CLIENT_ERROR invalid exptime argument'],
  [`delete ${k250}\r\n`]: [`delete ${k250} false`],
  [`delete ${k251}\r\n`]: [format],
  'delete k 0\r\n': ['delete k false'],
  'delete k noreply\r\n': ['delete k true'],
  'delete k 0 noreply\r\n': ['delete k true'],
  'delete k 1 noreply\r\n': ['-'],
  'delete k 0 1\r\n': [`${format}.  Usage: delete <key> [noreply]`],
  'delete k 1\r\n': [`${format}.  Usage: delete <key> [noreply]`],
  [`add ${k250} 0 0 1\r\nv\r\n`]: [`add ${k250} 0 0 v false`],
  [`add ${k251} 0 0 1\r\nv\r\n`]: [format],
  'add k 0 0\r\n': ['ERROR'],
  'add k\r\n': ['ERROR'],
  'add k 0 0 1\r\nvv': [],
  'add k 0 0 1\r\nvvv\r\n': ['CLIENT_ERROR bad data chunk', 'ERROR'],
  'add k 0 0 1 noreply\r\nvvv\r\n': ['-', 'ERROR'],
  [`ms ${k250} 1 q\r\nv\r\n`]: [`ms ${k250} false v q`],
  [`ms ${k251} 1 q\r\nv\r\n`]: [format],
  'ms k\r\n': [format],
  [`ms k 1 ${words(16)}\r\nv\r\n`]: ['CLIENT_ERROR invalid flag'],
  [`ms k 1 ${words(17)}\r\nv\r\n`]: ['CLIENT_ERROR options flags too long'],
  [`ms k 1 O${'o'.repeat(31)}\r\nv\r\n`]: [`ms k false v O${'o'.repeat(31)}`],
  [`ms k 1 O${'o'.repeat(32)}\r\nv\r\n`]: ['CLIENT_ERROR opaque token too long'],
  'ms k 1 MX\r\nv\r\n': ['CLIENT_ERROR invalid mode for ms M token'],
  'ms k 1 M\r\nv\r\n': ['CLIENT_ERROR incorrect length for M token'],
  'ms k 1 MSS\r\nv\r\n': ['CLIENT_ERROR incorrect length for M token'],
  'ms k 1 Fx\r\nv\r\n': [format],
  'ms k 1 Tx Fx\r\nv\r\n': ['CLIENT_ERROR bad token in command line format'],
  'ms k 1 Fx Tx\r\nv\r\n': ['CLIENT_ERROR bad token in command line format'],
  'ms k 1 F4294967295 q\r\nv\r\n': ['ms k false v F4294967295+q'],
  [`mg ${k250} v\r\n`]: [`mg ${k250} false v`],
  [`mg ${k251} v\r\n`]: [format],
  [`mg ${k250} t\r\n`]: [`mg ${k250} false t`],
  'ms k 1 F5 q\r\nv\r\n': ['ms k false v F5+q'],
  'ms k 1 T5 q\r\nv\r\n': ['ms k false v T5+q'],
  'ms k 1 C5 q\r\nv\r\n': ['ms k false v C5+q'],
  'ms k 1 Fx5 q\r\nv\r\n': [format],
  'ms k 1 Tx5 q\r\nv\r\n': ['CLIENT_ERROR bad token in command line format'],
  [`mg k ${words(17)}\r\n`]: ['CLIENT_ERROR invalid flag'],
  [`mg k ${words(18)}\r\n`]: ['CLIENT_ERROR options flags are too long'],
  [`md k ${words(18)}\r\n`]: ['CLIENT_ERROR options flags too long'],
  [`ma k ${words(18)}\r\n`]: ['CLIENT_ERROR options flags too long'],
  'mg k v v\r\n': ['CLIENT_ERROR duplicate flag'],
  'mg k T1 T1\r\n': ['CLIENT_ERROR duplicate flag'],
  'mg k t T1 t\r\n': ['CLIENT_ERROR duplicate flag'],
  'mg k s S1\r\n': ['CLIENT_ERROR invalid flag'],
  'mg k \x7f\r\n': ['CLIENT_ERROR duplicate flag'],
  'mg k ~\r\n': ['CLIENT_ERROR invalid flag'],
  'mg k `\r\n': ['CLIENT_ERROR invalid flag'],
  'ma k Jx\r\n': ['CLIENT_ERROR invalid or duplicate flag'],
  'ms k 1 Jx\r\nv\r\n': ['CLIENT_ERROR invalid numeric initial value'],
  'ms k 1 Dx\r\nv\r\n': ['CLIENT_ERROR invalid numeric delta value'],
  'ma k MX\r\n': ['CLIENT_ERROR invalid mode for ma M token'],
  'mg YQ== v b\r\n': ['mg a true v'],
  'mg YQ= v b\r\n': ['CLIENT_ERROR error decoding key'],
  [`me ${k250}\r\n`]: [`me ${k250} false`],
  [`me ${k251}\r\n`]: [format],
  'me YQ== b\r\n': ['me a true'],
  'me k c\r\n': ['me k false'],
  'me\r\n': [format],
  'verbosity x\r\n': [format],
  'verbosity 1\r\n': ['verbosity 1 false'],
  'config get cluster\r\n': ['config get cluster'],
  'config get\r\n': ['raw config get null line'],
  'config set cluster\r\n': ['raw config set cluster null line'],
  'confix get cluster\r\n': ['raw confix get cluster null line'],
  'auth u p\r\n': ['raw auth u p null line'],
  'raw x\r\n': ['raw raw x null line'],
  'x\r\n': ['ERROR'],
  'get \0k\r\n': ['ERROR'],
  'gets a \0 b\r\n': ['gets a'],
  'mgx k\r\n': ['raw mgx k null line'],
  'gats 5 a b\r\n': ['gats 5 a+b'],
  'POST / HTTP/1.1\r\n': ['dead: HTTP is not spoken here'],
  'GET / HTTP/1.1\r\n': ['dead: HTTP is not spoken here'],
  // memcached splits a line into 23 words, and looks at the last one.
  [`POST${' x'.repeat(21)} HTTP/1.1 x\r\n`]: ['dead: HTTP is not spoken here'],
  [`POST${' x'.repeat(22)} HTTP/1.1\r\n`]: [`raw POST${' x'.repeat(22)} HTTP/1.1 null line`],
  'POST / HTTP\r\n': ['raw POST / HTTP null line'],
  ...Object.fromEntries(
    [...'gsacidt'].map((letter) => [
      `${letter}xx / HTTP/1.1\r\n`,
      [`raw ${letter}xx / HTTP/1.1 null line`],
    ]),
  ),
};

for (const [data, expected] of Object.entries(rows)) {
  edges(`${JSON.stringify(data.slice(0, 60))}: ${expected.join().slice(0, 60)}`, () => {
    assert.equal(read(data), expected);
  });
}

edges('numbers of 32 and 64 bits are taken to their last, and cut beyond', () => {
  const store = (flags: string, expire: string): string =>
    read(`add k ${flags} ${expire} 0\r\n\r\n`)[0] ?? '';
  assert.is(store('4294967295', '2147483647'), 'add k 4294967295 2147483647  false');
  assert.is(store('4294967296', '2147483648'), 'add k 0 -2147483648  false');
  assert.is(store('0', '0'), 'add k 0 0  false');
  assert.is(store('-1', '0'), format);
  assert.equal(read('incr k 0\r\n'), ['incr k 0 false']);
  assert.equal(read('incr k 18446744073709551615\r\n'), ['incr k 18446744073709551615 false']);
});

edges('a value may be as long as is admitted, by default 1 MiB', () => {
  const most = 1024 * 1024;
  const large = 'SERVER_ERROR object too large for cache (refused)';
  for (const line of ['set k 0 0 # noreply', 'set k 0 0 #', 'add k 0 0 #', 'ms k #', 'ms k # q']) {
    const fits = read(`${line.replace('#', `${most}`)}\r\n${'v'.repeat(most)}\r\nmn\r\n`);
    assert.is(fits.length, 2);
    assert.is(fits[1], 'mn');
    const over = read(`${line.replace('#', `${most + 1}`)}\r\n${'v'.repeat(most + 1)}\r\nmn\r\n`);
    assert.equal(over, [line.includes('noreply') ? '- (refused)' : large, 'mn']);
  }
});

edges('by default a value of 1 MiB is admitted, and none that is longer', () => {
  const header = { verb: 'ms', key: 'k', base64: false, flags: [], value: '' } as const;
  assert.is(requestOptions.admit(header, 1024 * 1024), null);
  const refusal = serverError('object too large for cache');
  assert.equal(requestOptions.admit(header, 1024 * 1024 + 1), refusal);
});

edges('a value that is not admitted is discarded, and said to be refused', () => {
  const admit: RequestOptions['admit'] = (_, length) => (length > 2 ? serverError('no') : null);
  for (const line of ['set k 0 0 3', 'add k 0 0 3', 'ms k 3', 'ms k 3 q']) {
    assert.equal(read(`${line}\r\nabc\r\nmn\r\n`, { admit }), ['SERVER_ERROR no (refused)', 'mn']);
  }
  for (const verb of ['set', 'add']) {
    assert.equal(read(`${verb} k 0 0 3 noreply\r\nabc\r\nmn\r\n`, { admit }), [
      '- (refused)',
      'mn',
    ]);
  }
});

edges('what is admitted is asked for with its length, as it stands in the line', () => {
  const asked: string[] = [];
  const admit: RequestOptions['admit'] = (header, length) => {
    asked.push(`${header.verb} ${length}`);
    return length > 2147483644 ? serverError('no') : null;
  };
  read('xx\r\nset k 0 0 3\r\nabc\r\nadd k 0 0 3\r\nabc\r\nms k 3\r\nabc\r\nms k 3 I\r\nabc\r\n', {
    admit,
  });
  read('set k 0 0 2147483645\r\n', { admit });
  assert.equal(asked, ['set 3', 'add 3', 'ms 3', 'ms 3', 'set 2147483645']);
  assert.equal(read('set k 0 0 2147483646\r\n', { admit }), [format]);
  assert.equal(read('ms k 2147483646\r\n', { admit }), [format]);
  assert.equal(read('set k 0 0 -1\r\n', { admit }), [format]);
});

edges('a decoder says whether a value is arriving', () => {
  const decoder = new CommandDecoder(anyLength);
  const steps: readonly (readonly [string, receiving: boolean])[] = [
    ['', false],
    ['add k 0 0 4\r\nab', true],
    ['cd\r', true],
    ['\n', false],
    ['add', false],
    [' k 0 0 0\r\n', true],
    ['\r\n', false],
    [`add ${k251} 0 0 2\r\n`, true],
    ['ab\r', true],
    ['\nmn\r\n', false],
  ];
  for (const [data, receiving] of steps) {
    decoder.push(bytes(data));
    while (decoder.next() !== null);
    assert.is(decoder.receiving, receiving, data);
  }
});

edges('what is not read may be read by other rules only where a request begins', () => {
  const rules: readonly (readonly [string, isFree: boolean])[] = [
    ['', true],
    ['mn\r\n', true],
    ['mn', false],
    ['add k 0 0 0\r\n', false],
    [`add ${k251} 0 0 1\r\n`, false],
    [`add ${k251} 0 0 1\r\nv\r`, false],
    ['POST / HTTP/1.1\r\n', false],
  ];
  for (const [data, isFree] of rules) {
    const decoder = new CommandDecoder();
    decoder.push(bytes(data));
    while (decoder.next() !== null);
    assert.is(decoder.unread !== null, isFree, data);
  }
  const login = new CommandDecoder();
  login.authenticating = true;
  assert.is(login.unread, null);
});

edges('keys and values are views of the chunk that they came in', () => {
  for (const line of ['set k 0 0 1', 'add k 0 0 1', 'ms k 1', 'ms k 1 I']) {
    const decoder = new CommandDecoder();
    const chunk = bytes(`${line}\r\nv\r\n`);
    decoder.push(chunk);
    const command = decoder.next();
    assert.ok(command !== null && 'value' in command && 'key' in command);
    assert.is((command.value as Uint8Array).buffer, chunk.buffer);
    assert.is((command.key as Uint8Array).buffer, chunk.buffer);
  }
});

edges('a chunk that was read to its end is let go of', () => {
  const decoder = new CommandDecoder();
  decoder.push(bytes('mn\r\n'));
  decoder.next();
  assert.is(decoder.unread?.chunk.length, 4);
  assert.is(decoder.next(), null);
  assert.is(decoder.unread?.chunk.length, 0);
});

const dead = ['dead: a line has no end'];

const line = (length: number, start = 'gat 0 '): string => {
  return `${start}${'key '.repeat(length / 4)}`.slice(0, length - 1).trimEnd().padEnd(length, 'y');
};

const read1 = (data: string, options = {}): string[] =>
  read(data, options).map((one) => one.slice(0, 3));

edges('a line may be as long as memcached reads it', () => {
  // Bare, and then in one piece with its end.
  assert.equal(read(line(2048)), []);
  assert.equal(read(line(2049)), dead);
  assert.equal(read1(`${line(16 * 1024 - 2)}\r\n`), ['gat']);
  assert.equal(read(`${line(16 * 1024 - 1)}\r\n`), dead);
  assert.equal(read1(`${line(16 * 1024 - 1)}\n`), ['gat']);
  assert.equal(read(`${line(16 * 1024)}\n`), dead);
  assert.equal(read1(`mn\r\n${line(16 * 1024 - 2)}\r\nmn\r\n`), ['mn', 'gat', 'mn']);
});

edges('the line of a get may be as long as a server allows, by default 1 MiB', () => {
  const most = 1024 * 1024;
  for (const start of ['get ', 'gets ', ' '.repeat(100) + 'get ']) {
    assert.equal(read(line(most, start)), []);
    assert.equal(read(line(most + 1, start)), dead);
    assert.equal(read1(`${line(most, start)}\r\n`), ['get']);
    assert.equal(read(`${line(most + 1, start)}\r\n`), dead);
  }
});

edges('a line is measured from where it begins', () => {
  const before = 'mn\r\n'.repeat(100);
  const data = `${before}${line(17_000, 'get ')}\r\nmn\r\n`;
  assert.is(read1(data, { maxGetLine: 17_100 }).join(), `${'mn,'.repeat(100)}get,mn`);
});

edges('a get is known by its verb, behind a hundred spaces at most', () => {
  for (const start of ['get ', 'gets ', ' '.repeat(100) + 'get ']) {
    assert.equal(read(line(3001, start), { maxGetLine: 3000 }), dead);
    assert.equal(read(line(3000, start), { maxGetLine: 3000 }), []);
    // Counted from where the line begins.
    assert.equal(read(`mn\r\n${line(3000, start)}`, { maxGetLine: 3000 }), ['mn']);
  }
  assert.equal(read(line(3000, ' '.repeat(101) + 'get ')), dead);
  assert.equal(read(`${'mn\r\n'.repeat(100)}${line(3000, ' '.repeat(100) + 'get ')}`).length, 100);
  assert.equal(read(line(3000, 'getx ')), dead);
  assert.equal(read(line(3000, 'get '), {}, true), dead);
  assert.equal(read(' '.repeat(2049)), dead);
});

edges('the words of an earlier line are not those of this one', () => {
  const decoder = new CommandDecoder();
  const found: string[] = [];
  for (const data of ['me YQ== b\r\n', 'me YQ==/b\r\n']) {
    decoder.push(bytes(data));
    found.push(brief(decoder.next()));
    assert.is(decoder.next(), null);
  }
  assert.equal(found, ['me a true', 'me YQ==/b false']);
});

edges('a login is read in five words or more, and its token to 2048 bytes', () => {
  const login = (data: string): string[] => read(data, {}, true);
  const token = `u ${'p'.repeat(2046)}`;
  assert.equal(login(`set a b c 2048\r\n${token}\r\n`), [`auth u ${'p'.repeat(2046)}`]);
  assert.equal(login('set a b c 2049\r\n'), ['dead: an authentication token is too long']);
  assert.equal(login('set a b c 3 d\r\nu p\r\n'), ['auth u p']);
  const unknown = 'CLIENT_ERROR unauthenticated';
  assert.equal(login('set a b c\r\n'), [unknown]);
  assert.equal(login('add a b c 3\r\n'), [unknown]);
  assert.equal(login('set a b c x\r\n'), [unknown]);
  assert.equal(login('mn\r\n'), [unknown]);
  assert.equal(login('set a b c 0\r\n\r\n'), ['CLIENT_ERROR bad authentication token format']);
  assert.equal(login('set a b c 1\r\nxyz'), ['CLIENT_ERROR bad command line termination']);
});

edges('the binary protocol is not spoken', () => {
  assert.equal(read('\x80'), ['dead: the binary protocol is not spoken here']);
  assert.equal(read('\x81\r\n'), ['ERROR']);
  assert.equal(read('mn\r\n\x80\r\n'), ['mn', 'ERROR']);
});

edges('a get has as many keys as there are, also behind a NUL', () => {
  const keys = (count: number): string =>
    Array.from({ length: count }, (_, i) => `k${i}`).join(' ');
  for (const count of [1, 21, 22, 23, 24, 25, 60]) {
    assert.equal(read(`gets ${keys(count)}\r\n`), [`gets ${keys(count).replaceAll(' ', '+')}`]);
    assert.equal(read(`gat 0 ${keys(count)}\r\n`), [`gat 0 ${keys(count).replaceAll(' ', '+')}`]);
    assert.equal(read(`gets ${keys(count)}\0 x\r\n`), [`gets ${keys(count).replaceAll(' ', '+')}`]);
    assert.equal(read(`gets ${keys(count)} ${k251}\r\n`), [format]);
  }
});

edges.run();
