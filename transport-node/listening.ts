// The common part of `listen` on Node, Deno and Bun, which only differ in their runtimes' calls.
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { withoutKey } from '../core/client/connection/endpoint.ts';
import type { Accept, Endpoint, Listener, ListenOptions } from '../core/io/transport.ts';

/**
 * Listens on TCP (port 0 for a free one), on a unix socket, or with TLS, which needs a certificate
 * and its key.
 *
 * A socket file that was left behind at the path is replaced, as memcached does.
 *
 * @param mode The permissions of the socket file; 0o700 by default, as memcached's.
 */
export type Listen = (at: Endpoint, accept: Accept, mode?: number) => Promise<Listener>;

/** `Listen`, with all options. */
export type ListenAt = (
  at: Endpoint,
  accept: Accept,
  options: ListenOptions,
) => Promise<Listener>;

export const listenBy = (listenAt: ListenAt): Listen => async (at, accept, mode) => {
  const listener = await listenAt(at, accept, mode === undefined ? {} : { mode });
  return { ...listener, endpoint: withoutKey(listener.endpoint) };
};

/** Creates a socket file at the path, and replaces one that was left behind. */
export async function atSocketFile<Listening>(
  path: string,
  { mode = 0o700 }: ListenOptions,
  open: () => Listening | Promise<Listening>,
): Promise<Listening> {
  removeSocket(path);
  const listening = await open();
  chmodSync(path, mode);
  return listening;
}

/** The address of a peer, for `Accept`. */
export function peerName(at: Endpoint, host = '?', port = 0): string {
  return 'path' in at ? `unix:${at.path}` : `tcp:${host}:${port}`;
}

// Nothing but a socket.
function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch {
    // There is nothing, or it cannot be read: listening reports the error.
  }
}
