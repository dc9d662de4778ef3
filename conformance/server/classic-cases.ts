// Server cases: classic commands.
import { type Case, needing } from '../case.ts';
import { CLOSED, type ServerContext, talk, talkSince, withConnection } from './server-case.ts';

// With the eight of `{k}`, 250 bytes.
const LONG = `{k}${'K'.repeat(242)}`;

const error = /(CLIENT_ERROR [^\r]*|ERROR)\r\n/;

/** Requirements on a server: the classic commands, their items and replies. */
export const classicCases: readonly Case<ServerContext>[] = [
  talk(
    'set stores, get gives it back',
    ['set {k} 5 0 5\r\nvalue\r\n', 'STORED\r\n'],
    ['get {k}\r\n', 'VALUE {k} 5 5\r\nvalue\r\nEND\r\n'],
  ),
  talk(
    'set of nothing, of bytes, and of what looks like a reply',
    ['set {k} 0 0 0\r\n\r\n', 'STORED\r\n'],
    ['get {k}\r\n', 'VALUE {k} 0 0\r\n\r\nEND\r\n'],
    [
      'set {k} 0 0 8\r\n\0\r\n\xffEND\r\n\r\n',
      /CLIENT_ERROR bad data chunk\r\n(CLIENT_)?ERROR.*\r\n/,
    ],
    ['set {k} 0 0 9\r\n\0\r\n\xffEND\r\n\r\n', 'STORED\r\n'],
    ['get {k}\r\n', 'VALUE {k} 0 9\r\n\0\r\n\xffEND\r\n\r\nEND\r\n'],
  ),
  talk(
    'flags are 32 bits',
    ['set {k} 4294967295 0 1\r\nx\r\n', 'STORED\r\n'],
    ['get {k}\r\n', 'VALUE {k} 4294967295 1\r\nx\r\nEND\r\n'],
    ['set {k} 4294967297 0 1\r\nx\r\n', 'STORED\r\n'],
    ['get {k}\r\n', 'VALUE {k} 1 1\r\nx\r\nEND\r\n'],
  ),
  talk(
    'add stores only what is not there',
    ['add {k} 0 0 1\r\n1\r\n', 'STORED\r\n'],
    ['add {k} 0 0 1\r\n2\r\n', 'NOT_STORED\r\n'],
    ['get {k}\r\n', 'VALUE {k} 0 1\r\n1\r\nEND\r\n'],
  ),
  talk(
    'replace stores only what is there',
    ['replace {k} 0 0 1\r\n1\r\n', 'NOT_STORED\r\n'],
    ['set {k} 0 0 1\r\n1\r\n', 'STORED\r\n'],
    ['replace {k} 7 0 1\r\n2\r\n', 'STORED\r\n'],
    ['get {k}\r\n', 'VALUE {k} 7 1\r\n2\r\nEND\r\n'],
  ),
  talk(
    'append and prepend join, and keep the flags',
    ['append {k} 0 0 1\r\n1\r\n', 'NOT_STORED\r\n'],
    ['prepend {k} 0 0 1\r\n1\r\n', 'NOT_STORED\r\n'],
    ['set {k} 3 0 1\r\nb\r\n', 'STORED\r\n'],
    ['append {k} 9 0 1\r\nc\r\n', 'STORED\r\n'],
    ['prepend {k} 9 0 1\r\na\r\n', 'STORED\r\n'],
    ['get {k}\r\n', 'VALUE {k} 3 3\r\nabc\r\nEND\r\n'],
  ),
  withConnection(
    'cas stores only over the version that it names',
    async (connection, { unique }) => {
      const key = unique();
      connection.send(`cas ${key} 0 0 1 1\r\nx\r\nset ${key} 0 0 1\r\n1\r\ngets ${key}\r\n`);
      await connection.expect('NOT_FOUND\r\nSTORED\r\n');
      const [, cas] = await connection.match(/VALUE \S+ 0 1 (\d+)\r\n1\r\nEND\r\n/);
      connection.send(`cas ${key} 0 0 1 ${BigInt(cas!) + 1n}\r\n2\r\n`);
      connection.send(`cas ${key} 0 0 1 ${cas}\r\n3\r\ncas ${key} 0 0 1 ${cas}\r\n4\r\n`);
      connection.send(`cas ${key} 0 0 1 0\r\n5\r\nget ${key}\r\n`);
      await connection.expect(
        `EXISTS\r\nSTORED\r\nEXISTS\r\nEXISTS\r\nVALUE ${key} 0 1\r\n3\r\nEND\r\n`,
      );
    },
  ),
  withConnection('every change gives another cas', async (connection, { unique }) => {
    const key = unique();
    const seen = new Set<string>();
    const changes = [
      `set ${key} 0 0 1\r\n1\r\n`,
      `append ${key} 0 0 1\r\n1\r\n`,
      `incr ${key} 1\r\n`,
      `replace ${key} 0 0 1\r\n1\r\n`,
    ];
    for (const change of changes) {
      connection.send(`${change}gets ${key}\r\n`);
      const [, cas] = await connection.match(/\w+\r\nVALUE \S+ 0 \d (\d+)\r\n\d+\r\nEND\r\n/);
      if (seen.has(cas!)) throw new Error(`the cas ${cas} came twice`);
      seen.add(cas!);
    }
  }),
  talk(
    'get of many keys gives what is there, in the order asked, and twice what is asked twice',
    ['set {k}a 0 0 1\r\n1\r\nset {k}c 0 0 1\r\n3\r\n', 'STORED\r\nSTORED\r\n'],
    [
      'get {k}c {k}b {k}a {k}c\r\n',
      'VALUE {k}c 0 1\r\n3\r\nVALUE {k}a 0 1\r\n1\r\nVALUE {k}c 0 1\r\n3\r\nEND\r\n',
    ],
  ),
  talk(
    'get of more keys than memcached cuts words',
    ['set {k}40 0 0 1\r\nx\r\n', 'STORED\r\n'],
    [
      `get ${Array.from({ length: 60 }, (_, i) => `{k}${i}`).join(' ')}\r\n`,
      'VALUE {k}40 0 1\r\nx\r\nEND\r\n',
    ],
  ),
  ...needing(
    ['meta'],
    talk(
      'gat and gats give the value and set when it expires',
      ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
      ['gat 100 {k} {k}no\r\n', 'VALUE {k} 0 1\r\nx\r\nEND\r\n'],
      ['mg {k} t\r\n', /HD t(100|99)\r\n/],
      ['gats 0 {k}\r\n', /VALUE {k} 0 1 \d+\r\nx\r\nEND\r\n/],
      ['mg {k} t\r\n', 'HD t-1\r\n'],
    ),
  ),
  talk(
    'gat and touch with a time that is past end it at once',
    ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
    ['gat -1 {k}\r\n', 'VALUE {k} 0 1\r\nx\r\nEND\r\n'],
    ['get {k}\r\n', 'END\r\n'],
    ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
    ['touch {k} -1\r\n', 'TOUCHED\r\n'],
    ['get {k}\r\n', 'END\r\n'],
  ),
  talk(
    'delete',
    ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
    ['delete {k}\r\ndelete {k}\r\n', 'DELETED\r\nNOT_FOUND\r\n'],
    ['delete {k} 0\r\n', 'NOT_FOUND\r\n'],
  ),
  ...needing(
    ['empty'],
    talk(
      'delete of the key noreply, as this package sends it',
      ['set noreply 0 0 1\r\nx\r\n', 'STORED\r\n'],
      ['delete noreply 0\r\n', 'DELETED\r\n'],
    ),
  ),
  talk(
    'incr and decr work in 64 bits: sums wrap, differences stop at 0',
    ['incr {k} 1\r\ndecr {k} 1\r\n', 'NOT_FOUND\r\nNOT_FOUND\r\n'],
    ['set {k} 0 0 20\r\n18446744073709551614\r\n', 'STORED\r\n'],
    ['incr {k} 1\r\n', '18446744073709551615\r\n'],
    ['incr {k} 2\r\n', '1\r\n'],
    ['decr {k} 5\r\n', '0\r\n'],
    ['incr {k} 9007199254740993\r\n', '9007199254740993\r\n'],
    ['incr {k} 0\r\n', '9007199254740993\r\n'],
  ),
  talk(
    'decr pads with spaces, so that a number keeps its room',
    ['set {k} 7 0 3\r\n100\r\n', 'STORED\r\n'],
    ['decr {k} 1\r\n', '99\r\n'],
    ['get {k}\r\n', 'VALUE {k} 7 3\r\n99 \r\nEND\r\n'],
    ['incr {k} 901\r\n', '1000\r\n'],
    ['get {k}\r\n', 'VALUE {k} 7 4\r\n1000\r\nEND\r\n'],
  ),
  ...['x', '', '-1', '1x', '18446744073709551616'].map((value) =>
    talk(
      `incr of what is no number: "${value}"`,
      [`set {k} 0 0 ${value.length}\r\n${value}\r\n`, 'STORED\r\n'],
      [
        'incr {k} 1\r\n',
        'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
      ],
      ['get {k}\r\n', `VALUE {k} 0 ${value.length}\r\n${value}\r\nEND\r\n`],
    )
  ),
  talk(
    'incr by what is no number',
    ['incr {k} x\r\n', 'CLIENT_ERROR invalid numeric delta argument\r\n'],
    ['incr {k} -1\r\n', 'CLIENT_ERROR invalid numeric delta argument\r\n'],
    ['decr {k} 18446744073709551616\r\n', 'CLIENT_ERROR invalid numeric delta argument\r\n'],
  ),
  ...needing(
    ['meta'],
    talk(
      'touch sets when it expires',
      ['touch {k} 10\r\n', 'NOT_FOUND\r\n'],
      ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
      ['touch {k} 100\r\n', 'TOUCHED\r\n'],
      ['mg {k} t\r\n', /HD t(100|99)\r\n/],
      ['touch {k} x\r\n', 'CLIENT_ERROR invalid exptime argument\r\n'],
    ),
  ),
  talk(
    'noreply is silent and does its work',
    ['set {k} 0 0 1 noreply\r\n1\r\nget {k}\r\n', 'VALUE {k} 0 1\r\n1\r\nEND\r\n'],
    ['add {k} 0 0 1 noreply\r\n2\r\nget {k}\r\n', 'VALUE {k} 0 1\r\n1\r\nEND\r\n'],
    ['replace {k} 0 0 1 noreply\r\n3\r\nget {k}\r\n', 'VALUE {k} 0 1\r\n3\r\nEND\r\n'],
    ['append {k} 0 0 1 noreply\r\n4\r\nget {k}\r\n', 'VALUE {k} 0 2\r\n34\r\nEND\r\n'],
    ['prepend {k} 0 0 1 noreply\r\n2\r\nget {k}\r\n', 'VALUE {k} 0 3\r\n234\r\nEND\r\n'],
    ['incr {k} 1 noreply\r\nget {k}\r\n', 'VALUE {k} 0 3\r\n235\r\nEND\r\n'],
    ['decr {k} 5 noreply\r\nget {k}\r\n', 'VALUE {k} 0 3\r\n230\r\nEND\r\n'],
    ['touch {k} 0 noreply\r\nincr {k}no 1 noreply\r\n', ''],
    ['cas {k} 0 0 1 99999999999 noreply\r\n9\r\nget {k}\r\n', 'VALUE {k} 0 3\r\n230\r\nEND\r\n'],
    ['delete {k} noreply\r\nget {k}\r\n', 'END\r\n'],
  ),
  talk(
    'a bad data chunk is answered, and what follows is read as commands',
    ['set {k} 0 0 1\r\nxyz\r\n', /CLIENT_ERROR bad data chunk\r\n(CLIENT_ERROR [^\r]*|ERROR)\r\n/],
    ['get {k}\r\n', 'END\r\n'],
  ),
  ...[
    'foo',
    'get',
    'set {k} 0 0',
    'set {k} 0 0 -1',
    `delete ${'k'.repeat(251)}`,
    'incr {k}',
    'touch {k}',
  ].map((line) => talk(`an error for "${line.slice(0, 30)}"`, [`${line}\r\n`, error])),
  ...['set {k} x 0 15', 'set {k} 0 x 15', `set ${'k'.repeat(251)} 0 0 15`, 'cas {k} 0 0 15'].map(
    (line) => {
      const send = `${line}\r\nincr {k} 1\r\nget {k}\r\n`;
      return talkSince(
        'refused-value',
        `the value of "${line.slice(0, 30)}" is thrown away`,
        [[send, error], ['', 'END\r\n']],
        // Older servers read the value as a command (protocol.md 4.1).
        [[send, error], ['', 'NOT_FOUND\r\n'], ['', 'END\r\n']],
      );
    },
  ),
  talk(
    'the value of a set whose length cannot be read is a request',
    ['set {k} 0 0 x\r\nget {k}\r\n', error],
    ['', 'END\r\n'],
  ),
  talk('one error for a get with a key that is too long, whatever else it asks for', [
    `get {k} ${'k'.repeat(251)}\r\nget {k}\r\n`,
    // 1.6.45 ends it with an extra line end (protocol.md 4.3).
    /CLIENT_ERROR bad command line format\r\n(\r\n)?END\r\n/,
  ]),
  ...needing(
    ['limits'],
    talk(
      'a key of 250 bytes is taken',
      [`set ${LONG} 0 0 1\r\nx\r\n`, 'STORED\r\n'],
      [`get ${LONG}\r\n`, `VALUE ${LONG} 0 1\r\nx\r\nEND\r\n`],
    ),
  ),
  talk(
    'lines may end with LF alone',
    ['set {k} 0 0 1\nx\r\n', 'STORED\r\n'],
    ['get {k}\n', 'VALUE {k} 0 1\r\nx\r\nEND\r\n'],
  ),
  talk(
    'commands may come in any number of pieces',
    ['set {k} 0', ''],
    [' 0 5\r', ''],
    ['\nva', ''],
    ['lue', ''],
    ['\r', ''],
    ['\nget {k}\r\n', 'STORED\r\nVALUE {k} 0 5\r\nvalue\r\nEND\r\n'],
  ),
  talk('version', ['version\r\n', /VERSION \S+\r\n/]),
  ...needing(
    ['admin'],
    talk('verbosity', ['verbosity 1\r\nverbosity 0\r\n', 'OK\r\nOK\r\n'], [
      'verbosity 1 noreply\r\nverbosity 0 noreply\r\n',
      '',
    ]),
  ),
  talk('quit closes, and what came before it is answered', [
    'version\r\nquit\r\n',
    /VERSION \S+\r\n/,
  ], [
    '',
    CLOSED,
  ]),
  talk('a post to its port is not answered', ['POST / HTTP/1.1\r\n', CLOSED]),
  ...needing(
    ['limits'],
    talk('a line of 3000 bytes without an end closes', ['x'.repeat(3000), CLOSED]),
  ),
  ...needing(
    ['limits'],
    talk('a line that fills a read buffer closes, although it ends', [
      `${'x'.repeat(16_384)}\n`,
      CLOSED,
    ]),
    talk('a line of one byte less is read', [`${'x'.repeat(16_383)}\n`, error]),
  ),
  ...needing(
    ['limits'],
    talk('a gat of 3000 bytes without an end closes', [`gat 0 ${'k '.repeat(1500)}`, CLOSED]),
  ),
  ...needing(
    ['limits'],
    talk(
      'a get of 60 kB is taken',
      ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
      [`get ${'nokey '.repeat(10_000)}{k}\r\n`, 'VALUE {k} 0 1\r\nx\r\nEND\r\n'],
    ),
  ),
];
