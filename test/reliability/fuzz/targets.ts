// The targets of the fuzzer by their names, and those that are broken on purpose.
import { clientConnection } from './client.ts';
import { replies, requestsOfPeers } from './decoders.ts';
import { frames } from './frames.ts';
import { serverConnection } from './server.ts';
import { sameAs, target } from './target.ts';

/** The decoders and the connections. */
export const targets = {
  replies,
  requests: requestsOfPeers,
  client: clientConnection,
  server: serverConnection,
  frames,
};

const held: number[][] = [];

/** Each breaks another law, at its third input. They prove that a broken law is found. */
export const brokenTargets = {
  loops: broken(() => {
    for (;;);
  }),
  grows: broken(() => {
    for (;;) held.push(Array<number>(1_000_000).fill(held.length));
  }),
  throws: broken(() => {
    throw new TypeError('no error of the protocol');
  }),
  differs: broken(() => sameAs([new Uint8Array(2)], [new Uint8Array(3)], 'cut it gives')),
  /** Has a fast path, and never takes it. */
  isSlow: target('on the fast path', () => ({}), () => 0),
};

/** The name of a target. */
export type TargetName = keyof typeof targets | keyof typeof brokenTargets;

// What the third seed gives.
const THIRD = 3_093_350_482;

function broken(breakLaw: () => void): ReturnType<typeof target> {
  return target(null, (random) => ({ data: random.below(2 ** 32) }), ({ data }) => {
    if (data === THIRD) breakLaw();
    return 0;
  });
}
