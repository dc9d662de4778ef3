// The law of the bridge: whatever frames a page sends, and however they are cut, the upstream is sent
// only commands that read and write items under the prefix, and nothing is thrown.
import type { Random } from '../../../conformance/random.ts';
import { plainSequence, RandomRequests } from '../../../conformance/random-requests.ts';
import { hostileStream } from '../../support/hostile-stream.ts';
import { settled } from '../../support/scripted.ts';
import { StrictUpstream } from '../../support/strict-upstream.ts';
import { ListeningBridge } from '../../support/wire-page.ts';
import { target } from './target.ts';

const PREFIX = 'app1:';
const CONTINUATION = 0;
const BINARY = 2;

/** The frames of a page, in the chunks in which they arrive. */
export const frames = target('commands that reached the upstream', (random) => {
  const polite = random.chance(0.7) ? plainSequence(random, 1 + random.below(3)) : '';
  const text = polite + hostileStream(random, new RandomRequests(random));
  const sent = toFrames(text, random);
  const most = random.pick([1, 7, 100, 5000]);
  const pieces: string[] = [];
  for (let at = 0; at < sent.length;) {
    const end = at + 1 + random.below(most);
    pieces.push(sent.slice(at, end));
    at = end;
  }
  return { text, pieces };
}, async ({ pieces }) => {
  const upstream = new StrictUpstream(PREFIX);
  const bridge = await ListeningBridge.start({
    dial: upstream.dial,
    prefix: PREFIX,
    // As if they came slowly.
    controlRate: 1000,
  });
  const { transport } = await bridge.open();
  for (const piece of pieces) {
    // What arrives after the bridge has closed, it must not obey.
    if (transport.ends.length === 0) transport.deliver(piece);
  }
  await settled();
  const commands = upstream.judge();
  transport.hangUp();
  await bridge.pass(5000);
  return commands + upstream.judge();
});

// Splits a stream into messages, these into frames, and puts others in between.
function toFrames(text: string, random: Random): string {
  const isWhole = random.chance(0.3);
  const wrongAt = random.chance(0.3) ? random.below(text.length) : Infinity;
  let sent = '';
  let isBegun = false;
  for (let at = 0; at < text.length;) {
    const end = isWhole ? text.length : at + random.below(random.pick([3, 20, 200]));
    const payload = text.slice(at, end);
    if (at <= wrongAt && wrongAt < end) sent += wrong(random);
    at = end;
    const isLast = payload.length > 0 && random.chance(0.6);
    sent += frame(isBegun ? CONTINUATION : BINARY, payload, isLast, random);
    isBegun = !isLast;
    if (random.chance(0.1)) sent += control(random);
  }
  return isBegun ? sent + frame(CONTINUATION, '\r\n', true, random) : sent;
}

// A ping or a pong; what it holds is no command.
function control(random: Random): string {
  return frame(
    random.pick([9, 10]),
    random.pick(['', 'flush_all\r\n', 'x'.repeat(125)]),
    true,
    random,
  );
}

// A frame that breaks a rule of WebSockets, or ends the connection, around a command.
function wrong(random: Random): string {
  const command = 'flush_all\r\n';
  const whole = frame(BINARY, command, true, random);
  return random.pick([
    () => frame(random.pick([1, 3, 7, 11, 15]), command, true, random),
    () => frame(CONTINUATION, command, true, random),
    () => frame(BINARY, command, false, random),
    () => frame(8, random.pick(['', '\x03', '\x03\xe8', `\x03\xe8${command}`]), true, random),
    () => frame(9, command, false, random),
    () => frame(10, command.repeat(20), true, random),
    // Unmasked; with a reserved bit; cut; with a length of 2 ** 63.
    () => `\x82${String.fromCharCode(command.length)}${command}`,
    () => String.fromCharCode(whole.charCodeAt(0) | 0x40) + whole.slice(1),
    () => whole.slice(0, random.below(whole.length)),
    () => `\x82\xff\x80${'\0'.repeat(7)}mask${command}`,
  ])();
}

function frame(opcode: number, payload: string, isLast: boolean, random: Random): string {
  const { length } = payload;
  const mask = Array.from({ length: 4 }, () => random.below(256));
  // A length may be longer than it needs to be.
  const form = random.below(20) === 0 ? 127 : length > 125 || random.below(20) === 0 ? 126 : length;
  const size = form === 127 ? 8 : form === 126 ? 2 : 0;
  const digits = Array.from(
    { length: size },
    (_, i) => i < size - 2 ? 0 : length >> 8 * (size - 1 - i) & 0xff,
  );
  const head = [opcode + (isLast ? 0x80 : 0), 0x80 + form, ...digits, ...mask];
  const masked = Array.from(payload, (letter, i) => letter.charCodeAt(0) ^ mask[i % 4]!);
  return String.fromCharCode(...head, ...masked);
}
