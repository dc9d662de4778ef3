import type { Command, Value } from '../wire/command.ts';
import type { WireKey } from './key-policy.ts';

/** What a write carries besides its key and value. */
export interface WriteFields {
  /** As the protocol's exptime. */
  readonly expire: number;
  readonly flags: number;
  /** Ask for no reply where all is well. */
  readonly quiet: boolean;
}

/**
 * How each operation becomes a command. What their replies mean is the same in every dialect, so
 * that is not here: see `results.ts`.
 */
export interface Dialect {
  /** Quiet writes still report what fails; a classic `noreply` is silent about some of it. */
  readonly reportsQuietFailures: boolean;
  get(key: WireKey, withCas: boolean): Command;
  /** Reads, and sets when it expires. */
  getAndTouch(key: WireKey, withCas: boolean, expire: number): Command;
  /** One command for many keys, or null where each needs its own. */
  getMany(keys: readonly WireKey[], withCas: boolean): Command | null;
  store(mode: StoreMode, key: WireKey, value: Value, fields: WriteFields): Command;
  cas(key: WireKey, value: Value, cas: bigint, fields: WriteFields): Command;
  delete(key: WireKey, quiet: boolean): Command;
  arithmetic(key: WireKey, direction: 'incr' | 'decr', delta: bigint, quiet: boolean): Command;
  touch(key: WireKey, expire: number, quiet: boolean): Command;
}

export type StoreMode = 'set' | 'add' | 'replace' | 'append' | 'prepend';
