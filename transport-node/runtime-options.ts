import { checkOptions, type ClientOptions } from '../core/client/options.ts';
import type { Dialer } from '../core/io/transport.ts';
import { published } from './diagnostics.ts';
import { clock, outside } from './outside.ts';

/**
 * What a client is made of on a runtime that has Node's modules: its own way to connect where none
 * is given, hooks that also publish to the diagnostics channel, and timers and connections outside of
 * the context of the calls that need them.
 *
 * @throws UsageError when an option breaks a rule: here, as the hooks put around those of the caller
 * would hide that they are none.
 */
export function runtimeOptions<Options extends ClientOptions>(
  options: Options,
  dial: Dialer,
): Options & { readonly dial: Dialer } {
  checkOptions(options);
  return {
    ...options,
    ...published(options),
    clock: options.clock ?? clock,
    dial: options.dial === undefined ? dial : outside(options.dial),
  };
}
