// The floor: what any client with a promise for each call pays. It writes the key, makes a promise,
// keeps a ring and counts the bytes of replies, whose length it knows. It checks and parses nothing.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Adapter } from './adapter.ts';

const SLAB = 64 * 1024;
const RING = 1024;

export async function openFloor(port: number): Promise<Adapter> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const floor = new Floor(socket);
  let found = 0;
  return {
    // All values are as long as the one that was stored last.
    get: (key) => floor.send('mg ', key, ' v f\r\n', '', found),
    set(key, value) {
      const length = ` ${value.length}\r\n`;
      found = `VA${length}`.length + ' f0'.length + value.length + 2;
      return floor.send('ms ', key, length, value as string, 'HD\r\n'.length);
    },
    getMany: null,
    returns: [],
    longest: 10_000,
    close: () => socket.destroy(),
  };
}

class Floor {
  readonly #socket: Socket;
  readonly #waiting: (() => void)[] = Array.from({ length: RING }, () => () => {});
  readonly #lengths = new Int32Array(RING);
  #head = 0;
  #tail = 0;
  #received = 0;
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #start = 0;
  #end = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      while (this.#head !== this.#tail) {
        const length = this.#lengths[this.#head % RING]!;
        if (this.#received < length) return;
        this.#received -= length;
        this.#waiting[this.#head++ % RING]!();
      }
    });
  }

  send(verb: string, key: string, tail: string, value: string, reply: number): Promise<void> {
    if (this.#end + verb.length + key.length + tail.length + value.length + 2 > SLAB) {
      this.#flush();
      this.#slab = Buffer.allocUnsafeSlow(SLAB);
      this.#start = this.#end = 0;
    }
    if (this.#start === this.#end) queueMicrotask(() => this.#flush());
    this.#put(verb);
    this.#put(key);
    this.#put(tail);
    if (value !== '') {
      this.#end += this.#slab.write(value, this.#end, 'latin1');
      this.#put('\r\n');
    }
    return new Promise((resolve) => {
      this.#lengths[this.#tail % RING] = reply;
      this.#waiting[this.#tail++ % RING] = resolve;
    });
  }

  // Faster than Buffer's own for so few letters, and a joined text would have to be made first.
  #put(text: string): void {
    const slab = this.#slab;
    let end = this.#end;
    for (let i = 0; i < text.length; i++) slab[end++] = text.charCodeAt(i);
    this.#end = end;
  }

  #flush(): void {
    if (this.#start === this.#end) return;
    this.#socket.write(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
