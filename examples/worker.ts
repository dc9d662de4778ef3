// A Cloudflare Worker that keeps its pages in memcached for a minute.
//
//   npm install memwire wrangler
//   npx wrangler dev worker.ts --var MEMCACHED:localhost:11211 --compatibility-date 2026-01-01
import { Client } from 'memwire/workers';

interface Environment {
  /** `host:port` of a memcached. */
  readonly MEMCACHED: string;
}

export default {
  async fetch(request: Request, env: Environment): Promise<Response> {
    // In a Worker a connection belongs to the request that opened it. So does the client.
    await using client = new Client(env.MEMCACHED);
    const { pathname } = new URL(request.url);
    const kept = await client.get<string>(pathname);
    if (kept !== undefined) return new Response(kept, { headers: { 'X-Cache': 'hit' } });
    const page = `made for ${pathname} at ${new Date().toISOString()}\n`;
    await client.set(pathname, page, { expire: 60 });
    return new Response(page, { headers: { 'X-Cache': 'miss' } });
  },
};
