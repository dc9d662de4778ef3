#!/usr/bin/env node
import { main } from './main.ts';
import { processTerminal } from './process-terminal.ts';

void main(process.argv.slice(2), processTerminal()).then((code) => {
  process.exitCode = code;
  // Nothing keeps the process now but peers that do not take their last replies, or are silent in
  // a handshake, and a standard input that was left open: they are not waited for any longer.
  setTimeout(() => process.exit(), 1000).unref();
});
