// One page at a bridge, with its own upstream.
import { toEndpoint } from '../client/connection/endpoint.ts';
import { Upstream } from '../client/connection/upstream.ts';
import type { Clock } from '../io/clock.ts';
import { CONGESTED, Pump } from '../io/pump.ts';
import type { Transport, TransportEvents } from '../io/transport.ts';
import { fromLatin1 } from '../wire/bytes.ts';
import type { Command } from '../wire/command.ts';
import {
  isPlainRead,
  prefixCommand,
  prefixRead,
  unprefixReply,
  withOpaque,
} from '../wire/prefix.ts';
import { encodeReply } from '../wire/encode-reply.ts';
import { UsageError } from '../wire/errors.ts';
import { isError, type Reply } from '../wire/reply.ts';
import { ServerConnection } from '../wire/server-connection.ts';
import { BAD_REQUEST, BUSY, NOT_ALLOWED, toLogged, TOO_LARGE, toReply } from './errors.ts';
import type { BridgeClient } from './events.ts';
import type { BridgeSettings } from './options.ts';
import { ownPolicy, type Policy } from './policy.ts';
import { TokenBucket } from './token-bucket.ts';

/** Milliseconds that a page has to close after the bridge has; then its connection is cut off. */
export const LINGER = 1000;

/** An open WebSocket, as a bridge needs it. */
export interface BridgeSocket extends Transport {
  /** Sends all bytes that it has taken, then closes with a WebSocket code and a reason. */
  refuse(code: number, reason: string): void;
  /**
   * Calls back when the connection has ended, which may be later than `onClosed`: not every runtime
   * can drop a connection whose peer does not read.
   */
  onGone(call: () => void): void;
}

/** Counts the commands of all sockets that are in flight. */
export interface InFlight {
  count: number;
}

export interface SessionDependencies {
  readonly settings: BridgeSettings;
  readonly client: BridgeClient;
  readonly socket: BridgeSocket;
  /** Sends a ping; null where the runtime does that, and closes sockets that do not answer. */
  readonly ping: (() => void) | null;
  readonly inFlight: InFlight;
  /** Called once, at the end. */
  readonly onClosed: () => void;
}

/**
 * One page and its own connection to the upstream: commands are read, judged, and sent as new
 * ones. Since no other page shares the connection, an error on it affects no other page, and a
 * page that reads slowly slows down its own upstream only.
 */
export class BridgeSession implements TransportEvents {
  readonly #dependencies: SessionDependencies;
  readonly #connection: ServerConnection;
  readonly #policies: readonly Policy[];
  readonly #prefix: Uint8Array;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  // The last command used up the rate limit. The limit is checked only then.
  #mayWait = true;
  readonly #upstream: Upstream;
  // How many commands the upstream has not answered.
  #pending = 0;
  // The bytes of their values.
  #pendingBytes = 0;
  readonly #pump: Pump;
  // The connection was congested after commands were taken last.
  #wasCongested = false;
  // No more is read from the page for now.
  #isFull = false;
  #upstreamPaused = false;
  #heard: number;
  // Reads no more, and closes with this once all pending replies have been sent.
  #ending: { readonly code: number; readonly reason: string } | null = null;
  #closed = false;
  #cancelIdle: () => void = () => {};
  #cancelRefusal: () => void = () => {};
  #cancelRate: (() => void) | null = null;

  /**
   * Begins the session of a page.
   *
   * @param dependencies The guest, its socket, and the upstream.
   */
  constructor(dependencies: SessionDependencies) {
    const { settings } = dependencies;
    const { clock, rate, maxInFlight, maxOutput, maxKeys, maxValue } = settings;
    this.#dependencies = dependencies;
    this.#clock = clock;
    this.#connection = new ServerConnection({
      strict: true,
      maxOwed: maxInFlight,
      maxOutput,
      maxGetLine: Math.max(2048, maxKeys * 251 + 8),
      admit: (_header, length) => length > maxValue ? TOO_LARGE : null,
    });
    this.#pump = new Pump(this.#connection, { onTurn: this.#run, take: this.#execute });
    this.#pump.attach(dependencies.socket);
    const own = ownPolicy(settings);
    this.#policies = settings.policy === undefined ? [own] : [settings.policy, own];
    this.#prefix = fromLatin1(settings.prefix);
    this.#bucket = new TokenBucket(rate, rate, clock.elapsed());
    this.#upstream = makeUpstream(settings);
    this.#heard = clock.elapsed();
    this.#watchIdle();
  }

  /** Takes bytes that arrived; the transport calls it. */
  onData(chunk: Uint8Array): void {
    this.#receive(chunk, false);
  }

  /** Takes bytes that are lent; the transport calls it. */
  onLent(chunk: Uint8Array): Uint8Array | null {
    this.#receive(chunk, true);
    return this.#connection.keep();
  }

  #receive(chunk: Uint8Array, isLent: boolean): void {
    if (this.#ending !== null) return;
    this.#heard = this.#clock.elapsed();
    this.#connection.receive(chunk, isLent);
    this.#run();
  }

  /** Goes on sending; the transport calls it. */
  onDrain(): void {
    this.onAlive();
    this.#pump.drained();
    this.#run();
  }

  /** The page is alive, although it sent no data: it answered a ping. */
  onAlive(): void {
    this.#heard = this.#clock.elapsed();
  }

  /** Ends what is left; the transport calls it. */
  onClosed(cause: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pump.detach();
    this.#ending ??= { code: 1000, reason: cause === null ? 'gone' : cause.message };
    this.#cancelIdle();
    this.#cancelRefusal();
    this.#cancelRate?.();
    // Commands that were read are executed; their replies are read and dropped.
    if (this.#upstreamPaused) this.#pauseUpstream(false);
    void this.#upstream.close();
    const { settings, client, onClosed } = this.#dependencies;
    settings.log({ type: 'closed', client, why: this.#ending.reason });
    onClosed();
  }

  /** Answers the commands that have been read, then closes. */
  close(code: number, reason: string): void {
    if (this.#ending !== null) return;
    this.#ending = { code, reason };
    this.#run();
  }

  // Does all that can be done now: commands, replies, and applying backpressure.
  readonly #run = (): void => {
    if (this.#closed) return;
    this.#pump.run();
    const connection = this.#connection;
    const { socket, settings: { maxOutput } } = this.#dependencies;
    if (this.#ending !== null && this.#pending === 0 && connection.backlog === 0) {
      const { code, reason } = this.#ending;
      return socket.refuse(code, reason);
    }
    // Sending may have ended the congestion, and cannot have begun it.
    const isFull = this.#ending !== null || this.#cancelRate !== null ||
      this.#pendingBytes >= maxOutput || (this.#wasCongested && connection.congested);
    if (isFull !== this.#isFull) {
      this.#isFull = isFull;
      this.#pump.hold(CONGESTED, isFull);
    }
    // The connection is congested if this much of its output is waiting.
    const isBehind = isFull && connection.backlog >= maxOutput;
    if (isBehind !== this.#upstreamPaused) this.#pauseUpstream(isBehind);
  };

  // Takes commands. Values that wait for the upstream may have as many bytes as replies that wait for
  // the page.
  readonly #execute = (): boolean => {
    const { maxOutput } = this.#dependencies.settings;
    while (
      this.#ending === null && this.#cancelRate === null && this.#pendingBytes < maxOutput
    ) {
      if (this.#mayWait && this.#mustWait()) break;
      const event = this.#connection.next();
      if (event === null) break;
      if (event.type === 'closed') {
        if (event.reason === null) this.#ending = { code: 1000, reason: 'quit' };
        else this.#refuse('bad request');
        break;
      }
      this.#mayWait = !this.#bucket.spend(1, this.#clock.elapsed());
      this.#do(event.id, event.command);
    }
    this.#wasCongested = this.#connection.congested;
    return this.#wasCongested;
  };

  // Whether the rate limit is exceeded; if so, it continues after a wait.
  #mustWait(): boolean {
    const wait = this.#bucket.wait(this.#clock.elapsed());
    this.#mayWait = wait > 0;
    if (wait === 0) return false;
    this.#cancelRate = this.#clock.after(wait, () => {
      this.#cancelRate = null;
      this.#run();
    });
    return true;
  }

  // The commands before it are still answered, if the page reads the replies in time.
  #refuse(reason: string): void {
    const { socket, settings: { clock, upstreamTimeout } } = this.#dependencies;
    this.#ending = { code: 1008, reason };
    this.#cancelRefusal = clock.after(Math.max(LINGER, upstreamTimeout), () => socket.abort());
  }

  #do(id: number, command: Command): void {
    const { inFlight, settings, client } = this.#dependencies;
    const answer = this.#decide(command);
    if (!('verb' in answer)) {
      this.#connection.reply(id, answer);
      if (!isError(answer)) return;
      // The reason of a WebSocket has at most 123 bytes, a policy's message may be longer.
      this.#refuse(answer.message.slice(0, 60));
      settings.log({ type: 'denied', client, verb: command.verb, why: answer.message });
      return;
    }
    if (inFlight.count >= settings.maxInFlightTotal) return this.#connection.reply(id, BUSY);
    const size = 'value' in command ? command.value?.length ?? 0 : 0;
    inFlight.count++;
    this.#pending++;
    this.#pendingBytes += size;
    this.#upstream.execute(answer).then(
      (reply) => {
        const own = isPlainRead(answer)
          ? withOpaque(reply, answer)
          : unprefixReply(reply, command, this.#prefix);
        this.#settle(id, size, own);
      },
      (error: Error) => {
        if (!this.#closed) settings.log({ type: 'upstream', client, error: toLogged(error) });
        this.#settle(id, size, toReply(error));
      },
    );
  }

  #settle(id: number, size: number, reply: Reply): void {
    if (!this.#upstreamPaused) this.#dependencies.inFlight.count--;
    this.#pending--;
    this.#pendingBytes -= size;
    if (this.#closed) return;
    this.#connection.reply(id, reply);
    this.#pump.schedule();
  }

  // The command for the upstream, or the reply. Two checks keep a page inside its prefix: the bridge's
  // own policy comes last and sees the verb that is sent, and `prefixRead` and `prefixCommand` check
  // all of the command that they return. Nothing changes a command after them.
  #decide(command: Command): Command | Reply {
    const { client, settings } = this.#dependencies;
    let decided = command;
    try {
      for (const policy of this.#policies) {
        const answer = policy(decided, client);
        if (!('verb' in answer)) {
          // A reply that cannot be encoded throws here, and not when it is sent.
          encodeReply(answer);
          return answer;
        }
        decided = answer;
      }
    } catch (error) {
      // The user's policy has failed: no command is sent without its decision.
      settings.log({ type: 'failed', client, error });
      return NOT_ALLOWED;
    }
    try {
      return prefixRead(decided, settings.prefix) ?? prefixCommand(decided, this.#prefix);
    } catch (error) {
      if (error instanceof UsageError) return BAD_REQUEST;
      throw error;
    }
  }

  // While the upstream waits for the page, its commands are neither late nor counted as in flight:
  // no other page gets `busy` because of them.
  #pauseUpstream(paused: boolean): void {
    this.#upstreamPaused = paused;
    this.#dependencies.inFlight.count += paused ? -this.#pending : this.#pending;
    if (paused) this.#upstream.pause();
    else this.#upstream.resume();
  }

  // Pings after half of the timeout, and gives up a page that was silent for all of it. A page that
  // does not read its replies does not see the ping either. Where the runtime pings, its ping waits
  // after the replies, so a page that does not read them is closed here.
  #watchIdle(asked = false): void {
    const { ping, socket, settings: { clock, idleTimeout } } = this.#dependencies;
    this.#cancelIdle = clock.after(idleTimeout / 2, () => {
      const silence = clock.elapsed() - this.#heard;
      if (asked && silence >= idleTimeout && (ping !== null || this.#pump.isBlocked)) {
        this.#ending = { code: 1001, reason: 'idle' };
        return socket.abort();
      }
      const isSilent = silence >= idleTimeout / 2;
      if (isSilent) ping?.();
      this.#watchIdle(isSilent);
    });
  }
}

function makeUpstream(settings: BridgeSettings): Upstream {
  const { dial, clock, random, upstreamTimeout, upstreamAuth, maxValue } = settings;
  return new Upstream({
    dial,
    clock,
    endpoint: toEndpoint(settings.upstream, settings.upstreamTls),
    timeout: upstreamTimeout,
    connectTimeout: upstreamTimeout,
    reconnectDelay: 25,
    maxReconnectDelay: 1000,
    random,
    maxValue,
    ...(upstreamAuth === undefined ? {} : { auth: upstreamAuth }),
  });
}
