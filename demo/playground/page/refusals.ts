// Explains the refusals of the bridge.
import { bridgeLimits } from '../../../core/bridge/options.ts';
import {
  ConnectionError,
  type MemcacheError,
  ServerReplyError,
} from '../../../transport-web/mod.ts';

/** Why the bridge refused a command. */
export interface Refusal {
  readonly why: string;
  /** Whether the server in the page would run it. */
  readonly elsewhere: boolean;
}

/** The explanations of the errors that a bridge sends, by their messages. */
const refusals: ReadonlyMap<string, Refusal> = new Map([
  ['not allowed', {
    why: 'The bridge lets a page read and write items, and no more: commands about the whole ' +
      'server, such as stats, flush, dump and watch, would show or delete what others have ' +
      'stored. It has closed the connection; the next command opens another.',
    elsewhere: true,
  }],
  ['bad request', {
    why: 'The bridge forwards only what the protocol allows, and puts "playground:" before each ' +
      'key, which may then have 250 bytes. It has closed the connection; the next command opens ' +
      'another.',
    elsewhere: true,
  }],
  ['busy', {
    why: 'As many commands as the bridge allows are waiting for their replies. Try again.',
    elsewhere: false,
  }],
  ['upstream unavailable', {
    why: 'The bridge is there, and has no connection to its memcached: is that one running?',
    elsewhere: true,
  }],
  ['object too large for cache', {
    why: `The bridge takes values of at most ${bridgeLimits.maxValue} bytes.`,
    elsewhere: false,
  }],
]);

/** Explains an error of a command that went through the bridge; null if it explains itself. */
export function explain(error: MemcacheError): Refusal | null {
  if (error instanceof ServerReplyError) return refusals.get(error.serverMessage) ?? null;
  if (!(error instanceof ConnectionError)) return null;
  return {
    why: 'The bridge did not take the connection. It takes only this page, by its origin and its ' +
      'token, while memwire playground runs: if that was started again, open its new address.',
    elsewhere: true,
  };
}
