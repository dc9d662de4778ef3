import { runFleet } from './fleet.ts';
const seed = Number(process.argv[2]);
for (let i = 0; i < 6; i++) {
  const c0 = process.cpuUsage();
  const t0 = performance.now();
  const r = await runFleet({ seed, calls: 3000 });
  const c = process.cpuUsage(c0);
  console.log(
    (performance.now() - t0) | 0,
    'ms wall',
    ((c.user + c.system) / 1000) | 0,
    'cpu',
    r.commands,
    r.events,
  );
}
