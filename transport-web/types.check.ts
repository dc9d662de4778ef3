// Proves what is said here of Workers: `tsc -p transport-web/tsconfig.check.json`, in
// test/runner/run.ts.
import { connect } from 'cloudflare:sockets';
import type { SocketConnect } from './sockets-api.ts';
import type { WebSocketConstructor } from './dial.ts';

export const proof: SocketConnect = connect;
export const proofOfBindings = (binding: Fetcher): SocketConnect => (to, how) =>
  binding.connect(to, how);
export const proofOfWebSockets: WebSocketConstructor = WebSocket;
