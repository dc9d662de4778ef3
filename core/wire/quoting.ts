// Errors whose messages may have what only their callers may see.
import { ProtocolError, SerdeError, ServerReplyError } from './errors.ts';
import { commonMessages } from './server-messages.ts';

/**
 * Whether an error, or one behind it, has a key in its message, or a text of a server that is not
 * memcached's own: it may repeat a key, a value or a login, and has no place in a log.
 */
export function isQuoting(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof ProtocolError || one instanceof SerdeError) return true;
    if (one instanceof ServerReplyError && !commonMessages.has(one.serverMessage)) return true;
  }
  return false;
}
