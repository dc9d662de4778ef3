// The defaults that clients add to their options on runtimes with Node's modules.
import process from 'node:process';
import { checkOptions, type Prepare } from '../core/client/options.ts';
import type { Environment } from '../core/client/connection/server-url.ts';
import type { Dialer } from '../core/io/transport.ts';
import { bufferCodec } from './buffer-codec.ts';
import { published } from './diagnostics.ts';
import { clock, outside } from './outside.ts';

/**
 * Gives clients the runtime's dialer by default, hooks that also publish to the diagnostics channel,
 * timers and connections outside of the context of the calls that need them, and Buffer's functions
 * to turn bytes into text.
 *
 * It checks the options first, since the hooks around those of the caller would hide an invalid one.
 */
export function prepareWith(dial: Dialer): Prepare {
  return (options) => {
    checkOptions(options);
    return {
      ...options,
      ...published(options),
      clock: options.clock ?? clock,
      textCodec: options.textCodec ?? bufferCodec,
      dial: options.dial === undefined ? dial : outside(options.dial),
    };
  };
}

/** The variables of the process, for `fromEnv`. */
export const environment = (): Environment => process.env;
