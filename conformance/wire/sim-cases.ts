// Wire cases: client and server on a failing network.
import type { Command } from '../../core/wire/command.ts';
import { equal, ok, show } from '../assert.ts';
import type { Case } from '../case.ts';
import { Random } from '../random.ts';
import { describe, type Network, type Outcome, type Sending, simulate } from '../sim.ts';

const noreply = false;
const base64 = false;

/** Commands of every kind, each with its own key, which identifies it in the server's list. */
function mixed(): Sending[] {
  const value = 'value that is long enough to be cut in many places';
  const commands: Command[] = [
    { verb: 'set', key: 'k1', flags: 1, expire: 0, value, noreply },
    { verb: 'get', keys: ['k1', 'k2'] },
    { verb: 'ms', key: 'k3', base64, value, flags: ['c', 'k'] },
    { verb: 'mg', key: 'k3', base64, flags: ['v', 'f', 'Oown'] },
    { verb: 'set', key: 'k4', flags: 0, expire: 0, value: 'x', noreply: true },
    { verb: 'ms', key: 'k5', base64, value: '5', flags: ['q'] },
    { verb: 'ms', key: 'k6', base64, value: '6', flags: ['q', 'MR'] },
    { verb: 'ma', key: 'k5', base64, flags: ['v', 'q'] },
    { verb: 'ma', key: 'k3', base64, flags: ['v'] },
    { verb: 'incr', key: 'k5', delta: 3n, noreply },
    { verb: 'incr', key: 'k1', delta: 3n, noreply },
    { verb: 'mg', key: 'k7', base64, flags: ['v', 'q'] },
    { verb: 'version' },
    { verb: 'delete', key: 'k1', noreply },
    { verb: 'gets', keys: ['k3', 'k5'] },
    { verb: 'me', key: 'k3', base64 },
    { verb: 'touch', key: 'k9', expire: 5, noreply: true },
    { verb: 'stats', words: ['sizes'] },
    { verb: 'verbosity', level: 0, noreply },
  ];
  return commands.map((command, index) => ({ tag: `t${index}`, command, at: index < 8 ? 0 : 30 }));
}

/** How each tag ended, as text; a tag that ended twice or not at all is an error. */
function endings(sendings: readonly Sending[], outcome: Outcome): Map<string, string> {
  const ends = new Map<string, string>();
  const end = (tag: string, how: string): void => {
    ok(!ends.has(tag), `${tag} ended as ${ends.get(tag)} and again as ${how}`);
    ends.set(tag, how);
  };
  for (const event of outcome.events) {
    if (event.type === 'reply') end(event.tag, show(event.reply));
    else if (event.type === 'timeout') end(event.tag, `timeout ${event.outcome}`);
    else if (event.type === 'closed') {
      for (const tag of event.unsent) end(tag, 'not-sent');
      for (const tag of event.unanswered) end(tag, 'unknown');
    }
  }
  for (const tag of outcome.refused) end(tag, 'not-sent');
  for (const { tag } of sendings) ok(ends.has(tag), `${tag} never ended`);
  return ends;
}

function soundEndings(sendings: readonly Sending[]): ReadonlyMap<string, string> {
  return endings(sendings, simulate(sendings, { latency: 5, packet: 50 }));
}

// The law of every run: a command that was answered was executed, and has the same answer as in a
// run without faults; a command that is reported as not sent was not executed.
function checkTruth(
  sendings: readonly Sending[],
  network: Network,
  sound: ReadonlyMap<string, string> = soundEndings(sendings),
): Outcome {
  const outcome = simulate(sendings, network);
  const done = new Set(outcome.done);
  for (const [tag, end] of endings(sendings, outcome)) {
    const { command } = sendings.find((sending) => sending.tag === tag)!;
    const name = describe(command);
    if (end === 'not-sent' || end === 'timeout not-sent') {
      ok(!done.has(name), `${name} was done, and is said not to be sent`);
    } else if (end.startsWith('{')) {
      ok(done.has(name), `${name} was answered, and was not done`);
      equal(end, sound.get(tag), `the answer to ${name}`);
    }
  }
  return outcome;
}

/** Requirements on client and server on a failing network: nothing is lost, doubled or mixed up. */
export const simCases: readonly Case<undefined>[] = [
  {
    name: 'on a sound network every command is answered and done, in order',
    run() {
      const sendings = mixed();
      const outcome = checkTruth(sendings, { latency: 5, packet: 50 });
      const expected = sendings.map(({ command }) => describe(command));
      // The fences are the connection's own.
      // Fences and probes are the connection's own.
      const own = (name: string): boolean => name !== 'mn' && !name.endsWith(' memwire-probe');
      equal(outcome.done.filter(own), expected.filter(own));
      for (const [tag, end] of endings(sendings, outcome)) {
        ok(end.startsWith('{'), `${tag} must be answered, it ended as ${end}`);
      }
    },
  },
  {
    name: 'a cut at every byte on the way up: each command ends once, with the truth',
    run() {
      const sendings = mixed();
      const { bytesUp } = simulate(sendings, { latency: 5, packet: 50 });
      const sound = soundEndings(sendings);
      for (let cutUp = 0; cutUp <= bytesUp; cutUp++) {
        for (const packet of [7, 10_000]) {
          checkTruth(sendings, { latency: 5, packet, cutUp }, sound);
        }
      }
    },
  },
  {
    name: 'a cut at every byte on the way down: each command ends once, with the truth',
    run() {
      const sendings = mixed();
      const { bytesDown } = simulate(sendings, { latency: 5, packet: 50 });
      const sound = soundEndings(sendings);
      for (let cutDown = 0; cutDown <= bytesDown; cutDown++) {
        for (const packet of [7, 10_000]) {
          checkTruth(sendings, { latency: 5, packet, cutDown }, sound);
        }
      }
    },
  },
  {
    name: 'a server that falls silent: each command ends by its deadline, with the truth',
    run() {
      const sendings = mixed().map((sending) => ({ ...sending, timeout: 100 }));
      for (let muteAfter = 0; muteAfter < 60; muteAfter++) {
        checkTruth(sendings, { latency: 5, packet: 20, muteAfter });
      }
    },
  },
  {
    name: 'a slow network: what comes after the deadline is nobody else’s reply',
    run() {
      const random = new Random(7);
      for (let round = 0; round < 200; round++) {
        const sendings = mixed().map((sending) => ({
          ...sending,
          at: random.below(100),
          timeout: 1 + random.below(60),
        }));
        // In another order the answers differ; only that each comes once and is true is checked.
        const outcome = simulate(sendings, { latency: 1 + random.below(40), packet: 30 });
        const done = new Set(outcome.done);
        for (const [tag, end] of endings(sendings, outcome)) {
          const name = describe(sendings.find((sending) => sending.tag === tag)!.command);
          if (end === 'timeout not-sent') ok(!done.has(name), `${name} was done`);
          if (end.startsWith('{')) ok(done.has(name), `${name} was not done`);
        }
      }
    },
  },
  {
    name: 'random commands on random networks: each ends once, with the truth',
    run() {
      const random = new Random(11);
      for (let round = 0; round < 500; round++) {
        const sendings = mixed().filter(() => random.chance(0.6));
        if (sendings.length === 0) continue;
        const { bytesUp, bytesDown } = simulate(sendings, { latency: 5, packet: 50 });
        checkTruth(sendings, {
          latency: random.below(20),
          packet: 1 + random.below(100),
          ...(random.chance(0.5) ? { cutUp: random.below(bytesUp + 1) } : {}),
          ...(random.chance(0.5) ? { cutDown: random.below(bytesDown + 1) } : {}),
        });
      }
    },
  },
];
