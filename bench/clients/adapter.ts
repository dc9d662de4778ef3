// The one face of all clients, so that one loop measures them.
import type { Load, ValueType } from './loads.ts';

/** What a load asks of a client. */
export interface Adapter {
  get(key: string): Promise<unknown>;
  set(key: string, value: Value): Promise<unknown>;
  /** Null where the client has no such call. */
  readonly getMany: ((keys: string[]) => Promise<unknown>) | null;
  setQuietly?(key: string, value: Value): Promise<unknown>;
  metaGet?(key: string): Promise<unknown>;
  /** What it returns as it was stored: none means that it returns nothing at all. */
  readonly returns: readonly ValueType[];
  /** The longest value that the client takes, in bytes; none is given where it takes them all. */
  readonly longest?: number;
  close(): unknown;
}

export type Value = string | Uint8Array;

/** Whether a client has the call, and takes and returns values like those of a load. */
export function canDo(client: Adapter, { operation, items, type }: Load): boolean {
  if (items.valueLength > (client.longest ?? Infinity)) return false;
  if (type !== undefined && !client.returns.includes(type)) return false;
  switch (operation) {
    case 'getMany':
      return client.getMany !== null;
    case 'quiet set':
      return client.setQuietly !== undefined;
    case 'meta get':
      return client.metaGet !== undefined;
    default:
      return true;
  }
}
