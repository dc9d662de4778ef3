// Proves what is said here of Bun: `tsc -p transport-bun/tsconfig.check.json`, in test/runner/run.ts.
import type { BunLike } from './bun.ts';

export const proof: BunLike = Bun;
