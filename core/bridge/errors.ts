// The errors that a bridge sends to pages.
import { ConnectionError, ServerReplyError, UsageError } from '../wire/errors.ts';
import { clientError, type ErrorReply, serverError } from '../wire/reply.ts';

// Every error that is sent to pages. The upstream's own messages only go to the log.
export const BAD_REQUEST: ErrorReply = /* @__PURE__ */ clientError('bad request');
export const NOT_ALLOWED: ErrorReply = /* @__PURE__ */ clientError('not allowed');
export const BUSY: ErrorReply = /* @__PURE__ */ serverError('busy');
export const UNAVAILABLE: ErrorReply = /* @__PURE__ */ serverError('upstream unavailable');
/** memcached's own message, which clients know. */
export const TOO_LARGE: ErrorReply = /* @__PURE__ */ serverError('object too large for cache');

/** Errors of memcached about an item, and not about the server: they are sent to the page. */
const known: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'object too large for cache',
  'out of memory storing object',
  'cannot increment or decrement non-numeric value',
]);

/** The reply to a page for a command that failed. */
export function toReply(error: unknown): ErrorReply {
  if (error instanceof ServerReplyError) {
    const { kind, serverMessage } = error;
    if (known.has(serverMessage)) return { type: kind, message: serverMessage };
    return kind === 'SERVER_ERROR' ? UNAVAILABLE : BAD_REQUEST;
  }
  if (error instanceof UsageError) return BAD_REQUEST;
  return error instanceof ConnectionError && error.code === 'overloaded' ? BUSY : UNAVAILABLE;
}
