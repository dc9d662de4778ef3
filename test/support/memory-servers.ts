// Several embedded servers on one network in memory.
import { VirtualClock } from '../../core/io/clock.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import type { Dialer, Endpoint } from '../../core/io/transport.ts';

/** Embedded servers with one clock, at ports 1, 2, 3 and so on of a network in memory. */
export function memoryServers(count: number): {
  readonly clock: VirtualClock;
  readonly endpoints: readonly Endpoint[];
  readonly dial: Dialer;
} {
  const clock = new VirtualClock();
  const servers = Array.from({ length: count }, () => new MemoryServer({}, clock));
  return {
    clock,
    endpoints: servers.map((_, i) => ({ host: 'cache', port: i + 1 })),
    dial(to, events, signal) {
      const server = servers['port' in to ? to.port - 1 : 0];
      if (server === undefined) throw new Error('there is no such server');
      return server.dial(to, events, signal);
    },
  };
}
