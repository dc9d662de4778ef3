// What a process holds: memory, sockets, timers and listeners.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process holds once its garbage was collected. */
export interface Holdings {
  /** Bytes of the heap. */
  readonly heap: number;
  /** Bytes of array buffers. */
  readonly buffers: number;
  /** Sockets, servers and timers that keep it running. */
  readonly resources: number;
  /** Listeners of the process itself. */
  readonly listeners: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export async function holdings(): Promise<Holdings> {
  for (let i = 0; i < 4; i++) {
    collect();
    // What was closed is told in later turns.
    await sleep(50);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const counts = process.eventNames().map((name) => process.listenerCount(name));
  return {
    heap: heapUsed,
    buffers: arrayBuffers,
    resources: process.getActiveResourcesInfo().length,
    listeners: counts.reduce((sum, count) => sum + count, 0),
  };
}
