import type { Subject } from './adapters.ts';

/** What one load came to. */
export interface Measured {
  /** Operations a second; keys a second for getMany. */
  readonly rate: number;
  /** Seconds of this process's processor time for a million of them. */
  readonly cpu: number;
}

export const KEYS = 1000;
const MANY = Array.from({ length: 100 }, (_, i) => `key:${i}`);
export const SMALL = 'x'.repeat(100);
export const MEDIUM = 'x'.repeat(10_000);
export const LARGE = 'x'.repeat(1_000_000);

interface Load {
  readonly inFlight: number;
  /** Does one; gives how many that were. */
  readonly run: (subject: Subject, i: number) => Promise<unknown>;
  readonly each?: number;
  readonly needsMany?: true;
}

export const key = (i: number): string => `key:${i % KEYS}`;

export const loads: Readonly<Record<string, Load>> = {
  'get, one by one': { inFlight: 1, run: (subject, i) => subject.get(key(i)) },
  'get, 64 in flight': { inFlight: 64, run: (subject, i) => subject.get(key(i)) },
  'get, 256 in flight': { inFlight: 256, run: (subject, i) => subject.get(key(i)) },
  'set, 64 in flight': { inFlight: 64, run: (subject, i) => subject.set(key(i), SMALL) },
  '90/10, 256 in flight': {
    inFlight: 256,
    run: (subject, i) => i % 10 === 0 ? subject.set(key(i), SMALL) : subject.get(key(i)),
  },
  'getMany of 100': {
    inFlight: 1,
    run: (subject) => subject.getMany!(MANY),
    each: 100,
    needsMany: true,
  },
  'get of 10 kB, 64 in flight': { inFlight: 64, run: (subject) => subject.get('medium') },
  'set of 10 kB, 64 in flight': { inFlight: 64, run: (subject) => subject.set('medium', MEDIUM) },
  'get of 1 MB': { inFlight: 1, run: (subject) => subject.get('large') },
  'set of 1 MB': { inFlight: 1, run: (subject) => subject.set('large', LARGE) },
};
