#!/usr/bin/env node
import { main } from './cli.ts';

const exit = main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  onStop(call) {
    process.once('SIGTERM', call);
    process.once('SIGINT', call);
  },
});
void exit.then((code) => {
  process.exitCode = code;
});
