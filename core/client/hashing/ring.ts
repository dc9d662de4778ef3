// A ring of points, each of which belongs to a node.
import type { HashNode, HashScheme } from './hasher.ts';
import { byteHash, type Digest } from './key-hash.ts';

/** The points of nodes on a circle of 32-bit numbers, and the position of a key. */
export interface RingLayout {
  /**
   * The points of a node.
   *
   * @param weight The node's, and `total` that of all `count` nodes.
   */
  readonly points: (
    name: string,
    weight: number,
    total: number,
    count: number,
  ) => Iterable<number>;
  /** The position of a key. */
  readonly digest: Digest;
  /** Whether the key is at the next point or at the one before it; its own position is both. */
  readonly side: 'next' | 'previous';
}

/**
 * The scheme of a ring. If two nodes share a point, the first in the list comes first, as in
 * libmemcached.
 */
export function ring({ points, digest, side }: RingLayout): HashScheme {
  return (nodes) => {
    const { positions, owners } = layOut(nodes, points);
    const positionOf = byteHash(digest);
    const last = positions.length - 1;
    return (key) => {
      const position = positionOf(key);
      if (side === 'next') {
        const at = firstFrom(positions, position);
        return owners[at > last ? 0 : at]!;
      }
      const at = firstFrom(positions, position + 1) - 1;
      return owners[at < 0 ? last : at]!;
    };
  };
}

// Positions and the nodes they belong to, in the order of the circle.
function layOut(
  nodes: readonly HashNode[],
  points: RingLayout['points'],
): { positions: Uint32Array; owners: Uint32Array } {
  const total = nodes.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const pairs = nodes.flatMap(({ name, weight = 1 }, owner) =>
    Array.from(points(name, weight, total, nodes.length), (position) => ({ position, owner }))
  ).sort((left, right) => left.position - right.position || left.owner - right.owner);
  return {
    positions: Uint32Array.from(pairs, ({ position }) => position),
    owners: Uint32Array.from(pairs, ({ owner }) => owner),
  };
}

/** The index of the first of the sorted positions that is not below `position`. */
function firstFrom(positions: Uint32Array, position: number): number {
  let from = 0;
  let to = positions.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (positions[middle]! < position) from = middle + 1;
    else to = middle;
  }
  return from;
}
