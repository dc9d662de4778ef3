// Transport cases: TLS.
import { equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { newAborter } from '../../core/io/aborter.ts';
import { never, type TlsTransportContext } from './context.ts';
import { startPeer, TestEvents } from './peer.ts';

/** Requirements on a transport that speaks TLS. */
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
          // A client may learn of the refusal only after its own part of the handshake.
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
    // Some TLS libraries refuse the certificate of an authority as that of a server.
    name: 'TLS: a certificate that is its own authority is good where it is trusted',
    async run({ dial, selfSigned }) {
      const peers = startPeer();
      const listener = await selfSigned.listen(peers.accept);
      const near = new TestEvents();
      near.transport = await selfSigned.dial(listener.endpoint, near, never());
      const far = await peers.next();
      near.send('ping');
      equal(await far.read(4), 'ping');
      near.transport.abort();
      await far.closed;
      const error = await rejects(dial(listener.endpoint, new TestEvents(), never()), Error);
      ok(error.message !== '', 'why it is not trusted');
      await listener.close();
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
