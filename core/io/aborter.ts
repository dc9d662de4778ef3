import type { AbortSignalLike } from './transport.ts';

/** The part of the platform's AbortController that is used. */
export interface Aborter {
  readonly signal: AbortSignalLike;
  abort(reason: unknown): void;
}

declare const AbortController: new () => Aborter;

export const newAborter = (): Aborter => new AbortController();
