// The law: what is read as a plain request is read alike without that.
import * as assert from 'uvu/assert';
import { bytes, show } from '../../conformance/assert.ts';
import { plainSequence } from '../../conformance/random-requests.ts';
import { seeded } from '../../test/support/seeded.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { BadRequest, CommandDecoder } from './decode-command.ts';
import { PlainRequest } from './plain-request.ts';
import { serverError } from './reply.ts';

const { suite: law, random } = seeded('plain requests', 20261127);
const rounds = Number(process.env['MEMWIRE_RUNS'] ?? 3000);

/** All that a decoder makes of these bytes. */
function decode(data: Uint8Array, isPlain: boolean): string {
  const memory = new ConnectionMemory();
  memory.plain.enabled = isPlain;
  const admit = (_: unknown, length: number) => (length > 200 ? serverError('no') : null);
  const decoder = new CommandDecoder({ admit }, memory);
  decoder.push(data);
  const found: unknown[] = [];
  for (let next = decoder.next(); next !== null; next = decoder.next()) {
    found.push(next instanceof BadRequest ? [next.reply, next.refused] : next);
  }
  return show([...found, decoder.dead, decoder.receiving]);
}

law('a decoder gives the same commands and errors, whether or not it reads them as plain', () => {
  for (let round = 0; round < rounds; round++) {
    let text = plainSequence(random(), 1 + random().below(4));
    for (let changes = random().below(4); changes > 0; changes--) {
      const at = random().below(text.length);
      const put = random().pick(['', ' ', '\r', '\n', '\0', '0', '\x7f', 'v', 'O', '\xff']);
      text = text.slice(0, at) + put + text.slice(at + random().below(3));
    }
    const data = bytes(text);
    assert.is(decode(data, true), decode(data, false), show(data));
  }
});

law('a request that is not all there is none yet', () => {
  const request = new PlainRequest();
  for (
    const text of [
      'get k\r\n',
      'mg k v f O1\r\n',
      'set k 1 2 3 noreply\r\nabc\r\n',
      'ms k 3 F1 T2 O3\r\nabc\r\n',
    ]
  ) {
    const data = bytes(`mn\r\n${text}mn\r\n`);
    const end = 'mn\r\n'.length + text.length;
    for (let to = 4; to < end; to++) assert.not(request.read(data, 4, to), show([text, to]));
    assert.ok(request.read(data, 4, end));
    assert.is(request.end, end);
  }
});

law.run();
