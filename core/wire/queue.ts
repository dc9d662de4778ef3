// A first-in, first-out queue. To shift an array of more than some ten thousand elements copies all of
// them.
export class Queue<Value> {
  readonly #values: (Value | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#values.length - this.#head;
  }

  push(value: Value): void {
    this.#values.push(value);
  }

  /** The oldest value, which is taken out; undefined if there is none. */
  shift(): Value | undefined {
    const head = this.#head;
    if (head === this.#values.length) return undefined;
    const value = this.#values[head];
    this.#values[head] = undefined;
    this.#head++;
    if (this.#head === this.#values.length) {
      this.#values.length = 0;
      this.#head = 0;
    }
    return value;
  }
}
