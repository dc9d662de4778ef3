// Rules for keys, and how keys are written and read.
import { base64Length, putBase64, toBase64 } from './base64.ts';
import { fromLatin1, isBytes, latin1 } from './bytes.ts';
import { checkBoolean } from './check.ts';
import type { Key } from './command.ts';
import { UsageError } from './errors.ts';

/** The longest key in bytes, as counted on the wire: with its prefix, and as base64 if it is sent so. */
export const MAX_KEY = 250;

/**
 * Checks a key that goes out as it is.
 *
 * The rules are the protocol's own and stricter than the server's checks: memcached accepts a tab or
 * another control character in a key, but its own dumps and other clients do not.
 *
 * @throws UsageError naming the rule.
 */
export function checkKey(key: Key): void {
  if (typeof key !== 'string' && !isBytes(key)) refuseType();
  if (key.length === 0 || key.length > MAX_KEY) refuseLength(key.length);
  if (typeof key === 'string') {
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      if (code <= 0x20 || code >= 0x7f) refuse(code);
    }
  } else {
    for (let i = 0; i < key.length; i++) {
      const byte = key[i]!;
      if (byte <= 0x20 || byte === 0x7f) refuse(byte);
    }
  }
}

/**
 * Checks a key that goes out as base64: any bytes, or ASCII text.
 *
 * @throws UsageError naming the rule.
 */
export function checkBase64Key(key: Key): void {
  if (typeof key !== 'string' && !isBytes(key)) refuseType();
  const length = base64Length(key.length);
  if (length === 0 || length > MAX_KEY) refuseLength(length);
  if (typeof key !== 'string') return;
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) >= 0x80) refuse(0x80);
}

/**
 * Checks a key of a meta command.
 *
 * @throws UsageError naming the rule.
 */
export function checkMetaKey(key: Key, base64: boolean): void {
  if (typeof base64 !== 'boolean') checkBoolean('base64', base64);
  if (base64) checkBase64Key(key);
  else checkKey(key);
}

/**
 * Writes a key at `at`; returns the position after it. Checks once more while it writes, so that
 * a key which changed after it was checked cannot break the line.
 */
export function putKey(target: Uint8Array, at: number, key: Key): number {
  if (typeof key !== 'string' && !isBytes(key)) refuseType();
  const length = key.length;
  if (length === 0 || length > MAX_KEY) refuseLength(length);
  if (typeof key === 'string') {
    for (let i = 0; i < length; i++) {
      const code = key.charCodeAt(i);
      if (code <= 0x20 || code >= 0x7f) refuse(code);
      target[at + i] = code;
    }
  } else {
    for (let i = 0; i < length; i++) {
      const byte = key[i]!;
      if (byte <= 0x20 || byte === 0x7f) refuse(byte);
      target[at + i] = byte;
    }
  }
  return at + length;
}

/** Writes the base64 of a key at `at`; returns the position after it. */
export function putBase64Key(target: Uint8Array, at: number, key: Key): number {
  checkBase64Key(key);
  return putBase64(target, at, keyBytes(key));
}

/** A key as bytes. */
export function keyBytes(key: Key): Uint8Array {
  return typeof key === 'string' ? fromLatin1(key) : key;
}

/** A key as text: one character for each byte. */
export function keyText(key: Key): string {
  return typeof key === 'string' ? key : latin1(key);
}

/** A key as meta commands and their replies spell it. */
export function spelledKey(key: Key, base64: boolean): string {
  return base64 ? toBase64(keyBytes(key)) : keyText(key);
}

/** Checks a key that is not text. */
export function checkBytes(key: Uint8Array): void {
  if (!isBytes(key)) refuseType();
}

function refuseType(): never {
  throw new UsageError('key', 'must be a string or a Uint8Array');
}

function refuseLength(length: number): never {
  if (length === 0) throw new UsageError('key', 'must not be empty');
  throw new UsageError('key', `must be at most ${MAX_KEY} bytes on the wire, it has ${length}`);
}

function refuse(code: number): never {
  if (code > 0x7f) {
    throw new UsageError('key', 'must be ASCII: unicode keys are an option, or pass bytes');
  }
  if (code === 0x20) throw new UsageError('key', 'must not contain a space');
  const name = code === 0x0d ? 'CR' : code === 0x0a ? 'LF' : code === 0 ? 'NUL' : null;
  const what = name ?? `the control character 0x${code.toString(16).padStart(2, '0')}`;
  throw new UsageError('key', `must not contain ${what}`);
}
