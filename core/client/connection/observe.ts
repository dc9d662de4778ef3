// Tells observers of commands and of their ends.
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
   * How many bytes were sent for it, and came for it. Both are 0 where no reply came: how far it
   * got is not known then, and a write that is not waited for is encoded later.
   */
  readonly bytesOut: number;
  /** The bytes of its reply. */
  readonly bytesIn: number;
  /** Whether the server acted on it; `unknown` for a write whose reply is not waited for. */
  readonly outcome: Outcome;
  /** How many of its keys were there. Both are 0 where a command does not ask for a key's item. */
  readonly hits: number;
  /** How many were not. */
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
    return onCommand(command, server) ?? undefined;
  } catch (error) {
    void Promise.reject(error);
    return undefined;
  }
}

/** Calls the callback for the end once the reply has come, or will not come. */
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
    // A command whose reply nobody waits for ends when it is sent.
    const isAwaited = found.type !== 'silent' || traffic.bytesOut > 0;
    tell(isAwaited ? 'done' : 'unknown', found, null);
    return found;
  } catch (error) {
    // An exception of `onItem` is no MemcacheError: the server was answering.
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

/** How many of a command's keys were there, and how many not. */
function countKeys(command: Command, reply: Reply | null): { hits: number; misses: number } {
  const { keys, needsItem } = verbs[command.verb];
  if (reply?.type === 'values') {
    const hits = reply.items.length;
    // A read of one key may have been sent in classic words.
    const asked = 'keys' in command ? command.keys.length : keys === 'one' ? 1 : hits;
    return { hits, misses: asked - hits };
  }
  // A store needs the item, too, where it compares its cas.
  const compares = 'flags' in command && typeof command.flags === 'object' &&
    flagArgument(command.flags, 'C') !== undefined;
  const asked = needsItem || compares;
  if (!asked || reply === null || reply.type === 'silent') return { hits: 0, misses: 0 };
  const miss = reply.type === 'EN' || reply.type === 'NF' || reply.type === 'NOT_FOUND';
  return { hits: miss ? 0 : 1, misses: miss ? 1 : 0 };
}
