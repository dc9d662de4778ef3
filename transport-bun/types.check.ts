// Proves what is said here of Bun: `tsc -p transport-bun/tsconfig.check.json`, in test/run.ts.
import type { WebRequest, WebResponse } from '../core/bridge/web-request.ts';
import type { BunLike } from './bun.ts';
import type { BunHttp } from './bun-http.ts';

export const proof: BunLike = Bun;
export const http: BunHttp<object, Request, Response> = Bun;
export const request = (real: Request): WebRequest => real;
export const response = (real: Response): WebResponse => real;
