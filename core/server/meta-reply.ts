// The parts that the replies to meta commands share.
import { base64Length, putBase64 } from '../wire/base64.ts';
import { latin1 } from '../wire/bytes.ts';
import type { MetaCommand } from '../wire/command.ts';
import type { MetaReply, Reply } from '../wire/reply.ts';

/** A reply that gives back no more than the key and the opaque. */
export function plainReply(
  type: MetaReply['type'],
  command: MetaCommand,
  key: Uint8Array,
): Reply {
  const tokens: string[] = [];
  for (const flag of command.flags) {
    if (flag[0] === 'O') tokens.push(flag);
    else if (flag[0] === 'k') pushKey(tokens, key, command.base64);
  }
  return { type, flags: tokens };
}

/**
 * Adds the key, for the flag `k`. memcached forgets of some items that their keys came as base64:
 * those it vivified, or grew. Keys that would break the line are written so in any case.
 */
export function pushKey(tokens: string[], key: Uint8Array, base64: boolean): void {
  if (!base64 && !needsBase64(key)) {
    tokens.push(`k${latin1(key)}`);
    return;
  }
  const text = new Uint8Array(base64Length(key.length));
  putBase64(text, 0, key);
  tokens.push(`k${latin1(text)}`, 'b');
}

function needsBase64(key: Uint8Array): boolean {
  return key.some((byte) => byte === 0x20 || byte === 0x0a || byte === 0);
}

/**
 * Whether a key may stand in a line that is written as text. memcached writes those with a CR too,
 * but a client that ends lines at either of CR and LF would find two.
 */
export function fitsLine(key: Uint8Array): boolean {
  return !needsBase64(key) && !key.includes(0x0d);
}
