// The servers behind the page: one through the bridge, one in the page.
import { asStored } from '../../../cli/console/stored.ts';
import { tapped } from '../../../cli/console/wire-tap.ts';
import { memoryDialer } from '../../../core/io/memory-pipe.ts';
import { Server } from '../../../core/server/serve.ts';
import { Client, type OnCommand, webDialer } from '../../../transport-web/mod.ts';

/** The settings that the playground's server gives to its page. */
export interface Settings {
  /** The address of the bridge. */
  readonly bridge: string;
  /** The token that it requires. */
  readonly token: string;
  /** The memcached behind it; null for an embedded one. */
  readonly upstream: string | null;
}

/** The target of commands. */
export type Where = 'bridge' | 'page';

/** The clients of one server. */
export interface Clients {
  readonly where: Where;
  /** For typed commands, whose bytes are shown. */
  readonly typed: Client;
  /** For the steps, whose values have the types of a program. */
  readonly steps: Client;
  /** For the load, whose bytes are not shown. */
  readonly load: Client;
}

/** The callbacks for commands and their bytes. */
export interface Listener {
  readonly onLine: (line: string) => void;
  readonly onTyped: OnCommand;
  readonly onLoad: OnCommand;
}

/** A timeout in milliseconds that allows for other busy pages. */
const PATIENCE = { timeout: 5000, connectTimeout: 5000 } as const;

/** The servers that a page can use. Its own lives as long as the page. */
export class Servers {
  readonly settings: Settings | null;
  readonly #own: Server = new Server();

  /** @param settings Null without a bridge. */
  constructor(settings: Settings | null) {
    this.settings = settings;
  }

  /** New clients; they connect when the first call comes. */
  connect(where: Where, { onLine, onTyped, onLoad }: Listener): Clients {
    const { bridge, token } = this.settings ?? { bridge: 'localhost', token: '' };
    const dial = where === 'page' ? memoryDialer(this.#own) : webDialer({ token });
    const server = where === 'page' ? 'localhost' : bridge;
    const options = { serde: asStored, binaryKeys: true, ...PATIENCE } as const;
    const shown = { dial: tapped(dial, onLine), onCommand: onTyped };
    return {
      where,
      typed: new Client(server, { ...options, ...shown }),
      steps: new Client(server, { ...PATIENCE, ...shown }),
      load: new Client(server, { ...options, dial, onCommand: onLoad }),
    };
  }
}

/** The settings from the server of this page; null if it is not the playground's. */
export async function readSettings(): Promise<Settings | null> {
  const response = await fetch('settings.json').catch(() => null);
  return response?.ok === true ? await response.json() as Settings : null;
}
