import * as assert from 'uvu/assert';
import { ScriptedTransport, settled } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { ServerLink, type ServerLinkOptions } from './server-link.ts';
import type { Command } from '../wire/command.ts';
import { ConnectionError, ServerReplyError, UsageError } from '../wire/errors.ts';
import { CLOSED, type Reply, STORED } from '../wire/reply.ts';

const link = suite('server link');

/** A command that waits for the test to answer it. */
interface Asked {
  readonly command: Command;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

class Scene {
  readonly asked: Asked[] = [];
  readonly peer: ScriptedTransport;
  readonly link: ServerLink;

  constructor(options: Partial<ServerLinkOptions> = {}, room = Infinity) {
    this.peer = new ScriptedTransport(null, room);
    const answer = (command: Command): Promise<Reply> =>
      new Promise((resolve, reject) => this.asked.push({ command, resolve, reject }));
    this.peer.events = this.link = new ServerLink(this.peer, { answer, ...options });
  }
}

link('answers leave in the order of the commands, those of one turn together', async () => {
  const { peer, asked } = new Scene();
  await peer.reply('set a 0 0 1\r\nx\r\ndelete b\r\n');
  asked[1]?.resolve({ type: 'DELETED' });
  await settled();
  assert.is(peer.sends, 0);
  asked[0]?.resolve(STORED);
  await settled();
  assert.is(peer.sends, 1);
  assert.is(peer.take(), 'STORED\r\nDELETED\r\n');
});

const failures: readonly (readonly [error: unknown, line: string])[] = [
  [new ServerReplyError('SERVER_ERROR', 'out of memory'), 'SERVER_ERROR out of memory\r\n'],
  [new UsageError('key', 'is a secret'), 'CLIENT_ERROR bad command\r\n'],
  [
    new ConnectionError('cannot reach 10.0.0.1', 'not-sent'),
    'SERVER_ERROR upstream connection\r\n',
  ],
  [new Error('a secret'), 'SERVER_ERROR upstream failed\r\n'],
];

for (const [error, line] of failures) {
  link(`${String(error)} is answered with an error line`, async () => {
    const { peer, asked } = new Scene();
    await peer.reply('version\r\n');
    asked[0]?.reject(error);
    await settled();
    assert.is(peer.take(), line);
    assert.equal(peer.ends, []);
  });
}

link('a peer that owes itself too many answers is not read until some are given', async () => {
  const { peer, asked } = new Scene({ maxOwed: 2 });
  await peer.reply('mn\r\nmn\r\nmn\r\n');
  assert.is(asked.length, 2);
  assert.ok(peer.paused);
  for (const { resolve } of asked) resolve({ type: 'MN' });
  await settled();
  assert.is(asked.length, 3);
  assert.not.ok(peer.paused);
});

link('values that wait for an answer hold back the commands behind them', async () => {
  const { peer, asked } = new Scene({ maxHeld: 4 });
  await peer.reply('set a 0 0 4\r\nxxxx\r\nmn\r\n');
  assert.is(asked.length, 1);
  assert.ok(peer.paused);
  asked[0]?.resolve(STORED);
  await settled();
  assert.is(asked.length, 2);
  assert.not.ok(peer.paused);
});

link('a peer that does not read is sent no more, and read no further', async () => {
  const { peer, asked } = new Scene({ maxOutput: 8 }, 3);
  await peer.reply('set a 0 0 1\r\nx\r\n');
  asked[0]?.resolve(STORED);
  await settled();
  assert.is(peer.take(), 'STO');
  await peer.reply('set a 0 0 1\r\nx\r\n');
  asked[1]?.resolve(STORED);
  await settled();
  await peer.reply('mn\r\n');
  assert.is(asked.length, 2);
  assert.ok(peer.paused);
  await peer.drain(Infinity);
  assert.is(peer.take(), 'RED\r\nSTORED\r\n');
  assert.is(asked.length, 3);
  assert.not.ok(peer.paused);
});

link('quit closes once what came before it is answered and taken', async () => {
  const { peer, asked } = new Scene({}, 4);
  await peer.reply('mn\r\nquit\r\nmn\r\n');
  asked[1]?.resolve(CLOSED);
  asked[0]?.resolve({ type: 'MN' });
  await settled();
  assert.equal([asked.length, peer.take(), peer.ends], [2, 'MN\r\n', ['close']]);
});

link('a peer that says no more is answered all it has asked, then closed', async () => {
  const { peer, asked, link: served } = new Scene({ maxOwed: 1 });
  await peer.reply('mn\r\nmn\r\n');
  served.onEnd();
  for (const i of [0, 1]) {
    assert.equal(peer.ends, []);
    asked[i]?.resolve({ type: 'MN' });
    await settled();
  }
  assert.equal([peer.take(), peer.ends], ['MN\r\nMN\r\n', ['close']]);
});

link('a reply that is no line ends the connection, as nothing may stand in its place', async () => {
  const { peer, asked } = new Scene();
  await peer.reply('version\r\nmn\r\n');
  asked[0]?.resolve({ type: 'VERSION', version: '1\r\nMN' });
  asked[1]?.resolve({ type: 'MN' });
  await settled();
  assert.equal([peer.take(), peer.ends], ['', ['abort']]);
});

link('what is answered after the peer has gone is dropped', async () => {
  const gone: (Error | null)[] = [];
  const { peer, asked } = new Scene({ onClosed: (cause) => gone.push(cause) });
  await peer.reply('mn\r\n');
  await peer.lose();
  asked[0]?.resolve({ type: 'MN' });
  await settled();
  assert.equal([peer.take(), peer.ends, gone], ['', [], [null]]);
});

link.run();
