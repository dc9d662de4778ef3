#!/usr/bin/env node
// The program `memwire`.
import { main } from './main.ts';
import { processTerminal } from './process-terminal.ts';

const args = process.argv.slice(2);
// After a server was stopped, some peers may still be receiving their last replies.
const grace = args[0] === 'serve' ? 1000 : 0;

void main(args, processTerminal()).then((code) => {
  process.exitCode = code;
  // Only peers that read nothing, are silent or never end their stream, such as a standard input,
  // keep the process alive now: they are not waited for any longer.
  setTimeout(() => process.exit(), grace).unref();
});
