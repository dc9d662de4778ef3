// A load in progress, and the callers in this process that share it.
import { type Aborter, newAborter, type RuntimeSignal } from '../../io/transport.ts';

/** How a load ended. */
export type Landing =
  | {
    readonly type: 'loaded';
    readonly value: unknown;
    /**
     * The item was, or may have been, changed, invalidated or deleted while the value was loaded: it
     * is the answer only for calls that were made before the load began.
     */
    readonly isOutdated: boolean;
  }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'aborted' };

/** A load in progress. */
export class Flight {
  /** The value once it is loaded, for those who had asked before the load began; never rejects. */
  readonly arrival: Promise<Landing>;
  /** How it ends, once the value is stored; never rejects. */
  readonly landing: Promise<Landing>;
  /** Whether a call may join it without asking the server: not once its value is being stored. */
  isOpen = true;
  /** Whether it has ended, or was aborted. */
  isOver = false;
  /** Counts the loads: a call is later than those with a number up to that at its start. */
  readonly number: number;
  readonly #aborter: Aborter = newAborter();
  readonly #onAbort: () => void;
  #arrive: (landing: Landing) => void = () => {};
  #land: (landing: Landing) => void = () => {};
  #callers = 0;
  // The load goes on, whoever waits for it.
  #isKept = false;

  /** @param onAbort Called when the last caller has left before the end. */
  constructor(number: number, onAbort: () => void) {
    this.number = number;
    this.#onAbort = onAbort;
    this.arrival = new Promise((resolve) => {
      this.#arrive = resolve;
    });
    this.landing = new Promise((resolve) => {
      this.#land = resolve;
    });
  }

  /** Aborted with the flight. */
  get signal(): RuntimeSignal {
    return this.#aborter.signal;
  }

  enter(): void {
    this.#callers++;
  }

  /** Does not wait any more. After the last caller the load is aborted, unless it is kept. */
  leave(): void {
    this.#callers--;
    if (this.#callers > 0 || this.#isKept || this.isOver) return;
    this.isOpen = false;
    this.isOver = true;
    this.#onAbort();
    // A call that comes to it later looks again.
    this.#arrive({ type: 'aborted' });
    this.#land({ type: 'aborted' });
    this.#aborter.abort(undefined);
  }

  /** Goes on without callers. */
  keep(): void {
    this.#isKept = true;
  }

  /** The value is loaded, and will be stored, whoever waits for that. */
  arrive(value: unknown): void {
    this.isOpen = false;
    this.#isKept = true;
    this.#arrive({ type: 'loaded', value, isOutdated: false });
  }

  end(landing: Landing): void {
    this.isOpen = false;
    this.isOver = true;
    this.#arrive(landing);
    this.#land(landing);
  }
}
