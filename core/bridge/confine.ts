import { base64Length, putBase64 } from '../wire/base64.ts';
import { latin1 } from '../wire/bytes.ts';
import { checkCommand } from '../wire/check-command.ts';
import type { Command, Key } from '../wire/command.ts';
import { keyBytes } from '../wire/key.ts';
import type { Reply } from '../wire/reply.ts';

/**
 * The command as it goes to the upstream: with the prefix before each key, which the decoder has
 * freed of its base64, and asking for every reply, so that each can be matched with its command.
 *
 * @throws UsageError when it is not well formed then.
 */
export function confine(command: Command, prefix: Uint8Array): Command {
  let confined = command;
  if ('keys' in confined) {
    confined = { ...confined, keys: confined.keys.map((key) => join(prefix, key)) };
  } else if ('key' in confined) {
    confined = { ...confined, key: join(prefix, confined.key) };
  }
  if ('noreply' in confined) confined = { ...confined, noreply: false };
  if ('base64' in confined && 'flags' in confined) {
    confined = { ...confined, flags: confined.flags.filter((flag) => flag[0] !== 'q') };
  }
  checkCommand(confined);
  return confined;
}

/** The reply to `command` without the prefix that the upstream was asked with. */
export function release(reply: Reply, command: Command, prefix: Uint8Array): Reply {
  if (reply.type === 'values') {
    const { length } = prefix;
    return { ...reply, items: reply.items.map((it) => ({ ...it, key: it.key.slice(length) })) };
  }
  if (!('base64' in command) || !('flags' in reply) || reply.type === 'CONFIG') return reply;
  if (reply.type === 'ME') return reply;
  const name = `k${keyText(command.key, command.base64)}`;
  return { ...reply, flags: reply.flags.map((flag) => flag[0] === 'k' ? name : flag) };
}

function join(prefix: Uint8Array, key: Key): Uint8Array {
  const joined = new Uint8Array(prefix.length + key.length);
  joined.set(prefix);
  joined.set(keyBytes(key), prefix.length);
  return joined;
}

function keyText(key: Key, base64: boolean): string {
  const bytes = keyBytes(key);
  if (!base64) return latin1(bytes);
  const target = new Uint8Array(base64Length(bytes.length));
  return latin1(target, 0, putBase64(target, 0, bytes));
}
