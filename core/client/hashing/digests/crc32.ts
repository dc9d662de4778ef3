// CRC-32.
const TABLE = /* @__PURE__ */ Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ ((rest & 1) === 0 ? 0 : 0xedb88320);
  return rest;
});

/** CRC-32 as in zlib and Ethernet. */
export function crc32(bytes: Uint8Array, length: number): number {
  let rest = -1;
  for (let i = 0; i < length; i++) rest = (rest >>> 8) ^ TABLE[(rest ^ bytes[i]!) & 0xff]!;
  return ~rest >>> 0;
}
