// Plays a recording: a position that moves from moment to moment.

/** Told of each position: the index of the last moment that has happened, and a part of the next. */
export type OnPosition = (position: number) => void;

/** The position in a recording. */
export class Player {
  readonly #onPosition: OnPosition;
  readonly #onPlaying: (isPlaying: boolean) => void;
  #last = 0;
  #position = 0;
  #isPlaying = false;
  #frame = 0;
  // When the frame before was drawn, in milliseconds.
  #before: number | null = null;
  /** Moments in a second. */
  speed: number = 12;

  constructor(onPosition: OnPosition, onPlaying: (isPlaying: boolean) => void) {
    this.#onPosition = onPosition;
    this.#onPlaying = onPlaying;
  }

  /** The index of the moment that is shown. */
  get index(): number {
    return Math.floor(this.#position);
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  /** Takes another recording. @param count How many moments it has. */
  open(count: number): void {
    this.pause();
    this.#last = Math.max(0, count - 1);
    this.seek(0);
  }

  /** Goes to a moment. One that is outside of the recording is its first or its last. */
  seek(index: number): void {
    this.#position = Math.max(0, Math.min(this.#last, index));
    this.#onPosition(this.#position);
  }

  /** Pauses and goes one moment on, or so many; back if it is less than 0. */
  step(count: number = 1): void {
    this.pause();
    this.seek(this.index + count);
  }

  /** From the start again, if it is at its end. */
  play(): void {
    if (this.#isPlaying) return;
    if (this.index >= this.#last) this.seek(0);
    this.#isPlaying = true;
    this.#before = null;
    this.#onPlaying(true);
    this.#frame = requestAnimationFrame((now) => this.#next(now));
  }

  pause(): void {
    if (!this.#isPlaying) return;
    this.#isPlaying = false;
    cancelAnimationFrame(this.#frame);
    this.#onPlaying(false);
    this.seek(this.index);
  }

  #next(now: number): void {
    const passed = this.#before === null ? 0 : now - this.#before;
    this.#before = now;
    this.seek(this.#position + this.speed * passed / 1000);
    if (this.#position >= this.#last) this.pause();
    else this.#frame = requestAnimationFrame((next) => this.#next(next));
  }
}
