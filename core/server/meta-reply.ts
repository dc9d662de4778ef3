// The parts that the replies to meta commands share.
import { base64Length, putBase64 } from '../wire/base64.ts';
import { latin1 } from '../wire/bytes.ts';
import type { MetaCommand } from '../wire/command.ts';
import type { MetaReply, Reply } from '../wire/reply.ts';

/** A reply with only the key and the opaque. */
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
 * Adds the key, for the flag `k`. memcached loses the mark that a key came as base64 for items that it
 * vivified or that have grown. Here keys that would break the line are always written in base64.
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
 * Whether a key can be written as text in a line. memcached also writes keys with a CR, but a client
 * that ends lines at CR would find two lines.
 */
export function fitsLine(key: Uint8Array): boolean {
  return !needsBase64(key) && !key.includes(0x0d);
}
