import { transportCases, type TransportContext } from '../../conformance/mod.ts';
import { caseSuite } from '../../test/support/cases.ts';
import type { Endpoint } from './transport.ts';
import { memoryDialer } from './memory-pipe.ts';

const nowhere: Endpoint = { path: 'nowhere' };

caseSuite('transport | in memory', transportCases, (): TransportContext => {
  let dial: TransportContext['dial'] | null = null;
  const refuse = (): never => {
    throw new Error('nobody listens');
  };
  return {
    async dial(to, events, signal) {
      if (signal.aborted) throw signal.reason;
      return await (to === nowhere ? refuse() : (dial ?? refuse)(to, events, signal));
    },
    listen(accept) {
      dial = memoryDialer({ accept });
      return Promise.resolve({
        endpoint: { path: 'memory' },
        close() {
          dial = null;
          return Promise.resolve();
        },
      });
    },
    nowhere,
  };
});
