// A target of the fuzzer: what it makes of a seed, and the law for it.
import { show } from '../../../conformance/assert.ts';
import { Random } from '../../../conformance/random.ts';

/** A decoder or a connection, with random inputs. */
export interface Target {
  /**
   * Judges the input of a seed.
   *
   * @returns How many of what it counts it found.
   * @throws Error when a law is broken.
   */
  readonly judge: (seed: number) => number | Promise<number>;
  /** The input of a seed as text. */
  readonly describe: (seed: number) => string;
  /** What it counts, as there must be one in ten inputs at least: what took the fast path. */
  readonly counts: string | null;
}

/**
 * Makes a target.
 *
 * @param make Makes an input.
 * @param judge Throws when a law is broken; returns how many it found of what it counts.
 */
export function target<Input extends object>(
  counts: string | null,
  make: (random: Random) => Input,
  judge: (input: Input) => number | Promise<number>,
): Target {
  return {
    counts,
    judge: (seed) => judge(make(new Random(seed))),
    // The chunks are the same bytes again.
    describe: (seed) => show({ ...make(new Random(seed)), chunks: undefined }),
  };
}

/** The bytes one by one. */
export function single(data: Uint8Array): Uint8Array[] {
  return Array.from(data, (byte) => Uint8Array.of(byte));
}

/** Throws unless what came of an input the first way also came of it in another one. */
export function sameAs(found: unknown, first: unknown, how: string): void {
  if (isSame(found, first)) return;
  throw new Error(`${how}\n  ${show(found)}\nand must give\n  ${show(first)}`);
}

/** Whether two values are the same, in bytes and in all fields. It is much faster than their text. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null) return false;
  if (one instanceof Uint8Array || Array.isArray(one)) {
    if (one.constructor !== other.constructor) return false;
    const [left, right] = [one, other] as [ArrayLike<unknown>, ArrayLike<unknown>];
    if (left.length !== right.length) return false;
    for (let i = 0; i < left.length; i++) if (!isSame(left[i], right[i])) return false;
    return true;
  }
  if (one instanceof Error) return other instanceof Error && String(one) === String(other);
  const fields = one as Record<string, unknown>;
  const others = other as Record<string, unknown>;
  for (const name in fields) if (!isSame(fields[name], others[name])) return false;
  for (const name in others) if (!(name in fields) && others[name] !== undefined) return false;
  return true;
}
