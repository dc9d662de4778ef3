// The messages of servers: those by which the client decides something, and what no error may show.
import { latin1, utf8 } from './bytes.ts';

/** The codes of errors by the message of the server. */
export const codes: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['object too large for cache', 'too-large'],
  ['out of memory storing object', 'out-of-memory'],
  ['out of memory', 'out-of-memory'],
  ['cannot increment or decrement non-numeric value', 'non-numeric'],
]);

/**
 * How memcached, or a bridge, says with a `SERVER_ERROR` that it has not done a command. Proxies have
 * others, for a server that does not answer them: it may have done it.
 */
export const failures: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...codes.keys(),
  'out of memory reading request',
  'out of memory writing get response',
  'Out of memory allocating new item',
  'Out of memory during read',
  'refcount overflow during fetch',
  'output line too long',
  'busy',
]);

/** What a server says of a login, or of its lack. */
export const loginMessages: readonly string[] = [
  'unauthenticated',
  'bad authentication token format',
  'authentication failure',
];

/** What a server says before it closes a connection for which it has no room. */
export const NO_ROOM = 'Too many open connections';

/** Texts of memcached's own. Any other may repeat a key, a value or a login. */
export const commonMessages: ReadonlySet<string> = /* @__PURE__ */ new Set([
  '',
  ...codes.keys(),
  ...loginMessages,
  NO_ROOM,
  'bad command line format',
  'bad data chunk',
]);

/**
 * What a server said, with `***` in place of a password that it repeated: as text, as its bytes,
 * escaped for a URL or between quotes, or the first half of it and more. Some servers quote a line
 * that they do not understand, and the line of a login is one.
 */
export function withoutSecret(text: string, secret: string): string {
  // What every server may say tells nothing, and the client has to recognize it.
  if (commonMessages.has(text)) return text;
  let shown = text;
  const quoted = JSON.stringify(secret).slice(1, -1);
  for (const form of [secret, latin1(utf8(secret)), encodeURIComponent(secret), quoted]) {
    const least = Math.max(form.length / 2, Math.min(4, form.length), 1);
    for (let length = form.length; length >= least; length--) {
      shown = shown.replaceAll(form.slice(0, length), '***');
    }
  }
  return shown;
}
