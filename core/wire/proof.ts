// The proof of which dialect a server speaks, and so of the commands that may be sent to it.
//
// The states are those of `Spoken`. A connection is `unproven` until the probes that it opens with
// are answered: a server that does not speak meta refuses the line of an `ms` and runs its value as
// commands, and some before 1.6 do so with a `set noreply`. With the option `dialect: 'text'` it
// speaks text from the start. The first command that needs the proof sends the probes: one with a
// value, a quiet one, or one with a spelling in both dialects (`orText`). Before the probes, what
// needs no proof, a login included, is sent as it is.
//
// A test sends each of these commands in each state:
//
// | command                         | unproven  | meta | text      |
// | ------------------------------- | --------- | ---- | --------- |
// | classic read                    | sent      | sent | sent      |
// | classic write, no value         | sent      | sent | sent      |
// | classic write, no value, quiet  | waits     | sent | sent      |
// | classic store                   | waits     | sent | sent      |
// | classic store, quiet            | waits     | sent | unquieted |
// | meta read                       | sent      | sent | refused   |
// | meta read, orText               | as text   | sent | as text   |
// | meta read, orText, base64 key   | waits     | sent | refused   |
// | meta write, no value            | sent      | sent | refused   |
// | meta write, no value, orText    | waits     | sent | as text   |
// | meta store                      | waits     | sent | refused   |
// | meta store, orText              | waits     | sent | as text   |
// | mn                              | sent      | sent | refused   |
// | raw, no value                   | sent      | sent | sent      |
// | raw, value                      | waits     | sent | sent      |
//
// An unquieted command is sent without `noreply`, and its reply is dropped.
import type { Command, MetaCommand, MetaSetCommand } from './command.ts';
import { ConnectionError, type Outcome, ProtocolError, UsageError } from './errors.ts';
import { isMeta } from './meta-flags.ts';
import { PROBE_OPAQUE } from './opaque.ts';
import { type ErrorReply, isError, knownLine, type Reply } from './reply.ts';
import { hasValue, isQuiet } from './command-facts.ts';
import { loginMessages, NO_ROOM } from './server-messages.ts';
import { fitsText, toText } from './to-text.ts';
import { rowOf, verbs } from './verbs.ts';

/**
 * What a connection is proved to speak. `unproven`: no data block may leave on it. `meta`: misses
 * carry their opaque. `text`: the classic commands only.
 */
export type Spoken = 'unproven' | 'meta' | 'text';

/** How a connection finds out what its server speaks. */
export interface ProofOptions {
  /**
   * What messages call the server.
   *
   * @default 'the server'
   */
  readonly serverName: string;
  /**
   * `auto` finds out what the server speaks before any data leaves; `meta` insists on
   * meta commands, and refuses a server without them; `text` insists on the classic ones.
   *
   * @default 'auto'
   */
  readonly dialect: 'auto' | 'meta' | 'text';
  /**
   * With `auto`: the server closed the last connection at the probe for meta commands, as twemproxy
   * does, so only the classic one is sent.
   *
   * @default false
   */
  readonly closesAtProbe: boolean;
  /**
   * The command that closes a run of quiet ones. By default `mn` where the connection speaks meta,
   * else `get`, of a key that nobody stores: every server and proxy knows it.
   */
  readonly fence: 'mn' | 'version' | 'get' | undefined;
}

/** The proof of one connection: it chooses the probes, judges their replies, and admits commands. */
export class Proof {
  spoken: Spoken;
  /** Whether the probes are to be sent, or have been. */
  isBegun = false;
  /** Whether the server answered a probe, and so speaks memcached's protocol. */
  isProved = false;
  /** Why the connection does not speak meta, where it does not. */
  refusal = '';
  /** The failure with which the server answered the probe for meta commands: it may pass. */
  outage: ConnectionError | null = null;
  /** The version that the server told when it was asked, for messages. */
  version = '';
  readonly #options: ProofOptions;

  constructor(options: ProofOptions) {
    this.#options = options;
    this.spoken = options.dialect === 'text' ? 'text' : 'unproven';
  }

  /** The probes to send now: none if they were before. */
  begin(): readonly Command[] {
    if (this.isBegun) return [];
    this.isBegun = true;
    const { dialect, closesAtProbe } = this.#options;
    if (dialect === 'meta') return [META_PROBE];
    return dialect === 'text' || closesAtProbe ? [TEXT_PROBE] : [META_PROBE, TEXT_PROBE];
  }

  /**
   * Takes the reply to a probe.
   *
   * @param opaque The one in the reply, or -1.
   * @returns The error to close with, where the server lacks the dialect that the option insists on,
   * or has failed; otherwise null.
   * @throws ProtocolError when the reply cannot be one to the probe.
   */
  take(probe: Command, reply: Reply, opaque: number): UsageError | ConnectionError | null {
    if (probe === META_PROBE) {
      if (reply.type === 'SERVER_ERROR') return this.outage = this.#failed(reply);
      const refusal = judgeMetaProbe(reply, opaque);
      if (refusal === null) {
        this.spoken = 'meta';
        this.isProved = true;
        return null;
      }
      this.refusal = refusal;
      return this.#options.dialect === 'meta' ? this.refuse('not-sent') : null;
    }
    if (this.spoken === 'meta') return null;
    if (!provesText(reply)) {
      throw new ProtocolError('neither a meta command nor a classic get was answered');
    }
    this.spoken = 'text';
    this.isProved = true;
    this.refusal ||= 'closes the connection at meta commands';
    return null;
  }

  /** The command as it would be sent once it can be. @throws UsageError when text has no word for it. */
  spell(command: Command): Command {
    return this.spoken === 'text' && isEitherWay(command) ? toText(command) : command;
  }

  /**
   * The command as it may be sent now; null where it has to wait.
   *
   * @throws UsageError where it can never be sent on this connection.
   */
  admit(command: Command): Command | null {
    if (command === META_PROBE || command === TEXT_PROBE || this.spoken === 'meta') return command;
    if (this.spoken === 'text') {
      const isRawSet = command.verb === 'raw' && command.line.startsWith('ms ');
      if (isRawSet || (verbs[command.verb].meta && !isEitherWay(command))) {
        throw this.refuse('not-sent');
      }
      // memcached before 1.6 runs the value of a `noreply` store that it refuses, so a store is sent
      // without `noreply`.
      if (!('noreply' in command && command.noreply && hasValue(command))) {
        return this.spell(command);
      }
      return { ...command, noreply: false };
    }
    if (!this.isBegun) return command;
    const { dialect, closesAtProbe } = this.#options;
    // Any meta command would end this connection too.
    const isFatal = closesAtProbe && verbs[command.verb].meta;
    if (awaitsProof(command)) return null;
    if (dialect !== 'auto' || !isEitherWay(command)) return isFatal ? null : command;
    // A key that no classic command can carry waits, to be refused before a byte of it is sent.
    return fitsText(command) ? toText(command) : null;
  }

  /**
   * Replaces the command of a slot by the one that may be sent now; returns false where it has to wait.
   *
   * @throws UsageError where it can never be sent on this connection.
   */
  respell(slot: { command: Command; muted: boolean }): boolean {
    const command = this.admit(slot.command);
    if (command === null) return false;
    // Of a classic command only `noreply` is ever changed.
    slot.muted = command !== slot.command && 'noreply' in slot.command;
    slot.command = command;
    return true;
  }

  /** The command that closes a run of quiet ones. */
  get fence(): Command {
    return fences[this.#fenceName].command;
  }

  /** The type of the reply to that command. */
  get fenceReply(): Reply['type'] {
    return fences[this.#fenceName].reply;
  }

  get #fenceName(): keyof typeof fences {
    return this.#options.fence ?? (this.spoken === 'meta' ? 'mn' : 'get');
  }

  /**
   * Whether the reply to this command would say whether the server speaks meta: the meta probe, and
   * the classic one behind it where the meta probe was refused.
   */
  isDueAt(command: Command): boolean {
    if (this.spoken !== 'unproven') return false;
    return command === META_PROBE || (command === TEXT_PROBE && this.refusal !== '');
  }

  /** The error of a connection that was closed at the probe, where meta is insisted on. */
  closed(cause: Error | null): ConnectionError | null {
    const { dialect, serverName } = this.#options;
    if (dialect !== 'meta') return null;
    if (cause === this.outage) return this.outage;
    const why =
      `${serverName} closed the connection at the first meta command. If it always does, ` +
      'it has none, and the option dialect insists on them: use auto, or text';
    return new ConnectionError(why, 'unknown', cause ?? undefined);
  }

  // A proxy says this while it cannot reach its servers; it tells nothing about what they speak.
  #failed(reply: ErrorReply): ConnectionError {
    const why = `${this.#options.serverName} answers the first command with ${knownLine(reply)}`;
    return new ConnectionError(why, 'not-sent');
  }

  /**
   * The error of a connection for which the server has no room, if this is what it says in the place
   * of its first reply; otherwise null.
   */
  hungUp(reply: Reply): ConnectionError | null {
    if (this.isProved || reply.type !== 'ERROR' || reply.message !== NO_ROOM) return null;
    return closedWith(this.#options.serverName, reply);
  }

  /** The error of a connection to a server that demands a login. */
  lacksLogin(): ConnectionError {
    const { serverName } = this.#options;
    return new ConnectionError(`${serverName} wants a login: give auth`, 'not-sent');
  }

  /** The error of a meta command on a connection that speaks text. */
  refuse(outcome: Outcome): UsageError {
    const { dialect } = this.#options;
    const rule = dialect === 'meta'
      ? `is meta, but ${this.#server} ${this.refusal}: use auto, or text`
      : dialect === 'text'
      ? 'is text, and the command is a meta command: use auto, or meta'
      : `is text here, since ${this.#server} ${this.refusal}: meta commands cannot be used`;
    return new UsageError('dialect', rule, undefined, outcome);
  }

  get #server(): string {
    const { serverName } = this.#options;
    return this.version === '' ? serverName : `${serverName}, version ${this.version},`;
  }
}

/** A key that no program is expected to store. */
const KEY = 'memwire-probe';

/**
 * What proves meta: a miss that comes back with its opaque and its key (memcached from 1.6.18, and
 * its proxy). Servers from 1.6.10 to 1.6.17 leave both out of a miss, those before answer ERROR or
 * know another meta dialect, and some proxies close the connection. `mn` would prove nothing:
 * 1.6.6 answers it, and takes the value that follows its `ms` for commands.
 */
export const META_PROBE: Command = { verb: 'mg', key: KEY, base64: false, flags: ['k'] };

/** Proves text, and fences the commands sent before it: every classic server answers it with END. */
export const TEXT_PROBE: Command = { verb: 'get', keys: [KEY] };

/** The commands that close a run of quiet ones, and the types of their replies. */
export const MN_FENCE: Command = { verb: 'mn' };
const fences = {
  mn: { command: MN_FENCE, reply: 'MN' },
  version: { command: { verb: 'version' }, reply: 'VERSION' },
  // Not the probe itself: the reply to a fence proves nothing.
  get: { command: { ...TEXT_PROBE }, reply: 'values' },
} as const satisfies Record<string, { command: Command; reply: Reply['type'] }>;

/** Whether a command has a spelling in both dialects. */
export function isEitherWay(command: Command): command is MetaCommand | MetaSetCommand {
  return isAboutItems(command) && 'orText' in command && command.orText === true;
}

/** Whether a command is about items, or a meta command, and not about the server. Takes anything. */
export function isAboutItems(command: Command): boolean {
  if (typeof command !== 'object' || command === null) return false;
  return 'key' in command || 'keys' in command || rowOf(command.verb)?.meta === true;
}

/** Whether a command must know what the connection speaks: it has data, or two spellings. */
export function needsProof(command: Command): boolean {
  return hasValue(command) || isEitherWay(command) || isQuiet(command);
}

/**
 * Whether a command must wait until the connection is proved. What only reads need not: if the
 * server closes the connection at the probe, it is sent again over another.
 */
function awaitsProof(command: Command): boolean {
  if (hasValue(command) || isQuiet(command)) return true;
  return isEitherWay(command) && verbs[command.verb].class !== 'read';
}

/**
 * Judges the reply to the meta probe: null where it proves meta, otherwise why it does not.
 *
 * @param opaque The one in the reply, or -1.
 * @throws ProtocolError when the reply cannot be one to the probe.
 */
function judgeMetaProbe(reply: Reply, opaque: number): string | null {
  if (isError(reply)) {
    return `answers meta commands with ${knownLine(reply)}`;
  }
  if (reply.type === 'EN' && reply.flags.length === 0 && opaque < 0) {
    return 'leaves the opaque out of a miss, as memcached before 1.6.18 does';
  }
  const named = isMeta(reply) && reply.flags.includes(`k${KEY}`);
  if (opaque !== PROBE_OPAQUE || !named || (reply.type !== 'EN' && reply.type !== 'HD')) {
    throw new ProtocolError('what came is no answer to the probe that opens the connection');
  }
  // The key is in use, so the shape of a miss remains unknown.
  return reply.type === 'HD' ? 'has an item under the key of the probe' : null;
}

/** Whether the reply to the classic probe shows a server that reads data blocks. */
function provesText(reply: Reply): boolean {
  return reply.type === 'values' || (isError(reply) && reply.type === 'SERVER_ERROR');
}

/**
 * Whether the server demands a login. It has discarded all else that it read with the probe; a `set`
 * among it was taken for the login.
 */
export function wantsLogin(reply: Reply): boolean {
  return isError(reply) && reply.type === 'CLIENT_ERROR' && loginMessages.includes(reply.message);
}

/** The error of a connection that the server closed with this line. */
export function closedWith(serverName: string, error: ErrorReply): ConnectionError {
  return new ConnectionError(`${serverName} closed the connection: ${knownLine(error)}`, 'unknown');
}

/** The answer of a server that demands a login. */
export const UNAUTHENTICATED: ErrorReply = { type: 'CLIENT_ERROR', message: 'unauthenticated' };
