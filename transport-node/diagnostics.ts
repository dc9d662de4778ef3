// Publishes commands and ignored errors to `node:diagnostics_channel`.
import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { ClientOptions } from '../core/client/options.ts';
import type { CommandEnd, OnCommand } from '../core/client/connection/observe.ts';
import type { Command } from '../core/wire/command.ts';

/** The message of the tracing channel `memwire:command`; the fields of the end are set once it has come. */
export type CommandMessage =
  & { readonly command: Command; readonly server: string }
  & { readonly [Fact in keyof CommandEnd]?: CommandEnd[Fact] | undefined };

type Hooks = Pick<ClientOptions, 'onCommand' | 'onFetch' | 'onIgnored' | 'onQuietError'>;

const commands = tracingChannel<'memwire:command', CommandMessage>('memwire:command');
const ignored = channel('memwire:ignored');
const quietErrors = channel('memwire:quiet-error');
const fetches = channel('memwire:fetch');

/**
 * Hooks that also publish to `node:diagnostics_channel`: commands to the tracing channel
 * `memwire:command`, the errors of `onIgnored` and `onQuietError` to `memwire:ignored` and
 * `memwire:quiet-error`, the ends of fetches to `memwire:fetch`. Without a subscriber a command only
 * costs the check for one.
 */
export function published(hooks: Hooks): Required<Hooks> {
  return {
    onCommand: publishCommands(hooks.onCommand),
    onFetch(key) {
      const onEnd = hooks.onFetch?.(key) ?? undefined;
      if (!fetches.hasSubscribers) return onEnd;
      return (end) => {
        fetches.publish({ key, ...end });
        onEnd?.(end);
      };
    },
    onIgnored(error) {
      ignored.publish(error);
      hooks.onIgnored?.(error);
    },
    onQuietError(error) {
      quietErrors.publish(error);
      hooks.onQuietError?.(error);
    },
  };
}

function publishCommands(onCommand: OnCommand | undefined): OnCommand {
  return (command, server) => {
    const onEnd = onCommand?.(command, server) ?? undefined;
    if (!isHeard(commands)) return onEnd;
    const message: CommandMessage = { command, server };
    commands.start.publish(message);
    commands.end.publish(message);
    return (end) => {
      Object.assign(message, end);
      if (end.error !== null) commands.error.publish(message);
      commands.asyncStart.publish(message);
      commands.asyncEnd.publish(message);
      onEnd?.(end);
    };
  };
}

// A tracing channel has a property for this, but not on Bun.
function isHeard({ start, end, asyncStart, asyncEnd, error }: typeof commands): boolean {
  return start.hasSubscribers || end.hasSubscribers || asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers || error.hasSubscribers;
}
