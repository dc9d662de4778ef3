// Fault cases: what callers pass that could be read as commands.
import { show } from '../assert.ts';
import type { Case } from '../case.ts';
import { ModelServer } from '../servers/model-server.ts';
import { serverModel } from '../servers/models.ts';
import { atFault, type FaultContext, FaultError, type FaultScene } from './fault-case.ts';

/** A command that harms a neighbour, and one that shows that it was run. */
const commands = (scene: FaultScene): string =>
  `delete ${scene.key}victim\r\nset ${scene.key}evil 0 0 3\r\nbad\r\n`;

/** Keys that no server takes, by what is wrong with them. */
const keys: Readonly<Record<string, (scene: FaultScene) => string>> = {
  'a key with commands in it': (scene) => `k\r\n${commands(scene)}`,
  'a key with commands behind a line feed': (scene) => `k\n${commands(scene).replaceAll('\r', '')}`,
  'a key that ends its line with numbers': (scene) => `k 0 0 1\r\nx\r\n${commands(scene)}`,
  'a key of 251 bytes': () => 'k'.repeat(251),
  'a key of 260 bytes and 130 characters': () => 'é'.repeat(130),
  'a key with a space': () => 'a b',
  'an empty key': () => '',
  'a key with a zero byte': () => 'a\0b',
};

/** A case with a server that reads the value behind a line that it refuses as commands. */
function atCaller(
  name: string,
  needs: readonly string[],
  run: (scene: FaultScene) => Promise<void>,
): Case<FaultContext> {
  return atFault(name, needs, run, () => new ModelServer(serverModel('memcached 1.6.18')).accept);
}

const keyCases = Object.entries(keys).map(([name, wrong]) =>
  atCaller(`${name} and a value of commands`, ['incr'], (scene) =>
    nothingIsRun(scene, () => {
      const { client } = scene;
      const key = wrong(scene);
      return [
        call(() => client.get(key)),
        call(() => client.set(key, commands(scene))),
        call(() => client.incr(key)),
        call(() => client.delete(key)),
      ];
    }))
);

/** Requirements on a client whose callers pass what they got from others. */
export const callerCases: readonly Case<FaultContext>[] = [
  ...keyCases,
  atCaller('a number with commands in it', ['incr'], (scene) =>
    nothingIsRun(scene, () => {
      const number = `1\r\n${commands(scene)}` as unknown as number;
      return [call(() => scene.client.incr(`${scene.key}n`, number))];
    })),
  atCaller('an expiry with commands in it', ['expire'], (scene) =>
    nothingIsRun(scene, () => {
      const expire = `0 1\r\nx\r\n${commands(scene)}` as unknown as number;
      return [call(() => scene.client.set(`${scene.key}n`, 'x', { expire }))];
    })),
  atFault(
    'a value that the server refuses and that is made of commands',
    [],
    (scene) =>
      nothingIsRun(scene, () => {
        const value = commands(scene).repeat(Math.ceil(1_200_000 / commands(scene).length));
        return [call(() => scene.client.set(`${scene.key}n`, value))];
      }),
  ),
  atFault('a value that looks like the end of a reply', [], async (scene) => {
    for (
      const [i, value] of [
        '\r\n',
        'END\r\n',
        'x\r\nEND\r\nVALUE x 0 1\r\ny\r\nEND\r\n',
        'x\r\nHD\r\nVA 1 O1\r\n',
        '\r\nSTORED',
      ].entries()
    ) {
      await scene.store(`${scene.key}${i}`, value);
      await scene.recovers(`${scene.key}${i}`);
    }
  }),
  atFault('keys that are the names of members of objects', ['getMany'], async (scene) => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    for (const name of names) await scene.store(name, `value of ${name}`);
    for (const name of names) await scene.recovers(name);
    await scene.readsMany(names);
  }),
];

/** Runs calls beside one that is right, and fails if anything of what they pass is run. */
async function nothingIsRun(
  scene: FaultScene,
  calls: () => readonly Promise<unknown>[],
): Promise<void> {
  const { key, server } = scene;
  await scene.store(`${key}n`, '5');
  await scene.store(`${key}victim`, 'whole');
  const ended = calls().map((one) => scene.ends('a call', one));
  const read = await scene.ends('get', scene.client.get(`${key}victim`));
  await Promise.all(ended);
  const held = await Promise.all(['victim', 'evil'].map((name) => server.holds(`${key}${name}`)));
  if (show(held) !== show(['whole', undefined])) {
    throw new FaultError('run', `the victim is ${show(held[0])}, the evil one ${show(held[1])}`);
  }
  scene.isOwn(`${key}victim`, read);
  await scene.recovers(`${key}victim`);
}

// A client may also throw.
async function call(method: () => Promise<unknown>): Promise<unknown> {
  return await method();
}
