// What a tool must tell so that the trials can drive it.

/** What `third` does besides, or instead of, its work. */
export type Third =
  | "works"
  | "writes nothing"
  | "writes more"
  | "reads more"
  | "reads more, absolute";

/** A project to generate. */
export interface Shape {
  /** Seconds that `first` pauses after each of its chunks. */
  readonly pause: number;
}

/** A command of a tool. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A command that a user must find and type before the plain one works again. */
export interface Manual {
  readonly says: string;
  readonly command: Command;
}

/** How a finished command told which steps it ran. */
export interface Told {
  readonly dir: string;
  readonly out: string;
}

/** A tool that is put through the trials. */
export interface Tool {
  readonly name: string;
  /** Environment variable that may name the program; null: always there. */
  readonly variable: string | null;
  readonly program: string;
  /** What was declared and set, for the notes below the table. */
  readonly setting: string;
  /** Processes of the tool itself, by command line; all else below it is the step's. */
  readonly own: RegExp;
  /** The program's version; null when the program does not run. */
  version(program: string): Promise<string | null>;
  /** Makes a project. @returns its folder. */
  create(shape: Shape, program: string): Promise<string>;
  /** Removes it. @default its folder */
  readonly remove?: (dir: string) => Promise<void>;
  /** The command that a user types every day. */
  run(dir: string, program: string): Command;
  /** Where an output is for the user, relative to the project. */
  output(name: string): string;
  /** Where inputs are, relative to the project: `a.txt`, `b.txt`, `side.txt`. */
  input(name: string): string;
  /** Code by part: `first`, `helper`, `third`; paths relative to the project. */
  code(part: "first" | "helper" | "third"): string;
  /** Text of `third` that does something else, for a project in `dir`. */
  third(kind: Third, dir: string): string;
  /** Folders that hold stored objects, relative to the project; none: it has no store. */
  readonly stores: readonly string[];
  /** Stored objects are packed: the largest file of this ending holds one.bin. */
  readonly packed?: string;
  /** Folders in which `first` writes while it runs, relative to the project. */
  readonly work: readonly string[];
  /** Steps that ran, where the tool tells; else the steps write it down. */
  readonly ran?: (told: Told) => readonly string[];
  /** Removes the outputs as a user does. @default the three files */
  readonly forget?: (dir: string) => void;
  readonly manual?: (dir: string, program: string) => readonly Manual[];
  /** A flag off by default that guards against inputs which change during a run, and how to set it. */
  readonly guard?: { readonly flag: string; set(dir: string): void };
  /** Ends what was left running. */
  readonly stop?: (dir: string, program: string) => Command;
}

/** The file in which steps note that they ran: beside the project, which no tool looks at. */
export const traceOf = (dir: string) => `${dir}.ran`;
