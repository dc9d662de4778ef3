// A scene of one link.
import { Link, type LinkOptions } from '../../core/client/connection/link.ts';
import type { ExecuteOptions } from '../../core/client/connection/executor.ts';
import type { Command } from '../../core/wire/command.ts';
import type { ServerReplyError } from '../../core/wire/errors.ts';
import {
  CountingClock,
  ScriptedNetwork,
  type ScriptedTransport,
  settled,
  Watched,
} from './scripted.ts';

export const mg = (key: string): Command => ({ verb: 'mg', key, base64: false, flags: ['v'] });
export const ms = (key: string, value: string | Uint8Array, ...flags: string[]): Command => ({
  verb: 'ms',
  key,
  base64: false,
  value,
  flags,
});
export const version: Command = { verb: 'version' };
export const watch: Command = { verb: 'watch', words: [] };
export const metadump: Command = { verb: 'lru_crawler metadump', words: ['all'] };

/** A link on a scripted network and a virtual clock. */
export class LinkScene {
  readonly clock = new CountingClock();
  readonly network = new ScriptedNetwork();
  /** For each call of `onClosed`: the cause, and whether the server ever answered. */
  readonly ends: [string | null, boolean][] = [];
  readonly quietErrors: ServerReplyError[] = [];
  readonly link: Link;

  constructor(options: Partial<LinkOptions> = {}) {
    this.link = new Link({
      dial: this.network.dial,
      endpoint: { host: 'localhost', port: 11211 },
      clock: this.clock,
      timeout: 1000,
      connectTimeout: 500,
      onClosed: (link, { cause }) => {
        this.ends.push([cause?.message ?? null, link.hasAnswered]);
        return null;
      },
      onQuietError: (error) => this.quietErrors.push(error),
      ...options,
    });
  }

  do(command: Command, options?: ExecuteOptions): Watched<unknown> {
    return new Watched(this.link.execute(command, options));
  }

  /**
   * @param room How many bytes the transport takes, after the proof, before it has to drain.
   */
  async connect(room?: number): Promise<ScriptedTransport> {
    const transport = await this.network.last.accept();
    if (room === undefined) return transport;
    this.do({ verb: 'get', keys: ['first'] });
    await settled();
    await transport.reply('END\r\n');
    transport.take();
    await transport.drain(room);
    return transport;
  }

  async pass(milliseconds: number): Promise<void> {
    await settled();
    this.clock.advance(milliseconds);
    await settled();
  }
}
