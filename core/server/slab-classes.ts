/** The bytes of memcached's own item header on a 64-bit machine. */
const HEADER = 48;
const CAS = 8;
const FLAGS = 4;

/**
 * The bytes memcached reckons for an item: what `-I` limits, what `stats` calls `bytes`, and what
 * `me` shows as `size`.
 *
 * @param length The value's length, without the CR LF that memcached stores with it.
 */
export function itemSize(
  keyLength: number,
  flags: number,
  length: number,
  useCas: boolean,
): number {
  return HEADER + (useCas ? CAS : 0) + keyLength + 1 + (flags === 0 ? 0 : FLAGS) + length + 2;
}

/**
 * The sizes of memcached's slab classes with its default factor of 1.25. The embedded server has
 * no slabs; it reports the class that memcached would use, so that statistics agree.
 */
export const slabSizes: readonly number[] = (() => {
  const chunkMax = 512 * 1024;
  const sizes: number[] = [0];
  for (let size = HEADER + 48; size < chunkMax / 1.25;) {
    size = Math.ceil(size / 8) * 8;
    sizes.push(size);
    size = Math.trunc(size * 1.25);
  }
  sizes.push(chunkMax);
  return sizes;
})();

/** The class of an item of this size. */
export function slabClass(size: number): number {
  let low = 1;
  let high = slabSizes.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (slabSizes[middle]! < size) low = middle + 1;
    else high = middle;
  }
  return low;
}
