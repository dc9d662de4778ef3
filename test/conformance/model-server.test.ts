import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { FakePeer } from '../support/fake-peer.ts';
import { settled } from '../support/scripted.ts';
import { ModelServer } from '../../conformance/servers/model-server.ts';
import { serverModel, serverModels } from '../../conformance/servers/models.ts';
import { shortNames, transcripts } from '../../conformance/servers/transcripts.ts';

async function say(server: ModelServer, data: string): Promise<string> {
  return await (await FakePeer.dial(server.dial)).say(data);
}

const recorded = suite('model servers: what the servers themselves said');

for (const [sent, replies] of transcripts) {
  recorded(JSON.stringify(sent.slice(0, 60)), async () => {
    for (const [names, reply] of Object.entries(replies)) {
      for (const name of names.split(' ')) {
        const model = serverModel(shortNames[name] ?? '');
        const said = await say(new ModelServer(model), sent);
        const found = said.replace(/\bc\d+/g, '{c}').replace(
          `VERSION ${model.version}`,
          'VERSION {v}',
        );
        assert.is(found, reply, name);
      }
    }
  });
}

recorded.run();

const models = suite('model servers');

/** The answer of each model to the first bytes of a client; the rest of the piece is lost. */
const probes: Readonly<Record<string, string>> = {
  'memcached 1.4': 'ERROR\r\n',
  'memcached 1.5': 'CLIENT_ERROR incorrect number of tokens supplied\r\n',
  'memcached 1.6.9': 'EN\r\n',
  'memcached 1.6.12': 'EN\r\n',
  'memcached 1.6.18': 'EN kp O1\r\n',
  'memcached 1.6.45': 'EN kp O1\r\n',
  'a server whose version is UNKNOWN': 'EN kp O1\r\n',
  "memcached's proxy 1.6.39": 'EN kp O1\r\n',
  "memcached's proxy 1.6.45": 'EN kp O1\r\n',
  'twemproxy 0.4': '(closed)',
  'twemproxy 0.5': '(closed)',
  'Pelikan': '(closed)',
  'mcrouter': 'CLIENT_ERROR malformed request\r\n(closed)',
  'mcrouter, its writes going nowhere': 'CLIENT_ERROR malformed request\r\n(closed)',
  'mcrouter, its servers unavailable': 'CLIENT_ERROR malformed request\r\n(closed)',
  'ERROR to every line': 'ERROR\r\n',
};

models('each has a name of its own, and its answer to the probe of a miss', async () => {
  assert.equal(serverModels.map(({ name }) => name), Object.keys(probes));
  for (const model of serverModels) {
    assert.is(await say(new ModelServer(model), 'mg p k O1\r\n'), probes[model.name], model.name);
  }
  assert.throws(() => serverModel('redis'), /redis/);
});

models('a value behind a refused line is a command, as the log tells', async () => {
  const server = new ModelServer(serverModel('memcached 1.4'));
  await say(server, 'set v 0 0 1\r\nx\r\nms k 9\r\nflush_all\r\n');
  assert.equal(server.commands, ['set v 0 0 1', 'ms k 9', 'flush_all']);
  assert.is(await say(server, 'get v\r\n'), 'END\r\n');
});

models('a line and a value may come in any pieces', async () => {
  const server = new ModelServer(serverModel('memcached 1.6.18'));
  const talk = await FakePeer.dial(server.dial);
  let said = '';
  for (const letter of 'set v 1 0 9\r\nflush_all\r\nget v\r\n') said += await talk.say(letter);
  assert.is(said, 'STORED\r\nVALUE v 1 9\r\nflush_all\r\nEND\r\n');
  assert.equal(server.commands, ['set v 1 0 9', 'get v']);
});

models('a value too large, sent quietly, is run by memcached before 1.6', async () => {
  const value = 'delete victim\r\n'.repeat(70_000);
  for (
    const [name, left] of [['memcached 1.5', 'END\r\n'], [
      'memcached 1.6.9',
      'VALUE victim 0 1\r\nx\r\nEND\r\n',
    ]]
  ) {
    const server = new ModelServer(serverModel(name ?? ''));
    await say(server, 'set victim 0 0 1\r\nx\r\n');
    await say(server, `set k 0 0 ${value.length} noreply\r\n${value}\r\n`);
    assert.is(await say(server, 'get victim\r\n'), left, name);
  }
});

models('twemproxy loses what came with a word it does not know, and closes', async () => {
  const server = new ModelServer(serverModel('twemproxy 0.5'));
  assert.is(await say(server, 'set v 0 0 1\r\nx\r\nversion\r\nmn\r\n'), '(closed)');
  assert.is(await say(server, 'get v\r\n'), 'VALUE v 0 1\r\nx\r\nEND\r\n', 'it was done');
  const talk = await FakePeer.dial(server.dial);
  assert.is(await talk.say('version\r\n'), 'VERSION 1.6.18\r\n');
  assert.is(await talk.say('mn\r\n'), '(closed)');
});

models('twemproxy answers a get of many with the values out of order, each once', async () => {
  const server = new ModelServer(serverModel('twemproxy 0.5'));
  const keys = Array.from({ length: 100 }, (_, i) => `key${i}`);
  const there = keys.filter((_, i) => i % 3 > 0);
  await say(server, there.map((key) => `set ${key} 0 0 ${key.length}\r\n${key}\r\n`).join(''));
  const order = async (asked: readonly string[]): Promise<string[]> => {
    const found = (await say(server, `get ${asked.join(' ')}\r\n`)).matchAll(/^VALUE (\S+)/gm);
    return [...found].map(([, key = '']) => key);
  };
  assert.equal(await order(there), there, 'without misses');
  const found = await order(keys);
  assert.not.equal(found, there, 'with misses');
  assert.equal(found.sort(), there.sort());
});

models('Pelikan closes on version, and refuses what it knows and has not', async () => {
  const server = new ModelServer(serverModel('Pelikan'));
  assert.is(await say(server, 'get k\r\nversion\r\n'), 'END\r\n(closed)');
  assert.is(await say(server, 'append k 0 0 4\r\nquit\r\nget k\r\n'), 'ERROR\r\nEND\r\n');
});

models('mcrouter whose writes go nowhere says so to each, and to none that is quiet', async () => {
  const server = new ModelServer(serverModel('mcrouter, its writes going nowhere'));
  assert.is(await say(server, 'set k 0 0 4\r\nquit\r\nget k\r\n'), 'NOT_STORED\r\nEND\r\n');
  assert.is(await say(server, 'set k 0 0 4 noreply\r\nquit\r\nget k\r\n'), 'END\r\n');
  assert.is(
    await say(server, 'delete k\r\nflush_all\r\n'),
    'NOT_FOUND\r\nSERVER_ERROR Command disabled\r\n',
  );
});

models('another model holds from the next connection on, over the same items', async () => {
  const server = new ModelServer(serverModel('memcached 1.6.45'));
  const old = await FakePeer.dial(server.dial);
  await old.say('set k 0 0 1\r\nx\r\n');
  server.model = serverModel('memcached 1.4');
  assert.is(await old.say('mn\r\n'), 'MN\r\n');
  assert.is(await say(server, 'mn\r\nget k\r\n'), 'ERROR\r\nVALUE k 0 1\r\nx\r\nEND\r\n');
  assert.is(server.connections, 2);
  server.disconnect();
  await settled();
  assert.is(old.received, 'MN\r\n(closed)');
});

models('a greeting comes before the first reply of each connection', async () => {
  const server = new ModelServer(serverModel('memcached 1.6.18'));
  server.greeting = 'STORED\r\n';
  const talk = await FakePeer.dial(server.dial);
  assert.is(await talk.say('mn\r\n'), 'STORED\r\nMN\r\n');
  assert.is(await talk.say('mn\r\n'), 'MN\r\n');
});

models('a line without an end closes, unless it is a get', async () => {
  const server = new ModelServer(serverModel('memcached 1.6.18'));
  assert.is(await say(server, `gat 0 ${'k '.repeat(1100)}`), '(closed)');
  assert.is(await say(server, `get ${'k '.repeat(1100)}`), '');
});

models('the lines of a watch come when they are written', async () => {
  const server = new ModelServer(serverModel('memcached 1.6.18'));
  const watch = await FakePeer.dial(server.dial);
  assert.is(await watch.say('watch mutations\r\n'), 'OK\r\n');
  await say(server, 'set k 0 0 1\r\nx\r\n');
  assert.match(watch.received, /item_store key=k/);
});

models.run();
