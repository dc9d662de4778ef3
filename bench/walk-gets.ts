// The gets of a walk, made by a client of the built package.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';

export const DIST: string = join(import.meta.dirname, '../dist/modules');
export const LOOPBACK = { host: '127.0.0.1', port: 0 } as const;
/** The token of the client: a program has no origin, so the bridge admits it by a token. */
export const TOKEN = 'a-token-for-a-walk';

const KEY = 'session:1a2b3c4d5e6f';

/** A message to the page in another process: how many gets to make. */
export interface PageRequest {
  /** The port of the bridge. */
  readonly port: number;
  readonly inFlight: number;
  readonly gets: number;
}

export interface Getter {
  get(key: string): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
}

type WebPackage = typeof import('../transport-web/mod.ts');

/** Connects a web client to the bridge on a port, and stores the item to get. */
export async function pageClient(port: number): Promise<Getter> {
  const { Client } = await import(built('transport-web')) as WebPackage;
  return prepared(new Client(`ws://127.0.0.1:${port}`, { WebSocket, token: TOKEN }));
}

/** Stores the item to get; resolves with the client. */
export async function prepared(client: Getter): Promise<Getter> {
  await client.set(KEY, 'x'.repeat(100));
  return client;
}

/** Makes so many gets, with so many in flight. */
export async function getOften(client: Getter, inFlight: number, gets: number): Promise<void> {
  for (let done = 0; done < gets; done += inFlight) {
    if (inFlight === 1) await client.get(KEY);
    else await Promise.all(Array.from({ length: inFlight }, () => client.get(KEY)));
  }
}

/** The address of a module in dist. */
export function built(folder: string, name = 'mod'): string {
  return pathToFileURL(join(DIST, folder, `${name}.js`)).href;
}
