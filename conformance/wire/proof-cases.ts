// Wire cases: proof before data.
import { ClientConnection } from '../../core/wire/client-connection.ts';
import type { Command } from '../../core/wire/command.ts';
import { ConnectionError, ProtocolError, UsageError } from '../../core/wire/errors.ts';
import { equal, ok } from '../assert.ts';
import type { Case } from '../case.ts';
import { brief, drain, events, get, mg, proven, receive, set, version } from './tools.ts';

const META = 'mg memwire-probe k O0\r\n';
const TEXT = 'get memwire-probe\r\n';
const MISS = 'EN kmemwire-probe O0\r\n';

const base64 = false;
const orText = true;
const ms: Command = { verb: 'ms', key: 'k', base64, value: 'flush_all', flags: [] };
const store: Command = { ...ms, flags: ['F16', 'T5'], orText };
const read: Command = { verb: 'mg', key: 'k', base64, flags: ['v', 'f'], orText };
const quiet: Command = { ...store, flags: ['q'] };

/** Every command that has a spelling in both dialects, with its classic one. */
const spellings: readonly (readonly [Command, string])[] = [
  [read, 'get k'],
  [{ ...read, flags: ['v', 'f', 'c'] }, 'gets k'],
  [{ ...read, flags: ['v', 'f', 'T9'] }, 'gat 9 k'],
  [{ ...read, flags: ['v', 'f', 'c', 'T9'] }, 'gats 9 k'],
  [{ ...read, flags: ['T-1'] }, 'touch k -1'],
  [store, 'set k 16 5 9\r\nflush_all'],
  [{ ...store, flags: ['ME'] }, 'add k 0 0 9\r\nflush_all'],
  [{ ...store, flags: ['MR'] }, 'replace k 0 0 9\r\nflush_all'],
  [{ ...store, flags: ['MA'] }, 'append k 0 0 9\r\nflush_all'],
  [{ ...store, flags: ['MP'] }, 'prepend k 0 0 9\r\nflush_all'],
  [{ ...store, flags: ['C18446744073709551615'] }, 'cas k 0 0 9 18446744073709551615\r\nflush_all'],
  [{ verb: 'md', key: 'k', base64, flags: [], orText }, 'delete k'],
  [{ verb: 'ma', key: 'k', base64, flags: ['v', 'D5'], orText }, 'incr k 5'],
  [{ verb: 'ma', key: 'k', base64, flags: ['v', 'D5', 'MD'], orText }, 'decr k 5'],
];

/** A connection that has proved that its server speaks text. */
function text(answer = 'ERROR'): ClientConnection<string> {
  const connection = new ClientConnection<string>();
  connection.prove();
  drain(connection);
  receive(connection, `${answer}\r\nEND\r\n`);
  return connection;
}

function cause(connection: ClientConnection<string>, data: string): Error | null {
  const [event] = receive(connection, data);
  ok(event?.type === 'closed', 'it must close');
  return event.cause;
}

/**
 * Requirements on the proof: no data leaves a connection before it is proved to be read as data.
 */
export const proofCases: readonly Case<undefined>[] = [
  ...([set('k'), ms, store, quiet] as const).map((command): Case<undefined> => ({
    name: `sends no ${command.verb} (${
      'orText' in command ? 'orText' in command && command.flags.join(' ') : 'as it is'
    }) before the probe is answered`,
    run() {
      const connection = new ClientConnection<string>();
      connection.send(command, 'a');
      equal(drain(connection), META + TEXT, 'before it');
      equal(connection.spoken, 'unproven');
      receive(connection, MISS);
      equal(connection.spoken, 'meta');
      ok(/^(set|ms) k /.test(drain(connection)), 'after it');
    },
  })),
  {
    name: 'probes once',
    run() {
      const connection = proven();
      connection.send(ms, 'a');
      equal(drain(connection), 'ms k 9 O1\r\nflush_all\r\n');
    },
  },
  {
    name: 'probes for nothing that has no data and one spelling',
    run() {
      const connection = new ClientConnection<string>();
      for (const command of [version, mg('k', 'v'), get('k')]) connection.send(command, 'a');
      equal(drain(connection), 'version\r\nmg k v O1\r\nget k\r\n');
    },
  },
  {
    name: 'reads behind the probe, in classic words, and waits with what comes behind data',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(read, 'a');
      connection.send(store, 'b');
      connection.send(read, 'c');
      equal(drain(connection), `${META}${TEXT}get k\r\n`);
      equal(brief(receive(connection, `${MISS}END\r\nVALUE k 0 1\r\nx\r\nEND\r\n`)), [
        'a: values x',
      ]);
      equal(drain(connection), 'ms k 9 F16 T5 O1\r\nflush_all\r\nmg k v f O2\r\n');
    },
  },
  {
    name: 'takes a SERVER_ERROR in answer to the probe for a failure, which may pass',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(read, 'a');
      connection.send(store, 'b');
      drain(connection);
      const [event] = receive(connection, 'SERVER_ERROR unavailable\r\n');
      ok(event?.type === 'closed', 'it must close');
      equal([event.unsent, event.unanswered, event.atProbe], [['b'], ['a'], true]);
      const insisting = new ClientConnection<string>({ dialect: 'meta' });
      insisting.send(read, 'a');
      drain(insisting);
      const [end] = receive(insisting, 'SERVER_ERROR unavailable\r\n');
      ok(end?.type === 'closed' && end.cause instanceof ConnectionError, 'it must close');
      equal(end.atProbe, false);
    },
  },
  ...[
    'ERROR',
    'CLIENT_ERROR bad command line format',
    'EN',
    'HD kmemwire-probe O0',
  ].map((answer): Case<undefined> => ({
    name: `speaks text to a server that answers the probe with ${answer}`,
    run() {
      for (const [command, line] of spellings) {
        const connection = text(answer);
        equal(connection.spoken, 'text');
        connection.send(command, 'a');
        equal(drain(connection), `${line}\r\n`);
      }
    },
  })),
  ...[
    'STORED',
    'EN O0',
    'EN kother O0',
    'EN kmemwire-probe O5',
    'VA 1 kmemwire-probe O0\r\nx',
    'NF kmemwire-probe O0',
    'END',
    'VERSION 1.6.18',
  ].map((answer): Case<undefined> => ({
    name: `takes ${answer.split('\r\n')[0]} for no answer to the probe, and learns nothing of it`,
    run() {
      const connection = new ClientConnection<string>();
      connection.send(store, 'a');
      drain(connection);
      const [event] = receive(connection, `${answer}\r\n`);
      ok(event?.type === 'closed' && event.cause instanceof ProtocolError, 'it must close');
      equal([event.unsent, event.unanswered, event.atProbe], [['a'], [], false]);
    },
  })),
  {
    name: 'sends no data to what answers ERROR to every line',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(store, 'a');
      drain(connection);
      ok(cause(connection, 'ERROR\r\nERROR\r\n') instanceof ProtocolError, 'the cause');
      equal(drain(connection), '');
    },
  },
  {
    name: 'takes SERVER_ERROR to the classic probe for an answer: a server behind a proxy is down',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(store, 'a');
      drain(connection);
      receive(connection, 'ERROR\r\nSERVER_ERROR Connection refused\r\n');
      equal(connection.spoken, 'text');
    },
  },
  {
    name: 'gives the answer of a server that wants a login to all, and sends no data',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(read, 'a');
      connection.send(store, 'b');
      drain(connection);
      equal(brief(receive(connection, 'CLIENT_ERROR unauthenticated\r\n')), [
        'a: CLIENT_ERROR',
        'b: CLIENT_ERROR',
        'closed [] []',
      ]);
    },
  },
  {
    name: 'knows that a login is wanted where a value was taken for one',
    run() {
      const connection = new ClientConnection<string>({ dialect: 'text' });
      connection.send(store, 'a');
      drain(connection);
      equal(brief(receive(connection, 'CLIENT_ERROR bad authentication token format\r\n')), [
        'a: CLIENT_ERROR',
        'closed [] []',
      ]);
    },
  },
  {
    name: 'logs in before it probes',
    run() {
      const connection = new ClientConnection<string>();
      connection.send({ verb: 'auth', username: 'u', password: 'p' }, 'login');
      connection.send(store, 'a');
      equal(drain(connection), 'set auth 0 -1 3\r\nu p\r\n');
      receive(connection, 'STORED\r\n');
      equal(drain(connection), META + TEXT);
    },
  },
  {
    name: 'says that the server closed the connection at the probe, and what can be sent again',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(read, 'a');
      connection.send(store, 'b');
      drain(connection);
      connection.receiveEnd();
      const [event] = events(connection);
      ok(event?.type === 'closed' && event.atProbe, 'it must close at the probe');
      equal([event.unsent, event.unanswered], [['b'], ['a']]);
    },
  },
  {
    name: 'sends only the classic probe where the last connection was closed at the other',
    run() {
      const connection = new ClientConnection<string>({ closesAtProbe: true });
      connection.send(store, 'a');
      equal(drain(connection), TEXT);
      receive(connection, 'END\r\n');
      equal(drain(connection), 'set k 16 5 9\r\nflush_all\r\n');
    },
  },
  {
    name: 'sends no meta command where the last connection was closed at one, and refuses it',
    run() {
      const connection = new ClientConnection<string>({ closesAtProbe: true });
      connection.prove();
      connection.send(mg('k', 'v'), 'a');
      connection.send(read, 'b');
      equal(drain(connection), TEXT);
      receive(connection, 'END\r\n');
      equal(drain(connection), 'get k\r\n');
      equal(brief(events(connection)), ['refused a not-sent']);
    },
  },
  {
    name: 'refuses meta commands on a connection that speaks text, and harms no neighbour',
    run() {
      const connection = text('EN');
      connection.send(ms, 'a');
      connection.send(mg('k', 'v'), 'b');
      connection.send(read, 'c');
      equal(drain(connection), 'get k\r\n');
      const list = events(connection);
      equal(brief(list), ['refused a not-sent', 'refused b not-sent']);
      const [event] = list;
      ok(event?.type === 'refused' && event.error instanceof UsageError, 'the error');
      ok(/opaque/.test(event.error.message), event.error.message);
    },
  },
  {
    name: 'refuses a meta read that went before the probe was answered, in step',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(store, 'a');
      connection.cancel('a');
      connection.send(mg('k', 'v'), 'b');
      connection.send(read, 'c');
      equal(drain(connection), `${META}${TEXT}mg k v O1\r\nget k\r\n`);
      equal(brief(receive(connection, 'ERROR\r\nEND\r\nERROR\r\nEND\r\n')), [
        'refused b done',
        'c: values',
      ]);
    },
  },
  {
    name: 'refuses a key that only meta commands can carry',
    run() {
      const connection = text();
      connection.send({ ...read, key: new Uint8Array([0]), base64: true }, 'a');
      equal(drain(connection), '');
      equal(brief(events(connection)), ['refused a not-sent']);
    },
  },
  {
    name:
      'insists on meta: closes with an error that names the dialect, the version and the way out',
    run() {
      const connection = new ClientConnection<string>({ dialect: 'meta' });
      connection.send(version, 'v');
      connection.send(store, 'a');
      equal(drain(connection), `version\r\n${META}`);
      receive(connection, 'VERSION 1.5.22\r\n');
      const error = cause(connection, 'ERROR\r\n');
      ok(error instanceof UsageError, 'its kind');
      equal(error.argument, 'dialect');
      ok(/is meta.*1\.5\.22.*ERROR.*auto/.test(error.message), error.message);
    },
  },
  {
    name:
      'insists on text: opens with a get that fences what was there before, and waits for nothing',
    run() {
      const connection = new ClientConnection<string>({ dialect: 'text' });
      connection.send(store, 'a');
      equal(drain(connection), `${TEXT}set k 16 5 9\r\nflush_all\r\n`);
      ok(cause(connection, 'STORED\r\n') instanceof ProtocolError, 'what was there before');
    },
  },
  {
    name: 'fences quiet commands with a get where it speaks text',
    run() {
      const connection = text();
      connection.send({ verb: 'delete', key: 'k', noreply: true }, 'a', Infinity, 'sent');
      equal(drain(connection), 'delete k noreply\r\n');
      equal(brief(events(connection)), ['sent a']);
      connection.send(version, 'b');
      equal(drain(connection), `${TEXT}version\r\n`);
      equal(brief(receive(connection, 'END\r\nVERSION 1\r\n')), ['b: VERSION']);
    },
  },
  {
    name: 'never spells with noreply, and tells of errors to what nobody awaits',
    run() {
      const connection = text();
      const command = { verb: 'md', key: 'k', base64, flags: ['q'], orText } as const;
      connection.send(command, 'a', Infinity, 'sent');
      connection.send(version, 'b');
      equal(drain(connection), 'delete k\r\nversion\r\n');
      equal(brief(receive(connection, 'SERVER_ERROR x\r\nVERSION 1\r\n')), [
        'sent a',
        'quiet error SERVER_ERROR',
        'b: VERSION',
      ]);
    },
  },
  {
    // memcached 1.4 runs the value of a noreply set that it refuses (seen with 1.4.39).
    name: 'sends no data with noreply where it speaks text, and keeps the reply to itself',
    run() {
      const connection = text();
      connection.send(quiet, 'a', Infinity, 'sent');
      connection.send({ ...set('l'), noreply: true } as Command, 'b');
      connection.send({ ...set('m'), noreply: true } as Command);
      equal(
        drain(connection),
        'set k 0 0 9\r\nflush_all\r\nset l 0 0 1\r\nx\r\nset m 0 0 1\r\nx\r\n',
      );
      const error = 'SERVER_ERROR object too large for cache\r\n';
      equal(brief(receive(connection, `NOT_STORED\r\nSTORED\r\n${error}`)), [
        'sent a',
        'b: silent',
        'quiet error SERVER_ERROR',
      ]);
    },
  },
  {
    name: 'gives the reply to a quiet command that is awaited',
    run() {
      const connection = text();
      connection.send(quiet, 'a');
      equal(drain(connection), 'set k 0 0 9\r\nflush_all\r\n');
      equal(brief(receive(connection, 'NOT_STORED\r\n')), ['a: NOT_STORED']);
    },
  },
  {
    name: 'fences classic values where it speaks meta, so that a reply sent twice shows at once',
    run() {
      const connection = proven();
      for (const tag of ['a', 'b']) connection.send(get('k'), tag);
      equal(drain(connection), 'get k\r\nmn\r\nget k\r\nmn\r\n');
      const reply = 'VALUE k 0 2\r\nv1\r\nEND\r\n';
      equal(brief(receive(connection, reply + reply)), ['a: values v1', 'closed [] [b]']);
    },
  },
];
