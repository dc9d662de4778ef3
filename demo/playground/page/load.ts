import { type Client, MemcacheError } from '../../../transport-web/mod.ts';

/** How many keys there are; few are asked for often, and many seldom, as everywhere. */
const KEYS = 300;

/** Milliseconds between two commands, about. */
const PAUSE = 10;

const value = new TextEncoder().encode('a value of the load '.repeat(8));

/**
 * A program with a cache, in small: it asks for a key, and stores it for a few seconds where it was
 * not there. It ends with its signal.
 */
export async function runLoad(client: Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const key = `load:${Math.floor(KEYS * Math.random() ** 3)}`;
    try {
      const found = await client.get(key, { signal });
      const expire = 5 + Math.floor(20 * Math.random());
      if (found === undefined) await client.set(key, value, { expire, signal });
    } catch (error) {
      // It goes on when the server is there again; the chart has a gap meanwhile.
      if (!(error instanceof MemcacheError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
