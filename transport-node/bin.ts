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
  // Nothing keeps the process now but peers that do not take their last replies, or are silent in
  // a handshake: they are not waited for any longer.
  setTimeout(() => process.exit(), 1000).unref();
});
