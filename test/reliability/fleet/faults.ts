// What goes wrong in a run, when, and for how long.
import type { Random } from '../../../conformance/random.ts';
import type { Connection, Network, Path } from './network.ts';
import type { ServerKind, SimulatedServer } from './server.ts';
import { type FaultKind, stream, type Swarm } from './swarm.ts';
import type { Process } from './timeline.ts';

/** What faults can be done to. */
export interface Victims {
  readonly network: Network;
  readonly servers: readonly SimulatedServer[];
  /** The processes of the clients that live. */
  readonly clients: () => readonly Process[];
  /** Ends a client's process with its calls; another takes its place. */
  readonly killClient: (process: Process, random: Random) => void;
}

/** Lets faults happen, one after the other. */
export class Faults {
  readonly #seed: number;
  readonly #swarm: Swarm;
  readonly #victims: Victims;
  readonly #only: ReadonlySet<number> | null;
  // What ends the faults that last.
  readonly #ends: Set<() => void> = new Set();
  #count = 0;
  #isOver = false;

  /** @param only The numbers of the faults that are to happen; null for all. */
  constructor(seed: number, swarm: Swarm, victims: Victims, only: ReadonlySet<number> | null) {
    this.#seed = seed;
    this.#swarm = swarm;
    this.#victims = victims;
    this.#only = only;
    if (swarm.faults.length > 0) this.#next();
  }

  /** How many there have been, those included that were left out. */
  get count(): number {
    return this.#count;
  }

  /** Ends all that last, and lets no more happen. */
  end(): void {
    this.#isOver = true;
    for (const end of this.#ends) end();
  }

  // Each has random choices of its own, so that the others stay the same without it.
  #next(): void {
    const number = this.#count;
    const random = stream(this.#seed, 'fault', number);
    const { timeline } = this.#victims.network;
    timeline.at(timeline.now + random.below(2 * this.#swarm.faultEvery), null, () => {
      if (this.#isOver) return;
      this.#count++;
      if (this.#only === null || this.#only.has(number)) this.#happen(number, random);
      this.#next();
    });
  }

  #happen(number: number, random: Random): void {
    const kind = random.pick(this.#swarm.faults);
    const { network, servers, clients } = this.#victims;
    const server = random.pick(servers);
    const victims = clients();
    const client = victims.length === 0 ? null : random.pick(victims);
    network.timeline.note(number, () => `fault ${number}: ${kind} (server ${server.host.index})`);
    network.timeline.onEvent?.({
      type: 'fault',
      fault: number,
      kind,
      server: server.host.index,
      client: isOfServer(kind) || client === null ? null : client.name,
    });
    const end = isOfServer(kind)
      ? this.#breakServer(kind, server, random)
      : client === null
      ? null
      : this.#breakClient(kind, client, server, random);
    if (end === null) return;
    const once = (): void => {
      if (!this.#ends.delete(once)) return;
      network.timeline.note(number, () => `fault ${number} is over`);
      network.timeline.onEvent?.({ type: 'fault-over', fault: number });
      end();
    };
    this.#ends.add(once);
    const { timeline } = network;
    const lasting = random.pick([1_000, 20_000, 200_000, 3_000_000]);
    timeline.at(timeline.now + 1 + random.below(lasting), null, once);
  }

  // Returns what ends it; null where there is nothing to end.
  #breakServer(kind: ServerFault, server: SimulatedServer, random: Random): (() => void) | null {
    const { timeline } = this.#victims.network;
    const { host } = server;
    switch (kind) {
      case 'clock':
        if (host.process === null) return null;
        host.process.clock.skew += (random.chance(0.5) ? 1 : -1) * random.below(100_000_000);
        return null;
      case 'crash':
        server.crash(false);
        break;
      case 'power-off':
        server.crash(true);
        break;
      case 'shutdown':
      case 'version':
        server.stop();
        break;
      case 'evict':
        server.evict(random, 0.2);
        return null;
      case 'freeze-server': {
        const { process } = host;
        process?.freeze();
        return () => process?.resume();
      }
      case 'mute-dial':
        host.isMute = true;
        return () => host.isMute = false;
      case 'slow-reader':
        host.readsFrom = timeline.now + random.below(500_000);
        timeline.at(host.readsFrom, null, () => {
          for (const connection of this.#connections()) {
            if (connection.host === host) connection.server.readOn();
          }
        });
        return null;
    }
    const isOld = kind === 'version' && random.chance(0.5);
    return () => {
      if (!server.isUp) server.start(this.serverKind(isOld));
    };
  }

  /** How a server of the run is started. */
  serverKind(isOld: boolean): ServerKind {
    return { memory: this.#swarm.memory, isOld };
  }

  #breakClient(
    kind: ClientFault,
    client: Process,
    server: SimulatedServer,
    random: Random,
  ): (() => void) | null {
    const { network, killClient } = this.#victims;
    const path = network.path(client, server.host);
    const connections = this.#connections().filter((one) => one.client.process === client);
    const connection = connections.length === 0 ? null : random.pick(connections);
    switch (kind) {
      case 'cut':
        connection?.cut();
        return null;
      case 'cut-dial':
        if (connection === null) return null;
        (random.chance(0.5) ? connection.client : connection.server).cutIn = random.below(64);
        return null;
      case 'silence':
        if (connection !== null) connection.isSilent = true;
        return null;
      case 'half-open':
        connection?.server.reset();
        if (connection !== null) connection.isSilent = true;
        return null;
      case 'drip':
        path.drip = 1 + random.below(20);
        return () => path.drip = 0;
      case 'freeze-client':
        client.freeze();
        return () => client.resume();
      case 'kill-client':
        killClient(client, random);
        return null;
      case 'slow-network':
        path.slowness = random.pick([1_000, 50_000, 400_000]);
        return () => path.slowness = 0;
      case 'one-way':
      case 'partition':
        return this.#part(path, kind === 'partition', random.chance(0.5));
    }
  }

  #part(path: Path, isBoth: boolean, isUp: boolean): () => void {
    path.isCutUp ||= isBoth || isUp;
    path.isCutDown ||= isBoth || !isUp;
    return () => {
      path.isCutUp = false;
      path.isCutDown = false;
      this.#victims.network.heal();
    };
  }

  #connections(): Connection[] {
    return [...this.#victims.network.connections];
  }
}

const serverFaults = [
  'clock',
  'crash',
  'evict',
  'freeze-server',
  'mute-dial',
  'power-off',
  'shutdown',
  'slow-reader',
  'version',
] as const;
type ServerFault = typeof serverFaults[number];
type ClientFault = Exclude<FaultKind, ServerFault>;

function isOfServer(kind: FaultKind): kind is ServerFault {
  return (serverFaults as readonly FaultKind[]).includes(kind);
}
