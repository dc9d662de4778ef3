// A page that floods a bridge, in a process of its own: `flood-main.ts PORT OPCODE PAYLOAD`. It
// prints `flooding` when it has begun, reconnects when it is cut off, and exits when its input ends.
import process from 'node:process';
import { RawPage } from './raw-page.ts';
import { origin } from './running-bridge.ts';

const [port, opcode, payload = ''] = process.argv.slice(2);

process.stdin.resume().once('end', () => process.exit(0));
for (;;) {
  try {
    const page = await RawPage.open(Number(port), { headers: { Origin: origin } });
    page.flood(Number(opcode), payload);
    console.log('flooding');
    await page.gone;
  } catch {
    // It was cut off before the upgrade; it reconnects.
  }
}
