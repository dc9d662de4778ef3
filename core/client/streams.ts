import { type Aborter, newAborter } from '../io/aborter.ts';
import type { Command } from '../wire/command.ts';
import type { ReplyItem } from '../wire/reply.ts';
import type { Executor } from './connection/executor.ts';
import { type CallOptions, checkCallOptions } from './memcache-options.ts';
import { checkRefusal } from './results.ts';

/** So many items wait for a slow reader before the server is read no further. */
const ROOM = 256;

interface Waiter<Item> {
  readonly resolve: (result: IteratorResult<Item, void>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The items of a reply that comes piece by piece, as they arrive. The command is sent when the first
 * is asked for. To leave the loop, or to call `return`, ends the command at once, and closes the
 * connection that was made for it; a reader that asks slowly slows the server down.
 *
 * There is no `timeout` unless one is given: how long a dump takes depends on its reader. It is no
 * async generator, whose `return` would wait for the item that is being waited for.
 */
export class ItemStream<Item> implements AsyncIterableIterator<Item, void, undefined> {
  readonly #start: () => Promise<void>;
  readonly #aborter: Aborter = newAborter();
  #isStarted = false;
  #items: Item[] = [];
  // Calls of `next` that there is no item for yet.
  #waiters: Waiter<Item>[] = [];
  // Lets the connection be read on.
  #resume: () => void = () => {};
  // Set once it has ended, with what the next call of `next` rejects with, if anything.
  #end: { readonly error: Error | null } | null = null;

  /** @param toItem Makes an item of each part of the reply; undefined for one that is none. */
  constructor(
    executor: Executor,
    command: Command,
    options: CallOptions | undefined,
    toItem: (part: ReplyItem) => Item | undefined,
  ) {
    this.#start = async () => {
      checkCallOptions(options);
      const { signal, timeout = Infinity } = options ?? {};
      const onAbort = (): void => this.#aborter.abort(signal?.reason);
      if (signal?.aborted === true) onAbort();
      signal?.addEventListener('abort', onAbort);
      const onItem = (part: ReplyItem): Promise<void> | undefined => {
        const item = toItem(part);
        return item === undefined ? undefined : this.#take(item);
      };
      try {
        const within = { timeout, signal: this.#aborter.signal, onItem };
        checkRefusal(await executor.execute(command, within));
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
    };
  }

  next(): Promise<IteratorResult<Item, void>> {
    if (!this.#isStarted && this.#end === null) {
      this.#isStarted = true;
      this.#start().then(() => this.#finish({ error: null }), (error: Error) => {
        this.#finish({ error });
      });
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#give();
    });
  }

  /** Ends it: calls of `next` that wait get no item. */
  return(): Promise<IteratorResult<Item, void>> {
    this.#items = [];
    this.#finish({ error: null });
    this.#aborter.abort(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(item: Item): Promise<void> | undefined {
    if (this.#end !== null) return undefined;
    this.#items.push(item);
    this.#give();
    if (this.#items.length < ROOM) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #finish(end: { readonly error: Error | null }): void {
    this.#end ??= end;
    this.#give();
    this.#resume();
  }

  #give(): void {
    while (this.#waiters.length > 0) {
      const item = this.#items.shift();
      if (item === undefined && this.#end === null) return;
      const { resolve, reject } = this.#waiters.shift()!;
      const error = this.#end?.error ?? null;
      if (item !== undefined) resolve({ done: false, value: item });
      else if (error === null) resolve({ done: true, value: undefined });
      else {
        this.#end = { error: null };
        reject(error);
      }
    }
    if (this.#items.length === 0) this.#resume();
  }
}
