// Builds a real Next with the cache handler, starts two servers of it, and has them share a cache.
// It installs Next, and is no part of `npm test`: `npx tsx package/users/hosts/next-run.ts`, with a
// memcached.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { tarball } from '../../../test/house/user-project.ts';
import { findProgram, freePort, startMemcached } from '../../../test/support/memcached.ts';
import { temporaryDirectory } from '../../../test/support/temporary.ts';

const VERSIONS = ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1', 'typescript@5.9.3'];
const TYPES = ['@types/react@19.2.7', '@types/node@22.20.5'];

const memcached = await startMemcached(findProgram('memcached') ?? 'memcached');
const cachePort = 'port' in memcached.endpoint ? memcached.endpoint.port : 0;
const directory = temporaryDirectory();

const files: Readonly<Record<string, string>> = {
  'package.json': '{ "private": true, "type": "module" }',
  'next.config.mjs': `export default {
  cacheHandler: import.meta.dirname + '/cache-handler.mjs',
  cacheMaxMemorySize: 0,
  turbopack: { root: import.meta.dirname },
};`,
  'cache-handler.mjs': `import { Client } from 'memwire';
import { nextCacheHandler } from 'memwire/next';
const client = new Client('127.0.0.1:${cachePort}');
export default nextCacheHandler(client, { prefix: 'next:1:', onError: console.error });`,
  // What Next asks of the class that it is given.
  'types.check.ts': `import type { CacheHandler } from 'next/dist/server/lib/incremental-cache';
import { nextCacheHandler } from 'memwire/next';
type Shape = Pick<CacheHandler, 'set' | 'revalidateTag' | 'resetRequestCache'>;
export const shape = (Handler: ReturnType<typeof nextCacheHandler>): Shape => new Handler();
type Get = Parameters<CacheHandler['get']>;
export const get = (Handler: ReturnType<typeof nextCacheHandler>, ...asked: Get) =>
  new Handler().get(...asked);`,
  'app/layout.jsx': `export default function Layout({ children }) {
  return <html><body>{children}</body></html>;
}`,
  'app/page.jsx': `export const revalidate = 3600;
export default function Page() { return <p>{Math.random()}</p>; }`,
  'app/loaded/page.jsx': `import { unstable_cache } from 'next/cache';
export const dynamic = 'force-dynamic';
const load = unstable_cache(async () => Math.random(), ['number'], { tags: ['numbers'] });
export default async function Page() { return <p>{await load()}</p>; }`,
  'app/revalidate/route.js': `import { revalidatePath, revalidateTag } from 'next/cache';
export async function POST() {
  revalidateTag('numbers', { expire: 0 });
  revalidatePath('/');
  return Response.json({});
}`,
};
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(directory, name)), { recursive: true });
  writeFileSync(join(directory, name), text);
}
const servers: ChildProcess[] = [];
try {
  run('npm', 'install', '--no-save', tarball().file, ...VERSIONS, ...TYPES);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext'];
  run('npx', 'tsc', ...options, '--moduleResolution', 'bundler', 'types.check.ts');
  writeFileSync(join(directory, 'types.check.ts'), '');
  run('npx', 'next', 'build');
  const [one, other] = [await serve(), await serve()];
  for (const path of ['/', '/loaded']) {
    const first = await ask(one, path);
    assert.is(await ask(other, path), first, `${path} is the same on both`);
    assert.is(await ask(one, path), first, `${path} is cached`);
    await fetch(`http://127.0.0.1:${one}/revalidate`, { method: 'POST' });
    const second = await ask(other, path);
    assert.is.not(second, first, `${path} was revalidated on the other server`);
    assert.is(await ask(one, path), second, `${path} is the same again`);
  }
  console.log(`good: ${VERSIONS.join(', ')}`);
} finally {
  for (const server of servers) server.kill('SIGKILL');
  await memcached.stop();
}

function run(program: string, ...args: string[]): void {
  const options = { cwd: directory, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(program, args, options);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`);
}

/** Starts a server, and returns its port when it answers. */
async function serve(): Promise<number> {
  const port = await freePort();
  const next = join(directory, 'node_modules/next/dist/bin/next');
  const args = [next, 'start', '-p', String(port)];
  servers.push(spawn(process.execPath, args, { cwd: directory, stdio: 'inherit' }));
  for (let tries = 0;; tries++) {
    try {
      await ask(port, '/');
      return port;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function ask(port: number, path: string): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const [, number] = /<p>([\d.]+)<\/p>/.exec(text) ?? [];
  if (number === undefined) throw new Error(text);
  return number;
}
