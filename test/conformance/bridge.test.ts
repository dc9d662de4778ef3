import * as assert from 'uvu/assert';
import { bridgeLimits } from '../../core/bridge/mod.ts';
import { UsageError } from '../../core/wire/errors.ts';
import { makeCertificates } from '../support/certificates.ts';
import { findProgram } from '../support/memcached.ts';
import { BINARY, TEXT } from '../support/raw-page.ts';
import { origin, Scene } from '../support/running-bridge.ts';
import { listenBridge } from '../runner/runtime-bridge.ts';
import { ScriptedNetwork } from '../support/scripted.ts';
import { suite } from '../runner/suite.ts';
import { rejects } from '../../conformance/assert.ts';

const bridges = suite('bridge: over sockets');
/** A value so large that a socket does not take two at once. */
const LARGE = 1_000_000;
const SET_LARGE = `set a 0 0 ${LARGE}\r\n${'x'.repeat(LARGE)}\r\n`;
const origins = [origin];
const token = 'a-token-for-a-test';
const tokens = new Map([['test', token]]);

bridges.after(() => Scene.closeAll());

bridges('a page of an allowed origin is served', async () => {
  const page = await (await Scene.start({ origins })).open();
  assert.is(page.headers.get('sec-websocket-protocol'), 'memcached');
  assert.is(page.headers.get('sec-websocket-extensions'), undefined);
  page.send('set a 0 0 1\r\nx\r\n');
  assert.is(await page.hears(), 'STORED\r\n');
});

bridges('the token is not chosen, wherever it is offered', async () => {
  const scene = await Scene.start({ origins, tokens });
  for (const offer of [`bearer.${token}, memcached`, `memcached,bearer.${token}`]) {
    const page = await scene.open({ protocols: [offer] });
    assert.is(page.headers.get('sec-websocket-protocol'), 'memcached');
  }
  const [opened] = scene.log;
  assert.equal(opened?.type === 'opened' && { ...opened.client }, {
    id: 1,
    address: '127.0.0.1',
    origin,
    tenant: 'test',
  });
});

for (
  const [status, what, options, request] of [
    [403, 'by default any page', {}, {}],
    [403, 'another origin', { origins }, { headers: { Origin: 'https://evil.example' } }],
    [403, 'another host', { origins }, { headers: { Host: 'evil.example' } }],
    [401, 'no token', { origins, tokens }, {}],
    [401, 'a wrong token', { origins, tokens }, { protocols: ['memcached', `bearer.${token}x`] }],
    [400, 'another subprotocol', { origins }, { protocols: ['chat'] }],
  ] as const
) {
  bridges(`${what} is refused before the upgrade, with ${status}`, async () => {
    const scene = await Scene.start(options);
    assert.is((await rejects(scene.open(request), Error)).message, String(status));
    assert.equal(scene.log.map(({ type }) => type), ['refused']);
  });
}

for (
  const [what, headers] of [
    ['of another version', { 'Sec-WebSocket-Version': '7' }],
    ['to something else', { Upgrade: 'h2c' }],
    ['with a bad key', { 'Sec-WebSocket-Key': '' }],
  ] as const
) {
  bridges(`an upgrade ${what} is none`, async () => {
    const scene = await Scene.start({ origins });
    await rejects(scene.open({ headers }), Error);
    assert.is(scene.running.bridge.sockets, 0);
  });
}

bridges('plain HTTP gets no page, and a health check no version', async () => {
  const { running } = await Scene.start();
  for (const [path, status] of [['/', 426], ['/health', 204], ['/health/x', 426]] as const) {
    const response = await fetch(`http://127.0.0.1:${running.endpoint.port}${path}`);
    assert.is(response.status, status);
    assert.is(await response.text(), '');
    assert.is(response.headers.get('cache-control'), 'no-store');
    for (const name of ['access-control-allow-origin', 'set-cookie', 'server', 'x-powered-by']) {
      assert.is(response.headers.get(name), null);
    }
  }
});

bridges('text is refused', async () => {
  const page = await (await Scene.start({ origins })).open();
  page.send('get a\r\n', TEXT);
  assert.is(await page.closing, '1003 binary messages only');
});

bridges('a message that is too large closes the socket, and the largest does not', async () => {
  const scene = await Scene.start({ origins, maxMessage: 1000 });
  const page = await scene.open();
  page.send(`set a 0 0 980\r\n${'x'.repeat(980)}\r\nm`);
  assert.is(await page.hears(), 'STORED\r\n');
  page.send(new Uint8Array(1001));
  assert.match(await page.closing, /^1009/);
  assert.is(bridgeLimits.maxMessage, 1024 * 1024 + 4096);
});

bridges('the frames of a message count together', async () => {
  const scene = await Scene.start({ origins, maxMessage: 1000 });
  const page = await scene.open();
  page.send(new Uint8Array(600), BINARY, false);
  page.send(new Uint8Array(600), 0);
  assert.match(await page.closing, /^1009/);
});

bridges('a message may be cut into as many frames as the limit says', async () => {
  const page = await (await Scene.start({ origins })).open();
  page.sendCut('mn\r\n', bridgeLimits.maxFrames);
  assert.is(await page.hears(), 'MN\r\n');
  assert.is(bridgeLimits.maxFrames, 64);
});

bridges('commands in pieces, one byte a message, are the same commands', async () => {
  const page = await (await Scene.start({ origins })).open();
  for (const letter of 'set a 0 0 5\r\nhello\r\n') page.send(letter);
  assert.is(await page.hears(), 'STORED\r\n');
});

bridges('a flood of pings disturbs nobody', async () => {
  const scene = await Scene.start({ origins });
  const flood = await scene.open();
  for (let i = 0; i < 10_000; i++) flood.ping();
  const page = await scene.open();
  page.send('mn\r\n');
  assert.is(await page.hears(), 'MN\r\n');
  flood.leave();
});

bridges('behind a proxy, an address is what the proxy says it is', async () => {
  const scene = await Scene.start({ origins, tokens, behindProxy: true, maxFailures: 1 });
  const status = async (address: string): Promise<string> => {
    const headers = { 'X-Forwarded-For': address };
    const protocols = ['memcached', `bearer.${token}x`];
    return (await rejects(scene.open({ headers, protocols }), Error)).message;
  };
  assert.is(await status('spoofed, 192.0.2.1'), '401');
  assert.is(await status('spoofed2, 192.0.2.1'), '429');
  assert.is(await status('192.0.2.2'), '401');
});

bridges('a page that reads slowly gets everything, and nobody waits for it', async () => {
  const scene = await Scene.start({ origins });
  const slow = await scene.open();
  slow.send(SET_LARGE);
  assert.is(await slow.hears(), 'STORED\r\n');
  slow.pause();
  slow.send('mg a v\r\n'.repeat(16));
  const other = await scene.open();
  other.send('mn\r\n');
  assert.is(await other.hears(), 'MN\r\n');
  slow.resume();
  const expected = 16 * (LARGE + `VA ${LARGE}\r\n\r\n`.length);
  let read = 0;
  while (read < expected) read += (await slow.hears()).length;
  assert.is(read, expected);
  slow.leave();
});

bridges('a page that quits and reads late gets every reply before the end', async () => {
  const scene = await Scene.start({ origins });
  const page = await scene.open();
  page.send(SET_LARGE);
  await page.hears();
  page.pause();
  page.send(`${'mg a v\r\n'.repeat(8)}quit\r\n`);
  const other = await scene.open();
  other.send('mn\r\n');
  await other.hears();
  page.resume();
  const expected = 8 * (LARGE + `VA ${LARGE}\r\n\r\n`.length);
  let read = 0;
  while (read < expected) read += (await page.hears()).length;
  assert.is(read, expected);
  assert.is(await page.closing, '1000 quit');
});

bridges('a page that does not read is cut off when it has been idle for long', async () => {
  const scene = await Scene.start({ origins, idleTimeout: 400 });
  const page = await scene.open();
  page.send(SET_LARGE);
  await page.hears();
  page.pause();
  page.send('mg a v\r\n'.repeat(16));
  assert.equal(await scene.closed(1), ['idle']);
  page.leave();
});

bridges('a page that answers no ping is cut off, and one that does is not', async () => {
  const scene = await Scene.start({ origins, idleTimeout: 3000 });
  const [silent, alive] = [await scene.open(), await scene.open()];
  silent.answersPings = false;
  await silent.closing;
  await scene.closed(1);
  alive.send('mn\r\n');
  assert.is(await alive.hears(), 'MN\r\n');
});

bridges('a page that goes away in the middle of a request disturbs nobody', async () => {
  const network = new ScriptedNetwork();
  const scene = await Scene.start({ origins, dial: network.dial, upstreamTimeout: 60_000 });
  const [one, two] = [await scene.open(), await scene.open()];
  one.send('get a\r\nset b 0 0 10\r\nhal');
  const first = await asked(network, 1);
  two.send('get b\r\n');
  const second = await asked(network, 2);
  one.leave();
  await scene.closed(1);
  await first.reply('VALUE a 0 1\r\nx\r\nEND\r\n');
  await second.reply('END\r\n');
  assert.is(await two.hears(), 'END\r\n');
  assert.is(first.take(), 'get a\r\n');
  assert.equal(first.ends, ['close']);
  assert.is(scene.running.bridge.sockets, 1);
});

bridges('a page whose connection half closes is gone', async () => {
  const scene = await Scene.start({ origins });
  const page = await scene.open();
  page.end();
  await scene.closed(1);
  assert.is(scene.running.bridge.sockets, 0);
});

bridges('a page may leave its place to the next', async () => {
  const scene = await Scene.start({ origins, maxSockets: 1 });
  const first = await scene.open();
  assert.is(await (await scene.open()).closing, '1013 too many sockets');
  first.send('quit\r\n');
  assert.is(await first.closing, '1000 quit');
  await scene.closed(1);
  const next = await scene.open();
  next.send('mn\r\n');
  assert.is(await next.hears(), 'MN\r\n');
});

bridges('a closing bridge answers what it was asked, and lets nobody in', async () => {
  const network = new ScriptedNetwork();
  const scene = await Scene.start({ origins, dial: network.dial, upstreamTimeout: 60_000 });
  const page = await scene.open();
  const idle = await scene.open();
  page.send('mn\r\n');
  const upstream = await asked(network, 1);
  const closing = scene.running.close();
  assert.is(await idle.closing, '1001 the bridge is closing');
  await rejects(scene.open(), Error);
  await upstream.reply('MN\r\n');
  assert.is(await page.hears(), 'MN\r\n');
  assert.is(await page.closing, '1001 the bridge is closing');
  await closing;
});

for (
  const [argument, place] of [
    ['tokens', { host: '0.0.0.0', port: 0 }],
    ['host', { path: '/tmp/bridge' }],
    ['tls', { host: '127.0.0.1', port: 0, tls: {} }],
  ] as const
) {
  bridges(`it does not listen without ${argument}`, async () => {
    const error = await rejects(listenBridge(place, { upstream: 'localhost' }), UsageError);
    assert.is(error.argument, argument);
  });
}

bridges('it does not listen where somebody else does', async () => {
  const { running } = await Scene.start();
  await rejects(listenBridge(running.endpoint, { upstream: 'localhost' }), Error);
});

const openssl = findProgram('openssl');
const withTls = 'over TLS';
if (openssl === null) bridges.skip(`${withTls} (needs openssl)`);
else {
  bridges(withTls, async () => {
    const { ca, server } = makeCertificates(openssl);
    const scene = await Scene.start({ origins }, server);
    const page = await scene.open({ ca });
    page.send('set a 0 0 1\r\nx\r\n');
    assert.is(await page.hears(), 'STORED\r\n');
    page.leave();
    await scene.closed(1);
    await rejects(scene.open(), Error);
  });
}

/** The `count`th upstream connection, once it is dialed. */
async function asked(network: ScriptedNetwork, count: number) {
  while (network.dials.length < count) await new Promise((resolve) => setImmediate(resolve));
  return await network.last.accept();
}

bridges.run();
