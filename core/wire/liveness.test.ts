import * as assert from 'uvu/assert';
import { bytes } from '../../conformance/assert.ts';
import { proven } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import { ClientConnection } from './client-connection.ts';
import type { Command } from './command.ts';
import { ConnectionError } from './errors.ts';

const wire = suite('wire: liveness');

wire('a stall is found at the deadline that was told, whatever it is rounded to', () => {
  for (let i = 1; i <= 1000; i++) {
    const connection = new ClientConnection<string>({ dialect: 'text', stallAfter: 2000 });
    connection.send({ verb: 'version' }, 'a', Infinity);
    const start = 100 + i / 1000;
    const bytes = connection.transmit(start);
    connection.sent(bytes!.length);
    const deadline = connection.deadline();
    assert.ok(deadline !== null);
    connection.tick(deadline);
    assert.is(connection.next()?.type, 'closed', `a stall since ${start}`);
  }
});

const large = { verb: 'ms', key: 'a', base64: false, value: 'x'.repeat(1_000_000) } as const;

const quiet = (length: number): Command => ({
  ...{ verb: 'ms', key: 'a', base64: false, value: 'x'.repeat(length), flags: ['q'] } as const,
});

wire('quiet commands whose bytes cannot leave end the connection', () => {
  const connection = proven({ stallAfter: 2000 });
  connection.send(quiet(1000));
  connection.transmit(100);
  connection.sent(10);
  assert.is(connection.deadline(), 2100);
  // Each byte that leaves is progress.
  connection.transmit(1500);
  connection.sent(10);
  assert.is(connection.deadline(), 3500);
  connection.tick(3499);
  assert.is(connection.next(), null);
  connection.tick(3500);
  const event = connection.next();
  assert.is(event?.type, 'closed');
  const { cause } = event as Extract<typeof event, { type: 'closed' }>;
  assert.instance(cause, ConnectionError);
  assert.is((cause as ConnectionError).code, 'stalled');
  assert.is(cause?.message, 'the server took no bytes for 2000 ms');
});

wire('quiet commands whose bytes have left are waited for no longer', () => {
  const connection = proven({ stallAfter: 2000 });
  connection.send(quiet(100));
  connection.transmit(100);
  connection.sent(10);
  connection.sent(connection.transmit(1500)!.length);
  assert.is(connection.deadline(), null);
  // The reply to the fence is due from when it leaves.
  connection.send({ verb: 'mg', key: 'a', base64: false, flags: ['v'] }, 'b', Infinity);
  connection.sent(connection.transmit(5000)!.length);
  assert.is(connection.deadline(), 7000);
});

wire('a value that is refused before it has left, and then not taken, ends the connection', () => {
  const connection = proven({ stallAfter: 2000 });
  connection.send({ ...large, flags: [] }, 'a', Infinity);
  connection.sent(connection.transmit(100)!.length);
  connection.transmit(100);
  connection.sent(10);
  connection.receive(bytes('SERVER_ERROR object too large for cache\r\n'), 200);
  assert.is(connection.next()?.type, 'reply');
  assert.is(connection.pending, 0);
  assert.is(connection.deadline(), 2200);
  // Each byte that leaves is progress.
  connection.transmit(1000);
  connection.sent(10);
  assert.is(connection.deadline(), 3000);
  connection.send({ verb: 'mg', key: 'b', base64: false, flags: ['v'] }, 'b', 1500);
  connection.tick(1500);
  assert.equal(connection.next(), {
    type: 'timeout',
    tag: 'b',
    outcome: 'not-sent',
    silent: false,
  });
  connection.tick(3000);
  const event = connection.next();
  assert.ok(event?.type === 'closed');
  assert.is(event.cause?.message, 'the server took no bytes for 2000 ms');
});

wire('a value that is refused before it has left, and then taken, is waited for no longer', () => {
  const connection = proven({ stallAfter: 2000 });
  connection.send({ ...large, flags: [] }, 'a', Infinity);
  connection.transmit(100);
  connection.sent(10);
  connection.receive(bytes('SERVER_ERROR object too large for cache\r\n'), 200);
  assert.is(connection.next()?.type, 'reply');
  for (let rest = connection.transmit(1000); rest !== null; rest = connection.transmit(1000)) {
    connection.sent(rest.length);
  }
  assert.is(connection.deadline(), null);
});

wire('bytes that wait for a reply are no progress', () => {
  const connection = proven({ stallAfter: 2000 });
  connection.send({ verb: 'mg', key: 'a', base64: false, flags: ['v'] }, 'b', Infinity);
  connection.transmit(100);
  connection.sent(3);
  connection.transmit(1500);
  connection.sent(3);
  assert.is(connection.deadline(), 2100);
  connection.send({ verb: 'mg', key: 'b', base64: false, flags: ['v'] }, 'c', Infinity);
  connection.transmit(1600);
  connection.sent(1);
  assert.is(connection.deadline(), 2100);
});

wire.run();
