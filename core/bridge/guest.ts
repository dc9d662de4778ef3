// A connection to a bridge until it has become a WebSocket.
import type { Transport, TransportEvents } from '../io/transport.ts';
import { SUBPROTOCOL } from '../io/web-socket.ts';
import { fromLatin1, latin1 } from '../wire/bytes.ts';
import type { Bridge } from './bridge.ts';
import {
  asksUpgrade,
  encodeRefusal,
  encodeResponse,
  MAX_HEAD,
  parseHead,
  plainStatus,
  type Status,
  upgradeRequest,
  webSocketKey,
} from './http.ts';
import { PageSocket } from './page-socket.ts';
import { LINGER } from './session.ts';

/** The text that a key is hashed with (RFC 6455, 1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const END = '\r\n\r\n';

/** A runtime's SHA-1 of a text, in base64. */
export type Digest = (text: string) => string;

/** A connection to a bridge: its one request, then the WebSocket that came of it. */
export class Guest implements TransportEvents {
  readonly #bridge: Bridge;
  readonly #transport: Transport;
  readonly #address: string;
  readonly #digest: Digest;
  readonly #leave: () => void;
  #text = '';
  #socket: PageSocket | null = null;
  #isRefused = false;
  #cancelLinger: () => void = () => {};

  /**
   * @param address The peer's address.
   * @param leave Called when it no longer waits for its upgrade.
   */
  constructor(
    bridge: Bridge,
    transport: Transport,
    address: string,
    digest: Digest,
    leave: () => void,
  ) {
    this.#bridge = bridge;
    this.#transport = transport;
    this.#address = address;
    this.#digest = digest;
    this.#leave = leave;
  }

  onData(chunk: Uint8Array): void {
    if (this.#socket !== null) return this.#socket.onData(chunk);
    if (this.#isRefused) return;
    const before = this.#text.length;
    this.#text += latin1(chunk);
    const end = this.#text.indexOf(END, Math.max(0, before - END.length + 1));
    if (end > MAX_HEAD || (end < 0 && this.#text.length > MAX_HEAD)) return this.#refuse(431);
    if (end < 0) return;
    const text = this.#text.slice(0, end);
    this.#text = '';
    this.#answer(text);
    const rest = chunk.subarray(end + END.length - before);
    if (rest.length > 0) this.#upgraded?.onData(rest);
  }

  onLent(chunk: Uint8Array): null {
    if (this.#socket !== null) return this.#socket.onLent(chunk);
    this.onData(chunk.slice());
    return null;
  }

  onDrain(): void {
    this.#socket?.onDrain();
  }

  onEnd(): void {
    if (this.#socket !== null) return this.#socket.onEnd();
    this.#transport.close();
  }

  onClosed(cause: Error | null): void {
    this.#leave();
    this.#cancelLinger();
    this.#isRefused = true;
    this.#socket?.onClosed(cause);
  }

  // A getter, as `#answer` may have changed the field.
  get #upgraded(): PageSocket | null {
    return this.#socket;
  }

  #answer(text: string): void {
    const bridge = this.#bridge;
    const head = parseHead(text);
    if (head === null) return this.#refuse(400);
    if (!asksUpgrade(head)) return this.#refuse(plainStatus(head));
    const key = webSocketKey(head);
    if (key === null) return this.#refuse(400);
    const { behindProxy } = bridge.settings;
    const admission = bridge.admit(upgradeRequest(this.#address, head, behindProxy));
    if (admission.status !== 101) return this.#refuse(admission.status);
    this.#say(encodeResponse(101, {
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Accept': this.#digest(key + GUID),
      'Sec-WebSocket-Protocol': SUBPROTOCOL,
    }));
    this.#leave();
    const socket = new PageSocket(this.#transport, bridge.settings);
    this.#socket = socket;
    const session = bridge.accept(socket, admission, () => socket.ping());
    if (session !== null) socket.attach(session);
  }

  #refuse(status: Status): void {
    this.#isRefused = true;
    this.#text = '';
    this.#say(encodeRefusal(status));
    this.#transport.close();
    this.#leave();
    const { clock } = this.#bridge.settings;
    this.#cancelLinger = clock.after(LINGER, () => this.#transport.abort());
  }

  // Before anything was sent, a connection takes so few bytes at once.
  #say(text: string): void {
    this.#transport.send(fromLatin1(text));
  }
}
