// The law: items of a `get` that are read as they come are those of the reply that is read at once.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { drain, proven } from '../../conformance/wire/tools.ts';
import { seeded } from '../../test/support/seeded.ts';
import type { ClientEvent } from './client-event.ts';
import type { PlainReply } from './plain.ts';

const { suite: items, random } = seeded('plain items of many keys', 20261127);

/** Takes items, where none may come. */
const nothing = {
  takesItems: () => true,
  onPlain: () => assert.unreachable(),
  onPlainItem: () => assert.unreachable(),
};

items('they are plain but for those that a chunk cuts', () => {
  const keys = Array.from({ length: 12 }, (_, i) => `key:${i}`);
  const sent = keys.filter((_, i) => i % 5 !== 2);
  const reply = [...sent.map((key) => `VALUE ${key} 1 4\r\n${key.slice(-4)}\r\n`), 'END\r\n'].join(
    '',
  );
  for (let size = 1; size <= reply.length; size++) {
    const connection = proven();
    connection.send({ verb: 'get', keys }, 'a');
    drain(connection);
    const found = new Map<string, string>();
    let taken = 0;
    let cuts = 0;
    let end: ClientEvent<string> | null = null;
    for (let at = 0; at < reply.length; at += size, cuts++) {
      connection.receive(bytes(reply.slice(at, at + size)), 0);
      end = connection.next({
        takesItems: () => true,
        onPlainItem(_tag, { bytes: chunk, from, to }, index) {
          taken++;
          found.set(keys.at(index) ?? '', text(chunk.subarray(from, to)));
        },
        onPlain: () => assert.unreachable(),
      });
    }
    assert.ok(end?.type === 'reply' && end.reply.type === 'values', `${size}`);
    for (const { key, value } of end.reply.items) found.set(String(key), text(value));
    assert.equal([...found.keys()].toSorted(), sent.toSorted(), `${size}`);
    for (const [key, value] of found) assert.is(value, key.slice(-4));
    assert.ok(taken >= sent.length - cuts, `${taken} of ${sent.length} with ${cuts} chunks`);
    assert.ok(taken + end.reply.items.length === sent.length);
  }
});

items('an item that was cut and is none ends the connection, as on the path for everything', () => {
  for (
    const line of [
      'VALUE x 1 1\r\n1\r\n',
      'VALUE kx1 1\r\n1\r\n',
      'VALUE k 1\r\n1\r\n',
      'VALUE k 1 1\r\n123',
      'VALUX\r\n',
      'XVALUE k 1 1\r\n1\r\n',
      'SERVER_ERROR VALUE k 1 1\r\n',
    ]
  ) {
    for (let at = 1; at < line.length; at++) {
      const causes = [true, false].map((isFast) => {
        const connection = proven();
        connection.send({ verb: 'get', keys: ['k'] }, 'a');
        drain(connection);
        const found: unknown[] = [];
        for (const chunk of [line.slice(0, at), line.slice(at)]) {
          connection.receive(bytes(chunk), 0);
          const event = connection.next(isFast ? nothing : undefined);
          if (event !== null) found.push(event.type === 'closed' ? String(event.cause) : event);
        }
        return found;
      });
      assert.equal(causes[0], causes[1], `${line} cut at ${at}`);
      assert.is(causes[0]?.length, 1);
    }
  }
});

items('an item that comes twice is none, after one that was cut and out of order', () => {
  const value = (key: string): string => `VALUE ${key} 1 1\r\n1\r\n`;
  const reply = `${['c', 'a', 'd', 'd'].map(value).join('')}END\r\n`;
  for (let at = 1; at < reply.length; at++) {
    const connection = proven();
    connection.send({ verb: 'get', keys: ['a', 'b', 'c', 'd'] }, 'a');
    drain(connection);
    const handler = { ...nothing, onPlainItem: () => {} };
    connection.receive(bytes(reply.slice(0, at)), 0);
    let event = connection.next(handler);
    if (event === null) {
      connection.receive(bytes(reply.slice(at)), 0);
      event = connection.next(handler);
    }
    assert.is(event?.type, 'closed', `cut at ${at}`);
  }
});

items(
  'they and all others are the same in any order, twice, cut, and with none that was asked',
  () => {
    let plain = 0;
    let closed = 0;
    for (let round = 0; round < 2000; round++) {
      const keys = ['a', 'bb', 'a', 'c', 'dd'].slice(0, 1 + random().below(5));
      const sent = random().chance(0.5)
        ? keys.toSorted(() => random().next() - 0.5)
        : Array.from({ length: 1 + random().below(4) }, () => random().pick(keys));
      const value = (key: string, i: number): string => `VALUE ${key} ${i} 2\r\n${i}!\r\n`;
      const reply = `${sent.map(value).join('')}END\r\n`;
      const cuts = [
        0,
        ...Array.from({ length: 3 }, () => random().below(reply.length)),
        reply.length,
      ]
        .sort((one, other) => one - other);
      const found = [true, false].map((isFast) => {
        const connection = proven();
        connection.send({ verb: 'get', keys }, 'a');
        drain(connection);
        const values: string[] = [];
        const handler = {
          takesItems: () => true,
          onPlainItem: (_tag: string, item: PlainReply, index: number): void => {
            plain++;
            values.push(
              `${keys[index]} ${item.flags} ${text(item.bytes.subarray(item.from, item.to))}`,
            );
          },
          onPlain: () => assert.unreachable(),
        };
        let end: string | null = null;
        for (let i = 1; i < cuts.length; i++) {
          connection.receive(bytes(reply.slice(cuts[i - 1], cuts[i])), 0);
          const event = connection.next(isFast ? handler : undefined);
          if (event === null) continue;
          end = event.type;
          if (event.type === 'closed') closed++;
          if (event.type !== 'reply' || event.reply.type !== 'values') continue;
          for (const item of event.reply.items) {
            values.push(`${String(item.key)} ${item.flags} ${text(item.value)}`);
          }
        }
        return { end, values: end === 'closed' ? [] : values.toSorted() };
      });
      assert.equal(found[0], found[1], `${keys.join()}: ${reply} cut at ${cuts.join()}`);
    }
    assert.ok(plain > 500 && closed > 500, `${plain} and ${closed}`);
  },
);

items.run();
