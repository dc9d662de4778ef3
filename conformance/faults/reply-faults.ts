// What can happen to the replies of a server.
import { CLOSE, type Fault, RESET, SILENCE, type Step } from './faulty-server.ts';
import { hasValue, ofAnother, valueStart } from './replies.ts';

/** A fault, and where it can happen. */
export interface ReplyFault extends Fault {
  /** The calls that are judged under it. */
  readonly of: readonly ('gets' | 'writes' | 'getMany')[];
  /** What a client must have for it to make sense. */
  readonly needs?: readonly string[] | undefined;
  /** It must make no difference: all calls must work. */
  readonly isHarmless?: boolean | undefined;
}

const all = ['gets', 'writes', 'getMany'] as const;
const reads = ['gets', 'getMany'] as const;

const places: readonly (readonly [
  name: string,
  of: ReplyFault['of'],
  at: (reply: string) => number,
])[] = [
  ['before a reply', all, () => 0],
  ['within the line of a reply', all, () => 3],
  ['within a value', reads, (reply) => {
    const start = valueStart(reply);
    return start + Math.floor((reply.length - start) / 2);
  }],
  ['one byte before the end of a reply', all, (reply) => reply.length - 1],
];

const ends: readonly (readonly [name: string, steps: (rest: string) => readonly Step[]])[] = [
  ['the connection is closed', () => [CLOSE]],
  ['the connection is reset', () => [RESET]],
  ['the connection falls silent', () => [SILENCE]],
  ['the server pauses for twice the timeout', (rest) => [2, rest]],
];

const cutFaults = ends.flatMap(([end, steps]) =>
  places.map(([place, of, at]): ReplyFault => ({
    name: `${end} ${place}`,
    of,
    strike([reply = '']) {
      if (of === reads && !hasValue(reply)) return null;
      return [reply.slice(0, at(reply)), ...steps(reply.slice(at(reply)))];
    },
  }))
);

/** Nonsense, by its name. */
const garbage: Readonly<Record<string, string>> = {
  'a word that is no reply': 'NONSENSE\r\n',
  'an empty line': '\r\n',
  'a line feed': '\n',
  'zero bytes': '\0\0\0\0\0\0\0\0\r\n',
  'the name of a method of objects': 'constructor 0 0\r\n',
  'the name of the prototype of objects': '__proto__ 0 1\r\n',
  'an answer in HTTP': 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n',
  'an alert of TLS': '\x15\x03\x03\0\x02\x02\x28',
  'an error of Redis': "-ERR unknown command 'mg'\r\n",
  'a header of the binary protocol':
    '\x81\x7f\0\x05\x04\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0',
  'a value that nobody asked for': 'VALUE nobody 0 5\r\nwrong\r\nEND\r\n',
  'a value without a length': 'VALUE nobody 0\r\n',
  'a very long line': `${'x'.repeat(4096)}\r\n`,
};

const garbageFaults = Object.entries(garbage).map(([name, nonsense]): ReplyFault => ({
  name: `the server answers with ${name}`,
  of: ['gets', 'writes'],
  strike: () => [nonsense],
}));

/** Lengths that a value does not have. */
const lengths: Readonly<Record<string, (length: number) => string>> = {
  'one byte too short': (length) => String(length - 1),
  'one byte too long': (length) => String(length + 1),
  negative: () => '-5',
  'past all memory': () => '99999999999999',
  '4 GiB too large': (length) => String(length + 2 ** 32),
  'no number': () => 'NaN',
  empty: () => '',
  'in hexadecimal': (length) => `0x${length.toString(16)}`,
};

const lengthFaults = Object.entries(lengths).map(([name, length]): ReplyFault => ({
  name: `the length of a value is ${name}`,
  of: reads,
  needs: ['ascii'],
  strike([reply = '']) {
    const wrong = reply.replace(
      /^(VALUE \S+ \d+|VA) (\d+)/,
      (_, head: string, said: string) => `${head} ${length(Number(said))}`,
    );
    return wrong === reply ? null : [wrong];
  },
}));

/** Replies that fit no `get`; those of meta commands keep their flags. */
const otherReplies = ['STORED', 'DELETED', 'TOUCHED', 'OK', '5', 'EXISTS', 'VERSION 1.6.39'];

const otherReplyFaults = otherReplies.map((word): ReplyFault => ({
  name: `the server answers a get with ${word}`,
  of: ['gets'],
  needs: ['ascii'],
  strike: ([reply = '']) => hasValue(reply) ? [`${word}\r\n`] : null,
}));

const metaFaults = [
  ['HD', (flags: string) => `HD${flags}\r\n`],
  ['NS', (flags: string) => `NS${flags}\r\n`],
  ['a second opaque', (flags: string) => `HD O999${flags}\r\n`],
  ['no opaque', () => 'EN\r\n'],
] as const;

const metaReplyFaults = metaFaults.map(([name, wrong]): ReplyFault => ({
  name: `the server answers a meta get with ${name}`,
  of: ['gets'],
  needs: ['meta'],
  strike([reply = '']) {
    const flags = /^VA \d+(.*)\r\n/.exec(reply)?.[1];
    return flags === undefined ? null : [wrong(flags)];
  },
}));

const orderFaults: readonly ReplyFault[] = [
  {
    name: 'a value of another key arrives',
    of: reads,
    strike: ([reply = '']) => hasValue(reply) ? [ofAnother(reply)] : null,
  },
  {
    name: 'a reply arrives twice',
    of: ['gets'],
    strike: ([reply = '']) => hasValue(reply) ? [reply, reply] : null,
  },
  {
    name: 'a reply with nothing to tell it by arrives twice',
    of: ['writes', 'getMany'],
    needs: ['opaques'],
    strike: ([reply = '']) => [reply, reply],
  },
  {
    name: 'a STORED that is too much arrives first',
    of: ['gets'],
    needs: ['ascii'],
    strike: ([reply = '']) => ['STORED\r\n', reply],
  },
  {
    name: 'an END that is too much arrives first',
    of: ['gets'],
    needs: ['ascii', 'opaques'],
    strike: ([reply = '']) => ['END\r\n', reply],
  },
  {
    name: 'two replies are swapped',
    of: ['gets'],
    takes: 2,
    strike: ([one = '', two = '']) => hasValue(one) && hasValue(two) ? [two, one] : null,
  },
  {
    name: 'two replies to writes are swapped',
    of: ['writes'],
    needs: ['opaques'],
    takes: 2,
    strike: ([one = '', two = '']) => [two, one],
  },
  {
    name: 'a reply is left out',
    of: ['gets'],
    takes: 2,
    strike: ([one = '', two = '']) => hasValue(one) && hasValue(two) ? [two] : null,
  },
  {
    name: 'a value has another end than CR LF',
    of: reads,
    needs: ['ascii'],
    strike([reply = '']) {
      if (!hasValue(reply)) return null;
      return [reply.replace(/\r\n(END\r\n)?$/, (_, end: string | undefined) => `XY${end ?? ''}`)];
    },
  },
  {
    name: 'a get is answered with SERVER_ERROR',
    of: reads,
    needs: ['ascii'],
    strike: ([reply = '']) => hasValue(reply) ? ['SERVER_ERROR out of memory\r\n'] : null,
  },
];

const paceFaults: readonly ReplyFault[] = [
  {
    name: 'a reply drips, a byte in half of the timeout',
    of: all,
    strike: ([reply = '']) => [...reply].flatMap((byte) => [byte, 0.5]),
  },
  {
    name: 'a reply arrives in single bytes',
    of: all,
    isHarmless: true,
    strike: ([reply = '']) => [...reply],
  },
  {
    name: 'a reply takes a quarter of the timeout',
    of: all,
    isHarmless: true,
    strike: ([reply = '']) => [0.25, reply],
  },
  {
    name: 'a value never ends',
    of: ['gets'],
    needs: ['ascii'],
    strike([reply = '']) {
      const endless = reply.replace(/^(VALUE \S+ \d+|VA) \d+/, '$1 900000000');
      return endless === reply ? null : [endless, { flood: 'x'.repeat(65_536), times: 2000 }];
    },
  },
  {
    name: 'a line never ends',
    of: ['gets'],
    strike: () => [{ flood: 'x'.repeat(65_536), times: 2000 }],
  },
];

/** Everything that happens to replies. */
export const replyFaults: readonly ReplyFault[] = [
  ...cutFaults,
  ...paceFaults,
  ...orderFaults,
  ...lengthFaults,
  ...garbageFaults,
  ...otherReplyFaults,
  ...metaReplyFaults,
];
