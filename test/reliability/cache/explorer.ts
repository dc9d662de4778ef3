// Tries every order of the steps of a scene.
//
// Depth first; a state that was seen before is not entered again. A state is what its future depends
// on: the items of the servers, the commands under way, the time, and of each client all that it was
// told, as its code gives the same for the same. Steps cannot be taken back, so each branch plays its
// path again from the beginning.
import { Play, type Scene } from './play.ts';

/** What an exploration has found. */
export interface Exploration {
  /** How many states there are. */
  readonly states: number;
  /** How many steps lead from one to another. */
  readonly steps: number;
  /** The longest path. */
  readonly depth: number;
  /** How often each row of the state table was entered. */
  readonly rows: readonly number[];
  /** The path to the first state that breaks a law, and what is broken. */
  readonly broken:
    | { readonly path: readonly string[]; readonly violations: readonly string[] }
    | null;
}

/** Tries every order of the steps of a scene, until a law is broken. */
export async function explore(scene: Scene): Promise<Exploration> {
  const seen = new Set<number>();
  const branches: (readonly string[])[] = [[]];
  const rows: number[] = [];
  let steps = 0;
  let depth = 0;
  for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
    const play = await replay(scene, branch);
    for (;;) {
      steps++;
      depth = Math.max(depth, play.path.length);
      if (play.laws.violations.length > 0) break;
      const state = digest(play.text);
      if (seen.has(state)) break;
      seen.add(state);
      const possible = play.steps;
      const first = possible.pop();
      if (first === undefined) {
        await play.finish();
        break;
      }
      for (const step of possible) branches.push([...play.path, step]);
      await play.step(first);
    }
    play.stage.rows.forEach((count, row) => void (rows[row] = (rows[row] ?? 0) + count));
    const { violations } = play.laws;
    if (violations.length > 0) {
      return { states: seen.size, steps, depth, rows, broken: { path: play.path, violations } };
    }
  }
  return { states: seen.size, steps, depth, rows, broken: null };
}

/** Plays the steps of a path. */
export async function replay(scene: Scene, path: readonly string[]): Promise<Play> {
  const play = new Play(scene);
  await play.begin();
  for (const step of path) await play.step(step);
  return play;
}

/** A number of 53 bits for a text. */
function digest(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
