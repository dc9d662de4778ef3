import { WebSocket } from 'ws';
import { transportCases, type TransportContext } from '../conformance/mod.ts';
import { caseSuite } from '../test/cases.ts';
import { freePort } from '../test/memcached.ts';
import { listenThroughRelay } from '../test/websocket-relay.ts';
import { webDialer } from './dial.ts';

let nowhere: TransportContext['nowhere'];

caseSuite('transport | WebSocket of ws', transportCases, (): TransportContext => ({
  dial: webDialer({ WebSocket }),
  listen: listenThroughRelay,
  nowhere,
}), {
  async before() {
    nowhere = { host: '127.0.0.1', port: await freePort() };
  },
});
