// The arguments of a meta request's flags, as the server reads them.
import { flagArgument } from '../wire/meta-flags.ts';
import { int32, uint32, uint64 } from '../wire/numbers.ts';
import type { Store } from './store.ts';

/** The arguments of a meta request's flags. The decoder has made sure that they can be read. */
export class MetaArguments {
  readonly list: readonly string[];
  readonly #store: Store;

  constructor(list: readonly string[], store: Store) {
    this.list = list;
    this.#store = store;
  }

  has(letter: string): boolean {
    return flagArgument(this.list, letter) !== undefined;
  }

  text(letter: string): string | undefined {
    return flagArgument(this.list, letter);
  }

  u64(letter: string): bigint | null {
    const text = flagArgument(this.list, letter);
    return text === undefined ? null : uint64(text);
  }

  /** A time to live, as the store's time of expiry. */
  expire(letter: string): number | null {
    const text = flagArgument(this.list, letter);
    return text === undefined ? null : this.#store.expireAt(int32(text) ?? 0);
  }
}

/** The client flags that an `ms` names. */
export function clientFlags(flags: readonly string[]): number {
  return uint32(flagArgument(flags, 'F') ?? '0') ?? 0;
}
