// The laws of the decoders: for any bytes, nothing comes out but replies or commands and, at the end,
// the error of the protocol; how the bytes are cut makes no difference, and what is dead stays dead.
import type { Command } from '../../../core/wire/command.ts';
import { ConnectionMemory } from '../../../core/wire/connection-memory.ts';
import { BadRequest, CommandDecoder } from '../../../core/wire/decode-command.ts';
import { ReplyDecoder } from '../../../core/wire/decode-reply.ts';
import { ProtocolError } from '../../../core/wire/errors.ts';
import { serverError } from '../../../core/wire/reply.ts';
import { bytes } from '../../../conformance/assert.ts';
import { plainSequence } from '../../../conformance/random-requests.ts';
import { replyVectors } from '../../../conformance/vectors/replies.ts';
import { cut, replyLines, requestLines, soup } from '../../support/soup.ts';
import { sameAs, single, target } from './target.ts';

const requests = replyVectors.map(({ request }) => request);
const LIMITS = { maxLine: 1000, maxValue: 5000, maxLines: 5000 };

/** Replies, to a command or among quiet ones. */
export const replies = target(null, (random) => {
  const data = soup(random, replyLines);
  const request = random.chance(0.1) ? null : random.pick(requests);
  return { request, data, chunks: cut(random, data) };
}, ({ request, data, chunks }) => {
  const whole = readReplies(request, [data], false);
  sameAs(readReplies(request, single(data), false), whole, 'byte by byte it gives');
  sameAs(readReplies(request, chunks, true), whole, 'cut, in memory that is lent, it gives');
  return 0;
});

function readReplies(
  request: Command | null,
  chunks: readonly Uint8Array[],
  isLent: boolean,
): unknown[] {
  const decoder = new ReplyDecoder(LIMITS);
  const found: unknown[] = [];
  try {
    for (const chunk of chunks) {
      const memory = isLent ? chunk.slice() : chunk;
      decoder.push(memory, isLent);
      for (let part = decoder.next(request); part !== null; part = decoder.next(request)) {
        found.push(part, decoder.opaque);
      }
      if (!isLent) continue;
      decoder.keep();
      memory.fill(0x58);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    found.push('ended');
  }
  return found;
}

/** Requests, before a login or behind one. */
export const requestsOfPeers = target(null, (random) => {
  const isPlain = random.chance(0.4);
  const data = soup(random, isPlain ? [plainSequence(random, 3)] : requestLines);
  return { data, chunks: cut(random, data), isLogin: random.chance(0.1) };
}, ({ data, chunks, isLogin }) => {
  const whole = readRequests([data], isLogin, true);
  sameAs(readRequests([data], isLogin, false), whole, 'without plain requests it gives');
  sameAs(readRequests(single(data), isLogin, true), whole, 'byte by byte it gives');
  sameAs(readRequests(chunks, isLogin, true), whole, 'cut it gives');
  return 0;
});

function readRequests(
  chunks: readonly Uint8Array[],
  isLogin: boolean,
  isPlain: boolean,
): unknown[] {
  const memory = new ConnectionMemory();
  memory.plain.enabled = isPlain;
  const decoder = new CommandDecoder({
    maxGetLine: 1200,
    admit: (_, length) => length > 1000 ? serverError('too large') : null,
  }, memory);
  decoder.authenticating = isLogin;
  const found: unknown[] = [];
  const take = (): void => {
    for (let next = decoder.next(); next !== null; next = decoder.next()) {
      found.push(next instanceof BadRequest ? [next.reply, next.refused] : next);
    }
  };
  for (const chunk of chunks) {
    decoder.push(chunk);
    take();
  }
  found.push(decoder.dead);
  if (decoder.dead === null) return found;
  const { length } = found;
  decoder.push(bytes('get k\r\nmn\r\n'));
  take();
  if (found.length > length) throw new Error('it was dead, and read on');
  return found;
}
