// The options of a bridge: limits, defaults and checks.
import { systemClock } from '../io/clock.ts';
import type { Clock } from '../io/clock.ts';
import { type ServerName, withoutLogin } from '../client/connection/endpoint.ts';
import type { Dialer, TlsOptions } from '../io/transport.ts';
import { checkKnown, checkObject, checkWhole } from '../wire/check.ts';
import { checkKey } from '../wire/key.ts';
import { UsageError } from '../wire/errors.ts';
import { type Given, type Optional, withDefaults } from '../wire/options.ts';
import { bearerProtocol, MAX_BRIDGED_KEYS } from '../io/web-socket.ts';
import type { BridgeEvent } from './events.ts';
import type { Policy } from './policy.ts';

/** The limits for a page, for an address, and for all of them together. */
export interface BridgeLimits {
  /** The largest WebSocket message, in bytes. Messages are pieces of a stream, cut anywhere. */
  readonly maxMessage: number;
  /** The maximum number of frames in a message. */
  readonly maxFrames: number;
  /** The largest value, stored or read, in bytes. */
  readonly maxValue: number;
  /** The maximum number of keys in one `get`. Its line may be as long as they need, others 2 kB. */
  readonly maxKeys: number;
  /** How many commands of one socket may wait for their reply; more are not read. */
  readonly maxInFlight: number;
  /** The same for all sockets together; more are answered `busy`. */
  readonly maxInFlightTotal: number;
  /** Commands a second that are taken from one socket, and how many at once; more are read later. */
  readonly rate: number;
  /**
   * Data frames a second that are read from one socket, regardless of their content, and how many at
   * once; more are read later. Most messages are one frame.
   */
  readonly messageRate: number;
  /** Bytes a second that are taken from one socket, and how many at once; more are read later. */
  readonly byteRate: number;
  /** Pings and pongs a second that one socket may send, and how many at once; more close it. */
  readonly controlRate: number;
  /** How many sockets one token may have open; those without a token count as one. */
  readonly maxSockets: number;
  /** How many sockets one address may have open. */
  readonly maxSocketsPerAddress: number;
  /** How many connections of one address may be waiting for their upgrade. */
  readonly maxHandshakes: number;
  /** How many connections a second one address may make, and how many at once. */
  readonly connectRate: number;
  /** How many wrong tokens a minute an address may offer. */
  readonly maxFailures: number;
  /** Milliseconds a connection has for its upgrade. */
  readonly handshakeTimeout: number;
  /** Milliseconds without any frame, pings included, after which a socket is closed. */
  readonly idleTimeout: number;
  /** The bytes of replies that may wait for a socket; beyond it neither side is read. */
  readonly maxOutput: number;
}

/** The limits of a bridge by default. */
export const bridgeLimits: BridgeLimits = {
  maxMessage: 1024 * 1024 + 4096,
  maxFrames: 64,
  maxValue: 1024 * 1024,
  maxKeys: MAX_BRIDGED_KEYS,
  maxInFlight: 256,
  maxInFlightTotal: 4096,
  rate: 1000,
  // A client sends all commands of a turn in one message, so it needs at most one for each command, and
  // some for values that are sent in pieces.
  messageRate: 2000,
  // 134 megabits a second: more than most visitors have, and a few hundredths of a core to read.
  byteRate: 16 * 1024 * 1024,
  // A browser answers the bridge's pings, two a minute; programs ping at most once a second.
  controlRate: 10,
  maxSockets: 100,
  // A third of `maxSockets`, so that one visitor cannot take all places.
  maxSocketsPerAddress: 32,
  maxHandshakes: 16,
  // All pages behind one address reconnect at once after the bridge was down.
  connectRate: 100,
  maxFailures: 10,
  handshakeTimeout: 5000,
  idleTimeout: 60_000,
  maxOutput: 4 * 1024 * 1024,
};

/** The options of a bridge. */
export interface BridgeOptions extends Optional<BridgeLimits> {
  /** The memcached behind the bridge. A page cannot select another. */
  readonly upstream: ServerName;
  /** Speak TLS to it. */
  readonly upstreamTls?: TlsOptions | undefined;
  /** Log in to it, with memcached's ASCII authentication. */
  readonly upstreamAuth?: { readonly username: string; readonly password: string } | undefined;
  /** The timeout of its replies and of a connection, in milliseconds; 1000 by default. */
  readonly upstreamTimeout?: number | undefined;
  /** The origins whose pages may connect, exactly: `https://app.example.org`; none by default. */
  readonly origins?: readonly string[] | undefined;
  /** The host names by which the bridge is called; those of the loopback by default. */
  readonly hosts?: readonly string[] | undefined;
  /** The name of each tenant and its bearer token. If there are tokens, one is required to connect. */
  readonly tokens?: ReadonlyMap<string, string> | undefined;
  /** The prefix of every key, which the page does not see; none by default. */
  readonly prefix?: string | undefined;
  /** Refuse every command that changes an item, or its time to live. */
  readonly readOnly?: boolean | undefined;
  /** Decides on each command before the bridge's own rules, which it cannot relax. */
  readonly policy?: Policy | undefined;
  /**
   * A proxy that terminates TLS is in front of the bridge, and adds its client's address to
   * `X-Forwarded-For`.
   */
  readonly behindProxy?: boolean | undefined;
  /** Called with each event. No event holds a key, a value or a token. */
  readonly log?: ((event: BridgeEvent) => void) | undefined;
  /** Connects to the upstream; the runtime's own `dial` by default. */
  readonly dial?: Dialer | undefined;
  /** The time of its limits and deadlines; that of the system by default. */
  readonly clock?: Clock | undefined;
  /** Numbers from 0 to less than 1, for the jitter of reconnects; `Math.random` by default. */
  readonly random?: (() => number) | undefined;
}

/** All options, checked, with their defaults. */
export interface BridgeSettings extends
  BridgeLimits,
  Given<
    Omit<
      BridgeOptions,
      keyof BridgeLimits | 'upstreamTls' | 'upstreamAuth' | 'policy' | 'origins' | 'hosts'
    >
  > {
  /** As it was given; without it the upstream is spoken to in plain text. */
  readonly upstreamTls: BridgeOptions['upstreamTls'];
  /** As it was given; without it there is no login. */
  readonly upstreamAuth: BridgeOptions['upstreamAuth'];
  /** As it was given; without it the rules of the bridge judge alone. */
  readonly policy: BridgeOptions['policy'];
  /** The origins whose pages may connect. */
  readonly origins: ReadonlySet<string>;
  /** The host names by which the bridge may be called. */
  readonly hosts: ReadonlySet<string>;
}

/** The options that are turned into sets and maps. */
type Listed = 'origins' | 'hosts';

/** The shortest token that is accepted: 16 letters and digits cannot be guessed over a network. */
const MIN_TOKEN = 16;

/** The longest prefix, in bytes: it must leave room for keys. */
const MAX_PREFIX = 100;

/** The defaults of the optional options; the compiler requires all of them. */
const defaults:
  & Omit<BridgeSettings, 'upstream' | 'dial' | Listed>
  & Given<Pick<BridgeOptions, Listed>> = {
    ...bridgeLimits,
    upstreamTls: undefined,
    upstreamAuth: undefined,
    upstreamTimeout: 1000,
    origins: [],
    hosts: ['localhost', '127.0.0.1', '[::1]'],
    tokens: /* @__PURE__ */ new Map(),
    prefix: '',
    readOnly: false,
    policy: undefined,
    behindProxy: false,
    log: () => {},
    clock: systemClock,
    random: Math.random,
  };

const names: ReadonlySet<string> = /* @__PURE__ */ new Set(
  ['upstream', 'dial', ...Object.keys(defaults)],
);

/** @throws UsageError naming the option that breaks a rule. */
export function bridgeSettings(
  options: BridgeOptions & { readonly dial: Dialer },
): BridgeSettings {
  checkObject('options', options);
  checkKnown('options', options, names);
  const settings = withDefaults(defaults, options);
  for (const name of Object.keys(bridgeLimits) as (keyof BridgeLimits)[]) {
    // The longest that timers support.
    checkWhole(name, settings[name], 1, 0x7fff_ffff);
  }
  const { origins, hosts, tokens, prefix } = settings;
  for (const origin of origins) {
    // As browsers write it: with a trailing slash, or a default port, it would never match.
    if (!/^[a-z][a-z\d+.-]*:\/\/[^/*\s@]+$/.test(origin)) {
      const shown = withoutLogin(origin);
      throw new UsageError('origins', `must be like https://app.example.org, not ${shown}`);
    }
  }
  for (const token of tokens.values()) {
    bearerProtocol(token);
    if (token.length < MIN_TOKEN) {
      throw new UsageError('tokens', `must have at least ${MIN_TOKEN} characters`);
    }
  }
  if (prefix !== '') checkKey(prefix);
  if (prefix.length > MAX_PREFIX) {
    throw new UsageError('prefix', `must have at most ${MAX_PREFIX} characters`);
  }
  return {
    ...settings,
    upstream: options.upstream,
    dial: options.dial,
    origins: new Set(origins),
    hosts: new Set(hosts.map((host) => host.toLowerCase())),
  };
}
