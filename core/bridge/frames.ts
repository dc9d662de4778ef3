import { EMPTY, joined, utf8 } from '../wire/bytes.ts';

// The frames of a WebSocket, as a server reads and writes them (RFC 6455, section 5), without I/O or
// clock: `push` takes bytes that have arrived, `next` returns one event at a time, so that the caller
// decides when the next frame is read. The payload of a data frame is returned in pieces, as it
// arrives: only an incomplete head, or a control frame of at most 131 bytes, is buffered.

export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;
const CONTINUATION = 0;
const TEXT = 1;

/** The longest reason that fits into a close frame after its code, in bytes. */
const MAX_REASON = 123;

/** An event of the frames of a client. */
export type FrameEvent =
  /** The head of a data frame. */
  | { readonly type: 'frame' }
  /** A piece of its payload, never empty. */
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'ping' | 'pong'; readonly payload: Uint8Array }
  | { readonly type: 'close'; readonly payload: Uint8Array }
  /** A frame breaks a rule, and no event follows; the code and the reason to close with. */
  | { readonly type: 'error'; readonly code: number; readonly reason: string };

export interface FrameLimits {
  /** The largest message, all of its frames together, in bytes. */
  readonly maxMessage: number;
  /** The maximum number of frames in a message. */
  readonly maxFrames: number;
}

/** Reads the frames of a client. */
export class FrameReader {
  /** The number of bytes that have arrived and have not been returned in an event. */
  pending = 0;
  /** The memory of what `next` returns is only lent until `keep`. */
  isLent = false;
  readonly #limits: FrameLimits;
  // The bytes that have arrived, and the index of the first that has not been returned.
  #input: Uint8Array = EMPTY;
  #at = 0;
  // The data frame that is being read: its missing bytes, its mask, and the position in the mask.
  #left = 0;
  readonly #mask: Uint8Array = new Uint8Array(4);
  #phase = 0;
  // The message that is being read: its frames, 0 between messages, and its bytes.
  #frames = 0;
  #total = 0;
  #failed = false;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Whether the payload of a frame is being read, whose head has been returned. */
  get isAmidFrame(): boolean {
    return this.#left > 0;
  }

  /** Takes bytes that have arrived, and unmasks them in place; the reader owns them, or until `keep`. */
  push(chunk: Uint8Array, isLent = false): void {
    if (this.#failed) return;
    this.isLent = isLent && this.pending === 0;
    this.#input = this.pending === 0 ? chunk : joined(this.#input.subarray(this.#at), chunk);
    this.#at = 0;
    this.pending = this.#input.length;
  }

  /** Copies what is left of a lent chunk. */
  keep(): void {
    if (!this.isLent) return;
    this.isLent = false;
    this.#input = this.pending === 0 ? EMPTY : this.#input.slice(this.#at);
    this.#at = 0;
  }

  /** The next event; null if more bytes are needed. */
  next(): FrameEvent | null {
    if (this.#failed || this.pending === 0) return null;
    if (this.#left === 0) return this.#readHead();
    const bytes = this.#take(Math.min(this.#left, this.pending));
    this.#phase = unmask(bytes, this.#mask, this.#phase);
    this.#left -= bytes.length;
    return { type: 'data', bytes };
  }

  #readHead(): FrameEvent | null {
    if (this.pending < 2) return null;
    const input = this.#input;
    const at = this.#at;
    const first = input[at]!;
    const second = input[at + 1]!;
    const isLast = first >= 0x80;
    const opcode = first & 0x0f;
    // No extension was negotiated, and frames of clients are masked.
    if ((first & 0x70) !== 0 || second < 0x80) return this.#fail(1002, 'a bad frame');
    const short = second & 0x7f;
    const size = (short < 126 ? 2 : short === 126 ? 4 : 10) + 4;
    if (this.pending < size) return null;
    const length = short < 126 ? short : readLength(input.subarray(at + 2, at + size - 4));
    if (opcode < CLOSE) {
      const error = this.#beginData(opcode, isLast, length);
      if (error !== null) return error;
      this.#takeHead(size);
      this.#left = length;
      this.#phase = 0;
      return { type: 'frame' };
    }
    const type = opcode === PING ? 'ping' : opcode === PONG ? 'pong' : 'close';
    const isKnown = opcode <= PONG;
    if (!isKnown || !isLast || length > 125) return this.#fail(1002, 'a bad control frame');
    if (this.pending < size + length) return null;
    this.#takeHead(size);
    const payload = this.#take(length);
    unmask(payload, this.#mask, 0);
    return { type, payload };
  }

  #beginData(opcode: number, isLast: boolean, length: number): FrameEvent | null {
    const { maxFrames, maxMessage } = this.#limits;
    if (opcode === TEXT) return this.#fail(1003, 'binary messages only');
    // The first frame of a message is binary, the others are continuations.
    if (opcode !== (this.#frames === 0 ? BINARY : CONTINUATION)) {
      return this.#fail(1002, 'a bad frame');
    }
    this.#frames++;
    this.#total += length;
    if (this.#frames > maxFrames) return this.#fail(1008, 'too many frames');
    if (this.#total > maxMessage) return this.#fail(1009, 'the message is too large');
    if (!isLast) return null;
    // It carries no data, and costs as much to read as a message that does.
    if (this.#total === 0) return this.#fail(1008, 'an empty message');
    this.#frames = this.#total = 0;
    return null;
  }

  // Consumes a head, whose last four bytes are the mask.
  #takeHead(size: number): void {
    const mask = this.#at + size - 4;
    for (let i = 0; i < 4; i++) this.#mask[i] = this.#input[mask + i]!;
    this.#at += size;
    this.pending -= size;
    if (this.pending === 0) this.#input = EMPTY;
  }

  #take(length: number): Uint8Array {
    const taken = this.#input.subarray(this.#at, this.#at + length);
    this.#at += length;
    this.pending -= length;
    // Otherwise an idle connection would keep its last chunk in memory.
    if (this.pending === 0) this.#input = EMPTY;
    return taken;
  }

  #fail(code: number, reason: string): FrameEvent {
    this.#failed = true;
    this.#input = EMPTY;
    this.pending = 0;
    return { type: 'error', code, reason };
  }
}

/** A whole frame of a server, which is not masked. */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const frame = frameWithRoom(opcode, payload.length, payload.length);
  frame.set(payload, frame.length - payload.length);
  return frame;
}

/** The head of a frame with so many bytes of payload. */
export function frameHead(opcode: number, length: number): Uint8Array {
  return frameWithRoom(opcode, length, 0);
}

// The head of a frame with `length` bytes of payload, in an array with `room` bytes after it.
function frameWithRoom(opcode: number, length: number, room: number): Uint8Array {
  const size = length < 126 ? 2 : length <= 0xffff ? 4 : 10;
  const frame = new Uint8Array(size + room);
  frame[0] = 0x80 | opcode;
  if (size === 2) {
    frame[1] = length;
    return frame;
  }
  frame[1] = size === 4 ? 126 : 127;
  let rest = length;
  for (let i = size - 1; i > 1; i--) {
    frame[i] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
  return frame;
}

/** The payload of a close frame: a code, and as much of the reason as fits. */
export function closePayload(code: number, reason: string): Uint8Array {
  const text = utf8(reason);
  let end = Math.min(text.length, MAX_REASON);
  // No character is cut.
  while (end < text.length && (text[end]! & 0xc0) === 0x80) end--;
  return joined(new Uint8Array([code >> 8, code & 0xff]), text.subarray(0, end));
}

/** The code of a close frame: 1005 if there is none, null if it is not a valid one. */
export function closeCode(payload: Uint8Array): number | null {
  if (payload.length === 0) return 1005;
  const code = payload[0]! * 256 + payload[1]!;
  const isSayable = code >= 1000 && code < 5000 && !(code >= 1004 && code <= 1006) &&
    !(code >= 1015 && code < 3000);
  return payload.length > 1 && isSayable ? code : null;
}

function readLength(bytes: Uint8Array): number {
  let length = 0;
  // Above 2 ** 53 it is not exact, but too large anyway.
  for (const byte of bytes) length = length * 256 + byte;
  return length;
}

// Unmasks in place, four bytes at a time if there are many. Returns the position in the mask after them.
function unmask(bytes: Uint8Array, mask: Uint8Array, phase: number): number {
  const { length, byteOffset } = bytes;
  let i = 0;
  if (length >= 64) {
    for (; ((byteOffset + i) & 3) !== 0; i++) bytes[i]! ^= mask[(i + phase) & 3]!;
    const turned = new Uint8Array(4);
    for (let j = 0; j < 4; j++) turned[j] = mask[(i + phase + j) & 3]!;
    // In the byte order of the machine.
    const [word] = new Uint32Array(turned.buffer);
    const words = new Uint32Array(bytes.buffer, byteOffset + i, (length - i) >> 2);
    for (let j = 0; j < words.length; j++) words[j]! ^= word!;
    i += words.length * 4;
  }
  for (; i < length; i++) bytes[i]! ^= mask[(i + phase) & 3]!;
  return (phase + length) & 3;
}
