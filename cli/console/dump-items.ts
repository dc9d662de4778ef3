// `dump --values`: reads the items of a dump.
import type { Client } from '../../core/client/server-client.ts';
import type { CallOptions } from '../../core/client/options.ts';
import type { Gets } from '../../core/client/operation-context.ts';
import type { Key } from '../../core/wire/command.ts';
import { encodeCommand } from '../../core/wire/encode-command.ts';
import type { ItemInfo } from '../../core/client/results.ts';
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
  items: AsyncIterable<ItemInfo>,
  options: CallOptions,
): AsyncIterable<Part> {
  let batch: ItemInfo[] = [];
  for await (const info of items) {
    batch.push(info);
    if (batch.length < BATCH) continue;
    yield* read(client, batch, options);
    batch = [];
  }
  if (batch.length > 0) yield* read(client, batch, options);
}

async function* read(
  client: Client,
  batch: readonly ItemInfo[],
  options: CallOptions,
): AsyncIterable<Part> {
  const found = await client.getsMany<Stored>(batch.map(({ key }) => key), options);
  for (const { key, expire } of batch) {
    const item = found.get(key);
    if (item !== undefined) yield dumpedPart(key, item, expire);
  }
}

function dumpedPart(key: Key, { value: stored, cas }: Gets<Stored>, expire: Date | null): Part {
  const item = itemPart(key, stored, cas);
  const { value, flags } = stored;
  return {
    ok: true,
    shown: () => `${showKey(key)} ${item.shown()}`,
    // The command that stores it again, so that a dump can be sent to a server unchanged.
    raw() {
      const { base64 } = toWireKey(key);
      const seconds = expire === null ? 0 : expire.getTime() / 1000;
      return encodeCommand(
        base64
          ? { verb: 'ms', key, base64, value, flags: [`F${flags}`, `T${seconds}`] }
          : { verb: 'set', key, flags, expire: seconds, value, noreply: false },
      );
    },
    json: () => ({ ...item.json(), expire }),
  };
}
