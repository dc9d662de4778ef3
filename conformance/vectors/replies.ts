// Reply vectors, all of them.
import type { ReplyVector } from './reply-vector.ts';
import { adminReplies } from './replies-admin.ts';
import { classicReplies } from './replies-classic.ts';
import { errorReplies } from './replies-errors.ts';
import { metaReplies } from './replies-meta.ts';

export type { ReplyVector } from './reply-vector.ts';

/** Vectors of replies whose meaning is fixed, by the protocol or by servers. */
export const replyVectors: readonly ReplyVector[] = [
  ...classicReplies,
  ...metaReplies,
  ...adminReplies,
  ...errorReplies,
];
