import type { Command } from './command.ts';
import { hasQuiet } from './meta-flags.ts';
import type { ErrorReply, Reply } from './reply.ts';
import { type ReplyShape, verbs } from './verbs.ts';

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
