// A small load, as a program with a cache makes it.
import { type Client, MemcacheError } from '../../../transport-web/mod.ts';

/** The number of keys; a few are requested often, and many seldom, as in real caches. */
const KEYS = 300;

/** The average milliseconds between two commands. */
const PAUSE = 10;

const value = new TextEncoder().encode('a value of the load '.repeat(8));

/**
 * Simulates a program with a cache: it reads a key, and stores it for a few seconds after a miss.
 * It ends with its signal.
 */
export async function runLoad(client: Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const key = `load:${Math.floor(KEYS * Math.random() ** 3)}`;
    try {
      const found = await client.get(key, { signal });
      const expire = 5 + Math.floor(20 * Math.random());
      if (found === undefined) await client.set(key, value, { expire, signal });
    } catch (error) {
      // It continues when the server is back; the chart has a gap meanwhile.
      if (!(error instanceof MemcacheError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
