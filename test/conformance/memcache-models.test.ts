import { VirtualClock } from '../../core/io/clock.ts';
import { caseSuite, uniqueKey } from '../support/cases.ts';
import { Client } from '../runner/runtime.ts';
import {
  memcacheCases,
  type MemcacheContext,
  missingNeed,
  ModelServer,
  serverModels,
} from '../../conformance/mod.ts';

// All requirements on a client, in its default configuration, with each of the server models, as
// far as the model has the features.

/** Cases that a model cannot pass although it has the commands. */
const beyond: readonly (readonly [servers: RegExp, left: RegExp])[] = [
  // A time in the past closes the connection.
  [/^twemproxy/, /^expire takes seconds, a Date/],
  // It answers ERROR without a reason.
  [/^Pelikan/, /^incr of what is no number is an error of the server/],
];

for (const model of serverModels) {
  const { name, lacks, keeps = true } = model;
  if (!keeps) continue;
  const clock = new VirtualClock();
  const server = new ModelServer(model, clock);
  // Left out rather than skipped: no installed program would make them possible.
  const cases = memcacheCases.filter((one) =>
    missingNeed(one, (need) => !lacks.includes(need)) === undefined &&
    !beyond.some(([servers, left]) => servers.test(name) && left.test(one.name))
  );
  caseSuite(`client: default | ${name}`, cases, (): MemcacheContext => ({
    create: (options) => new Client('cache', { ...options, dial: server.dial }),
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), { has: () => true });
}
