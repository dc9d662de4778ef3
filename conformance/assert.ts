// Assertions of the cases.
import { fromLatin1, latin1 } from '../core/wire/bytes.ts';

/** The failure of a case. */
export class CaseError extends Error {
  /** The name of the class. */
  override readonly name = 'CaseError';
}

/** Fails unless two values are equal; bytes are compared as text. */
export function equal(actual: unknown, expected: unknown, what = 'it'): void {
  const left = show(actual);
  const right = show(expected);
  if (left !== right) throw new CaseError(`${what} is\n  ${left}\nand must be\n  ${right}`);
}

/** Fails unless a condition holds. */
export function ok(condition: boolean, what: string): asserts condition {
  if (!condition) throw new CaseError(what);
}

/** Fails unless a call throws an error of this class; returns the error. */
export function throws<T extends Error>(
  call: () => unknown,
  type: abstract new (...args: never[]) => T,
  what = 'the call',
): T {
  try {
    call();
  } catch (error) {
    return isA(error, type, what);
  }
  throw new CaseError(`${what} must throw a ${type.name}`);
}

/**
 * Fails unless a promise rejects with an error of this class; returns the error. The returned
 * promise may be awaited late: see `awaitedLate`.
 */
export function rejects<T extends Error>(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => T,
  what = 'the promise',
): Promise<T> {
  return awaitedLate(rejection(promise, type, what));
}

/**
 * The same promise, for a case that awaits something else first: if that fails, this one is never
 * awaited, and its rejection must not crash the program that runs the case.
 */
export function awaitedLate<Late extends PromiseLike<unknown>>(promise: Late): Late {
  promise.then(undefined, () => {});
  return promise;
}

/** The bytes of text whose characters are one byte each. */
export function bytes(text: string): Uint8Array {
  return fromLatin1(text);
}

/** Bytes as text, one character for each. */
export function text(data: Uint8Array): string {
  return latin1(data);
}

/** A value as text, in which equal values look equal: bytes as text, Maps as pairs. */
export function show(value: unknown): string {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return latin1(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value === undefined) return '(undefined)';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Map) return [...value].map((pair) => pair.map(plain));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    fields.sort(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(fields.map(([name, field]) => [name, plain(field)]));
  }
  return value;
}

async function rejection<T extends Error>(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => T,
  what: string,
): Promise<T> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return isA(error, type, what);
  }
  throw new CaseError(`${what} must reject with a ${type.name}, it gave ${show(value)}`);
}

function isA<T extends Error>(
  error: unknown,
  type: abstract new (...args: never[]) => T,
  what: string,
): T {
  if (error instanceof type) return error;
  throw new CaseError(`${what} must fail with a ${type.name}, it failed with ${String(error)}`);
}
