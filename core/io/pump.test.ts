import * as assert from 'uvu/assert';
import { ScriptedTransport, settled } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1 } from '../wire/bytes.ts';
import { BUSY, CONGESTED, Pump, type PumpHandlers } from './pump.ts';

const pump = suite('pump');
const events = { onData() {}, onDrain() {}, onClosed() {} };

/** A pump over a machine whose output is a list of texts. */
class Scene {
  readonly output: string[] = [];
  readonly pump: Pump;
  readonly transport: ScriptedTransport;
  congested = false;
  turns = 0;
  #taken = 0;

  /** @param room How many bytes the transport takes before it must be drained. */
  constructor(room = Infinity, handlers: Partial<PumpHandlers> = {}) {
    this.pump = new Pump(this, { onTurn: () => this.turns++, ...handlers });
    this.transport = new ScriptedTransport(events, room);
    this.pump.attach(this.transport);
  }

  transmit(): Uint8Array | null {
    const first = this.output[0];
    return first === undefined ? null : fromLatin1(first.slice(this.#taken));
  }

  sent(count: number): void {
    this.#taken += count;
    if (this.#taken < (this.output[0]?.length ?? 0)) return;
    this.output.shift();
    this.#taken = 0;
  }
}

pump('sends nothing to a full transport before it has drained', async () => {
  const sent: number[] = [];
  const scene = new Scene(4, { onSent: (count) => sent.push(count) });
  scene.output.push('abc', 'def');
  scene.pump.flush();
  assert.is(scene.transport.take(), 'abcd');
  await scene.transport.drain(1);
  scene.pump.flush();
  assert.is(scene.transport.take(), '');
  scene.pump.drained();
  scene.pump.flush();
  assert.is(scene.transport.take(), 'e');
  assert.equal(sent, [3, 1, 1]);
});

pump('what is scheduled twice in a turn is called once in it', async () => {
  const scene = new Scene();
  assert.is(scene.pump.schedule(), true);
  assert.is(scene.pump.schedule(), false);
  assert.is(scene.turns, 0);
  await settled();
  assert.is(scene.turns, 1);
  assert.is(scene.pump.schedule(), true);
});

pump('reads while there is no reason not to', () => {
  const scene = new Scene();
  scene.pump.hold(BUSY, true);
  scene.pump.hold(CONGESTED, true);
  scene.pump.hold(BUSY, false);
  assert.is(scene.transport.paused, true);
  scene.pump.hold(CONGESTED, false);
  assert.is(scene.transport.paused, false);
});

pump('a transport that comes while there is such a reason is paused', () => {
  const scene = new Scene();
  scene.pump.hold(BUSY, true);
  const next = new ScriptedTransport(events, 0);
  scene.pump.attach(next);
  assert.is(next.paused, true);
});

pump('takes again where sending has made room, unless the owner has had enough', () => {
  for (const [goesOn, times] of [[true, 3], [false, 1]] as const) {
    let taken = 0;
    const scene: Scene = new Scene(Infinity, {
      take() {
        scene.output.push('x');
        scene.congested = ++taken < 3;
        return goesOn;
      },
      onSent() {
        scene.congested = false;
      },
    });
    scene.pump.run();
    assert.is(taken, times);
    assert.is(scene.transport.take(), 'x'.repeat(times));
  }
});

pump('does not take again while the transport is full', () => {
  let taken = 0;
  const scene: Scene = new Scene(0, {
    take() {
      taken++;
      scene.output.push('x');
      scene.congested = true;
      return true;
    },
  });
  scene.pump.run();
  assert.is(taken, 1);
});

pump('closes when all output has left, and then does nothing more', async () => {
  const scene = new Scene(2);
  scene.output.push('abc');
  scene.pump.end();
  scene.pump.flush();
  assert.equal(scene.transport.ends, []);
  await scene.transport.drain(9);
  scene.pump.drained();
  scene.pump.flush();
  assert.equal(scene.transport.ends, ['close']);
  scene.pump.hold(BUSY, true);
  scene.pump.abort();
  assert.equal([scene.transport.ends, scene.transport.paused], [['close'], false]);
  assert.equal([scene.pump.isOpen, scene.pump.isEnding], [false, true]);
});

pump.run();
