// A bridge that listens, for tests over real sockets.
import type { BridgeEvent, BridgeOptions, RunningBridge } from '../../core/bridge/mod.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import type { TlsOptions } from '../../core/io/transport.ts';
import { origin } from './hostile.ts';
import { RawPage, type UpgradeOptions } from './raw-page.ts';
import { listenBridge } from '../runner/runtime-bridge.ts';

export { origin };
const started: RunningBridge[] = [];

/** A bridge to an embedded server, and the events of its log. */
export class Scene {
  readonly log: BridgeEvent[] = [];
  running!: RunningBridge;
  #heard: () => void = () => {};

  static async start(options: Partial<BridgeOptions> = {}, tls?: TlsOptions): Promise<Scene> {
    const scene = new Scene();
    const at = { host: '127.0.0.1', port: 0, ...(tls === undefined ? {} : { tls }) };
    scene.running = await listenBridge(at, {
      upstream: 'localhost',
      dial: new MemoryServer().dial,
      log(event) {
        scene.log.push(event);
        scene.#heard();
      },
      ...options,
    });
    started.push(scene.running);
    return scene;
  }

  /** Closes every bridge of this file. */
  static async closeAll(): Promise<void> {
    await Promise.all(started.map((bridge) => bridge.close()));
  }

  get port(): number {
    return this.running.endpoint.port;
  }

  /** Opens a page of the origin. */
  open({ headers = {}, ...rest }: UpgradeOptions = {}): Promise<RawPage> {
    return RawPage.open(this.port, {
      ...rest,
      headers: { Origin: origin, ...headers },
    });
  }

  /** The reasons of closed sockets, once there are so many. */
  async closed(count: number): Promise<readonly string[]> {
    for (;;) {
      const all = this.log.flatMap((event) => event.type === 'closed' ? [event.why] : []);
      if (all.length >= count) return all;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}
