// Key prefixes of a proxy: added to commands, removed from replies.
import { checkCommand } from './check-command.ts';
import type { Command, Key } from './command.ts';
import { keyBytes, keyText, spelledKey } from './key.ts';
import { isMeta } from './meta-flags.ts';
import type { Reply, ValueItem } from './reply.ts';

/**
 * A command of a proxy's client as the proxy sends it to the upstream: with the prefix before each
 * key, which the decoder has decoded from base64, and never quiet, so that each reply can be matched
 * with its command. `ServerConnection` leaves out the replies that the client did not request.
 *
 * @param prefix May be empty.
 * @throws UsageError when the prefix makes a key too long.
 */
export function prefixCommand(command: Command, prefix: Uint8Array): Command {
  let confined = command;
  if ('keys' in confined) {
    confined = { ...confined, keys: confined.keys.map((key) => join(prefix, key)) };
  } else if ('key' in confined) {
    confined = { ...confined, key: join(prefix, confined.key) };
  }
  if ('noreply' in confined && confined.noreply !== false) {
    confined = { ...confined, noreply: false };
  }
  if ('base64' in confined && 'flags' in confined && hasFlag(confined.flags, 'q')) {
    confined = { ...confined, flags: confined.flags.filter((flag) => flag[0] !== 'q') };
  }
  // The returned command is sent as it is, so this check covers everything that reaches the upstream.
  checkCommand(confined);
  return confined;
}

/**
 * The reply for the client, without the prefix. A reply to `me` must not be passed on: it contains
 * the prefixed key, and details of the server.
 *
 * @param command As the client sent it.
 */
export function unprefixReply(reply: Reply, command: Command, prefix: Uint8Array): Reply {
  if (reply.type === 'values') {
    return { ...reply, items: withOwnKeys(reply.items, command, prefix) };
  }
  if (!('base64' in command) || !isMeta(reply) || !hasFlag(reply.flags, 'k')) return reply;
  const name = `k${spelledKey(command.key, command.base64)}`;
  return { ...reply, flags: reply.flags.map((flag) => flag[0] === 'k' ? name : flag) };
}

function hasFlag(flags: readonly string[], letter: string): boolean {
  for (const flag of flags) if (flag[0] === letter) return true;
  return false;
}

// Each key as the command has it: code that merges replies finds keys that are bytes by identity.
function withOwnKeys(
  items: readonly ValueItem[],
  command: Command,
  { length }: Uint8Array,
): ValueItem[] {
  const keys = 'keys' in command ? command.keys : [];
  let next = 0;
  return items.map((item) => {
    const text = keyText(item.key).slice(length);
    let at = next;
    while (at < keys.length && keyText(keys[at]!) !== text) at++;
    if (at === keys.length) return { ...item, key: item.key.slice(length) };
    next = at + 1;
    return { ...item, key: keys[at]! };
  });
}

function join(prefix: Uint8Array, key: Key): Key {
  if (prefix.length === 0) return key;
  const joined = new Uint8Array(prefix.length + key.length);
  joined.set(prefix);
  joined.set(keyBytes(key), prefix.length);
  return joined;
}
