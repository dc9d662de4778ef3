import { asStored } from '../../../cli/console/stored.ts';
import { tapped } from '../../../cli/console/wire-tap.ts';
import { memoryDialer } from '../../../core/server/memory.ts';
import { Server } from '../../../core/server/serve.ts';
import { Client, type OnCommand, webDialer } from '../../../transport-web/mod.ts';

/** What the playground's server tells its page. */
export interface Settings {
  /** The address of the bridge. */
  readonly bridge: string;
  /** What it asks for. */
  readonly token: string;
  /** The memcached behind it; null for an embedded one. */
  readonly upstream: string | null;
}

/** Where the commands go. */
export type Where = 'bridge' | 'page';

/** Two clients of one server. */
export interface Clients {
  /** For commands that are typed: their bytes are shown. */
  readonly typed: Client;
  /** For the load, whose bytes would drown them. */
  readonly load: Client;
}

/** Who hears of commands and their bytes. */
export interface Listener {
  readonly onLine: (line: string) => void;
  readonly onTyped: OnCommand;
  readonly onLoad: OnCommand;
}

/** Milliseconds: a page waits for its turn, where others are busy. */
const PATIENCE = { timeout: 5000, connectTimeout: 5000 } as const;

/** The servers that a page can talk to. The one of its own lives as long as it does. */
export class Servers {
  readonly settings: Settings | null;
  readonly #own: Server = new Server();

  /** @param settings Null where there is no bridge. */
  constructor(settings: Settings | null) {
    this.settings = settings;
  }

  /** New clients; they connect when the first call comes. */
  connect(where: Where, { onLine, onTyped, onLoad }: Listener): Clients {
    const { bridge, token } = this.settings ?? { bridge: 'localhost', token: '' };
    const dial = where === 'page' ? memoryDialer(this.#own) : webDialer({ token });
    const server = where === 'page' ? 'localhost' : bridge;
    const options = { serde: asStored, binaryKeys: true, ...PATIENCE } as const;
    return {
      typed: new Client(server, { ...options, dial: tapped(dial, onLine), onCommand: onTyped }),
      load: new Client(server, { ...options, dial, onCommand: onLoad }),
    };
  }
}

/** What the server of this page says; null where it was not the playground's. */
export async function readSettings(): Promise<Settings | null> {
  const response = await fetch('settings.json').catch(() => null);
  return response?.ok === true ? await response.json() as Settings : null;
}
