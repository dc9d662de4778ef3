// The bridge and the example proxy in front of an embedded server, for comparisons with memcached.
import { MemcachedProxy } from '../../../examples/proxy.ts';
import { Bridge, type BridgeSocket } from '../../../core/bridge/mod.ts';
import { memoryDialer, PipeEnd } from '../../../core/io/memory-pipe.ts';
import type { Dialer } from '../../../core/io/transport.ts';
import { BadRequest, CommandDecoder } from '../../../core/wire/decode-command.ts';
import { classOf } from '../../../core/wire/command-facts.ts';
import type { Command } from '../../../core/wire/command.ts';
import { prefixCommand } from '../../../core/wire/prefix.ts';
import { bytes } from '../../../conformance/assert.ts';
import type { Middleman } from '../../support/side-by-side.ts';
import { dial, endpointName, listen } from '../../../transport-node/mod.ts';

const PREFIX = 'own.';
const HOUR = 3_600_000;

/** The page's end of a pipe to a bridge. */
class PageEnd extends PipeEnd implements BridgeSocket {
  refuse(): void {
    this.close();
  }

  onGone(): void {
    // The places of pages are not counted here.
  }
}

const bridge: Middleman = {
  prefix: PREFIX,
  open(server) {
    const own = new Bridge({
      upstream: 'localhost',
      dial: memoryDialer(server),
      prefix: PREFIX,
      rate: 1e9,
      maxSockets: 1e6,
      maxSocketsPerAddress: 1e6,
      idleTimeout: HOUR,
      upstreamTimeout: HOUR,
    });
    const dialPage: Dialer = (_to, events) => {
      const [near, far] = [new PipeEnd(), new PageEnd()];
      near.peer = far;
      far.peer = near;
      near.attach(events);
      const admission = { status: 101, address: '192.0.2.7', origin: null, tenant: null } as const;
      const session = own.accept(far, admission, null);
      if (session !== null) far.attach(session);
      return Promise.resolve(near);
    };
    const endpoint = { path: 'memory' };
    return Promise.resolve({ dial: dialPage, endpoint, close: () => own.close() });
  },
  // It refuses what is not about items, and hints to proxies.
  passes: (request) =>
    commandsOf(request)?.every((command) =>
      isAboutItems(command) && !has(command, 'P') && !has(command, 'L')
    ) === true,
  // The errors of the upstream come from a closed list.
  alike: (said) =>
    said.replaceAll(/^(?:CLIENT_ERROR (?!cannot increment)|ERROR).*$/gm, 'CLIENT_ERROR bad request')
      .replaceAll(/^SERVER_ERROR (?!object too|out of memory s).*$/gm, 'SERVER_ERROR unavailable'),
};

const proxy: Middleman = {
  prefix: PREFIX,
  async open(server) {
    const upstream = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
    const own = new MemcachedProxy({
      upstreams: [endpointName(upstream.endpoint)],
      readOnly: false,
      prefix: PREFIX,
      timeout: HOUR,
    });
    const listener = await listen({ host: '127.0.0.1', port: 0 }, own.accept);
    const close = async (): Promise<void> => {
      await listener.close();
      await upstream.close();
    };
    return { dial, endpoint: listener.endpoint, close };
  },
  passes: (request) => commandsOf(request)?.every(isAboutItems) === true,
  alike: (said) => said,
};

/** What stands in front of a server, by its name. */
export const middlemen = { bridge, 'example proxy': proxy };

/** The commands of a request; null if one is malformed, which ends a connection to a middleman. */
function commandsOf(request: string): Command[] | null {
  const decoder = new CommandDecoder();
  decoder.push(bytes(request));
  const found: Command[] = [];
  for (let next = decoder.next(); next !== null; next = decoder.next()) {
    if (next instanceof BadRequest) return null;
    found.push(next);
  }
  return decoder.dead === null && !decoder.receiving ? found : null;
}

// A command that a client may send: no control character in its key, which has room for the prefix.
function isAboutItems(command: Command): boolean {
  // To a quiet `ma` that creates its item memcached answers HD, against the protocol.
  if (command.verb === 'ma' && has(command, 'N') && has(command, 'q')) return false;
  try {
    prefixCommand(command, bytes(PREFIX));
  } catch {
    return false;
  }
  const hasKey = 'keys' in command || 'key' in command;
  return hasKey ? classOf(command) !== 'admin' && command.verb !== 'me' : command.verb === 'mn';
}

function has(command: Command, letter: string): boolean {
  return 'base64' in command && 'flags' in command &&
    command.flags.some((flag) => flag[0] === letter);
}
