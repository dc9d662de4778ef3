import type { Command } from '../../core/wire/command.ts';

/** A command and its bytes. */
export interface CommandVector {
  readonly name: string;
  readonly command: Command;
  readonly bytes: string;
  /** What the bytes are read as, where it is not the command itself. */
  readonly decoded?: Command;
}
