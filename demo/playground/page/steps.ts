// The five steps that an empty page leads through.
import type { Client } from '../../../transport-web/mod.ts';

/** A step: a call of the client, as a program makes it. */
export interface Step {
  readonly title: string;
  /** The line of TypeScript. */
  readonly code: string;
  /** The type of its result. */
  readonly type: string;
  /** Does the same. */
  run(client: Client): Promise<unknown>;
}

/** The steps; a test compares each line of TypeScript with what is done. */
export const steps: readonly Step[] = [
  {
    title: 'Store a value for a minute',
    code: "await client.set('greeting', 'hello, page', { expire: 60 })",
    type: 'boolean',
    run: (client) => client.set('greeting', 'hello, page', { expire: 60 }),
  },
  {
    title: 'Read it back',
    code: "await client.get<string>('greeting')",
    type: 'string | undefined',
    run: (client) => client.get<string>('greeting'),
  },
  {
    title: 'Read many keys in one round trip',
    code: "await client.getMany<string>(['greeting', 'nobody'])",
    type: 'Map<Key, string>',
    run: (client) => client.getMany<string>(['greeting', 'nobody']),
  },
  {
    title: 'Store only if the key is new',
    code: "await client.add('visits', 41)",
    type: 'boolean',
    run: (client) => client.add('visits', 41),
  },
  {
    title: 'Count',
    code: "await client.incr('visits')",
    type: 'bigint | undefined',
    run: (client) => client.incr('visits'),
  },
];

/** A result as a program would write it. */
export function showResult(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return `'${value}'`;
  if (!(value instanceof Map)) return String(value);
  const entries = [...value].map(([key, held]: [unknown, unknown]) =>
    `${showResult(key)} => ${showResult(held)}`
  );
  return `Map(${value.size}) { ${entries.join(', ')} }`;
}
