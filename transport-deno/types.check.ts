// Proves what is said here of Deno: `deno check transport-deno/types.check.ts`, in test/runner/run.ts.
import type { DenoLike } from './deno.ts';

export const proof: DenoLike = Deno;
