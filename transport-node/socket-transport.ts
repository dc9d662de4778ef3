// A socket of Node as a transport.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { guardEvents, type Transport, type TransportEvents } from '../core/io/transport.ts';

/** A connected socket of Node, plain or TLS, as a transport. */
export class SocketTransport implements Transport {
  readonly #socket: Socket;
  // write() took the bytes but asked to wait: nothing more is taken before 'drain'.
  #full = false;
  #refused = false;
  #peerEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Sets the handler of its events. Call it in the turn of the event loop in which it connected.
   *
   * @returns A function to call with bytes that are read by other means than the socket's events.
   */
  attach(owner: TransportEvents): TransportEvents {
    const events = guardEvents(this, owner);
    let cause: Error | null = null;
    // A dialed socket is read through its option `onread`, and has no such event.
    this.#socket.on('data', (chunk: Buffer) => {
      // Node does not reuse the chunk. A plain view keeps Buffer's methods, such as `slice`, out of core.
      events.onData(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    });
    this.#socket.on('drain', () => {
      this.#full = false;
      if (!this.#refused) return;
      this.#refused = false;
      events.onDrain();
      this.#followEnd();
    });
    this.#socket.on('end', () => {
      if (!this.#socket.writable) return;
      if (events.onEnd !== undefined) return events.onEnd();
      this.#peerEnded = true;
      this.#followEnd();
    });
    this.#socket.on('error', (error) => {
      cause = error;
    });
    this.#socket.once('close', () => events.onClosed(cause));
    return events;
  }

  send(bytes: Uint8Array): number {
    if (!this.#socket.writable) return bytes.length;
    if (this.#full) {
      this.#refused = true;
      return 0;
    }
    this.#full = !this.#socket.write(bytes);
    return bytes.length;
  }

  get held(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    // Ends once the peer has ended too; a peer that never does is cut off when everything is sent.
    if (!(this.#socket instanceof TLSSocket)) {
      this.#socket.end(() => this.#socket.destroy());
      return;
    }
    // With TLS, Node reports this too early: bytes may still be encrypted and unsent. The peer's end
    // must be read instead, which is no reason to keep the process alive.
    this.#socket.end(() => this.#socket.unref());
    this.#socket.resume();
  }

  abort(): void {
    this.#socket.destroy();
  }

  // A peer that half-closes (`printf … | nc -N`) still gets all of its replies.
  #followEnd(): void {
    if (this.#peerEnded && !this.#refused) this.#socket.end();
  }
}
