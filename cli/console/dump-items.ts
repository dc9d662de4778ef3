// `dump --values`: reads the items of a dump.
import type { Client } from '../../core/client/clients.ts';
import type { CallOptions, Gets } from '../../core/client/memcache-options.ts';
import type { Key } from '../../core/wire/command.ts';
import { encodeCommand } from '../../core/wire/encode-command.ts';
import type { ItemFacts } from '../../core/wire/reply.ts';
import { toWireKey } from './keys.ts';
import { itemPart, type Part, showKey } from './part.ts';
import type { Stored } from './stored.ts';

/** How many values are requested at once. */
const BATCH = 100;

/**
 * The items that a dump names, with their values. Items that vanish before their value is read are
 * left out.
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
    // The command that stores it again, so that a dump can be sent to a server unchanged.
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
