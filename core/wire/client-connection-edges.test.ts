// The law: the limits, times and byte counts of a connection are exact, on the fast path too, and a
// command that has ended leaves nothing behind.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import {
  brief,
  drain,
  events,
  get,
  mg,
  proven,
  receive,
  sent,
  set,
  version,
  watch,
} from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientEvent, PlainSink } from './client-event.ts';
import type { Command } from './command.ts';
import { ProtocolError, UsageError } from './errors.ts';
import { plainFlags } from './plain.ts';

const edges = suite('client connection: edges');

type Connection = ClientConnection<string>;

const READ = plainFlags('mg', ['v', 'f']);
const STORE = plainFlags('ms', ['F0']);
const QUIET = plainFlags('ms', ['F0', 'q']);
const read: Command = { verb: 'mg', key: 'k', base64: false, flags: READ };
const store = (value: string | Uint8Array, flags = STORE): Command => ({
  verb: 'ms',
  key: 'k',
  base64: false,
  value,
  flags,
});
const dump: Command = { verb: 'lru_crawler metadump', words: ['all'] };
const dumpLine = 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n';

/** Takes plain replies, and says which. */
function sink(taken: string[] = []): PlainSink<string> {
  return {
    takesItems: () => false,
    onPlainItem: () => assert.unreachable(),
    onPlain: (tag, reply, bytesOut) => taken.push(`${tag} ${reply.type} ${bytesOut}`),
  };
}

const ways: Readonly<Record<string, (connection: Connection, tag: string, at?: number) => void>> = {
  send: (connection, tag, at = Infinity) => connection.send(read, tag, at),
  sendPlain(connection, tag, at = Infinity) {
    assert.ok(connection.sendPlain(read, tag, at) > 0);
  },
};

const limit = 64 * 1024;
const frame = 'ms k 40000 F0 O1\r\n\r\n'.length;

edges('what is encoded ahead fills 64 KiB exactly', () => {
  for (const [missing, isTaken] of [[0, false], [1, true]] as const) {
    // The values are too small to be passed by reference.
    const last = limit - missing - 60_000 - 2 * frame - 'ms k 5000 F0 O3\r\n\r\n'.length;
    const parts = [30_000, 30_000, last].map((length) => new Uint8Array(length));
    const fast = proven();
    for (const value of parts) assert.ok(fast.sendPlain(store(value), 'a', 1) > 0);
    assert.is(fast.sendPlain(read, 'b', 1) > 0, isTaken);
    const slow = proven();
    for (const value of parts) slow.send(store(value), 'a');
    slow.send(read, 'b');
    slow.transmit(0);
    assert.is(slow.cancel('b'), isTaken ? 'in-flight' : 'unsent');
  }
});

edges('a quiet run is fenced while there is room for its fence: once it is half full', () => {
  for (const [count, isFenced] of [[2, false], [3, true]] as const) {
    const connection = proven({ maxPending: 4, fenceEvery: 100 });
    for (let i = 0; i < count; i++) connection.send(store('v', QUIET));
    assert.is(drain(connection).endsWith('mn\r\n'), isFenced);
  }
});

for (const [way, send] of Object.entries(ways)) {
  edges(`${way}: a timeout is silent where the server has said nothing since`, () => {
    for (const next of [undefined, sink()]) {
      const connection = proven();
      send(connection, 'a');
      send(connection, 'b', 10);
      drain(connection);
      connection.receive(bytes('EN O1\r\n'), 0);
      connection.next(next);
      send(connection, 'c', 10);
      drain(connection);
      connection.tick(10);
      const silent = events(connection).map((event) => event.type === 'timeout' && event.silent);
      assert.equal(silent, [false, true]);
    }
  });

  edges(`${way}: a command that has not begun to leave is not silent`, () => {
    const connection = proven();
    send(connection, 'a', 10);
    connection.transmit(0);
    connection.sent(0);
    connection.tick(10);
    const [event] = events(connection);
    assert.equal(event, { type: 'timeout', tag: 'a', outcome: 'unknown', silent: false });
    connection.assertInvariants();
  });

  edges(`${way}: the bytes of a command are counted, and of its reply, and no other’s`, () => {
    const connection = proven();
    const taken: string[] = [];
    for (const tag of ['a', 'b', 'c']) send(connection, tag);
    drain(connection);
    connection.receive(bytes('EN O1\r\nEN O2\r\nVA 1 f0 O3\r\n'), 0);
    assert.is(connection.next(sink(taken)), null);
    assert.equal(taken, ['a EN 13', 'b EN 13']);
    const [event] = receive(connection, 'x\r\n');
    assert.ok(event?.type === 'reply');
    assert.equal([event.bytesOut, event.bytesIn], [13, 15]);
  });

  edges(`${way}: the reply to a command that was given up is progress when it ends`, () => {
    for (const next of [undefined, sink()]) {
      const connection = proven({ stallAfter: 200 });
      send(connection, 'a');
      send(connection, 'b');
      drain(connection);
      connection.cancel('a');
      connection.receive(bytes('EN'), 100);
      assert.is(connection.next(next), null);
      assert.is(connection.deadline(), 200);
      connection.receive(bytes(' O1\r\n'), 150);
      assert.is(connection.next(next), null);
      assert.is(connection.deadline(), 350);
    }
  });
}

edges('a plain reply to a command that was given up is progress', () => {
  const connection = proven({ stallAfter: 200 });
  for (const tag of ['a', 'b']) connection.sendPlain(read, tag, Infinity);
  drain(connection);
  connection.cancel('a');
  connection.receive(bytes('EN O1\r\n'), 150);
  assert.is(connection.next(sink()), null);
  assert.is(connection.deadline(), 350);
});

edges('a command that was not sent is not silent, whatever was sent before', () => {
  const connection = proven();
  connection.send(read, 'a', 10);
  connection.tick(10);
  const [event] = events(connection);
  assert.equal(event, { type: 'timeout', tag: 'a', outcome: 'not-sent', silent: false });
});

edges(
  'a command that waits for the proof is silent once the probe has left, until it is answered',
  () => {
    const late = (reach: (connection: Connection) => void): boolean => {
      const connection: Connection = new ClientConnection<string>();
      connection.prove();
      connection.send(store('v'), 'a', 10);
      reach(connection);
      connection.tick(10);
      const event = events(connection).find(({ type }) => type === 'timeout');
      assert.ok(event?.type === 'timeout' && event.outcome === 'not-sent');
      return event.silent;
    };
    assert.is(late(() => {}), false, 'nothing has left');
    assert.is(late((connection) => void connection.transmit(0)), false, 'nothing was taken');
    assert.is(late((connection) => void drain(connection)), true);
    const byOne = (connection: Connection): void => {
      connection.transmit(0);
      connection.sent(1);
    };
    assert.is(late(byOne), true);
  },
);

edges('a reply is read at the latest time that the connection was told', () => {
  const connection = proven({ stallAfter: 200 });
  for (const tag of ['a', 'b']) connection.send(read, tag);
  drain(connection);
  connection.receive(bytes('EN O1\r\n'), 50);
  connection.send(read, 'c');
  drain(connection, 100);
  assert.equal(brief(events(connection)), ['a: EN']);
  assert.is(connection.deadline(), 300);
});

edges('a nudge takes no memory, and its error is nobody’s', () => {
  const connection = proven();
  connection.nudge();
  assert.is(connection.pendingBytes, 0);
  assert.is(drain(connection), 'mn\r\n');
  assert.equal(receive(connection, 'SERVER_ERROR busy\r\n'), []);
  assert.is(connection.pending, 0);
});

edges('what was encoded does not leave a closed connection', () => {
  const connection = sent(get('a'));
  connection.send(get('b'), 'b');
  assert.is(text(connection.transmit(0)!), 'get b\r\nmn\r\n');
  assert.equal(brief(receive(connection, 'garbage\r\n')), ['closed [b] [a]']);
  assert.is(connection.transmit(0), null);
});

edges(
  'a value that is not lent is handed out without a copy, and one that is lent as a copy',
  () => {
    for (const isLent of [false, true]) {
      const connection = sent(mg('k', 'v'));
      const chunk = bytes('VA 1 O1\r\nx\r\n');
      if (isLent) connection.receive(chunk, 0, true);
      else connection.receive(chunk, 0);
      const [event] = events(connection);
      assert.ok(event?.type === 'reply' && event.reply.type === 'VA');
      assert.is(event.reply.value.buffer === chunk.buffer, !isLent);
    }
  },
);

edges('a connection hears of its end before it has sent anything', () => {
  for (const next of [undefined, sink()]) {
    const connection = new ClientConnection<string>();
    connection.receive(bytes('ERROR Too many open connections\r\n'), 0);
    const event = connection.next(next);
    assert.ok(event?.type === 'closed');
    assert.match(event.cause?.message ?? '', 'ERROR Too many open connections');
  }
});

edges('the end waits for no reply to what was given up, but for all bytes to leave', () => {
  const connection = proven();
  connection.send({ verb: 'mg', key: 'a', base64: false, flags: ['v'] }, 'a');
  connection.send({ verb: 'mg', key: 'b', base64: false, flags: ['v'] }, 'b');
  const length = connection.transmit(0)?.length ?? 0;
  connection.sent(length - 1);
  assert.is(connection.cancel('a'), 'in-flight');
  connection.end();
  assert.is(connection.next(), null, 'b is waited for');
  assert.is(connection.cancel('b'), 'in-flight');
  assert.is(connection.next(), null, 'a byte has to leave');
  assert.is(drain(connection), '\n');
  assert.equal(connection.next(), {
    ...{ type: 'closed', cause: null, atProbe: false, unsent: [], unanswered: [] },
  });
});

edges('a reply that comes twice, plain as it is, is not taken for another', () => {
  const connection = proven();
  for (let round = 0; round < 40; round++) {
    connection.sendPlain(read, 'a', Infinity);
    drain(connection);
    connection.receive(bytes(`EN O${round + 1}\r\n`), 0);
    assert.is(connection.next(sink()), null);
  }
  connection.receive(bytes('EN O40\r\n'), 0);
  const event = connection.next(sink());
  assert.ok(event?.type === 'closed' && event.cause instanceof ProtocolError);
});

edges('a connection is idle only where nothing waits', () => {
  const connection = proven();
  assert.ok(connection.isIdle);
  connection.send(read, 'a', 10);
  connection.tick(10);
  assert.not(connection.isIdle);
  assert.is(connection.next()?.type, 'timeout');
  assert.ok(connection.isIdle);
  connection.receive(bytes('E'), 0);
  assert.not(connection.isIdle);
  connection.next();
  assert.not(connection.isIdle);
});

edges('items are offered to the caller of a get alone, and taken if it wants them', () => {
  const offered: string[] = [];
  const items: string[] = [];
  const taker = (wants: boolean): PlainSink<string> => ({
    takesItems(tag) {
      offered.push(tag);
      return wants;
    },
    onPlainItem: (tag) => items.push(tag),
    onPlain: () => assert.unreachable(),
  });
  const reply = 'VALUE k 0 1\r\nx\r\nEND\r\nMN\r\n';
  for (const wants of [false, true]) {
    const connection = proven();
    const commands: Command[] = [get('k'), get('k'), { verb: 'gets', keys: ['k'] }, version];
    commands.forEach((command, i) => connection.send(command, 'abcd'[i]));
    connection.send(version);
    drain(connection);
    connection.cancel('b');
    const all = `${reply}${reply}VALUE k 0 1 7\r\nx\r\nEND\r\nMN\r\nVERSION 1\r\nVERSION 1\r\n`;
    connection.receive(bytes(all), 0);
    const found: ClientEvent<string>[] = [];
    for (let event = connection.next(taker(wants)); event !== null;) {
      found.push(event);
      event = connection.next(taker(wants));
    }
    assert.equal(brief(found), [wants ? 'a: values' : 'a: values x', 'c: values x', 'd: VERSION']);
    assert.is(connection.pending, 0);
  }
  assert.equal([...new Set(offered)], ['a']);
  assert.equal(items, ['a']);
});

edges('a fence is waited for from when it leaves, however old the run is', () => {
  const connection = proven({ stallAfter: 200 });
  connection.send(store('v', QUIET));
  assert.is(drain(connection, 0).includes('mn'), false);
  connection.end();
  assert.is(drain(connection, 5000), 'mn\r\n');
  assert.is(connection.deadline(), 5200);
});

edges('a fence that is late is not waited for from its own time, but from its run’s', () => {
  const connection = proven({ stallAfter: 200 });
  connection.send(read, 'a');
  connection.send(store('v', QUIET));
  drain(connection, 0);
  connection.end();
  assert.is(drain(connection, 100), 'mn\r\n');
  assert.is(connection.deadline(), 200);
});

edges('an exclusive command that is refused holds nothing back', () => {
  const connection = proven();
  const words = ['fetchers'];
  connection.send({ verb: 'watch', words }, 'a');
  words[0] = 'two words\r\n';
  connection.send(version, 'b');
  assert.is(drain(connection), 'version\r\n');
  const [event] = events(connection);
  assert.ok(event?.type === 'refused' && event.error instanceof UsageError);
  assert.is(connection.sendPlain(read, 'c', Infinity) > 0, true);
});

edges('the lines of a dump that was given up are dropped, all at once', () => {
  const connection = sent(dump);
  connection.cancel('a');
  connection.send(version, 'b');
  assert.equal(receive(connection, `${dumpLine.repeat(3)}END\r\n`), []);
  assert.is(drain(connection), 'version\r\n');
});

edges('an error for a command that was given up is nobody’s', () => {
  const connection = sent(get('k'), version);
  connection.cancel('a');
  assert.equal(brief(receive(connection, 'SERVER_ERROR busy\r\nMN\r\nVERSION 1\r\n')), [
    'b: VERSION',
  ]);
});

edges('a store without noreply, for a server of text, tells its error to its caller', () => {
  const connection = new ClientConnection<string>({ dialect: 'text' });
  connection.prove();
  drain(connection);
  receive(connection, 'END\r\n');
  const quiet = { ...set('k'), noreply: true } as Command;
  connection.send(quiet, 'a');
  connection.send(quiet);
  assert.is(drain(connection), 'set k 0 0 1\r\nx\r\n'.repeat(2));
  const error = 'SERVER_ERROR out of memory\r\n';
  assert.equal(brief(receive(connection, error + error)), [
    'a: SERVER_ERROR',
    'quiet error SERVER_ERROR',
  ]);
});

edges('a get that is answered has no deadline, while its fence is due', () => {
  const connection = proven({ stallAfter: 1000 });
  connection.send(get('a'), 'a', 100);
  connection.send(get('b'), 'b', 60);
  drain(connection);
  assert.equal(brief(receive(connection, 'END\r\n')), ['a: values']);
  connection.tick(60);
  assert.equal(brief(events(connection)), ['timeout b unknown']);
  assert.is(connection.deadline(), 1000);
});

edges('a timeout is not silent where any reply came, cut or plain', () => {
  const connection = proven();
  for (const tag of ['a', 'b']) connection.sendPlain(read, tag, Infinity);
  connection.sendPlain(read, 'c', 10);
  drain(connection);
  connection.receive(bytes('EN'), 0);
  assert.is(connection.next(sink()), null);
  connection.receive(bytes(' O1\r\nEN O2\r\n'), 0);
  assert.is(connection.next(sink())?.type, 'reply');
  assert.is(connection.next(sink()), null);
  connection.tick(10);
  assert.equal(events(connection).map((event) => event.type === 'timeout' && event.silent), [
    false,
  ]);
});

edges('commands that were cancelled before they were sent owe nothing, and hide nothing', () => {
  const connection = proven({ stallAfter: 200 });
  connection.send(read, 'a');
  connection.cancel('a');
  assert.is(drain(connection), '');
  assert.is(connection.deadline(), null);
  connection.send(read, 'b');
  connection.send(read, 'c');
  connection.cancel('b');
  assert.is(drain(connection), 'mg k v f O1\r\n');
  assert.is(connection.deadline(), 200);
});

edges('a stall is told with how long it was', () => {
  const connection = proven({ stallAfter: 200 });
  connection.send(read, 'a');
  drain(connection, 1000);
  connection.tick(1199);
  assert.equal(events(connection), []);
  connection.tick(1250);
  const [closed] = events(connection);
  assert.ok(closed?.type === 'closed');
  const why = 'the server ended no reply for 250 ms, while it owed some';
  assert.is(closed.cause?.message, why);
});

edges('a watch ends with its caller, and with its connection', () => {
  const cancelled = sent(watch);
  assert.equal(brief(receive(cancelled, 'OK\r\n')), ['a, opened']);
  assert.is(cancelled.cancel('a'), 'in-flight');
  const [closed] = events(cancelled);
  assert.ok(closed?.type === 'closed');
  assert.is(closed.cause?.message, 'a watch ended');
  const ended = sent(watch);
  receive(ended, 'OK\r\n');
  ended.end();
  assert.equal(brief(events(ended)), ['closed [] [a]']);
});

edges('what no bytes came for counts none', () => {
  const shutdown = sent({ verb: 'shutdown', graceful: false });
  shutdown.receiveEnd();
  const [reply] = events(shutdown);
  assert.ok(reply?.type === 'reply' && reply.reply.type === 'closed');
  assert.is(reply.bytesIn, 0);
  // It has discarded all that it read with the probe.
  const login = new ClientConnection<string>();
  login.prove();
  login.send(get('k'), 'a');
  drain(login);
  const [refused] = receive(login, 'CLIENT_ERROR unauthenticated\r\n');
  assert.ok(refused?.type === 'reply');
  assert.equal([refused.reply.type, refused.bytesIn], ['CLIENT_ERROR', 0]);
});

edges('a server that closes the connection does so at the probe only if it has the probe', () => {
  const ends: (boolean | undefined)[] = [];
  const end = (connection: Connection): void => {
    connection.receiveEnd();
    const closed = events(connection).at(-1);
    ends.push(closed?.type === 'closed' ? closed.atProbe : undefined);
  };
  const sentProbe = new ClientConnection<string>();
  sentProbe.prove();
  drain(sentProbe);
  end(sentProbe);
  const offered = new ClientConnection<string>();
  offered.prove();
  offered.transmit(0);
  end(offered);
  const queued = new ClientConnection<string>();
  queued.send(version, 'a');
  drain(queued);
  receive(queued, 'VERSION 1\r\n');
  queued.prove();
  end(queued);
  assert.equal(ends, [true, false, false]);
});

edges.run();
