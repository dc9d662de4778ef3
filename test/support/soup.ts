// Random bytes that look like those of memcached's protocol, more or less.
import { bytes } from '../../conformance/assert.ts';
import type { Random } from '../../conformance/random.ts';
import { commandVectors } from '../../conformance/vectors/commands.ts';
import { replyVectors } from '../../conformance/vectors/replies.ts';
import { requestVectors } from '../../conformance/vectors/requests.ts';

/** The bytes of each reply vector. */
export const replyLines: readonly string[] = replyVectors.map((vector) => vector.bytes);

/** The bytes of each vector of a request. */
export const requestLines: readonly string[] = [...commandVectors, ...requestVectors]
  .map((vector) => vector.bytes).filter((line) => line.length < 1000);

/** Tokens that decide something, somewhere. */
const tokens = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\0',
  '0',
  '-1',
  '18446744073709551616',
  'noreply',
  'O1',
  'b',
  'q',
  'END',
  'EN',
  'MN',
  'OK',
  'VALUE',
  'VA 3',
  'ERROR',
  'SERVER_ERROR x\r\n',
  '\xff',
  '\x80',
  '=',
  '%',
];

/** Some of these samples in a row, with a few changes. */
export function soup(random: Random, samples: readonly string[]): Uint8Array {
  let made = '';
  for (let parts = 1 + random.below(4); parts > 0; parts--) made += random.pick(samples);
  made = change(random, made, random.below(5));
  return bytes(random.chance(0.05) ? noise(random) : made.slice(0, 1900));
}

/** A text with so many changes: a token, or a few characters more or less. */
export function change(random: Random, text: string, changes: number): string {
  let made = text;
  for (let left = changes; left > 0; left--) {
    const at = random.below(made.length + 1);
    const gone = random.chance(0.5) ? random.below(6) : 0;
    const put = random.chance(0.7) ? random.pick(tokens) : String.fromCharCode(random.below(256));
    made = made.slice(0, at) + (random.chance(0.8) ? put : '') + made.slice(at + gone);
  }
  return made;
}

function noise(random: Random): string {
  return Array.from({ length: random.below(200) }, () => String.fromCharCode(random.below(256)))
    .join('');
}

/** The same bytes in chunks of a random length. */
export function cut(random: Random, data: Uint8Array): Uint8Array[] {
  const most = random.pick([1, 2, 5, 50]);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const end = at + 1 + random.below(most);
    chunks.push(data.slice(at, end));
    at = end;
  }
  return chunks;
}
