// Reply vectors: errors.
import { admin, get, item, mg, type ReplyVector, set, stats } from './reply-vector.ts';
import type { Command } from '../../core/wire/command.ts';
import type { ErrorKind } from '../../core/wire/errors.ts';

const watch: Command = { verb: 'watch', words: ['fetchers'] };
const config: Command = { verb: 'config get', words: ['cluster'] };
const raw = (reply: 'line' | 'lines' | 'values' | 'stats'): Command => ({
  verb: 'raw',
  line: 'future',
  value: null,
  reply,
});

/** Error lines of servers of any version (protocol.md 4.7). */
const known: readonly (readonly [ErrorKind, ...string[]])[] = [
  [
    'CLIENT_ERROR',
    'bad command line format',
    'bad data chunk',
    'invalid exptime argument',
    'options flags are too long',
    'invalid or duplicate flag',
    'error decoding key',
    'opaque token too long',
    'unauthenticated',
    'auth token too long',
    'authentication failure',
    'usage: stats detail on|off|dump',
    'flush_all not allowed',
    'bad command line format.  Usage: delete <key> [noreply]',
  ],
  [
    'SERVER_ERROR',
    'object too large for cache',
    'out of memory storing object',
    'Out of memory allocating new item',
    'out of memory reading request',
    'refcount overflow during fetch',
    'output line too long',
    'Unhandled storage type.',
  ],
  [
    'ERROR',
    '',
    'Too many open connections',
    'metadump not allowed',
    'locked try again later',
  ],
];

/** Vectors of errors, and of replies to unknown commands. */
export const errorReplies: readonly ReplyVector[] = [
  ...known.flatMap(([type, ...messages]) =>
    messages.flatMap((message) =>
      [set, get('k'), mg].map((request): ReplyVector => ({
        name: `${request.verb}: ${type} ${message}`,
        request,
        bytes: message === '' ? `${type}\r\n` : `${type} ${message}\r\n`,
        reply: { type, message },
      }))
    )
  ),
  {
    name: 'raw: a line',
    request: raw('line'),
    bytes: 'PAUSED\r\n',
    reply: { type: 'line', line: 'PAUSED' },
  },
  {
    name: 'raw: lines',
    request: raw('lines'),
    bytes: 'a b\r\n\r\nc\r\nEND\r\n',
    reply: { type: 'lines', lines: ['a b', '', 'c'] },
  },
  {
    name: 'raw: values',
    request: raw('values'),
    bytes: 'VALUE a 0 1\r\nx\r\nEND\r\n',
    reply: { type: 'values', items: [item('a', 'x')] },
  },
  {
    name: 'raw: stats',
    request: raw('stats'),
    bytes: 'STAT a 1\r\nEND\r\n',
    reply: { type: 'stats', lines: [{ type: 'STAT', name: 'a', value: '1' }] },
  },
  ...[get('k'), set, mg, admin('x'), stats(), raw('lines'), watch, config].map((
    request,
  ): ReplyVector => ({
    name: `${request.verb}: an error of the server`,
    request,
    bytes: 'SERVER_ERROR out of memory\r\n',
    reply: { type: 'SERVER_ERROR', message: 'out of memory' },
  })),
  {
    name: 'get: an error after a value',
    request: get('a', 'b'),
    bytes: 'VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\n',
    reply: { type: 'SERVER_ERROR', message: 'out of memory writing get response' },
    readOnly: true,
  },
  {
    name: 'an unknown command',
    request: raw('line'),
    bytes: 'ERROR\r\n',
    reply: { type: 'ERROR', message: '' },
  },
  {
    name: 'an error with a word glued to it',
    request: { verb: 'shutdown', graceful: false },
    bytes: 'ERROR: shutdown not enabled\r\n',
    reply: { type: 'ERROR', message: ': shutdown not enabled' },
  },
  {
    name: 'the same of newer servers',
    request: { verb: 'shutdown', graceful: false },
    bytes: 'SERVER_ERROR: shutdown not enabled\r\n',
    reply: { type: 'SERVER_ERROR', message: ': shutdown not enabled' },
  },
  {
    name: 'quit refused',
    request: { verb: 'quit' },
    bytes: 'CLIENT_ERROR unauthenticated\r\n',
    reply: { type: 'CLIENT_ERROR', message: 'unauthenticated' },
  },
  {
    name: 'raw: the answer of the first meta dialect',
    request: { verb: 'raw', line: 'ms k S5', value: 'value', reply: 'line' },
    bytes: 'OK\r\n',
    reply: { type: 'line', line: 'OK' },
  },
];
