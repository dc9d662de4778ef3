// An exchange of WebSockets in a process of its own, until its input ends; prints its port.
import process from 'node:process';
import { startExchange } from './websocket-exchange.ts';

console.log((await startExchange()).port);
process.stdin.resume().once('end', () => process.exit(0));
