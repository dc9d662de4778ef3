import * as assert from 'uvu/assert';
import { bridgeLimits } from '../../core/bridge/mod.ts';
import { makeCertificates } from '../support/certificates.ts';
import { findProgram } from '../support/memcached.ts';
import { BINARY, dialRaw, PING, PONG, RawPage } from '../support/raw-page.ts';
import { origin, Scene } from '../support/running-bridge.ts';
import { CountingClock } from '../support/scripted.ts';
import { suite } from '../runner/suite.ts';

const limits = suite('bridge: limits of connections and frames');
const origins = [origin];

limits.after(() => Scene.closeAll());

limits('a message of too many frames closes the socket', async () => {
  const page = await (await Scene.start({ origins })).open();
  page.sendCut('mn\r\n', bridgeLimits.maxFrames + 1);
  assert.is(await page.closing, '1008 too many frames');
});

limits('an empty message closes the socket', async () => {
  const page = await (await Scene.start({ origins })).open();
  page.send('');
  assert.is(await page.closing, '1008 an empty message');
});

for (const [what, opcode] of [['pings', PING], ['pongs', PONG]] as const) {
  limits(`more ${what} than may be close the socket`, async () => {
    const scene = await Scene.start({ origins, controlRate: 2 });
    const page = await scene.open();
    for (let i = 0; i < 100; i++) page.send('', opcode);
    assert.is(await page.closing, '1008 too many control frames');
  });
}

limits('messages beyond their rate are read, later', async () => {
  const scene = await Scene.start({ origins, messageRate: 50 });
  const page = await scene.open();
  for (let i = 0; i < 30; i++) for (const letter of 'mn\r\n') page.send(letter);
  let said = '';
  while (said.length < 30 * 4) said += await page.hears();
  assert.is(said, 'MN\r\n'.repeat(30));
});

for (
  const [what, opcode, payload] of [
    ['empty messages', BINARY, ''],
    ['a line without an end', BINARY, 'get '],
    ['what it was refused for', BINARY, 'flush_all\r\n'],
    ['pings', PING, ''],
  ] as const
) {
  limits(
    `a page that was refused, floods on with ${what} and reads nothing is cut off`,
    async () => {
      const scene = await Scene.start({ origins });
      const page = await scene.open();
      const start = performance.now();
      page.flood(opcode, payload);
      await page.gone;
      // A second, plus the delay of a busy machine. A normal close of a WebSocket takes half a
      // minute in the package `ws`, and any time at all on other runtimes.
      assert.ok(performance.now() - start < 10_000);
    },
  );
}

limits('who asks for nothing is cut off when the time for a handshake is over', async () => {
  const clock = new CountingClock();
  const { port } = await Scene.start({ clock });
  const { connected, end } = dialRaw(port, 'GET / HTTP/1.1\r\nHost: local');
  await connected;
  // When the server serves the next one, it has accepted this one.
  await fetch(`http://127.0.0.1:${port}/health`);
  clock.advance(bridgeLimits.handshakeTimeout);
  assert.is(await end, '');
  assert.is(bridgeLimits.handshakeTimeout, 5000);
});

limits('one address has so many connections without an upgrade, and no more', async () => {
  const { port } = await Scene.start({ maxHandshakes: 2 });
  const waiting = [dialRaw(port), dialRaw(port)];
  await Promise.all(waiting.map(({ connected }) => connected));
  assert.is(await dialRaw(port).end, '');
  for (const { socket } of waiting) socket.destroy();
});

limits('a socket that is open is not counted as one without an upgrade', async () => {
  const scene = await Scene.start({ origins, maxHandshakes: 1 });
  for (const page of [await scene.open(), await scene.open(), await scene.open()]) page.leave();
});

limits('one address makes so many connections at once, and no more', async () => {
  const { port } = await Scene.start({ connectRate: 2, clock: new CountingClock() });
  for (let i = 0; i < 2; i++) {
    assert.is((await fetch(`http://127.0.0.1:${port}/health`)).status, 204);
  }
  assert.is(await dialRaw(port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n').end, '');
});

limits('one address has so many sockets', async () => {
  const scene = await Scene.start({ origins, maxSocketsPerAddress: 1 });
  await scene.open();
  assert.is(await (await scene.open()).closing, '1013 too many sockets');
});

limits('an endless header is cut off', async () => {
  const { port } = await Scene.start();
  const { end } = dialRaw(port, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`);
  assert.match(await end, /^HTTP\/1\.1 431 /);
});

for (
  const [what, lines] of [
    ['two hosts', 'Host: localhost\r\nHost: evil.example\r\n'],
    ['a body', 'Host: localhost\r\nContent-Length: 4\r\n'],
    ['a body in chunks', 'Host: localhost\r\nTransfer-Encoding: chunked\r\n'],
  ] as const
) {
  limits(`an upgrade with ${what} is a bad request`, async () => {
    const { port, running } = await Scene.start({ origins });
    const { end } = dialRaw(
      port,
      `GET / HTTP/1.1\r\n${lines}Origin: ${origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
        'Sec-WebSocket-Protocol: memcached\r\n\r\nbody',
    );
    assert.match(await end, /^HTTP\/1\.1 400 /);
    assert.is(running.bridge.sockets, 0);
  });
}

const openssl = findProgram('openssl');
const withTls = 'a connection that does not get to its TLS is cut off, and counted';
if (openssl === null) limits.skip(`${withTls} (needs openssl)`);
else {
  limits(withTls, async () => {
    const { ca, server } = makeCertificates(openssl);
    const clock = new CountingClock();
    const scene = await Scene.start({ origins, clock, maxHandshakes: 2 }, server);
    const silent = dialRaw(scene.port);
    await silent.connected;
    const page = await RawPage.open(scene.port, { ca, headers: { Origin: origin } });
    const other = dialRaw(scene.port);
    await other.connected;
    assert.is(await dialRaw(scene.port).end, '');
    clock.advance(bridgeLimits.handshakeTimeout);
    await Promise.all([silent.end, other.end]);
    page.send('mn\r\n');
    assert.is(await page.hears(), 'MN\r\n');
    page.leave();
  });
}

limits.run();
