// A caller: makes one call after the other, and tells the judge what it was told.
import type { Random } from '../../../conformance/random.ts';
import type { AbortSignalLike } from '../../../core/io/transport.ts';
import type { Memcache } from '../../../core/client/memcache.ts';
import { MemcacheError } from '../../../core/wire/errors.ts';
import type { Call, Version } from '../history.ts';
import { Calls, type OpenCall, show, type Stage } from './calls.ts';
import { OLD_VALUE, registerOf } from './register.ts';
import type { CallKind, ClientPlan } from './swarm.ts';
import type { Process } from './timeline.ts';
import type { TracedItem } from './trace.ts';

/** A call to items. */
interface ItemCall extends OpenCall {
  readonly items: readonly Part[];
  readonly run: PreparedCall['run'];
}

/** What a call does to one item. */
interface Part extends TracedItem {
  /** The call of a history that had this result; undefined: the result is not known. */
  readonly toCall: (result: unknown) => Call;
}

/** Makes calls to the items of servers. */
export class Caller extends Calls<ItemCall> {
  readonly #client: Memcache;
  readonly #serverOf: (key: string) => number;
  // What the last `gets` has found, for a `cas`.
  #seen: { readonly key: string; readonly cas: bigint } | null = null;
  // When the last part of a bulk call that has failed will have ended.
  #partsEnd = -1;
  /** How many attempts of the call may have been done, before the one whose result it gives. */
  doubts = 0;

  /** @param client Makes the client, which may count attempts here. */
  constructor(
    stage: Stage,
    process: Process,
    plan: ClientPlan,
    client: (caller: Caller) => Memcache,
    serverOf: (key: string) => number,
    random: Random,
  ) {
    super(stage, process, plan, random);
    this.#serverOf = serverOf;
    this.#client = client(this);
  }

  protected prepare(): ItemCall {
    const kind = this.#seen === null ? this.random.pick(this.stage.swarm.calls) : 'cas';
    const { kind: chosen, parts, run } = this.#prepare(kind);
    this.doubts = 0;
    const { number, start, timeout, frozenFor } = this.begin(this.plan.timeout);
    return { number, start, timeout, frozenFor, kind: chosen, items: parts, run };
  }

  protected run({ items, run }: ItemCall): Promise<unknown> {
    const { timeout, retries, fallback } = this.plan;
    // Half of the calls leave it to the client, where one command has one time limit.
    const isWhole = items.length > 1 || retries || fallback !== 'no';
    const isOwn = isWhole || this.random.chance(0.5);
    return run({ ...(isOwn ? { timeout } : {}), ...this.signal() });
  }

  protected succeeded(open: ItemCall, result: unknown): void {
    if (result instanceof Map) this.#endMany(open, result);
    else this.#succeeded(open.items[0]!, open, result);
  }

  protected failed(open: ItemCall, error: MemcacheError): void {
    for (const part of open.items) this.#failedPart(part, open, error);
    const { timeline } = this.process;
    if (open.items.length > 1) this.#partsEnd = timeline.now + open.timeout;
  }

  protected doubt(open: ItemCall): void {
    for (const part of open.items) this.#doubtAttempts(part, open, this.doubts + 1);
  }

  #endMany(open: ItemCall, result: ReadonlyMap<string, unknown>): void {
    for (const part of open.items) {
      const one = result.get(part.key);
      if (!(one instanceof MemcacheError)) {
        this.#succeeded(part, open, one);
        continue;
      }
      this.checkError(open, one);
      this.#failedPart(part, open, one);
    }
  }

  #succeeded(part: Part, open: ItemCall, result: unknown): void {
    const { judge } = this.stage;
    const { now } = this.process.timeline;
    this.#doubtAttempts(part, open, this.doubts);
    if (open.kind === 'quietSet' || open.kind === 'quietDelete') return this.#doubt(part, open);
    // A read that finds an empty value asks again, by then perhaps of another server.
    const hasMoved = this.plan.moves && part.id === 0 &&
      part.register !== registerOf(part.key, this.#serverOf(part.key));
    if (hasMoved) return this.#doubt(part, open);
    if (open.kind === 'setEmpty') return judge.count('empty', part.register, result === true);
    if (part.id === 0 && this.plan.fallback !== 'no' && this.#isOld(part, open, result)) return;
    const isDone = part.id > 0 && result !== false && result !== 'exists' &&
      result !== 'not-found' && (result !== undefined || open.kind === 'setMany');
    // Which of its attempts it was the servers know.
    if (isDone && this.doubts > 0) return;
    const call = part.toCall(result);
    const isTouched = call.type === 'touch' && call.result;
    if (isTouched) judge.count('touch', part.register, true);
    // An item that is there, and that there is no memory to add to, says nothing.
    else if (!judge.refused.has(part.id)) judge.record(part.register, call, open.start, now);
    if (open.kind === 'delete' && result === true) judge.count('delete', part.register, true);
    if (open.kind === 'deleteMany') judge.count('delete', part.register, false);
    if (open.kind === 'gat' && result !== undefined) judge.count('touch', part.register, true);
    if (part.id > 0 && this.doubts === 0) judge.learn(part.id, isDone ? 'yes' : 'no');
  }

  // Whether a value is the other cache's, so that the first had none, if nobody has copied it there.
  #isOld(part: Part, open: ItemCall, result: unknown): boolean {
    const { judge } = this.stage;
    if (result !== OLD_VALUE) return false;
    const { clients } = this.stage.swarm;
    if (!clients.some(({ fallback }) => fallback === 'copies')) {
      judge.record(
        part.register,
        { type: 'get', result: undefined },
        open.start,
        this.process.timeline.now,
      );
    }
    return true;
  }

  #failedPart(part: Part, open: ItemCall, error: MemcacheError): void {
    const { judge, lies } = this.stage;
    this.#doubtAttempts(part, open, this.doubts);
    // What a fallback does beside, and the parts of a bulk call, may go on when the call has failed, and
    // be counted for the next; the question which commands a server knows may be what was in doubt.
    const { fallback, dialect } = this.plan;
    const isOwn = fallback === 'no' && dialect !== 'auto' && open.items.length === 1 &&
      open.start > this.#partsEnd;
    if (this.doubts > 0 && isOwn && error.outcome === 'not-sent') {
      judge.fail(`${show(open)} may have been done, and says that it was not sent`);
    }
    const outcome = lies && error.outcome === 'unknown' ? 'not-sent' : error.outcome;
    if (outcome === 'unknown') this.#doubt(part, open);
    else if (part.id > 0 && this.doubts === 0) judge.learnOutcome(part.id, outcome);
    // What could not be stored may have cost the old item.
    if (outcome === 'done' && part.id > 0) {
      judge.record(part.register, { type: 'lose' }, open.start, this.process.timeline.now);
    }
  }

  // Each attempt may have been done.
  #doubtAttempts(part: Part, open: ItemCall, attempts: number): void {
    for (let i = 0; i < attempts; i++) this.#doubt(part, open);
  }

  // A part may have been done, may be done yet, or not at all. Of a read there is nothing to say.
  #doubt({ register, id, toCall }: Part, { kind }: ItemCall): void {
    const { judge } = this.stage;
    if (id > 0) judge.doubt(register, id, toCall);
    else if (kind === 'setEmpty') judge.count('empty', register, false);
    else if (toCall(undefined).type === 'delete') judge.count('delete', register, false);
  }

  // A call of this kind, or another where it has nothing to work with.
  #prepare(kind: CallKind): PreparedCall {
    const seen = this.#seen;
    this.#seen = null;
    const client = this.#client;
    const isMany = kind === 'getMany' || kind === 'setMany' || kind === 'deleteMany';
    if (isMany) return this.plan.moves ? this.#prepare('get') : this.#prepareMany(kind);
    if (kind === 'cas' && seen !== null) {
      const part = this.#write(seen.key, (id, result) => ({
        type: 'cas',
        value: String(id),
        cas: seen.cas,
        result: (result === true ? 'stored' : result) as 'stored',
      }));
      const text = this.#value(part);
      return {
        kind,
        parts: [part],
        run: (options) => client.cas(part.key, text, seen.cas, options),
      };
    }
    if (kind === 'cas' || kind === 'gets') {
      // A version that is another cache's fits nothing in the first.
      if (this.plan.fallback !== 'no') return this.#prepare('get');
      const part = this.#part(this.#key(), 0, (result) => this.#toGets(part.key, result));
      return {
        kind: 'gets',
        parts: [part],
        run: async (options) => {
          const found = await client.gets<string>(part.key, options);
          if (found !== undefined) this.#seen = { key: part.key, cas: found.cas };
          return found;
        },
      };
    }
    return this.#prepareOne(kind);
  }

  #prepareOne(kind: OneKind): PreparedCall {
    switch (kind) {
      case 'get':
      case 'gat':
        return this.#get(kind);
      case 'set':
      case 'quietSet':
        return this.#set(kind);
      case 'setEmpty': {
        const part = this.#part(this.#key('k'), 0, () => ({ type: 'set', value: '' }));
        const run: PreparedCall['run'] = (options) =>
          this.#client.set(part.key, '', { ...options, flags: 0 });
        return { kind, parts: [part], run };
      }
      case 'add':
      case 'replace':
        return this.#storeIf(kind);
      case 'append':
      case 'prepend':
        return this.#join(kind);
      case 'incr':
      case 'decr': {
        const toCall: ToCall = (id, result) => ({
          type: kind,
          delta: BigInt(id),
          result: result as bigint | undefined,
        });
        const part = this.#write(this.#key('n'), toCall);
        const run: PreparedCall['run'] = (options) =>
          this.#client[kind](part.key, part.id, options);
        return { kind, parts: [part], run };
      }
      case 'delete':
      case 'quietDelete':
        return this.#delete(kind);
      case 'touch':
        return this.#touch();
    }
  }

  #get(kind: 'get' | 'gat'): PreparedCall {
    const client = this.#client;
    const part = this.#part(this.#key(), 0, (result) => this.#toGet(part.key, result));
    // A fallback that finds something sets the time of its copy.
    if (kind === 'get' || !this.stage.swarm.expires || this.plan.fallback !== 'no') {
      return {
        kind: 'get',
        parts: [part],
        run: (options) => client.get<string>(part.key, options),
      };
    }
    const run: PreparedCall['run'] = (options) => client.gat<string>(part.key, GAT_EXPIRE, options);
    return { kind, parts: [part], run };
  }

  #set(kind: 'set' | 'quietSet'): PreparedCall {
    const mayExpire = this.stage.swarm.expires && this.random.chance(0.3);
    const expire = mayExpire ? { expire: 1 + this.random.below(5) } : {};
    const part = this.#write(
      this.#key(),
      (id) => ({ type: 'set', value: String(id), ...expire }),
    );
    const text = this.#value(part);
    const noreply = kind === 'quietSet';
    const run: PreparedCall['run'] = (options) =>
      this.#client.set(part.key, text, { ...options, ...expire, noreply });
    return { kind, parts: [part], run };
  }

  #storeIf(kind: 'add' | 'replace'): PreparedCall {
    const toCall: ToCall = (id, result) => ({
      type: kind,
      value: String(id),
      result: result as boolean,
    });
    const part = this.#write(this.#key(), toCall);
    const text = this.#value(part);
    const run: PreparedCall['run'] = (options) => this.#client[kind](part.key, text, options);
    return { kind, parts: [part], run };
  }

  #join(kind: 'append' | 'prepend'): PreparedCall {
    const piece = (id: number): string => kind === 'append' ? `+${id}` : `${id}+`;
    const toCall: ToCall = (id, result) => ({
      type: kind,
      value: piece(id),
      result: result as boolean,
    });
    const part = this.#write(this.#key('k'), toCall);
    const run: PreparedCall['run'] = (options) =>
      this.#client[kind](part.key, piece(part.id), options);
    return { kind, parts: [part], run };
  }

  #delete(kind: 'delete' | 'quietDelete'): PreparedCall {
    const toCall: Part['toCall'] = (result) => ({ type: 'delete', result: result as boolean });
    const part = this.#part(this.#key(), 0, toCall);
    const noreply = kind === 'quietDelete';
    const run: PreparedCall['run'] = (options) =>
      this.#client.delete(part.key, { ...options, noreply });
    return { kind, parts: [part], run };
  }

  #touch(): PreparedCall {
    const expire = this.stage.swarm.expires ? 1 + this.random.below(5) : 0;
    const toCall: Part['toCall'] = (result) => ({
      type: 'touch',
      expire,
      result: result as boolean,
    });
    const part = this.#part(this.#key(), 0, toCall);
    const run: PreparedCall['run'] = (options) => this.#client.touch(part.key, expire, options);
    return { kind: 'touch', parts: [part], run };
  }

  #prepareMany(kind: 'getMany' | 'setMany' | 'deleteMany'): PreparedCall {
    const client = this.#client;
    const { bulk } = this.stage.swarm;
    const length = 1 + this.random.below(bulk);
    const keys = [...new Set(Array.from({ length }, () => this.#key()))];
    if (kind === 'getMany') {
      const parts = keys.map((key) => this.#part(key, 0, (result) => this.#toGet(key, result)));
      return { kind, parts, run: (options) => client.getMany<string>(keys, options) };
    }
    const { memory, maxValue } = this.stage.swarm;
    // Where room may be short, a quiet run repeats its commands.
    const quiet = maxValue * 20 < memory && this.random.chance(0.5);
    if (kind === 'deleteMany') {
      const parts = keys.map((key) =>
        this.#part(key, 0, () => ({ type: 'delete', result: undefined }))
      );
      return { kind, parts, run: (options) => client.deleteMany(keys, { ...options, quiet }) };
    }
    const parts = keys.map((key) => this.#write(key, (id) => ({ type: 'set', value: String(id) })));
    const entries = parts.map((part) => [part.key, this.#value(part)] as const);
    return { kind, parts, run: (options) => client.setMany(entries, { ...options, quiet }) };
  }

  #key(kind?: 'k' | 'n'): string {
    const { keys } = this.stage.swarm;
    return `${kind ?? this.random.pick(['k', 'n'])}${this.random.below(keys)}`;
  }

  #part(key: string, id: number, toCall: Part['toCall']): Part {
    return { key, register: registerOf(key, this.#serverOf(key)), id, toCall };
  }

  #write(key: string, toCall: ToCall): Part {
    const id = ++this.stage.lastId;
    return this.#part(key, id, (result) => toCall(id, result));
  }

  /** The value that a write stores: its number, and bytes that fill it up. */
  #value({ key, id }: Part): string {
    const { maxValue } = this.stage.swarm;
    if (maxValue === 0 || key.startsWith('n') || this.random.chance(0.7)) return String(id);
    const length = this.random.below(maxValue);
    this.stage.judge.padding.set(id, length);
    return `${id}(${'x'.repeat(length)})`;
  }

  #toGet(key: string, result: unknown): Call {
    return { type: 'get', result: this.#toText(key, result as string | undefined) };
  }

  #toGets(key: string, result: unknown): Call {
    const found = result as Version | undefined;
    return {
      type: 'gets',
      result: found && { value: this.#toText(key, found.value)!, cas: found.cas },
    };
  }

  /** A value as histories have it: without what fills it up, and the blanks of a number. */
  #toText(key: string, value: string | undefined): string | undefined {
    if (value === undefined) return undefined;
    if (key.startsWith('n')) return value.trimEnd();
    if (!value.includes('(')) return value;
    return value.replace(
      /(\d+)\((x*)\)/g,
      (whole: string, id: string, filling: string) =>
        this.stage.judge.padding.get(Number(id)) === filling.length ? id : whole,
    );
  }
}

type OneKind = Exclude<CallKind, 'cas' | 'gets' | 'getMany' | 'setMany' | 'deleteMany'>;
type ToCall = (id: number, result: unknown) => Call;

interface PreparedCall {
  readonly kind: CallKind;
  readonly parts: readonly Part[];
  readonly run: (options: CallerOptions) => Promise<unknown>;
}

interface CallerOptions {
  readonly timeout?: number;
  readonly signal?: AbortSignalLike;
}

const GAT_EXPIRE = 3;
