// An embedded memcached in memory, for tests.
import { VirtualClock } from '../io/clock.ts';
import { memoryDialer } from '../io/memory-pipe.ts';
import type { Dialer } from '../io/transport.ts';
import type { ServerOptions } from './options.ts';
import { Server } from './serve.ts';
import type { Optional } from '../wire/options.ts';

/**
 * An embedded memcached that never leaves the process: a client with its `dial` connects to it. Its time
 * stands still until `clock` is advanced, so that expiry can be tested without waiting.
 */
export class MemoryServer {
  /** The server behind it. */
  readonly server: Server;
  /** Its time, which only tests advance. */
  readonly clock: VirtualClock;
  /** Connects to it, whatever the endpoint. */
  readonly dial: Dialer;

  /** Its time, which only tests advance. */
  constructor(options: Optional<ServerOptions> = {}, clock: VirtualClock = new VirtualClock()) {
    this.clock = clock;
    this.server = new Server(options, clock);
    this.dial = memoryDialer(this.server);
  }
}
