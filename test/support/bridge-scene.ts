// Scenes of a bridge without a network.
import { Bridge, type BridgeEvent, type BridgeOptions } from '../../core/bridge/mod.ts';
import type { BridgeSession, BridgeSocket } from '../../core/bridge/mod.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import type { Dialer } from '../../core/io/transport.ts';
import { CountingClock, ScriptedNetwork, ScriptedTransport, settled } from './scripted.ts';

/** A page at the other end of a bridge, without a network. */
export class Page extends ScriptedTransport implements BridgeSocket {
  session: BridgeSession | null = null;
  /** How its socket was closed: `1008 not allowed`, `aborted`, `gone`. */
  ended: string | null = null;
  pings = 0;
  /** Whether its connection stays open until the page reads, as on some runtimes. */
  lingers = false;
  #gone: () => void = () => {};

  /**
   * Sends text, one byte for each character; returns all bytes that follow from it.
   */
  async say(text: string): Promise<string> {
    await this.reply(text);
    return this.take();
  }

  /** Disconnects. */
  leave(): void {
    this.#finish('gone');
    this.#gone();
  }

  override close(): void {
    this.#finish('closed');
  }

  refuse(code: number, reason: string): void {
    this.#finish(`${code} ${reason}`);
  }

  override abort(): void {
    this.#finish('aborted');
  }

  onGone(call: () => void): void {
    this.#gone = call;
  }

  #finish(how: string): void {
    if (this.ended !== null) return;
    this.ended = how;
    this.hangUp();
    if (!this.lingers) this.#gone();
  }
}

/** A bridge on a virtual clock, and the events of its log. */
export class BridgeScene {
  readonly clock = new CountingClock();
  readonly log: BridgeEvent[] = [];
  readonly bridge: Bridge;

  constructor(options: Partial<BridgeOptions> & { readonly dial: Dialer }) {
    this.bridge = new Bridge({
      upstream: 'localhost',
      clock: this.clock,
      log: (event) => this.log.push(event),
      ...options,
    });
  }

  /** Opens the socket of another page, on a runtime that leaves pings to the bridge. */
  open(tenant: string | null = null, address = '192.0.2.7'): Page {
    const page = new Page();
    const admission = { status: 101, address, origin: null, tenant } as const;
    page.events = page.session = this.bridge.accept(page, admission, () => page.pings++);
    return page;
  }

  /**
   * The same on a runtime that sends pings itself, but cannot drop a connection whose peer does not
   * read.
   */
  openLingering(): Page {
    const page = new Page();
    page.lingers = true;
    const admission = { status: 101, address: '192.0.2.7', origin: null, tenant: null } as const;
    page.events = page.session = this.bridge.accept(page, admission, null);
    return page;
  }

  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await settled();
  }
}

/** A bridge to an embedded server. */
export class EmbeddedBridge extends BridgeScene {
  readonly server: MemoryServer;

  constructor(options: Partial<BridgeOptions> = {}, server: MemoryServer = new MemoryServer()) {
    super({ ...options, dial: options.dial ?? server.dial });
    this.server = server;
  }
}

/** A bridge whose upstream is played by the test. */
export class ScriptedBridge extends BridgeScene {
  readonly network: ScriptedNetwork;

  constructor(options: Partial<BridgeOptions> = {}) {
    const network = new ScriptedNetwork();
    super({ ...options, dial: options.dial ?? network.dial });
    this.network = network;
  }

  /** Opens a page that sends this; returns the page and its upstream connection. */
  async said(text: string): Promise<{ page: Page; upstream: ScriptedTransport }> {
    const page = this.open();
    await page.say(text);
    return { page, upstream: await this.network.last.accept() };
  }
}
