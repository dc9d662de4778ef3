// Values of the console, which are bytes and client flags.
import type { Serde } from '../../core/client/values/serde.ts';
import { UsageError } from '../../core/wire/errors.ts';

/** A value as it is stored: bytes and client flags. */
export interface Stored {
  readonly value: Uint8Array;
  readonly flags: number;
}

/** The serde of consoles, which leaves bytes as they are: the user decides what they mean. */
export const asStored: Serde = {
  serialize(_key, value) {
    if (value instanceof Uint8Array) return { value, flags: 0 };
    throw new UsageError('value', 'must be bytes');
  },
  deserialize: (_key, value, flags): Stored => ({ value, flags }),
};
