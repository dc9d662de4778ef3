import type { Client } from '../../core/client/server-client.ts';
import type { CallOptions } from '../../core/client/options.ts';
import type { Gets } from '../../core/client/operation-context.ts';
import type { Key } from '../../core/wire/command.ts';
import { encodeCommand } from '../../core/wire/encode-command.ts';
import type { ItemFacts } from '../../core/wire/reply.ts';
import { toWireKey } from './keys.ts';
import { itemPart, type Part, showKey } from './part.ts';
import type { Stored } from './stored.ts';

/** So many values are asked for at once. */
const BATCH = 100;

/**
 * The items that a dump names, with their values. What vanishes between the dump and the reading of
 * its value is left out.
 */
export async function* dumpItems(
  client: Client,
  items: AsyncIterable<ItemFacts>,
  options: CallOptions,
): AsyncIterable<Part> {
  let batch: ItemFacts[] = [];
  for await (const facts of items) {
    batch.push(facts);
    if (batch.length < BATCH) continue;
    yield* read(client, batch, options);
    batch = [];
  }
  if (batch.length > 0) yield* read(client, batch, options);
}

async function* read(
  client: Client,
  batch: readonly ItemFacts[],
  options: CallOptions,
): AsyncIterable<Part> {
  const found = await client.getsMany<Stored>(batch.map(({ key }) => key), options);
  for (const { key, exp } of batch) {
    const item = found.get(key);
    if (item !== undefined) yield dumpedPart(key, item, exp);
  }
}

function dumpedPart(key: Key, { value: stored, cas }: Gets<Stored>, exp: number): Part {
  const item = itemPart(key, stored, cas);
  const { value, flags } = stored;
  return {
    ok: true,
    shown: () => `${showKey(key)} ${item.shown()}`,
    // The command that would store it again, so that a dump can be sent to a server as it is.
    raw() {
      const { base64 } = toWireKey(key);
      const expire = Math.max(0, exp);
      return encodeCommand(
        base64
          ? { verb: 'ms', key, base64, value, flags: [`F${flags}`, `T${expire}`] }
          : { verb: 'set', key, flags, expire, value, noreply: false },
      );
    },
    json: () => ({ ...item.json(), exp }),
  };
}
