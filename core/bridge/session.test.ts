import * as assert from 'uvu/assert';
import { EmbeddedBridge, ScriptedBridge } from '../../test/support/bridge-scene.ts';
import { settled, Watched } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { bridgeLimits } from './options.ts';

const session = suite('bridge: session');
const MEBIBYTE = 1024 * 1024;

session('classic and meta commands go through, quiet ones too', async () => {
  const page = new EmbeddedBridge().open();
  assert.is(
    await page.say('set a 1 0 2\r\nhi\r\nget a b\r\n'),
    'STORED\r\nVALUE a 1 2\r\nhi\r\nEND\r\n',
  );
  assert.is(
    await page.say('ms b 1 q\r\nx\r\nmg no q v\r\nmg b k v Oo1\r\nmn\r\n'),
    'VA 1 kb Oo1\r\nx\r\nMN\r\n',
  );
  assert.is(await page.say('set c 0 0 1 noreply\r\n5\r\nincr c 2\r\n'), '7\r\n');
  assert.is(await page.say('version\r\nquit\r\n'), 'VERSION 1.6.39\r\n');
  assert.is(page.ended, '1000 quit');
});

session(
  'a key in a reply is in base64 if its item was stored so, as memcached has it',
  async () => {
    const page = new EmbeddedBridge({ prefix: 'app:' }).open();
    assert.is(
      await page.say('ms YQ== 1 b\r\nx\r\nmg a k\r\nmg YQ== b k\r\n'),
      [
        'HD\r\n',
        'HD kYQ== b\r\n',
        'HD kYQ== b\r\n',
      ].join(''),
    );
    assert.is(
      await page.say('ms a 1\r\nx\r\nmg YQ== b k\r\nmg a k\r\n'),
      'HD\r\nHD ka\r\nHD ka\r\n',
    );
  },
);

session('a request is sent anew, not passed on', async () => {
  const said = 'get   a \r\nms b 1 T0 q I Ox\r\nz\r\ndelete a noreply\r\n';
  const { upstream } = await new ScriptedBridge().said(said);
  assert.is(upstream.take(), 'get a\r\nms b 1 T0 I O1\r\nz\r\ndelete a\r\n');
});

session('nothing of a command goes up before all of it has come', async () => {
  const bridge = new ScriptedBridge();
  const page = bridge.open();
  await page.say('set a 0 0 5\r\nhell');
  assert.is(bridge.network.dials.length, 0);
});

session('each page has a connection of its own, made when it first asks', async () => {
  const bridge = new ScriptedBridge();
  bridge.open();
  const one = await bridge.said('mn\r\n');
  const two = await bridge.said('mn\r\n');
  assert.is(bridge.network.dials.length, 2);
  await two.upstream.reply('MN\r\n');
  assert.is(two.page.take(), 'MN\r\n');
  assert.is(one.page.take(), '');
});

for (
  const [what, request, reason] of [
    ['a verb that administers', 'flush_all\r\n', 'not allowed'],
    ['an unknown verb', 'frobnicate a\r\n', 'not allowed'],
    ['more keys than may be', `get ${'a '.repeat(101)}\r\n`, 'not allowed'],
    ['a line that is no command', 'get\r\n', 'bad request'],
    ['a bad number', 'incr a x\r\n', 'bad request'],
    ['a value of another length', 'set a 0 0 1\r\nhello\r\n', 'bad request'],
    ['a control character in a key', 'get a\tb\r\n', 'bad request'],
    ['a line without an end', `mg ${'a'.repeat(2048)}`, 'bad request'],
    ['HTTP', 'GET / HTTP/1.1\r\n', 'bad request'],
    ['the binary protocol', '\x80\x00', 'bad request'],
  ] as const
) {
  session(`${what} closes the socket, and what follows is not read`, async () => {
    const bridge = new EmbeddedBridge();
    const page = bridge.open();
    await page.say(`${request}set a 0 0 1\r\nx\r\n`);
    assert.is(page.ended, `1008 ${reason}`);
    assert.is(await bridge.open().say('get a\r\n'), 'END\r\n');
  });
}

session('as many keys as may be are taken at once', async () => {
  const page = new EmbeddedBridge({ maxKeys: 2 }).open();
  assert.is(await page.say('get a b\r\n'), 'END\r\n');
  assert.is(await page.say('get a b c\r\n'), 'CLIENT_ERROR not allowed\r\n');
});

session('the line of a get is as long as its keys may make it', async () => {
  const page = new EmbeddedBridge().open();
  await page.say(`get ${'a'.repeat(bridgeLimits.maxKeys * 251)}`);
  assert.is(page.ended, null);
  await page.say('aaaaa');
  assert.is(page.ended, '1008 bad request');
  assert.is(bridgeLimits.maxKeys, 100);
});

session('what was asked before a refusal is answered before it', async () => {
  const { page, upstream } = await new ScriptedBridge().said('mn\r\nflush_all\r\nmn\r\n');
  assert.is(page.ended, null);
  assert.is(upstream.take(), 'mn\r\n');
  await upstream.reply('MN\r\n');
  assert.is(page.take(), 'MN\r\nCLIENT_ERROR not allowed\r\n');
  assert.is(page.ended, '1008 not allowed');
});

session(
  'a page that was refused is not read, and cut off in a second if it does not end',
  async () => {
    const bridge = new EmbeddedBridge();
    const page = bridge.open();
    page.room = 0;
    await page.say('mn\r\nflush_all\r\n');
    assert.equal([page.paused, page.ended], [true, null]);
    await bridge.pass(999);
    assert.is(page.ended, null);
    await bridge.pass(1);
    assert.is(page.ended, 'aborted');
    assert.is(bridge.clock.timers, 0);
  },
);

session('a page that was refused has as long as its upstream has to answer', async () => {
  const bridge = new ScriptedBridge({ upstreamTimeout: 3000 });
  const { page, upstream } = await bridge.said('mn\r\nflush_all\r\n');
  await bridge.pass(1900);
  assert.equal([page.paused, page.ended], [true, null]);
  await upstream.reply('MN\r\n');
  assert.is(page.take(), 'MN\r\nCLIENT_ERROR not allowed\r\n');
  assert.is(page.ended, '1008 not allowed');
  assert.is(bridge.clock.timers, 0);
});

session('a page that quits is not read, and may take its time to read', async () => {
  const bridge = new EmbeddedBridge();
  const page = bridge.open();
  page.room = 0;
  await page.say('mn\r\nquit\r\n');
  await bridge.pass(10_000);
  assert.equal([page.paused, page.ended], [true, null]);
  await page.drain(Infinity);
  assert.equal([page.take(), page.ended], ['MN\r\n', '1000 quit']);
});

session('what spreads attempts to reconnect is injected', async () => {
  const waits = async (random: number): Promise<number> => {
    const bridge = new ScriptedBridge({ random: () => random });
    const page = bridge.open();
    let start = 0;
    for (const dials of [1, 2, 3, 4]) {
      start = bridge.clock.elapsed();
      for (let i = 0; bridge.network.dials.length < dials && i < 1000; i++) {
        await page.say('mn\r\n');
        if (bridge.network.dials.length < dials) await bridge.pass(1);
      }
      if (dials < 4) await bridge.network.last.refuse();
    }
    return bridge.clock.elapsed() - start;
  };
  assert.ok(await waits(0.999) > await waits(0));
  assert.is(await waits(0.5), await waits(0.5));
});

session('a value that is too large is refused, and the socket goes on', async () => {
  const page = new EmbeddedBridge({ maxValue: 4 }).open();
  const asked = page.say('set a 0 0 5\r\nhello\r\nset a 0 0 4\r\nhell\r\n');
  assert.is(await asked, 'SERVER_ERROR object too large for cache\r\nSTORED\r\n');
  assert.is(bridgeLimits.maxValue, MEBIBYTE);
});

session('a value of the upstream that is too large is not passed on', async () => {
  const bridge = new EmbeddedBridge({ maxValue: 4 });
  await new EmbeddedBridge({}, bridge.server).open().say('set a 0 0 5\r\nhello\r\n');
  assert.is(await bridge.open().say('get a\r\n'), 'SERVER_ERROR upstream unavailable\r\n');
});

session('a closing bridge waits for all of its pages', async () => {
  const bridge = new ScriptedBridge();
  const [one, two] = [await bridge.said('mn\r\n'), await bridge.said('mn\r\n')];
  const closing = new Watched(bridge.bridge.close());
  await one.upstream.reply('MN\r\n');
  assert.equal([one.page.ended, closing.state], ['1001 the bridge is closing', 'pending']);
  await two.upstream.reply('MN\r\n');
  assert.is(closing.state, 'resolved');
});

session('a page that goes away with commands under way disturbs nobody', async () => {
  const bridge = new ScriptedBridge();
  const one = await bridge.said('get a\r\n');
  const two = await bridge.said('get b\r\n');
  one.page.leave();
  await one.upstream.reply('VALUE a 0 1\r\nx\r\nEND\r\n');
  await two.upstream.reply('END\r\n');
  assert.is(one.page.take(), '');
  assert.is(two.page.take(), 'END\r\n');
  assert.equal(one.upstream.ends, ['close']);
  two.page.leave();
  await settled();
  assert.is(bridge.bridge.sockets, 0);
  assert.is(bridge.clock.timers, 0);
});

session('what a page asked for before it went away is done', async () => {
  const bridge = new EmbeddedBridge();
  const page = bridge.open();
  void page.say('set a 0 0 1\r\nx\r\n');
  page.leave();
  await settled();
  assert.is(await bridge.open().say('get a\r\n'), 'VALUE a 0 1\r\nx\r\nEND\r\n');
});

for (
  const [said, told] of [
    ['SERVER_ERROR out of memory allocating 10.0.0.1', 'SERVER_ERROR upstream unavailable'],
    ['SERVER_ERROR out of memory storing object', 'SERVER_ERROR out of memory storing object'],
    ['CLIENT_ERROR line 5 of /etc/secret', 'CLIENT_ERROR bad request'],
    ['ERROR', 'CLIENT_ERROR bad request'],
    ['WHAT', 'SERVER_ERROR upstream unavailable'],
  ] as const
) {
  session(`of ${said} the page is told ${told}`, async () => {
    const bridge = new ScriptedBridge();
    const { page, upstream } = await bridge.said('touch a 0\r\n');
    await upstream.reply(`${said}\r\n`);
    assert.is(page.take(), `${told}\r\n`);
    assert.ok(bridge.log.some((event) => event.type === 'upstream'));
  });
}

session('an upstream that is not there is unavailable, and tried again', async () => {
  const bridge = new ScriptedBridge();
  const page = bridge.open();
  await page.say('mn\r\n');
  await bridge.network.last.refuse(new Error('connect ECONNREFUSED 10.0.0.1:11211'));
  assert.is(page.take(), 'SERVER_ERROR upstream unavailable\r\n');
  assert.is(await page.say('mn\r\n'), 'SERVER_ERROR upstream unavailable\r\n', 'at once');
  await bridge.pass(25);
  await page.say('mn\r\n');
  await (await bridge.network.last.accept()).reply('MN\r\n');
  assert.is(page.take(), 'MN\r\n');
});

session('an upstream that does not answer is unavailable in its time', async () => {
  const bridge = new ScriptedBridge();
  const { page } = await bridge.said('get a\r\n');
  await bridge.pass(1000);
  assert.is(page.take(), 'SERVER_ERROR upstream unavailable\r\n');
  await page.say('get b\r\n');
  const other = await bridge.network.last.accept();
  await other.reply('VALUE b 0 1\r\nx\r\nEND\r\n');
  assert.is(page.take(), 'VALUE b 0 1\r\nx\r\nEND\r\n');
});

session('a closing bridge answers what it was asked, then says that it closes', async () => {
  const bridge = new ScriptedBridge();
  const { page, upstream } = await bridge.said('mn\r\n');
  const closing = new Watched(bridge.bridge.close());
  assert.is(page.ended, null);
  assert.is(bridge.open().ended, '1001 the bridge is closing');
  assert.is(closing.state, 'pending');
  await upstream.reply('MN\r\n');
  assert.is(page.take(), 'MN\r\n');
  assert.is(page.ended, '1001 the bridge is closing');
  assert.is(closing.state, 'resolved');
  assert.is(bridge.clock.timers, 0);
});

session(
  'a closing bridge waits for who does not read no longer than for its upstream',
  async () => {
    const bridge = new EmbeddedBridge();
    const page = bridge.open();
    page.room = 0;
    await page.say('mn\r\n');
    const closing = new Watched(bridge.bridge.close());
    await bridge.pass(999);
    assert.is(closing.state, 'pending');
    await bridge.pass(1);
    assert.is(closing.state, 'resolved');
  },
);

session('a tenant has so many sockets, and others have theirs', () => {
  const tokens = new Map([['a', 'x'.repeat(16)], ['b', 'y'.repeat(16)]]);
  const bridge = new EmbeddedBridge({ tokens, maxSockets: 2 });
  const first = bridge.open('a');
  bridge.open('a');
  assert.is(bridge.open('a').ended, '1013 too many sockets');
  assert.equal(bridge.log.at(-1), {
    type: 'refused',
    address: '192.0.2.7',
    status: 503,
    why: 'too many sockets',
  });
  assert.is(bridge.open('b').ended, null);
  first.leave();
  assert.is(bridge.open('a').ended, null);
  assert.is(bridgeLimits.maxSockets, 100);
});

session('an address has so many sockets, and others have theirs', () => {
  const bridge = new EmbeddedBridge({ maxSocketsPerAddress: 2, maxSockets: 3 });
  const first = bridge.open();
  bridge.open();
  assert.is(bridge.open().ended, '1013 too many sockets');
  const elsewhere = bridge.open(null, '192.0.2.8');
  assert.is(elsewhere.ended, null);
  // One that its token has no place for takes none of its address either.
  assert.is(bridge.open(null, '192.0.2.8').ended, '1013 too many sockets');
  first.leave();
  assert.is(bridge.open(null, '192.0.2.8').ended, null);
  assert.is(bridge.open(null, '192.0.2.8').ended, '1013 too many sockets');
  elsewhere.leave();
  assert.is(bridge.open(null, '192.0.2.8').ended, null);
  assert.is(bridgeLimits.maxSocketsPerAddress, 32);
});

session('the log is told of everything but keys, values and tokens', async () => {
  const bridge = new EmbeddedBridge({ prefix: 'hidden-prefix:' });
  const page = bridge.open();
  await page.say('set secret-key 0 0 12\r\nsecret-value\r\nget secret-key\r\nflush_all\r\n');
  assert.equal(bridge.log.map(({ type }) => type), ['opened', 'denied', 'closed']);
  assert.not.match(JSON.stringify(bridge.log), /secret/);
});

session.run();
