// Calls observers when commands begin and end.
import type { Clock } from '../../io/clock.ts';
import type { Command } from '../../wire/command.ts';
import { MemcacheError, type Outcome } from '../../wire/errors.ts';
import { flagArgument } from '../../wire/meta-flags.ts';
import type { Reply } from '../../wire/reply.ts';
import { verbs } from '../../wire/verbs.ts';

/** How a command ended. */
export interface CommandEnd {
  /** Milliseconds from the call to the reply, or to the error. */
  readonly duration: number;
  /**
   * The bytes of the command and of its reply. Both are 0 if there was no reply: then it is not
   * known how far it got, or it is a write that is not awaited and is encoded later.
   */
  readonly bytesOut: number;
  /** The bytes of its reply. */
  readonly bytesIn: number;
  /** Whether the server acted on it; `unknown` for a write whose reply is not awaited. */
  readonly outcome: Outcome;
  /** How many of its keys were found. Both are 0 for a command that does not ask for items. */
  readonly hits: number;
  /** How many were not found. */
  readonly misses: number;
  /** Why the call failed, or null. */
  readonly error: Error | null;
}

/**
 * Called with each command when a connection takes it, in its caller's context. A function that it
 * returns is called when the command has ended; returning nothing costs nothing more.
 *
 * The commands are the protocol's: `client.get` is an `mg` with the key as it is sent, prefix and
 * all, or a `get` where the connection is known to speak text. An exception of an observer surfaces
 * as an unhandled rejection, not in the call.
 *
 * @param server The server's name, `localhost:11211`; see `toEndpoint` for its parts.
 */
export type OnCommand = (command: Command, server: string) => OnCommandEnd | undefined | void;

/** Called at the end of a command. */
export type OnCommandEnd = (end: CommandEnd) => void;

/** The bytes of a command and of its reply. */
export interface Traffic {
  bytesOut: number;
  bytesIn: number;
}

/** Calls the observer with a command that begins; returns its callback for the end, if any. */
export function announce(
  onCommand: OnCommand | undefined,
  command: Command,
  server: string,
): OnCommandEnd | undefined {
  if (onCommand === undefined) return undefined;
  // As callListener does, without a closure: every command comes by here.
  try {
    return endOf(onCommand(command, server));
  } catch (error) {
    void Promise.reject(error);
    return undefined;
  }
}

/** The callback for the end, if that is what a listener has returned: an arrow may return anything. */
export function endOf<End>(returned: End | undefined | void): End | undefined {
  return typeof returned === 'function' ? returned : undefined;
}

/** Calls the callback for the end when the reply has arrived or the call has failed. */
export async function observed(
  onEnd: OnCommandEnd,
  clock: Clock,
  command: Command,
  traffic: Traffic,
  reply: Promise<Reply>,
): Promise<Reply> {
  const start = clock.elapsed();
  const tell = (outcome: Outcome, found: Reply | null, error: Error | null): void => {
    const duration = clock.elapsed() - start;
    const end = { duration, ...traffic, outcome, ...countKeys(command, found), error };
    callListener(() => onEnd(end));
  };
  try {
    const found = await reply;
    // A command whose reply is not awaited ends when it was sent.
    const isAwaited = found.type !== 'silent' || traffic.bytesOut > 0;
    tell(isAwaited ? 'done' : 'unknown', found, null);
    return found;
  } catch (error) {
    // An exception of `onItem` is no MemcacheError: the server had replied.
    tell(error instanceof MemcacheError ? error.outcome : 'done', null, error as Error);
    throw error;
  }
}

/** Calls a listener; an exception surfaces as an unhandled rejection, not in the caller. */
export function callListener<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    void Promise.reject(error);
    return undefined;
  }
}

/** How many of a command's keys were found, and how many were not. */
function countKeys(command: Command, reply: Reply | null): { hits: number; misses: number } {
  const { keys, needsItem } = verbs[command.verb];
  if (reply?.type === 'values') {
    const hits = reply.items.length;
    // A read of one key may have been sent as a classic command.
    const asked = 'keys' in command ? command.keys.length : keys === 'one' ? 1 : hits;
    return { hits, misses: asked - hits };
  }
  // A store that compares the cas needs the item, too.
  const compares = 'flags' in command && typeof command.flags === 'object' &&
    flagArgument(command.flags, 'C') !== undefined;
  const asked = needsItem || compares;
  if (!asked || reply === null || reply.type === 'silent') return { hits: 0, misses: 0 };
  const miss = reply.type === 'EN' || reply.type === 'NF' || reply.type === 'NOT_FOUND';
  return { hits: miss ? 0 : 1, misses: miss ? 1 : 0 };
}
