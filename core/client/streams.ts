import { newAborter } from '../aborter.ts';
import type { Command } from '../wire/command.ts';
import type { ReplyItem } from '../wire/reply.ts';
import type { Executor } from './executor.ts';
import type { CallOptions } from './memcache-options.ts';
import { checkRefusal } from './results.ts';

/** So many items wait for a slow reader before the server is read no further. */
const ROOM = 256;

/**
 * The items of a reply that comes piece by piece, as they arrive. The command is sent when the first
 * is asked for. Who stops asking ends it, and the connection that was made for it; who asks slowly
 * slows the server down.
 *
 * There is no `timeout` unless one is given: how long a dump takes depends on its reader.
 */
export async function* itemsOf(
  executor: Executor,
  command: Command,
  options: CallOptions = {},
): AsyncGenerator<ReplyItem, void, undefined> {
  const { signal, timeout = Infinity } = options;
  const aborter = newAborter();
  const onAbort = (): void => aborter.abort(signal?.reason);
  let queue: ReplyItem[] = [];
  let over = false;
  let wakeReader = (): void => {};
  let wakeLink = (): void => {};
  const onItem = (item: ReplyItem): Promise<void> | undefined => {
    queue.push(item);
    wakeReader();
    if (queue.length < ROOM) return undefined;
    return new Promise((resolve) => {
      wakeLink = resolve;
    });
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort);
  const finish = (): void => {
    over = true;
    wakeReader();
  };
  const reply = executor.execute(command, { timeout, signal: aborter.signal, onItem });
  reply.then(finish, finish);
  try {
    for (;;) {
      const items = queue;
      queue = [];
      yield* items;
      wakeLink();
      if (queue.length > 0) continue;
      if (over) break;
      await new Promise<void>((resolve) => {
        wakeReader = resolve;
      });
    }
    checkRefusal(await reply);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    aborter.abort(undefined);
  }
}
