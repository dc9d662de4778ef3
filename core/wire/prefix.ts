// Key prefixes of a proxy: added to commands, removed from replies.
import { isBytes } from './bytes.ts';
import { checkCommand } from './check-command.ts';
import type { Command, Key, MetaCommand } from './command.ts';
import { keyBytes, keyText, MAX_KEY, spelledKey } from './key.ts';
import { printable } from './line.ts';
import { isMeta, MAX_OPAQUE } from './meta-flags.ts';
import { plainFlags } from './plain.ts';
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

/** A read that was made plain, with the opaque that the client gave it. */
export interface PlainRead extends MetaCommand {
  readonly opaque: string | null;
}

/**
 * The same as `prefixCommand` for `mg KEY v f`, with an opaque at its end or without: the read that
 * clients send most. A connection encodes the result, and reads its reply, in one pass.
 *
 * @param prefix As text.
 * @returns Null for all other commands, and for one that breaks a rule.
 */
export function prefixRead(command: Command, prefix: string): PlainRead | null {
  if (command.verb !== 'mg' || command.base64 !== false || 'orText' in command) return null;
  const { flags, key } = command;
  if (!Array.isArray(flags) || flags[0] !== 'v' || flags[1] !== 'f') return null;
  const opaque: unknown = flags.length === 2 ? null : flags[2];
  if (flags.length > 3 || (opaque !== null && !isOpaque(opaque))) return null;
  const text = plainKey(prefix, key);
  return text === null ? null : { verb: 'mg', key: text, base64: false, flags: READ, opaque };
}

/** Whether `prefixRead` made a command. No other command has its list of flags. */
export function isPlainRead(command: Command): command is PlainRead {
  return 'flags' in command && command.flags === READ;
}

/** The reply to a plain read, with the client's opaque if it has one. */
export function withOpaque(reply: Reply, { opaque }: PlainRead): Reply {
  if (opaque === null || !isMeta(reply)) return reply;
  const flags = [...reply.flags];
  // Flags come back in the order of the request; those of the server's own follow.
  flags.splice(flags[0]?.[0] === 'f' ? 1 : 0, 0, opaque);
  return { ...reply, flags };
}

const READ: readonly string[] = /* @__PURE__ */ plainFlags('mg', ['v', 'f']);

function isOpaque(flag: unknown): flag is string {
  return typeof flag === 'string' && flag[0] === 'O' && flag.length > 1 &&
    flag.length <= MAX_OPAQUE + 1 && printable(flag);
}

// The key as text, if it is printable ASCII and short enough. With the flags of `READ` this is the
// whole check of the command: nothing else of it comes from the client.
function plainKey(prefix: string, key: Key): string | null {
  if (typeof key !== 'string' && !isBytes(key)) return null;
  const { length } = key;
  if (prefix.length + length > MAX_KEY || prefix.length + length === 0) return null;
  let text = prefix;
  for (let i = 0; i < length; i++) {
    const code = typeof key === 'string' ? key.charCodeAt(i) : key[i]!;
    if (code <= 0x20 || code >= 0x7f) return null;
    text += String.fromCharCode(code);
  }
  return text;
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
  // Base64 if the item was stored under a key in base64, whatever the command has.
  const name = `k${spelledKey(command.key, reply.flags.includes('b'))}`;
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
