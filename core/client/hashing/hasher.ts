// Hash schemes, and the list of nodes to which one is applied.
import type { Key } from '../../wire/command.ts';
import { UsageError } from '../../wire/errors.ts';
import { checkBytes } from '../../wire/key.ts';
import { withoutLogin } from '../connection/endpoint.ts';

/** A server, as far as hashing is concerned. */
export interface HashNode {
  /**
   * The unique name that is hashed: `host:port` (IPv6 without brackets) or the path of a socket.
   * All clients of a cache must spell it alike.
   */
  readonly name: string;
  /** Its share of the keys relative to a node of weight 1; 1 by default. */
  readonly weight?: number | undefined;
}

/** Finds the server of a key. Equal lists of nodes give equal results, in any process. */
export interface Hasher {
  /** The nodes in their order. */
  readonly nodes: readonly HashNode[];
  /**
   * The node of a key, or undefined when there are no nodes.
   *
   * @param key The caller's key, without the client's prefix unless the scheme's own clients hash
   * that too. A text and its UTF-8 bytes are one key.
   */
  nodeFor(key: Key): HashNode | undefined;
  /**
   * Adds a node.
   *
   * @param at The index of the new node in the list; at the end by default. Some schemes depend on the
   * order of the list: a server that returns must get its old place.
   * @throws UsageError when there is a node of that name, or the scheme cannot have its weight.
   */
  add(node: HashNode, at?: number): void;
  /** Removes a node; returns whether there was one of that name. */
  remove(name: string): boolean;
}

/**
 * A way to distribute keys among nodes: a function from a list, which is not empty and does not
 * change, to a function from a key to the index of its node.
 */
export type HashScheme = (nodes: readonly HashNode[]) => (key: Key) => number;

/** A hasher that distributes keys by a scheme. */
export class SchemeHasher implements Hasher {
  readonly #scheme: HashScheme;
  #nodes: readonly HashNode[] = [];
  #indexOf: (key: Key) => number = () => -1;

  /**
   * Makes a hasher over nodes.
   *
   * @throws UsageError as `add` does.
   */
  constructor(scheme: HashScheme, nodes: readonly HashNode[] = []) {
    this.#scheme = scheme;
    this.arrange(nodes);
  }

  /** The nodes in their order. */
  get nodes(): readonly HashNode[] {
    return this.#nodes;
  }

  /** The node that has a key; undefined without nodes. */
  nodeFor(key: Key): HashNode | undefined {
    if (typeof key !== 'string') checkBytes(key);
    return this.#nodes[this.#indexOf(key)];
  }

  /**
   * Adds a node.
   *
   * @param at Its place in the order, the last by default; some schemes depend on it.
   */
  add(node: HashNode, at: number = this.#nodes.length): void {
    if (!Number.isInteger(at) || at < 0 || at > this.#nodes.length) {
      throw new UsageError('at', `must be an index from 0 to ${this.#nodes.length}`);
    }
    this.arrange(this.#nodes.toSpliced(at, 0, node));
  }

  /** Takes a node out; false when there is none of that name. */
  remove(name: string): boolean {
    const left = this.#nodes.filter((node) => node.name !== name);
    if (left.length === this.#nodes.length) return false;
    this.arrange(left);
    return true;
  }

  /**
   * Replaces the list of nodes.
   *
   * @throws UsageError as `add` does, before anything has changed.
   */
  arrange(nodes: readonly HashNode[]): void {
    const names = new Set<string>();
    for (const node of nodes) {
      checkNode(node);
      if (names.has(node.name)) {
        throw new UsageError('node', `${JSON.stringify(withoutLogin(node.name))} is there already`);
      }
      names.add(node.name);
    }
    // Copies, so that later changes by the caller do not affect the scheme.
    const list = nodes.map((node) => Object.freeze({ ...node }));
    const indexOf = list.length === 0 ? () => -1 : this.#scheme(list);
    if (typeof indexOf !== 'function') {
      throw new UsageError('scheme', 'must return a function of a key: hashSchemes has examples');
    }
    this.#indexOf = indexOf;
    this.#nodes = list;
  }
}

function checkNode({ name, weight = 1 }: HashNode): void {
  if (typeof name !== 'string' || name === '') {
    throw new UsageError('node', 'must have a name that is not empty');
  }
  if (!(Number.isFinite(weight) && weight > 0)) {
    throw new UsageError('weight', `of ${name} must be a number above 0`);
  }
}

/** For schemes without weights: ignoring one would put keys where no other client looks. */
export function refuseWeights(nodes: readonly HashNode[]): void {
  const weighted = nodes.find(({ weight = 1 }) => weight !== 1);
  if (weighted === undefined) return;
  throw new UsageError('weight', `of ${weighted.name}: this way of hashing has no weights`);
}
