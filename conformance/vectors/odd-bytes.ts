// Byte arrays with unusual buffers.
declare const structuredClone: (value: unknown, options: { transfer: ArrayBuffer[] }) => unknown;

/** An array whose buffer was transferred, for example to a worker. */
export function transferred(length: number): Uint8Array {
  const buffer = new ArrayBuffer(length);
  const array = new Uint8Array(buffer).fill(0x61);
  transfer(buffer);
  return array;
}

/** Transfers a buffer away from the arrays that look into it. */
export function transfer(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}

/** An array whose buffer was shrunk. */
export function shrunk(length: number): Uint8Array {
  const buffer = new ArrayBuffer(length, { maxByteLength: length });
  const array = new Uint8Array(buffer, 0, length);
  buffer.resize(length - 1);
  return array;
}

class Liar extends Uint8Array {
  override get length(): number {
    return 1;
  }
}

/** Values that look like bytes and are not, or that misreport their length. */
export const oddBytes: readonly (readonly [string, unknown])[] = [
  ['a Proxy of bytes', new Proxy(Uint8Array.of(97), {})],
  ['an object with the prototype of bytes', Object.create(Uint8Array.prototype)],
  ['bytes whose buffer was transferred', transferred(3)],
  ['bytes whose buffer has shrunk', shrunk(3)],
  ['bytes of another length than they say', new Liar(3).fill(97)],
  ['an array of numbers', [97]],
  ['a DataView', new DataView(new ArrayBuffer(1))],
  ['clamped bytes', Uint8ClampedArray.of(97)],
  ['numbers of 16 bits', Uint16Array.of(97)],
  ['a boxed string', Object('k')],
  ['a symbol', Symbol('k')],
  ['a function', () => 'k'],
];
