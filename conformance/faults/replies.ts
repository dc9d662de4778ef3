// The replies of a server, cut from the bytes that it sends. A character is a byte.

/** The first byte of a reply in the binary protocol, and the length of its header. */
const MAGIC = '\x81';
const HEADER = 24;

/**
 * Cuts bytes into whole replies. The values that answer one `get` are one reply, up to its `END`.
 *
 * @returns The replies, and the beginning of one of which the rest has not arrived.
 */
export function cutReplies(text: string): { whole: string[]; rest: string } {
  const whole: string[] = [];
  let from = 0;
  for (;;) {
    const end = from + replyLength(text.slice(from));
    if (end === from || end > text.length) return { whole, rest: text.slice(from) };
    whole.push(text.slice(from, end));
    from = end;
  }
}

/** Whether it has a value. */
export function hasValue(reply: string): boolean {
  return isBinary(reply) ? reply.length > valueStart(reply) : /^(VALUE|VA) /.test(reply);
}

/** Whether it is of the binary protocol. */
export function isBinary(reply: string): boolean {
  return reply.startsWith(MAGIC);
}

/** Where the first value of a reply begins: behind its line, or behind its header and extras. */
export function valueStart(reply: string): number {
  return isBinary(reply) ? HEADER + reply.charCodeAt(4) : reply.indexOf('\r\n') + 2;
}

/** A reply with another key or opaque, of the same length. */
export function ofAnother(reply: string): string {
  if (isBinary(reply)) return `${reply.slice(0, 12)}\x7f\x7f\x7f\x7f${reply.slice(16)}`;
  // A classic reply is matched by its key, a meta reply by its opaque.
  return reply.replace(/^(VALUE |(?:VA|HD).* O)\S/, '$1z');
}

// More than there is when it is not whole; 0 when even its length is unknown.
function replyLength(text: string): number {
  if (isBinary(text)) return text.length < HEADER ? 0 : HEADER + number32(text, 8);
  let length = 0;
  for (;;) {
    const line = text.indexOf('\r\n', length);
    if (line < 0) return 0;
    const words = text.slice(length, line).split(' ');
    length = line + 2;
    if (words[0] === 'VA') return length + said(words[1]) + 2;
    if (words[0] !== 'VALUE') return length;
    length += said(words[3]) + 2;
  }
}

// A client under test may read nonsense by this, too, and must come to its end.
function said(word = ''): number {
  return /^\d+$/.test(word) ? Number(word) : 0;
}

function number32(text: string, at: number): number {
  return [0, 1, 2, 3].reduce((sum, i) => sum * 256 + text.charCodeAt(at + i), 0);
}
