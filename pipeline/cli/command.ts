/** What a command is to `main.ts`. */

import type { Arguments, CommandSpec } from "./options.ts";
import type { Place } from "./place.ts";
import type { Terminal } from "./terminal.ts";

/** What a command may touch. */
export interface Io {
  /** Results. With `--json`, one object and nothing else. */
  readonly out: Terminal;
  /** Progress and errors. */
  readonly err: Terminal;
  readonly place: Place;
}

/** A module of `pipeline/cli` that implements one command. */
export interface Command {
  readonly spec: CommandSpec;
  /** @returns the exit code: 0 done, 1 a stage failed, 2 wrong usage, 130 cancelled. */
  run(args: Arguments, io: Io): Promise<number>;
}
