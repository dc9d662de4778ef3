// The rules about the commands that a page may send.
import { classOf } from '../wire/command-facts.ts';
import type { Command } from '../wire/command.ts';
import { metaFlags } from '../wire/meta-flags.ts';
import { CLOSED, type Reply } from '../wire/reply.ts';
import { type ReplyShape, verbs } from '../wire/verbs.ts';
import { NOT_ALLOWED } from './errors.ts';
import type { BridgeClient } from './events.ts';

/**
 * Decides on a command: returns the command to send in its place, or a reply. After an error reply
 * the socket is closed. A policy that throws refuses the command.
 */
export type Policy = (command: Command, client: BridgeClient) => Command | Reply;

/** The replies about items. All others disclose facts about the server or about other tenants. */
const carried: ReadonlySet<ReplyShape> = new Set(['status', 'number', 'values', 'meta', 'version']);

/** The bridge's own rules: only commands that read or write items, by the class of the verb. */
export function ownPolicy(
  { maxKeys, readOnly }: { readonly maxKeys: number; readonly readOnly: boolean },
): Policy {
  return (command) => {
    const row = verbs[command.verb];
    if (row.final) return CLOSED;
    if (row.class === 'admin' || !carried.has(row.reply)) return NOT_ALLOWED;
    if ('keys' in command && command.keys.length > maxKeys) return NOT_ALLOWED;
    const flags = 'flags' in command && Array.isArray(command.flags) ? command.flags : [];
    for (const flag of flags as readonly string[]) {
      // Hints to proxies: the upstream may obey them.
      if (metaFlags.get(flag.charAt(0)) === 'free') return NOT_ALLOWED;
    }
    return readOnly && classOf(command) !== 'read' ? NOT_ALLOWED : command;
  };
}
