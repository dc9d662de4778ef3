// Hostile peers of a bridge, in a process of their own: `hostile-main.ts PORT TOKEN KIND...`. It
// prints `hostile` once each kind has begun, and ends when its input does.
import process from 'node:process';
import { setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { BINARY, dialRaw, PING, RawPage } from './raw-page.ts';
import { type HostileKind, origin } from './hostile.ts';

const [port, token = '', ...kinds] = process.argv.slice(2);

// It stands for another machine, and may not take the processor that the bridge needs.
setPriority(19);
process.stdin.resume().once('end', () => process.exit(0));

/** What each kind of peer does, for ever. */
const deeds: Readonly<Record<HostileKind, () => Promise<void>>> = {
  /** Asks for much, and reads none of it. */
  async deaf() {
    const page = await open();
    const value = 'v'.repeat(900_000);
    page.send(`set big 0 0 ${value.length}\r\n${value}\r\n`);
    await page.hears();
    page.flood(BINARY, 'get big\r\n');
    await page.gone;
  },
  /** Sends a request, and then frames, byte by byte. */
  async slow() {
    const slow = dialRaw(Number(port));
    await slow.connected;
    for (
      const letter of 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Header: xxxxxxxxxxxxxxxxxxxxxxxx'
    ) {
      if (slow.socket.destroyed) return;
      slow.socket.write(letter);
      await wait(50);
    }
  },
  /** Announces a message of a gigabyte, and sends it. */
  async huge() {
    const page = await open();
    page.sendHead(2 ** 30);
    page.flood(BINARY, 'x'.repeat(125));
    await page.gone;
  },
  /** Stores one value of a megabyte after the other. */
  async heavy() {
    const page = await open();
    const value = 'v'.repeat(1_000_000);
    for (let answer = ''; !answer.includes('closed');) {
      page.send(`set heavy 0 0 ${value.length}\r\n${value}\r\n`);
      answer = await Promise.race([page.hears(), page.gone.then(() => 'closed')]);
    }
  },
  /** Connects, with a request or without, and says nothing. */
  async silent() {
    const raw = dialRaw(Number(port));
    const page = await open();
    await Promise.all([raw.end, page.gone]);
  },
  async flood() {
    const page = await open();
    page.flood(BINARY, 'mn\r\n');
    await page.gone;
  },
  async pings() {
    const page = await open();
    page.flood(PING);
    await page.gone;
  },
  /** Guesses tokens. */
  async stranger() {
    await open(`${token}${Math.random()}`);
  },
};

function open(bearer = token): Promise<RawPage> {
  const protocols = ['memcached', `bearer.${bearer}`];
  return RawPage.open(Number(port), { headers: { Origin: origin }, protocols });
}

/** How many peers of each kind there are. */
const PEERS = 4;

let begun = 0;
for (const kind of kinds as HostileKind[]) {
  for (let i = 0; i < PEERS; i++) void misbehave(kind);
}

async function misbehave(kind: HostileKind): Promise<void> {
  for (let round = 0;; round++) {
    const deed = deeds[kind]().catch(() => {
      // It was cut off, and connects again.
    });
    // Others begin when the first round of each has had its time.
    if (round === 0) void Promise.race([deed, wait(200)]).then(tell);
    await deed;
    await wait(1);
  }
}

function tell(): void {
  if (++begun === PEERS * kinds.length) console.log('hostile');
}
