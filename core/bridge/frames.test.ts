import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { suite } from '../../test/runner/suite.ts';
import { frame } from '../../test/support/wire-page.ts';
import {
  closeCode,
  closePayload,
  encodeFrame,
  type FrameEvent,
  frameHead,
  FrameReader,
} from './frames.ts';

const frames = suite('bridge: frames');
const LIMITS = { maxMessage: 70_000, maxFrames: 3 };
const EMPTY_MASK = '\0\0\0\0';

/** What a reader says of this, in brief; the pieces of a payload count as one. */
function read(said: string, size: number = said.length, limits = LIMITS): string[] {
  const reader = new FrameReader(limits);
  const told: string[] = [];
  for (let at = 0; at < said.length; at += size) {
    reader.push(bytes(said.slice(at, at + size)).slice());
    for (let event = reader.next(); event !== null; event = reader.next()) {
      const last = told.at(-1);
      if (event.type === 'data' && last?.startsWith('data ')) {
        told[told.length - 1] = last + text(event.bytes);
      } else told.push(brief(event));
    }
  }
  return told;
}

function brief(event: FrameEvent): string {
  switch (event.type) {
    case 'frame':
      return 'frame';
    case 'data':
      return `data ${text(event.bytes)}`;
    case 'error':
      return `${event.code} ${event.reason}`;
    default:
      return `${event.type} ${text(event.payload)}`;
  }
}

const long = 'x'.repeat(60_000);

for (
  const [what, said, told] of [
    ['a message', frame(2, 'mn\r\n'), ['frame', 'data mn\r\n']],
    ['a message of 126 bytes', frame(2, long.slice(0, 126)), [
      'frame',
      `data ${long.slice(0, 126)}`,
    ]],
    ['a message with a length of eight bytes', frame(2, `${long}${long.slice(0, 10_000)}`), [
      'frame',
      `data ${long}${long.slice(0, 10_000)}`,
    ]],
    ['one in pieces', frame(2, 'm', false) + frame(0, '', false) + frame(0, 'n'), [
      'frame',
      'data m',
      'frame',
      'frame',
      'data n',
    ]],
    ['one in pieces of which the last is empty', frame(2, 'm', false) + frame(0), [
      'frame',
      'data m',
      'frame',
    ]],
    ['two messages', frame(2, 'a') + frame(2, 'b'), ['frame', 'data a', 'frame', 'data b']],
    ['a ping amid a message', frame(2, 'a', false) + frame(9, 'hi') + frame(0, 'b'), [
      'frame',
      'data a',
      'ping hi',
      'frame',
      'data b',
    ]],
    ['pongs', frame(10) + frame(10, 'x'.repeat(125)), ['pong ', `pong ${'x'.repeat(125)}`]],
    ['an end', frame(8, '\x03\xe8bye'), ['close \x03\xe8bye']],
    ['an empty message', frame(2) + frame(2, 'a'), ['1008 an empty message']],
    ['an empty message in pieces', frame(2, '', false) + frame(0), [
      'frame',
      '1008 an empty message',
    ]],
    ['text', frame(1, 'mn\r\n') + frame(2, 'a'), ['1003 binary messages only']],
    ['too many frames', frame(2, 'a', false) + frame(0, 'b', false).repeat(3), [
      'frame',
      'data a',
      'frame',
      'data b',
      'frame',
      'data b',
      '1008 too many frames',
    ]],
    ['a frame without a mask', '\x82\x01a', ['1002 a bad frame']],
    ['each reserved bit', `\xc2\x81${EMPTY_MASK}a`, ['1002 a bad frame']],
    ['the second of them', `\xa2\x81${EMPTY_MASK}a`, ['1002 a bad frame']],
    ['the third of them', `\x92\x81${EMPTY_MASK}a`, ['1002 a bad frame']],
    ['a message within a message', frame(2, 'a', false) + frame(2, 'b'), [
      'frame',
      'data a',
      '1002 a bad frame',
    ]],
    ['what goes on with nothing', frame(0, 'a'), ['1002 a bad frame']],
    ['an unknown data frame', frame(3, 'a'), ['1002 a bad frame']],
    ['an unknown control frame', frame(11, 'a'), ['1002 a bad control frame']],
    ['a ping in pieces', frame(9, 'a', false), ['1002 a bad control frame']],
    ['a ping that is too long', frame(9, 'x'.repeat(126)), ['1002 a bad control frame']],
  ] as const
) {
  for (const size of [said.length, 1, 3, 1000]) {
    if (size === 1 && said.length > 10_000) continue;
    frames(`${what}, ${size} bytes at a time`, () => {
      assert.equal(read(said, size), told);
    });
  }
}

frames('a message is too large as soon as its head says so, its frames counted together', () => {
  const limits = { ...LIMITS, maxMessage: 200 };
  const tooLarge = '1009 the message is too large';
  assert.equal(read(frame(2, 'x'.repeat(200)), 300, limits), ['frame', `data ${'x'.repeat(200)}`]);
  assert.equal(read(frame(2, 'x'.repeat(201)).slice(0, 8), 8, limits), [tooLarge]);
  assert.equal(read(`\x82\xff${'\xff'.repeat(8)}${EMPTY_MASK}`, 14, limits), [tooLarge]);
  const pieces = frame(2, 'x'.repeat(150), false) + frame(0, 'x'.repeat(51));
  assert.equal(read(pieces, 300, limits).at(-1), tooLarge);
  // Each message has all of it.
  assert.is(read(frame(2, 'x'.repeat(150)).repeat(2), 400, limits).length, 4);
});

frames('a payload is given as it arrives, and what waits is counted', () => {
  const reader = new FrameReader(LIMITS);
  reader.push(bytes(frame(2, 'hello').slice(0, 8)).slice());
  assert.is(reader.pending, 8);
  assert.is(reader.next()?.type, 'frame');
  assert.is(reader.pending, 2);
  assert.equal(reader.next(), { type: 'data', bytes: bytes('he') });
  assert.is(reader.next(), null);
  assert.is(reader.pending, 0);
});

frames('a server masks nothing, and says the length in as few bytes as it can', () => {
  assert.is(text(encodeFrame(2, bytes('hi'))), '\x82\x02hi');
  assert.is(text(frameHead(2, 125)), '\x82\x7d');
  assert.is(text(frameHead(2, 126)), '\x82\x7e\0\x7e');
  assert.is(text(frameHead(10, 0xffff)), '\x8a\x7e\xff\xff');
  assert.is(text(frameHead(2, 0x1_0000)), '\x82\x7f\0\0\0\0\0\x01\0\0');
});

frames('a reason is cut to what a close frame has room for, and no letter in two', () => {
  assert.is(text(closePayload(1008, 'no')), '\x03\xf0no');
  assert.is(closePayload(1008, 'x'.repeat(200)).length, 125);
  assert.is(closePayload(1008, `${'x'.repeat(122)}é`).length, 124);
  assert.is(closePayload(1008, `${'x'.repeat(121)}é`).length, 125);
});

frames('a page may give the codes of the standard and those of programs', () => {
  const code = (number: number): number | null => closeCode(closePayload(number, ''));
  for (const good of [1000, 1003, 1007, 1014, 3000, 4999]) assert.is(code(good), good);
  for (const bad of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]) assert.is(code(bad), null);
  assert.is(closeCode(bytes('')), 1005);
  assert.is(closeCode(bytes('\x0f')), null);
});

frames.run();
