// Runs a client's cases through a bridge, with the WebSocket of whatever runtime runs this, and
// prints the report as JSON: `program.ts ws://127.0.0.1:8211/ token d`, where keys start with `d`.
import process from 'node:process';
import { runCases } from '../../conformance/mod.ts';
import { Client } from '../../transport-web/mod.ts';
import { bridgedCases, patience } from './cases.ts';

const [url = '', token = '', letter = ''] = process.argv.slice(2);
let count = 0;

const { passed, failed } = await runCases(bridgedCases, () => ({
  create: (options) => new Client(url, { ...patience, ...options, token }),
  pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  unique: () => `${letter}${(count++).toString(36).padStart(7, '0')}`,
}), { timeout: 60_000, has: () => true });
const failures = failed.map(({ name, error }) => `${name}: ${error.stack ?? error.message}`);
console.log(`\n${JSON.stringify({ passed: passed.length, failures })}`);
process.exit(0);
