// Numbers on the wire: strict in replies, as lenient as memcached in requests.
import { latin1 } from './bytes.ts';

export const MAX_U32 = 0xffff_ffff;
export const MAX_U64 = 0xffff_ffff_ffff_ffffn;
const MAX_I64 = 0x7fff_ffff_ffff_ffffn;

/** Writes a non-negative safe integer in decimal at `at`; returns the position after it. */
export function putNumber(target: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    target[at] = 0x30 + value;
    return at + 1;
  }
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  let rest = value;
  for (let p = at + digits - 1; p >= at; p--) {
    const next = Math.floor(rest / 10);
    target[p] = 0x30 + (rest - next * 10);
    rest = next;
  }
  return at + digits;
}

/**
 * Reads `bytes[from, to)` as a decimal without sign: -1 when it is empty, holds anything else, or
 * is past the safe integers. Replies are read as strictly as this.
 */
export function digits(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to || to - from > 15) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Reads `bytes[from, to)` as an unsigned 64-bit decimal, strictly; null when it is not one. */
export function bigDigits(bytes: Uint8Array, from: number, to: number): bigint | null {
  const small = digits(bytes, from, to);
  if (small >= 0) return BigInt(small);
  return bigDecimal(latin1(bytes, from, Math.min(to, from + 21)));
}

/** A text as an unsigned 64-bit decimal, strictly; null when it is not one. */
export function bigDecimal(text: string): bigint | null {
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  return value < 0n || value > MAX_U64 ? null : value;
}

/**
 * The text behind a flag's letter as a decimal of at most 20 digits, rounded past 2^53; NaN when it
 * is none.
 */
export function flagNumber(flag: string): number {
  // By hand, as nearly every write and read calls this: a regular expression takes three times as
  // long.
  let number = flag.length > 1 && flag.length <= 21 ? 0 : NaN;
  for (let i = 1; i < flag.length; i++) {
    const digit = flag.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    number = number * 10 + digit;
  }
  return number;
}

/**
 * Reads `bytes[from, to)` as client flags: -1 when they are none. Servers may be built to keep 64
 * bits of them; such a number is rounded past 2^53, which is better than closing the connection.
 */
export function wideDigits(bytes: Uint8Array, from: number, to: number): number {
  const small = digits(bytes, from, to);
  return small >= 0 ? small : Number(bigDigits(bytes, from, to) ?? -1);
}

/** A decimal as a number if it is a safe integer, else as a bigint; undefined if it is not one. */
export function wholeNumber(text: string): number | bigint | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

// The rest of this file reads numbers as memcached reads them in requests, with C's strtol family:
// blanks and a sign may come first, white space ends the number, and a number that is too large is
// truncated, not refused.

const number = /^[ \t\n\v\f\r]*([+-]?)(\d+)(?=$|[ \t\n\v\f\r\0])/;

function parse(text: string): { negative: boolean; value: bigint } | null {
  const found = number.exec(text);
  if (found === null) return null;
  return { negative: found[1] === '-', value: BigInt(found[2]!) };
}

/** A signed 32-bit argument as memcached takes it: read in 64 bits, cut to 32. */
export function int32(text: string): number | null {
  const found = parse(text);
  if (found === null) return null;
  const value = found.negative ? -found.value : found.value;
  if (value < -MAX_I64 - 1n || value > MAX_I64) return null;
  return Number(BigInt.asIntN(32, value));
}

/** An unsigned 64-bit argument as memcached takes it: negative numbers wrap unless they stay big. */
export function uint64(text: string): bigint | null {
  const found = parse(text);
  if (found === null || found.value > MAX_U64) return null;
  const value = found.negative ? BigInt.asUintN(64, -found.value) : found.value;
  // The server looks for a minus sign only where the result has its top bit set.
  if (value > MAX_I64 && found.negative) return null;
  return value;
}

/** An unsigned 32-bit argument as memcached takes it: read in 64 bits, cut to 32. */
export function uint32(text: string): number | null {
  const value = uint64(text);
  return value === null ? null : Number(BigInt.asUintN(32, value));
}
