// A scene of one upstream.
import type { ExecuteOptions } from '../../core/client/connection/executor.ts';
import { Upstream, type UpstreamOptions } from '../../core/client/connection/upstream.ts';
import type { Command } from '../../core/wire/command.ts';
import { version } from './link-scene.ts';
import { CountingClock, ScriptedNetwork, settled, Watched } from './scripted.ts';

/** An upstream on a scripted network and a virtual clock. */
export class UpstreamScene {
  readonly clock = new CountingClock();
  readonly network = new ScriptedNetwork();
  readonly upstream: Upstream;

  constructor(options: Partial<UpstreamOptions> = {}) {
    this.upstream = new Upstream({
      dial: this.network.dial,
      endpoint: { host: 'localhost', port: 11211 },
      clock: this.clock,
      timeout: 1000,
      connectTimeout: 500,
      reconnectDelay: 25,
      maxReconnectDelay: 1000,
      random: () => 1,
      ...options,
    });
  }

  do(command: Command = version, options?: ExecuteOptions): Watched<unknown> {
    return new Watched(this.upstream.execute(command, options));
  }

  async pass(milliseconds: number): Promise<void> {
    await settled();
    this.clock.advance(milliseconds);
    await settled();
  }

  /** Makes a call each millisecond; returns the milliseconds until one of them dials. */
  async untilDial(): Promise<number> {
    const before = this.network.dials.length;
    for (let waited = 0;; waited++) {
      this.do(version, { timeout: 60_000 });
      if (this.network.dials.length > before) return waited;
      await this.pass(1);
    }
  }

  /** Closes each connection that asks for meta commands, until one that does not is dialed. */
  async closeAtProbe(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      this.network.last.answersProbes = false;
      const transport = await this.network.last.accept();
      if (!transport.received.startsWith('mg memwire-probe')) throw new Error(transport.received);
      await transport.lose();
    }
  }

  async refuse(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      await this.untilDial();
      await this.network.last.refuse();
    }
  }
}
