// The errors that a bridge sends to pages.
import {
  AuthError,
  ConnectionError,
  type MemcacheError,
  ProtocolError,
  ServerReplyError,
  UsageError,
} from '../wire/errors.ts';
import { isQuoting } from '../wire/quoting.ts';
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

/**
 * The error of an upstream for the log: without a text of the upstream that is not memcached's own,
 * since it may repeat a key, a value or a login.
 */
export function toLogged(error: Error): Error {
  if (!isQuoting(error)) return error;
  if (error instanceof ServerReplyError) return new ServerReplyError(error.kind, '***');
  if (error instanceof AuthError) return new AuthError(error.message);
  const { outcome } = error as MemcacheError;
  return new ProtocolError('the upstream broke the protocol, or refused a command', outcome);
}
