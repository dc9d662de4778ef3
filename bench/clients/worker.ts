// One client under each load, in a process of its own: `worker.ts NAME PORT SECONDS` prints JSON.
import { openSubject, type Subject } from './adapters.ts';
import { key, KEYS, LARGE, loads, type Measured, MEDIUM, SMALL } from './loads.ts';

const [name = '', port = '0', seconds = '1'] = process.argv.slice(2);

const subject = await openSubject(name, Number(port));
for (let i = 0; i < KEYS; i++) await subject.set(key(i), SMALL);
await subject.set('medium', MEDIUM);
await subject.set('large', LARGE);
await check(subject);
const results: Record<string, Measured> = {};
for (const [load, { inFlight, run, each = 1, needsMany }] of Object.entries(loads)) {
  if (needsMany === true && subject.getMany === null) continue;
  const work = (i: number): Promise<unknown> => run(subject, i);
  await drive(inFlight, Number(seconds) / 4, work);
  const before = process.cpuUsage();
  const { count, elapsed } = await drive(inFlight, Number(seconds), work);
  const { user, system } = process.cpuUsage(before);
  const done = count * each;
  results[load] = { rate: done / elapsed, cpu: (user + system) / done };
}
await subject.close();
process.stdout.write(`${JSON.stringify({ results, peak: process.resourceUsage().maxRSS })}\n`);
process.exit(0);

// A client that gave nothing back would be the fastest of all.
async function check(subject: Subject): Promise<void> {
  for (const [name, value] of [['key:1', SMALL], ['medium', MEDIUM], ['large', LARGE]] as const) {
    const found = await subject.get(name);
    const inner = typeof found === 'object' && found !== null && 'value' in found
      ? found.value
      : found;
    if (String(inner) !== value) throw new Error(`${name} came back as something else`);
  }
}

async function drive(
  inFlight: number,
  seconds: number,
  run: (i: number) => Promise<unknown>,
): Promise<{ count: number; elapsed: number }> {
  const start = performance.now();
  const end = start + seconds * 1000;
  let count = 0;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() < end) await run(count++);
  }));
  return { count, elapsed: (performance.now() - start) / 1000 };
}
