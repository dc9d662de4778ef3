import { once } from 'node:events';
import * as assert from 'uvu/assert';
import { hostileKinds, hostileToken, startHostile } from '../support/hostile.ts';
import { findProgram } from '../support/memcached.ts';
import { origin, Scene } from '../support/running-bridge.ts';
import { suite } from '../runner/suite.ts';

// Law: beside peers that are deaf, slow, huge, silent, flooding or strangers every call of another page
// is answered, each of those that break a rule is cut off, and memory is bounded. What they cost
// others is measured by `npm run reliability -- --hostile`.

const hostile = suite('bridge: hostile peers');
const node = findProgram('node');
const name = 'every call of another page is answered, and they are cut off';

/** Why the bridge cuts them off. */
const reasons = [
  /1009: the message is too large/,
  /1008: too many control frames/,
];
/** Much less than they send. */
const MEMORY = 256 * 2 ** 20;

hostile.after(() => Scene.closeAll());

if (node === null) hostile.skip(`${name} (needs node)`);
else {
  hostile(name, async () => {
    const tokens = new Map([['tests', hostileToken]]);
    const scene = await Scene.start({ origins: [origin], tokens });
    const page = await scene.open({ protocols: ['memcached', `bearer.${hostileToken}`] });
    const before = process.memoryUsage().rss;
    const peers = await startHostile(node, scene.port, hostileKinds);
    const isOver = (): boolean =>
      reasons.every((reason) =>
        scene.log.some((event) => event.type === 'closed' && reason.test(event.why))
      ) && scene.log.some((event) => event.type === 'refused' && event.status === 401);
    let peak = 0;
    for (let calls = 0; calls < 500 || !isOver(); calls++) {
      page.send('mn\r\n');
      const said = await Promise.race([page.hears(), page.gone.then(() => 'closed')]);
      assert.is(said, 'MN\r\n');
      peak = Math.max(peak, process.memoryUsage().rss);
      assert.ok(scene.running.bridge.sockets <= 33);
    }
    peers.kill('SIGKILL');
    await once(peers, 'exit');
    assert.ok(peak - before < MEMORY, `${peak - before} bytes of memory more`);
  });
}

hostile.run();
