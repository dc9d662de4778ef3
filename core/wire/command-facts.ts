// Properties of a command by its verb and flags: quiet, idempotent, read or write.
import type { Command } from './command.ts';
import { flagArgument, hasQuiet } from './meta-flags.ts';
import type { ErrorReply, Reply } from './reply.ts';
import { type ReplyShape, type VerbRow, verbs } from './verbs.ts';

/** Whether a command asks the server to leave out its reply, wholly (`noreply`) or in part (`q`). */
export function isQuiet(command: Command): boolean {
  switch (verbs[command.verb].quiet) {
    case 'q':
      return 'flags' in command && Array.isArray(command.flags) && hasQuiet(command.flags);
    case 'noreply':
      return 'noreply' in command && command.noreply;
    case 'never':
      return command.verb === 'raw' && command.reply === 'none';
  }
}

/** Whether a server leaves out this reply to this command. */
export function isSilenced(command: Command, reply: Reply): boolean {
  if (!isQuiet(command)) return false;
  const { quiet, nominal } = verbs[command.verb];
  return quiet === 'noreply' || (nominal as readonly string[]).includes(reply.type);
}

/**
 * Whether the line after this error may not be the next reply: the server may have read a value as
 * commands, or answer one line twice (protocol.md 4). `SERVER_ERROR` keeps in step.
 */
export function isFatal(reply: ErrorReply, clientErrorKeepsConnection: boolean): boolean {
  return reply.type === 'ERROR' || (reply.type === 'CLIENT_ERROR' && !clientErrorKeepsConnection);
}

/** The shape of the reply to a command: its verb's, or the one a raw command names. */
export function replyShape(command: Command): ReplyShape {
  return command.verb === 'raw' ? command.reply : verbs[command.verb].reply;
}

/** Flags that make an `mg` change an item: its time to live, its cas, or its win token. */
const writing = /^[ENRT]/;

/**
 * Whether a command carries a value. A login does not count: it comes before the connection is
 * proved, as servers that require one answer nothing else.
 */
export function hasValue(command: Command): boolean {
  if (command.verb === 'raw') return command.value !== null;
  const { data, login } = verbs[command.verb];
  return data && !login;
}

/** What a command does: its verb's class, but `write` for an `mg` whose flags change the item. */
export function classOf(command: Command): VerbRow['class'] {
  if (command.verb === 'mg' && command.flags.some((flag) => writing.test(flag))) return 'write';
  return verbs[command.verb].class;
}

/**
 * Whether a command can be repeated: doing it twice has the same effect and the same reply as doing
 * it once, except that a second `delete` finds nothing.
 *
 * For meta commands the flags decide: the first execution uses up a cas, and takes the win that the
 * second one asks for (`N` and `R` of `mg`).
 */
export function isIdempotent(command: Command): boolean {
  switch (command.verb) {
    case 'mg':
      return !has(command.flags, 'N') && !has(command.flags, 'R');
    case 'md':
      return !has(command.flags, 'C');
    case 'ms':
      // `set` and `replace`; servers take the letter in either case.
      return /^[sr]/i.test(flagArgument(command.flags, 'M') ?? 'S') && !has(command.flags, 'C');
    default:
      return verbs[command.verb].idempotent;
  }
}

function has(flags: readonly string[], letter: string): boolean {
  return flagArgument(flags, letter) !== undefined;
}
