// Proves what is said here of Deno: `deno check transport-deno/types.check.ts`, in test/run.ts.
import type { WebRequest, WebResponse } from '../core/bridge/web-request.ts';
import type { DenoLike } from './deno.ts';
import type { DenoHttp } from './deno-http.ts';

export const proof: DenoLike = Deno;
export const http: DenoHttp<Request, Response> = Deno;
export const request = (real: Request): WebRequest => real;
export const response = (real: Response): WebResponse => real;
