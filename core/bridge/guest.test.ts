import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { frame, ListeningBridge, UPGRADE } from '../../test/support/wire-page.ts';
import { bridgeLimits } from './options.ts';

const guest = suite('bridge: a connection and its request');

const OPENED = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  // The example of RFC 6455.
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  'Sec-WebSocket-Protocol: memcached',
  '\r\n',
].join('\r\n');

/** What is answered to a request: the status, and how the connection ended. */
async function answer(request: string, options = {}): Promise<string> {
  const bridge = await ListeningBridge.start(options);
  const connection = bridge.connect();
  const said = await connection.say(`${request}\r\n\r\n`);
  const status = /^HTTP\/1\.1 (\d+) /.exec(said)?.[1] ?? 'nothing';
  return [status, ...connection.transport.ends].join(' ');
}

guest('a page is answered as the standard says', async () => {
  const bridge = await ListeningBridge.start();
  assert.is(await bridge.connect().say(`${UPGRADE}\r\n\r\n`), OPENED);
  assert.is(bridge.running.bridge.sockets, 1);
  assert.equal(bridge.running.endpoint, { host: 'localhost', port: 12345 });
});

guest('a request may come byte by byte, and a message right behind it', async () => {
  const bridge = await ListeningBridge.start();
  const slow = bridge.connect();
  let said = '';
  for (const letter of `${UPGRADE}\r\n\r\n`) said += await slow.say(letter);
  assert.is(said, OPENED);
  assert.is(await slow.say(frame(2, 'mn\r\n')), '\x82\x04MN\r\n');
  const eager = await bridge.connect().say(`${UPGRADE}\r\n\r\n${frame(2, 'mn\r\n')}`);
  assert.is(eager, `${OPENED}\x82\x04MN\r\n`);
});

for (
  const [what, status, request] of [
    ['two hosts', 400, `${UPGRADE}\r\nHost: localhost`],
    ['two hosts, one of another case', 400, `${UPGRADE}\r\nHOST: evil.example`],
    ['two origins', 400, `${UPGRADE}\r\nOrigin: https://app.example.org`],
    ['two keys', 400, `${UPGRADE}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`],
    ['two versions', 400, `${UPGRADE}\r\nSec-WebSocket-Version: 13`],
    ['no host', 400, UPGRADE.replace(/Host.*\r\n/, '')],
    ['a body', 400, `${UPGRADE}\r\nContent-Length: 5`],
    ['a body of unknown length', 400, `${UPGRADE}\r\nTransfer-Encoding: chunked`],
    ['two lengths', 400, `${UPGRADE}\r\nContent-Length: 0\r\nContent-Length: 0`],
    ['a length in words', 400, `${UPGRADE}\r\nContent-Length: none`],
    ['an empty body', 101, `${UPGRADE}\r\nContent-Length: 0`],
    ['a subprotocol on a line of its own', 101, `${UPGRADE}\r\nSec-WebSocket-Protocol: bearer.x`],
    ['a line that goes on', 400, `${UPGRADE}\r\n more`],
    ['a space before the colon', 400, `${UPGRADE}\r\nX : y`],
    ['a line without a colon', 400, `${UPGRADE}\r\nX`],
    ['a bare line feed', 400, `${UPGRADE}\r\nX: a\nHost: localhost`],
    ['a bare carriage return', 400, `${UPGRADE}\r\nX: a\rb`],
    ['a zero byte', 400, `${UPGRADE}\r\nX: a\0b`],
    ['HTTP/1.0', 400, UPGRADE.replace('1.1', '1.0')],
    ['HTTP/2', 400, 'PRI * HTTP/2.0'],
    ['no HTTP', 400, 'get a'],
    ['another method', 400, UPGRADE.replace('GET', 'POST')],
    ['another version', 400, UPGRADE.replace('13', '8')],
    ['a key that is none', 400, UPGRADE.replace('==', '=')],
    ['a key that is too long', 400, UPGRADE.replace('Key: ', 'Key: AAAA')],
    ['another protocol', 400, UPGRADE.replace('websocket', 'h2c')],
    ['an upgrade that is not for this connection', 426, UPGRADE.replace(', Upgrade', '')],
    ['a connection that says nothing of an upgrade', 426, UPGRADE.replace(/Upgrade: .*\r\n/, '')],
    [
      'names in capitals',
      101,
      UPGRADE.toUpperCase().replace(/(KEY: ).*/, '$1dGhlIHNhbXBsZSBub25jZQ==')
        .replace('MEMCACHED', 'memcached').replace(
          'HTTPS://APP.EXAMPLE.ORG',
          'https://app.example.org',
        ),
    ],
    ['another host', 403, UPGRADE.replace('localhost', 'evil.example')],
    ['another subprotocol', 400, UPGRADE.replace('memcached', 'chat')],
    ['a page', 426, 'GET / HTTP/1.1\r\nHost: localhost'],
    ['a health check', 204, 'GET /health HTTP/1.1\r\nHost: localhost'],
    ['what is no health check', 426, 'GET /health/x HTTP/1.1\r\nHost: localhost'],
  ] as const
) {
  guest(`${what}: ${status}`, async () => {
    assert.is(await answer(request), status === 101 ? '101' : `${status} close`);
  });
}

guest('an answer says neither who gave it, nor that more may be asked', async () => {
  const bridge = await ListeningBridge.start();
  const said = await bridge.connect().say('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.is(
    said,
    'HTTP/1.1 426 Upgrade Required\r\nCache-Control: no-store\r\nConnection: close\r\n' +
      'Content-Length: 0\r\n\r\n',
  );
  const healthy = await bridge.connect().say('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.is(
    healthy,
    'HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n',
  );
});

for (
  const [line, request, options] of [
    ['400 Bad Request', 'x', {}],
    ['401 Unauthorized', UPGRADE, { tokens: new Map([['a', 'x'.repeat(16)]]) }],
    ['403 Forbidden', UPGRADE, { origins: [] }],
    ['429 Too Many Requests', UPGRADE, { behindProxy: true, connectRate: 1 }],
    ['431 Request Header Fields Too Large', 'x'.repeat(9000), {}],
    ['503 Service Unavailable', UPGRADE, {}],
  ] as const
) {
  guest(`a refusal is called by its name: ${line}`, async () => {
    const bridge = await ListeningBridge.start(options);
    if (line.startsWith('429')) await bridge.open();
    if (line.startsWith('503')) void bridge.running.bridge.close();
    const said = await bridge.connect().say(`${request}\r\n\r\n`);
    assert.is(said.slice(0, said.indexOf('\r\n')), `HTTP/1.1 ${line}`);
  });
}

guest('after an answer nothing is read, and the connection is cut off in a second', async () => {
  const bridge = await ListeningBridge.start();
  const connection = bridge.connect();
  await connection.say('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.is(await connection.say(`${UPGRADE}\r\n\r\n`), '');
  await bridge.pass(999);
  assert.equal(connection.transport.ends, ['close']);
  await bridge.pass(1);
  assert.equal(connection.transport.ends, ['close', 'abort']);
});

guest('of a connection that took its answer nothing is left', async () => {
  const bridge = await ListeningBridge.start();
  const connection = bridge.connect();
  await connection.say('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  connection.lose();
  assert.is(bridge.clock.timers, 0);
});

guest('a head may have 8 KiB, and no more is read', async () => {
  const head = (length: number): string => `${UPGRADE}\r\nX: `.padEnd(length, 'x');
  assert.is(await answer(head(8192)), '101');
  assert.is(await answer(head(8193)), '431 close');
  const bridge = await ListeningBridge.start();
  const endless = bridge.connect();
  assert.is(await endless.say(head(8192)), '');
  assert.match(await endless.say('x'), /^HTTP\/1\.1 431 /);
});

guest('a request has its time, however it drips, and an open socket has not', async () => {
  const bridge = await ListeningBridge.start();
  const slow = bridge.connect();
  const page = await bridge.open();
  await slow.say('GET / HTTP/1.1\r\n');
  await bridge.pass(4999);
  await slow.say('Host: localhost\r\n');
  assert.equal(slow.transport.ends, []);
  await bridge.pass(1);
  assert.equal(slow.transport.ends, ['abort']);
  assert.equal(page.transport.ends, []);
  assert.is(bridgeLimits.handshakeTimeout, 5000);
});

guest('a connection over TLS has its time and its place before its handshake, too', async () => {
  const bridge = await ListeningBridge.start({ maxHandshakes: 1 });
  const { arrive } = bridge.options;
  const dropped: string[] = [];
  const gone = arrive?.('tcp:192.0.2.7:1', () => dropped.push('one'));
  arrive?.('tcp:192.0.2.7:2', () => dropped.push('two'));
  assert.equal(dropped, ['two']);
  // The handshake is over: it is the same connection.
  const page = bridge.connect('tcp:192.0.2.7:1');
  assert.equal(page.transport.ends, []);
  assert.is(bridge.connect('tcp:192.0.2.7:3').transport.ends[0], 'abort');
  await bridge.pass(5000);
  assert.equal(dropped, ['two', 'one']);
  gone?.();
  assert.equal(bridge.connect('tcp:192.0.2.7:4').transport.ends, []);
});

guest('a connection whose TLS came to nothing leaves its place to nobody else', async () => {
  const bridge = await ListeningBridge.start({ maxHandshakes: 1 });
  bridge.options.arrive?.('tcp:192.0.2.7:1', () => {})();
  const first = bridge.connect('tcp:192.0.2.7:1');
  assert.equal(first.transport.ends, []);
  assert.equal(bridge.connect('tcp:192.0.2.7:2').transport.ends, ['abort']);
  first.lose();
  // One that was accepted is not taken for another one of its name.
  const leave = bridge.options.arrive?.('tcp:192.0.2.7:3', () => {});
  bridge.connect('tcp:192.0.2.7:3');
  assert.equal(bridge.connect('tcp:192.0.2.7:3').transport.ends, ['abort']);
  leave?.();
});

guest('who leaves, asks or is refused makes room for the next', async () => {
  const bridge = await ListeningBridge.start({ maxHandshakes: 1 });
  const first = bridge.connect();
  assert.equal(bridge.connect('tcp:192.0.2.7:2').transport.ends, ['abort']);
  first.lose();
  await bridge.open();
  await bridge.connect('tcp:192.0.2.7:3').say('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal(bridge.connect('tcp:192.0.2.7:4').transport.ends, []);
  assert.equal(bridge.connect('tcp:[2001:db8::1]:4').transport.ends, []);
});

guest('a connection that says no more without having asked is closed', async () => {
  const bridge = await ListeningBridge.start();
  const connection = bridge.connect();
  connection.end();
  assert.equal(connection.transport.ends, ['close']);
  connection.lose();
  assert.is(bridge.clock.timers, 0);
});

guest('a bridge that closes cuts off who has not asked, once', async () => {
  const bridge = await ListeningBridge.start();
  const waiting = bridge.connect();
  await Promise.all([bridge.running.close(), bridge.running.close()]);
  assert.equal(waiting.transport.ends, ['abort']);
  assert.is(bridge.closes, 1);
});

guest.run();
