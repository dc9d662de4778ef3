import { channel, tracingChannel } from 'node:diagnostics_channel';
import * as assert from 'uvu/assert';
import { MemoryServer } from '../../core/server/memory.ts';
import type { ServerClient } from '../../core/client/server-client.ts';
import { suite } from '../runner/suite.ts';
import { Client } from '../runner/runtime.ts';
import type { ClientOptions, CommandMessage, FetchEnd } from '../../transport-node/mod.ts';

const diagnostics = suite('diagnostics channel');
const commands = tracingChannel<'memwire:command', CommandMessage>('memwire:command');

function client(options: ClientOptions = {}): ServerClient {
  return new Client('cache.example:11212', { dial: new MemoryServer().dial, ...options });
}

/** The events of the tracing channel while a function runs. */
async function eventsOf(run: () => Promise<unknown>): Promise<[string, CommandMessage][]> {
  const events: [string, CommandMessage][] = [];
  const note = (name: string) => (message: CommandMessage) => void events.push([name, message]);
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  commands.subscribe(subscribers);
  try {
    await run();
  } finally {
    commands.unsubscribe(subscribers);
  }
  return events;
}

diagnostics('a command is traced from its start to its end, in one message', async () => {
  const one = client();
  const events = await eventsOf(() => one.get('k'));
  assert.equal(events.map(([name]) => name), ['start', 'end', 'asyncStart', 'asyncEnd']);
  const messages = new Set(events.map(([, message]) => message));
  assert.is(messages.size, 1);
  const [message] = [...messages];
  assert.is(message?.command.verb, 'mg');
  assert.is(message?.server, 'cache.example:11212');
  assert.equal([message?.misses, message?.outcome, message?.error], [1, 'done', null]);
  await one.close();
});

diagnostics('a command that fails is traced with its error', async () => {
  const one = client();
  await one.set('k', 'text');
  const events = await eventsOf(() => one.incr('k').catch(() => {}));
  const names = events.map(([name]) => name);
  assert.equal(names, ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
  assert.match(String(events.at(-1)?.[1].error), 'non-numeric');
  await one.close();
});

diagnostics("the client's own hook hears beside the channel, and alone", async () => {
  const heard: string[] = [];
  const one = client({
    onCommand: ({ verb }) => ({ misses }) => void heard.push(`${verb} ${misses}`),
  });
  await one.get('a');
  await eventsOf(() => one.get('b'));
  assert.equal(heard, ['mg 1', 'mg 1']);
  await one.close();
});

diagnostics(
  'what was ignored, and what quiet commands earned, has channels of its own',
  async () => {
    const heard: string[] = [];
    const note = (error: unknown, name: string | symbol): void => {
      heard.push(`${String(name)} ${error instanceof Error ? error.name : ''}`);
    };
    channel('memwire:ignored').subscribe(note);
    channel('memwire:quiet-error').subscribe(note);
    const one = client({ ignoreErrors: true, maxValue: 10, onIgnored: () => heard.push('own') });
    await one.set('k', 'x'.repeat(50));
    assert.is(await one.get('k'), undefined);
    const two = client();
    await two.set('text', 'x');
    await two.incr('text', 1n, { noreply: true });
    await two.version();
    assert.equal(heard, [
      'memwire:ignored ProtocolError',
      'own',
      'memwire:quiet-error ServerReplyError',
    ]);
    channel('memwire:ignored').unsubscribe(note);
    channel('memwire:quiet-error').unsubscribe(note);
    await Promise.all([one.close(), two.close()]);
  },
);

diagnostics('fetches have a channel of their own', async () => {
  const heard: unknown[] = [];
  const note = (message: unknown): void => {
    const { key, outcome, error } = message as FetchEnd & { readonly key: string };
    heard.push([key, outcome, error]);
  };
  const one = client({
    onFetch: (key) => ({ outcome }) => void heard.push(`${String(key)} ${outcome}`),
  });
  await one.fetch('a', () => 1, { ttl: 5 });
  channel('memwire:fetch').subscribe(note);
  await one.fetch('a', () => 2, { ttl: 5 });
  channel('memwire:fetch').unsubscribe(note);
  assert.equal(heard, ['a loaded', ['a', 'hit', null], 'a hit']);
  await one.close();
});

diagnostics('hooks that are no functions are refused', () => {
  assert.throws(() => client({ onCommand: 'x' as never }), /onCommand must be a function/);
  assert.throws(() => new Client('localhost', null as never), /options must be an object/);
});

diagnostics('a dial that is undefined is the one of the runtime', async () => {
  const one = new Client('localhost', { dial: undefined as never });
  await one.close();
});

diagnostics.run();
