import type { Serde } from '../../core/client/values/serde.ts';
import { UsageError } from '../../core/wire/errors.ts';

/** A value as the server keeps it. */
export interface Stored {
  readonly value: Uint8Array;
  readonly flags: number;
}

/** For clients of consoles: whoever types decides what bytes mean. */
export const asStored: Serde = {
  serialize(_key, value) {
    if (value instanceof Uint8Array) return { value, flags: 0 };
    throw new UsageError('value', 'must be bytes');
  },
  deserialize: (_key, value, flags): Stored => ({ value, flags }),
};
