// The opaque of a meta command: the number by which its reply is matched with it.
//
// A connection sends each meta command with a number as its opaque, in the place of one that the
// sender gave. The reply must carry the same number, and is passed on with the sender's own opaque;
// so a reply is never taken for that of another command.
import type { Command } from './command.ts';
import { ProtocolError } from './errors.ts';
import { flagArgument, isMeta } from './meta-flags.ts';
import type { Reply } from './reply.ts';

/** Opaques count up to this and start again: only those in flight together need to differ. */
export const LAST_OPAQUE = 1_000_000;

/** The opaque of the meta probe. Those of commands count from 1. */
export const PROBE_OPAQUE = 0;

/** The opaque that a decoder found in a reply. */
export interface FoundOpaque {
  /** The number, or -1. It is not among the flags of the reply. */
  readonly opaque: number;
  /** Its index among the flags. */
  readonly opaqueIndex: number;
}

/**
 * The reply to a meta command as its sender expects it.
 *
 * @param sent The number that the command was sent with, or -1.
 * @throws ProtocolError when the reply carries another number.
 */
export function checkOpaque(
  sent: number,
  command: Command,
  reply: Reply,
  found: FoundOpaque,
): Reply {
  if (sent < 0 || !isMeta(reply)) return reply;
  if (found.opaque !== sent) {
    throw new ProtocolError('a reply carries the opaque of another command');
  }
  const own = 'flags' in command && flagArgument(command.flags as string[], 'O');
  if (typeof own !== 'string') return reply;
  return { ...reply, flags: reply.flags.toSpliced(found.opaqueIndex, 0, `O${own}`) };
}
