// The form of a command vector.
import type { Command } from '../../core/wire/command.ts';

/** A command and its bytes. */
export interface CommandVector {
  readonly name: string;
  readonly command: Command;
  readonly bytes: string;
  /** The command that the bytes are read as, if it differs. */
  readonly decoded?: Command | undefined;
}
