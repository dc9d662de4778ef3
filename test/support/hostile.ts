// Hostile peers of a bridge, which a process of their own plays.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a peer may do. */
export const hostileKinds = [
  'deaf',
  'slow',
  'huge',
  'heavy',
  'silent',
  'flood',
  'pings',
  'stranger',
] as const;

/** What a peer does. */
export type HostileKind = typeof hostileKinds[number];

/** The origin of the pages. */
export const origin = 'https://app.example.org';

/** The token that all of them know, but for strangers. */
export const hostileToken = 'a-token-of-the-tests';

/** Begins; resolves when all peers have. */
export async function startHostile(
  node: string,
  port: number,
  kinds: readonly HostileKind[],
): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('hostile-main.ts', import.meta.url));
  const child = spawn(
    node,
    ['--import', 'tsx', program, String(port), hostileToken, ...kinds],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Uint8Array) => {
      if (String(chunk).includes('hostile')) resolve();
    });
  });
  return child;
}
