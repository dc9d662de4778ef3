// Holds another client, the npm package `memcache`, against the conformance cases of a client.
//   npm install memwire memcache
//   npx tsx judge-memcache-npm.ts
import { fileURLToPath } from 'node:url';
import { Memcache } from 'memcache';
import { endpointName, type Expire, listen } from 'memwire';
import {
  type CaseReport,
  foreignClient,
  type JudgedClient,
  memcacheCases,
  runCases,
} from 'memwire/conformance';
import { Server, systemClock, VirtualClock } from 'memwire/server';

/**
 * The features that it has besides `get`, `set`, `delete` and `close`. `cas` is missing: there is
 * no way to learn the version that its `cas` compares. So are types: all that it stores is text.
 */
const features = new Set([
  ...['add', 'replace', 'append', 'prepend', 'incr', 'decr', 'touch', 'getMany'],
  ...['expire', 'long-keys'],
]);

/**
 * Gives its methods the names, arguments and results that the cases expect. Only cases that need a
 * feature it lacks use keys and values other than strings.
 */
function adapt(client: Memcache): JudgedClient {
  const seconds = (expire: Expire = 0): number =>
    typeof expire === 'number' ? expire : Math.ceil((expire.getTime() - systemClock.now()) / 1000);
  const counted = (value: number | undefined): bigint | undefined =>
    value === undefined ? undefined : BigInt(value);
  return foreignClient({
    get: (key) => client.get(String(key)),
    getMany: (keys) => client.gets([...keys].map(String)),
    set: (key, value, options) => client.set(String(key), String(value), seconds(options?.expire)),
    add: (key, value, options) => client.add(String(key), String(value), seconds(options?.expire)),
    replace: (key, value) => client.replace(String(key), String(value)),
    append: (key, value) => client.append(String(key), String(value)),
    prepend: (key, value) => client.prepend(String(key), String(value)),
    delete: (key) => client.delete(String(key)),
    touch: (key, expire) => client.touch(String(key), seconds(expire)),
    incr: async (key, delta = 1) => counted(await client.incr(String(key), Number(delta))),
    decr: async (key, delta = 1) => counted(await client.decr(String(key), Number(delta))),
    close: () => client.quit(),
  });
}

/** Runs the cases against an embedded server with a virtual clock. */
export async function judge(): Promise<CaseReport> {
  const clock = new VirtualClock();
  const server = new Server({}, clock);
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const nodes = [endpointName(listener.endpoint)];
  let count = 0;
  const report = await runCases(memcacheCases, () => ({
    create: () => adapt(new Memcache({ nodes })),
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique: () => `j${String(count++).padStart(7, '0')}`,
  }), { timeout: 3000, has: (need) => features.has(need) });
  await listener.close();
  server.close();
  return report;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed, skipped } = await judge();
  for (const { name, error } of failed) console.log(`FAILED   ${name}\n  ${error.message}`);
  for (const { name, need } of skipped) console.log(`skipped  ${name} (needs ${need})`);
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
}
