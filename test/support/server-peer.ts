// Scenes of an embedded server whose connections are driven by the test.
import { VirtualClock } from '../../core/io/clock.ts';
import type { ServerOptions } from '../../core/server/options.ts';
import { Server } from '../../core/server/serve.ts';
import { ScriptedTransport } from './scripted.ts';

/** A connection to a server whose client is played by the test. */
export class Peer extends ScriptedTransport {
  constructor(server: Server, address = 'tcp:10.0.0.1:4000') {
    super();
    this.answersProbes = false;
    this.events = server.accept(this, address);
  }

  say(text: string): void {
    this.deliver(text);
  }
}

/** A server and its clock. */
export function serve(
  options: Partial<ServerOptions> = {},
): { server: Server; clock: VirtualClock } {
  const clock = new VirtualClock();
  return { server: new Server(options, clock), clock };
}

/** A server with one connection. */
export function scene(options: Partial<ServerOptions> = {}): {
  /** Sends text; returns the reply. */
  ask: (said: string) => string;
  /** The `STAT` lines of `stats` with these arguments, by name. */
  table: (words?: string) => Record<string, string>;
  /** Advances the clock. */
  pass: (milliseconds: number) => void;
  /** Opens another connection. */
  peer: () => Peer;
} {
  const { server, clock } = serve(options);
  const peer = new Peer(server);
  const ask = (said: string): string => {
    peer.received = '';
    peer.say(said);
    return peer.received;
  };
  return {
    ask,
    table: (words = '') =>
      Object.fromEntries(
        [...ask(`stats${words}\r\n`).matchAll(/STAT (\S+) ([^\r]*)\r\n/g)]
          .map(([, name, value]) => [name, value]),
      ),
    pass: (milliseconds) => clock.advance(milliseconds),
    peer: () => new Peer(server),
  };
}
