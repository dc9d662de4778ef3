// The fast path of the embedded server: plain requests, from bytes to bytes.
import { EMPTY } from '../wire/bytes.ts';
import { type Output, putAscii, putEnd, REFERENCE_SIZE } from '../wire/output.ts';
import { putNumber } from '../wire/numbers.ts';
import type { PlainRequest } from '../wire/plain-request.ts';
import type { Memory } from './arena.ts';
import { STALE, TOKEN_SENT } from './items.ts';
import type { Store } from './store.ts';

/** The most that a line of a reply takes besides its key and its opaque. */
const LINE = 40;

/**
 * Executes `get`, `mg`, `set` and `ms` in their plain forms, without a command, a reply or a view in
 * between. It does only what has no other consequence than the item, its counters and its reply: a
 * request that would remove, evict or log something is left to `Session.handle`, and so the rules
 * for that are written once. What both do is the same in every byte and every counter.
 */
export class PlainRequests {
  readonly request: PlainRequest;
  /** How many requests went this way, ever. */
  taken = 0;
  readonly #store: Store;
  // The slab that the last value was copied to.
  #slab: Memory = { bytes: EMPTY, view: null };

  constructor(request: PlainRequest, store: Store) {
    this.request = request;
    this.#store = store;
  }

  /** Executes the request; false, with nothing done, where it has to go the long way. */
  execute(output: Output): boolean {
    if (this.#store.log !== null) return false;
    const done = this.#execute(this.request, output);
    if (done) this.taken++;
    return done;
  }

  #execute(request: PlainRequest, output: Output): boolean {
    switch (request.verb) {
      case 'get':
        return this.#get(request, output);
      case 'mg':
        return this.#metaGet(request, output);
      case 'set':
      case 'ms':
        return this.#put(request, output);
    }
  }

  #get(request: PlainRequest, output: Output): boolean {
    const { items, counters } = this.#store;
    const { bytes, keyFrom, keyTo } = request;
    const item = items.find(bytes, keyFrom, keyTo);
    if (item === 0) {
      counters.get_misses++;
      output.reserve(LINE);
      output.end = putAscii(output.slab, output.end, 'END\r\n');
    } else {
      const length = items.length(item);
      if (length >= REFERENCE_SIZE || !this.#store.isLive(item)) return false;
      counters.get_hits++;
      output.reserve(LINE + keyTo - keyFrom + length);
      const { slab } = output;
      let at = putAscii(slab, output.end, 'VALUE ');
      at = putWord(slab, at, bytes, keyFrom, keyTo);
      slab[at] = 0x20;
      at = putNumber(slab, at + 1, items.flags(item));
      slab[at] = 0x20;
      at = putEnd(slab, putNumber(slab, at + 1, length));
      items.copyValue(item, this.#memory(slab), at);
      output.end = putAscii(slab, at + length, '\r\nEND\r\n');
      this.#store.bump(item);
    }
    counters.cmd_get++;
    return true;
  }

  #metaGet(request: PlainRequest, output: Output): boolean {
    const { items, counters } = this.#store;
    const { bytes, opaqueFrom, opaqueTo } = request;
    const item = items.find(bytes, request.keyFrom, request.keyTo);
    if (item === 0) {
      counters.get_misses++;
      output.reserve(LINE + opaqueTo - opaqueFrom);
      const at = putAscii(output.slab, output.end, 'EN');
      output.end = putEnd(output.slab, putOpaque(output.slab, at, request));
    } else {
      const length = items.length(item);
      // The flags Z, X and W tell of these marks.
      if (items.has(item, STALE | TOKEN_SENT)) return false;
      if (length >= REFERENCE_SIZE || !this.#store.isLive(item)) return false;
      counters.get_hits++;
      output.reserve(LINE + opaqueTo - opaqueFrom + length);
      const { slab } = output;
      let at = putAscii(slab, output.end, request.wantsValue ? 'VA ' : 'HD');
      if (request.wantsValue) at = putNumber(slab, at, length);
      if (request.wantsFlags) at = putNumber(slab, putAscii(slab, at, ' f'), items.flags(item));
      at = putEnd(slab, putOpaque(slab, at, request));
      if (request.wantsValue) {
        items.copyValue(item, this.#memory(slab), at);
        at = putEnd(slab, at + length);
      }
      output.end = at;
      this.#store.bump(item);
    }
    counters.cmd_get++;
    return true;
  }

  #memory(bytes: Uint8Array): Memory {
    if (this.#slab.bytes !== bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#slab = { bytes, view };
    }
    return this.#slab;
  }

  #put(request: PlainRequest, output: Output): boolean {
    if (!this.#store.put(request)) return false;
    this.#store.counters.cmd_set++;
    if (request.noreply) return true;
    output.reserve(LINE + request.opaqueTo - request.opaqueFrom);
    const { slab } = output;
    output.end = request.verb === 'set'
      ? putAscii(slab, output.end, 'STORED\r\n')
      : putEnd(slab, putOpaque(slab, putAscii(slab, output.end, 'HD'), request));
    return true;
  }
}

// The opaque, behind a space, if there is one.
function putOpaque(slab: Uint8Array, at: number, request: PlainRequest): number {
  const { bytes, opaqueFrom, opaqueTo } = request;
  if (opaqueTo === 0) return at;
  slab[at] = 0x20;
  return putWord(slab, at + 1, bytes, opaqueFrom, opaqueTo);
}

function putWord(
  slab: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  for (let i = from; i < to; i++) slab[at + i - from] = bytes[i]!;
  return at + to - from;
}
