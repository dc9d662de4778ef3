/**
 * A 64-bit number without a sign that is calculated with in place. Two halves take a fraction of
 * the time of a bigint, which is a new one after every step.
 */
export class Word64 {
  high: number;
  low: number;

  constructor(high: number, low: number) {
    this.high = high >>> 0;
    this.low = low >>> 0;
  }

  xor(high: number, low: number): void {
    this.high = (this.high ^ high) >>> 0;
    this.low = (this.low ^ low) >>> 0;
  }

  /** Times another number, modulo 2^64. */
  multiply(high: number, low: number): void {
    // The low halves in full, sixteen bits by sixteen: every sum is one that a double holds.
    const [a, b] = [this.low >>> 16, this.low & 0xffff];
    const [c, d] = [low >>> 16, low & 0xffff];
    const middle = a * d + ((b * d) >>> 16);
    const other = b * c + middle % 0x10000;
    const carry = a * c + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000);
    this.high = (carry + Math.imul(this.high, low) + Math.imul(this.low, high)) >>> 0;
    this.low = Math.imul(this.low, low) >>> 0;
  }

  increment(): void {
    this.low = (this.low + 1) >>> 0;
    if (this.low === 0) this.high = (this.high + 1) >>> 0;
  }
}
