// A play: a stage, the calls that its clients make, what may go wrong, and the steps that are possible
// now. An explorer tries all of them, a simulation one at random.
import {
  type Held,
  type Member,
  Stage,
  type StageCall,
  type StageOptions,
} from '../../support/cache-stage.ts';
import { latin1 } from '../../../core/wire/bytes.ts';
import type { Reply } from '../../../core/wire/reply.ts';
import { Laws } from './laws.ts';

export type CallKind = 'fetch' | 'fresh' | 'invalidate' | 'remove' | 'put';

/**
 * What can happen beside calls, and how often it may.
 *
 * - `lose`: a command is executed, and its reply is lost.
 * - `cut`: a connection is lost, with the commands on it.
 * - `crash`: a client ends.
 * - `throw`: a loader fails.
 * - `tick`: the time goes on to the next timer of less than a quarter of a second.
 * - `almost`, `lease`, `ttl`, `grace`: so many seconds pass, `almost` is a little less than a lease.
 * - `evict`, `restart`: the server evicts the item, or starts again without it.
 * - `move`: the key gets another server.
 * - `jump`: the clock of the server is set an hour ahead.
 */
export type Incident =
  | 'lose'
  | 'cut'
  | 'crash'
  | 'throw'
  | 'tick'
  | 'almost'
  | 'lease'
  | 'ttl'
  | 'grace'
  | 'evict'
  | 'restart'
  | 'move'
  | 'jump';

/** What the item is at first. */
export type Beginning = 'empty' | 'fresh' | 'aged' | 'old' | 'invalidated';

export interface Scene extends StageOptions {
  readonly beginning: Beginning;
  /** The calls of each client, one after the other. */
  readonly scripts: readonly (readonly CallKind[])[];
  /** Clients do not wait for the end of a call before the next one. */
  readonly parallel?: boolean;
  readonly incidents: Partial<Readonly<Record<Incident, number>>>;
}

/** Milliseconds to the next timer that is a tick. */
const TICK = 250;

export class Play {
  readonly stage: Stage;
  readonly laws: Laws;
  /** The steps so far, by their names. */
  readonly path: string[] = [];
  readonly #scene: Scene;
  readonly #left: Map<Incident, number>;
  readonly #next: number[];
  readonly #calls: StageCall[][];
  // What each client has been told, which makes it what it is.
  readonly #histories: string[];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.stage = new Stage({ ...scene, members: scene.scripts.length });
    this.laws = new Laws(this.stage);
    this.#left = new Map(Object.entries(scene.incidents) as [Incident, number][]);
    this.#next = scene.scripts.map(() => 0);
    this.#calls = scene.scripts.map(() => []);
    this.#histories = scene.scripts.map(() => '');
  }

  async begin(): Promise<void> {
    const { beginning, policy: { ttl, grace = 0 } } = this.#scene;
    const { stage } = this;
    const [host] = stage.hosts;
    if (beginning === 'empty') return;
    const seconds = Number(ttl);
    host!.store('v1', seconds + grace);
    if (beginning === 'aged') await stage.advance(1000);
    if (beginning === 'old') await stage.advance(seconds * 1000);
    if (beginning !== 'invalidated') return;
    stage.version++;
    host!.invalidate(grace);
  }

  /** The names of the steps that are possible. */
  get steps(): string[] {
    const { stage } = this;
    const steps: string[] = [];
    for (const { index, isAlive } of stage.members) {
      const isOver = this.#next[index]! >= this.#scene.scripts[index]!.length;
      const mayCall = this.#scene.parallel === true || !this.#isCalling(index);
      if (isAlive && !isOver && mayCall) steps.push(`call ${index}`);
    }
    for (const held of this.#firsts()) {
      steps.push(`deliver ${nameOf(held)}`);
      if (held.isAwaited && this.#may('lose')) steps.push(`lose ${nameOf(held)}`);
    }
    for (const { member, number } of stage.loads) {
      steps.push(`load ${member.index} ${number}`);
      if (this.#may('throw')) steps.push(`throw ${member.index} ${number}`);
    }
    for (const member of stage.members) {
      const { index } = member;
      const isBusy = this.#isCalling(index) || stage.loads.some((load) => load.member === member);
      if (member.isAlive && isBusy && this.#may('crash')) steps.push(`crash ${index}`);
      const isSending = stage.held.some((held) => held.member === member && held.isAwaited);
      if (isSending && this.#may('cut')) steps.push(`cut ${index}`);
    }
    const timer = stage.nextTimer();
    const isTick = timer !== null && timer.at - stage.now <= TICK;
    if (isTick && this.#may('tick')) steps.push('tick');
    for (const name of ['almost', 'lease', 'ttl', 'grace', 'restart'] as const) {
      if (this.#may(name)) steps.push(name);
    }
    if (this.#may('evict') && stage.host.hasItem) steps.push('evict');
    for (const name of ['move', 'jump'] as const) if (this.#may(name)) steps.push(name);
    return steps;
  }

  /** Does a step. */
  async step(name: string): Promise<void> {
    this.path.push(name);
    const [verb = '', which = '', number = ''] = name.split(' ');
    if (this.#left.has(verb as Incident)) {
      this.#left.set(verb as Incident, this.#left.get(verb as Incident)! - 1);
    }
    const { stage } = this;
    switch (verb) {
      case 'call':
        return await this.#call(stage.members[Number(which)]!);
      case 'deliver':
      case 'lose': {
        const held = this.#firsts().find((one) => nameOf(one) === which)!;
        const { member, isAwaited } = held;
        const reply = await stage.deliver(held, verb === 'lose');
        if (isAwaited) this.#tell(member, `${verb} ${verb === 'lose' ? '' : textOfReply(reply)}`);
        return;
      }
      case 'load':
      case 'throw': {
        const member = stage.members[Number(which)]!;
        const load = stage.loads.find((one) =>
          one.member === member && one.number === Number(number)
        );
        await (verb === 'load' ? load!.succeed() : load!.fail());
        return this.#tell(member, `${name} v${load!.version}`);
      }
      case 'crash':
        return await stage.crash(stage.members[Number(which)]!);
      case 'cut':
        this.#tell(stage.members[Number(which)]!, name);
        return await stage.cut(stage.members[Number(which)]!);
      case 'restart':
        for (const member of stage.members) this.#tell(member, name);
        return await stage.restart();
      case 'evict':
        return stage.evict();
      case 'jump':
        return stage.jump();
      case 'move':
        for (const member of stage.members) this.#tell(member, name);
        return stage.move();
      default:
        return await this.#pass(verb);
    }
  }

  /** What its future depends on, in words. */
  get text(): string {
    const { stage } = this;
    const members = stage.members.map((member) => {
      const { index, isAlive } = member;
      if (!isAlive) return 'crashed';
      const isDone = this.#next[index]! >= this.#scene.scripts[index]!.length &&
        !this.#isCalling(index) && member.clock.timers.length === 0 &&
        !stage.loads.some((load) => load.member === member);
      return isDone ? 'done' : this.#histories[index];
    });
    const held = stage.held.map((one) => `${nameOf(one)}${one.isAwaited} ${one.text}`);
    const loads = stage.loads.map((load) => `${load.member.index}.${load.number} v${load.version}`);
    return [
      ...members,
      ...stage.hosts.map(({ itemText }) => itemText),
      `${stage.now} ${stage.owner} ${stage.version}`,
      ...held,
      ...loads,
      [...this.#left.values()].join(),
      this.laws.text,
    ].join('\n');
  }

  /** Lets all end, and judges what is left. */
  async finish(): Promise<void> {
    try {
      await this.stage.finish();
      this.laws.onFinish();
    } catch (error) {
      this.laws.violations.push(`law 3: ${(error as Error).message}`);
    }
  }

  // The first command on each connection: they arrive in their order.
  #firsts(): Held[] {
    const lines = new Set<unknown>();
    return this.stage.held.filter(({ line }) => {
      if (lines.has(line)) return false;
      lines.add(line);
      return true;
    });
  }

  #isCalling(index: number): boolean {
    return this.#calls[index]!.some(({ isOver }) => !isOver);
  }

  #may(incident: Incident): boolean {
    return (this.#left.get(incident) ?? 0) > 0;
  }

  #tell(member: Member, what: string): void {
    const { index } = member;
    this.#histories[index] += `${what}@${this.stage.now % 1e7}\n`;
  }

  async #call(member: Member): Promise<void> {
    const { index } = member;
    const kind = this.#scene.scripts[index]![this.#next[index]!++]!;
    this.#tell(member, kind);
    const call = kind === 'fetch'
      ? await member.fetch()
      : kind === 'fresh'
      ? await member.fetch({ fresh: true })
      : await member.write(kind);
    this.laws.began(call);
    this.#calls[index]!.push(call);
  }

  async #pass(verb: string): Promise<void> {
    const { stage } = this;
    const { ttl, lease = 10, grace = 0 } = this.#scene.policy;
    for (const member of stage.members) {
      if (member.clock.timers.length > 0) this.#tell(member, `${verb} from`);
    }
    const seconds = { almost: lease - 0.3, lease, ttl: Number(ttl), grace }[verb];
    if (seconds !== undefined) return await stage.advance(seconds * 1000);
    const timer = stage.nextTimer()!;
    await stage.advance(Math.max(0, timer.at - stage.now));
  }
}

function nameOf(held: Held): string {
  return `${held.member.index}.${held.line.number}`;
}

function textOfReply(reply: Reply | null): string {
  if (reply === null) return 'lost';
  if (reply.type === 'VA') return `VA ${String(reply.flags)} ${latin1(reply.value)}`;
  if (reply.type !== 'values') return reply.type;
  const items = reply.items.map(({ value, flags, cas }) => `${latin1(value)} ${flags} ${cas}`);
  return items.join(' | ');
}
