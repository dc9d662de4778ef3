// The law: the ring holds each command in its place, counts exactly, and gives out no slot that is free.
import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import type { Command } from './command.ts';
import { NOTHING, Ring, sizeOf } from './ring.ts';

const rings = suite('ring');

const version: Command = { verb: 'version' };

/** A ring whose commands have these tags; those in flight are ten bytes each. */
function filled(inFlight: string, unsent = '', untilSent = ''): Ring<string> {
  const ring = new Ring<string>();
  for (const [i, tag] of [...inFlight, ...unsent].entries()) {
    const slot = ring.push(version, tag, i, 1, untilSent.includes(tag));
    if (i >= inFlight.length) continue;
    slot.offset = 10 * i;
    slot.length = 10;
    ring.cursor++;
  }
  return ring;
}

const tagsOf = (ring: Ring<string>): string => {
  let tags = '';
  for (let i = ring.head; i < ring.tail; i++) tags += ring.at(i).tag ?? '-';
  return tags;
};

rings('it is half full, and full, at exactly so many commands or bytes', () => {
  const limits = { maxPending: 4, maxPendingBytes: 100 };
  const rows = [
    // commands, bytes of each, bytes of the next; half full, full
    [0, 0, 49, false, false],
    [0, 0, 50, true, false],
    [0, 0, 101, true, false],
    [1, 40, 9, false, false],
    [1, 40, 10, true, false],
    [1, 40, 60, true, false],
    [1, 40, 61, true, true],
    [2, 0, 0, true, false],
    [3, 0, 0, true, false],
    [4, 0, 0, true, true],
  ] as const;
  for (const [count, each, next, half, full] of rows) {
    const ring = new Ring<string>();
    for (let i = 0; i < count; i++) ring.push(version, 'a', Infinity, each, false);
    assert.equal([ring.isHalfFull(next, limits), ring.isFull(next, limits)], [half, full]);
  }
  const odd = { maxPending: 5, maxPendingBytes: 100 };
  const ring = filled('ab');
  assert.not(ring.isHalfFull(0, odd));
  ring.push(version, 'c', Infinity, 0, false);
  assert.ok(ring.isHalfFull(0, odd));
});

rings('it grows with its commands in their order, wherever they begin', () => {
  for (const start of [0, 1, 7, 15, 16, 33]) {
    const ring = new Ring<string>();
    for (let i = 0; i < start; i++) {
      ring.push(version, '.', Infinity, 1, false);
      ring.cursor = ring.tail;
      ring.pop();
    }
    const tags = Array.from({ length: 70 }, (_, i) => String.fromCharCode(0x100 + i)).join('');
    for (const tag of tags) ring.push(version, tag, Infinity, 1, false);
    assert.is(tagsOf(ring), tags);
    assert.is(ring.bytes, 70);
    ring.assertInvariants();
    assert.equal(ring.clear(0), { unsent: [...tags], unanswered: [] });
    assert.is(ring.cursor, ring.tail);
  }
});

rings('a slot that is free keeps neither its command nor its tag', () => {
  const ring = filled('ab', 'c');
  assert.is(ring.drop(2), 'unsent');
  assert.is(ring.at(2).command, NOTHING);
  ring.pop();
  assert.is(ring.at(0).command, NOTHING);
  assert.is(ring.at(0).tag, undefined);
});

rings('a slot that is used again has nothing of the command before', () => {
  const used = filled('abcdefghijklmnop');
  for (let i = 0; i < 16; i++) {
    Object.assign(used.at(i), {
      state: 'dropped',
      opaque: 7,
      fenced: true,
      muted: true,
      quiet: true,
    });
    Object.assign(used.at(i), { plain: {}, untilSent: true, isEndless: true, isProbe: false });
  }
  for (let i = 0; i < 16; i++) used.pop();
  const slot = used.push(version, 'q', 5, 3, false);
  const { offset: _offset, length: _length, answers: _answers, ...fields } = slot;
  assert.equal(fields, {
    command: version,
    tag: 'q',
    state: 'live',
    deadline: 5,
    size: 3,
    opaque: -1,
    quiet: false,
    fenced: false,
    plain: null,
    muted: false,
    untilSent: false,
    isEndless: false,
    isProbe: false,
  });
  used.pushProbe(version);
  assert.equal([used.pending, used.bytes], [1, 3]);
  const probe = used.at(used.tail - 1);
  assert.equal([probe.isProbe, probe.untilSent, probe.deadline], [true, false, Infinity]);
});

rings('void commands at the head are passed over, and none behind the last', () => {
  // All places are taken, so that the one behind the last is the first.
  const ring = filled('', 'abcdefghijklmnop');
  for (let i = 0; i < 16; i++) ring.drop(i);
  assert.is(ring.pending, 0);
  ring.skipVoid();
  assert.equal([ring.head, ring.cursor, ring.tail], [16, 16, 16]);
  ring.assertInvariants();
});

rings('deadlines are those of live commands, and of none that is gone', () => {
  const ring = filled('abcdefghij', 'klmnop');
  ring.pop();
  ring.drop(3);
  const due: number[] = [];
  ring.expire(9, (index) => due.push(index));
  assert.equal(due, [1, 2, 4, 5, 6, 7, 8, 9]);
  assert.is(ring.earliest, 10);
  const late: number[] = [];
  ring.expire(100, (index) => late.push(index));
  assert.equal(late, [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  assert.is(ring.earliest, Infinity);
});

rings('a command that ends when it is sent does so at its last byte, once', () => {
  const ring = filled('abc', 'd', 'acd');
  const told = [9, 10, 20, 29, 30, 100].map((sent) => ring.takeSent(sent).join());
  assert.equal(told, ['', 'a', '', '', 'c', '']);
});

rings('what has no caller, or is void, does not end when it is sent, nor hold up others', () => {
  const ring = filled('abc', '', 'abc');
  ring.drop(0);
  ring.at(1).tag = undefined;
  assert.equal(ring.takeSent(30), ['c']);
  const cancelled = filled('a', 'bc', 'c');
  // Its place was used before.
  cancelled.at(1).offset = 1000;
  cancelled.drop(1);
  cancelled.cursor = 3;
  cancelled.at(2).offset = 10;
  cancelled.at(2).length = 10;
  assert.equal(cancelled.takeSent(20), ['c']);
});

rings('it grows when it is full, wherever it begins', () => {
  for (let freed = 0; freed <= 16; freed++) {
    const ring = filled('abcdefghijklmnop');
    for (let i = 0; i < freed; i++) ring.pop();
    for (let i = 0; i < 40; i++) ring.push(version, String.fromCharCode(0x30 + i), i, 1, false);
    const rest = Array.from({ length: 40 }, (_, i) => String.fromCharCode(0x30 + i)).join('');
    assert.is(tagsOf(ring), 'abcdefghijklmnop'.slice(freed) + rest);
  }
});

rings('commands that were freed before do not hold up one that ends when it is sent', () => {
  const ring = filled('abcdefghijklmnop', '', 'p');
  for (let i = 0; i < 15; i++) ring.pop();
  // In the place of the first one.
  const next = ring.push(version, 'q', Infinity, 1, true);
  ring.cursor++;
  next.offset = 160;
  next.length = 10;
  assert.equal(ring.takeSent(165), ['p']);
  assert.equal(ring.takeSent(170), ['q']);
});

rings('memory is accounted for a command, its keys and its value', () => {
  const value = 'x'.repeat(100);
  const store = { key: 'k', flags: 0, expire: 0, value, noreply: false } as const;
  const raw = { verb: 'raw', line: 'x', reply: 'line' } as const;
  const rows: readonly (readonly [Command, number])[] = [
    [version, 1024],
    [{ verb: 'get', keys: ['a', 'b', 'c'] }, 1024 + 3 * 64],
    [{ verb: 'gats', expire: 0, keys: ['a'] }, 1024 + 64],
    [{ verb: 'delete', key: 'k', noreply: false }, 1024],
    [{ verb: 'set', ...store }, 1124],
    [{ verb: 'ms', key: 'k', base64: false, flags: [], value: new Uint8Array(7) }, 1031],
    [{ verb: 'auth', username: 'user', password: 'password' }, 1024],
    [{ ...raw, value }, 1124],
    [{ ...raw, value: null }, 1024],
  ];
  for (const [command, size] of rows) assert.is(sizeOf(command), size, command.verb);
});

rings.run();
