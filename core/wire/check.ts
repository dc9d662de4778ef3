import { UsageError } from './errors.ts';
import { MAX_U32, MAX_U64 } from './numbers.ts';

// What arguments are held to. Callers in JavaScript may pass anything, so each takes anything.

/** @throws UsageError naming the argument and the rule, unless it holds. */
export function demand(holds: boolean, argument: string, rule: string): asserts holds {
  if (!holds) throw new UsageError(argument, rule);
}

/** Options, or whatever else has to be an object. */
export function checkObject(argument: string, value: unknown): void {
  demand(typeof value === 'object' && value !== null, argument, 'must be an object');
}

export function checkBoolean(argument: string, value: boolean): boolean {
  demand(typeof value === 'boolean', argument, 'must be true or false');
  return value;
}

/** One of a few words. */
export function checkChoice(argument: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) {
    throw new UsageError(argument, `must be one of ${choices.join(', ')}`);
  }
}

/** What a table has under a name, one of its own. */
export function checkEntry<Name extends string, Value>(
  argument: string,
  table: Readonly<Record<Name, Value>>,
  name: Name,
): Value {
  checkChoice(argument, name, Object.keys(table));
  return table[name];
}

/** A whole number in a range, its ends included. */
export function checkWhole(argument: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new UsageError(argument, `must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** An unsigned 32-bit number: client flags, mostly. */
export function checkU32(argument: string, value: number): number {
  return checkWhole(argument, value, 0, MAX_U32);
}

/** An unsigned 64-bit number. @param kind What the caller may pass, for errors. */
export function checkU64(argument: string, value: unknown, kind = 'bigint'): bigint {
  if (typeof value !== 'bigint' || value < 0n || value > MAX_U64) {
    throw new UsageError(argument, `must be a ${kind} from 0 to ${MAX_U64}`);
  }
  return value;
}

/** A text that is not empty. */
export function checkText(argument: string, text: unknown): asserts text is string {
  const isText = typeof text === 'string' && text !== '';
  demand(isText, argument, 'must be a string that is not empty');
}

/** A text that is the same after it has gone out as UTF-8, where such a surrogate is U+FFFD. */
export function checkWellFormed(argument: string, text: string): void {
  demand(!/\p{Cs}/u.test(text), argument, 'must not contain a lone surrogate');
}

/** Seconds, as the server parses them: a signed 32-bit number. */
export function checkSeconds(argument: string, value: number): number {
  const rule = 'must be a whole number of seconds within 32 bits';
  demand(typeof value === 'number' && value === (value | 0), argument, rule);
  return value;
}

/** Milliseconds, as timers take them. @param most Infinity where there may be no end. */
export function checkMilliseconds(argument: string, value: number, most = 0x7fff_ffff): number {
  const isTime = typeof value === 'number' && value > 0 && value <= most;
  demand(isTime, argument, 'must be a number of milliseconds, more than 0');
  return value;
}
