// The common part of `listen` on Node, Deno and Bun, which only differ in their runtimes' calls.
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { withoutKey } from '../core/client/connection/endpoint.ts';
import {
  type Accept,
  type Dialer,
  type Endpoint,
  type Listener,
  type ListenOptions,
  newAborter,
} from '../core/io/transport.ts';

/**
 * Listens on TCP (port 0 for a free one), on a unix socket, or with TLS, which needs a certificate
 * and its key.
 *
 * A socket file that was left behind at the path is replaced. If a server still answers there, it
 * rejects with the code EADDRINUSE, as with a port that is taken.
 *
 * @param mode The permissions of the socket file; 0o700 by default, as memcached's.
 * @throws UsageError when TLS lacks the certificate or its key.
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
  dial: Dialer,
  open: () => Listening | Promise<Listening>,
): Promise<Listening> {
  if (isSocket(path)) await removeLeftBehind(path, dial);
  const listening = await open();
  chmodSync(path, mode);
  return listening;
}

/** The address of a peer, for `Accept`. */
export function peerName(at: Endpoint, host = '?', port = 0): string {
  return 'path' in at ? `unix:${at.path}` : `tcp:${host}:${port}`;
}

// If it cannot be read, listening reports the error.
function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

/**
 * Removes a socket file where nobody listens. To replace one that is in use would take its clients
 * away, and the first listener to close would remove the file of the other.
 *
 * @throws An error with the code EADDRINUSE if a server answers: Bun would listen none the less.
 */
async function removeLeftBehind(path: string, dial: Dialer): Promise<void> {
  try {
    const events = { onData() {}, onDrain() {}, onClosed() {} };
    (await dial({ path }, events, newAborter().signal)).abort();
  } catch (error) {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    // Another failure, such as that of a server with a full queue, is for listening to report.
    if (isRefused) rmSync(path, { force: true });
    return;
  }
  const error = new Error(`listen EADDRINUSE: address already in use ${path}`);
  throw Object.assign(error, { code: 'EADDRINUSE' });
}
