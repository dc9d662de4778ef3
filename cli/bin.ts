#!/usr/bin/env node
import { main } from './main.ts';
import { processTerminal } from './process-terminal.ts';

const args = process.argv.slice(2);
// Of a server that was stopped, some peers may have to take their last replies.
const grace = args[0] === 'serve' ? 1000 : 0;

void main(args, processTerminal()).then((code) => {
  process.exitCode = code;
  // Nothing keeps the process now but peers that take nothing, are silent, or never end their
  // stream, as a standard input may be: they are not waited for any longer.
  setTimeout(() => process.exit(), grace).unref();
});
