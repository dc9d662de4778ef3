// Transport cases: half-close.
import { awaitedLate, equal } from '../assert.ts';
import type { Case } from '../case.ts';
import { type HalfCloseTransportContext, never } from './context.ts';
import { startPeer, TestEvents } from './peer.ts';

/** More than any buffer holds: some of it is refused when the peer half-closes. */
const owed: Uint8Array = new Uint8Array(8 * 1024 * 1024).fill(7);

/** Requirements on a transport whose peer may half-close. */
export const halfCloseTransportCases: readonly Case<HalfCloseTransportContext>[] = [
  {
    name: 'half-close: onEnd tells once that the peer says no more, and what follows still arrives',
    async run({ dial, listenAndEnd }) {
      const peer = await listenAndEnd('bye');
      void awaitedLate(peer.heard);
      const near = new TestEvents(true);
      near.transport = await dial(peer.endpoint, near, never());
      near.send('a question');
      equal(await near.read(3), 'bye');
      await near.peerEnded;
      await near.sendAll(owed);
      near.transport.close();
      equal((await peer.heard).length, 'a question'.length + owed.length, 'how much arrives');
      equal(await near.closed, null);
      equal([near.peerEnds, near.ends], [1, 1], 'how often each end was told');
      await peer.close();
    },
  },
  {
    name: 'half-close: onEnd comes behind all that was sent before it',
    async run({ dial, listenAndEnd }) {
      const peer = await listenAndEnd('x'.repeat(300_000));
      void awaitedLate(peer.heard);
      const near = new TestEvents(true);
      near.transport = await dial(peer.endpoint, near, never());
      near.send('a question');
      await near.peerEnded;
      equal(near.chunks.reduce((sum, chunk) => sum + chunk.length, 0), 300_000, 'what came before');
      near.transport.close();
      await peer.heard;
      await peer.close();
    },
  },
  {
    name: 'half-close: abort after onEnd ends it at once',
    async run({ dial, listenAndEnd }) {
      const peer = await listenAndEnd('bye');
      void awaitedLate(peer.heard);
      const near = new TestEvents(true);
      near.transport = await dial(peer.endpoint, near, never());
      near.send('a question');
      await near.peerEnded;
      near.transport.abort();
      equal(await near.closed, null);
      await peer.heard;
      await peer.close();
    },
  },
  {
    name: 'half-close: without onEnd all that is owed is sent, and then it ends',
    async run({ dial, listenAndEnd }) {
      const peer = await listenAndEnd('bye');
      void awaitedLate(peer.heard);
      const near = new Debtor();
      near.transport = await dial(peer.endpoint, near, never());
      near.pay();
      equal((await peer.heard).length, owed.length, 'how much arrives');
      equal(await near.closed, null);
      await peer.close();
    },
  },
  {
    name: 'half-close: with onEnd, who was accepted may still say much to who says no more',
    async run({ listen, dialAndEnd }) {
      const peers = startPeer(() => new TestEvents(true));
      const listener = await listen(peers.accept);
      const got = awaitedLate(dialAndEnd(listener.endpoint, 'all I have to say'));
      const far = await peers.next();
      await far.peerEnded;
      equal(await far.read(17), 'all I have to say');
      await far.sendAll(owed);
      far.transport?.close();
      equal((await got).length, owed.length, 'how much arrives');
      equal(await far.closed, null);
      await listener.close();
    },
  },
  {
    name: 'half-close: without onEnd, who was accepted sends all that is owed, and then it ends',
    async run({ listen, dialAndEnd }) {
      const peers = startPeer(() => new Debtor(true));
      const listener = await listen(peers.accept);
      const got = awaitedLate(dialAndEnd(listener.endpoint, 'all I have to say'));
      equal((await got).length, owed.length, 'how much arrives');
      equal(await (await peers.next()).closed, null);
      await listener.close();
    },
  },
];

/** Sends its bytes as soon as there is room: at once, and at each drain. */
class Debtor extends TestEvents {
  readonly #paysWhenAsked: boolean;
  #left = owed;

  constructor(paysWhenAsked = false) {
    super();
    this.#paysWhenAsked = paysWhenAsked;
  }

  pay(): void {
    for (let taken = 1; taken > 0 && this.#left.length > 0;) {
      taken = this.transport?.send(this.#left.subarray(0, 256 * 1024)) ?? 0;
      this.#left = this.#left.subarray(taken);
    }
  }

  override onData(chunk: Uint8Array): void {
    super.onData(chunk);
    if (this.#paysWhenAsked) this.pay();
  }

  override onDrain(): void {
    super.onDrain();
    this.pay();
  }
}
