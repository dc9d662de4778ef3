import { equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { newAborter } from '../../core/aborter.ts';
import { never, type TlsTransportContext } from './context.ts';
import { startPeer, TestEvents } from './peer.ts';

/** What a transport that speaks TLS must do besides. */
export const tlsTransportCases: readonly Case<TlsTransportContext>[] = [
  {
    name: 'TLS: nobody is accepted who fails the handshake',
    async run({ listen, plain, strangers }) {
      for (const [name, dial] of Object.entries({ ...strangers, 'no TLS': plain.dial })) {
        const peers = startPeer();
        const listener = await listen(peers.accept);
        const near = new TestEvents();
        try {
          near.transport = await dial(listener.endpoint, near, never());
          // A client may be told only after its own part of the handshake that it is refused.
          near.transport.send(new Uint8Array(100));
          await near.closed;
        } catch (error) {
          ok(error instanceof Error, `${name}: ${String(error)}`);
        }
        equal(peers.accepted, 0, `how many are accepted with ${name}`);
        await listener.close();
      }
    },
  },
  {
    name: 'TLS: rejects where the peer speaks none',
    async run({ dial, plain }) {
      const peers = startPeer();
      const listener = await plain.listen(peers.accept);
      const dialing = rejects(dial(listener.endpoint, new TestEvents(), never()), Error);
      const peer = await peers.next();
      peer.send('ERROR\r\n');
      await dialing;
      await peer.closed;
      await listener.close();
    },
  },
  {
    name: 'TLS: rejects where the peer hangs up in the handshake',
    async run({ dial, plain }) {
      const peers = startPeer();
      const listener = await plain.listen(peers.accept);
      const dialing = rejects(dial(listener.endpoint, new TestEvents(), never()), Error);
      (await peers.next()).transport!.close();
      await dialing;
      await listener.close();
    },
  },
  {
    name: 'TLS: an abort in the handshake rejects and leaves no connection behind',
    async run({ dial, plain }) {
      const peers = startPeer();
      const listener = await plain.listen(peers.accept);
      const aborter = newAborter();
      const dialing = rejects(dial(listener.endpoint, new TestEvents(), aborter.signal), Error);
      const peer = await peers.next();
      aborter.abort(new Error('took too long'));
      equal((await dialing).message, 'took too long');
      await peer.closed;
      await listener.close();
    },
  },
];
