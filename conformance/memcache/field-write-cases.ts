// Field cases: writes.
import { MemcacheError } from '../../core/wire/errors.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import {
  type FieldClient,
  type FieldContext,
  hostile,
  keeping,
  lacksMeta,
  nothingWasRun,
  patiently,
  TOO_LARGE,
  withModel,
} from './field-case.ts';

/** A write and the item that it must leave. */
interface Write {
  readonly name: string;
  readonly needs: readonly string[];
  /** The value before the write. */
  readonly over: string | null;
  /** The value that `run` stores. */
  readonly result: (value: string) => string;
  run(client: FieldClient, key: string, value: string): Promise<unknown>;
}

const whole = (value: string): string => value;

const writes: readonly Write[] = [
  {
    ...{ name: 'set', needs: [], over: null, result: whole },
    run: (client, key, value) => client.set(key, value),
  },
  {
    ...{ name: 'add', needs: ['add'], over: null, result: whole },
    run: (client, key, value) => client.add(key, value),
  },
  {
    ...{ name: 'replace', needs: ['replace'], over: 'x', result: whole },
    run: (client, key, value) => client.replace(key, value),
  },
  {
    ...{ name: 'append', needs: ['append'], over: 'x', result: (value) => `x${value}` },
    run: (client, key, value) => client.append(key, value),
  },
  {
    ...{ name: 'prepend', needs: ['prepend'], over: 'x', result: (value) => `${value}x` },
    run: (client, key, value) => client.prepend(key, value),
  },
  {
    ...{ name: 'cas', needs: ['cas', 'gets'], over: 'x', result: whole },
    async run(client, key, value) {
      const found = await client.gets(key);
      equal(await client.cas(key, value, found?.cas ?? 0n), 'stored');
    },
  },
  {
    ...{ name: 'setMany', needs: ['setMany'], over: null, result: whole },
    run: async (client, key, value) =>
      equal(await client.setMany([[key, value], [`${key}2`, value]]), new Map()),
  },
  {
    ...{ name: 'set with noreply', needs: ['noreply'], over: null, result: whole },
    run: (client, key, value) => client.set(key, value, { noreply: true }),
  },
  {
    ...{ name: 'setMany, quietly', needs: ['setMany', 'quiet'], over: null, result: whole },
    run: (client, key, value) => client.setMany([[key, value]], { quiet: true }),
  },
];

const valueCases: readonly Case<FieldContext>[] = keeping.flatMap((model) =>
  [undefined, 'text' as const].flatMap((dialect) =>
    writes.filter(({ needs }) => !needs.some((need) => model.lacks.includes(need))).map((write) =>
      withModel(
        model,
        `${write.name} stores what looks like a command, and it is not run` +
          (dialect === undefined ? '' : `, dialect ${dialect}`),
        write.needs,
        async ({ server, key, another }) => {
          for (const [i, value] of hostile.entries()) {
            // Each over new connections, whose first command is a read or a write.
            const client = await another();
            const name = `${key}${i}`;
            if (i % 2 === 0) equal(await client.get(name), undefined, 'before it is there');
            if (write.over !== null) equal(await client.set(name, write.over), true, 'set');
            await write.run(client, name, value);
            equal(await client.get(name), write.result(value));
          }
          nothingWasRun(server);
        },
        dialect === undefined ? {} : { dialect },
      )
    )
  )
);

const modelCases: readonly Case<FieldContext>[] = keeping.flatMap((model) => [
  withModel(model, 'a miss is a miss, and writes work behind it', [
    ...['getMany', 'gets', 'incr'],
  ], async ({ client, key, server }) => {
    equal(await client.get(key), undefined);
    equal(await client.gets(key), undefined);
    equal(await client.getMany([key, `${key}2`]), new Map());
    equal(await client.delete(key), false);
    equal(await client.incr(key), undefined);
    equal(await client.set(key, '5'), true);
    equal(await client.incr(key), 6n);
    equal(await client.getMany([`${key}2`, key]), new Map([[key, '6']]));
    equal(await client.delete(key), true);
    equal(await client.get(key), undefined);
    nothingWasRun(server);
  }),
  withModel(
    model,
    'much at once, before anything is known of it',
    ['getMany', 'setMany', 'types'],
    async ({ client, key, server }) => {
      const names = Array.from({ length: 150 }, (_, i) => `${key}-${i}`);
      await Promise.all([
        client.get(key),
        client.setMany(names.slice(0, 50).map((name) => [name, name] as const)),
        ...names.slice(50, 100).map((name) => client.set(name, name)),
      ]);
      // Every third is a miss, which changes the order of the others behind twemproxy.
      const asked = names.flatMap((name, i) => i % 2 === 0 ? [name, `${name}?`] : [name]);
      equal(await client.getMany(asked), new Map(names.slice(0, 100).map((name) => [name, name])));
      nothingWasRun(server);
    },
  ),
  withModel(model, 'meta.set is done, or refused before the value leaves', [
    'meta',
    'errors',
  ], async ({ key, server, another }) => {
    for (const [i, value] of hostile.entries()) {
      const client = await another();
      const { meta } = client;
      ok(meta !== undefined, 'it has meta commands');
      if (lacksMeta(model)) {
        const error = await rejects(meta.set(`${key}${i}`, value), MemcacheError);
        equal(error.outcome, 'not-sent', error.message);
        equal(await client.get(`${key}${i}`), undefined);
      } else {
        equal((await meta.set(`${key}${i}`, value)).status, 'done');
        equal(await client.get(`${key}${i}`), value);
      }
    }
    nothingWasRun(server);
  }),
]);

/** Requirements on writes, with every server that stores items. */
export const fieldWriteCases: readonly Case<FieldContext>[] = [
  ...valueCases,
  ...modelCases,
  ...keeping.map((model) =>
    withModel(model, 'a value that is too large and quiet is not run', ['noreply'], async (
      { client, key, server },
    ) => {
      for (const name of [key, `${key}2`]) {
        await client.set(name, TOO_LARGE, { noreply: true }).catch(() => false);
        await patiently(() => client.get(name));
      }
      nothingWasRun(server);
    })
  ),
];
