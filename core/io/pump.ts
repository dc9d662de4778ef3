// The loop between a state machine and a transport.
import type { Transport } from './transport.ts';

/**
 * The loop that joins a state machine and a transport: it sends the machine's output until the
 * transport takes no more, continues when that has drained, pauses the transport while there is a
 * reason to, and closes it at the end.
 *
 * The owner gives the machine the bytes that arrive, takes its events and calls `flush`, or calls
 * `run`, which does both. After `onDrain` it calls `drained` first, and `detach` when the transport
 * has closed.
 */
export class Pump {
  readonly #machine: Machine;
  readonly #handlers: PumpHandlers;
  readonly #pace: Pacing | null;
  #transport: Transport | null = null;
  // The budget of this turn of the event loop is spent.
  #sendsLater = false;
  // The transport took less than it was given, and has not drained.
  #isBlocked = false;
  #isScheduled = false;
  // More is likely to be written soon, in a microtask of this turn.
  #lingers = false;
  #isEnding = false;
  #holds = 0;
  readonly #turn = (): void => {
    if (this.#lingers) {
      this.#lingers = false;
      void Promise.resolve().then(this.#turn);
      return;
    }
    this.#isScheduled = false;
    this.#handlers.onTurn();
  };

  /** @param pace Limits the work of one turn of the event loop; null for no limit. */
  constructor(machine: Machine, handlers: PumpHandlers, pace: Pacing | null = null) {
    this.#machine = machine;
    this.#handlers = handlers;
    this.#pace = pace;
  }

  /** Whether there is a transport. */
  get isOpen(): boolean {
    return this.#transport !== null;
  }

  /** Whether what is written now leaves in this turn of the event loop. */
  get isFree(): boolean {
    return this.#transport !== null && !this.#isBlocked && !this.#sendsLater;
  }

  /** Whether the transport has to drain before it takes more. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Whether it closes, or has closed, the transport. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Whether sending continues in the next turn of the event loop. */
  get sendsLater(): boolean {
    return this.#sendsLater;
  }

  attach(transport: Transport): void {
    this.#transport = transport;
    if (this.#holds !== 0) transport.pause();
  }

  /** The transport has closed. */
  detach(): void {
    this.#transport = null;
  }

  /**
   * Schedules `onTurn` in a microtask, so that the writes of one turn leave together. Returns true
   * when it was not scheduled yet.
   */
  schedule(): boolean {
    if (this.#isScheduled) return false;
    this.#isScheduled = true;
    void Promise.resolve().then(this.#turn);
    return true;
  }

  /**
   * Schedules `onTurn` one microtask later than it was: a caller that awaits one write after the other,
   * and is not kept waiting for either, then has its next one in time to leave with this one.
   */
  linger(): void {
    this.#lingers = true;
  }

  /**
   * Sends the machine's output, as far as the transport takes it.
   *
   * @param now The time for the machine, in milliseconds.
   * @param isPaced Whether to stop when the budget of this turn is spent.
   */
  flush(now = 0, isPaced = false): void {
    const machine = this.#machine;
    let asksPace = isPaced;
    while (this.#transport !== null && !this.#isBlocked) {
      if (asksPace && (this.#sendsLater || this.#pace?.isOver === true) && this.isSentEnough()) {
        return;
      }
      if (machine.memory?.isAwaited === true && this.#transport.held === 0) {
        machine.memory.reclaim();
      }
      const bytes = machine.transmit(now);
      if (bytes === null) {
        if (this.#isEnding) this.close();
        return;
      }
      // A small write takes too little time to be worth reading the clock.
      asksPace = isPaced && bytes.length >= LARGE;
      if (asksPace) this.#pace?.begin();
      const taken = this.#transport.send(bytes);
      machine.sent(taken);
      this.#handlers.onSent?.(taken);
      if (taken < bytes.length) this.#isBlocked = true;
    }
  }

  /** Takes and sends in turn, as long as sending makes room for commands that were held back. */
  run(): void {
    for (;;) {
      const goesOn = this.#handlers.take?.() === true && this.#machine.congested === true;
      this.flush();
      if (!goesOn || this.#machine.congested === true) return;
    }
  }

  /** The transport has room again. */
  drained(): void {
    this.#isBlocked = false;
  }

  /** Begins, or ends, a reason not to read from the transport. It reads when none is left. */
  hold(reason: number, isHeld: boolean): void {
    const before = this.#holds;
    this.#holds = isHeld ? before | reason : before & ~reason;
    if (before === 0 && this.#holds !== 0) this.#transport?.pause();
    else if (before !== 0 && this.#holds === 0) this.#transport?.resume();
  }

  /**
   * Whether nothing more is to be sent in this turn of the event loop, since its budget is spent.
   * Reading continues: a server whose replies are not read while much is sent would seem stalled.
   */
  isSentEnough(): boolean {
    if (!this.#sendsLater && this.#pace !== null && this.#pace.isOver) {
      this.#goOnLater(this.#pace);
      this.#sendsLater = true;
    }
    return this.#sendsLater;
  }

  /** Postpones reading to the next turn of the event loop if the budget of this one is spent. */
  limitReading(): void {
    if ((this.#holds & RESTING) !== 0 || this.#pace === null || !this.#pace.isOver) return;
    this.#goOnLater(this.#pace);
    this.hold(RESTING, true);
  }

  #goOnLater(pace: Pacing): void {
    if (this.#sendsLater || (this.#holds & RESTING) !== 0) return;
    pace.leave(() => {
      this.#sendsLater = false;
      this.hold(RESTING, false);
      this.#handlers.onRested?.();
    });
  }

  /** Closes the transport as soon as it has taken all output; call `flush` or `run` after it. */
  end(): void {
    this.#isEnding = true;
  }

  /** Ends the stream; bytes that the transport has taken are still sent. */
  close(): void {
    this.#isEnding = true;
    const transport = this.#transport;
    this.#transport = null;
    transport?.close();
  }

  /** Ends the stream at once, and drops bytes that were not sent. */
  abort(): void {
    this.#isEnding = true;
    const transport = this.#transport;
    this.#transport = null;
    transport?.abort();
  }
}

/** A read or write of so many bytes may be one of many in a turn, so it begins the measurement. */
export const LARGE: number = 16 * 1024;

// Why a transport is paused. Bits, since several reasons may hold at once.
/** The peer does not read, or has sent more than may wait. */
export const CONGESTED = 1;
/** The consumer of items is busy. */
export const BUSY = 2;
/** The owner of the connection asked for it. */
export const PAUSED = 4;
/** The budget of this turn of the event loop is spent. */
const RESTING = 8;

/** The output of a state machine. */
export interface Machine {
  /** The next bytes for the transport, or null. */
  transmit(now: number): Uint8Array | null;
  /** The transport took `count` of the bytes that `transmit` returned. */
  sent(count: number): void;
  /** The memory of what it sends. `reclaim` is called when the transport holds none of it any more. */
  readonly memory?: { readonly isAwaited: boolean; reclaim(): void } | undefined;
  /** Whether it holds back commands until output has left. The client's side never does. */
  readonly congested?: boolean | undefined;
}

/** Limits the work of one turn of the event loop. */
export interface Pacing {
  /** Whether the budget of this turn is spent. */
  readonly isOver: boolean;
  /** Starts the measurement, unless it has been started in this turn. */
  begin(): void;
  /** Queues work for a later turn. */
  leave(work: () => void): void;
}

/** The callbacks of a pump. They are made once for each connection, not for each call. */
export interface PumpHandlers {
  /** Called in a microtask after `schedule`. */
  readonly onTurn: () => void;
  /** Takes the machine's events, for `run`. Returns whether to continue when there is room. */
  readonly take?: (() => boolean) | undefined;
  /** The transport took so many bytes. */
  readonly onSent?: ((count: number) => void) | undefined;
  /** The next turn of the event loop has begun, after one whose budget was spent. */
  readonly onRested?: (() => void) | undefined;
}
