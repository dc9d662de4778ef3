// Transport cases: owners that throw.
import { equal } from '../assert.ts';
import type { Case } from '../case.ts';
import { connected, type TransportContext } from './context.ts';
import { AskingEvents, BorrowingEvents } from './peer.ts';

const giveUp = (): never => {
  throw new Error('cannot go on');
};

/** Requirements on a transport whose owner's callbacks throw. */
export const ownerCases: readonly Case<TransportContext>[] = [
  connected('what its owner throws at a chunk ends it, and is the cause', async ({ near, far }) => {
    near.onData = giveUp;
    far.send('ping');
    equal((await near.closed)?.message, 'cannot go on');
    await far.closed;
    equal([near.ends, far.ends], [1, 1]);
  }),
  connected(
    'an owner that accepts lent chunks gets every byte, in order',
    async ({ near, far }) => {
      // Pieces on both sides of the sizes of read buffers, with pauses that cut them into reads.
      const sizes = [1, 2047, 2048, 2049, 9000, 65_536, 100_000, 5, 70_000];
      let byte = 0;
      for (const size of sizes) {
        const piece = Uint8Array.from({ length: size }, () => byte = (byte + 7) % 251);
        const [found] = await Promise.all([near.readBytes(size), far.sendAll(piece)]);
        equal(found, piece);
      }
    },
    () => new BorrowingEvents(),
  ),
  connected(
    'an owner that asks for memory gets every byte, in order',
    async ({ near, far }) => {
      for (const size of [5, 100_000, 250_000, 9000, 300_000]) {
        const piece = Uint8Array.from({ length: size }, (_, i) => (i + size) % 251);
        const [found] = await Promise.all([near.readBytes(size), far.sendAll(piece)]);
        equal(found, piece);
      }
    },
    () => new AskingEvents(),
  ),
  connected(
    'an exception at a lent chunk ends it, and is the cause',
    async ({ near, far }) => {
      near.onLent = giveUp;
      near.onData = giveUp;
      far.send('ping');
      equal((await near.closed)?.message, 'cannot go on');
      await far.closed;
      equal([near.ends, far.ends], [1, 1]);
    },
    () => new BorrowingEvents(),
  ),
  connected('what the owner of an accepted one throws ends it too', async ({ near, far }) => {
    far.onData = giveUp;
    near.send('ping');
    equal((await far.closed)?.message, 'cannot go on');
    await near.closed;
    equal([near.ends, far.ends], [1, 1]);
  }),
  connected('what its owner throws at a drain ends it, and is the cause', async ({ near, far }) => {
    near.onDrain = giveUp;
    far.transport!.pause();
    const chunk = new Uint8Array(256 * 1024);
    while (near.transport!.send(chunk) === chunk.length);
    far.transport!.resume();
    equal((await near.closed)?.message, 'cannot go on');
    await far.closed;
    equal([near.ends, far.ends], [1, 1]);
  }),
];
