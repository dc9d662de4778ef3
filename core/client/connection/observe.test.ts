import * as assert from 'uvu/assert';
import { LinkScene, metadump, mg, ms, version } from '../../../test/support/link-scene.ts';
import { settled } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import type { Command } from '../../wire/command.ts';
import type { CommandEnd } from './observe.ts';

const observe = suite('observer');

/** A link whose commands and their ends are written down. */
function watched(): { scene: LinkScene; begun: string[]; ends: CommandEnd[] } {
  const begun: string[] = [];
  const ends: CommandEnd[] = [];
  const scene = new LinkScene({
    onCommand({ verb }, server) {
      begun.push(`${verb} ${server}`);
      return (end) => ends.push(end);
    },
  });
  return { scene, begun, ends };
}

/** The end of one command that is answered with these bytes. */
async function endOf(command: Command, reply: string): Promise<CommandEnd> {
  const { scene, ends } = watched();
  const transport = await scene.connect();
  scene.do(command);
  await settled();
  await transport.reply(reply);
  const [end, ...others] = ends;
  if (end === undefined || others.length > 0) throw new Error(`${ends.length} ends`);
  return end;
}

observe('hears of a command when it is taken, and how it ended', async () => {
  const { scene, begun, ends } = watched();
  scene.do(mg('k'));
  assert.equal(begun, ['mg localhost:11211']);
  const transport = await scene.connect();
  await scene.pass(7);
  await transport.reply('VA 2 O1\r\nab\r\n');
  assert.equal(ends, [{
    duration: 7,
    bytesOut: 'mg k v O1\r\n'.length,
    bytesIn: 'VA 2 O1\r\nab\r\n'.length,
    outcome: 'done',
    hits: 1,
    misses: 0,
    error: null,
  }]);
});

observe('a listener may return anything: what is no function is not called', async () => {
  const heard: string[] = [];
  for (const returned of [7, 'text', {}, null, Promise.resolve()]) {
    const scene = new LinkScene({
      onCommand({ verb }) {
        heard.push(verb);
        return returned as never;
      },
    });
    const transport = await scene.connect();
    const call = scene.do(mg('k'));
    await settled();
    await transport.reply('EN O1\r\n');
    assert.is(call.state, 'resolved');
  }
  assert.equal(heard, Array(5).fill('mg'));
});

const counts: readonly (readonly [Command, reply: string, hits: number, misses: number])[] = [
  [mg('k'), 'EN O1\r\n', 0, 1],
  [{ verb: 'get', keys: ['a', 'b', 'c'] }, 'VALUE b 0 1\r\nx\r\nEND\r\n', 1, 2],
  [{ verb: 'incr', key: 'k', delta: 1n, noreply: false }, '5\r\n', 1, 0],
  [{ verb: 'delete', key: 'k', noreply: false }, 'NOT_FOUND\r\n', 0, 1],
  [{ verb: 'touch', key: 'k', expire: 0, noreply: false }, 'TOUCHED\r\n', 1, 0],
  [ms('k', 'x'), 'HD O1\r\n', 0, 0],
  [ms('k', 'x', 'C5'), 'EX O1\r\n', 1, 0],
  [ms('k', 'x', 'C5'), 'NF O1\r\n', 0, 1],
  [version, 'VERSION 1\r\n', 0, 0],
];
for (const [command, reply, hits, misses] of counts) {
  observe(`counts keys: ${command.verb}, ${JSON.stringify(reply)}`, async () => {
    const end = await endOf(command, reply);
    assert.equal([end.hits, end.misses], [hits, misses]);
  });
}

observe('an error line ends a command as done, with the error and its bytes', async () => {
  const end = await endOf(ms('k', 'x'), 'SERVER_ERROR out of memory\r\n');
  assert.is(end.outcome, 'done');
  assert.match(String(end.error), 'out of memory');
  assert.is(end.bytesIn, 'SERVER_ERROR out of memory\r\n'.length);
});

observe('a lost connection ends what was sent as unknown, what was not as not-sent', async () => {
  const { scene, ends } = watched();
  const transport = await scene.connect(0);
  scene.do(mg('a'));
  await transport.lose();
  assert.is(ends.at(-1)?.outcome, 'not-sent');
  const second = watched();
  const connection = await second.scene.connect();
  second.scene.do(mg('a'));
  await settled();
  await connection.lose();
  assert.equal(second.ends.map(({ outcome, bytesIn }) => [outcome, bytesIn]), [['unknown', 0]]);
});

observe('a deadline ends a command with its error', async () => {
  const { scene, ends } = watched();
  await scene.connect();
  scene.do(mg('a'));
  await scene.pass(1000);
  assert.equal(ends.map(({ outcome, duration }) => [outcome, duration]), [['unknown', 1000]]);
  assert.is(ends[0]?.error?.name, 'TimeoutError');
});

observe('a command that breaks a rule begins and ends', async () => {
  const { scene, begun, ends } = watched();
  scene.do(mg('a b'));
  await settled();
  assert.is(begun.length, 1);
  assert.equal(ends.map(({ outcome, error }) => [outcome, error?.name]), [
    ['not-sent', 'UsageError'],
  ]);
});

observe('of a write that is not waited for nobody knows', async () => {
  const { scene, ends } = watched();
  await scene.connect();
  scene.do(ms('k', 'x', 'q'), { unconfirmed: true });
  await settled();
  assert.equal(ends.map(({ outcome, bytesOut }) => [outcome, bytesOut]), [['unknown', 0]]);
});

observe('a dump ends once, with the bytes of all its lines', async () => {
  const { scene, ends } = watched();
  const transport = await scene.connect();
  scene.do(metadump, { onItem: () => {} });
  await settled();
  const line = 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n';
  await transport.reply(line + line.slice(0, 9));
  await transport.reply(`${line.slice(9)}END\r\n`);
  assert.equal(ends.map(({ bytesIn }) => bytesIn), [line.length * 2 + 5]);
});

observe('hears of nothing more where it returns nothing', async () => {
  const seen: string[] = [];
  const scene = new LinkScene({ onCommand: ({ verb }) => void seen.push(verb) });
  const transport = await scene.connect();
  const call = scene.do(mg('a'));
  await settled();
  await transport.reply('EN O1\r\n');
  assert.equal([seen, call.brief], [['mg'], 'resolved']);
});

for (const when of ['begins', 'ends'] as const) {
  observe(`what it throws when a command ${when} is no business of the call`, async () => {
    const stray: unknown[] = [];
    const note = (error: unknown): void => void stray.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    const broken = (): never => {
      throw new Error('broken');
    };
    const scene = new LinkScene({ onCommand: when === 'begins' ? broken : () => broken });
    const transport = await scene.connect();
    const call = scene.do(mg('a'));
    await settled();
    await transport.reply('EN O1\r\n');
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener('unhandledRejection', note);
    for (const other of others) process.on('unhandledRejection', other);
    assert.equal([call.brief, stray.map(String)], ['resolved', ['Error: broken']]);
  });
}

observe.run();
