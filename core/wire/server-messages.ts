// The messages of servers: those by which the client decides something, and what no error may show.
import { latin1, utf8 } from './bytes.ts';

/** The codes of errors by the message of the server. */
export const codes: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['object too large for cache', 'too-large'],
  ['out of memory storing object', 'out-of-memory'],
  ['out of memory', 'out-of-memory'],
  ['cannot increment or decrement non-numeric value', 'non-numeric'],
]);

/** Whether this is what a server says of a login, or of its lack. */
export function isAboutLogin(message: string): boolean {
  return /^(unauthenticated|bad authentication token format|authentication failure)$/.test(message);
}

// Texts of memcached that tell nothing of who asked for what.
const common: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...codes.keys(),
  'Too many open connections',
  'bad command line format',
  'bad data chunk',
]);

/** Whether this is a text of memcached's own. Any other may repeat a key, a value or a login. */
export function isCommon(message: string): boolean {
  return message === '' || common.has(message) || isAboutLogin(message);
}

/** A shorter password is left out only where it stands alone: it is part of too many words. */
const SHORTEST = 4;

/**
 * What a server said, with `***` in place of a password that it repeated: as text, as its bytes,
 * escaped for a URL or between quotes, or the first half of it and more. Some servers quote a line
 * that they do not understand, and the line of a login is one.
 */
export function withoutSecret(text: string, secret: string): string {
  // What every server may say tells nothing, and the client has to recognize it.
  if (secret === '' || isCommon(text)) return text;
  if (secret.length < SHORTEST) {
    return text.split(/([\s"'`]+)/).map((word) => word === secret ? '***' : word).join('');
  }
  const forms = new Set([
    secret,
    latin1(utf8(secret)),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ]);
  let shown = text;
  for (const form of forms) shown = without(shown, form);
  return shown;
}

function without(text: string, form: string): string {
  const least = Math.max(SHORTEST, Math.ceil(form.length / 2));
  for (let length = form.length; length >= least; length--) {
    const start = form.slice(0, length);
    if (text.includes(start)) return without(text.replaceAll(start, '***'), form);
  }
  return text;
}
