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

// All that a client must do, in its default configuration, with each server of the field, as far as
// the server has it.

/** What servers lack beside a command: the cases that cannot be asked of them. */
const beyond: readonly (readonly [servers: RegExp, left: RegExp])[] = [
  // A time that is past ends the connection.
  [/^twemproxy/, /^expire takes seconds, a Date/],
  // It says ERROR, and not why.
  [/^Pelikan/, /^incr of what is no number is an error of the server/],
];

for (const model of serverModels) {
  const { name, lacks, keeps = true } = model;
  if (!keeps) continue;
  const clock = new VirtualClock();
  const server = new ModelServer(model, clock);
  // Not skipped: nothing that could be installed makes them possible.
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
