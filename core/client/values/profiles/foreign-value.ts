// Values that only the client that wrote them can read.
import { UsageError } from '../../../wire/errors.ts';
import { ownBytes } from '../serde.ts';

/**
 * A stored value that only the client that wrote it can read: a pickle, a marshalled or serialised
 * object, an unavailable compression. It is never parsed. Storing it again stores the
 * same bytes and flags.
 */
export class ForeignValue {
  /** The bytes of the value. */
  readonly bytes: Uint8Array;
  /** Its client flags. */
  readonly flags: number;

  /** The bytes of the value. */
  constructor(bytes: Uint8Array, flags: number) {
    this.bytes = ownBytes(bytes);
    this.flags = flags;
  }
}

/**
 * Stores a foreign value as it was.
 *
 * @throws UsageError for any other value, which the other client would encode in its own way.
 */
export function storeForeign(
  client: string,
  value: unknown,
): { readonly value: Uint8Array; readonly flags: number } {
  if (value instanceof ForeignValue) return { value: value.bytes, flags: value.flags };
  const what = value === null ? 'null' : typeof value;
  throw new UsageError('value', `${client} could not read a value of type ${what}`);
}
