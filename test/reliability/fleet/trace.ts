// What happens in a run, as data: for a page that shows it.
import type { Operation, Violation } from '../history.ts';

/** Told of each event of a run. @param at Microseconds of virtual time. */
export type Watcher = (at: number, event: TraceEvent) => void;

/** Something that happened. Processes are named `client0` and `server0`, by their indexes. */
export type TraceEvent =
  /** A process starts; ends; is stopped by SIGSTOP; is continued. */
  | { readonly type: 'up' | 'down' | 'stopped' | 'continued'; readonly process: string }
  /** A client dials a server. Its connection, if it gets one, has the same number. */
  | {
    readonly type: 'dialed';
    readonly connection: number;
    readonly client: string;
    readonly server: number;
  }
  | { readonly type: 'connected'; readonly connection: number }
  /** One end was told that the connection is gone, or its dial failed. Null: in order. */
  | {
    readonly type: 'closed';
    readonly connection: number;
    readonly isClient: boolean;
    readonly cause: string | null;
  }
  | { readonly type: 'sent'; readonly connection: number; readonly packet: TracedPacket }
  /**
   * The oldest packet of its direction is there. `waiting`: it is held back by a partition, and
   * arrives again when that is over. `lost`: nobody hears of it.
   */
  | {
    readonly type: 'arrived';
    readonly connection: number;
    readonly fromClient: boolean;
    readonly fate: 'read' | 'waiting' | 'lost';
  }
  | { readonly type: 'call'; readonly call: TracedCall }
  /** A call has ended. `abandoned`: with its process, or with the run. */
  | {
    readonly type: 'ended';
    readonly call: number;
    readonly result: unknown;
    /** Null after a success. */
    readonly error: unknown;
    readonly isAbandoned: boolean;
  }
  /** The client is null where a fault is the server's alone. */
  | {
    readonly type: 'fault';
    readonly fault: number;
    readonly kind: string;
    readonly server: number;
    readonly client: string | null;
  }
  | { readonly type: 'fault-over'; readonly fault: number }
  /** A server has done a write. */
  | { readonly type: 'applied'; readonly id: number }
  /** A server has lost an item; null: all that it had. */
  | { readonly type: 'lost'; readonly key: string | null; readonly server: number }
  /** Nothing goes wrong any more, and the clients are closed. */
  | { readonly type: 'closing' }
  /** A law is broken. */
  | { readonly type: 'violation'; readonly law: string }
  /** At the end of the run, what the checker says of the item of a key on a server. */
  | {
    readonly type: 'history';
    /** `k1@0`: the key, and the index of the server. */
    readonly register: string;
    readonly operations: readonly Operation[];
    readonly violation: Violation | null;
  };

/** Bytes on their way, or the end of a stream. */
export interface TracedPacket {
  readonly fromClient: boolean;
  /** Valid during the event only. */
  readonly bytes: Uint8Array | 'FIN' | 'RST';
}

/** A call of a caller. */
export interface TracedCall {
  readonly number: number;
  readonly client: string;
  /** `get`, `setMany`. */
  readonly kind: string;
  readonly items: readonly TracedItem[];
}

/** An item that a call is about. */
export interface TracedItem {
  readonly key: string;
  readonly register: string;
  /** The number of the write, which is its value; 0 of a read. */
  readonly id: number;
}
